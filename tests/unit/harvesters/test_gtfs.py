from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harvesters.errors import RecordError, SourceError
from harvesters.fetch import Fetcher, Limits
from harvesters.identity import content_hash
from harvesters.model import Outcome, Record, Report, SourceConfig
from harvesters.pipeline import Pipeline
from harvesters.portal import Patience, Portal
from harvesters.sources.gtfs import archive as gtfs_zip
from harvesters.sources.gtfs import days as gtfs_days
from harvesters.sources.gtfs import stops as gtfs_stops
from harvesters.sources.gtfs.days import ServiceDays
from harvesters.sources.gtfs.source import GtfsSource
from harvesters.sources.gtfs.words import mode
from harvesters.vocabulary import load
from tests.unit.harvesters.conftest import FakeCkan, FaultServer, body

FEED = {
    "agency.txt": (
        "agency_id,agency_name,agency_url,agency_timezone,agency_phone,agency_email\n"
        "1,Dorfbus GmbH,https://bus.example,Europe/Berlin,02651 1,bus@dorf.example\n"
    ),
    "feed_info.txt": (
        "feed_publisher_name,feed_publisher_url,feed_lang,feed_version,feed_contact_email,feed_contact_url\n"
        "Verbund Eifel,https://verbund.example,de-DE,2026-1,daten@verbund.example,https://verbund.example/daten\n"
    ),
    "stops.txt": (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,wheelchair_boarding,platform_code\n"
        "M,Mayen,50.3275,7.2227,1,,,\n"
        "M1,Mayen,50.3276,7.2228,0,M,1,1\n"
        'P,"Polch, ""Alter"" Bahnhof\nNord",50.30,7.31,,,2,\n'
        "E,Eingang,50.3275,7.2229,2,M,,\n"
    ),
    "routes.txt": (
        "route_id,agency_id,route_short_name,route_long_name,route_type\n"
        "r1,1,350,Mayen - Polch,3\n"
        "r2,1,,Pellenz-Eifel-Bahn,2\n"
        "r3,1,10,,700\n"
    ),
    "trips.txt": "route_id,service_id,trip_id\nr1,work,t1\nr2,work,t2\nr3,extra,t3\n",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "t1,7:00:00,07:00:00,M1,1\nt1,25:10:00,25:10:00,P,2\n"
        "t2,08:00:00,08:00:00,M1,1\nt3,09:00:00,09:00:00,M1,1\n"
    ),
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "work,1,1,1,1,1,0,0,20990101,20991231\n"
    ),
    "calendar_dates.txt": (
        "service_id,date,exception_type\nwork,20990101,2\nwork,20991231,2\nextra,21000106,1\n"
    ),
}  # fmt: skip


@dataclass
class Feeds:
    """Makes zips of the small feed, with changes, and reads them."""

    folder: Path
    config: Path
    files: dict[str, str | bytes] = field(default_factory=lambda: dict(FEED))

    def change(self, name: str, old: str, new: str) -> None:
        text = self.files[name]
        assert isinstance(text, str)
        assert old in text
        self.files[name] = text.replace(old, new)

    def append(self, name: str, text: str) -> None:
        self.files[name] = str(self.files[name]) + text

    def packed(self, prefix: str = "") -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, content in self.files.items():
                zipped.writestr(prefix + name, content)
        return out.getvalue()

    def zip(self, content: bytes | None = None) -> Path:
        path = self.folder / "timetable.zip"
        path.write_bytes(self.packed() if content is None else content)
        return path

    @contextmanager
    def source(self, limits: Limits | None = None, **where: Any) -> Iterator[GtfsSource]:
        with Fetcher(limits, allow=frozenset({"127.0.0.1"})) as fetcher:
            config = SourceConfig(name="bus", type="gtfs", **where)
            yield GtfsSource(config, fetcher, load(self.config), self.config.parent)

    def read(self, content: bytes | None = None, **where: Any) -> tuple[Record, dict[str, Any]]:
        """The record, and the stops' map layer by id."""
        if "url" not in where and "path" not in where:
            where["path"] = self.zip(content)
        made: list[tuple[Record, dict[str, Any]]] = []
        with self.source(**where) as source:
            for ref in source.discover():
                record = source.normalise(source.fetch(ref))
                text = record.files[1].path.read_text() if 1 in record.files else '{"features":[]}'
                made.append((record, {f["id"]: f for f in json.loads(text)["features"]}))
        assert len(made) == 1
        return made[0]

    def fails(self, content: bytes | None = None) -> str:
        with self.source(path=self.zip(content)) as source, pytest.raises(SourceError) as caught:
            list(source.discover())
        return str(caught.value)

    def notes(self) -> list[str]:
        return self.read()[0].notes


