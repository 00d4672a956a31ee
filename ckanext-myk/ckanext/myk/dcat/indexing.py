"""Index fields of a dataset: what is stored as JSON becomes values to search and to count.

Called from the plugin's ``before_dataset_index``. CKAN hands over a flat dictionary in which lists
are JSON texts or were joined with spaces; the record itself, with its lists and objects, is beside
it in ``validated_data_dict``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from ckan import model
from ckanext.scheming.helpers import scheming_get_dataset_schema

_LISTS = re.compile(r"scheming_multiple_|\bmultiple_")
_ISO = re.compile(r"^(\d{4})(?:-(\d\d))?(?:-(\d\d))?")


def index_fields(pkg_dict: dict[str, Any]) -> dict[str, Any]:
    """Replace lists and objects of ``pkg_dict`` by index values; returns the same dictionary.

    Adds ``res_license`` (ids of the licences of dataset and files), ``temporal_start`` and
    ``temporal_end`` (ISO 8601, UTC), ``spatial`` (the first shape, GeoJSON), ``bbox`` (degrees),
    ``spatial_text``, ``publisher_name``, ``contact_name``, ``organization_title`` and
    ``group_titles`` (as many as ``groups``, in that order).
    """
    record = _record(pkg_dict)
    lists, objects = _field_kinds(str(pkg_dict.get("type") or "dataset"))
    for name in lists:
        value = record.get(name)
        values = value if isinstance(value, list) else _loaded_list(pkg_dict.get(name))
        _set(pkg_dict, name, [str(item) for item in values if item])
    for name in objects:
        for key in [key for key in pkg_dict if key in (name, f"extras_{name}")]:
            del pkg_dict[key]
        for subfield, values in _by_subfield(_objects(record.get(name))).items():
            pkg_dict.setdefault(f"extras_{name}__{subfield}", " ".join(values))
    for key, value in {**_summary(record), **_titles(record, pkg_dict)}.items():
        pkg_dict.setdefault(key, value)
    for key in [key for key, value in pkg_dict.items() if _is_noise(key, value)]:
        del pkg_dict[key]
    for key, value in list(pkg_dict.items()):
        # Whatever another extension stored: the index takes texts, numbers and lists of them.
        if isinstance(value, dict) or (
            isinstance(value, list) and any(isinstance(item, dict | list) for item in value)
        ):
            pkg_dict[key] = json.dumps(value, ensure_ascii=False)
    return pkg_dict


# Bookkeeping of the harvester: found by its own field, not by words of a search.
_BOOKKEEPING = re.compile(r"^extras_(harvest_\w+|harvested_at|identifier|uri)$")
_MACHINE = re.compile(r"^(https?://\S+(\s+https?://\S+)*|[\[{].*)$", re.DOTALL)


def _is_noise(key: str, value: Any) -> bool:
    """Copies in ``extras_…`` that only machines read.

    The index looks for bare words in all of them: "Europa" would find every record whose theme is
    an address at europa.eu.
    """
    if not key.startswith("extras_"):
        return False
    texts = value if isinstance(value, list) else [value]
    return bool(_BOOKKEEPING.match(key)) or all(_MACHINE.match(str(text)) for text in texts)


def _record(pkg_dict: dict[str, Any]) -> dict[str, Any]:
    try:
        record = json.loads(pkg_dict.get("validated_data_dict") or "{}")
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _field_kinds(dataset_type: str) -> tuple[list[str], list[str]]:
    """Names of the fields that are lists of texts, and of those that are lists of objects."""
    schema = scheming_get_dataset_schema(dataset_type) or {}
    lists, objects = [], []
    for field in schema.get("dataset_fields", []):
        if "repeating_subfields" in field:
            objects.append(field["field_name"])
        elif _LISTS.search(f"{field.get('validators', '')} {field.get('preset', '')}"):
            lists.append(field["field_name"])
    return lists, objects


def _summary(record: dict[str, Any]) -> dict[str, Any]:
    periods = [*_objects(record.get("temporal_coverage")), *_own_period(record)]
    places = _objects(record.get("spatial_coverage"))
    starts = sorted(filter(None, (_moment(period.get("start"), last=False) for period in periods)))
    ends = sorted(filter(None, (_moment(period.get("end"), last=True) for period in periods)))
    named = [place.get("text") for place in places] + [record.get("geocoding_description")]
    out = {
        "res_license": _licences(record),
        "temporal_start": starts[0] if starts else None,
        "temporal_end": ends[-1] if ends and len(ends) == len(periods) else None,
        "spatial_text": _unique(named),
        "spatial": _shape(places),
        "bbox": bounding_box(places),
        "publisher_name": _unique(a.get("name") for a in _objects(record.get("publisher"))),
        "contact_name": _unique(a.get("name") for a in _objects(record.get("contact"))),
    }
    return {key: value for key, value in out.items() if value}


def _own_period(record: dict[str, Any]) -> list[dict[str, Any]]:
    """When an event takes place, or a document was written: the time that it is looked for by."""
    start, end = record.get("start"), record.get("end")
    if record.get("type") == "document":
        start = end = record.get("document_date")
    return [{"start": start, "end": end or start}] if start else []


def _titles(record: dict[str, Any], pkg_dict: dict[str, Any]) -> dict[str, Any]:
    """What people call the publisher and the hubs that the index knows by name."""
    out: dict[str, Any] = {}
    organisation = record.get("organization")
    if isinstance(organisation, dict) and organisation.get("title"):
        out["organization_title"] = str(organisation["title"])
    called = {hub.get("name"): hub.get("title") for hub in _objects(record.get("groups"))}
    names = pkg_dict.get("groups")
    if isinstance(names, list) and names:
        out["group_titles"] = [str(called.get(name) or name) for name in names]
    return out


def _shape(places: list[dict[str, Any]]) -> str:
    """The first outline, box or point among ``places``, as GeoJSON."""
    for key in ("geom", "bbox", "centroid"):
        for place in places:
            if value := place.get(key):
                return value if isinstance(value, str) else json.dumps(value)
    return ""


def bounding_box(places: list[dict[str, Any]]) -> str:
    """The smallest box around all shapes: ``west,south,east,north`` in degrees, or nothing."""
    points: list[tuple[float, float]] = []
    for place in places:
        for key in ("geom", "bbox", "centroid"):
            value = place.get(key)
            if isinstance(value, str):
                try:
                    value = json.loads(value)
                except ValueError:
                    continue
            if isinstance(value, dict):
                points.extend(_points(value.get("coordinates")))
    if not points:
        return ""
    east_west, north_south = zip(*points, strict=True)
    corners = (min(east_west), min(north_south), max(east_west), max(north_south))
    return ",".join(str(corner) for corner in corners)


def _points(coordinates: Any) -> Iterator[tuple[float, float]]:
    """All positions of a GeoJSON geometry that lie on the earth."""
    if not isinstance(coordinates, list):
        return
    if len(coordinates) >= 2 and all(isinstance(number, int | float) for number in coordinates[:2]):
        east_west, north_south = float(coordinates[0]), float(coordinates[1])
        if abs(east_west) <= 180 and abs(north_south) <= 90:
            yield east_west, north_south
        return
    for part in coordinates:
        yield from _points(part)


def _licences(record: dict[str, Any]) -> list[str]:
    resources = record.get("resources") or []
    found = [resource.get("license") for resource in resources if isinstance(resource, dict)]
    ids = _licence_ids()
    own = [record.get("license_id")] if not all(found) or not found else []
    return _unique(ids.get(_fold(value), value) for value in [*own, *found] if value)


@lru_cache(maxsize=1)
def _licence_ids() -> dict[str, str]:
    """Folded URI or alias of a licence to its id; the register does not change while we run."""
    out: dict[str, str] = {}
    for licence in model.Package.get_license_register().values():
        data = licence.license_dictize()
        for name in [data.get("url"), data.get("id"), *(data.get("aliases") or [])]:
            if name:
                out.setdefault(_fold(name), data["id"])
    return out


def _fold(value: str) -> str:
    value = re.sub(r"(?<=/)(\d)_(\d)$", r"\1.\2", value.strip().rstrip("/"))
    return re.sub(r"^https?://(www\.)?", "", value.casefold())


def _moment(value: Any, *, last: bool) -> str:
    """The first (or last) second of a year, month or day, as an index date, or nothing."""
    match = _ISO.match(str(value or ""))
    if not match:
        return ""
    month = match[2] or ("12" if last else "01")
    days = "31" if month in {"01", "03", "05", "07", "08", "10", "12"} else "30"
    day = match[3] or ("01" if not last else "28" if month == "02" else days)
    return f"{match[1]}-{month}-{day}T{'23:59:59' if last else '00:00:00'}Z"


def _set(pkg_dict: dict[str, Any], name: str, values: list[str]) -> None:
    if values:
        pkg_dict[name] = values
        if f"extras_{name}" in pkg_dict:
            pkg_dict[f"extras_{name}"] = values
    else:
        pkg_dict.pop(name, None)
        pkg_dict.pop(f"extras_{name}", None)


def _loaded_list(value: Any) -> list[Any]:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in _loaded_list(value) if isinstance(item, dict)]


def _by_subfield(items: list[dict[str, Any]]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for item in items:
        for key, value in item.items():
            if value and not isinstance(value, dict | list):
                out.setdefault(key, []).append(str(value))
    return out


def _unique(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values if value))
