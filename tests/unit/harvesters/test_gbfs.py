from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harvesters.errors import RecordError, SourceError
from harvesters.fetch import Fetcher, Limits
from harvesters.identity import content_hash
from harvesters.model import Outcome, Record, Report, SourceConfig
from harvesters.pipeline import Pipeline
from harvesters.portal import Patience, Portal
from harvesters.sources.gbfs import files as gbfs_files
from harvesters.sources.gbfs.source import GbfsSource
from harvesters.sources.gbfs.words import _about
from harvesters.vocabulary import load
from tests.unit.harvesters.conftest import CATALOGUE, FakeCkan, FaultServer, body

ROOT = Path(__file__).resolve().parents[3]

STATIONS = [
    {"station_id": "b", "name": "Markt", "lat": 50.33, "lon": 7.22, "address": "Markt 1"},
    {"station_id": "a", "name": "Bahnhof", "lat": 50.32, "lon": 7.24, "capacity": 8},
]
SYSTEM: dict[str, dict[str, Any]] = {
    "system_information": {
        "system_id": "eifelrad",
        "language": "de",
        "name": "Eifelrad",
        "operator": "Dorf GmbH",
        "url": "https://rad.example",
        "start_date": "2019-05-01",
        "phone_number": "02651 1",
        "email": "hilfe@rad.example",
        "feed_contact_email": "daten@rad.example",
        "timezone": "Europe/Berlin",
        "license_url": "http://dcat-ap.de/def/licenses/dl-by-de/2.0",
    },
    "station_information": {"stations": STATIONS},
    "station_status": {"stations": [{"station_id": "a", "num_bikes_available": 3}]},
    "vehicle_types": {
        "vehicle_types": [
            {"vehicle_type_id": "1", "form_factor": "bicycle", "propulsion_type": "human"},
            {"vehicle_type_id": "2", "form_factor": "cargo_bicycle", "propulsion_type": "human"},
        ]
    },
    "free_bike_status": {"bikes": [{"bike_id": "x", "lat": 50.1, "lon": 7.1}]},
}


@dataclass
class Systems:
    """Serves systems and reads them."""

    server: FaultServer
    config: Path
    files: dict[str, dict[str, Any]] = field(default_factory=lambda: deepcopy(SYSTEM))
    version: str = "2.3"
    clock: int = 1_700_000_000

    def serve(self, path: str = "/gbfs.json", discovery: dict[str, Any] | None = None) -> str:
        folder = path.rsplit("/", 1)[0]
        for name, data in self.files.items():
            self.says(f"{folder}/{name}.json", data)
        feeds = [
            {"name": name, "url": f"{self.server.url}{folder}/{name}.json"} for name in self.files
        ]
        return self.says(path, discovery or {"de": {"feeds": feeds}, "en": {"feeds": feeds}})

    def says(self, path: str, data: Any) -> str:
        self.clock += 1
        document = {"last_updated": self.clock, "ttl": 60, "version": self.version, "data": data}
        return self.server.says(path, body(json.dumps(document)))

    @contextmanager
    def source(self, limits: Limits | None = None, **where: Any) -> Iterator[GbfsSource]:
        with Fetcher(limits, allow=frozenset({"127.0.0.1"})) as fetcher:
            config = SourceConfig(name="rad", type="gbfs", **where)
            yield GbfsSource(config, fetcher, load(self.config), self.config.parent)

    def read(
        self, limits: Limits | None = None, **where: Any
    ) -> dict[str, tuple[Record, list[dict[str, Any]]]]:
        if "url" not in where and "path" not in where:
            where["url"] = self.serve()
        found = {}
        with self.source(limits, **where) as source:
            for ref in source.discover():
                record = source.normalise(source.fetch(ref))
                files = list(record.files.values())
                text = files[0].path.read_text() if files else '{"features": []}'
                found[ref.identity] = (record, json.loads(text)["features"])
        return found

    def one(self, **where: Any) -> Record:
        ((record, _layer),) = self.read(**where).values()
        return record

    def fails(self, url: str) -> str:
        with self.source(url=url) as source, pytest.raises(SourceError) as caught:
            list(source.discover())
        return str(caught.value)


