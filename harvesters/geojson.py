"""Points on a map: what sources make of coordinates that others wrote."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harvesters.identity import package_id, resource_id
from harvesters.localfiles import LOCAL_BASE, LocalFiles
from harvesters.model import LocalFile

_SHA256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
_DIGITS = 6  # of a degree: ten centimetres


def position(longitude: Any, latitude: Any) -> tuple[float, float] | None:
    """Longitude and latitude, or nothing if that is no place on earth.

    0, 0 lies in the sea; exporters write it for "unknown".
    """
    if isinstance(longitude, bool) or isinstance(latitude, bool):
        return None
    try:
        x, y = round(float(longitude), _DIGITS), round(float(latitude), _DIGITS)
    except (TypeError, ValueError, OverflowError):
        return None
    if not (math.isfinite(x) and math.isfinite(y)) or abs(x) > 180 or abs(y) > 90:
        return None
    return (x, y) if (x, y) != (0, 0) else None


class Box:
    """The rectangle around all points that it was shown."""

    def __init__(self) -> None:
        self._west = self._south = math.inf
        self._east = self._north = -math.inf

    def add(self, point: tuple[float, float]) -> None:
        """Let the rectangle hold ``point``."""
        x, y = point
        self._west, self._east = min(self._west, x), max(self._east, x)
        self._south, self._north = min(self._south, y), max(self._north, y)

    def __bool__(self) -> bool:
        return self._west <= self._east

    def coverage(self, grid: float = 0.0) -> list[dict[str, str]]:
        """The same as ``spatial_coverage``, widened to a grid of so many degrees."""
        if not self:
            return []
        west, south, east, north = self._west, self._south, self._east, self._north
        if grid:
            west, south = (math.floor(n / grid) * grid for n in (west, south))
            east, north = (math.ceil(n / grid) * grid for n in (east, north))
        west, south, east, north = (round(n, _DIGITS) for n in (west, south, east, north))
        if (west, south) == (east, north):
            return [{"centroid": json.dumps({"type": "Point", "coordinates": [west, south]})}]
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return [{"bbox": json.dumps({"type": "Polygon", "coordinates": [ring]})}]


def write_points(
    path: Path, points: Iterable[tuple[str, tuple[float, float], dict[str, Any]]]
) -> int:
    """Write points (id, position, properties) one by one as a FeatureCollection; how many."""
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        stream.write('{"type": "FeatureCollection", "features": [')
        for key, point, properties in points:
            feature = {
                "type": "Feature",
                "id": key,
                "geometry": {"type": "Point", "coordinates": point},
                "properties": {k: v for k, v in properties.items() if v not in ("", None)},
            }
            stream.write(",\n" if count else "\n")
            stream.write(json.dumps(feature, ensure_ascii=False).encode(errors="replace").decode())
            count += 1
        stream.write("\n]}\n")
    return count


def upload(path: Path, source: str, key: str) -> tuple[dict[str, Any], LocalFile]:
    """What a distribution says of a file that CKAN shall keep, and the file.

    ``key`` (the record's identity and a word of its own) makes its URI, by which the next run
    finds the file again whatever address CKAN gave it.
    """
    path = path.resolve()
    file = LocalFiles(path.parent).take(LOCAL_BASE + quote(path.name))
    return {
        "uri": f"urn:uuid:{resource_id(package_id(source, key), 'upload')}",
        "url": path.name,
        "hash": file.sha256,
        "hash_algorithm": _SHA256,
        "size": file.size,
    }, file
