"""Files: their kind, size, button and address in words."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlparse

from babel.numbers import format_decimal
from ckan.plugins import toolkit
from ckanext.myk.helpers.texts import language


def formats(record: dict[str, Any]) -> list[str]:
    """Return the formats of a record's files, each once."""
    found = (str(file.get("format") or "").strip() for file in record.get("resources") or [])
    return list(dict.fromkeys(name for name in found if name))


def file_kind(name: Any) -> str:
    """Return what a file format is for, in a word or two; empty when we do not know."""
    words: list[tuple[str, str]] = [
        ("csv tsv", toolkit._("Table")),
        ("xls xlsx ods", toolkit._("Spreadsheet")),
        ("geojson kml kmz gpx shp gml gpkg topojson", toolkit._("Map data")),
        ("wms wmts wfs", toolkit._("Map service")),
        ("pdf doc docx odt rtf txt md", toolkit._("Document")),
        ("html htm", toolkit._("Web page")),
        ("ics", toolkit._("Calendar")),
        ("gtfs", toolkit._("Timetable")),
        ("rss atom", toolkit._("News feed")),
        ("png jpg jpeg tif tiff gif svg webp", toolkit._("Picture")),
        ("zip 7z tar gz", toolkit._("Archive")),
        ("json xml parquet", toolkit._("Data for programs")),
        ("rdf ttl jsonld n3", toolkit._("Linked data")),
        ("api rest sparql odata", toolkit._("Interface for programs")),
    ]
    wanted = str(name or "").lower().strip()
    return next((word for group, word in words if wanted in group.split()), "")


def file_action(file: dict[str, Any]) -> str:
    """Return the verb for a file's button: what happens when one presses it."""
    name = str(file.get("format") or "").lower()
    if name in ("wms", "wmts", "wfs", "api", "rest", "sparql", "odata"):
        return toolkit._("Open the service")
    if file.get("url_type") == "upload" or name not in ("", "html", "htm"):
        return toolkit._("Download")
    return toolkit._("Open")


def size(value: Any) -> str:
    """Return a file size as people write it: ``12 KB``, ``1,4 MB``."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value or "")
    for unit in ("KB", "MB", "GB", "TB"):
        number /= 1000
        if number < 999.5 or unit == "TB":
            break
    digits = "0.#" if unit != "KB" and number < 100 else "0"
    shown = format_decimal(max(number, 1 if unit == "KB" else 0), digits, locale=language())
    return f"{shown} {unit}"


def host(url: Any) -> str:
    """Return the host of a web address, without ``www.``."""
    return (urlparse(str(url or "")).hostname or "").removeprefix("www.")


def short_address(url: Any) -> str:
    """Return a web address as people read it: without the scheme, its middle cut when long."""
    plain = re.sub(r"^https?://(www\.)?", "", str(url or "")).rstrip("/")
    return plain if len(plain) <= 70 else f"{plain[:40]}…{plain[-25:]}"
