from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from harvesters.errors import ConfigError, SourceError
from harvesters.fetch import Limits
from harvesters.model import Outcome
from harvesters.pipeline import Pipeline
from harvesters.portal import Portal
from harvesters.sources.dcat import DcatSource
from harvesters.sources.portals.ckan import CkanSource
from tests.unit.harvesters.conftest import CATALOGUE, FakeCkan, FaultServer, body
from tests.unit.harvesters.json_answers import (
    Routes,
    as_json,
    datasets,
    discovered,
    opened,
    read,
)

EU = "http://publications.europa.eu/resource/authority/"
SEARCH, LIST, SHOW = (
    f"/api/3/action/{name}" for name in ("package_search", "package_list", "package_show")
)

# As GovData (ckanext-dcatde) has them.
GOVDATA: dict[str, Any] = {
    "id": "0a6f1c1e-8f5b-4a4f-9d43-5f2c9f6b0001",
    "name": "radverkehrszaehlungen-andernach",
    "title": "Radverkehrszählungen Andernach",
    "notes": "<p>Zählungen an <b>zwölf</b> Stellen.</p>",
    "type": "dataset",
    "state": "active",
    "private": False,
    "isopen": True,
    "license_id": "http://dcat-ap.de/def/licenses/dl-by-de/2.0",
    "license_title": "Datenlizenz Deutschland Namensnennung 2.0",
    "maintainer": "Amt für Verkehr",
    "maintainer_email": "verkehr@andernach.example",
    "author": "Planungsbüro Süd",
    "author_email": None,
    "url": "https://andernach.example/rad",
    "version": "2",
    "metadata_created": "2022-03-01T09:15:00.123456",
    "metadata_modified": "2023-04-05T10:00:00",
    "num_resources": 1,
    "organization": {"name": "stadt-andernach", "title": "Stadt Andernach", "state": "active"},
    "groups": [{"name": "tran", "title": "Verkehr"}, {"name": "rad", "title": "Rund ums Rad"}],
    "tags": [{"name": "rad", "display_name": "Rad"}, {"name": "bäume"}],
    "extras": [
        {"key": "identifier", "value": "rad/zählung-17"},
        {"key": "guid", "value": "https://andernach.example/id/17"},
        {"key": "uri", "value": "https://andernach.example/id/17"},
        {"key": "issued", "value": "2022-02-01"},
        {"key": "modified", "value": "5.4.2023"},
        {"key": "publisher_name", "value": "Stadt Andernach"},
        {"key": "publisher_email", "value": "mailto:daten@andernach.example"},
        {"key": "contact_name", "value": "Frau Muster"},
        {"key": "contact_tel", "value": "02632 12345"},
        {"key": "maintainer_url", "value": "https://andernach.example/verkehr"},
        {"key": "temporal_start", "value": "2021-01-01T00:00:00"},
        {"key": "temporal_end", "value": "2021-12-31T00:00:00"},
        {"key": "spatial", "value": '{"type": "Point", "coordinates": [7.4, 50.44]}'},
        {"key": "spatial_text", "value": "Andernach"},
        {"key": "language", "value": f'["{EU}language/DEU"]'},
        {"key": "theme", "value": f'["{EU}data-theme/ENVI"]'},
        {"key": "frequency", "value": f"{EU}frequency/ANNUAL"},
        {"key": "contributorID", "value": '["http://dcat-ap.de/def/contributors/x"]'},
        {"key": "geocodingText", "value": '["Andernach", "Rhein"]'},
        {"key": "legalbasisText", "value": '["EGovG"]'},
        {"key": "plannedAvailability", "value": "http://dcat-ap.de/def/plannedAvailability/stable"},
        {"key": "harvest_object_id", "value": "abc"},
        {"key": "sammlung", "value": "Verkehr"},
    ],
    "resources": [
        {
            "id": "r/1",
            "name": "Zählstellen",
            "url": "/dataset/x/download/zaehl.csv",
            "format": "CSV",
            "mimetype": "text/csv",
            "size": 1200,
            "state": "active",
            "created": "2022-03-01T09:15:00",
            "last_modified": None,
            "license": "http://dcat-ap.de/def/licenses/dl-by-de/2.0",
            "licenseAttributionByText": "Stadt Andernach",
        },
        {"id": "r2", "url": "https://x.example/alt.pdf", "state": "deleted"},
    ],
}
# As daten.berlin.de has them.
BERLIN: dict[str, Any] = {
    "id": "b-2",
    "name": "strassenbefahrung-2014",
    "title": "Straßenbefahrung 2014",
    "notes": "Querschnitte.",
    "type": "dataset",
    "state": "active",
    "license_id": "cc-by-9.0",
    "license_title": "Creative Commons Namensnennung 9.0",
    "license_url": "https://lizenzen.example/by/9.0",
    "author": "Senatsverwaltung",
    "maintainer": "Herr Beispiel",
    "maintainer_email": "b@berlin.example",
    "organization": {"name": "senat", "title": "Senatsverwaltung für Umwelt"},
    "date_released": "2015-02-20",
    "date_updated": "2016-01-01",
    "temporal_coverage_from": "2014-01-01",
    "temporal_coverage_to": "",
    "temporal_granularity": "Keine",
    "geographical_coverage": "Berlin",
    "groups": [{"name": "transport_verkehr"}],
    "extras": [],
    "resources": [{"url": "https://fbinter.example/wms?REQUEST=GetCapabilities", "format": "WMS"}],
}


