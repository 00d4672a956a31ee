from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph

from harvesters.errors import SourceError
from harvesters.fetch import Fetcher, Limits
from harvesters.identity import content_hash
from harvesters.model import Record, SourceConfig
from harvesters.sources.dcat import DcatSource
from harvesters.vocabulary import load
from tests.unit.harvesters.conftest import CATALOGUE, FaultServer, Village, body

DE = "http://dcat-ap.de/def/"


@contextmanager
def _source(config: Path, limits: Limits | None = None, **where: Any) -> Iterator[DcatSource]:
    with Fetcher(limits, allow=frozenset({"127.0.0.1"})) as fetcher:
        source = SourceConfig(name="x", type="dcat", **where)
        yield DcatSource(source, fetcher, load(config), config.parent)


def _records(source: DcatSource) -> dict[str, Record]:
    return {ref.identity: source.normalise(source.fetch(ref)) for ref in source.discover()}


def _file(village: Village) -> dict[str, Record]:
    with _source(village.config, path=village.file) as source:
        return _records(source)


def test_a_small_catalogue(village: Village) -> None:
    records = _file(village)
    assert list(records) == ["baeume-1", "https://dorf.example/busse"]
    trees = records["baeume-1"]
    package = trees.package
    assert (package["title"], package["title_en"]) == ("Bäume im Dorf", "Trees in the village")
    assert package["notes"] == "Alle **Bäume**."
    assert package["issued"] == "2021-01-28T01:51:03+00:00"
    assert "modified" not in package
    assert package["harvest_unread"] == {"modified": ["gestern"]}
    assert "modified not readable: gestern" in trees.notes
    assert package["tags"] == [{"name": "Bäume"}, {"name": "Grün-Natur"}]
    assert package["harvest_keywords"] == ["Grün/Natur"]
    assert package["license_id"] == "dl-by-de-2.0"
    assert package["groups"] == [{"name": "competence-hub"}]
    assert package["publisher"] == [{"name": "Dorf"}]
    assert trees.slug == "baeume-im-dorf"
    assert trees.uri == "https://dorf.example/baeume"
    (resource,) = package["resources"]
    assert resource["uri"] == "https://dorf.example/baeume#csv"
    assert resource["license"] == DE + "licenses/dl-by-de/2_0"
    assert (resource["format"], resource["name"]) == ("CSV", "baeume.csv")


def test_who_owns_a_record(village: Village) -> None:
    records = _file(village)
    assert records["baeume-1"].organisation.name == "offene-daten-des-dorfes"
    assert records["baeume-1"].organisation.title == "Offene Daten des Dorfes"
    assert records["https://dorf.example/busse"].organisation.name == "stadt-andernach"
    with _source(village.config, path=village.file, org="kreis") as source:
        assert {record.organisation.name for record in _records(source).values()} == {"kreis"}


def test_the_three_syntaxes_say_the_same(village: Village, tmp_path: Path) -> None:
    graph = Graph().parse(data=CATALOGUE, format="turtle")
    hashes = [{key: content_hash(record) for key, record in _file(village).items()}]
    for syntax, name in (("xml", "a.rdf"), ("json-ld", "a.jsonld"), ("turtle", "no-suffix")):
        file = tmp_path / name
        file.write_text(graph.serialize(format=syntax))
        with _source(village.config, path=file) as source:
            found = _records(source)
            hashes.append({key: content_hash(record) for key, record in found.items()})
    assert all(one == hashes[0] for one in hashes)


def test_another_order_is_the_same_content(village: Village) -> None:
    before = content_hash(_file(village)["baeume-1"])
    village.change('dcat:keyword "Bäume", "Grün/Natur"', 'dcat:keyword "Grün/Natur", "Bäume"')
    assert content_hash(_file(village)["baeume-1"]) == before
    village.change('"Grün/Natur"', '"Natur"')
    assert content_hash(_file(village)["baeume-1"]) != before


def test_blank_nodes_leave_no_trace(village: Village) -> None:
    village.change(
        'dct:identifier "baeume-1" ;',
        "dct:provenance [ a dct:ProvenanceStatement ] ; "
        '<http://www.w3.org/ns/adms#identifier> [ ] ; dct:conformsTo [ dct:title "Norm 5" ] ; ',
    )
    first, second = (_file(village)["https://dorf.example/baeume"] for _ in range(2))
    assert first.package == second.package
    assert first.package["conforms_to"] == ["Norm 5"]
    assert "alternate_identifier" not in first.package
    assert "provenance" not in first.package