@pytest.fixture
def systems(server: FaultServer, config: Path) -> Systems:
    return Systems(server, config)


# -- what a system says --------------------------------------------------------------------------


def test_a_small_system(systems: Systems) -> None:
    ((identity, (record, layer)),) = systems.read().items()
    package = record.package
    assert identity == "eifelrad"
    assert record.notes == []
    assert package["title"] == "Eifelrad"
    assert package["notes"].split("\n")[2:] == [
        "- Betreiber: Dorf GmbH",
        "- Fahrzeuge: Fahrrad, Lastenrad",
        "- Stationen: 2",
        "- In Betrieb seit: 1.5.2019",
        "- Zeitzone: Europe/Berlin",
    ]
    assert package["publisher"] == [{"name": "Dorf GmbH", "url": "https://rad.example"}]
    assert package["contact"] == [
        {"name": "Dorf GmbH", "email": "daten@rad.example"},
        {"name": "Dorf GmbH", "email": "hilfe@rad.example", "telephone": "02651 1"},
    ]
    assert [uri.rsplit("/", 1)[-1] for uri in package["language"]] == ["DEU", "ENG"]
    assert package["license_id"] == "dl-by-de-2.0"
    assert package["temporal_coverage"] == [{"start": "2019-05-01"}]
    assert package["frequency"].endswith("/UPDATE_CONT")
    assert [tag["name"] for tag in package["tags"]] == [
        "Fahrrad", "Lastenrad", "Leihfahrrad", "Sharing", "Mobilität", "GBFS",
    ]  # fmt: skip
    assert package["groups"] == [{"name": "mobil-hub"}]
    ring = json.loads(package["spatial_coverage"][0]["bbox"])["coordinates"][0]
    assert (ring[0], ring[2]) == ([7.22, 50.32], [7.24, 50.33])
    assert record.organisation.title == "Dorf GmbH"
    assert record.uri == systems.server.url + "/gbfs.json"
    resources = package["resources"]
    assert [resource["url"].rsplit("/", 1)[-1] for resource in resources] == [
        "gbfs.json", *(f"{name}.json" for name in SYSTEM), "stationen.geojson",
    ]  # fmt: skip
    assert {resource["format"] for resource in resources[:-1]} == {"GBFS"}
    assert resources[0]["name"] == "Einstiegsdatei (gbfs)"
    assert [feature["id"] for feature in layer] == ["a", "b"]
    assert layer[0] == {
        "type": "Feature",
        "id": "a",
        "geometry": {"type": "Point", "coordinates": [7.24, 50.32]},
        "properties": {"station_id": "a", "name": "Bahnhof", "plaetze": "8"},
    }


def test_options(systems: Systems) -> None:
    options = {"title": "Räder", "license": "dl-de-by-2.0", "stations": False}
    record = systems.one(options=options)
    assert record.package["title"] == "Räder"
    assert record.package["license_id"] == "dl-by-de-2.0"
    assert record.files == {}


def test_version_1(systems: Systems) -> None:
    systems.version = "1.1"
    del systems.files["vehicle_types"]
    record = systems.one()
    assert "Fahrrad" in [tag["name"] for tag in record.package["tags"]]
    assert "GBFS 1.1" in record.package["notes"]


def test_version_3(systems: Systems) -> None:
    systems.version = "3.0"
    info = systems.files["system_information"]
    info |= {
        "languages": ["en", "de-DE"],
        "name": [{"text": "Eifel bike", "language": "en"}, {"text": "Rad", "language": "de-DE"}],
        "operator": [{"text": "Operator", "language": "fr"}],
        "terms_url": [{"text": "https://rad.example/terms", "language": "en"}],
        "license_id": "ODbL-1.0",
        "attribution_organization_name": [{"text": "Dorf", "language": "de"}],
    }
    del info["license_url"]
    systems.files["vehicle_status"] = {"vehicles": [{"vehicle_id": "x", "vehicle_type_id": "1"}]}
    del systems.files["free_bike_status"]
    feeds = [{"name": name, "url": f"{name}.json"} for name in systems.files]  # relative
    systems.config = ROOT / "config"
    record = systems.one(url=systems.serve("/v3/gbfs.json", {"feeds": feeds}))
    assert record.package["title"] == "Rad"
    assert record.package["publisher"][0]["name"] == "Operator"
    assert record.package["license_id"] == "odbl"
    assert record.package["documentation"] == ["https://rad.example/terms"]
    assert [uri.rsplit("/", 1)[-1] for uri in record.package["language"]] == ["ENG", "DEU"]
    assert record.package["resources"][0]["license_attribution_by_text"] == "Dorf"
    assert (
        record.package["resources"][1]["url"] == f"{systems.server.url}/v3/system_information.json"
    )
    assert record.notes == []


