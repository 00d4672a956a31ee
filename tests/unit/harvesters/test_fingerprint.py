"""Fingerprints: the same for the same, another for anything that makes another record."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest
from rdflib import Graph

from harvesters import vocabulary
from harvesters.fetch import Fetcher
from harvesters.identity import content_hash
from harvesters.model import Outcome, SourceConfig
from harvesters.sources import dcat
from harvesters.sources.dcat import DcatSource
from tests.unit.harvesters.conftest import CATALOGUE, FakeCkan, Village

ROOT = Path(__file__).resolve().parents[3]

BLANK = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
<http://x/d> a dcat:Dataset ; dct:title "T" ;
    dct:publisher [ foaf:name "Amt" ; foaf:mbox <mailto:a@x.example> ] ;
    dcat:distribution [ dcat:accessURL <http://x/1> ], [ dcat:accessURL <http://x/2> ] ;
    dct:relation _:a . _:a dct:relation _:b . _:b dct:relation _:a .
"""


def _fingerprints(file: Path, config: Path, **where: str) -> dict[str, str]:
    source = SourceConfig(name="x", type="dcat", path=file, **where)  # type: ignore[arg-type]
    with Fetcher() as fetcher:
        made = DcatSource(source, fetcher, vocabulary.load(config), config.parent)
        found = {ref.identity: ref.fingerprint for ref in made.discover()}
    assert all(found.values())
    return found


def test_order_and_the_names_of_blank_nodes_do_not_count(tmp_path: Path, config: Path) -> None:
    file = tmp_path / "a.nt"
    file.write_text(BLANK)
    first = _fingerprints(file, config)
    lines = Graph().parse(file, format="turtle").serialize(format="nt").splitlines()
    for seed in range(5):  # each parse and serialization names the blank nodes anew
        random.Random(seed).shuffle(lines)
        file.write_text("\n".join(lines))
        assert _fingerprints(file, config) == first
        lines = Graph().parse(file, format="nt").serialize(format="nt").splitlines()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"Amt"', '"Amt II"'),
        ('"T"', '"T"@de'),
        ('"T"', '"T"^^<http://x/t>'),
        ("<http://x/2>", "<http://x/3>"),
        ("<http://x/2>", '"http://x/2"'),
        (", [ dcat:accessURL <http://x/2> ]", ""),
        ("foaf:mbox", "foaf:homepage"),
        ("_:b dct:relation _:a", "_:b dct:relation _:b"),
    ],
)
def test_each_statement_counts(tmp_path: Path, config: Path, old: str, new: str) -> None:
    file = tmp_path / "a.ttl"
    file.write_text(BLANK)
    first = _fingerprints(file, config)
    assert old in BLANK
    file.write_text(BLANK.replace(old, new))
    assert _fingerprints(file, config) != first


def test_what_another_dataset_says_does_not_count(village: Village) -> None:
    first = _fingerprints(village.file, village.config)
    village.change('"Busse"', '"Busse und Bahnen"')
    second = _fingerprints(village.file, village.config)
    assert first["baeume-1"] == second["baeume-1"]
    assert first["https://dorf.example/busse"] != second["https://dorf.example/busse"]


def test_the_operators_choices_and_the_catalogue_count(village: Village) -> None:
    told = [_fingerprints(village.file, village.config)["baeume-1"]]
    told.append(_fingerprints(village.file, village.config, org="kreis")["baeume-1"])
    hubs = village.config / "hubs.yaml"
    hubs.write_text(hubs.read_text().replace("bäume", "sträucher"))
    told.append(_fingerprints(village.file, village.config)["baeume-1"])
    village.change("Offene Daten des Dorfes", "Daten des Dorfes")
    told.append(_fingerprints(village.file, village.config)["baeume-1"])
    assert len(set(told)) == len(told)


