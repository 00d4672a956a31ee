"""The real catalogues of Bremen and Brandenburg, field by field against their RDF."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rdflib import DCAT, DCTERMS, FOAF, RDF, Graph, Literal
from rdflib.term import Node

from harvesters import rdf
from harvesters.dates import iso_date
from harvesters.fetch import Fetcher
from harvesters.identity import content_hash
from harvesters.model import Record, SourceConfig
from harvesters.sources.dcat import DcatSource
from harvesters.text import clean_line, clean_text
from harvesters.vocabulary import load

ROOT = Path(__file__).resolve().parents[3]
BREMEN = "bremen-catalog-original-input.rdf"
BRANDENBURG = "brandenburg-catalog-original-input.rdf"
BRANDENBURG_TURTLE = "brandenburg-catalog-original-input.ttl"


def _records(file: Path) -> Iterator[Record]:
    with Fetcher() as fetcher:
        config = SourceConfig(name="x", type="dcat", path=file)
        source = DcatSource(config, fetcher, load(ROOT / "config"), ROOT)
        for ref in source.discover():
            yield source.normalise(source.fetch(ref))
        assert source.warnings == []


def _german(graph: Graph, node: Node, predicate: Node) -> str:
    found = [value for value in graph.objects(node, predicate) if isinstance(value, Literal)]
    return str(min(found, key=lambda v: (v.language or "").lower() not in ("de", ""), default=""))


@pytest.mark.parametrize(
    ("name", "datasets", "files"), [(BREMEN, 153, 237), (BRANDENBURG, 112, 212)]
)
def test_every_record_says_what_its_source_says(
    real_data: Path, name: str, datasets: int, files: int
) -> None:
    file = real_data / "dcat" / name
    graph = rdf.parse(file.read_bytes(), "http://base.example/", name)
    records = {record.uri: record for record in _records(file)}
    nodes = list(graph.subjects(RDF.type, DCAT.Dataset))
    assert len(nodes) == len(records) == datasets
    assert sum(len(record.package["resources"]) for record in records.values()) == files
    for node in nodes:
        package = records[str(node)].package
        assert package["uri"] == str(node)
        assert package["title"] == clean_line(_german(graph, node, DCTERMS.title))
        assert package["notes"] == clean_text(_german(graph, node, DCTERMS.description))
        for field, predicate in (("issued", DCTERMS.issued), ("modified", DCTERMS.modified)):
            written = {iso_date(str(value)) for value in graph.objects(node, predicate)}
            assert {package[field]} if field in package else set() == written
        _check_publisher(graph, node, package)
        distributions = list(graph.objects(node, DCAT.distribution))
        assert {r["uri"] for r in package["resources"]} == {str(d) for d in distributions}
        licences = {str(x) for d in distributions for x in graph.objects(d, DCTERMS.license)}
        assert {r["license"] for r in package["resources"]} <= licences
        assert bool(package["license_id"]) == bool(licences)


def _check_publisher(graph: Graph, node: Node, package: dict) -> None:  # type: ignore[type-arg]
    (publisher,) = package["publisher"]
    stated = graph.value(node, DCTERMS.publisher)
    if stated is None:  # one dataset of Potsdam; the catalogue's publisher stands in
        assert publisher["name"] == "Opendatasoft"
    elif isinstance(stated, Literal):
        assert publisher == {"name": str(stated)}
    else:
        assert publisher["uri"] == str(stated)
        assert publisher["name"] == clean_line(_german(graph, stated, FOAF.name))


def test_both_files_of_brandenburg_say_the_same(real_data: Path) -> None:
    """Another syntax, another order of all triples: the same content hashes."""
    xml, turtle = (
        {record.identity: content_hash(record) for record in _records(real_data / "dcat" / name)}
        for name in (BRANDENBURG, BRANDENBURG_TURTLE)
    )
    assert xml == turtle


def test_flaws_are_mended_and_told(real_data: Path) -> None:
    records = list(_records(real_data / "dcat" / BREMEN))
    contacts = [contact for record in records for contact in record.package["contact"]]
    assert all("@" in contact["email"] for contact in contacts if "email" in contact)
    assert not any("file:" in str(record.package) for record in records)
    # "TODO:" as a language, empty addresses, no licence
    notes = [note for record in records for note in record.notes]
    assert notes.count("language not readable: TODO:") == 3
    assert notes.count("a distribution without an address") == 5
    assert notes.count("no licence") == 4
    # 9999-01-01 stands for no end
    assert not any(
        period.get("end", "").startswith("9999")
        for record in records
        for period in record.package["temporal_coverage"]
    )