@pytest.mark.parametrize(
    ("spdx", "address", "found"),
    [
        ("CC0-1.0", "", "cc-zero"),
        ("CC-BY-4.0", "https://other.example", "cc-by-4.0"),
        ("DL-DE-BY-2.0", "", "dl-by-de-2.0"),
        ("Nobody-1.0", "https://creativecommons.org/licenses/by-sa/4.0/", "cc-by-sa-4.0"),
        ("Nobody-1.0", "", "Nobody-1.0"),
        ("", "https://www.example.com/licence", "https://www.example.com/licence"),
        ("", "", ""),
    ],
)
def test_licences(systems: Systems, spdx: str, address: str, found: str) -> None:
    systems.config = ROOT / "config"
    systems.files["system_information"] |= {"license_id": spdx, "license_url": address}
    assert systems.one().package["license_id"] == found


def test_an_unchanged_system_is_unchanged(systems: Systems, ckan: FakeCkan) -> None:
    def run() -> Report:
        with systems.source(url=systems.serve()) as source:
            return Pipeline(source, Portal(ckan, Patience(0.3, 0.01, 0.05))).run()

    assert run().results[0].outcome is Outcome.ADDED
    (package,) = ckan.packages.values()
    ids = [resource["id"] for resource in package["resources"]]
    assert b'"Bahnhof"' in package["resources"][-1]["content"]
    # Time goes on, bicycles are taken and brought back, the list is in another order.
    systems.files["station_status"]["stations"][0]["num_bikes_available"] = 0
    systems.files["free_bike_status"]["bikes"] = [{"bike_id": "y", "lat": 52, "lon": 8}] * 7
    systems.files["station_information"]["stations"].reverse()
    ckan.calls.clear()
    assert run().results[0].outcome is Outcome.UNCHANGED
    assert ckan.writes == []
    systems.files["station_information"]["stations"][0]["name"] = "Hauptbahnhof"
    assert run().results[0].outcome is Outcome.CHANGED
    (package,) = ckan.packages.values()
    assert [resource["id"] for resource in package["resources"]] == ids
    assert b"Hauptbahnhof" in package["resources"][-1]["content"]


def test_vehicles_tell_the_area_only_roughly(systems: Systems) -> None:
    del systems.files["station_information"], systems.files["station_status"]
    first = systems.one()
    ring = json.loads(first.package["spatial_coverage"][0]["bbox"])["coordinates"][0]
    assert (ring[0], ring[2]) == ([7.1, 50.1], [7.1, 50.1]) or ring[0] != ring[2]
    systems.files["free_bike_status"]["bikes"] = [
        {"bike_id": "x", "lat": 50.11, "lon": 7.11},
        {"bike_id": "y", "lat": 50.18, "lon": 7.17},
    ]
    before = systems.one()
    systems.files["free_bike_status"]["bikes"][0]["lat"] = 50.13
    assert content_hash(systems.one()) == content_hash(before)
    ring = json.loads(before.package["spatial_coverage"][0]["bbox"])["coordinates"][0]
    assert (ring[0], ring[2]) == ([7.1, 50.1], [7.2, 50.2])
    assert "no station_information: no stations on a map" in before.notes


