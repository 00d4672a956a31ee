"""The sample region is whole: every record complete, every file there, the same bytes each time."""

from __future__ import annotations

import filecmp
import io
import json
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from rdflib import Graph, Literal, URIRef, namespace

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample"
BASE = "https://base.example/"
THEMES = {
    "AGRI", "ECON", "EDUC", "ENER", "ENVI", "GOVE", "HEAL",
    "INTR", "JUST", "REGI", "SOCI", "TECH", "TRAN",
}  # fmt: skip
HUBS = ["competence-hub", "pulse-hub", "mobil-hub", "regio-hub", "medical-hub"]
MEMBERS = [
    "landkreis-mayen-koblenz", "stadt-andernach", "stadt-bendorf", "stadt-mayen", "vg-maifeld",
    "vg-mendig", "vg-pellenz", "vg-rhein-mosel", "vg-vallendar", "vg-vordereifel",
    "vg-weissenthurm",
]  # fmt: skip


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@cache
def catalogue() -> Graph:
    return Graph().parse(SAMPLE / "catalog.ttl", publicID=BASE)


@cache
def datasets() -> list[URIRef]:
    return sorted(
        s
        for s in catalogue().subjects(namespace.RDF.type, namespace.DCAT.Dataset)
        if isinstance(s, URIRef)
    )


def organisations() -> list[dict[str, Any]]:
    return read_yaml(ROOT / "config" / "organisations.yaml")


def local_files() -> set[str]:
    urls = [str(o) for o in catalogue().objects(None, namespace.DCAT.accessURL)]
    return {u.removeprefix(BASE) for u in urls if u.startswith(BASE)}


def test_there_are_enough_datasets_of_every_publisher() -> None:
    assert len(datasets()) >= 150
    publishers = {str(catalogue().value(d, namespace.DCTERMS.publisher)) for d in datasets()}
    assert publishers == {o["uri"] for o in organisations()}


def test_every_dataset_has_title_description_and_mark() -> None:
    for dataset in datasets():
        for predicate in (namespace.DCTERMS.title, namespace.DCTERMS.description):
            assert any(str(o).strip() for o in catalogue().objects(dataset, predicate)), dataset
        keywords = {str(k) for k in catalogue().objects(dataset, namespace.DCAT.keyword)}
        assert "Musterdaten" in keywords, dataset
        assert list(catalogue().objects(dataset, namespace.DCAT.distribution)), dataset


def test_no_two_titles_are_equal() -> None:
    titles = [
        str(o)
        for d in datasets()
        for o in catalogue().objects(d, namespace.DCTERMS.title)
        if isinstance(o, Literal) and o.language != "en"
    ]
    assert len(titles) == len(datasets())
    assert len({t.casefold() for t in titles}) == len(titles)


def test_every_distribution_has_a_licence_and_says_where() -> None:
    for distribution in catalogue().subjects(namespace.RDF.type, namespace.DCAT.Distribution):
        licence = str(catalogue().value(distribution, namespace.DCTERMS.license))
        assert licence.startswith("http://dcat-ap.de/def/licenses/"), distribution
        assert catalogue().value(distribution, namespace.DCAT.accessURL), distribution


def test_themes_are_valid_and_all_occur() -> None:
    prefix = "http://publications.europa.eu/resource/authority/data-theme/"
    used = {str(o).removeprefix(prefix) for o in catalogue().objects(None, namespace.DCAT.theme)}
    assert used == THEMES


def test_links_stay_in_example_domains() -> None:
    for predicate in (namespace.DCAT.accessURL, namespace.DCAT.downloadURL):
        for target in catalogue().objects(None, predicate):
            host = urlsplit(str(target)).hostname or ""
            assert host.endswith(".example"), target


def test_every_file_is_there_and_none_is_left_over() -> None:
    shipped = {f"files/{f.name}" for f in (SAMPLE / "files").iterdir()}
    assert local_files() == shipped
    assert len(shipped) >= 45
    assert sum((SAMPLE / name).stat().st_size for name in shipped) < 3_000_000


def read_marked_text(path: Path) -> str:
    data = path.read_bytes()
    if path.suffix in (".xlsx", ".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "".join(archive.read(n).decode() for n in archive.namelist())
    return data.decode("latin-1")


def test_every_file_says_that_it_is_sample_data() -> None:
    for path in (SAMPLE / "files").iterdir():
        text = read_marked_text(path)
        if path.suffix == ".pdf":  # in the document's title, as UTF-16
            text = text.replace("\x00", "")
        assert "musterdaten" in text.casefold(), path.name


def test_json_files_parse() -> None:
    for path in (SAMPLE / "files").iterdir():
        if path.suffix in (".json", ".geojson"):
            data = json.loads(path.read_text(encoding="utf-8"))
            assert data.get("daten") or data.get("features"), path.name


def test_building_again_gives_the_same_bytes(tmp_path: Path) -> None:
    # A process of its own: another hash seed, nothing cached.
    subprocess.run(
        [sys.executable, "-m", "sample.build", "--target", str(tmp_path)], cwd=ROOT, check=True
    )
    assert (tmp_path / "catalog.ttl").read_bytes() == (SAMPLE / "catalog.ttl").read_bytes()
    names = sorted(f.name for f in (SAMPLE / "files").iterdir())
    assert sorted(f.name for f in (tmp_path / "files").iterdir()) == names
    _, different, wrong = filecmp.cmpfiles(
        SAMPLE / "files", tmp_path / "files", names, shallow=False
    )
    assert not different
    assert not wrong


def test_organisations_are_the_district_and_its_ten_members() -> None:
    found = organisations()
    assert [o["name"] for o in found] == MEMBERS
    for organisation in found:
        assert organisation["kind"] in {"landkreis", "stadt", "verbandsgemeinde"}
        assert organisation["title"]
        assert organisation["short"]
        assert set(organisation["description"]) == {"de", "en"}
        assert organisation["ars"].startswith("07137")
        assert organisation["uri"].startswith("http://dcat-ap.de/def/politicalGeocoding/")
        assert 50.1 < organisation["lat"] < 50.5
        assert 7.0 < organisation["lon"] < 7.7


def test_every_municipality_belongs_to_one_member() -> None:
    places = read_yaml(SAMPLE / "places.yaml")
    parts = {p: o["name"] for o in organisations() for p in o.get("parts", [])}
    towns = {o["short"]: o["name"] for o in organisations() if o["kind"] == "stadt"}
    assert {name: place[4] for name, place in places.items()} == parts | towns
    assert len(places) == 87


def test_hubs_have_words_and_known_themes() -> None:
    hubs = read_yaml(ROOT / "config" / "hubs.yaml")
    assert [h["name"] for h in hubs] == HUBS
    for hub in hubs:
        for words in (hub["title"], hub["line"], hub["description"]):
            assert set(words) == {"de", "en"}
        assert set(hub["themes"]) <= THEMES
        assert hub["keywords"]
        assert all(k == k.lower() for k in hub["keywords"])
        assert len(set(hub["keywords"])) == len(hub["keywords"])


def test_every_hub_gets_records() -> None:
    for hub in read_yaml(ROOT / "config" / "hubs.yaml"):
        held = 0
        for dataset in datasets():
            words = {str(k).lower() for k in catalogue().objects(dataset, namespace.DCAT.keyword)}
            themes = catalogue().objects(dataset, namespace.DCAT.theme)
            codes = {str(t).rsplit("/", 1)[-1] for t in themes}
            held += bool(words & set(hub["keywords"]) or codes & set(hub["themes"]))
        assert held >= 15, hub["name"]
