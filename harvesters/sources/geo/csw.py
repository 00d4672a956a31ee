"""Geodata catalogues: CSW 2.0.2 (OGC Catalogue Service for the Web) with ISO 19139 records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from lxml import etree
from pydantic import Field

from harvesters import safexml
from harvesters.errors import RecordError, SourceError
from harvesters.identity import short_hash
from harvesters.model import CatalogueInfo, RawRecord, Record, RecordRef
from harvesters.sources.base import Options, Source
from harvesters.sources.geo import common as geo
from harvesters.sources.geo import iso19139, ows
from harvesters.sources.geo.iso19139 import MetadataRecord

_GMD = "http://www.isotc211.org/2005/gmd"
_WHAT = "a CSW answer"


class CswOptions(Options):
    """Options of a CSW source."""

    constraint: str = Field(
        "", description="only records that this CQL text holds for, such as `AnyText LIKE '%Baum%'`"
    )
    page_size: int = Field(50, ge=1, le=1000, description="records asked for at once")
    max_pages: int = Field(10_000, ge=1, description="stop after so many pages")
    type_names: str = Field(
        "gmd:MD_Metadata", description="what is asked for; some catalogues want `csw:Record`"
    )


class CswSource(Source[CswOptions]):
    """Asks with GetRecords, page by page; each record comes whole."""

    name: ClassVar[str] = "csw"
    summary: ClassVar[str] = "Geodata catalogue (CSW 2.0.2, ISO 19139 records)"
    options_type: ClassVar[type[Options]] = CswOptions

    _total: int | None = None
    _start = 1  # of the page that is read

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """By its root element: capabilities or records of CSW, or an address with service=CSW."""
        if re.search(rb"<(\w+:)?(Capabilities|GetRecordsResponse)\s[^>]*/cat/csw/", head):
            return True
        return geo.asks_for(location, "CSW") and b"ExceptionReport" in head

    @property
    def total(self) -> int | None:
        """``numberOfRecordsMatched``."""
        return self._total

    def discover(self) -> Iterator[RecordRef]:
        """Records page by page; identity is the fileIdentifier."""
        origin = self._catalogue()
        paging = geo.Paging(self, self.options.max_pages)
        came = 0
        for address in paging.pages(self._page(1)):
            try:
                results = self._results(address)
            except SourceError as error:
                paging.failed(error)
                return
            records = [node for node in results if isinstance(node.tag, str)]
            came += len(records)
            paging.following = self._following(results, len(records))
            for node in records:
                identity, uri = _identity(node)
                if paging.is_new(identity):
                    yield RecordRef(identity, uri, (node, origin))
        if self.complete and self._total is not None and came < self._total:
            paging.stop(f"the catalogue gave {came} of the {self._total} records that it announced")

    def _following(self, results: etree._Element, count: int) -> str:
        """Address of the next page, or nothing after the last one."""
        total = _number(results.get("numberOfRecordsMatched"))
        if self._total is None:
            self._total = total
        announced = _number(results.get("nextRecord"))
        if announced is None and total is not None and count:  # left out by some servers
            announced = self._start + count
        if not announced or (total is not None and announced > total):
            return ""
        self._start = announced
        return self._page(announced)

    def _page(self, start: int) -> str:
        options = self.options
        parameters = {
            "SERVICE": "CSW", "VERSION": "2.0.2", "REQUEST": "GetRecords",
            "typeNames": options.type_names, "namespace": f"xmlns(gmd={_GMD})",
            "resultType": "results", "elementSetName": "full", "outputSchema": _GMD,
            "outputFormat": "application/xml", "startPosition": str(start),
            "maxRecords": str(options.page_size),
        }  # fmt: skip
        if options.constraint:
            parameters |= {
                "constraint": options.constraint, "constraintLanguage": "CQL_TEXT",
                "constraint_language_version": "1.1.0",
            }  # fmt: skip
        return geo.request_address(geo.own_address(self), **parameters)

    def _results(self, address: str) -> etree._Element:
        root = ows.document(self.fetcher, address, _WHAT)
        results = safexml.find(root, "SearchResults")
        if results is None:
            raise SourceError(
                f"{address} answers with {safexml.local(root)} in place of records; is it a CSW?"
            )
        return results

    def _catalogue(self) -> CatalogueInfo:
        """Who offers the catalogue; asked only where the configuration does not name it."""
        if self.config.title or self.config.org:
            return CatalogueInfo(title=self.config.label() if self.config.title else "")
        address = geo.request_address(
            geo.own_address(self), SERVICE="CSW", VERSION="2.0.2", REQUEST="GetCapabilities"
        )
        about = ows.service(ows.document(self.fetcher, address, _WHAT))
        title = "" if about.provider else about.title
        return CatalogueInfo(title=title, publisher_name=about.provider)

    def fetch(self, ref: RecordRef) -> RawRecord:
        """Nothing to fetch: GetRecords gave the whole record."""
        node, origin = ref.handle
        if safexml.local(node) not in iso19139.ROOTS:
            raise RecordError(f"is a {safexml.local(node)}, not an ISO 19139 record")
        fields: dict[str, Any] = MetadataRecord(node).fields()
        return RawRecord(ref, fields, origin)

    def normalise(self, raw: RawRecord) -> Record:
        """Clean what was read, and find the record's organisation."""
        return geo.finish(self, raw)


def _identity(node: etree._Element) -> tuple[str, str]:
    if safexml.local(node) in iso19139.ROOTS:
        record = MetadataRecord(node)
        return record.identity, record.uri
    found = safexml.text(node, "identifier")
    return found or f"unknown:{short_hash(safexml.text(node), 16)}", ""


def _number(value: str | None) -> int | None:
    return int(value) if value and value.strip().isdigit() else None
