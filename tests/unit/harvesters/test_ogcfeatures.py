"""OGC API Features: from the landing page to its collections, and broken servers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harvesters.errors import SourceError
from harvesters.fetch import Limits
from harvesters.model import Record
from harvesters.sources.geo.ogcfeatures import OgcFeaturesSource
from tests.unit.harvesters.conftest import FaultServer, body
from tests.unit.harvesters.geo_samples import DEEP, packages, served

LANDING = {
    "title": "Geodaten der Stadt",
    "description": "Offene Vektordaten.",
    "links": [
        {"rel": "self", "type": "application/json", "href": "/api"},
        {"rel": "service-desc", "href": "/api/openapi", "type": "application/vnd.oai.openapi+json"},
        {"rel": "conformance", "href": "/api/conformance"},
        {"rel": "http://www.opengis.net/def/rel/ogc/1.0/data", "href": "collections?f=html",
         "type": "text/html"},
        {"rel": "data", "href": "/api/collections?f=json", "type": "application/json"},
        {"rel": "license", "href": "https://www.govdata.de/dl-de/zero-2-0"},
    ],
}  # fmt: skip
TREES = {
    "id": "bäume 1",
    "title": "Bäume",
    "description": "Alle Bäume.",
    "keywords": ["Baum", 7, None],
    "extent": {
        "spatial": {"bbox": [[7.0, 50.2, 7.5, 50.5]]},
        "temporal": {"interval": [["2018-01-01T00:00:00Z", None]]},
    },
    "crs": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
    "storageCrs": "http://www.opengis.net/def/crs/EPSG/0/25832",
    "links": [
        {"rel": "items", "type": "application/geo+json", "href": "/api/b/items?f=json"},
        {"rel": "items", "type": "application/gml+xml;version=3.2", "href": "/api/b/items?f=gml",
         "title": "Als GML"},
        {"rel": "items", "type": "text/html", "href": "/api/b/items?f=html"},
        {"rel": "enclosure", "type": "application/geopackage+sqlite3", "length": 12345,
         "href": "/files/b.gpkg", "title": "Ganz"},
        {"rel": "describedby", "href": "https://csw.example/?id=1"},
        {"rel": "license", "href": "https://creativecommons.org/licenses/by/4.0/"},
        {"rel": "items", "href": "http://[kaputt"}, "kein Link", {"rel": "items"},
    ],
}  # fmt: skip


def _serve(server: FaultServer, *pages: Any, landing: Any = LANDING) -> None:
    """Landing page and pages of collections; a page is a list of them, or an answer."""
    server.says("/api", body(json.dumps(landing)))
    for number, page in enumerate(pages):
        path = "/api/collections?f=json" + (f"&page={number}" if number else "")
        if isinstance(page, list):
            more = {"rel": "next", "href": f"collections?f=json&page={number + 1}"}
            links = [more] if number + 1 < len(pages) else []
            page = body(json.dumps({"collections": page, "links": links}))
        server.says(path, page)


def _read(
    server: FaultServer, quick: Limits, path: str = "/api", **entry: Any
) -> tuple[OgcFeaturesSource, dict[str, Record | str]]:
    source, found = served(server, OgcFeaturesSource, path, quick, **entry)
    assert isinstance(source, OgcFeaturesSource)
    return source, found


def test_a_collection_field_by_field(server: FaultServer, quick: Limits) -> None:
    _serve(server, [TREES])
    source, found = _read(server, quick)
    assert source.complete and source.warnings == []
    [(identity, record)] = found.items()
    assert isinstance(record, Record)
    assert identity == record.uri == f"{server.url}/api/collections/b%C3%A4ume%201"
    assert record.organisation.title == "Geodaten der Stadt"
    package = record.package
    assert (package["title"], package["notes"]) == ("Bäume", "Alle Bäume.")
    assert [tag["name"] for tag in package["tags"]] == ["Baum"]
    assert package["license_id"] == "cc-by-4.0"
    assert package["temporal_coverage"] == [{"start": "2018-01-01T00:00:00+00:00"}]
    assert json.loads(package["spatial_coverage"][0]["bbox"])["coordinates"][0][0] == [7.0, 50.2]
    assert package["conforms_to"] == [
        "http://www.opengis.net/def/crs/EPSG/0/25832",
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    ]
    assert package["documentation"] == ["https://csw.example/?id=1"]
    files = package["resources"]
    assert [(file["name"], file["format"]) for file in files] == [
        ("GeoJSON", "GeoJSON"), ("Als GML", "GML"), ("HTML", "HTML"), ("Ganz", "GPKG"),
    ]  # fmt: skip
    assert files[0]["url"] == f"{server.url}/api/b/items?f=json"
    assert files[3]["download_url"].endswith("/files/b.gpkg") and files[3]["size"] == 12345
    [service] = files[0]["access_services"]
    assert service["endpoint_description"] == f"{server.url}/api/openapi"


def test_what_a_poor_collection_still_gets(server: FaultServer, quick: Limits) -> None:
    poor = {"id": "x", "extent": {"spatial": {"bbox": [[1, 2, 3]]}, "temporal": "ja"}, "links": 7}
    _serve(server, [poor, {"id": "r", "itemType": "record"}, {"title": "ohne id"}, "nichts"])
    _source, found = _read(server, quick)
    [package] = packages(found).values()
    assert package["title"] == "x" and package["notes"] == "Offene Vektordaten."
    assert package["license_id"] == "dl-zero-de-2.0"
    assert package["resources"][0]["url"] == f"{server.url}/api/collections/x/items"


def test_pages_and_a_choice(server: FaultServer, quick: Limits) -> None:
    pages = [[{"id": "a"}, {"id": "b"}], [{"id": "c"}, {"id": "a"}]]
    _serve(server, *pages)
    source, found = _read(server, quick)
    assert [key.rsplit("/", 1)[-1] for key in found] == ["a", "b", "c"]
    assert source.complete and source.warnings[0].endswith(
        "/a occurs twice; the first one was taken"
    )
    _serve(server, *pages)
    source, found = _read(server, quick, options={"collections": ["c", "d"]})
    assert [key.rsplit("/", 1)[-1] for key in found] == ["c"]
    assert "there is no collection d" in source.warnings
    server.says("/api/collections?f=json", body('{"collections": [{"id": "z"}]}'))
    _source, found = _read(server, quick, path="/api/collections?f=json")
    assert list(found) == [f"{server.url}/api/collections/z"]


def test_an_error_that_passes_and_one_that_stays(server: FaultServer, quick: Limits) -> None:
    _serve(server, [{"id": "a"}], body("", 500))
    source, found = _read(server, quick)
    assert len(found) == 1 and not source.complete
    assert "page 2 could not be read" in source.warnings[0]
    server.says("/api", body("", 503, {"Retry-After": "0"}), body(json.dumps(LANDING)))
    assert len(_read(server, quick)[1]) == 1


def test_paging_that_does_not_end(server: FaultServer, quick: Limits) -> None:
    _serve(server, [{"id": "a"}], [{"id": "a"}], [{"id": "a"}])
    source, _found = _read(server, quick)
    assert "paging does not end: page 2 brought nothing new" in source.warnings
    links = [{"rel": "next", "href": "/api/collections?f=json"}]
    _serve(server, body(json.dumps({"collections": [{"id": "a"}], "links": links})))
    source, _found = _read(server, quick)
    assert not source.complete and "goes in circles" in source.warnings[0]
    _serve(server, *[[{"id": str(number)}] for number in range(6)])
    source, found = _read(server, quick, options={"max_pages": 3})
    assert len(found) == 3 and source.warnings == ["stopped after 3 pages (option max_pages)"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ("<html><body>x</body></html>", "is a web page"),
        ('{"collections": [{"id": "a"', "cut off"),
        ('{"collections": [}', "not valid JSON"),
        ("[1]", "is no JSON object"),
        ('{"links": []}', "has no list of collections"),
        ("[" * 100_000, "nested too deeply|not valid JSON"),
        ('{"a": "\xe4"}'.encode("latin-1"), "not valid JSON"),
        (DEEP, "not valid JSON"),
    ],
)
def test_a_server_that_cannot_be_read(
    server: FaultServer, quick: Limits, content: str | bytes, reason: str
) -> None:
    _serve(server, body(content))
    with pytest.raises(SourceError, match=reason):
        _read(server, quick)


def test_it_knows_its_own_kind() -> None:
    knows = OgcFeaturesSource.recognises
    assert knows("https://x.example/", json.dumps(LANDING).encode())
    assert knows("https://x.example/", b'{"links": [], "collections": [{"id": "x"}]}')
    assert not knows("https://x.example/", b'{"links":[],"collections":[{"itemType": "record"}]}')
    for head in (b'{"@context": {}}', b'{"success": true}', b"<x/>", b"", b'{"type":"Feature"}'):
        assert not knows("https://x.example/", head)
