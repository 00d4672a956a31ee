"""The distributions of an ISO 19139 record: online resources, and operations of a service."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from harvesters import safexml
from harvesters.safexml import find, find_all
from harvesters.sources.geo.common import (
    asks_for,
    request_address,
    service_address,
    service_kind,
    usable,
)
from harvesters.sources.geo.iso_text import code, value, values

_OGC = frozenset({"WMS", "WFS", "WMTS", "WCS", "CSW", "SOS"})
_SUFFIXES = frozenset({
    "csv", "gml", "geojson", "json", "shp", "gpkg", "kml", "kmz", "xml", "pdf", "tif", "tiff",
    "zip", "xlsx", "xls", "ods", "dxf", "laz", "las", "xyz", "txt", "png", "jpg", "jp2", "gpx",
})  # fmt: skip
# Kinds of service in INSPIRE's words, where nothing better is said.
_INSPIRE = {"view": "WMS", "discovery": "CSW"}


class Links:
    """Distributions (``resources``) and pages for people (``pages``) of one record."""

    def __init__(self, record: etree._Element, info: etree._Element | None) -> None:
        self.resources: list[dict[str, Any]] = []
        self.pages: list[str] = []
        #: Addresses that no browser can open, as they were written.
        self.unusable: list[str] = []
        self._seen: set[str] = set()
        self._formats = values(record, "distributionInfo/MD_Distribution//MD_Format/name")
        self._operations(info)
        for options in find_all(record, "distributionInfo//MD_DigitalTransferOptions"):
            nodes = find_all(options, "onLine/CI_OnlineResource")
            size = _bytes(value(options, "transferSize")) if len(nodes) == 1 else None
            for node in nodes:
                self._add(node, size=size)

    def _operations(self, info: etree._Element | None) -> None:
        """A service says where it is by its operations; GetCapabilities is the one to know."""
        type_ = value(info, "serviceType")
        versions = values(info, "serviceTypeVersion")
        hint = " ".join([*versions, type_, _INSPIRE.get(type_.lower(), "")])
        nodes = find_all(info, "containsOperations/SV_OperationMetadata")
        named = [(value(node, "operationName"), node) for node in nodes]
        first = [pair for pair in named if "capabilit" in pair[0].lower()]
        for name, node in first or named:
            for point in find_all(node, "connectPoint/CI_OnlineResource"):
                self._add(point, hint=hint, name=name)

    def _add(
        self, node: etree._Element, *, hint: str = "", name: str = "", size: int | None = None
    ) -> None:
        address = safexml.text(node, "linkage/URL") or value(node, "linkage")
        if not address:
            return
        if not usable(address):
            self.unusable.append(address)
            return
        protocol, title = value(node, "protocol"), value(node, "name")
        said = (protocol, value(node, "applicationProfile"), title, hint)
        kind = service_kind(address, *said)
        key = service_address(address) + kind if kind in _OGC else address
        if key in self._seen:
            return
        self._seen.add(key)
        function = code(node, "function/CI_OnLineFunctionCode")
        suffix = PurePosixPath(urlsplit(address).path).suffix.lower().lstrip(".")
        if not kind and function in ("information", "search", "order") and suffix not in _SUFFIXES:
            self.pages.append(address)
            return
        item: dict[str, Any] = {
            "name": title or (f"{kind} {name}".strip() if kind else ""),
            "description": value(node, "description"),
            "access_url": address,
            "format": kind or self._format(suffix, "" if function == "download" else protocol),
        }
        if kind in _OGC:
            item["access_services"] = [_service(address, kind, title)]
        elif kind == "" and (
            suffix in _SUFFIXES or (function == "download" and "http--link" not in protocol)
        ):
            item["download_url"] = address
            item["size"] = size
        self.resources.append(item)

    def _format(self, suffix: str, protocol: str) -> str:
        """By the name of the file, else the only format that the record names."""
        if suffix in _SUFFIXES and suffix != "zip":
            return suffix
        if len(set(self._formats)) == 1:
            return self._formats[0]
        if suffix:
            return suffix if suffix in _SUFFIXES else ""
        return "HTML" if re.search(r"(?i)link-1\.0-http--link|^https?$", protocol) else ""


def _service(address: str, kind: str, title: str) -> dict[str, Any]:
    base = service_address(address)
    capabilities = (
        address
        if asks_for(address, kind) and "getcapabilities" in address.lower()
        else request_address(base, SERVICE=kind, REQUEST="GetCapabilities")
    )
    return {
        "title": title or kind,
        "endpoint_url": [base],
        "endpoint_description": capabilities,
    }


def _bytes(megabytes: str) -> int | None:
    """ISO 19115 gives the size of a transfer in megabytes."""
    try:
        size = int(float(megabytes.replace(",", ".")) * 1_000_000)
    except (ValueError, OverflowError):
        return None
    return size if size > 0 else None


def related(info: etree._Element | None) -> list[str]:
    """The data that a service operates on, as far as they have an address."""
    found = (
        safexml.href(node) or safexml.text(find(node, "MD_Identifier/code"))
        for node in find_all(info, "operatesOn")
    )
    return [text for text in found if text.lower().startswith(("http://", "https://"))]