def test_a_file_beside_the_catalogue_counts(village: Village) -> None:
    (village.file.parent / "a.csv").write_text("1")
    village.change("<https://dorf.example/baeume.csv>", "<a.csv>")
    first = _fingerprints(village.file, village.config)
    (village.file.parent / "a.csv").write_text("2")
    second = _fingerprints(village.file, village.config)
    assert first["baeume-1"] != second["baeume-1"]
    assert first["https://dorf.example/busse"] == second["https://dorf.example/busse"]


def test_an_unchanged_record_is_not_read_again(
    village: Village, ckan: FakeCkan, monkeypatch: pytest.MonkeyPatch
) -> None:
    village.run(ckan)
    read: list[str] = []
    normalise = DcatSource.normalise
    monkeypatch.setattr(
        DcatSource,
        "normalise",
        lambda self, raw: read.append(raw.ref.identity) or normalise(self, raw),
    )
    report = village.run(ckan)
    assert read == []
    assert [result.name for result in report.results] == ["baeume-im-dorf", "busse"]
    village.change('"Busse"', '"Busse und Bahnen"')
    report = village.run(ckan)
    assert read == ["https://dorf.example/busse"]
    assert report.count(Outcome.CHANGED) == report.count(Outcome.UNCHANGED) == 1


def test_a_new_hub_in_the_portal_counts(village: Village, ckan: FakeCkan) -> None:
    ckan.groups.clear()
    village.run(ckan)
    ckan.groups.add("competence-hub")
    assert village.run(ckan).count(Outcome.CHANGED) == 1
    assert ckan.by_name("baeume-im-dorf")["groups"] == [{"name": "competence-hub"}]


def test_a_record_whose_file_did_not_arrive_is_completed(village: Village, ckan: FakeCkan) -> None:
    (village.file.parent / "a.csv").write_text("1")
    village.change("<https://dorf.example/baeume.csv>", "<a.csv>")
    refused = RuntimeError("the disk is full")
    ckan.refuse = lambda action, _data: refused if action == "package_patch" else None
    assert village.run(ckan).count(Outcome.FAILED) == 1
    assert not ckan.by_name("baeume-im-dorf").get("harvest_fingerprint")
    ckan.refuse = lambda _action, _data: None
    village.run(ckan)
    trees = ckan.by_name("baeume-im-dorf")
    assert trees["resources"][0]["content"] == b"1"
    assert trees["harvest_fingerprint"]


def test_the_version_of_reading_is_that_of_what_is_read(tmp_path: Path) -> None:
    """If records are read otherwise now, raise READING_VERSION; then put both numbers here.

    Else records that are the same at their source would stay as the old code read them. If the
    sample region has changed, and not how it is read, the second number is enough.
    """
    (tmp_path / "licenses.json").write_text("[]")
    source = SourceConfig(name="x", type="dcat", path=ROOT / "sample" / "catalog.ttl")
    digest = hashlib.sha256()
    with Fetcher() as fetcher:
        made = DcatSource(source, fetcher, vocabulary.load(tmp_path), ROOT)
        for ref in made.discover():
            record = made.normalise(made.fetch(ref))
            record.files.clear()  # their content is not the reader's
            for resource in record.package["resources"]:
                resource.pop("hash", None)
                resource.pop("size", None)
            digest.update(content_hash(record).encode())
    assert (dcat.READING_VERSION, digest.hexdigest()[:16]) == (1, "e03ba71266a6f5aa")


def test_a_dataset_that_says_too_much_fails_alone(village: Village, ckan: FakeCkan) -> None:
    many = ", ".join(f'"{number}"' for number in range(20_001))
    village.file.write_text(
        CATALOGUE + f"<https://dorf.example/busse> <http://purl.org/dc/terms/subject> {many} ."
    )
    report = village.run(ckan)
    assert report.count(Outcome.ADDED) == report.count(Outcome.FAILED) == 1
    (failed,) = [result for result in report.results if result.outcome is Outcome.FAILED]
    assert failed.reason == "says more than 20000 things about itself"