def _plain(number: int | str, **fields: Any) -> dict[str, Any]:
    return {"id": f"id-{number}", "name": f"n-{number}", "title": f"Titel {number}", **fields}


def _search(server: FaultServer, packages: list[Any], most: int = 1000, **result: Any) -> Routes:
    """A portal that answers package_search out of ``packages``."""
    server.answers = routes = Routes()

    def answer(query: dict[str, str]) -> Any:
        start, rows = int(query["start"]), min(int(query["rows"]), most)
        found = {"count": len(packages), "results": packages[start : start + rows]} | result
        return as_json({"help": "…", "success": True, "result": found})

    routes.routes[SEARCH] = answer
    return routes


def test_all_fields_of_a_govdata_record(server: FaultServer, config: Path) -> None:
    _search(server, [GOVDATA])
    with opened(CkanSource, config, url=server.url + "/") as source:
        records, failures = read(source)
    assert failures == {}
    assert source.complete and source.warnings == [] and source.total == 1
    record = records["rad/zählung-17"]
    assert record.uri == "https://andernach.example/id/17"
    assert record.organisation.name == "stadt-andernach"
    package = record.package
    assert package["title"] == "Radverkehrszählungen Andernach"
    assert package["notes"] == "Zählungen an **zwölf** Stellen."
    assert (package["issued"], package["modified"]) == ("2022-02-01", "2023-04-05")
    assert package["publisher"] == [{"name": "Stadt Andernach", "email": "daten@andernach.example"}]
    assert package["contact"] == [{"name": "Frau Muster", "telephone": "02632 12345"}]
    assert package["custodian"][0]["name"] == "Amt für Verkehr"
    assert package["custodian"][0]["email"] == "verkehr@andernach.example"
    assert package["custodian"][0]["url"] == "https://andernach.example/verkehr"
    assert package["creator"] == [{"name": "Planungsbüro Süd"}]
    assert package["theme"] == [EU + "data-theme/ENVI", EU + "data-theme/TRAN"]
    assert package["language"] == [EU + "language/DEU"]
    assert package["frequency"] == EU + "frequency/ANNUAL"
    assert package["availability"] == EU + "planned-availability/STABLE"
    assert package["contributor_id"] == ["http://dcat-ap.de/def/contributors/x"]
    assert package["geocoding_description"] == "Andernach, Rhein"
    assert package["legal_basis"] == ["EGovG"]
    assert package["temporal_coverage"][0]["start"].startswith("2021-01-01")
    (place,) = package["spatial_coverage"]
    assert place["text"] == "Andernach"
    assert json.loads(place["geom"])["coordinates"] == [7.4, 50.44]
    assert package["license_id"] == "dl-by-de-2.0"
    assert [tag["name"] for tag in package["tags"]] == ["Rad", "bäume"]
    assert package["url"] == "https://andernach.example/rad"
    assert package["harvest_unread"] == {"sammlung": "Verkehr", "groups": ["Rund ums Rad"]}
    (file,) = package["resources"]
    assert file["url"] == f"{server.url}/dataset/x/download/zaehl.csv"
    assert file["uri"] == f"{server.url}/dataset/radverkehrszaehlungen-andernach/resource/r%2F1"
    assert (file["format"], file["mimetype"], file["size"]) == ("CSV", "text/csv", 1200)
    assert file["license_attribution_by_text"] == "Stadt Andernach"
    assert file["issued"] == "2022-03-01T09:15:00"


