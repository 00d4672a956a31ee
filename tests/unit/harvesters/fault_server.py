"""Sources that misbehave: the same few records as DCAT, CKAN and CSW, served with faults.

A feed serves pages of two records. ``fault(page, …)`` puts answers in place of a page's own, one
after the other; the last one stays. ``as_it_is`` stands for the page itself.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from harvesters.fetch import Limits
from harvesters.model import Report, SourceConfig
from harvesters.portal import Patience
from harvesters.run import harvest
from tests.unit.harvesters.conftest import FakeCkan, FaultServer, body

Answer = Callable[[BaseHTTPRequestHandler], None]
#: A fault: an answer in place of the page, or what becomes of the page's bytes.
Fault = Answer | Callable[[bytes], bytes | Answer]

PER_PAGE = 2


@dataclass(frozen=True)
class Entry:
    """A record of a feed."""

    identity: str
    title: str
    notes: str = "Was man wissen muss."


ENTRIES = [
    Entry("baeume", "Bäume"),
    Entry("busse", "Busse"),
    Entry("schulen", "Schulen"),
    Entry("straßen/innen orts?", "Straßen"),
    Entry("ämter", "Ämter"),
]


class Feed(ABC):
    """One kind of source. ``endless``: every page has a next one, with records of its own.

    ``repeats``: every page has a next one, and says what the first one said.
    """

    kind: ClassVar[str]
    path: ClassVar[str]
    content_type: ClassVar[str]
    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, server: FaultServer, config: Path) -> None:
        self.entries = list(ENTRIES)
        self.endless = self.repeats = False
        self.faults: dict[int, list[Fault]] = {}
        self.server = server
        self.config = config
        server.answers = _Pages(self)

    @abstractmethod
    def number(self, query: dict[str, str]) -> int:
        """The page that is asked for, counted from 1."""

    @abstractmethod
    def render(self, entries: list[Entry], number: int, following: int | None) -> str:
        """A page as text."""

    def fault(self, page: int, *faults: Fault) -> None:
        self.faults[page] = list(faults)

    def page(self, number: int) -> bytes:
        """What page ``number`` says when nothing is wrong."""
        first = (number - 1) * PER_PAGE
        if self.endless:
            entries = [Entry(f"endlos-{first + i}", f"Nummer {first + i}") for i in range(PER_PAGE)]
            return self.render(entries, number, number + 1).encode()
        if self.repeats:
            return self.render(self.entries[:PER_PAGE], 1, number + 1).encode()
        following = number + 1 if first + PER_PAGE < len(self.entries) else None
        return self.render(self.entries[first : first + PER_PAGE], number, following).encode()

    @property
    def total(self) -> int:
        return 1_000_000 if self.endless or self.repeats else len(self.entries)

    def source(self, **entry: Any) -> SourceConfig:
        options = {**self.options, **entry.pop("options", {})}
        return SourceConfig(
            name="dorf", type=self.kind, url=self.server.url + self.path, org="dorf",
            title={"de": "Dorf"}, options=options, **entry,
        )  # fmt: skip

    def run(self, ckan: FakeCkan, limits: Limits, entry: Any = None, **options: Any) -> Report:
        return harvest(
            self.source(**(entry or {})),
            ckan,
            config=self.config,
            allow_hosts="127.0.0.1",
            limits=limits,
            patience=Patience(0.3, 0.01, 0.05),
            **options,
        )


class _Pages(dict[str, list[Answer]]):
    """The answers of a feed by page."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed

    def get(self, path: str, default: Any = None) -> Any:
        feed, parts = self._feed, urlsplit(path)
        if parts.path != urlsplit(feed.path).path:
            return super().get(path, default)
        query = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
        number = feed.number(query)
        waiting = feed.faults.get(number, [as_it_is])
        fault = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if getattr(fault, "of_page", False):
            made = fault(feed.page(number))  # type: ignore[arg-type]
            plain = {"Content-Type": feed.content_type}
            return [body(made, headers=plain) if isinstance(made, bytes) else made]
        return [fault]


# -- kinds ---------------------------------------------------------------------------------------


class DcatFeed(Feed):
    """RDF/XML, paged with Hydra."""

    kind = "dcat"
    path = "/catalog.rdf"
    content_type = "application/rdf+xml"

    def number(self, query: dict[str, str]) -> int:
        return int(query.get("page", 1))

    def render(self, entries: list[Entry], number: int, following: int | None) -> str:
        datasets = "".join(
            f'<dcat:Dataset rdf:about="https://dorf.example/{place}">'
            f"<dct:identifier>{escape(entry.identity)}</dct:identifier>"
            f"<dct:title>{escape(entry.title)}</dct:title>"
            f"<dct:description>{escape(entry.notes)}</dct:description></dcat:Dataset>"
            for place, entry in enumerate(entries, PER_PAGE * number)
        )
        link = f'<hydra:next rdf:resource="{self.path}?page={following}"/>' if following else ""
        return (
            '<?xml version="1.0" encoding="utf-8"?><rdf:RDF'
            ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
            ' xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/"'
            ' xmlns:hydra="http://www.w3.org/ns/hydra/core#">'
            '<dcat:Catalog rdf:about="https://dorf.example/"/>'
            f'<hydra:PartialCollectionView rdf:about="https://dorf.example/?page={number}">'
            f"{link}</hydra:PartialCollectionView>{datasets}</rdf:RDF>"
        )