@pytest.fixture
def feeds(tmp_path: Path, config: Path) -> Feeds:
    folder = tmp_path / "feeds"
    folder.mkdir()
    return Feeds(folder, config)


# -- what a feed says ----------------------------------------------------------------------------


def test_a_small_feed(feeds: Feeds) -> None:
    record, layer = feeds.read(options={"license": "dl-de-by-2.0"})
    package = record.package
    assert record.notes == []
    assert package["title"] == "Fahrplan Dorfbus GmbH"
    assert package["notes"].split("\n")[2:] == [
        "- Verkehrsunternehmen: Dorfbus GmbH",
        "- Linien: 3 (Bus 2, Zug 1)",
        "- Fahrten: 3",
        "- Haltestellen und Steige: 2",
        "- Stationen und Bahnhöfe: 1",
        "- Gültig von 2.1.2099 bis 6.1.2100",
    ]
    assert package["publisher"] == [{"name": "Verbund Eifel", "url": "https://verbund.example"}]
    assert package["contact"] == [
        {
            "name": "Verbund Eifel",
            "email": "daten@verbund.example",
            "telephone": "02651 1",
            "url": "https://verbund.example/daten",
        }
    ]
    assert package["language"] == ["http://publications.europa.eu/resource/authority/language/DEU"]
    assert (package["version"], package["license_id"]) == ("2026-1", "dl-by-de-2.0")
    assert package["temporal_coverage"] == [{"start": "2099-01-02", "end": "2100-01-06"}]
    assert package["theme"] == ["http://publications.europa.eu/resource/authority/data-theme/TRAN"]
    tags = [tag["name"] for tag in package["tags"]]
    assert tags == ["Bus", "Zug", "Fahrplan", "Haltestellen", "ÖPNV", "GTFS"]
    assert package["groups"] == [{"name": "mobil-hub"}]
    (place,) = package["spatial_coverage"]
    ring = json.loads(place["bbox"])["coordinates"][0]
    assert ring[0] == [7.2227, 50.3]
    assert ring[2] == [7.31, 50.3276]
    assert record.organisation.title == "Verbund Eifel"

    timetable, stops = package["resources"]
    assert (timetable["format"], timetable["url"]) == ("GTFS", "timetable.zip")
    assert timetable["hash"] == record.files[0].sha256
    assert (stops["format"], stops["url"]) == ("GeoJSON", "haltestellen.geojson")
    assert list(layer) == ["M", "M1", "P"]
    assert layer["M1"]["properties"] == {
        "stop_id": "M1",
        "name": "Mayen",
        "art": "Haltestelle",
        "station": "M",
        "steig": "1",
        "rollstuhl": "ja",
        "linien": "10, 350, Pellenz-Eifel-Bahn",
    }
    assert layer["M"]["properties"]["linien"] == "10, 350, Pellenz-Eifel-Bahn"
    assert layer["M"]["properties"]["art"] == "Station"
    assert layer["P"]["geometry"] == {"type": "Point", "coordinates": [7.31, 50.3]}
    assert layer["P"]["properties"]["name"] == 'Polch, "Alter" Bahnhof\nNord'


def test_options(feeds: Feeds) -> None:
    record, layer = feeds.read(options={"title": "Busse im Kreis", "stops": False})
    assert record.package["title"] == "Busse im Kreis"
    assert len(record.package["resources"]) == 1
    assert layer == {}
    assert "no licence" in record.notes


def test_a_feed_at_an_address(feeds: Feeds, server: FaultServer) -> None:
    url = server.says("/gtfs.zip", body(feeds.packed()))
    record, layer = feeds.read(url=url)
    timetable = record.package["resources"][0]
    assert timetable["access_url"] == timetable["download_url"] == timetable["url"] == url
    assert list(record.files) == [1]
    assert record.uri == url
    assert len(layer) == 3
    assert server.requests == ["/gtfs.zip"]


