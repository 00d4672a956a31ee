"""What a GTFS feed says and what is wrong with it, read once from end to end in little memory."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from harvesters.errors import RecordError
from harvesters.sources.gtfs.archive import MAIN_FILES, Archive, Table
from harvesters.sources.gtfs.days import MOST, ServiceDays, read_day
from harvesters.sources.gtfs.demand import AREAS, GROUPS, OnDemand
from harvesters.sources.gtfs.stops import Stops
from harvesters.sources.problems import Problems

# Columns without which a file is of no use; then those that the reference asks for as well.
_FILES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "feed_info.txt": ((), ("feed_publisher_name", "feed_publisher_url", "feed_lang")),
    "agency.txt": (("agency_name",), ("agency_url", "agency_timezone")),
    "stops.txt": (("stop_id",), ("stop_name", "stop_lat", "stop_lon")),
    "routes.txt": (("route_id",), ("route_type",)),
    "trips.txt": (("trip_id", "route_id"), ("service_id",)),
    "stop_times.txt": (("trip_id",), ("stop_id", "stop_sequence")),
    "calendar.txt": (("service_id", "start_date", "end_date"), ("monday", "sunday")),
    "calendar_dates.txt": (("service_id", "date", "exception_type"), ()),
}
_REQUIRED = ("agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt")
_AGENCIES = 1000  # kept; Germany has some 600
_TIMES = 300_000  # that were looked at already; three days have fewer seconds
_TIME = re.compile(r"\d{1,3}:[0-5]\d:[0-5]\d")


@dataclass(slots=True)
class Feed:
    """The facts of one feed."""

    info: dict[str, str] = field(default_factory=dict)
    agencies: list[dict[str, str]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)  # route_type: number of lines
    trips: int = 0
    platforms: int = 0
    stations: int = 0
    first: date | None = None
    last: date | None = None
    on_demand: bool = False
    coverage: list[dict[str, str]] = field(default_factory=list)
    layer: Path | None = None  # the stops as GeoJSON
    notes: list[str] = field(default_factory=list)


def why_no_feed(archive: Archive) -> str:
    """What is missing that makes a zip no GTFS feed at all, or nothing."""
    for name in MAIN_FILES:
        if name not in archive:
            if name == "stops.txt" and AREAS in archive:
                continue
            return f"it has no {name}"
        key = _FILES[name][0][0]
        try:
            columns = archive.table(name, Problems()).columns
        except RecordError as error:
            return str(error)
        if key not in columns:
            return f"{name} has no column {key}" if columns else f"{name} is empty"
    return ""


class FeedReader:
    """Reads one feed. Ids of stops, trips, lines and services are kept in memory, rows are not."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._problems = Problems()
        self._feed = Feed()
        self._agencies: set[str] = set()
        self._lines: dict[str, int] = {}  # route_id: number
        self._names: list[str] = []  # of lines, by number
        self._trips: dict[str, int] = {}  # trip_id: number of its line, or -1
        self._days = ServiceDays(self._problems)
        self._stops: Stops | None = None
        self._on_demand = OnDemand(None, self._problems)

    def read(self, layer: Path | None = None) -> Feed:
        """Read all of it; the stops are written to ``layer``. Raises RecordError for damage."""
        for name in _REQUIRED:
            if name not in self._archive:
                self._problems.say(f"{name} is missing, which GTFS requires")
        self._about()
        self._read_lines()
        if table := self._table("stops.txt"):
            self._stops = Stops(table, self._problems)
            self._stops.read()
            self._on_demand = OnDemand(self._stops, self._problems)
        self._read_on_demand()
        self._read_days()
        self._read_trips()
        self._read_times()
        self._finish(layer)
        return self._feed

    def _table(self, name: str) -> Table | None:
        """A file that can be used, after a look at its columns."""
        if name not in self._archive:
            return None
        table = self._archive.table(name, self._problems)
        if not table.columns:
            self._problems.say(f"{name} is empty")
            return None
        needed, asked = _FILES.get(name, ((), ()))
        missing = [column for column in (*needed, *asked) if column not in table.columns]
        if missing:
            self._problems.say(f"{name} has no column {', '.join(missing)}")
        return table if set(needed) <= set(table.columns) else None

    def _about(self) -> None:
        if table := self._table("feed_info.txt"):
            rows = table.rows(*table.columns)
            self._feed.info = dict(zip(table.columns, next(rows, []), strict=False))
        if table := self._table("agency.txt"):
            for row in table.rows(*table.columns):
                agency = dict(zip(table.columns, row, strict=True))
                key = agency.get("agency_id", "")
                if key in self._agencies:
                    self._problems.add("agency.txt has agencies twice", key)
                elif len(self._agencies) < _AGENCIES:
                    self._agencies.add(key)
                    self._feed.agencies.append(agency)
            if not self._agencies:
                self._problems.say("agency.txt has no agencies")

    def _read_lines(self) -> None:
        table = self._table("routes.txt")
        wanted = ("route_id", "agency_id", "route_short_name", "route_long_name", "route_type")
        for line, agency, short, long, kind in table.rows(*wanted) if table else ():
            if line in self._lines or not line:
                self._problems.add("routes.txt has lines twice or without an id", line)
                continue
            _limit(self._lines, "routes.txt")
            self._lines[line] = len(self._names)
            self._names.append(short or long)
            self._feed.kinds[kind] += 1
            if not (short or long):
                self._problems.add("routes.txt has lines without a name", line)
            if agency and agency not in self._agencies and self._feed.agencies:
                example = f"{line}: {agency}"
                self._problems.add("routes.txt names agencies that agency.txt lacks", example)
        if not self._lines:
            self._problems.say("routes.txt has no lines")

    def _read_on_demand(self) -> None:
        for name in GROUPS:
            if table := self._table(name):
                self._on_demand.read_group(table)
        if AREAS in self._archive:
            self._on_demand.read_areas(self._archive)
        self._feed.on_demand = bool(self._on_demand)

    def _read_days(self) -> None:
        calendar, exceptions = self._table("calendar.txt"), self._table("calendar_dates.txt")
        if not calendar and not exceptions:
            self._problems.say("neither calendar.txt nor calendar_dates.txt says when trips run")
        self._days.read(calendar, exceptions)
        self._feed.first, self._feed.last = self._days.first, self._days.last
        if self._feed.last and self._feed.last < date.today():
            self._problems.say(f"the timetable is over: its last day was {self._feed.last}")

    def _read_trips(self) -> None:
        table = self._table("trips.txt")
        wanted = ("trip_id", "route_id", "service_id")
        for trip, line, service in table.rows(*wanted) if table else ():
            if trip in self._trips or not trip:
                self._problems.add("trips.txt has trips twice or without an id", trip)
                continue
            _limit(self._trips, "trips.txt")
            self._trips[trip] = self._lines.get(line, -1)
            if line not in self._lines:
                self._problems.add("trips.txt names lines that routes.txt lacks", f"{trip}: {line}")
            if service not in self._days:
                example = f"{trip}: {service}"
                self._problems.add("trips.txt names services that no calendar has", example)
        self._feed.trips = len(self._trips)

    def _read_times(self) -> None:
        """The only long file: millions of rows, of which none is kept."""
        table = self._table("stop_times.txt")
        numbers = self._stops.numbers if self._stops else {}
        serve = self._stops.serve if self._stops else None
        add, trips, good = self._problems.add, self._trips, {""}
        wanted = ("trip_id", "stop_id", "arrival_time", "departure_time", "stop_sequence")
        rows = table.rows(*wanted, "location_group_id", "location_id") if table else ()
        for trip, stop, arrival, departure, order, group, area in rows:
            line = trips.get(trip)
            if line is None:
                add("stop_times.txt names trips that trips.txt lacks", trip)
                line = -1
            number = numbers.get(stop)
            if number is not None:
                if line >= 0 and serve:
                    serve(number, line)
            elif not self._on_demand.serve(stop or group, stop or area, line):
                add("stop_times.txt names stops that stops.txt lacks", f"{trip}: {stop}")
            for time in (arrival, departure):
                if time not in good:
                    if _TIME.fullmatch(time):
                        if len(good) < _TIMES:
                            good.add(time)
                    else:
                        add("stop_times.txt has unusable times", f"{trip}: {time}")
            if not order.isdecimal():
                add("stop_times.txt has an unusable stop_sequence", f"{trip}: {order}")

    def _finish(self, layer: Path | None) -> None:
        feed, stops = self._feed, self._stops
        if stops:
            feed.platforms, feed.stations = stops.platforms, stops.stations
            feed.coverage = stops.box.coverage()
            if layer and stops.write(layer, self._names):
                feed.layer = layer
        for name in ("feed_start_date", "feed_end_date"):
            text = feed.info.get(name, "")
            if text and not read_day(text):
                self._problems.say(f"feed_info.txt: {name} is no date: {text[:80]}")
        feed.notes = [*self._archive.warnings, *self._problems.notes()]


def _limit(ids: dict[str, Any], name: str) -> None:
    if len(ids) >= MOST:
        raise RecordError(f"{name} has more than {MOST:,} ids; that is more than is kept in memory")
