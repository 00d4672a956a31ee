"""The fields of one dataset, from JSON in which anything may stand anywhere."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

_EMPTY: tuple[Any, ...] = (None, "", [], {})
# A template that nobody filled in, as ArcGIS Hub publishes them: {{description}}
_PLACEHOLDER = re.compile(r"^\{\{[^{}]*\}\}$")
_IN_DICTS = ("de", "de-DE", "en", "@value", "@id")


def text(value: Any) -> str:
    """The text that ``value`` stands for, or nothing.

    A number is its digits; of texts by language the German one counts; a list of one is that one.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        found = (value[key] for key in _IN_DICTS if isinstance(value.get(key), str))
        value = next((item for item in found if item.strip()), None)
    if isinstance(value, str):
        stripped = value.strip()
        return "" if _PLACEHOLDER.match(stripped) else stripped
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


class Values:
    """Fields that are taken one by one; what nobody took, or could read, is left as extras."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._left = dict(data)

    def take(self, name: str) -> Any:
        """The value as it is."""
        return self._left.pop(name, None)

    def leave(self, name: str, value: Any) -> None:
        """Put back what could not be read."""
        self._left[name] = value

    def drop(self, names: Iterable[str]) -> None:
        """Forget what says nothing."""
        for name in names:
            self._left.pop(name, None)

    def text(self, *names: str) -> str:
        """The first readable text of these fields."""
        for name in names:
            if found := text(self._left.get(name)):
                del self._left[name]
                return found
        return ""

    def texts(self, *names: str) -> list[str]:
        """The texts of the first of these fields that has any; also of a list written as JSON."""
        for name in names:
            value = _decoded(self._left.get(name))
            items = value if isinstance(value, list) else [value]
            if found := [read for item in items if (read := text(item))]:
                del self._left[name]
                if unread := [item for item in items if item not in _EMPTY and not text(item)]:
                    self._left[name] = unread
                return list(dict.fromkeys(found))
        return []

    def objects(self, name: str) -> list[dict[str, Any]]:
        """The objects of a field that holds one, or a list of them; the rest is left."""
        value = _decoded(self._left.get(name))
        items = value if isinstance(value, list) else [value]
        found = [item for item in items if isinstance(item, dict)]
        if found:
            del self._left[name]
            if unread := [item for item in items if item not in _EMPTY and item not in found]:
                self._left[name] = unread
        return found

    def agents(self, name: str, keys: Iterable[str]) -> list[dict[str, str]]:
        """Bodies of a field: objects as they are, else its text and ``name_email`` and the like."""
        if found := self.objects(name):
            return [{key: text(value) for key, value in item.items()} for item in found]
        agent = {key: self.text(f"{name}_{key}") for key in keys}
        agent["name"] = agent.get("name") or self.text(name)
        return [agent] if any(agent.values()) else []

    def places(self, name: str) -> list[dict[str, str]]:
        """Places of a field; one that cannot be read is left."""
        value = self._left.pop(name, None)
        several = isinstance(value, list) and not _numbers(value)
        items = value if several else [value]
        read = [(item, place(item)) for item in items if item not in _EMPTY]
        if unread := [item for item, found in read if not found]:
            self._left[name] = unread
        return [found for _item, found in read if found]

    def extras(self) -> list[dict[str, Any]]:
        """What is left, as CKAN's extras."""
        left = self._left.items()
        return [{"key": key, "value": value} for key, value in left if value not in _EMPTY]


_WKT = re.compile(r"(?i)^(multi)?(point|linestring|polygon)\s*\(|^geometrycollection")


def place(value: Any) -> dict[str, str]:
    """A place: GeoJSON, a box (``minx,miny,maxx,maxy``, an ArcGIS envelope), an address or a name.

    >>> place("Andernach")
    {'text': 'Andernach'}
    """
    value = _decoded(value)
    if isinstance(value, dict):
        corners = value.get("coordinates")
        if str(value.get("type")).lower() == "envelope":
            return _box(_numbers(corners))
        if "xmin" in value:
            return _box(_numbers([value.get(key) for key in ("xmin", "ymin", "xmax", "ymax")]))
        if isinstance(value.get("type"), str) and ("coordinates" in value or "geometry" in value):
            return {"geom": json.dumps(value, ensure_ascii=False)}
    elif isinstance(value, list):
        return _box(_numbers(value))
    elif isinstance(value, str):
        if numbers := _numbers(re.split(r"[,;\s]+", value.strip())):
            return _box(numbers)
        if re.match(r"(?i)^https?://\S+$", value.strip()):
            return {"uri": value.strip()}
    words = text(value) if not isinstance(value, int | float) else ""
    return {"text": words} if words and not _WKT.match(words) else {}


def _numbers(value: Any) -> list[float]:
    """The numbers of a list, or of its lists; nothing if anything else is in it."""
    out: list[float] = []
    for item in value if isinstance(value, list) else []:
        for part in item if isinstance(item, list) else [item]:
            try:
                number = float(part)
            except (TypeError, ValueError, OverflowError):
                return []
            if not math.isfinite(number):
                return []
            out.append(number)
    return out


def _box(numbers: list[float]) -> dict[str, str]:
    """A box as GeoJSON; nothing if it is none, or not in degrees."""
    if len(numbers) != 4:
        return {}
    west, south, east, north = numbers
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return {}
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"bbox": json.dumps({"type": "Polygon", "coordinates": [ring]})}


def _decoded(value: Any) -> Any:
    """A list or object that is written as JSON text, else the value itself."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