def test_a_folder(feeds: Feeds) -> None:
    folder = feeds.folder / "unpacked"
    folder.mkdir()
    for name, content in feeds.files.items():
        (folder / name).write_text(str(content))
    (folder / "index.html").write_text("no part of it")
    (folder / "secret.txt").symlink_to(feeds.config / "licenses.json")
    with feeds.source(path=folder) as source:
        for ref in source.discover():
            record = source.normalise(source.fetch(ref))
            with zipfile.ZipFile(record.files[0].path) as packed:
                assert sorted(packed.namelist()) == sorted(FEED)
    again, _ = feeds.read(path=folder)
    assert content_hash(again) == content_hash(record)


def test_an_unchanged_feed_is_unchanged(feeds: Feeds, server: FaultServer, ckan: FakeCkan) -> None:
    def run(**where: Any) -> Report:
        with feeds.source(**where) as source:
            return Pipeline(source, Portal(ckan, Patience(0.3, 0.01, 0.05))).run()

    def publish() -> None:
        feeds.zip()
        server.says("/a.zip", body(feeds.packed()))

    for where in ({"path": feeds.zip()}, {"url": server.url + "/a.zip"}):
        ckan.packages.clear()
        publish()
        assert run(**where).results[0].outcome is Outcome.ADDED
        (package,) = ckan.packages.values()
        ids = [resource["id"] for resource in package["resources"]]
        assert b'"id": "M1"' in package["resources"][1]["content"]
        ckan.calls.clear()
        assert run(**where).results[0].outcome is Outcome.UNCHANGED
        assert ckan.writes == []
        feeds.change("stops.txt", "Mayen,50.3276", "Mayen Ost,50.3276")
        publish()
        assert run(**where).results[0].outcome is Outcome.CHANGED
        (package,) = ckan.packages.values()
        assert [resource["id"] for resource in package["resources"]] == ids
        assert b"Mayen Ost" in package["resources"][1]["content"]
        feeds.change("stops.txt", "Mayen Ost,50.3276", "Mayen,50.3276")


def test_nothing_is_left_on_the_disk(
    feeds: Feeds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(made))
    feeds.read()
    assert list(made.iterdir()) == []


def test_a_feed_that_says_little(feeds: Feeds) -> None:
    for name in ("feed_info.txt", "calendar_dates.txt", "calendar.txt", "agency.txt"):
        del feeds.files[name]
    record, _ = feeds.read(title={"de": "Dorfbus"})
    assert record.package["title"] == "Fahrplan Dorfbus"
    assert "publisher" not in record.package
    assert "temporal_coverage" not in record.package
    assert "agency.txt is missing, which GTFS requires" in record.notes
    assert "neither calendar.txt nor calendar_dates.txt says when trips run" in record.notes


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("0", "Straßenbahn"), ("1", "U-Bahn"), ("3", "Bus"), ("4", "Fähre"), ("109", "S-Bahn"),
        ("704", "Bus"), ("715", "Rufbus"), ("900", "Straßenbahn"), ("99", "Sonstige"),
        ("", "Sonstige"), ("³", "Sonstige"), ("9" * 5000, "Sonstige"),
    ],
)  # fmt: skip
def test_modes(kind: str, word: str) -> None:
    assert mode(kind) == word


