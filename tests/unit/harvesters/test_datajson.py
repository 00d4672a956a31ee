from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from harvesters.errors import ConfigError, SourceError
from harvesters.fetch import Limits
from harvesters.identity import content_hash
from harvesters.sources.portals.datajson import DatajsonSource
from tests.unit.harvesters.conftest import CATALOGUE, FaultServer, body
from tests.unit.harvesters.json_answers import as_json, datasets, discovered, opened, read

EU = "http://publications.europa.eu/resource/authority/"
LICENCE = "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
SCHEMA = "https://project-open-data.cio.gov/v1.1/schema"

TREES: dict[str, Any] = {
    "@type": "dcat:Dataset",
    "identifier": "https://daten.kreis.example/id/bäume",
    "title": "Baumkataster",
    "description": "<p>Alle <b>Bäume</b>.</p>",
    "keyword": ["Bäume", "Grün/Natur", 5, None],
    "modified": "2024-05-01T08:00:00Z",
    "issued": "2020-01-01",
    "publisher": {"@type": "org:Organization", "name": "Stadt Andernach"},
    "contactPoint": {
        "@type": "vcard:Contact", "fn": "Grünamt", "hasEmail": "mailto:gruen@kreis.example",
    },
    "accessLevel": "public",
    "license": LICENCE,
    "temporal": "2019-01-01T00:00:00Z/2023-12-31T00:00:00Z",
    "spatial": "7.3,50.4,7.5,50.5",
    "theme": [EU + "data-theme/ENVI", "geospatial"],
    "accrualPeriodicity": "R/P1Y",
    "language": ["de-DE"],
    "landingPage": "https://daten.kreis.example/baeume",
    "conformsTo": "https://norm.example/5",
    "describedBy": "https://daten.kreis.example/baeume/felder",
    "references": ["https://daten.kreis.example/mehr"],
    "bureauCode": ["018:10"],
    "dataQuality": True,
    "distribution": [
        {
            "@type": "dcat:Distribution",
            "title": "Als Tabelle",
            "description": "Semikolons",
            "downloadURL": "https://daten.kreis.example/baeume.csv",
            "mediaType": "text/csv",
            "format": "CSV",
            "conformsTo": "https://norm.example/6",
        },
        {"accessURL": "https://daten.kreis.example/wfs", "format": "OGC WFS"},
    ],
}  # fmt: skip
# As 1.0 had them: a plain list, the file in the dataset itself.
OLD: dict[str, Any] = {
    "title": "Haushalt",
    "description": "Zahlen",
    "keyword": "haushalt, finanzen",
    "modified": "R/P1D",
    "publisher": "Kämmerei",
    "contactPoint": "Frau Beispiel",
    "mbox": "b@kreis.example",
    "identifier": "haushalt-1",
    "accessLevel": "Public",
    "accessURL": "https://daten.kreis.example/haushalt.xls",
    "webService": "https://daten.kreis.example/api",
    "format": "XLS",
    "dataDictionary": "https://daten.kreis.example/felder",
}


def _catalogue(*found: Any) -> dict[str, Any]:
    return {"conformsTo": SCHEMA, "dataset": list(found)}