def test_an_identifier_that_two_datasets_share(village: Village) -> None:
    village.change('dct:title "Busse"', 'dct:identifier "baeume-1" ; dct:title "Busse"')
    with _source(village.config, path=village.file) as source:
        assert list(_records(source)) == ["baeume-1", "https://dorf.example/busse"]
        assert source.warnings == [
            "baeume-1 is the identifier of two datasets, also https://dorf.example/busse"
        ]


def test_a_dataset_without_anything(village: Village) -> None:
    village.file.write_text(CATALOGUE + "<https://dorf.example/leer> a dcat:Dataset .\n")
    assert "https://dorf.example/leer" not in _file(village)  # only referred to: a stub
    village.change(
        "<https://dorf.example/busse> .",
        "<https://dorf.example/busse>,<https://dorf.example/leer> .",
    )
    record = _file(village)["https://dorf.example/leer"]
    assert record.package["title"] == "leer"
    assert "no title: named after its identifier" in record.notes


@pytest.mark.parametrize(
    "namespace",
    ["dcatde/", "dcatde/1.0/", "dcatde/1_0/", "dcatde/1.0.1/", "dcatde/1_0", "dcatde/1"],
)
def test_all_spellings_of_the_german_namespace(village: Village, namespace: str) -> None:
    village.change(
        'dct:title "Busse" ;',
        f'dct:title "Busse" ; <{DE}{namespace}contributorID> <{DE}contributors/x> ;'
        f'<{DE}{namespace}geocodingDescription> "Ortskern" ; <{DE}{namespace}legalBasis> "UIG" ;'
        f"<{DE}{namespace}politicalGeocodingURI> <{DE}politicalGeocoding/stateKey/07> ;"
        f"<{DE}{namespace}politicalGeocodingLevelURI> <{DE}politicalGeocoding/Level/state> ;"
        f'<{DE}{namespace}maintainer> [ foaf:name "Amt" ; foaf:mbox <mailto:a@b.de> ] ;',
    )
    package = _file(village)["https://dorf.example/busse"].package
    assert package["contributor_id"] == [DE + "contributors/x"]
    assert package["geocoding_description"] == "Ortskern"
    assert package["legal_basis"] == ["UIG"]
    assert package["political_geocoding_uri"] == [DE + "politicalGeocoding/stateKey/07"]
    assert package["political_geocoding_level_uri"] == [DE + "politicalGeocoding/Level/state"]
    assert package["custodian"] == [{"name": "Amt", "email": "a@b.de"}]


# -- files ---------------------------------------------------------------------------------------


def _with_file(village: Village, address: str) -> Record:
    village.change(
        "dcat:accessURL <https://dorf.example/baeume.csv>", f"dcat:downloadURL <{address}>"
    )
    return _file(village)["baeume-1"]


def test_a_file_beside_the_catalogue_is_an_upload(village: Village) -> None:
    (village.file.parent / "files").mkdir()
    (village.file.parent / "files" / "bäume.csv").write_text("a;b\n")
    record = _with_file(village, "files/b%C3%A4ume.csv")
    assert record.files[0].path.name == "bäume.csv"
    (resource,) = record.package["resources"]
    assert resource["url"] == "bäume.csv"
    assert resource["uri"] == "https://dorf.example/baeume#csv"
    assert (resource["size"], resource["hash"]) == (4, record.files[0].sha256)
    before = content_hash(record)
    (village.file.parent / "files" / "bäume.csv").write_text("a;c\n")
    assert content_hash(_file(village)["baeume-1"]) != before


def test_a_moved_folder_changes_nothing(village: Village, tmp_path: Path) -> None:
    (village.file.parent / "a.csv").write_text("a")
    before = content_hash(_with_file(village, "a.csv"))
    moved = village.file.parent.rename(tmp_path / "elsewhere")
    with _source(village.config, path=moved / "catalog.ttl") as source:
        assert content_hash(_records(source)["baeume-1"]) == before


@pytest.mark.parametrize(
    "address",
    ["../secret.txt", "file:///etc/passwd", "%2e%2e/secret.txt", "link.txt", "a/../../secret.txt"],
)
def test_nothing_leads_out_of_the_folder(village: Village, address: str) -> None:
    (village.file.parent.parent / "secret.txt").write_text("secret")
    (village.file.parent / "link.txt").symlink_to(village.file.parent.parent / "secret.txt")
    record = _with_file(village, address)
    assert record.files == {}
    assert record.package["resources"] == []
    assert any("outside the catalogue's folder" in note for note in record.notes)


def test_a_missing_file_is_noted(village: Village) -> None:
    record = _with_file(village, "files/no.csv")
    assert "the file files/no.csv does not exist beside the catalogue" in record.notes