def test_a_berlin_record(server: FaultServer, config: Path) -> None:
    _search(server, [BERLIN])
    with opened(CkanSource, config, url=server.url + "/api/3/action/package_search?q=x") as source:
        record = read(source)[0]["b-2"]
    package = record.package
    assert record.uri == f"{server.url}/dataset/strassenbefahrung-2014"
    assert package["url"] == record.uri
    assert (package["issued"], package["modified"]) == ("2015-02-20", "2016-01-01")
    assert package["temporal_coverage"] == [{"start": "2014-01-01"}]
    assert package["spatial_coverage"] == [{"text": "Berlin"}]
    assert package["theme"] == [EU + "data-theme/TRAN"]
    assert package["contact"] == [{"name": "Herr Beispiel", "email": "b@berlin.example"}]
    assert package["publisher"] == [{"name": "Senatsverwaltung für Umwelt"}]
    assert "no publisher: the portal's organisation was taken" in record.notes
    assert package["license_id"] == "https://lizenzen.example/by/9.0"
    assert package["harvest_unread"] == {"temporal_granularity": "Keine"}
    assert package["resources"][0]["format"] == "WMS"


def test_a_record_of_ckanext_scheming(server: FaultServer, config: Path) -> None:
    fields = {
        "title_translated": {"de": "Bäume", "en": "Trees"},
        "title": "x",
        "contact": [{"name": "Amt", "email": "a@b.de"}],
        "publisher": [{"name": "Stadt Andernach", "uri": "https://a.example"}],
        "temporal_coverage": [{"start": "2020", "end": "2021"}],
        "spatial_coverage": [{"text": "Andernach", "uri": "https://geo.example/1"}],
        "theme": [EU + "data-theme/ENVI"],
        "harvest_hash": "abc",
    }
    _search(server, [_plain(1, **fields)])
    with opened(CkanSource, config, url=server.url) as source:
        package = read(source)[0]["id-1"].package
    assert (package["title"], package["title_en"]) == ("Bäume", "Trees")
    assert package["contact"] == [{"name": "Amt", "email": "a@b.de"}]
    assert package["publisher"] == [{"name": "Stadt Andernach", "uri": "https://a.example"}]
    assert package["temporal_coverage"] == [{"start": "2020", "end": "2021"}]
    assert package["spatial_coverage"] == [{"text": "Andernach", "uri": "https://geo.example/1"}]
    assert "harvest_unread" not in package


def test_pages_and_filters(server: FaultServer, config: Path) -> None:
    _search(server, [_plain(n) for n in range(25)], most=10)  # the portal caps what is asked for
    options = {"rows": 12, "organization": "amt", "fq": "tags:rad"}
    with opened(CkanSource, config, url=server.url + "/dataset", options=options) as source:
        assert len(discovered(source)) == 25
    assert source.total == 25 and source.complete and source.warnings == []
    assert len(server.requests) == 3
    assert (
        "sort=id+asc&rows=12&start=20&fq=organization%3A%22amt%22+tags%3Arad"
        in (server.requests[-1])
    )


