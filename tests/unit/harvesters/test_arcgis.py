from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from harvesters.errors import ConfigError, HarvestError, SourceError
from harvesters.fetch import Limits
from harvesters.sources.portals.arcgis import ArcgisSource
from tests.unit.harvesters.conftest import FaultServer, body
from tests.unit.harvesters.json_answers import (
    Routes,
    as_json,
    datasets,
    discovered,
    opened,
    read,
)

EU = "http://publications.europa.eu/resource/authority/"
ITEM = "f4bcc1035b7d46cba95e977f4affb6be"
SITE = "https://geo-kreis.hub.arcgis.example"
AP, US = "/api/feed/dcat-ap/2.0.1.json", "/api/feed/dcat-us/1.1.json"
SEARCH = "/api/v3/datasets"

# As ArcGIS Hub writes them (koop-output-dcat-ap-201, koop-output-dcat-us-11).
AP_FEED: dict[str, Any] = {
    "@context": {
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "vcard": "http://www.w3.org/2006/vcard/ns#",
        "ftype": EU + "file-type/",
        "lang": EU + "language/",
    },
    "@id": SITE,
    "@type": "dcat:Catalog",
    "dct:title": "Geodaten des Kreises",
    "dct:publisher": "Kreis",
    "dcat:dataset": [
        {
            "@type": "dcat:Dataset",
            "@id": f"{SITE}/datasets/{ITEM}_0",
            "dct:identifier": f"{SITE}/datasets/{ITEM}_0",
            "dct:title": "Spielplätze",
            "dct:description": "Wo <b>gespielt</b> wird.",
            "dcat:contactPoint": {
                "@id": "https://kreis.maps.arcgis.com/sharing/rest/community/users/gis?f=json",
                "@type": "Contact",
                "vcard:fn": "gis",
                "vcard:hasEmail": "mailto:gis@kreis.example",
            },
            "dct:publisher": "Stadt Andernach",
            "dcat:theme": "geospatial",
            "dct:accessRights": "public",
            "dcat:keyword": ["Spielplatz", "Kinder"],
            "dct:issued": "2021-01-29T15:34:38.000Z",
            "dct:language": {"@id": "lang:DEU"},
            "dcat:distribution": [
                {
                    "@type": "dcat:Distribution",
                    "dcat:accessUrl": f"{SITE}/datasets/{ITEM}_0.csv",
                    "dct:format": {"@id": "ftype:CSV"},
                    "dct:title": "CSV",
                }
            ],
        }
    ],
}
US_FEED: dict[str, Any] = {
    "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
    "@type": "dcat:Catalog",
    "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
    "dataset": [
        {
            "@type": "dcat:Dataset",
            "identifier": f"https://www.arcgis.com/home/item.html?id={ITEM}&sublayer=0",
            "landingPage": f"{SITE}/datasets/kreis::spielplaetze",
            "title": "Spielplätze",
            "description": "{{description}}",
            "keyword": ["Spielplatz"],
            "issued": "2021-01-29T15:34:38.000Z",
            "modified": "2021-07-27T20:24:46.000Z",
            "publisher": {"name": "Stadt Andernach"},
            "contactPoint": {"@type": "vcard:Contact", "fn": "gis", "hasEmail": "mailto:g@k.de"},
            "accessLevel": "public",
            "spatial": "7.3,50.4,7.5,50.5",
            "license": "",
            "theme": ["geospatial"],
            "distribution": [
                {
                    "@type": "dcat:Distribution",
                    "title": "ArcGIS GeoService",
                    "format": "ArcGIS GeoServices REST API",
                    "mediaType": "application/json",
                    "accessURL": "https://services.arcgis.example/FeatureServer/0",
                }
            ],
        }
    ],
}


def _hit(number: int, **attributes: Any) -> dict[str, Any]:
    return {
        "id": f"{number:032x}_0",
        "type": "dataset",
        "attributes": {
            "name": f"Ebene {number}",
            "access": "public",
            "searchDescription": "Kurz gesagt.",
            "tags": ["karte"],
            "source": "Stadt Andernach",
            "owner": "gis",
            "created": 1611934478000,
            "modified": 1627417486000,
            "extent": {"coordinates": [[7.3, 50.4], [7.5, 50.5]], "type": "envelope"},
            "culture": "de-de",
            "url": "https://services.arcgis.example/FeatureServer/0",
            "geometryType": "esriGeometryPoint",
            "structuredLicense": {"url": "http://dcat-ap.de/def/licenses/dl-by-de/2.0"},
        }
        | attributes,
    }


