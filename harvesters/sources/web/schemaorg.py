"""Datasets that a page describes for search engines (schema.org, as JSON-LD)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lxml import etree

from harvesters.sources.documents import ending_of_type
from harvesters.sources.web.addresses import in_full

_DEPTH = 12
_MOST = 1000  # datasets of one page
_INSIDE = (
    "@graph",
    "dataset",
    "mainEntity",
    "itemListElement",
    "item",
    "hasPart",
    "mainEntityOfPage",
)


def datasets(root: etree._Element) -> Iterator[dict[str, Any]]:
    """Each Dataset object in the page's JSON-LD, also in a catalogue or a graph."""
    found = 0
    for node in root.iter("script"):
        if (node.get("type") or "").split(";")[0].strip().lower() != "application/ld+json":
            continue
        try:
            data = json.loads(node.text or "")
        except (ValueError, RecursionError):
            continue  # pages with broken JSON-LD are common, and none of a portal's business
        for item in _walk(data, 0):
            found += 1
            if found > _MOST:
                return
            yield item


def _walk(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, depth + 1)
    elif isinstance(value, dict):
        if "Dataset" in _types(value):
            yield value
        else:
            for key in _INSIDE:
                if isinstance(value.get(key), dict | list):
                    yield from _walk(value[key], depth + 1)


def _types(item: dict[str, Any]) -> set[str]:
    types = item.get("@type")
    names = types if isinstance(types, list) else [types]
    return {str(name).rsplit("/", 1)[-1].removeprefix("schema:") for name in names}


def identity(item: dict[str, Any], page: str) -> str:
    """What the dataset is known by: its ``@id``, identifier or address; else page and name."""
    for key in ("@id", "identifier", "url"):
        value = text(item.get(key))
        if value and not value.startswith(("_:", "#")):
            return value
    return f"{page}#{text(item.get('name'))}"


def fields(item: dict[str, Any], page: str) -> dict[str, Any]:
    """The dataset as CKAN fields."""
    out: dict[str, Any] = {
        "title": text(item.get("name")) or text(item.get("headline")),
        "notes": text(item.get("description")) or text(item.get("abstract")),
        "url": in_full(text(item.get("url")), page) or page,
        "identifier": text(item.get("identifier")),
        "issued": text(item.get("datePublished")) or text(item.get("dateCreated")),
        "modified": text(item.get("dateModified")),
        "version": text(item.get("version")),
        "license_id": text(item.get("license")),
        "language": texts(item.get("inLanguage")),
        "tags": [{"name": word} for word in _keywords(item.get("keywords"))],
        "publisher": [_agent(agent) for agent in _objects(item.get("publisher"))],
        "creator": [_agent(agent) for agent in _organisations(item.get("creator"))],
        "temporal_coverage": _periods(texts(item.get("temporalCoverage"))),
        "spatial_coverage": _places(item.get("spatialCoverage")),
        "resources": [_resource(part, page) for part in _objects(item.get("distribution"))],
    }
    uri = text(item.get("@id"))
    out["uri"] = uri if uri.startswith(("http://", "https://")) else ""
    contacts = [
        {
            "name": agent.get("name"),
            **{key: agent[key] for key in ("email", "telephone") if key in agent},
        }
        for agent in map(_contact, _objects(item.get("publisher")))
    ]
    out["contact"] = [contact for contact in contacts if len(contact) > 1]
    return out


def text(value: Any) -> str:
    """A text, whichever way JSON-LD may put it: German, if there are several."""
    if isinstance(value, list):
        german = [
            v for v in value if isinstance(v, dict) and str(v.get("@language", "")).startswith("de")
        ]
        return next(filter(None, map(text, [*german, *value])), "")
    if isinstance(value, dict):
        for key in ("@value", "value", "name", "url", "@id"):
            if isinstance(value.get(key), str | int | float):
                return str(value[key]).strip()
        return ""
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value).strip() if plain else ""


def texts(value: Any) -> list[str]:
    """Each text of a list, or the only one."""
    return list(filter(None, map(text, value if isinstance(value, list) else [value])))


def _keywords(value: Any) -> list[str]:
    return [word.strip() for item in texts(value) for word in item.split(",") if word.strip()]


def _objects(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    return [
        item if isinstance(item, dict) else {"name": item}
        for item in items
        if isinstance(item, dict) or (isinstance(item, str) and item.strip())
    ]


def _organisations(value: Any) -> list[dict[str, Any]]:
    """Who made it, unless that is a person."""
    return [item for item in _objects(value) if "Person" not in _types(item)]


def _agent(item: dict[str, Any]) -> dict[str, str]:
    uri = text(item.get("@id"))
    return {
        "name": text(item.get("name")) or text(item.get("legalName")),
        "email": text(item.get("email")),
        "url": text(item.get("url")),
        "uri": uri if uri.startswith("http") else "",
    }


def _contact(item: dict[str, Any]) -> dict[str, str]:
    point = next(iter(_objects(item.get("contactPoint"))), item)
    found = {
        "name": text(point.get("name")) or text(item.get("name")),
        "email": text(point.get("email")),
        "telephone": text(point.get("telephone")),
    }
    return {key: value for key, value in found.items() if value}


def _periods(values: list[str]) -> list[dict[str, str]]:
    """``2020-01-01/2020-12-31``, ``2020/..`` or a single date."""
    out = []
    for value in values:
        start, parted, end = value.partition("/")
        period = {"start": start.strip(" ."), "end": end.strip(" .") if parted else ""}
        out.append({key: day for key, day in period.items() if day})
    return [period for period in out if period]


def _places(value: Any) -> list[dict[str, str]]:
    out = []
    for item in _objects(value):
        place: dict[str, str] = {"text": text(item.get("name"))}
        geo = next(iter(_objects(item.get("geo"))), {})
        try:
            longitude, latitude = float(geo["longitude"]), float(geo["latitude"])
        except (KeyError, TypeError, ValueError):
            pass
        else:
            if abs(longitude) <= 180 and abs(latitude) <= 90:
                point = {"type": "Point", "coordinates": [longitude, latitude]}
                place["centroid"] = json.dumps(point)
        out.append({key: value for key, value in place.items() if value})
    return [place for place in out if place]


def _resource(item: dict[str, Any], page: str) -> dict[str, Any]:
    download = in_full(text(item.get("contentUrl")), page)
    access = in_full(text(item.get("url")), page) or download
    kind = text(item.get("encodingFormat")) or text(item.get("fileFormat"))
    return {
        "name": text(item.get("name")),
        "description": text(item.get("description")),
        "url": download or access,
        "access_url": access,
        "download_url": download,
        "format": (ending_of_type(kind) or kind).upper()
        if "/" not in kind or ending_of_type(kind)
        else kind,
        "mimetype": kind if "/" in kind else "",
        "license": text(item.get("license")),
        "modified": text(item.get("dateModified")),
    }