class CkanFeed(Feed):
    """``package_search`` of another CKAN."""

    kind = "ckan"
    path = "/api/3/action/package_search"
    content_type = "application/json"
    options: ClassVar[dict[str, Any]] = {"rows": PER_PAGE}

    def number(self, query: dict[str, str]) -> int:
        return int(query.get("start", 0)) // PER_PAGE + 1

    def render(self, entries: list[Entry], number: int, following: int | None) -> str:
        results = [
            {"id": entry.identity, "name": f"n{place}", "title": entry.title, "notes": entry.notes}
            for place, entry in enumerate(entries, PER_PAGE * number)
        ]
        result = {"count": self.total, "results": results}
        return json.dumps({"success": True, "result": result}, ensure_ascii=False)


class CswFeed(Feed):
    """GetRecords of a geodata catalogue."""

    kind = "csw"
    path = "/csw"
    content_type = "application/xml"
    options: ClassVar[dict[str, Any]] = {"page_size": PER_PAGE}

    def number(self, query: dict[str, str]) -> int:
        return (int(query["startposition"]) - 1) // PER_PAGE + 1

    def render(self, entries: list[Entry], number: int, following: int | None) -> str:
        records = "".join(
            f"<gmd:MD_Metadata>{_text('fileIdentifier', entry.identity)}"
            "<gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation>"
            f"{_text('title', entry.title)}</gmd:CI_Citation></gmd:citation>"
            f"{_text('abstract', entry.notes)}</gmd:MD_DataIdentification>"
            "</gmd:identificationInfo></gmd:MD_Metadata>"
            for entry in entries
        )
        following_record = (following - 1) * PER_PAGE + 1 if following else 0
        return (
            '<?xml version="1.0" encoding="utf-8"?><csw:GetRecordsResponse'
            ' xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"'
            ' xmlns:gmd="http://www.isotc211.org/2005/gmd"'
            ' xmlns:gco="http://www.isotc211.org/2005/gco">'
            f'<csw:SearchResults numberOfRecordsMatched="{self.total}"'
            f' numberOfRecordsReturned="{len(entries)}" nextRecord="{following_record}">'
            f"{records}</csw:SearchResults></csw:GetRecordsResponse>"
        )


def _text(name: str, value: str) -> str:
    return f"<gmd:{name}><gco:CharacterString>{escape(value)}</gco:CharacterString></gmd:{name}>"


FEEDS: dict[str, type[Feed]] = {feed.kind: feed for feed in (DcatFeed, CkanFeed, CswFeed)}


# -- faults --------------------------------------------------------------------------------------


def of_page(change: Callable[[bytes], bytes | Answer]) -> Fault:
    """A fault that is made of the page itself."""
    change.of_page = True  # type: ignore[attr-defined]
    return change


@of_page
def as_it_is(page: bytes) -> bytes:
    """No fault."""
    return page


@of_page
def truncated(page: bytes) -> bytes:
    """The page ends too early, and says that this is all."""
    return page[: len(page) * 2 // 3]


@of_page
def invalid(page: bytes) -> bytes:
    """Neither XML nor JSON, in the middle."""
    middle = len(page) // 2
    return page[:middle] + b'"<<&;]]>}{' + page[middle:]


@of_page
def latin_1(page: bytes) -> bytes:
    """Says that it is UTF-8, and is not."""
    return page.decode().encode("latin-1")


def encoded(encoding: str) -> Fault:
    """Another encoding, which the XML names."""

    def recode(page: bytes) -> bytes:
        return page.decode().replace('="utf-8"', f'="{encoding}"', 1).encode(encoding)

    return of_page(recode)


@of_page
def broken_off(page: bytes) -> Answer:
    """The connection ends in the middle of the body."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(page)))
        handler.end_headers()
        handler.wfile.write(page[: len(page) // 2])
        handler.close_connection = True

    return answer


@of_page
def dripping(page: bytes) -> Answer:
    """A few bytes now and then, always before the reader's patience ends."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for place in range(0, len(page), 20):
            handler.wfile.write(page[place : place + 20])
            handler.wfile.flush()
            time.sleep(0.2)

    return answer


def reset(handler: BaseHTTPRequestHandler) -> None:
    """The connection is reset before there is an answer."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RD)
    handler.connection.close()


def silent(handler: BaseHTTPRequestHandler) -> None:
    """The server takes the request and says nothing."""
    time.sleep(2.5)
    handler.close_connection = True


def gzip_bomb(layers: int = 1) -> Answer:
    """50 MB of nothing, packed once or several times."""
    packed = b"0" * 50_000_000
    for _ in range(layers):
        packed = gzip.compress(packed)
    return body(packed, headers={"Content-Encoding": ", ".join(["gzip"] * layers)})


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BILLION_LAUGHS = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{_LAUGHS}]><x>&l9;</x>'
XXE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'
DTD = '<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>'


@dataclass
class Huge:
    """A page with one record more whose description has so many bytes, made while it is sent."""

    feed: Feed
    size: int
    mark: bytes = field(default=b"=HUGE=")

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        entries = [*self.feed.entries, Entry("riesig", "Riesig", self.mark.decode())]
        before, after = self.feed.render(entries, 1, None).encode().split(self.mark)
        handler.send_response(200)
        handler.send_header("Content-Type", self.feed.content_type)
        handler.end_headers()
        handler.wfile.write(before)
        piece = b"Daten " * 10_000
        for _ in range(self.size // len(piece)):
            handler.wfile.write(piece)
        handler.wfile.write(after)
