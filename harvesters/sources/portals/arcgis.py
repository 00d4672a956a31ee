"""ArcGIS Hub and its open data sites: their DCAT feeds, else their search."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlencode, urljoin, urlsplit

from pydantic import Field
from rdflib import DCAT, DCTERMS, RDF
from rdflib.namespace import FOAF

from harvesters.errors import AnswerError, SourceError
from harvesters.model import RawRecord, Record, RecordRef
from harvesters.sources.base import Options, Source
from harvesters.sources.dcat import DcatSource
from harvesters.sources.portals.datajson import DatajsonSource
from harvesters.sources.portals.json_source import Page, count
from harvesters.sources.portals.json_values import text
from harvesters.statements import BLANK, IRI, TEXT, Statement

_FEEDS = {
    "dcat-ap": ("dcat-ap/3.0.0.json", "dcat-ap/2.1.1.json", "dcat-ap/2.0.1.json"),
    "dcat-us": ("dcat-us/1.1.json",),
}
_MISSPELT = f"{DCAT}accessUrl"
_HOSTS = re.compile(r"(?i)(^|\.)(hub|opendata)\.arcgis\.com$")
_SIGNED = re.compile(rb"(?i)arcgis[ -]hub|hubcdn\.arcgis\.com|opendata-ui|ember-hub")
# 32 hexadecimal digits, and the number of a layer.
_ITEM = re.compile(r"([0-9a-f]{32})(?:_(\d+)|&sublayer=(\d+))?(?![0-9a-f])")


class ArcgisOptions(Options):
    """Options of an ArcGIS Hub site."""

    feed: Literal["auto", "dcat-ap", "dcat-us", "search"] = Field(
        "auto", description="what is read; auto: the first of the three that the site answers"
    )
    org_id: str = Field(
        "",
        pattern=r"^\w*$",
        description="for the search: the ArcGIS organisation, if the site does not tell it",
    )
    max_pages: int = Field(1000, ge=1, description="for the search: stop after so many pages")


class ArcgisSource(Source[ArcgisOptions]):
    """Finds the feed that a site offers, and reads it as the kind of source that it is.

    A record is known by its ArcGIS item, so that it stays the same whichever feed is read.
    """

    name: ClassVar[str] = "arcgis"
    summary: ClassVar[str] = "ArcGIS Hub or open data site (its feeds, or its search)"
    options_type: ClassVar[type[Options]] = ArcgisOptions

    _reader: Source[Any] | None = None

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """A site by its page, or an answer of its search; its feeds are DCAT's and data.json's."""
        if "://" not in location:
            return False
        start = head.lstrip()
        if start.startswith(b"{"):
            return "/api/v3/datasets" in location and b'"data"' in head
        is_page = re.match(rb"(?i)<(!doctype html|html)", start) is not None
        host = urlsplit(location).hostname or ""
        return (is_page or not start) and bool(_HOSTS.search(host) or _SIGNED.search(head))

    @property
    def total(self) -> int | None:
        """What the feed says."""
        return self._reader.total if self._reader else None

    def discover(self) -> Iterator[RecordRef]:
        """The datasets of the first feed that can be read and has any."""
        failures: list[str] = []
        for reader in self._readers():
            self._reader = reader
            found = reader.discover()
            try:
                first = next(found, None)
            except SourceError as error:
                failures.append(str(error))
                if not isinstance(error, AnswerError):  # a feed that is switched off is no news
                    self.warnings.append(f"another feed was tried, since {error}")
                continue
            if first is None:
                continue
            yield from self._renamed(chain([first], found))
            return
        if failures:
            raise SourceError(
                f"{self.config.location} offers no feed of ArcGIS Hub: {' '.join(failures)}"
            )

    def _renamed(self, found: Iterator[RecordRef]) -> Iterator[RecordRef]:
        assert self._reader is not None  # noqa: S101 - discover has set it
        seen: set[str] = set()
        try:
            for ref in found:
                identity = _item_id(ref.identity) or _item_id(ref.uri) or ref.identity
                if identity in seen:
                    identity = ref.identity
                seen.add(identity)
                yield RecordRef(identity, ref.uri, ref.handle)
        finally:
            self.complete = self.complete and self._reader.complete
            self.cut_short = self.cut_short or self._reader.cut_short

    def _readers(self) -> Iterator[Source[Any]]:
        base, wanted = self._base(), self.options.feed
        for kind, feeds in _FEEDS.items():
            if wanted not in ("auto", kind):
                continue
            reader: type[Source[Any]] = _ApFeed if kind == "dcat-ap" else DatajsonSource
            for feed in feeds:
                yield self._reading(reader, f"{base}/api/feed/{feed}")
        if wanted in ("auto", "search"):
            search = self._reading(_Search, base)
            search.site = self.options
            yield search

    def _reading(self, kind: type[Any], address: str) -> Any:
        config = self.config.model_copy(update={"url": address, "options": {}})
        reader = kind(config, self.fetcher, self.vocabulary, self.root)
        reader.warnings = self.warnings
        return reader

    def _base(self) -> str:
        if self.config.url is None:
            raise SourceError("a source of type arcgis needs an address (url), not a file.")
        try:
            parts = urlsplit(self.config.url)
        except ValueError as error:
            raise SourceError(f"{self.config.url} is not a usable address: {error}.") from error
        return f"{parts.scheme}://{parts.netloc}"

    def fetch(self, ref: RecordRef) -> RawRecord:
        """As the feed's own kind of source does."""
        assert self._reader is not None  # noqa: S101 - there is no ref without it
        return self._reader.fetch(ref)

    def normalise(self, raw: RawRecord) -> Record:
        """As the feed's own kind of source does."""
        assert self._reader is not None  # noqa: S101 - there is no raw record without it
        return self._reader.normalise(raw)