def test_zones_tell_the_area(systems: Systems) -> None:
    systems.files["station_information"] = {"stations": []}
    shape = {"type": "MultiPolygon", "coordinates": [[[[7, 50], [7.5, 50], [7.5, 50.5], [7, 50]]]]}
    systems.files["geofencing_zones"] = {
        "geofencing_zones": {"type": "FeatureCollection", "features": [{"geometry": shape}]}
    }
    (place,) = systems.one().package["spatial_coverage"]
    assert json.loads(place["bbox"])["coordinates"][0][2] == [7.5, 50.5]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, ""), (7, "7"), (20, "rund 20"), (123, "rund 120"), (5678, "rund 5.700")],
)
def test_numbers_are_rounded(count: int, text: str) -> None:
    assert _about(count) == text


# -- manifests -----------------------------------------------------------------------------------


def _manifest(systems: Systems) -> str:
    area = {"type": "Polygon", "coordinates": [[[7, 50], [8, 50], [8, 51], [7, 50]]]}
    datasets: list[Any] = []
    for town in ("mayen", "polch"):
        systems.files = deepcopy(SYSTEM)
        systems.files["system_information"] |= {"system_id": town, "name": town.title()}
        systems.files["station_information"] = {"stations": []}
        new, old = systems.serve(f"/{town}/3/gbfs.json"), systems.server.url + "/old"
        versions = [{"version": "2.3", "url": old}, {"version": "3.0", "url": new}]
        versions.append({"version": "3.1-RC", "url": old})
        datasets.append({"system_id": town, "versions": versions, "area": area})
    return systems.says("/manifest.json", {"datasets": datasets})


def test_a_manifest_of_systems(systems: Systems) -> None:
    url = _manifest(systems)
    with systems.source(url=url) as source:
        found = {ref.identity: source.normalise(source.fetch(ref)) for ref in source.discover()}
        assert source.total == 2
        assert source.complete
    assert [record.package["title"] for record in found.values()] == ["Mayen", "Polch"]
    assert found["mayen"].uri == systems.server.url + "/mayen/3/gbfs.json"
    place = found["mayen"].package["spatial_coverage"][0]["bbox"]
    assert json.loads(place)["coordinates"][0][2] == [8, 51]


def test_one_broken_system_does_not_stop_the_rest(systems: Systems, ckan: FakeCkan) -> None:
    url = _manifest(systems)
    systems.server.says("/mayen/3/gbfs.json", body("gone", 404))
    with systems.source(url=url) as source:
        report = Pipeline(source, Portal(ckan, Patience(0.3, 0.01, 0.05))).run()
    assert [result.outcome for result in report.results] == [Outcome.FAILED, Outcome.ADDED]
    assert "404" in report.results[0].reason


def test_a_manifest_with_flaws(systems: Systems) -> None:
    url = systems.says("/manifest.json", {"datasets": [{"system_id": "x"}, 7, {"versions": []}]})
    with systems.source(url=url) as source:
        assert list(source.discover()) == []
        assert not source.complete
        assert len(source.warnings) == 2
    assert "lists no systems" in systems.fails(systems.says("/manifest.json", {"datasets": []}))


# -- what is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change", "note"),
    [
        ("system_information", {"timezone": ""}, "system_information has no timezone"),
        ("system_information", {"system_id": None}, "system_information has no system_id"),
        ("system_information", {"name": []}, "system_information has no name"),
        (
            "station_information",
            {"stations": [*STATIONS, STATIONS[0], {"lat": 1}]},
            "station_information has stations twice or without an id: 2 cases, the first (b)",
        ),
        (
            "station_information",
            {"stations": [*STATIONS, {"station_id": "c", "lat": "NaN", "lon": True}]},
            "station_information has stations that are nowhere: 1 case (c)",
        ),
        (
            "station_status",
            {"stations": [{"station_id": "z"}]},
            "station_status names unknown stations: 1 case (z)",
        ),
        (
            "free_bike_status",
            {"bikes": [{"bike_id": "x", "lat": 99, "lon": 7, "vehicle_type_id": "9"}]},
            "vehicles are of types that vehicle_types lacks: 1 case (9)",
        ),
        (
            "free_bike_status",
            {"bikes": [{"bike_id": "x", "lat": 99, "lon": 7}]},
            "vehicles are nowhere: 1 case (x)",
        ),
        (
            "station_information",
            {"stations": {"a": 1}},
            "station_status names unknown stations: 1 case (a)",
        ),
        (
            "station_information",
            {"stations": [1, None, "x"]},
            "station_status names unknown stations: 1 case (a)",
        ),
        ("vehicle_types", {"vehicle_types": None}, ""),
        ("free_bike_status", {"bikes": 7}, ""),
    ],
)
def test_flaws_are_noted(systems: Systems, name: str, change: dict[str, Any], note: str) -> None:
    systems.files[name] |= change
    record = systems.one()
    assert note in record.notes if note else record.notes == []


