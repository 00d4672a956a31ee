from __future__ import annotations

import pytest

from harvesters import rdf
from harvesters.errors import SourceError

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b'<rdf:RDF xmlns:rdf="x">', "xml"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><rdf:RDF/>', "xml"),
        ('<?xml version="1.0" encoding="utf-16"?><rdf:RDF/>'.encode("utf-16"), "xml"),
        (b"<http://a> a <http://b> .", "turtle"),
        (b"<urn:uuid:1> a <http://b> .", "turtle"),
        (b"# Kommentar\n@prefix a: <b> .", "turtle"),
        (b"PREFIX a: <b>", "turtle"),
        (b"[] a <http://b> .", "turtle"),
        (b'{"@context": {}}', "json-ld"),
        (b"[]", "json-ld"),
        (b"<!DOCTYPE html><html>", "html"),
        (b'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml">', "html"),
        (b"Hallo", ""),
    ],
)
def test_the_content_tells_the_syntax(head: bytes, kind: str) -> None:
    assert rdf.sniff(head) == kind


def test_without_a_clue_in_the_content_server_and_ending_are_asked() -> None:
    assert rdf.syntax(b"a:b a c:d .", "text/turtle") == "turtle"
    assert rdf.syntax(b"   ", "", ".jsonld") == "json-ld"


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "xx"><!ENTITY b "&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;">]><r>&c;</r>'
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BOMB, "entities"),
        (
            '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
            "ent",
        ),
        ('<?xml version="1.0"?><!DOCTYPE r SYSTEM "http://evil.example/x.dtd"><r/>', "external"),
        (f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description>', "cut off"),
        (f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Descr', "cut off"),
        (f'<rdf:RDF xmlns:rdf="{RDF}"><a></b></rdf:RDF>', r"mismatched tag \(line 1\)"),
        ('@prefix a: <http://x/> .\na:b a:c a:d ;\n  a:e "f', "cut off"),
        ("@prefix a: <http://x/> .\na:b a:c ??? .", "not valid Turtle"),
        ('{"@context": {"a": "http', "cut off"),
        ('{"@graph": [} ', "not valid JSON"),
        ('{"@context": "https://schema.org/", "@id": "x"}', "never fetched"),
        ('{"@context": ["x.json", {}], "@id": "x"}', "never fetched"),
        ('{"@context": {"@import": "http://x/"}, "@id": "x"}', "never fetched"),
        ('{"a":' * 100_000, "not valid JSON"),
        ("<html><body>Wartung</body></html>", r"a web page \(HTML\), not RDF"),
        ("Hallo Welt", "not RDF"),
        ("   ", "empty"),
    ],
)
def test_what_is_refused_and_how(content: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        rdf.parse(content.encode(), "http://base/", "the file")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(("the file", "the JSON"))


@pytest.mark.parametrize("cut", [500, 3_000, 20_000])
def test_truncated_real_catalogues(real_data, cut: int) -> None:  # type: ignore[no-untyped-def]
    content = (real_data / "dcat" / "bremen-catalog-original-input.rdf").read_bytes()
    with pytest.raises(SourceError, match="cut off"):
        rdf.parse(content[:cut], "http://base/", "the file")


def test_a_plain_doctype_is_no_harm() -> None:
    text = f'<!DOCTYPE rdf:RDF><rdf:RDF xmlns:rdf="{RDF}"/>'
    assert len(rdf.parse(text.encode(), "http://base/", "x")) == 0


def test_odd_dates_stay_as_they_were_written(capsys: pytest.CaptureFixture[str]) -> None:
    text = '<a> <b> "2021-01-28 GMT 01:51"^^<http://www.w3.org/2001/XMLSchema#dateTime> .'
    graph = rdf.parse(text.encode(), "http://base/", "x", suffix=".ttl")
    assert [str(value) for value in graph.objects()] == ["2021-01-28 GMT 01:51"]
    assert capsys.readouterr().err == ""
