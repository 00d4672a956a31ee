"""A small valid GTFS feed from patterns: stops with minutes, and times of departure."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

FIXED = (2026, 1, 1, 0, 0, 0)


def render(spec: Mapping[str, Any]) -> bytes:
    """Each route has `stops` ("id minutes" of the way out) and departures `out` and `back`."""
    routes, trips, times = [], [], []
    for route in spec["routes"]:
        routes.append(
            {
                "route_id": route["id"],
                "agency_id": spec["agency"]["agency_id"],
                "route_short_name": route["id"],
                "route_long_name": route["name"],
                "route_type": route.get("type", "3"),
                "route_color": route.get("color", "0B5C74"),
                "route_text_color": "FFFFFF",
            }
        )
        way = [(s.split()[0], int(s.split()[1])) for s in route["stops"]]
        length = way[-1][1]
        ways = {"out": way, "back": [(stop, length - minute) for stop, minute in reversed(way)]}
        names = {s["stop_id"]: s["stop_name"] for s in spec["stops"]}
        for number, direction in enumerate(("out", "back")):
            for service, departures in route[direction].items():
                for departure in departures:
                    trip = f"{route['id']}-{service}-{number}-{departure.replace(':', '')}"
                    trips.append(
                        {
                            "route_id": route["id"],
                            "service_id": service,
                            "trip_id": trip,
                            "trip_headsign": names[ways[direction][-1][0]],
                            "direction_id": str(number),
                        }
                    )
                    times += list(_times(trip, ways[direction], departure))
    tables = {
        "agency.txt": [spec["agency"]],
        "calendar.txt": spec["calendar"],
        "calendar_dates.txt": spec["calendar_dates"],
        "feed_info.txt": [spec["feed_info"]],
        "routes.txt": routes,
        "stops.txt": spec["stops"],
        "stop_times.txt": times,
        "trips.txt": trips,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, rows in sorted(tables.items()):
            # Stored, not deflated: see files.py.
            archive.writestr(zipfile.ZipInfo(name, FIXED), _text(rows))
    return out.getvalue()


def _times(trip: str, way: list[tuple[str, int]], departure: str) -> Iterable[dict[str, str]]:
    hour, minute = (int(part) for part in departure.split(":"))
    for sequence, (stop, after) in enumerate(way, start=1):
        total = hour * 60 + minute + after
        clock = f"{total // 60:02}:{total % 60:02}:00"
        yield {
            "trip_id": trip,
            "arrival_time": clock,
            "departure_time": clock,
            "stop_id": stop,
            "stop_sequence": str(sequence),
        }


def _text(rows: Iterable[Mapping[str, str]]) -> str:
    rows = list(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