def test_an_option_that_is_no_name(config: Path) -> None:
    with (
        pytest.raises(ConfigError, match="organization"),  # it goes into a query
        opened(CkanSource, config, url="http://x", options={"organization": 'a" OR "'}),
    ):
        pass


def test_what_is_not_public_is_left_out(server: FaultServer, config: Path) -> None:
    hidden = [
        _plain(1, private=True), _plain(2, state="draft"), _plain(3, type="harvest"),
        _plain(4, state="deleted"), _plain(5, private="True"), _plain(6),
    ]  # fmt: skip
    _search(server, hidden)
    with opened(CkanSource, config, url=server.url) as source:
        assert discovered(source) == ["id-6"]
    assert source.complete and source.warnings == []


def test_records_that_move_between_pages(server: FaultServer, config: Path) -> None:
    _search(server, [_plain(1), _plain(2), _plain(2), _plain(3)])  # 4 announced, 3 came
    with opened(CkanSource, config, url=server.url, options={"rows": 2}) as source:
        assert discovered(source) == ["id-1", "id-2", "id-3"]
    assert not source.complete
    assert "announced 4 datasets, but 3 different ones came" in source.warnings[0]


def test_two_datasets_with_one_identifier(server: FaultServer, config: Path) -> None:
    extras = [{"key": "identifier", "value": "a"}]
    _search(server, [_plain(1, extras=extras), _plain(2, extras=extras)])
    with opened(CkanSource, config, url=server.url) as source:
        assert discovered(source) == ["a", "id-2"]
    assert source.warnings == ["a is the identifier of two datasets, also id-2"]


@pytest.mark.parametrize(
    ("count", "warning"),
    [(1000, "brought nothing new"), (None, "brought nothing new"), ("4", "announced 4")],
)
def test_paging_that_does_not_end(
    server: FaultServer, config: Path, count: Any, warning: str
) -> None:
    server.answers = routes = Routes()
    found = {"count": count, "results": [_plain(1), _plain(2)]}  # whatever the start
    routes.routes[SEARCH] = lambda _query: as_json({"success": True, "result": found})
    with opened(CkanSource, config, url=server.url) as source:
        assert discovered(source) == ["id-1", "id-2"]
    assert not source.complete and warning in source.warnings[0]
    assert len(server.requests) == 2


def test_ever_new_records_end_at_max_pages(server: FaultServer, config: Path) -> None:
    server.answers = routes = Routes()
    routes.routes[SEARCH] = lambda query: as_json(
        {"success": True, "result": {"count": 10**9, "results": [_plain(query["start"])]}}
    )
    with opened(CkanSource, config, url=server.url, options={"max_pages": 5}) as source:
        assert len(discovered(source)) == 5
    assert source.warnings == ["stopped after 5 pages (option max_pages)"]
    assert not source.complete


def test_a_count_that_is_missing(server: FaultServer, config: Path) -> None:
    _search(server, [_plain(n) for n in range(3)], count=None)
    with opened(CkanSource, config, url=server.url, options={"rows": 2}) as source:
        assert len(discovered(source)) == 3
    assert source.complete and source.total is None


def test_a_later_page_that_fails(server: FaultServer, config: Path, quick: Limits) -> None:
    routes = _search(server, [_plain(n) for n in range(4)])
    good = routes.routes[SEARCH]
    routes.routes[SEARCH] = lambda q: body("", 500) if q["start"] != "0" else good(q)
    with opened(CkanSource, config, quick, url=server.url, options={"rows": 2}) as source:
        assert discovered(source) == ["id-0", "id-1"]
    assert not source.complete
    assert "page 2 could not be read" in source.warnings[0]