# -- what is wrong with a feed -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        (
            "stop_times.txt",
            "tx,8:00:00,8:00:00,M1,1\nty,8:00:00,8:00:00,M1,1\n",
            "stop_times.txt names trips that trips.txt lacks: 2 cases, the first (tx)",
        ),
        (
            "stop_times.txt",
            "t1,8:00:00,8:00:00,X,1\n",
            "stop_times.txt names stops that stops.txt lacks: 1 case (t1: X)",
        ),
        (
            "stop_times.txt",
            "t1,8:61:00,8 Uhr,P,x\n",
            "stop_times.txt has unusable times: 2 cases, the first (t1: 8:61:00)",
        ),
        (
            "stop_times.txt",
            "t1,,,P,x\n",
            "stop_times.txt has an unusable stop_sequence: 1 case (t1: x)",
        ),
        (
            "trips.txt",
            "r9,work,t9\n",
            "trips.txt names lines that routes.txt lacks: 1 case (t9: r9)",
        ),
        (
            "trips.txt",
            "r1,never,t9\n",
            "trips.txt names services that no calendar has: 1 case (t9: never)",
        ),
        ("trips.txt", "r1,work,t1\n", "trips.txt has trips twice or without an id: 1 case (t1)"),
        ("routes.txt", "r1,1,1,,3\n", "routes.txt has lines twice or without an id: 1 case (r1)"),
        (
            "routes.txt",
            "r9,7,1,,3\n",
            "routes.txt names agencies that agency.txt lacks: 1 case (r9: 7)",
        ),
        ("routes.txt", "r9,1,,,3\n", "routes.txt has lines without a name: 1 case (r9)"),
        (
            "agency.txt",
            "1,Noch einer,https://x.example,Europe/Berlin,,\n",
            "agency.txt has agencies twice: 1 case (1)",
        ),
        (
            "stops.txt",
            "P,Polch,50,7,,,,\n",
            "stops.txt has stops twice or without an id: 1 case (P)",
        ),
        (
            "stops.txt",
            "Q,Nirgends,95,7,,,,\nR,Null,0,0,,,,\nS,Komma,\"50,3\",7,,,,\n",
            "stops.txt has coordinates that are no place on earth: 3 cases, the first (Q: 95, 7)",
        ),
        ("stops.txt", "Q,Ohne,,,,,,\n", "stops.txt has stops without coordinates: 1 case (Q)"),
        (
            "stops.txt",
            "Q,Waise,50,7,0,ZZ,,\n",
            "stops.txt names parent stations that it does not have: 1 case (ZZ)",
        ),
        ("stops.txt", "Q,Ding,50,7,8,,,\n", "stops.txt has unknown kinds of places: 1 case (Q: 8)"),
        ("stops.txt", "Q,Kurz,50,7\n", "stops.txt has rows of another length: 1 case (row 6)"),
        (
            "calendar.txt",
            "b,1,1,1,1,1,0,0,20990231,20991231\n",
            "calendar.txt has unusable dates: 1 case (b: 20990231 20991231)",
        ),
        (
            "calendar.txt",
            "b,1,1,1,1,1,0,0,20991231,20990101\n",
            "calendar.txt has unusable dates: 1 case (b: 20991231 20990101)",
        ),
        (
            "calendar.txt",
            "b,1,1,1,1,1,0,0,20990101,99991231\n",
            "calendar.txt has services of more than ten years: 1 case (b)",
        ),
        (
            "calendar_dates.txt",
            "work,2099-01-01,1\nwork,20990101,3\n",
            "calendar_dates.txt has unusable rows: 2 cases, the first (work: 2099-01-01 1)",
        ),
        ("feed_info.txt", "", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_noted(feeds: Feeds, name: str, text: str, note: str) -> None:
    feeds.append(name, text)
    notes = [n for n in feeds.notes() if n != "no licence"]
    assert (note in notes) if note else notes == []


def test_missing_columns(feeds: Feeds) -> None:
    feeds.change("trips.txt", "trip_id", "trip")
    feeds.change("stops.txt", "stop_lat", "lat")
    notes = feeds.notes()
    assert "trips.txt has no column trip_id" in notes
    assert "stops.txt has no column stop_lat" in notes
    feeds.change("routes.txt", "route_id", "id")
    assert "is no GTFS feed: routes.txt has no column route_id" in feeds.fails()


def test_a_timetable_that_is_over(feeds: Feeds) -> None:
    before = content_hash(feeds.read()[0])
    for name in ("calendar.txt", "calendar_dates.txt"):
        feeds.files[name] = str(feeds.files[name]).replace("2099", "2019").replace("2100", "2020")
    record, _ = feeds.read()
    assert "the timetable is over: its last day was 2020-01-06" in record.notes
    assert content_hash(record) != before


@pytest.mark.parametrize("name", [name for name in FEED if name not in ("stops.txt", "routes.txt")])
@pytest.mark.parametrize("how", ["missing", "empty", "header alone"])
def test_files_that_are_missing_or_empty(feeds: Feeds, name: str, how: str) -> None:
    header = FEED[name].split("\n")[0] + "\n"
    feeds.files[name] = {"missing": "", "empty": "", "header alone": header}[how]
    if how == "missing":
        del feeds.files[name]
    record, layer = feeds.read()
    assert len(layer) == 3
    assert len(record.package["resources"]) == 2
    optional = name in ("feed_info.txt", "calendar.txt", "calendar_dates.txt")
    if how == "missing" and not optional:
        assert f"{name} is missing, which GTFS requires" in record.notes
    if how == "empty":
        assert f"{name} is empty" in record.notes


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda files: files.pop("stops.txt"), "it has no stops.txt"),
        (lambda files: files.pop("routes.txt"), "it has no routes.txt"),
        (lambda files: files.update({"stops.txt": ""}), "stops.txt is empty"),
        (lambda files: files.update({"stops.txt": "stop_id;stop_name\n"}), "no column stop_id"),
        (lambda files: files.clear(), "it has no stops.txt"),
    ],
)
def test_what_is_no_feed(feeds: Feeds, change: Any, why: str) -> None:
    change(feeds.files)
    assert why in feeds.fails()