def _file(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "data.json"
    path.write_text(json.dumps(data))
    return path


def test_all_fields(server: FaultServer, config: Path) -> None:
    url = server.says("/data.json", as_json(_catalogue(TREES)))
    with opened(DatajsonSource, config, url=url) as source:
        records, failures = read(source)
    assert failures == {} and source.complete and source.total == 1 and source.warnings == []
    record = records["https://daten.kreis.example/id/bäume"]
    assert record.uri == record.identity
    assert record.organisation.name == "stadt-andernach"
    package = record.package
    assert (package["title"], package["notes"]) == ("Baumkataster", "Alle **Bäume**.")
    assert [tag["name"] for tag in package["tags"]] == ["Bäume", "Grün-Natur", "5"][:2]
    assert package["modified"] == "2024-05-01T08:00:00+00:00"
    assert package["contact"] == [{"name": "Grünamt", "email": "gruen@kreis.example"}]
    assert package["license_id"] == "dl-by-de-2.0"
    assert package["temporal_coverage"][0]["end"].startswith("2023-12-31")
    box = json.loads(package["spatial_coverage"][0]["bbox"])
    assert box["coordinates"][0][:2] == [[7.3, 50.4], [7.5, 50.4]]
    assert package["theme"] == [EU + "data-theme/ENVI"]
    assert package["other_theme"] == ["geospatial"]
    assert package["frequency"] == EU + "frequency/ANNUAL"
    assert package["access_rights"] == EU + "access-right/PUBLIC"
    assert package["language"] == [EU + "language/DEU"]
    assert package["url"] == "https://daten.kreis.example/baeume"
    assert package["documentation"] == ["https://daten.kreis.example/baeume/felder"]
    assert package["conforms_to"] == ["https://norm.example/5"]
    assert package["harvest_unread"] == {"dataQuality": True}
    table, service = package["resources"]
    assert (table["name"], table["format"], table["mimetype"]) == ("Als Tabelle", "CSV", "text/csv")
    assert table["url"] == "https://daten.kreis.example/baeume.csv"
    assert table["conforms_to"] == ["https://norm.example/6"]
    assert (service["url"], service["format"]) == ("https://daten.kreis.example/wfs", "WFS")


def test_the_list_of_version_1_0(tmp_path: Path, config: Path) -> None:
    with opened(DatajsonSource, config, path=_file(tmp_path, [OLD])) as source:
        package = read(source)[0]["haushalt-1"].package
    assert [tag["name"] for tag in package["tags"]] == ["haushalt", "finanzen"]
    assert package["publisher"] == [{"name": "Kämmerei"}]
    assert package["contact"] == [{"name": "Frau Beispiel", "email": "b@kreis.example"}]
    assert package["frequency"] == EU + "frequency/DAILY"
    assert "modified" not in package
    assert [file["url"] for file in package["resources"]] == [
        "https://daten.kreis.example/haushalt.xls", "https://daten.kreis.example/api",
    ]  # fmt: skip
    assert package["documentation"] == ["https://daten.kreis.example/felder"]


def test_another_order_is_the_same_content(tmp_path: Path, config: Path) -> None:
    hashes = set()
    for data in (_catalogue(TREES, OLD), _catalogue(OLD, dict(reversed(TREES.items())))):
        with opened(DatajsonSource, config, path=_file(tmp_path, data)) as source:
            hashes.add(content_hash(read(source)[0][TREES["identifier"]]))
    assert len(hashes) == 1


def test_what_is_not_public_is_left_out(tmp_path: Path, config: Path) -> None:
    levels = ["public", "restricted public", "non-public", None, "Public"]
    found = [{"identifier": f"d{n}", "accessLevel": level} for n, level in enumerate(levels)]
    with opened(DatajsonSource, config, path=_file(tmp_path, _catalogue(*found))) as source:
        assert discovered(source) == ["d0", "d3", "d4"]


def test_identifiers_that_occur_twice(tmp_path: Path, config: Path) -> None:
    found = [
        {"identifier": "a", "title": "Eins"},
        {"identifier": "a", "title": "Eins"},
        {"identifier": "a", "title": "Zwei", "landingPage": "https://x.example/2"},
        {"identifier": "a", "title": "Drei"},
        {"title": "Ohne"},
        {"identifier": "ä/ö ü", "title": "Umlaut"},
    ]
    with opened(DatajsonSource, config, path=_file(tmp_path, _catalogue(*found))) as source:
        identities = discovered(source)
    assert identities[:2] == ["a", "https://x.example/2"]
    assert [name.split(":")[0] for name in identities[2:]] == ["untitled", "untitled", "ä/ö ü"]
    assert len(source.warnings) == 2


@pytest.mark.parametrize(
    ("said", "licence", "kept"),
    [
        ("dl-de-by-2.0", "dl-by-de-2.0", False),
        (f'<p>Es gilt die <a href="{LICENCE}">Datenlizenz</a></p>', "dl-by-de-2.0", True),
        ("Nutzung nur mit Zustimmung. " * 20, "", True),
        ("https://andere.example/lizenz", "https://andere.example/lizenz", False),
    ],
)
def test_licences(tmp_path: Path, config: Path, said: str, licence: str, kept: bool) -> None:
    data = _catalogue({"identifier": "a", "license": said})
    with opened(DatajsonSource, config, path=_file(tmp_path, data)) as source:
        package = read(source)[0]["a"].package
    assert package["license_id"] == licence
    assert ("license" in package.get("harvest_unread", {})) is kept


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("Andernach", {"text": "Andernach"}),
        ("https://www.geonames.org/2955936", {"uri": "https://www.geonames.org/2955936"}),
        ({"type": "Point", "coordinates": [7, 50]}, {"geom": {"type": "Point"}}),
        ('{"type": "Point", "coordinates": [7, 50]}', {"geom": {"type": "Point"}}),
        ([[7.3, 50.4], [7.5, 50.5]], {"bbox": {"type": "Polygon"}}),
        ({"type": "envelope", "coordinates": [[7.3, 50.4], [7.5, 50.5]]}, {"bbox": {}}),
        ({"xmin": 7, "ymin": 50, "xmax": 8, "ymax": 51}, {"bbox": {}}),
        ("3372000,5581000,3390000,5600000", None),  # not in degrees
        ("POLYGON((7 50, 8 50, 8 51, 7 50))", None),
        ({"seltsam": 1}, None),
        (7, None),
    ],
)
def test_places(tmp_path: Path, config: Path, said: Any, place: dict[str, Any] | None) -> None:
    data = _catalogue({"identifier": "a", "spatial": said})
    with opened(DatajsonSource, config, path=_file(tmp_path, data)) as source:
        package = read(source)[0]["a"].package
    if place is None:
        assert package["harvest_unread"]["spatial"] == [said]
        return
    (found,) = package["spatial_coverage"]
    assert found.keys() == place.keys()
    for key, value in place.items():
        assert (
            json.loads(found[key]).items() >= value.items()
            if key in ("geom", "bbox")
            else (found[key] == value)
        )