@pytest.mark.parametrize(
    "stumble", [body("", 500), body("", 429, {"Retry-After": "0"}), body("", 503)]
)
def test_errors_pass(
    server: FaultServer, config: Path, quick: Limits, stumble: Callable[[Any], None]
) -> None:
    path = f"{SEARCH}?sort=id+asc&rows=100&start=0"
    good = as_json({"success": True, "result": {"count": 1, "results": [_plain(1)]}})
    server.says(path, stumble, good)
    with opened(CkanSource, config, quick, url=server.url) as source:
        assert discovered(source) == ["id-1"]
    assert source.complete


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (body("<!DOCTYPE html><html>Wartung</html>"), "is a web page"),
        (body('{"success": true, "result": {"count": 2, "res'), "is cut off"),
        (body(""), "is empty"),
        (body("[1, 2"), "is cut off"),
        (body("kein JSON"), "is not valid JSON"),
        (body("[" * 100_000), "nested too deeply"),
        (body("1" * 5000), "not usable JSON|does not answer as CKAN"),
        (body("[]"), "does not answer as CKAN does"),
        (as_json({"success": True, "result": {"count": 1}}), "without a list of results"),
        (as_json({"success": True, "result": None}), "without a list of results"),
        (as_json({"success": False, "error": {"message": "Query is invalid"}}), "is invalid"),
        (as_json({"success": False, "error": None}), "no reason given"),
        (body("", 403), "403 Forbidden"),
        (body("", 500), "500 Internal Server Error"),
    ],
)  # fmt: skip
def test_a_portal_that_cannot_be_read(
    server: FaultServer,
    config: Path,
    quick: Limits,
    answer: Callable[[Any], None],
    message: str,
) -> None:
    server.answers = routes = Routes()
    routes.routes[SEARCH] = lambda _query: answer
    with (
        opened(CkanSource, config, quick, url=server.url) as source,
        pytest.raises(SourceError, match=message),
    ):
        list(source.discover())


def test_a_file_is_no_portal(config: Path) -> None:
    with (
        opened(CkanSource, config, path=Path("x.json")) as source,
        pytest.raises(ConfigError, match="needs an address"),
    ):
        list(source.discover())


# -- package_list and package_show ---------------------------------------------------------------


def _closed(server: FaultServer, names: list[Any], broken: tuple[str, ...] = ()) -> None:
    server.answers = routes = Routes()
    routes.routes[SEARCH] = lambda _query: as_json({"success": False, "error": "no"}, 403)
    routes.routes[LIST] = lambda _query: as_json({"success": True, "result": names})
    routes.routes[SHOW] = lambda query: (
        as_json({"success": False}, 404)
        if query["id"] in broken
        else as_json({"success": True, "result": _plain(query["id"])})
    )


def test_where_search_is_closed(server: FaultServer, config: Path) -> None:
    _closed(server, ["a", "straße/ä", "c"], broken=("a",))
    with opened(CkanSource, config, url=server.url) as source:
        records, failures = read(source)
    assert list(records) == ["id-straße/ä", "id-c"]
    assert source.total == 3
    assert len(failures) == 1 and "a cannot be fetched" in next(iter(failures.values()))
    assert not source.complete  # it may have been one that is known
    assert records["id-straße/ä"].uri == f"{server.url}/dataset/n-stra%C3%9Fe%2F%C3%A4"


def test_a_portal_that_goes_away_in_between(server: FaultServer, config: Path) -> None:
    _closed(server, list("abcdefg"), broken=tuple("bcdefg"))
    with opened(CkanSource, config, url=server.url) as source:
        assert len(discovered(source)) == 4
    assert "3 datasets in a row" in source.warnings[0]


def test_a_filter_needs_the_search(server: FaultServer, config: Path) -> None:
    _closed(server, ["a"])
    with (
        opened(CkanSource, config, url=server.url, options={"fq": "x:y"}) as source,
        pytest.raises(SourceError, match="cannot be applied"),
    ):
        list(source.discover())


# -- odd content ---------------------------------------------------------------------------------