# -- encodings and damage ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8-sig", ""),
        ("latin-1", "stops.txt is not UTF-8, as GTFS asks for: read as Windows-1252 (Latin-1)"),
        ("utf-16", "stops.txt is not UTF-8, as GTFS asks for: read as UTF-16"),
    ],
)
def test_encodings(feeds: Feeds, encoding: str, note: str) -> None:
    feeds.change("stops.txt", "Mayen,50.3276", "Müllenbach Straße,50.3276")
    feeds.files["stops.txt"] = str(feeds.files["stops.txt"]).encode(encoding)
    record, layer = feeds.read()
    assert layer["M1"]["properties"]["name"] == "Müllenbach Straße"
    assert [n for n in record.notes if n != "no licence"] == ([note] if note else [])


def test_windows_line_ends_spaces_and_capitals(feeds: Feeds) -> None:
    feeds.files = {
        name.upper() if name == "trips.txt" else name: str(text).replace("\n", " \r\n")
        for name, text in feeds.files.items()
    }
    record, layer = feeds.read()
    assert [n for n in record.notes if n != "no licence"] == []
    assert len(layer) == 3


def test_a_feed_in_a_folder_of_the_zip(feeds: Feeds) -> None:
    record, layer = feeds.read(feeds.packed("export/"))
    assert len(layer) == 3
    assert "the files lie in the folder export of the zip, not at its top" in record.notes
    feeds.files = {f"{folder}/{name}": text for folder in "ab" for name, text in FEED.items()}
    assert "holds several feeds: a, b" in feeds.fails()


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/passwd", "a/../../b", "C:\\x", "..\\x"])
def test_names_that_lead_out_of_the_zip(feeds: Feeds, name: str) -> None:
    feeds.files[name] = "x"
    assert "holds a file outside itself" in feeds.fails()


def test_a_quotation_mark_that_is_never_closed(feeds: Feeds) -> None:
    feeds.append("stops.txt", 'Q,"Offen' + ",50,7,,,,\n" * 50_000)
    with feeds.source(path=feeds.zip()) as source:
        for ref in source.discover():
            with pytest.raises(RecordError, match=r"stops\.txt cannot be read after line 6"):
                source.fetch(ref)


