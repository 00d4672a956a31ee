"""OGC's newer interfaces: JSON documents with links, extents and pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from harvesters import eu, rdf
from harvesters.errors import SourceError
from harvesters.fetch import Fetcher
from harvesters.sources.geo import common as geo

ACCEPT = "application/geo+json, application/json;q=0.9, */*;q=0.1"
_OGC_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/"
_MEDIA_TYPES = {
    "application/vnd.ogc.fg+json": "JSON-FG", "application/flatgeobuf": "FlatGeobuf",
    "application/geopackage+sqlite3": "GPKG", "application/vnd.shp": "SHP",
}  # fmt: skip


def document(fetcher: Fetcher, address: str) -> dict[str, Any]:
    """The JSON object at ``address``. Raises SourceError, one line, if there is none."""
    content = fetcher.get(address, accept=ACCEPT).content
    if not content.strip():
        raise SourceError(f"{address} is empty.")
    if rdf.sniff(content[:4096]) == "html":
        raise SourceError(f"{address} is a web page (HTML), not JSON.")
    try:
        data = json.loads(content, parse_constant=lambda _name: None)
    except RecursionError as error:
        raise SourceError(f"{address} is nested too deeply.") from error
    except json.JSONDecodeError as error:
        if not error.doc[error.pos :].strip() or error.msg.startswith("Unterminated"):
            raise SourceError(f"{address} is cut off: the JSON ends too early.") from error
        raise SourceError(f"{address} is not valid JSON: {error.msg}.") from error
    except ValueError as error:  # another encoding, a number of a thousand digits
        raise SourceError(f"{address} is not valid JSON: {str(error)[:200]}.") from error
    if not isinstance(data, dict):
        raise SourceError(f"{address} is no JSON object.")
    return data


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a document; ``href`` is absolute."""

    href: str
    rel: str = ""
    type: str = ""
    title: str = ""
    protocol: str = ""
    size: int = 0

    @property
    def format(self) -> str:
        """The usual name of its format, or nothing."""
        kind = self.type.split(";")[0].strip().lower()
        return _MEDIA_TYPES.get(kind) or (eu.format_label(kind) if kind else "")


def links(data: dict[str, Any], base: str) -> list[Link]:
    """The links of ``data``; those that are none are left out."""
    out = []
    for item in objects(data.get("links")):
        if not (target := words(item.get("href"))):
            continue
        try:
            target = urljoin(base, target)
        except ValueError:
            continue
        if geo.usable(target):
            rel = words(item.get("rel")).removeprefix(_OGC_RELATION)
            size = item.get("length")
            out.append(
                Link(
                    target, rel, words(item.get("type")), words(item.get("title")),
                    words(item.get("protocol")), size if isinstance(size, int) else 0,
                )
            )  # fmt: skip
    return out


def linked(found: list[Link], rel: str) -> str:
    """The address of a relation, in JSON where there is a choice, or nothing."""
    ranked = sorted((link for link in found if link.rel == rel), key=lambda k: "json" not in k.type)
    return ranked[0].href if ranked else ""


def beneath(address: str, *steps: str) -> str:
    """The address of something below another, such as its ``collections``."""
    parts = urlsplit(address)
    path = "/".join((parts.path.rstrip("/"), *steps))
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def limited(address: str, limit: int) -> str:
    """``address`` with ``limit=``, unless it says how many already."""
    parts = urlsplit(address)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if not any(key == "limit" for key, _ in query):
        query.append(("limit", str(limit)))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))


# -- values ----------------------------------------------------------------------------------------


def words(value: Any) -> str:
    """A text, of a number its digits, else nothing. Halves of characters are left out."""
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode().strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def listed(value: Any) -> list[Any]:
    """A list, or a list of the one value, or of nothing."""
    return value if isinstance(value, list) else [] if value is None else [value]


def objects(value: Any) -> list[dict[str, Any]]:
    """The JSON objects of a list."""
    return [item for item in listed(value) if isinstance(item, dict)]


def places(extent: Any) -> list[dict[str, str]]:
    """``spatial_coverage`` from an extent: the first box is the whole."""
    spatial = extent.get("spatial") if isinstance(extent, dict) else None
    boxes = listed(spatial.get("bbox")) if isinstance(spatial, dict) else []
    numbers = boxes[0] if boxes and isinstance(boxes[0], list) else boxes
    if len(numbers) == 6:  # with heights
        numbers = [*numbers[:2], *numbers[3:5]]
    corners = geo.box(*numbers) if len(numbers) == 4 else None
    return [geo.box_place(corners)] if corners else []


def periods(value: Any) -> list[dict[str, str]]:
    """``temporal_coverage`` from a ``time`` or a temporal extent; ``..`` is an open end."""
    if not isinstance(value, dict):
        return []
    out = []
    intervals = listed(value.get("interval"))
    if intervals and not isinstance(intervals[0], list):
        intervals = [intervals]
    moments = (value.get("date"), value.get("timestamp"))
    for ends in [*intervals, *([moment, moment] for moment in moments if moment)]:
        if isinstance(ends, list) and len(ends) == 2:
            start, end = ("" if words(end) == ".." else words(end) for end in ends)
            if start or end:
                out.append({"start": start, "end": end})
    return out


def reading(
    paging: geo.Paging, fetcher: Fetcher, first: str, key: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Pages with a list ``key``, following ``rel=next``; ends as ``paging`` says."""
    for address in paging.pages(first):
        try:
            data = document(fetcher, address)
            if not isinstance(data.get(key), list):
                raise SourceError(f"{address} has no list of {key}.")
        except SourceError as error:
            paging.failed(error)
            return
        paging.following = linked(links(data, address), "next")
        yield address, data