def test_odd_values_harm_nobody_else(server: FaultServer, config: Path) -> None:
    odd = {
        "id": 7, "name": None, "title": 3.5, "notes": ["x", ["y"]], "tags": [1, None, {"name": 2}],
        "extras": [None, 1, {"key": "spatial", "value": "POLYGON((1 1"}, {"key": 5, "value": {}}],
        "resources": ["x", None, {"url": 5, "size": [], "format": None}, {"url": "http://["}],
        "groups": "x", "organization": "y", "license_id": {"a": 1}, "private": None,
        "maintainer": [1, 2], "temporal_start": {"x": 1},
    }  # fmt: skip
    _search(server, [odd, _plain(1), None, "x", [1], {}])
    with opened(CkanSource, config, url=server.url) as source:
        records, failures = read(source)
    package = records["7"].package
    assert package["title"] == "3.5"
    assert package["harvest_unread"]["notes"] == ["x", ["y"]]
    assert package["harvest_unread"]["spatial"] == ["POLYGON((1 1"]
    assert package["harvest_unread"]["maintainer"] == [1, 2]
    assert records["id-1"].package["title"] == "Titel 1"
    assert len(failures) == 3 and all("RecordError" in why for why in failures.values())
    assert not source.complete
    (bare,) = (key for key in records if key.startswith("untitled:"))
    assert "no title: named after its identifier" in records[bare].notes


def test_a_record_without_title(server: FaultServer, config: Path) -> None:
    _search(server, [_plain(1, title="", name="freie-parkplaetze")])
    with opened(CkanSource, config, url=server.url) as source:
        record = read(source)[0]["id-1"]
    assert record.package["title"] == "freie parkplaetze"
    assert "no title: named after its address" in record.notes


def test_windows_1252(server: FaultServer, config: Path) -> None:
    text = json.dumps(
        {
            "success": True,
            "result": {"count": 1, "results": [_plain(1, notes="Spielplätze – neu")]},
        },
        ensure_ascii=False,
    )
    server.answers = routes = Routes()
    routes.routes[SEARCH] = lambda _query: body(text.encode("cp1252"))
    with opened(CkanSource, config, url=server.url) as source:
        assert read(source)[0]["id-1"].package["notes"] == "Spielplätze – neu"
    assert "not UTF-8" in source.warnings[0]


KEYS = [
    "id", "name", "title", "notes", "extras", "tags", "groups", "resources", "organization",
    "license_id", "private", "state", "type", "spatial", "theme", "publisher", "contact",
    "temporal_start", "language", "identifier", "uri", "url", "maintainer", "title_translated",
]  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(packages=datasets(KEYS))
def test_anything_may_stand_anywhere(server: FaultServer, config: Path, packages: Any) -> None:
    _search(server, [packages, _plain("good")])
    with opened(CkanSource, config, url=server.url) as source:
        records, failures = read(source)
    assert "id-good" in records
    assert all(why.startswith("RecordError") for why in failures.values()), failures


def test_a_second_run_writes_nothing(server: FaultServer, config: Path, ckan: FakeCkan) -> None:
    _search(server, [GOVDATA, BERLIN, _plain(1)])
    for wanted in (Outcome.ADDED, Outcome.UNCHANGED):
        with opened(CkanSource, config, url=server.url) as source:
            report = Pipeline(source, Portal(ckan)).run()
        assert (report.error, report.count(wanted)) == ("", 3), report.results


# -- recognised ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "head", "known"),
    [
        ("https://x.example/api/3", b'{"version": 3}', False),
        (
            "https://x.example/api/3/action/package_search",
            b'{"help": "https://x.example/api/3/action/help_show?name=package_search", '
            b'"success": true, "result": {"count": 3',
            True,
        ),
        ("https://x.example/", b'<html><head><meta name="generator" content="ckan 2.10.4">', True),
        ("https://x.example/", b"<html><head><title>ckan</title>", False),
        ("saved.json", b'{"success": true, "result": []', False),
        ("https://x.example/catalog.jsonld", b'{"@context": {"dcat": "http://www', False),
        ("https://x.example/catalog.ttl", CATALOGUE.encode(), False),
        ("https://x.example/data.json", b'{"dataset": [{"success": true}]}', False),
        ("https://x.example/", b"", False),
    ],
)
def test_it_knows_its_own_kind(location: str, head: bytes, known: bool) -> None:
    assert CkanSource.recognises(location, head) is known
    if known and b"<" in head:
        assert not DcatSource.recognises(location, head)
