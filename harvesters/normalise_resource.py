"""Distributions: what CKAN calls resources, and the portal calls files."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from harvesters import eu, shape
from harvesters.localfiles import is_file_address
from harvesters.text import clean_line, clean_text, web_address
from harvesters.unread import Unread

_NAME_LENGTH = 120  # a description up to this length may serve as a name
_LINES = (
    "license", "license_attribution_by_text", "compress_format", "package_format", "hash",
    "hash_algorithm", "temporal_resolution", "spatial_resolution_in_meters",
)  # fmt: skip


def resources(items: list[dict[str, Any]], unread: Unread) -> list[dict[str, Any]]:
    """The distributions as CKAN resources, in the order of their catalogue."""
    return [_resource(item, unread) for item in items]


def _resource(item: dict[str, Any], unread: Unread) -> dict[str, Any]:
    out: dict[str, Any] = {}
    out["uri"] = "" if is_file_address(str(item.get("uri") or "")) else str(item.get("uri") or "")
    for name in ("access_url", "download_url"):
        out[name] = unread.address(name, item.get(name))
    # A file to upload has no address yet, only a name.
    upload = item.get("url") and not re.match(r"(?i)^[a-z][a-z0-9+.-]*:", str(item["url"]))
    own = str(item["url"]) if upload else web_address(str(item.get("url") or ""))
    out["url"] = own or out["download_url"] or out["access_url"]
    if not out["url"]:
        unread.note("a distribution without an address")
    out["description"] = clean_text(str(item.get("description") or ""))
    out["rights"] = clean_text(str(item.get("rights") or ""))
    for name in _LINES:
        out[name] = clean_line(str(item.get(name) or ""))
    for name in ("issued", "modified"):
        out[name] = unread.date(name, item.get(name))
    out["availability"] = unread.choice(
        "availability", "planned-availability", item.get("availability")
    )
    out["status"] = unread.choice("status", "distribution-status", item.get("status"))
    for name in sorted(shape.RESOURCE_LISTS):
        out[name] = unread.values_of(name, item.get(name))
    out["language"] = unread.choices("language", "language", out["language"])
    out["format"], out["mimetype"] = _format(item)
    if str(item.get("size") or "").isdigit():
        out["size"] = int(item["size"])
    out["access_services"] = [
        _service(service, unread) for service in item.get("access_services") or []
    ]
    out["name"] = _name(item, out)
    return {key: value for key, value in out.items() if value or key == "url"}


def _name(item: dict[str, Any], out: dict[str, Any]) -> str:
    """The title; else a short description; else the file's name; else its format."""
    if title := clean_line(str(item.get("name") or "")):
        return title
    description = clean_line(str(item.get("description") or ""))
    if description and len(description) <= _NAME_LENGTH:
        return description
    last = unquote(urlsplit(out["url"]).path.rstrip("/").rsplit("/", 1)[-1])
    return last if re.search(r"\.\w{2,8}$", last) else str(out["format"])


def _format(item: dict[str, Any]) -> tuple[str, str]:
    """Format label and media type; either may stand in the other's place."""
    format_, mime = str(item.get("format") or ""), str(item.get("mimetype") or "")
    label = eu.format_label(format_) if format_ else ""
    if not label and mime:
        label = eu.format_label(mime)
    return label, eu.media_type(mime) or eu.media_type(format_)


def _service(item: dict[str, Any], unread: Unread) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key in shape.RESOURCE_OBJECTS["access_services"]:
        value = item.get(key)
        if key in ("endpoint_url", "conforms_to"):
            out[key] = unread.values_of(key, value)
        elif key == "description":
            out[key] = clean_text(str(value or ""))
        else:
            out[key] = clean_line(str(value or ""))
    return {key: value for key, value in out.items() if value}
