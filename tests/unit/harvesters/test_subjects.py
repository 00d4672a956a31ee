"""Statements read one by one, kept on the disk: the same records as from one graph in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import DCAT, RDF, Graph, URIRef
from rdflib.compare import isomorphic

from harvesters import rdf, statements, subjects, vocabulary
from harvesters.fetch import Fetcher
from harvesters.identity import content_hash
from harvesters.model import CatalogueInfo, RawRecord, RecordRef, SourceConfig
from harvesters.sources.dcat import DcatSource
from harvesters.sources.dcat_reader import DatasetReader

ROOT = Path(__file__).resolve().parents[3]


def _catalogues(real_data: Path) -> list[Path]:
    found = [
        path
        for path in sorted((real_data / "dcat").rglob("*"))
        if path.suffix in (".rdf", ".ttl", ".xml", ".jsonld") and "shapes" not in str(path)
    ]
    return [*found, ROOT / "sample" / "catalog.ttl"]


def _whole(path: Path) -> Graph:
    return rdf.parse(path.read_bytes(), "file:///.catalogue./", path.name, suffix=path.suffix)


def test_datasets_by_themselves_are_read_as_in_the_whole_graph(real_data: Path) -> None:
    compared = 0
    words = vocabulary.load(ROOT / "config")
    for path in _catalogues(real_data):
        try:
            graph = _whole(path)
        except rdf.SourceError:
            continue  # one example is not valid
        reader = DatasetReader(graph)
        config = SourceConfig(name="x", type="dcat", path=path)
        with Fetcher() as fetcher:
            source = DcatSource(config, fetcher, words, ROOT)
            for ref in source.discover():
                if not ref.uri:
                    continue
                raw = source.fetch(ref)
                other = reader.read(URIRef(ref.uri), graph)
                made, expected = (
                    source.normalise(
                        RawRecord(RecordRef(ref.identity, ref.uri), fields, raw.origin)
                    )
                    for fields in (raw.content, other)
                )
                assert content_hash(made) == content_hash(expected), f"{path.name}: {ref.identity}"
                assert sorted(made.notes) == sorted(expected.notes)
                compared += 1
    assert compared > 500


def test_catalogues_are_known_as_in_the_whole_graph(real_data: Path) -> None:
    path = real_data / "dcat" / "bremen-catalog-original-input.rdf"
    with Fetcher() as fetcher:
        config = SourceConfig(name="x", type="dcat", path=path)
        source = DcatSource(config, fetcher, vocabulary.load(ROOT / "config"), ROOT)
        refs = list(source.discover())
        assert {ref.uri for ref in refs} == {
            str(node) for node in _whole(path).subjects(RDF.type, DCAT.Dataset)
        }
        assert source.total == len(refs)
        origin = source.fetch(refs[0]).origin
    assert isinstance(origin, CatalogueInfo)
    assert origin.title


def test_both_readers_say_the_same(real_data: Path) -> None:
    compared = 0
    for path in _catalogues(real_data):
        if path.suffix == ".jsonld" or path.name == "dataset.ttl":
            continue
        where = ("file:///.catalogue./", path.name)
        quick = statements.graph(statements.read(path.read_bytes(), *where, suffix=path.suffix))
        whole = statements.graph(
            statements.read_whole(path.read_bytes(), *where, suffix=path.suffix)
        )
        assert len(quick) == len(whole), path.name
        if len(whole) < 2_000:  # isomorphism takes long
            assert isomorphic(quick, whole), path.name
            compared += 1
    assert compared > 10


HEAD = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="http://x/">'


def test_another_encoding_is_left_to_rdflib() -> None:
    text = f'<?xml version="1.0" encoding="iso-8859-1"?>{HEAD}<d:A d:t="Bäume"/></rdf:RDF>'
    content = text.encode("latin-1")
    with pytest.raises(statements.UnsuitableError):
        list(statements.read(content, "http://b/", "x"))
    said = list(statements.read_whole(content, "http://b/", "x"))
    assert any(value == "Bäume" for _subject, _predicate, _kind, value, _extra in said)


def test_odd_addresses_and_languages_are_no_obstacle() -> None:
    text = (
        f'{HEAD}<d:A rdf:about="http://x/a b"><d:p xml:lang="de_DE">Text</d:p>'
        '<d:p rdf:resource="http://x/[1]?q=ä b"/></d:A></rdf:RDF>'
    )
    graph = statements.graph(statements.read(text.encode(), "http://b/", "x"))
    node = URIRef("http://x/a b")
    found = list(graph.objects(node, URIRef("http://x/p")))
    assert [str(value) for value in found] == ["Text", "http://x/[1]?q=ä b"]


def test_statements_come_back_in_order_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "_AT_ONCE", 7)
    monkeypatch.setattr(subjects, "_REMEMBERED", 20)
    kept = subjects.Subjects()
    said = [
        (f"http://x/{number % 10}", "http://x/p", statements.TEXT, str(number // 20), "")
        for number in range(1_000)
    ]
    kept.fill(said)
    for _twice in range(2):
        for number in range(10):
            about = kept.about(f"http://x/{number}")
            assert [term.value for _predicate, term in about] == [str(i) for i in range(50)]
    assert kept.about("http://x/none") == {}
    kept.close()