def _search(server: FaultServer, hits: list[Any], size: int = 2, **more: Any) -> Routes:
    server.answers = routes = Routes()
    host = server.url.removeprefix("http://")
    routes.routes["/api/v3/domains/" + host.replace(":", "%3A")] = lambda _query: as_json(
        {"orgId": "Xj56SBi2udA78cC9", "siteTitle": "Geodaten"}
    )

    def answer(query: dict[str, str]) -> Any:
        assert query["filter[orgId]"] == "Xj56SBi2udA78cC9"
        page = int(query.get("page[number]", 1))
        following = (
            f"{SEARCH}?filter%5BorgId%5D=Xj56SBi2udA78cC9&page%5Bnumber%5D={page + 1}"
            if page * size < len(hits)
            else None
        )
        return as_json(
            {
                "data": hits[(page - 1) * size : page * size],
                "meta": {"stats": {"totalCount": len(hits)}},
                "links": {"next": following},
            }
            | more
        )

    routes.routes[SEARCH] = answer
    return routes


def test_the_dcat_ap_feed(server: FaultServer, config: Path) -> None:
    server.says(AP, as_json(AP_FEED))
    with opened(ArcgisSource, config, url=server.url + "/search?q=x") as source:
        records, failures = read(source)
    assert failures == {} and source.complete and source.warnings == [] and source.total == 1
    record = records[f"{ITEM}_0"]
    assert record.uri == f"{SITE}/datasets/{ITEM}_0"
    assert record.organisation.name == "stadt-andernach"
    package = record.package
    assert package["title"] == "Spielplätze"
    assert package["publisher"] == [{"name": "Stadt Andernach"}]
    assert package["contact"][0]["email"] == "gis@kreis.example"
    assert package["language"] == [EU + "language/DEU"]
    (file,) = package["resources"]
    assert (file["url"], file["format"]) == (f"{SITE}/datasets/{ITEM}_0.csv", "CSV")


def test_the_dcat_us_feed_where_the_other_is_off(server: FaultServer, config: Path) -> None:
    server.says(US, as_json(US_FEED))
    with opened(ArcgisSource, config, url=server.url) as source:
        records, failures = read(source)
    assert failures == {} and source.complete and source.warnings == []
    package = records[f"{ITEM}_0"].package  # the same identity as in the other feed
    assert package["issued"] == "2021-01-29T15:34:38+00:00"
    assert package["notes"] == ""  # a template that nobody filled in
    assert package["resources"][0]["format"] == "ArcGIS REST"
    assert json.loads(package["spatial_coverage"][0]["bbox"])["type"] == "Polygon"
    assert server.requests[-1] == US


def test_the_search_where_no_feed_is_on(server: FaultServer, config: Path) -> None:
    _search(server, [_hit(1), _hit(2), _hit(3)])
    with opened(ArcgisSource, config, url=server.url) as source:
        records, failures = read(source)
    assert failures == {} and source.complete and source.warnings == [] and source.total == 3
    assert list(records) == [f"{n:032x}_0" for n in (1, 2, 3)]
    package = records[f"{1:032x}_0"].package
    assert (package["title"], package["notes"]) == ("Ebene 1", "Kurz gesagt.")
    assert package["issued"] == "2021-01-29T15:34:38+00:00"
    assert package["license_id"] == "dl-by-de-2.0"
    assert package["language"] == [EU + "language/DEU"]
    assert package["spatial_coverage"][0].keys() == {"bbox"}
    assert [file["format"] for file in package["resources"]] == [
        "HTML", "ArcGIS REST", "CSV", "GeoJSON", "KML", "SHP",
    ]  # fmt: skip
    assert package["resources"][2]["url"] == (
        f"{server.url}/api/download/v1/items/{1:032x}/csv?layers=0"
    )


def test_a_site_that_does_not_say_whose_it_is(server: FaultServer, config: Path) -> None:
    routes = _search(server, [_hit(1)])
    routes.routes = {SEARCH: routes.routes[SEARCH]}
    with (
        opened(ArcgisSource, config, url=server.url, options={"feed": "search"}) as source,
        pytest.raises(SourceError, match="404"),  # and not the datasets of the whole world
    ):
        list(source.discover())
    options = {"feed": "search", "org_id": "Xj56SBi2udA78cC9"}
    with opened(ArcgisSource, config, url=server.url, options=options) as source:
        assert len(discovered(source)) == 1


def test_a_page_of_the_search_that_fails(server: FaultServer, config: Path, quick: Limits) -> None:
    routes = _search(server, [_hit(n) for n in range(4)])
    good = routes.routes[SEARCH]
    routes.routes[SEARCH] = lambda q: body("{") if "page[number]" in q else good(q)
    with opened(ArcgisSource, config, quick, url=server.url) as source:
        assert len(discovered(source)) == 2
    assert not source.complete
    assert "page 2 could not be read" in source.warnings[-1]


