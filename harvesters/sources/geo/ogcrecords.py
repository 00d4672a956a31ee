"""OGC API Records: geodata catalogues of the newer kind, records as GeoJSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from harvesters.errors import RecordError, SourceError
from harvesters.model import CatalogueInfo, RawRecord, Record, RecordRef
from harvesters.sources.base import Options, Source
from harvesters.sources.geo import common as geo
from harvesters.sources.geo import ogcapi
from harvesters.sources.geo.iso19139 import TOPICS, theme_fields
from harvesters.sources.geo.iso_text import agents
from harvesters.sources.geo.ogcapi import Link, linked, links, listed, objects, words
from harvesters.sources.geo.terms import read_terms

_DATA = frozenset({"enclosure", "data", "item", "items", "download", "service", "distribution"})
# Links that lead around in the catalogue, or are read elsewhere.
_AROUND = frozenset({
    "self", "alternate", "collection", "root", "parent", "next", "prev", "up", "license",
    "preview", "thumbnail", "icon", "search",
})  # fmt: skip
_READ = frozenset({
    "title", "description", "keywords", "themes", "contacts", "license", "rights", "created",
    "updated", "language", "languages", "resourceLanguages", "externalIds", "formats", "type",
    "extent", "time", "providers",
})  # fmt: skip


class OgcRecordsOptions(Options):
    """Options of an OGC API Records source."""

    collections: list[str] = Field(
        [], description="ids of the catalogues to read on a server; empty: all of them"
    )
    page_size: int = Field(100, ge=1, le=10_000, description="records asked for at once")
    max_pages: int = Field(10_000, ge=1, description="stop after so many pages of one catalogue")


class OgcRecordsSource(Source[OgcRecordsOptions]):
    """Reads a catalogue's items, page by page; each record comes whole."""

    name: ClassVar[str] = "ogcrecords"
    summary: ClassVar[str] = "Geodata catalogue with OGC API Records (GeoJSON)"
    options_type: ClassVar[type[Options]] = OgcRecordsOptions

    _total: int | None = None

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """GeoJSON of records, or a collection or landing page that speaks of records."""
        if not head.lstrip().startswith(b"{"):
            return False
        if re.search(rb'"itemType"\s*:\s*"record"|/spec/ogcapi-records', head):
            return True
        return b'"FeatureCollection"' in head and bool(
            re.search(rb'"(contacts|themes|externalIds)"\s*:\s*\[', head)
        )

    @property
    def total(self) -> int | None:
        """``numberMatched``."""
        return self._total

    def discover(self) -> Iterator[RecordRef]:
        """Records of each catalogue, page by page; identity is the record's id."""
        seen: set[str] = set()
        for first, title in self._catalogues():
            origin = CatalogueInfo(title=self.config.label() if self.config.title else title)
            paging = geo.Paging(self, self.options.max_pages, seen)
            came = announced = 0
            try:
                for address, page in ogcapi.reading(paging, self.fetcher, first, "features"):
                    features = listed(page["features"])
                    came += len(features)
                    matched = page.get("numberMatched")
                    if paging.number == 1 and isinstance(matched, int):
                        announced = matched
                        self._total = (self._total or 0) + matched
                    for number, feature in enumerate(features, came - len(features)):
                        identity = _identity(feature) or f"{first}#{number}"
                        if paging.is_new(identity):
                            yield RecordRef(
                                identity, _uri(feature, address), (feature, address, origin)
                            )
            except SourceError as error:
                if not seen:
                    raise
                paging.stop(f"{first} could not be read: {error}")
            if self.complete and came < announced:
                paging.stop(f"{first} gave {came} of the {announced} records that it announced")

    def _catalogues(self) -> Iterator[tuple[str, str]]:
        """Addresses of the items, and the catalogues' titles."""
        address, size = geo.own_address(self), self.options.page_size
        path = address.split("?")[0].rstrip("/")
        if path.endswith("/items"):
            yield ogcapi.limited(address, size), ""
            return
        data = ogcapi.document(self.fetcher, address)
        found = links(data, address)
        if isinstance(data.get("features"), list):
            yield address, ""
        elif items := linked(found, "items"):
            yield ogcapi.limited(items, size), words(data.get("title"))
        else:
            yield from self._of_server(address, data)

    def _of_server(self, address: str, data: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """From a landing page or a list of collections."""
        if not isinstance(data.get("collections"), list):
            address = linked(links(data, address), "data") or ogcapi.beneath(address, "collections")
            data = ogcapi.document(self.fetcher, address)
        wanted, none = set(self.options.collections), True
        for collection in objects(data.get("collections")):
            name, kind = words(collection.get("id")), collection.get("itemType")
            if name in wanted if wanted else kind == "record":
                none = False
                items = linked(links(collection, address), "items") or ogcapi.beneath(
                    address, name, "items"
                )
                title = words(collection.get("title")) or words(data.get("title"))
                yield ogcapi.limited(items, self.options.page_size), title
        if none:
            raise SourceError(f"{address} has no collection of records.")

    def fetch(self, ref: RecordRef) -> RawRecord:
        """Nothing to fetch: the page has the whole record."""
        feature, address, origin = ref.handle
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            raise RecordError("is no record: it has no properties")
        return RawRecord(ref, _fields(ref, feature, _links(feature, address)), origin)

    def normalise(self, raw: RawRecord) -> Record:
        """Clean what was read, and find the record's organisation."""
        return geo.finish(self, raw)


def _identity(feature: Any) -> str:
    return words(feature.get("id")) if isinstance(feature, dict) else ""


def _uri(feature: Any, address: str) -> str:
    """The dataset's own address among its other identifiers, else that of the record."""
    own = next(filter(geo.usable, _external_ids(feature)), "")
    return own or linked(_links(feature, address), "self")


def _external_ids(feature: Any) -> list[str]:
    said = feature.get("properties") if isinstance(feature, dict) else None
    ids = objects(said.get("externalIds")) if isinstance(said, dict) else []
    return [words(item.get("value")) for item in ids]


def _links(feature: Any, address: str) -> list[Link]:
    return links(feature, address) if isinstance(feature, dict) else []


def _fields(ref: RecordRef, feature: dict[str, Any], found: list[Link]) -> dict[str, Any]:
    said: dict[str, Any] = feature["properties"]
    concepts = [
        concept
        for theme in objects(said.get("themes"))
        for concept in listed(theme.get("concepts"))
    ]
    ids = [_concept(concept) for concept in concepts]
    addresses = [text for text in ids if text.startswith("http")]
    topics = [text for text in ids if text in TOPICS]
    licence = words(said.get("license"))
    if licence.lower() in ("other", "various", "proprietary"):
        licence = ""
    linked_licence = linked(found, "license")
    rights = words(said.get("rights"))
    terms = read_terms([licence, linked_licence, rights], own_words=[linked_licence or licence])
    resources = list(_files(found))
    terms.apply(resources)
    extent = next(iter(objects(said.get("extent"))), {})
    time = feature.get("time") or said.get("time") or extent.get("temporal")
    languages = [
        words(item.get("code")) if isinstance(item, dict) else words(item)
        for item in listed(said.get("resourceLanguages") or said.get("language"))
    ]
    pages = [
        link.href for link in found
        if link.rel not in _DATA | _AROUND and not geo.service_kind(link.href, link.protocol)
    ]  # fmt: skip
    return {
        "title": words(said.get("title")), "notes": words(said.get("description")),
        "identifier": ref.identity,
        "alternate_identifier": _external_ids(feature), "uri": ref.uri,
        "issued": words(said.get("created")), "modified": words(said.get("updated")),
        "license_id": terms.licence,
        "language": languages,
        "tags": geo.tags(
            [*map(words, listed(said.get("keywords"))), *(_label(concept) for concept in concepts)]
        ),
        **theme_fields(topics, addresses),
        "spatial_coverage": _places(feature.get("geometry")) or ogcapi.places(extent),
        "temporal_coverage": ogcapi.periods(time),
        "dcat_type": words(said.get("type")),
        "url": next(iter(pages), ""), "documentation": pages[1:],
        "resources": resources,
        **agents(list(_contacts(said.get("contacts") or said.get("providers")))),
        "extras": [
            *geo.extras(**{key: value for key, value in said.items() if key not in _READ}),
            *geo.extras(
                use_constraints="" if resources else terms.rights, no_conditions=terms.free
            ),
        ],
    }  # fmt: skip


def _files(found: list[Link]) -> Iterator[dict[str, Any]]:
    """Distributions: links to data, and any link to a service."""
    for link in found:
        kind = geo.service_kind(link.href, link.protocol) if link.rel not in _AROUND else ""
        if link.rel not in _DATA and not kind:
            continue
        item: dict[str, Any] = {
            "name": link.title or kind or link.format,
            "access_url": link.href,
            "format": kind or link.format,
            "mimetype": link.type.split(";")[0],
        }
        if kind:
            item["access_services"] = [
                {"title": link.title or kind, "endpoint_url": [geo.service_address(link.href)]}
            ]
        elif link.rel in ("enclosure", "download"):
            item |= {"download_url": link.href, "size": link.size or ""}
        yield item


def _concept(concept: Any) -> str:
    """What a theme's concept is known by: an address before a name."""
    if not isinstance(concept, dict):
        return words(concept)
    known = [words(concept.get(key)) for key in ("url", "uri", "id")]
    return next((text for text in known if text.startswith("http")), known[-1])


def _label(concept: Any) -> str:
    """Its name, for the keywords; an address is none."""
    if isinstance(concept, dict):
        name = words(concept.get("title")) or words(concept.get("name")) or words(concept.get("id"))
    else:
        name = words(concept)
    return "" if name.startswith("http") or name in TOPICS else name


def _contacts(value: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """Role and agent; one that has several roles comes several times."""
    for item in objects(value):
        place = next(iter(objects(item.get("addresses"))), {})
        town = " ".join(filter(None, (words(place.get("postalCode")), words(place.get("city")))))
        agent = {
            "name": words(item.get("organization")) or words(item.get("name")),
            "email": _first(item, "emails", "value"),
            "telephone": _first(item, "phones", "value"),
            "url": _first(item, "links", "href"),
            "address": ", ".join(
                filter(None, (*map(words, listed(place.get("deliveryPoint"))), town))
            ),
        }
        for role in listed(item.get("roles")) or [""]:
            name = words(role.get("name")) if isinstance(role, dict) else words(role)
            yield name, {key: text for key, text in agent.items() if text}


def _first(item: dict[str, Any], key: str, name: str) -> str:
    found = (words(part.get(name)) for part in objects(item.get(key)))
    return next(filter(None, found), "")


def _places(geometry: Any) -> list[dict[str, str]]:
    """A rectangle as a bounding box, any other shape as it is."""
    if not isinstance(geometry, dict):
        return []
    try:
        [ring] = geometry["coordinates"]
        across, up = ({point[axis] for point in ring} for axis in (0, 1))
        if geometry["type"] == "Polygon" and len(across) == len(up) == 2 and len(ring) == 5:
            corners = geo.box(min(across), min(up), max(across), max(up))
            return [geo.box_place(corners)] if corners else []
    except (KeyError, TypeError, ValueError, IndexError):
        pass
    # What has no type is no geometry; as a list it is kept as unread.
    shape = geometry if isinstance(geometry.get("type"), str) else [geometry]
    return [{"geom": json.dumps(shape)}]