def test_a_period_without_end(tmp_path: Path, config: Path) -> None:
    data = _catalogue({"identifier": "a", "temporal": "2010-01-01/.."})
    with opened(DatajsonSource, config, path=_file(tmp_path, data)) as source:
        assert read(source)[0]["a"].package["temporal_coverage"] == [{"start": "2010-01-01"}]


def test_odd_entries_harm_nobody_else(tmp_path: Path, config: Path) -> None:
    data = _catalogue(None, "x", 5, [TREES], {"title": ["x", {}], "distribution": 7}, TREES)
    with opened(DatajsonSource, config, path=_file(tmp_path, data)) as source:
        records, failures = read(source)
    assert TREES["identifier"] in records
    assert len(failures) == 4 and all(why.startswith("RecordError") for why in failures.values())
    assert not source.complete
    (odd,) = (record for key, record in records.items() if key.startswith("untitled"))
    assert odd.package["harvest_unread"] == {"title": ["x", {}], "distribution": ["7"]}
    assert "no title: named after its identifier" in odd.notes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<!DOCTYPE html><html></html>", "is a web page"),
        ('{"dataset": [{"title": "Ba', "is cut off"),
        ("", "is empty"),
        ("{}", "no list `dataset`"),
        ('{"dataset": {"a": 1}}', "no list `dataset`"),
        ('"x"', "no list `dataset`"),
        ('{"dataset": [}', "not valid JSON"),
    ],
)
def test_what_is_no_data_json(
    server: FaultServer, config: Path, content: str, message: str
) -> None:
    with (
        opened(DatajsonSource, config, url=server.says("/d", body(content))) as source,
        pytest.raises(SourceError, match=message),
    ):
        list(source.discover())


def test_files_that_are_not_there(tmp_path: Path, config: Path) -> None:
    for path, kind in ((tmp_path / "no.json", SourceError), (tmp_path, ConfigError)):
        with opened(DatajsonSource, config, path=path) as source, pytest.raises(kind):
            list(source.discover())


def test_errors_pass_and_encodings_are_guessed(
    server: FaultServer, config: Path, quick: Limits
) -> None:
    text = json.dumps(_catalogue({"identifier": "ä", "title": "Größe"}), ensure_ascii=False)
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        url = server.says(
            "/d", body("", 500), body("", 429, {"Retry-After": "0"}), body(text.encode(encoding))
        )
        with opened(DatajsonSource, config, quick, url=url) as source:
            assert read(source)[0]["ä"].package["title"] == "Größe"
        assert len(source.warnings) == (encoding == "cp1252")


def test_numbers_that_no_database_takes(tmp_path: Path, config: Path) -> None:
    path = tmp_path / "data.json"
    odd = '"x": NaN, "y": 1e999, "z\\u0000": "\\ud800"'
    path.write_text(f'{{"dataset": [{{"identifier": "a", {odd}}}]}}')
    with opened(DatajsonSource, config, path=path) as source:
        records, failures = read(source)
    assert failures == {}
    assert records["a"].package["harvest_unread"] == {"y": "1e999"}


KEYS = [*TREES, *OLD]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(found=datasets(KEYS))
def test_anything_may_stand_anywhere(tmp_path: Path, config: Path, found: Any) -> None:
    data = _catalogue(found, {"identifier": "good"})
    with opened(DatajsonSource, config, path=_file(tmp_path, data)) as source:
        records, failures = read(source)
    assert "good" in records
    assert all(why.startswith("RecordError") for why in failures.values()), failures


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (json.dumps(_catalogue(TREES)), True),
        (f'{{"@context": "{SCHEMA}/catalog.jsonld", "@type": "dcat:Catalog"', True),
        ('\ufeff{"dataset" : [ {"title": "x"', True),
        ('[{"title": "x", "accessLevel": "public"', True),
        ('{"@context": {"dcat": "http://www.w3.org/ns/dcat#"}, "dataset": [', False),
        ('[{"@id": "https://x.example/1", "accessLevel": 1, "@context": {}', False),
        ('{"success": true, "result": []', False),
        ('{"type": "FeatureCollection", "features": [', False),
        (CATALOGUE, False),
        ("<html>project-open-data</html>", False),
        ("", False),
    ],
)
def test_it_knows_its_own_kind(head: str, known: bool) -> None:
    assert DatajsonSource.recognises("https://x.example/data.json", head.encode()[:4096]) is known
