"""Service on demand (GTFS-Flex): groups of stops and areas that stop_times.txt names like stops."""

from __future__ import annotations

import json
from typing import Any

from harvesters.errors import RecordError
from harvesters.sources.gtfs.archive import Archive, Table
from harvesters.sources.gtfs.days import MOST
from harvesters.sources.gtfs.stops import Stops
from harvesters.sources.problems import Problems

_AREAS = 64 * 1024 * 1024  # bytes of locations.geojson, which is read in one go
_PIECE = 1024 * 1024

#: Files that say which stops a group has, with the column that names them. The first one is of the
#: draft, which real feeds still follow.
GROUPS = {"location_groups.txt": "location_id", "location_group_stops.txt": "stop_id"}
AREAS = "locations.geojson"


class OnDemand:
    """What is served on demand."""

    def __init__(self, stops: Stops | None, problems: Problems) -> None:
        self._stops = stops
        self._problems = problems
        self._groups: dict[str, list[int]] = {}
        self._areas: set[str] = set()
        self._seen: set[tuple[str, int]] = set()  # groups and lines

    def __bool__(self) -> bool:
        return bool(self._groups or self._areas)

    def read_group(self, table: Table) -> None:
        """One of the files of groups."""
        numbers = self._stops.numbers if self._stops else {}
        for group, stop in table.rows("location_group_id", GROUPS[table.name]):
            if len(self._groups) >= MOST:
                raise RecordError(f"{table.name} has more than {MOST:,} groups")
            members = self._groups.setdefault(group, [])
            if stop in numbers:
                members.append(numbers[stop])
            elif stop:
                self._problems.add(f"{table.name} names stops that stops.txt lacks", stop)

    def read_areas(self, archive: Archive) -> None:
        """The areas' ids."""
        if archive.size(AREAS) > _AREAS:
            raise RecordError(f"{AREAS} is larger than {_AREAS / 1e6:.0f} MB")
        content = archive.content(AREAS)
        try:
            features: Any = json.loads(content)["features"]
            self._areas = {str(feature.get("id")) for feature in features}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._problems.say(f"{AREAS} is no GeoJSON")

    def serve(self, group: str, area: str, line: int) -> bool:
        """Whether there is such a group or area; all stops of a group have the line then."""
        members = self._groups.get(group)
        if members is None:
            return area in self._areas
        if self._stops and line >= 0 and (group, line) not in self._seen:
            self._seen.add((group, line))
            for number in members:
                self._stops.serve(number, line)
                if not self._stops.complete:
                    break
        return True