def test_a_catalogue_from_the_web_may_not_name_files(village: Village, server: FaultServer) -> None:
    text = CATALOGUE.replace("https://dorf.example/baeume.csv", "file:///etc/passwd")
    with _source(village.config, url=server.says("/c.ttl", body(text))) as source:
        record = _records(source)["baeume-1"]
    assert record.package["resources"] == []
    assert any("a catalogue from the web may not do that" in note for note in record.notes)
    assert "passwd" not in json.dumps(record.package)


# -- pages ---------------------------------------------------------------------------------------

HYDRA = "@prefix hydra: <http://www.w3.org/ns/hydra/core#> .\n"


def _page(number: int, following: str = "", *, total: int = 3, dataset: int | None = None) -> str:
    name = number if dataset is None else dataset
    text = (
        HYDRA + "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n"
        "@prefix dct: <http://purl.org/dc/terms/> .\n"
        f"<https://x.example/c> a dcat:Catalog ; dcat:dataset <https://x.example/{name}> .\n"
        f'<https://x.example/{name}> a dcat:Dataset ; dct:title "Nr. {name}" .\n'
        f"<?page={number}> a hydra:PagedCollection ; hydra:totalItems {total} "
    )
    return text + (f"; hydra:next <{following}> ." if following else ".")


def _walk(config: Path, url: str, limits: Limits) -> tuple[list[str], DcatSource]:
    with _source(config, limits, url=url) as source:
        return [ref.uri.rsplit("/", 1)[-1] for ref in source.discover()], source


def test_pages_are_followed(config: Path, server: FaultServer, quick: Limits) -> None:
    url = server.says("/c.ttl", body(_page(1, "/c.ttl?page=2")))
    server.says("/c.ttl?page=2", body(_page(2, "c.ttl?page=3")))
    server.says("/c.ttl?page=3", body(_page(3)))
    names, source = _walk(config, url, quick)
    assert names == ["1", "2", "3"]
    assert (source.complete, source.warnings, source.total) == (True, [], 3)


def test_pages_that_lead_back(config: Path, server: FaultServer, quick: Limits) -> None:
    url = server.says("/c.ttl", body(_page(1, "/c.ttl?page=2")))
    server.says("/c.ttl?page=2", body(_page(2, "/c.ttl")))
    names, source = _walk(config, url, quick)
    assert names == ["1", "2"]
    assert not source.complete
    assert "paging goes in circles" in source.warnings[0]


def test_pages_that_never_end(config: Path, server: FaultServer, quick: Limits) -> None:
    url = server.says("/c.ttl", body(_page(1, "/c.ttl?page=2")))
    for number in range(2, 9):
        page = _page(number, f"/c.ttl?page={number + 1}", dataset=1)
        server.says(f"/c.ttl?page={number}", body(page))
    names, source = _walk(config, url, quick)
    assert names == ["1"]
    assert len(server.requests) == 2
    assert "paging does not end" in source.warnings[0]


def test_a_page_that_fails_keeps_the_others(
    config: Path, server: FaultServer, quick: Limits
) -> None:
    url = server.says("/c.ttl", body(_page(1, "/c.ttl?page=2")))
    server.says("/c.ttl?page=2", body("", 500))
    names, source = _walk(config, url, quick)
    assert names == ["1"]
    assert not source.complete
    assert "page 2 could not be read" in source.warnings[0]


def test_the_first_page_of_several_as_a_file(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "c.ttl"
    file.write_text(_page(1, "http://127.0.0.1:1/c.ttl?page=2"))
    with _source(config, path=file) as source:
        assert len(list(source.discover())) == 1
        assert not source.complete
        assert "the other pages were not read" in source.warnings[0]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (body("<html>Wartung</html>"), "a web page"),
        (body(CATALOGUE[:700]), "cut off"),
        (body("", 500), "500"),
        (body("<a:b> a <c:d> ."), "holds no DCAT catalogue"),
        (body('<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>'), "entities"),
    ],
)
def test_what_is_no_catalogue(
    config: Path, server: FaultServer, quick: Limits, answer: Any, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        _walk(config, server.says("/c", answer), quick)


@pytest.mark.parametrize("name", ["catalog.rdf", "catalog.ttl", "a.jsonld", "x.ttl?page=2"])
def test_recognised_by_name_when_empty(name: str) -> None:
    assert DcatSource.recognises(name, b"")


def test_recognised_by_content() -> None:
    assert DcatSource.recognises("https://x.example/export", CATALOGUE.encode())
    assert not DcatSource.recognises("https://x.example/", b"<!DOCTYPE html><html>")
    assert not DcatSource.recognises("timetable.zip", b"PK\x03\x04")