@pytest.mark.parametrize("name", [name for name in SYSTEM if name != "system_information"])
def test_optional_files_that_are_missing(systems: Systems, name: str, quick: Limits) -> None:
    url = systems.serve()
    systems.server.says(f"/{name}.json", body("no", 404))
    record = systems.one(url=url)
    assert any(note.startswith(f"{name} cannot be read: ") for note in record.notes)
    systems.server.says(f"/{name}.json", body("<html>"))
    assert any("is a web page" in note for note in systems.one(url=url).notes)
    # What may pass leaves the record as it was, unless nothing of the file is in it.
    systems.server.says(f"/{name}.json", body("later", 503))
    if name in ("station_information", "vehicle_types"):
        with pytest.raises(RecordError, match=f"{name} cannot be read now"):
            systems.read(quick, url=url)
    else:
        assert systems.read(quick, url=url)
    systems.files = {key: value for key, value in systems.files.items() if key != name}
    assert systems.one().package["title"] == "Eifelrad"


def test_no_system(systems: Systems) -> None:
    url = systems.serve()
    systems.server.says("/system_information.json", body("no", 404))
    assert "404" in systems.fails(url)
    del systems.files["system_information"]
    assert "names no system_information" in systems.fails(systems.serve())
    assert "lists no feeds" in systems.fails(systems.says("/a", {}))
    assert "lists no feeds" in systems.fails(systems.says("/a", {"de": {"feeds": "x"}, "en": 1}))
    for content, why in (
        ("<html>", "is a web page or XML"),
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "has no object `data`"),
        ('{"data": []}', "has no object `data`"),
        ('{"data": ' + "9" * 5000 + "}", "is no JSON"),
    ):
        assert why in systems.fails(systems.server.says("/a", body(content)))


def test_addresses_of_strangers(systems: Systems) -> None:
    feeds = [
        {"name": "system_information", "url": f"{systems.server.url}/system_information.json"},
        {"name": "station_information", "url": "file:///etc/passwd"},
        {"name": "vehicle_types", "url": "http://169.254.169.254/latest"},
        {"name": "free_bike_status", "url": "javascript:alert(1)"},
        {"name": "odd", "url": "http://[::1"},
        7,
    ]
    record = systems.one(url=systems.serve("/gbfs.json", {"feeds": feeds}))
    addresses = [resource["url"] for resource in record.package["resources"]]
    assert len(addresses) == 3
    assert all(address.startswith("http://") for address in addresses)
    assert sum("no web address" in note for note in record.notes) == 2
    assert any("inside the network" in note for note in record.notes)


def test_too_many_files(systems: Systems) -> None:
    feeds = [{"name": f"x{n}", "url": f"{n}"} for n in range(1000)]
    document = {"data": {"feeds": feeds}}
    assert len(gbfs_files.feeds(document, "http://a.example/")[0]) == 50


def test_a_discovery_file_on_the_disk(systems: Systems, tmp_path: Path) -> None:
    systems.serve()
    document = {
        "version": "2.3",
        "data": {
            "de": {
                "feeds": [
                    {"name": name, "url": f"{systems.server.url}/{name}.json"} for name in SYSTEM
                ]
            }
        },
    }
    file = tmp_path / "gbfs.json"
    file.write_text(json.dumps(document))
    record = systems.one(path=file)
    assert len(record.package["resources"]) == len(SYSTEM) + 1
    assert record.uri == ""
    with systems.source(path="no.json") as source, pytest.raises(SourceError, match="not exist"):
        list(source.discover())


# -- recognising ---------------------------------------------------------------------------------