def test_searching_in_circles(server: FaultServer, config: Path) -> None:
    following = f"{SEARCH}?filter%5BorgId%5D=Xj56SBi2udA78cC9&again=1"
    _search(server, [_hit(1), _hit(1)], links={"next": {"href": following}})
    with opened(ArcgisSource, config, url=server.url) as source:
        assert len(discovered(source)) == 1
    assert not source.complete
    assert "paging" in source.warnings[-1]


def test_odd_hits_fail_alone(server: FaultServer, config: Path) -> None:
    hits = [None, {"id": 5}, {"id": "x", "attributes": []}, _hit(1, access="private"), _hit(2)]
    hits += [_hit(3, created=10**30, tags={"a": 1}, extent=7, url=None, name=["x", "y"])]
    _search(server, hits, size=10)
    with opened(ArcgisSource, config, url=server.url) as source:
        records, failures = read(source)
    assert list(records) == [f"{n:032x}_0" for n in (2, 3)]
    assert len(failures) == 3 and not source.complete
    assert records[f"{3:032x}_0"].package["harvest_unread"]["spatial"] == [7]


@pytest.mark.parametrize("broken", ["<html>", '{"@context": {"a": "', '{"@context": "http://x/"}'])
def test_a_broken_feed_is_said_and_the_next_one_read(
    server: FaultServer, config: Path, broken: str
) -> None:
    server.says(AP, body(broken))
    server.says(US, as_json(US_FEED))
    with opened(ArcgisSource, config, url=server.url) as source:
        assert discovered(source) == [f"{ITEM}_0"]
    assert "another feed was tried" in source.warnings[0]


def test_errors_pass(server: FaultServer, config: Path, quick: Limits) -> None:
    server.says(US, body("", 500), body("", 429, {"Retry-After": "0"}), as_json(US_FEED))
    options = {"feed": "dcat-us"}
    with opened(ArcgisSource, config, quick, url=server.url, options=options) as source:
        assert discovered(source) == [f"{ITEM}_0"]


def test_no_hub_at_all(server: FaultServer, config: Path) -> None:
    with (
        opened(ArcgisSource, config, url=server.url) as source,
        pytest.raises(SourceError, match="offers no feed of ArcGIS Hub") as caught,
    ):
        list(source.discover())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["http://[", "http://127.0.0.1:99999999/"])
def test_addresses_that_are_none(config: Path, address: str) -> None:
    with opened(ArcgisSource, config, url=address) as source, pytest.raises(HarvestError):
        list(source.discover())


def test_options_and_files(config: Path) -> None:
    with (
        pytest.raises(ConfigError, match="feed"),
        opened(ArcgisSource, config, url="http://x", options={"feed": "rss"}),
    ):
        pass
    with (
        opened(ArcgisSource, config, path=Path("x.json")) as source,
        pytest.raises(HarvestError, match="needs an address"),
    ):
        list(source.discover())


KEYS = ["id", "attributes", "type", "links"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(hit=datasets(KEYS), attributes=datasets([*_hit(1)["attributes"]]))
def test_anything_may_stand_anywhere(
    server: FaultServer, config: Path, hit: Any, attributes: Any
) -> None:
    odd = {"id": "odd", "attributes": attributes}
    _search(server, [hit, odd, _hit(1)], size=10)
    with opened(ArcgisSource, config, url=server.url, options={"feed": "search"}) as source:
        records, failures = read(source)
    assert f"{1:032x}_0" in records
    assert all(why.startswith("RecordError") for why in failures.values()), failures


@pytest.mark.parametrize(
    ("location", "head", "known"),
    [
        ("https://kreis.hub.arcgis.com/", b"<!DOCTYPE html><html><head>", True),
        ("https://kreis-opendata.arcgis.com/", b"<!doctype html>", False),
        ("https://kreis.opendata.arcgis.com/search", b"", True),
        (
            "https://geo.kreis.de/",
            b'<html><script src="https://hubcdn.arcgis.com/opendata-ui',
            True,
        ),
        ("https://geo.kreis.de/", b"<html><body>Karten</body>", False),
        ("https://geo.kreis.de/api/v3/datasets", b'{"data": [{"id": "x"', True),
        ("https://kreis.hub.arcgis.com" + AP, json.dumps(AP_FEED).encode(), False),
        ("https://kreis.hub.arcgis.com" + US, json.dumps(US_FEED).encode(), False),
        ("catalog.json", b"<html>arcgis hub", False),
    ],
)
def test_it_knows_its_own_kind(location: str, head: bytes, known: bool) -> None:
    assert ArcgisSource.recognises(location, head) is known
