"""What a sharing system says in its GBFS files, without what changes from minute to minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harvesters.errors import RecordError, SourceError
from harvesters.geojson import Box, position
from harvesters.sources.gbfs import files as gbfs_files
from harvesters.sources.problems import Problems

#: Files that change all the time; nothing of them is in the record.
LIVE = ("station_status", "vehicle_status", "free_bike_status")
# Degrees (some ten kilometres) that an area is widened to if only vehicles tell it: they move.
_GRID = 0.1

Point = tuple[float, float]
Station = tuple[str, Point, dict[str, Any]]


@dataclass(slots=True)
class System:
    """The facts of one system."""

    version: str
    info: dict[str, Any]
    addresses: dict[str, str]
    languages: list[str]
    stations: list[Station] = field(default_factory=list)
    vehicle_types: list[dict[str, Any]] = field(default_factory=list)
    coverage: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class SystemReader:
    """Reads the files of one system; ``load`` fetches one of them."""

    def __init__(
        self, load: Callable[[str], dict[str, Any]], document: dict[str, Any], base: str
    ) -> None:
        self._load = load
        self._problems = Problems()
        self._addresses, self._languages = gbfs_files.feeds(document, base)
        self._version = gbfs_files.version(document)
        self._where = base

    def information(self) -> dict[str, Any]:
        """What system_information says. Raises SourceError without it: then there is no system."""
        address = self._addresses.get("system_information")
        if not address:
            raise SourceError(f"{self._where} names no system_information, so it is no system.")
        data: dict[str, Any] = self._load(address)["data"]
        return data

    def read(self, info: dict[str, Any], area: Any = None) -> System:
        """All the rest; ``area`` is what a manifest says about the place."""
        system = System(self._version, info, self._addresses, self._languages)
        if not self._languages:
            found = info.get("languages") or info.get("language")
            words = found if isinstance(found, list) else [found]
            system.languages = [str(word) for word in words if word]
        for name in ("system_id", "name", "timezone"):
            if not info.get(name):
                self._problems.say(f"system_information has no {name}")
        system.stations = self._stations()
        types = self._optional("vehicle_types")
        system.vehicle_types = gbfs_files.items(types, "vehicle_types") if types else []
        system.coverage = self._coverage(system, area)
        system.notes = self._problems.notes()
        return system

    def _optional(self, name: str) -> dict[str, Any] | None:
        """A file, if the system has it; that it is unreadable is noted.

        But a failure that may pass fails the record: it stays as it was, instead of losing its
        stations today and having them again tomorrow.
        """
        if name not in self._addresses:
            return None
        try:
            return self._load(self._addresses[name])
        except SourceError as error:
            # The fetcher gave up after several tries.
            if isinstance(error.__cause__, SourceError) and name not in LIVE:
                raise RecordError(f"{name} cannot be read now: {error}") from error
            self._problems.say(f"{name} cannot be read: {error}")
            return None

    def _stations(self) -> list[Station]:
        document = self._optional("station_information")
        if document is None:
            if "station_information" not in self._addresses:
                self._problems.say("no station_information: no stations on a map")
            return []
        found: dict[str, Station] = {}
        everything = gbfs_files.items(document, "stations")
        known = {str(station.get("station_id")) for station in everything}
        for station in everything:
            key = str(station.get("station_id") or "")
            if not key or key in found:
                self._problems.add("station_information has stations twice or without an id", key)
                continue
            point = position(station.get("lon"), station.get("lat"))
            if point is None:
                self._problems.add("station_information has stations that are nowhere", key)
                continue
            properties = {
                "station_id": key,
                "name": gbfs_files.text(station.get("name")),
                "adresse": gbfs_files.text(station.get("address")),
                "plz": gbfs_files.text(station.get("post_code")),
                "plaetze": gbfs_files.text(station.get("capacity")),
            }
            found[key] = (key, point, properties)
        status = self._optional("station_status")
        for state in gbfs_files.items(status, "stations") if status else []:
            if str(state.get("station_id")) not in known:
                example = str(state.get("station_id"))
                self._problems.add("station_status names unknown stations", example)
        return [found[key] for key in sorted(found)]

    def _coverage(self, system: System, area: Any) -> list[dict[str, str]]:
        """Where the system is: by its stations, its manifest, its zones, else by its vehicles."""
        box = Box()
        for _key, point, _properties in system.stations:
            box.add(point)
        if not box:
            _add_shape(box, area)
        zones = self._optional("geofencing_zones")
        if not box and zones:
            _add_shape(box, zones["data"].get("geofencing_zones"))
        vehicles = self._vehicles(system)
        if box:
            return box.coverage()
        for point in vehicles:
            box.add(point)
        return box.coverage(_GRID)

    def _vehicles(self, system: System) -> list[Point]:
        """Where vehicles are that stand freely."""
        document = self._optional("vehicle_status") or self._optional("free_bike_status")
        types = {str(kind.get("vehicle_type_id")) for kind in system.vehicle_types}
        points = []
        for vehicle in gbfs_files.items(document, "vehicles", "bikes") if document else []:
            kind = vehicle.get("vehicle_type_id")
            if types and kind is not None and str(kind) not in types:
                self._problems.add("vehicles are of types that vehicle_types lacks", str(kind))
            point = position(vehicle.get("lon"), vehicle.get("lat"))
            if point:
                points.append(point)
            elif "lat" in vehicle:
                key = vehicle.get("vehicle_id") or vehicle.get("bike_id")
                self._problems.add("vehicles are nowhere", str(key))
        return points


def _add_shape(box: Box, shape: Any) -> None:
    """All positions of a GeoJSON object, however it is nested."""
    waiting = [shape]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [value.get(key) for key in ("features", "geometry", "coordinates")]
        elif isinstance(value, list):
            numbers = len(value) >= 2 and all(isinstance(n, int | float) for n in value)
            if numbers and (point := position(value[0], value[1])):
                box.add(point)
            elif not numbers:
                waiting += value