def _item_id(address: str) -> str:
    """``<item>`` or ``<item>_<layer>``, from the addresses that Hub gives to one dataset."""
    match = _ITEM.search(address)
    if not match:
        return ""
    layer = match[2] or match[3]
    return f"{match[1]}_{layer}" if layer else match[1]


class _ApFeed(DcatSource):
    """The DCAT-AP feed, which misspells dcat:accessURL and gives the publisher as a text."""

    def mended(self, said: Iterator[Statement]) -> Iterator[Statement]:
        """As DCAT-AP has it."""
        number = 0
        for subject, predicate, kind, value, extra in said:
            if predicate == _MISSPELT:
                yield subject, str(DCAT.accessURL), kind, value, extra
            if predicate == str(DCTERMS.publisher) and kind == TEXT:
                number += 1
                agent = f"_:publisher {number}"
                yield subject, predicate, BLANK, agent, ""
                yield agent, str(RDF.type), IRI, str(FOAF.Agent), ""
                yield agent, str(FOAF.name), kind, value, extra
            else:
                yield subject, predicate, kind, value, extra


class _Search(DatajsonSource):
    """The search API (v3), put into the words of data.json, as Hub itself does."""

    site: ArcgisOptions = ArcgisOptions()

    def _key(self, item: Any) -> str:
        own = text(item.get("id") or item.get("identifier")) if isinstance(item, dict) else ""
        return own or super()._key(item)

    def _items(self) -> Iterator[Any]:
        # Without a filter, every site's search finds what all the sites of the world have.
        query = {"filter[orgId]": self._organisation(), "page[size]": "100", "sort": "name"}
        first = f"{self._address()}/api/v3/datasets?{urlencode(query)}"
        for entry in self._paged(self._page, first, self.site.max_pages):
            yield _dataset(entry, self._address())

    def _organisation(self) -> str:
        if self.site.org_id:
            return self.site.org_id
        host = urlsplit(self._address()).netloc
        answer = self._json(f"{self._address()}/api/v3/domains/{quote(host)}")
        found = text(answer.get("orgId")) if isinstance(answer, dict) else ""
        if not found:
            raise SourceError(
                f"{self._address()} does not say whose site it is; set the option org_id."
            )
        return found

    def _page(self, address: str) -> Page[str]:
        answer = self._json(address)
        items = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(items, list):
            raise SourceError(f"{address} does not answer as the search of ArcGIS Hub does.")
        stats = _inside(answer, "meta", "stats")
        link = _inside(answer, "links").get("next")
        following = text(link.get("href") if isinstance(link, dict) else link)
        return Page(items, count(stats.get("totalCount")), _joined(address, following))


def _inside(value: Any, *path: str) -> dict[str, Any]:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _joined(address: str, link: str) -> str | None:
    try:
        return urljoin(address, link) if link else None
    except ValueError:
        return None


def _dataset(entry: Any, base: str) -> Any:
    """A hit of the search as data.json has it; what is none stays as it is, and fails alone."""
    told = _inside(entry, "attributes")
    item = text(entry.get("id")) if isinstance(entry, dict) else ""
    if not told or not item:
        return entry if not isinstance(entry, dict) else f"a hit without content: {item}"
    page = f"{base}/datasets/{quote(item, safe='')}"
    licence = _inside(told, "structuredLicense").get("url") or told.get("licenseInfo")
    words = ("description", "searchDescription", "snippet")
    return {
        "identifier": item,
        "landingPage": page,
        "accessLevel": text(told.get("access")) or "public",
        "title": text(told.get("name")) or told.get("title"),
        "description": next(filter(None, (text(told.get(key)) for key in words)), ""),
        "keyword": told.get("tags"),
        "theme": told.get("categories"),
        "issued": _moment(told.get("created")),
        "modified": _moment(told.get("modified")),
        "publisher": {"name": text(told.get("source")) or text(told.get("orgName"))},
        "contactPoint": {"fn": told.get("owner"), "hasEmail": told.get("orgContactEmail")},
        "license": licence if licence != "none" else None,
        "language": told.get("culture"),
        "spatial": told.get("extent"),
        "distribution": list(_files(told, item, page, base)),
    }


def _files(told: dict[str, Any], item: str, page: str, base: str) -> Iterator[dict[str, str]]:
    yield {"title": "ArcGIS Hub Dataset", "format": "Web Page", "accessURL": page}
    if service := text(told.get("url")):
        yield {
            "title": "ArcGIS GeoService",
            "format": "ArcGIS GeoServices REST API",
            "accessURL": service,
        }
    match = _ITEM.fullmatch(item)
    if match and match[2]:  # a layer can be had as a file
        formats = ["csv", "geojson"] + ["kml", "shapefile"] * bool(told.get("geometryType"))
        for name in formats:
            link = f"{base}/api/download/v1/items/{match[1]}/{name}?layers={match[2]}"
            yield {"title": name.upper(), "format": name, "accessURL": link}


def _moment(value: Any) -> Any:
    """ISO 8601 from the milliseconds that ArcGIS counts in; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return value
