"""OGC API Features: a server's collections of vector data, read from its landing page on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field

from harvesters.model import CatalogueInfo, RawRecord, Record, RecordRef
from harvesters.sources.base import Options, Source
from harvesters.sources.geo import common as geo
from harvesters.sources.geo import ogcapi
from harvesters.sources.geo.layers import crs_address
from harvesters.sources.geo.ogcapi import Link, linked, links, objects, words
from harvesters.sources.geo.terms import licence_in


class OgcFeaturesOptions(Options):
    """Options of an OGC API Features source."""

    collections: list[str] = Field(
        [], description="ids of the collections to take; empty: all of them"
    )
    max_pages: int = Field(1000, ge=1, description="stop after so many pages of collections")


@dataclass(slots=True)
class _Server:
    """What the landing page says; it holds for all collections."""

    address: str
    title: str = ""
    description: str = ""
    description_address: str = ""  # of its OpenAPI document
    links: tuple[Link, ...] = ()


class OgcFeaturesSource(Source[OgcFeaturesOptions]):
    """One dataset of each collection."""

    name: ClassVar[str] = "ogcfeatures"
    summary: ClassVar[str] = "Vector data of a server with OGC API Features"
    options_type: ClassVar[type[Options]] = OgcFeaturesOptions

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """A JSON landing page or list of collections, unless it is one of records."""
        if not head.lstrip().startswith(b"{") or re.search(rb'"itemType"\s*:\s*"record"', head):
            return False
        landing = b'"links"' in head and re.search(
            rb'"(http://www\.opengis\.net/def/rel/ogc/1\.0/)?conformance"', head
        )
        return bool(landing) or (b'"collections"' in head and b'"links"' in head)

    def discover(self) -> Iterator[RecordRef]:
        """Collections page by page; identity is the collection's address."""
        server, first = self._server()
        paging = geo.Paging(self, self.options.max_pages)
        wanted = set(self.options.collections)
        missing = set(wanted)
        for address, data in ogcapi.reading(paging, self.fetcher, first, "collections"):
            for collection in objects(data["collections"]):
                name = words(collection.get("id")) or words(collection.get("name"))
                if collection.get("itemType", "feature") != "feature" or not name:
                    continue
                own = ogcapi.beneath(server.address, "collections", quote(name, safe=""))
                if paging.is_new(own) and (not wanted or name in wanted):
                    missing.discard(name)
                    yield RecordRef(own, own, (server, collection, address))
        if missing:
            self.warnings.append(f"there is no collection {', '.join(sorted(missing))}")

    def _server(self) -> tuple[_Server, str]:
        """The landing page, and the address of the collections."""
        address = geo.own_address(self)
        data = ogcapi.document(self.fetcher, address)
        root = re.sub(r"/collections/?(\?.*)?$", "", geo.service_address(address)).rstrip("/")
        if isinstance(data.get("collections"), list):
            return _Server(root), address
        found = links(data, address)
        server = _Server(
            root, words(data.get("title")), words(data.get("description")),
            linked(found, "service-desc") or linked(found, "service-doc"), tuple(found),
        )  # fmt: skip
        return server, linked(found, "data") or ogcapi.beneath(root, "collections")

    def fetch(self, ref: RecordRef) -> RawRecord:
        """Nothing to fetch: the list of collections has it all."""
        server, collection, address = ref.handle
        title = self.config.label() if self.config.title else server.title
        fields = self._fields(ref, server, collection, links(collection, address))
        return RawRecord(ref, fields, CatalogueInfo(title=title))

    def normalise(self, raw: RawRecord) -> Record:
        """Clean what was read, and find the record's organisation."""
        return geo.finish(self, raw)

    def _fields(
        self, ref: RecordRef, server: _Server, collection: dict[str, Any], found: list[Link]
    ) -> dict[str, Any]:
        extent = collection.get("extent")
        resources = list(_files(ref, server, found))
        licence = _licence(found) or _licence(list(server.links))
        for resource in resources:
            resource["license"] = licence
        systems = [collection.get("storageCrs"), *ogcapi.listed(collection.get("crs"))]
        temporal = extent.get("temporal") if isinstance(extent, dict) else None
        pages = [link.href for link in found if link.rel in ("describedby", "about", "canonical")]
        return {
            "title": words(collection.get("title")) or words(collection.get("id")),
            "notes": words(collection.get("description")) or server.description,
            "identifier": ref.identity, "uri": ref.uri,
            "url": next((k.href for k in found if "html" in k.type and k.rel != "items"), ""),
            "documentation": pages,
            "license_id": licence,
            "tags": geo.tags(words(word) for word in ogcapi.listed(collection.get("keywords"))),
            "spatial_coverage": ogcapi.places(extent),
            "temporal_coverage": ogcapi.periods(temporal),
            "conforms_to": list(dict.fromkeys(filter(None, map(_system, systems)))),
            "resources": resources,
            "extras": geo.extras(attribution_text=words(collection.get("attribution"))),
        }  # fmt: skip


def _files(ref: RecordRef, server: _Server, found: list[Link]) -> Iterator[dict[str, Any]]:
    """The items in each format that they are offered in, and whole files."""
    items = [link for link in found if link.rel == "items"]
    if not items:
        items = [Link(ogcapi.beneath(ref.identity, "items"), "items", "application/geo+json")]
    service = {
        "title": server.title or "OGC API Features",
        "endpoint_url": [server.address],
        "endpoint_description": server.description_address,
    }
    for link in items:
        label = link.format or "GeoJSON"
        yield {
            "name": link.title or label, "access_url": link.href, "format": label,
            "mimetype": link.type.split(";")[0], "access_services": [service],
        }  # fmt: skip
    for link in found:
        if link.rel == "enclosure":
            yield {
                "name": link.title or link.format, "access_url": link.href,
                "download_url": link.href, "format": link.format, "size": link.size or "",
                "mimetype": link.type.split(";")[0],
            }  # fmt: skip


def _licence(found: list[Link]) -> str:
    """Of a link ``rel=license``: the licence that its address or title names, else the address."""
    for link in found:
        if link.rel == "license":
            return licence_in(link.href) or licence_in(link.title) or link.href
    return ""


def _system(value: Any) -> str:
    text = words(value)
    return crs_address(text) or (text if text.startswith("http") else "")
