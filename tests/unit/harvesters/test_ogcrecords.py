"""OGC API Records: records of a catalogue, paging, and broken ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harvesters.errors import SourceError
from harvesters.fetch import Limits
from harvesters.model import Record
from harvesters.sources.geo.ogcrecords import OgcRecordsSource
from tests.unit.harvesters.conftest import FaultServer, body
from tests.unit.harvesters.geo_samples import packages, served

EU = "http://publications.europa.eu/resource/authority/"
RING = [[7.0, 50.2], [7.5, 50.2], [7.5, 50.5], [7.0, 50.5], [7.0, 50.2]]
TREES: dict[str, Any] = {
    "id": "baum-1",
    "type": "Feature",
    "geometry": {"type": "Polygon", "coordinates": [RING]},
    "time": {"interval": ["2018-01-01", ".."]},
    "properties": {
        "type": "dataset",
        "title": "Bäume",
        "description": "Alle Bäume.",
        "created": "2020-03-04T10:00:00Z",
        "updated": "2023-05-06",
        "language": {"code": "de"},
        "keywords": ["Baum", "Grün"],
        "license": "CC-BY-4.0",
        "rights": "Bitte nennen.",
        "externalIds": [{"value": "https://registry.example/1"}],
        "themes": [
            {"concepts": [{"id": "environment"}, {"id": "Wald", "title": "Wald und Forst"}],
             "scheme": "x"},
            {"concepts": [{"id": f"{EU}data-theme/TRAN"}, "alt"]},
            "kein Thema",
        ],
        "contacts": [
            {"organization": "Stadt Mayen", "roles": ["publisher"]},
            {"name": "Frau Grün", "roles": ["pointOfContact", "processor"],
             "emails": [{"value": "g@stadt.de"}], "phones": [{"value": "0261"}],
             "addresses": [{"deliveryPoint": ["Markt 1"], "city": "Mayen", "postalCode": "56727"}]},
        ],
        "eigenes": {"a": 1},
    },
    "links": [
        {"rel": "self", "href": "/api/collections/k/items/baum-1"},
        {"rel": "enclosure", "href": "/baum.csv", "type": "text/csv", "title": "Liste",
         "length": 77},
        {"rel": "related", "href": "https://geo.example/wms?service=WMS", "title": "Karte"},
        {"rel": "about", "href": "https://stadt.example/baum", "type": "text/html"},
        {"rel": "alternate", "href": "/x", "type": "text/html"},
    ],
}  # fmt: skip


def _record(identity: Any, **properties: Any) -> dict[str, Any]:
    return {"id": identity, "properties": {"title": f"T {identity}", **properties}}


def _page(*records: Any, matched: int | None = None, following: str = "") -> str:
    links = [{"rel": "next", "href": following}] if following else []
    total = {} if matched is None else {"numberMatched": matched}
    return json.dumps(
        {"type": "FeatureCollection", "features": list(records), "links": links, **total}
    )


ITEMS = "/api/collections/k/items?limit=100"


def _read(
    server: FaultServer, quick: Limits, path: str = "/api/collections/k/items", **entry: Any
) -> tuple[OgcRecordsSource, dict[str, Record | str]]:
    source, found = served(server, OgcRecordsSource, path, quick, **entry)
    assert isinstance(source, OgcRecordsSource)
    return source, found


def test_a_record_field_by_field(server: FaultServer, quick: Limits) -> None:
    server.says(ITEMS, body(_page(TREES, matched=1)))
    source, found = _read(server, quick)
    assert source.complete and source.warnings == [] and source.total == 1
    record = found["baum-1"]
    assert isinstance(record, Record)
    assert record.uri == record.package["uri"] == "https://registry.example/1"
    assert record.organisation.name == "stadt-mayen"
    package = record.package
    expected = {
        "title": "Bäume",
        "notes": "Alle Bäume.",
        "identifier": "baum-1",
        "alternate_identifier": ["https://registry.example/1"],
        "issued": "2020-03-04T10:00:00+00:00",
        "modified": "2023-05-06",
        "license_id": "cc-by-4.0",
        "language": [f"{EU}language/DEU"],
        "theme": [f"{EU}data-theme/ENVI", f"{EU}data-theme/TRAN"],
        "temporal_coverage": [{"start": "2018-01-01"}],
        "url": "https://stadt.example/baum",
        "publisher": [{"name": "Stadt Mayen"}],
        "dcat_type": "dataset",
    }
    assert {key: package.get(key) for key in expected} == expected
    assert [tag["name"] for tag in package["tags"]] == ["Baum", "Grün", "Wald und Forst", "alt"]
    assert json.loads(package["spatial_coverage"][0]["bbox"])["coordinates"] == [RING]
    assert package["contact"] == [
        {"name": "Frau Grün", "email": "g@stadt.de", "telephone": "0261",
         "address": "Markt 1, 56727 Mayen"}
    ]  # fmt: skip
    assert package["attribution"][0]["role"].endswith("/processor")
    assert [(file["name"], file["format"]) for file in package["resources"]] == [
        ("Liste", "CSV"), ("Karte", "WMS"),
    ]  # fmt: skip
    file = package["resources"][0]
    assert file["size"] == 77 and file["rights"] == "CC-BY-4.0\n\nBitte nennen."
    assert package["harvest_unread"] == {"eigenes": {"a": 1}}


def test_bad_records_fail_alone(server: FaultServer, quick: Limits) -> None:
    odd = {
        "id": 7,
        "geometry": {"type": "Point", "coordinates": [7.2, 50.3]},
        "properties": {"themes": 1, "contacts": {"organization": "X"}, "keywords": "Wort",
                       "language": "de", "license": "other", "extent": [1], "use_constraints": "y"},
        "links": "nein",
    }  # fmt: skip
    server.says(ITEMS, body(_page(odd, {"id": "leer"}, "nichts", None, _record("gut"))))
    source, found = _read(server, quick)
    assert source.complete and len(found) == 5
    record = found["7"]
    assert isinstance(record, Record)
    assert record.package["title"] == "7" and record.package["license_id"] == ""
    assert "no title: named after its identifier" in record.notes
    assert json.loads(record.package["spatial_coverage"][0]["geom"])["type"] == "Point"
    assert record.package["publisher"] == [{"name": "X"}]
    assert found["leer"] == "is no record: it has no properties"
    assert isinstance(found["gut"], Record)


def test_pages_are_followed(server: FaultServer, quick: Limits) -> None:
    first = "/api/collections/k/items?lang=de&limit=2"
    server.says(
        first, body("", 502), body(_page(_record("a"), _record("b"), matched=3, following="?p=2"))
    )
    server.says("/api/collections/k/items?p=2", body(_page(_record("c"), _record("a"))))
    source, found = _read(server, quick, first[: -len("&limit=2")], options={"page_size": 2})
    assert list(found) == ["a", "b", "c"] and source.complete
    assert source.warnings == ["a occurs twice; the first one was taken"]


def test_paging_that_breaks_off_or_repeats(server: FaultServer, quick: Limits) -> None:
    server.says(ITEMS, body(_page(_record("a"), matched=9, following="?p=2")))
    server.says("/api/collections/k/items?p=2", body(_page(_record("b"))[:-20]))
    source, found = _read(server, quick)
    assert list(found) == ["a"] and not source.complete and "cut off" in source.warnings[0]
    server.says("/api/collections/k/items?p=2", body(_page(_record("a"), following="?p=3")))
    source, _found = _read(server, quick)
    assert "paging does not end: page 2 brought nothing new" in source.warnings
    server.says("/api/collections/k/items?p=2", body(_page(_record("b"), following="?p=2")))
    source, _found = _read(server, quick)
    assert "goes in circles" in source.warnings[0] and not source.complete
    server.says(ITEMS, body(_page(_record("a"), matched=9)))
    source, _found = _read(server, quick)
    assert source.warnings[0].endswith("gave 1 of the 9 records that it announced")


def test_from_the_landing_page(server: FaultServer, quick: Limits) -> None:
    collections = [
        {"id": "k", "itemType": "record", "title": "Katalog",
         "links": [{"rel": "items", "href": "/api/collections/k/items"}]},
        {"id": "z", "itemType": "record"},
        {"id": "daten", "itemType": "feature"},
    ]  # fmt: skip
    server.says("/api", body('{"links": [{"rel": "data", "href": "/api/collections"}]}'))
    server.says("/api/collections", body(json.dumps({"collections": collections})))
    server.says(ITEMS, body(_page(_record("a"))))
    server.says("/api/collections/z/items?limit=100", body("kaputt"))
    source, found = _read(server, quick, "/api")
    record = found["a"]
    assert isinstance(record, Record) and record.organisation.title == "Katalog"
    assert not source.complete and "z/items?limit=100 could not be read" in source.warnings[0]
    source, found = _read(server, quick, "/api/collections", options={"collections": ["k"]})
    assert list(found) == ["a"] and source.complete
    with pytest.raises(SourceError, match="no collection of records"):
        _read(server, quick, "/api", options={"collections": ["nein"]})
    server.says("/api/collections/k", body(json.dumps(collections[0])))
    assert list(_read(server, quick, "/api/collections/k")[1]) == ["a"]
    server.says("/records.json", body(_page(_record("b"))))
    assert list(packages(_read(server, quick, "/records.json")[1])) == ["b"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ("<!DOCTYPE html><html></html>", "is a web page"),
        ('{"code": "NotFound"}', "has no list of features"),
        (_page(_record("a"))[:-9], "cut off"),
        (_page(_record("ä")).replace("\\u00e4", "ä").encode("latin-1"), "not valid JSON"),
    ],
)
def test_a_catalogue_that_cannot_be_read(
    server: FaultServer, quick: Limits, content: str | bytes, reason: str
) -> None:
    server.says(ITEMS, body(content))
    with pytest.raises(SourceError, match=reason):
        _read(server, quick)


def test_it_knows_its_own_kind() -> None:
    knows = OgcRecordsSource.recognises
    assert knows("https://x.example/", _page(TREES).encode())
    assert knows("https://x.example/", b'{"id": "k", "itemType" : "record"}')
    features = b'{"type":"FeatureCollection","features":[]}'
    for head in (features, b'{"@context": {}}', b'{"collections": []}', b"<x/>", b""):
        assert not knows("https://x.example/", head)