def test_recognises_its_own_kind(systems: Systems) -> None:
    feeds = [{"name": "system_information", "url": "x"}]
    for document in (
        {"version": "3.0", "data": {"feeds": feeds}},
        {"last_updated": 1, "data": {"de": {"feeds": feeds}}},
        {"data": {"datasets": [{"system_id": "x", "versions": []}]}},
    ):
        assert GbfsSource.recognises("x", json.dumps(document).encode())
    for other in (
        b"", b"{}", b"[1]", CATALOGUE.encode(), b'{"data": {"feeds": []}}',
        b'{"@context": {}, "@graph": []}', b"PK\x03\x04stops.txt", b'{"datasets": "system_id"}',
    ):  # fmt: skip
        assert not GbfsSource.recognises("gbfs.json", other)


# -- real systems --------------------------------------------------------------------------------


def _real(systems: Systems, folder: Path) -> tuple[str, dict[str, Any], list[str]]:
    """Serve the files of a real feed under addresses of here; also the names that it lists."""
    if not folder.is_dir():
        pytest.skip(f"the real feeds are not here ({folder})")
    files = {file.stem: json.loads(file.read_text()) for file in folder.glob("*.json")}
    for name, content in files.items():
        systems.server.says(f"/{name}", body(json.dumps(content)))
    assert GbfsSource.recognises("gbfs.json", (folder / "gbfs.json").read_bytes()[:4096])
    document = deepcopy(files["gbfs"])
    feeds = document["data"].get("feeds") or document["data"]["en"]["feeds"]
    for feed in feeds:
        feed["url"] = f"{systems.server.url}/{feed['name']}"
    return (
        systems.server.says("/gbfs", body(json.dumps(document))),
        files,
        [f["name"] for f in feeds],
    )


@pytest.mark.parametrize(
    ("version", "title", "stations", "forms"),
    [
        ("v2.3", "Test", 2, {"E-Scooter", "Fahrrad", "Leihfahrrad"}),
        ("v3.0", "Check Technologies", 23, {"Pedelec", "Fahrrad", "Leihfahrrad"}),
        ("v3.1-RC3", "Example Bike Rental", 1, set()),  # it does not list its vehicle_types
    ],
)
def test_real_systems(
    systems: Systems, real_data: Path, version: str, title: str, stations: int, forms: set[str]
) -> None:
    url, files, names = _real(systems, real_data / "mobility" / "gbfs" / version)
    systems.config = ROOT / "config"
    ((identity, (record, layer)),) = systems.read(url=url).items()
    package = record.package
    assert content_hash(systems.one(url=url)) == content_hash(record)
    assert identity == files["system_information"]["data"]["system_id"]
    assert package["title"] == title
    everything = files["station_information"]["data"]["stations"]
    assert len(layer) == len(everything) == stations
    assert {f["id"] for f in layer} == {station["station_id"] for station in everything}
    addresses = [resource["url"] for resource in package["resources"]]
    assert addresses == [url, *(f"{systems.server.url}/{name}" for name in names), addresses[-1]]
    assert addresses[-1] == "stationen.geojson"
    tags = {tag["name"] for tag in package["tags"]}
    assert tags == forms | {"Sharing", "Mobilität", "GBFS"}
    (place,) = package["spatial_coverage"]
    if stations > 1:
        west, south = json.loads(place["bbox"])["coordinates"][0][0]
        assert west == pytest.approx(min(station["lon"] for station in everything), abs=1e-6)
        assert south == pytest.approx(min(station["lat"] for station in everything), abs=1e-6)
    else:
        assert json.loads(place["centroid"])["coordinates"] == [45.678901, 12.345678]


@pytest.mark.parametrize("version", ["v3.0", "v3.1-RC3"])
def test_real_manifests(systems: Systems, real_data: Path, version: str) -> None:
    file = real_data / "mobility" / "gbfs" / version / "manifest.json"
    if not file.is_file():
        pytest.skip(f"the real feeds are not here ({file})")
    assert GbfsSource.recognises("manifest.json", file.read_bytes()[:4096])
    with systems.source(path=file) as source:
        found = [(ref.identity, ref.uri) for ref in source.discover()]
    datasets = json.loads(file.read_text())["data"]["datasets"]
    assert [identity for identity, _ in found] == [d["system_id"] for d in datasets]
    assert all(uri.startswith("https://") for _, uri in found)