def test_damage(feeds: Feeds) -> None:
    content = feeds.packed()
    assert "is not a zip that can be read" in feeds.fails(content[: len(content) // 2])
    assert "is not a zip that can be read" in feeds.fails(b"<html>")
    assert "is not a zip that can be read" in feeds.fails(b"")
    for place in range(60, len(content), 97):  # whatever is flipped, nothing else is raised
        flipped = bytearray(content)
        flipped[place] ^= 0xFF
        with feeds.source(path=feeds.zip(bytes(flipped))) as source:
            try:
                for ref in source.discover():
                    source.normalise(source.fetch(ref))
            except (SourceError, RecordError):
                pass


def test_a_zip_with_a_password(feeds: Feeds) -> None:
    content = bytearray(feeds.packed())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(mark)
        while start >= 0:
            content[start + place] |= 1
            start = content.find(mark, start + 4)
    assert "encrypted" in feeds.fails(bytes(content))


def test_bombs(feeds: Feeds, monkeypatch: pytest.MonkeyPatch) -> None:
    feeds.files["shapes.txt"] = b"0" * 30_000_000
    assert "is packed to less than a 200th" in feeds.fails()
    feeds.files["shapes.txt"] = "x"
    monkeypatch.setattr(gtfs_zip, "_UNPACKED", 1000)
    assert "unpacks to" in feeds.fails()
    monkeypatch.setattr(gtfs_zip, "_UNPACKED", 10**9)
    feeds.files |= {f"{number}.txt": "" for number in range(600)}
    assert "holds more than 500 files" in feeds.fails()
    feeds.files |= {f"{number}.txt": "" for number in range(20_000)}
    assert "its table of contents is too long" in feeds.fails()


def test_a_lying_size_is_found(feeds: Feeds) -> None:
    content = bytearray(feeds.packed())
    name = content.rfind(b"stop_times.txt")  # in the table of contents
    content[name - 46 + 24 : name - 46 + 28] = (40).to_bytes(4, "little")
    with feeds.source(path=feeds.zip(bytes(content))) as source:
        for ref in source.discover():
            with pytest.raises(RecordError, match="stop_times"):
                source.fetch(ref)


def test_more_than_is_kept_in_memory(feeds: Feeds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvesters.sources.gtfs.feed.MOST", 2)
    with feeds.source(path=feeds.zip()) as source:
        for ref in source.discover():
            with pytest.raises(RecordError, match=r"routes\.txt has more than 2 ids"):
                source.fetch(ref)


def test_too_many_lines_at_stops(feeds: Feeds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gtfs_stops, "_PAIRS", 1)
    record, layer = feeds.read()
    assert "linien" not in layer["M1"]["properties"]
    assert "so many stops and lines: the stops' map does not name the lines" in record.notes


def test_the_web_answers_wrongly(feeds: Feeds, server: FaultServer, quick: Limits) -> None:
    for url, why in (
        (server.says("/page", body("<html>")), "is not a zip"),
        (server.says("/big", body(b"x" * 300_000)), "that is refused"),
        (server.url + "/none", "404"),
        ("http://10.0.0.1/gtfs.zip", "inside the network"),
    ):
        with feeds.source(quick, url=url) as source, pytest.raises(SourceError, match=why):
            list(source.discover())


def test_a_path_that_is_not_there(feeds: Feeds) -> None:
    with feeds.source(path="no.zip") as source, pytest.raises(SourceError, match="does not exist"):
        list(source.discover())


# -- days ----------------------------------------------------------------------------------------


def test_only_days_with_service_count(feeds: Feeds) -> None:
    feeds.files["calendar.txt"] = FEED["calendar.txt"].split("\n")[0] + (
        "\nsun,0,0,0,0,0,0,1,20260101,20260131\nnone,0,0,0,0,0,0,0,20200101,20300101\n"
    )
    feeds.files["calendar_dates.txt"] = (
        "service_id,date,exception_type\nsun,20260125,2\nsun,20200101,2\nnew,20260102,2\n"
    )
    record, _ = feeds.read()
    assert record.package["temporal_coverage"] == [{"start": "2026-01-04", "end": "2026-01-18"}]


@pytest.mark.parametrize("flags", ["1000000", "0000001", "1010101", "1111111"])
@pytest.mark.parametrize("days", [1, 6, 7, 8, 100])
def test_weekly_patterns(flags: str, days: int) -> None:
    start = date(2026, 4, 1)
    bits = gtfs_days._pattern(start.weekday(), days, tuple(flag == "1" for flag in flags))
    for day in range(days + 10):
        weekday = date.fromordinal(start.toordinal() + day).weekday()
        assert bool(bits >> day & 1) == (day < days and flags[weekday] == "1")


def test_a_service_without_files() -> None:
    days = ServiceDays(gtfs_zip.Problems())
    days.read(None, None)
    assert (days.first, days.last) == (None, None)


# -- on demand -----------------------------------------------------------------------------------


def test_groups_of_stops_and_areas(feeds: Feeds) -> None:
    feeds.files["location_groups.txt"] = "location_group_id,location_group_name\nG,Pellenz\n"
    feeds.files["location_group_stops.txt"] = "location_group_id,stop_id\nG,M1\nG,P\nG,X\n"
    feeds.files["locations.geojson"] = '{"type":"FeatureCollection","features":[{"id":"A"}]}'
    feeds.files["stop_times.txt"] = (
        "trip_id,stop_id,stop_sequence,location_group_id,location_id\n"
        "t1,,1,G,\nt1,,2,,A\nt1,,3,,B\n"
    )
    record, layer = feeds.read()
    assert layer["P"]["properties"]["linien"] == "350"
    assert "location_group_stops.txt names stops that stops.txt lacks: 1 case (X)" in record.notes
    assert "stop_times.txt names stops that stops.txt lacks: 1 case (t1: )" in record.notes
    assert "Rufbus" in [tag["name"] for tag in record.package["tags"]]
    del feeds.files["stops.txt"]  # areas alone are a feed, too
    assert feeds.read()[1] == {}
    feeds.files["stops.txt"] = FEED["stops.txt"]
    feeds.files["locations.geojson"] = "[" * 100_000
    assert "locations.geojson is no GeoJSON" in feeds.notes()


# -- recognising ---------------------------------------------------------------------------------


def test_recognises_its_own_kind(feeds: Feeds) -> None:
    assert GtfsSource.recognises("x.zip", feeds.packed()[:4096])
    assert GtfsSource.recognises("x", feeds.packed("export/")[:4096])
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as zipped:
        zipped.writestr("stops.csv", "stop_id\n")
        zipped.writestr("my_stops.txt", "stop_id\n")
    assert not GtfsSource.recognises("gtfs.zip", other.getvalue()[:4096])
    assert not GtfsSource.recognises("gtfs.zip", b"")
    assert not GtfsSource.recognises("stops.txt", FEED["stops.txt"].encode())
    assert not GtfsSource.recognises("catalog.ttl", b"@prefix dcat: <x> .")


# -- a real feed ---------------------------------------------------------------------------------


def _column(path: Path, name: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [row[name] for row in csv.DictReader(stream)]


def test_a_real_feed(feeds: Feeds, real_data: Path) -> None:
    folder = real_data / "mobility" / "gtfs_bbnavi"
    if not folder.is_dir():
        pytest.skip(f"the real feed is not here ({folder})")
    record, layer = feeds.read(path=folder, options={"license": "cc-zero"})
    again, _ = feeds.read(path=folder, options={"license": "cc-zero"})
    assert content_hash(again) == content_hash(record)
    package = record.package
    ids = _column(folder / "stops.txt", "stop_id")
    assert list(layer) == ids
    assert len(ids) == 378
    points = [feature["geometry"]["coordinates"] for feature in layer.values()]
    longitudes = [float(text) for text in _column(folder / "stops.txt", "stop_lon")]
    assert [point[0] for point in points] == pytest.approx(longitudes, abs=1e-6)
    ring = json.loads(package["spatial_coverage"][0]["bbox"])["coordinates"][0]
    assert ring[0][0] == pytest.approx(min(longitudes), abs=1e-6)
    assert ring[2][0] == pytest.approx(max(longitudes), abs=1e-6)
    # Each stop has the line of the group that it belongs to.
    groups = _column(folder / "location_groups.txt", "location_group_id")
    members = _column(folder / "location_groups.txt", "location_id")
    lines: dict[str, set[str]] = {}
    for group, member in zip(groups, members, strict=True):
        lines.setdefault(member, set()).add(group.split("-")[1])
    for stop, feature in layer.items():
        assert set(feature["properties"].get("linien", "").split(", ")) == lines[stop]
    assert package["title"] == "Fahrplan Uckermärkische Verkehrsgesellschaft"
    assert package["publisher"][0]["name"] == "DigitalAgentur Brandenburg GmbH"
    assert package["temporal_coverage"] == [{"start": "2023-01-01", "end": "2023-12-31"}]
    assert (
        "- Linien: 5 (Rufbus 5)\n- Fahrten: 8\n- Haltestellen und Steige: 378" in package["notes"]
    )
    parents = set(_column(folder / "stops.txt", "parent_station")) - {""} - set(ids)
    assert len(parents) > 0
    assert [note.split(":")[0] for note in record.notes] == [
        "the timetable is over",
        "stops.txt names parent stations that it does not have",
        "licence not in the list",
    ]
