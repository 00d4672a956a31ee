"""The stops of a timetable: checked, counted, tied to their lines, written as a map layer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harvesters.errors import RecordError
from harvesters.geojson import Box, position, write_points
from harvesters.sources.gtfs.archive import Table
from harvesters.sources.gtfs.days import MOST
from harvesters.sources.problems import Problems

_PAIRS = 5_000_000  # of stop and line kept in memory, some 100 bytes each
_PLATFORM, _STATION = ("", "0"), "1"
_OTHER = ("2", "3", "4")  # entrances, junctions of paths, boarding areas
_WHEELCHAIR = {"1": "ja", "2": "nein"}


class Stops:
    """Stops are known by their number, the order in which stops.txt first names them."""

    def __init__(self, table: Table, problems: Problems) -> None:
        self._table = table
        self._problems = problems
        self.numbers: dict[str, int] = {}
        self._parents: dict[int, str] = {}
        self._pairs: set[tuple[int, int]] = set()  # stop, line
        self.complete = True  # False: so many pairs that the lines are left out
        self.platforms = 0
        self.stations = 0
        self.box = Box()

    def read(self) -> None:
        """Read stops.txt for the first time."""
        for stop, kind, longitude, latitude, parent in self._table.rows(
            "stop_id", "location_type", "stop_lon", "stop_lat", "parent_station"
        ):
            if stop in self.numbers or not stop:
                self._problems.add("stops.txt has stops twice or without an id", stop)
                continue
            if len(self.numbers) >= MOST:
                raise RecordError(f"stops.txt has more than {MOST:,} stops")
            number = self.numbers[stop] = len(self.numbers)
            if parent:
                self._parents[number] = parent
            self._place(stop, kind, longitude, latitude)
        for parent in self._parents.values():
            if parent not in self.numbers:
                self._problems.add("stops.txt names parent stations that it does not have", parent)
        if not self.numbers:
            self._problems.say("stops.txt has no stops")

    def _place(self, stop: str, kind: str, longitude: str, latitude: str) -> None:
        self.platforms += kind in _PLATFORM
        self.stations += kind == _STATION
        if kind not in _PLATFORM and kind != _STATION and kind not in _OTHER:
            self._problems.add("stops.txt has unknown kinds of places", f"{stop}: {kind}")
        point = position(longitude, latitude)
        if point:
            self.box.add(point)
        elif longitude or latitude:
            example = f"{stop}: {latitude}, {longitude}"
            self._problems.add("stops.txt has coordinates that are no place on earth", example)
        elif kind not in ("3", "4"):
            self._problems.add("stops.txt has stops without coordinates", stop)

    def serve(self, number: int, line: int) -> None:
        """Note that ``line`` stops at the stop ``number``."""
        if len(self._pairs) < _PAIRS:
            self._pairs.add((number, line))
        else:
            self.complete = False

    def write(self, path: Path, names: list[str]) -> int:
        """Write stops and stations with coordinates as GeoJSON; ``names`` are those of the lines.

        Reads stops.txt a second time instead of keeping it.
        """
        return write_points(path, self._points(self._lines(names)))

    def _points(
        self, lines: dict[int, str]
    ) -> Iterator[tuple[str, tuple[float, float], dict[str, Any]]]:
        following = 0
        for stop, name, kind, longitude, latitude, parent, wheelchair, platform in self._table.rows(
            "stop_id", "stop_name", "location_type", "stop_lon", "stop_lat", "parent_station",
            "wheelchair_boarding", "platform_code",
        ):  # fmt: skip
            if self.numbers.get(stop) != following:
                continue  # twice: the first one counts
            number, following = following, following + 1
            point = position(longitude, latitude)
            if point is None or (kind not in _PLATFORM and kind != _STATION):
                continue
            yield (
                stop,
                point,
                {
                    "stop_id": stop,
                    "name": name,
                    "art": "Station" if kind == _STATION else "Haltestelle",
                    "station": parent,
                    "steig": platform,
                    "rollstuhl": _WHEELCHAIR.get(wheelchair, ""),
                    "linien": lines.get(number, ""),
                },
            )

    def _lines(self, names: list[str]) -> dict[int, str]:
        """The lines of each stop; a station has those of its platforms."""
        if not self.complete:
            self._problems.say("so many stops and lines: the stops' map does not name the lines")
            return {}
        served: dict[int, set[str]] = {}
        for number, line in self._pairs:
            name = names[line]
            served.setdefault(number, set()).add(name)
            station = self.numbers.get(self._parents.get(number, ""))
            if station is not None:
                served.setdefault(station, set()).add(name)
        return {
            number: ", ".join(sorted(found - {""}, key=lambda name: (len(name), name)))
            for number, found in served.items()
        }
