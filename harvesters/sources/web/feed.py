"""News and notices that a website offers as a feed (RSS, Atom)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from harvesters.errors import HostDownError, RecordError, SourceError
from harvesters.identity import short_hash
from harvesters.model import CatalogueInfo, RawRecord, Record, RecordRef
from harvesters.sources import documents
from harvesters.sources.base import Options, Source
from harvesters.sources.web import markup
from harvesters.sources.web.addresses import file_name, in_full, normal
from harvesters.sources.web.entries import Attachment, Entry, Feed, parse, read_date
from harvesters.text import clean_line

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, "
    "*/*;q=0.5"
)
_SIZE = 20 * 1024 * 1024  # of one page
_FILES = 50  # of one entry
_IS_FEED = re.compile(
    rb"<rss[\s>]|<(?:\w+:)?feed\s[^>]*http://www\.w3\.org/2005/Atom"
    rb"|<rdf:RDF[^>]*http://purl\.org/rss/1\.0/"
)


class FeedOptions(Options):
    """Options of a feed."""

    kind: Literal["news", "notice"] = Field("news", description="what its entries are")
    license: str = Field("", description="licence, an id or address of config/licenses.json")
    authors: bool = Field(False, description="also who wrote an entry (often a person's name)")
    max_pages: int = Field(
        10, ge=1, le=1000, description="older pages that are read, where the feed has some"
    )


class FeedSource(Source[FeedOptions]):
    """One document for each entry. What fell out of a feed is old, not gone."""

    name: ClassVar[str] = "feed"
    summary: ClassVar[str] = "News or notices (RSS 0.9 to 2.0, Atom)"
    options_type: ClassVar[type[Options]] = FeedOptions

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """RSS or Atom; not INSPIRE's download services, which speak Atom, too."""
        return bool(_IS_FEED.search(head)) and b"inspire_dls" not in head

    def discover(self) -> Iterator[RecordRef]:
        """The entries, newest page first; each known by its id, else its address."""
        self.complete = False  # a feed holds only the newest
        seen: set[str] = set()
        for feed, base in self._pages():
            for entry in feed.entries:
                identity = _identity(entry, entry.base or base)
                if not identity:
                    self.warnings.append("an entry without id, address and title was left out")
                elif identity not in seen:
                    seen.add(identity)
                    yield RecordRef(identity, "", (feed, entry, base))

    def _pages(self) -> Iterator[tuple[Feed, str]]:
        if not self.config.url:
            where = str(self.config.path)
            feed = parse(self.read_file(), where)
            self.incremental = True  # a feed without entries has just nothing new
            yield feed, feed.link
            return
        address, asked = self.config.url, set[str]()
        while address and address not in asked:
            asked.add(address)
            try:
                page = self.fetcher.request("GET", address, accept=_ACCEPT, size=_SIZE)
                feed = parse(page.content, address)
            except HostDownError:
                raise
            except SourceError as error:
                if len(asked) == 1:
                    raise
                self.cut(f"an older page could not be read: {error}")
                return
            self.incremental = True
            yield feed, page.url
            address = normal(feed.following, page.url) if feed.following else ""
            if address and len(asked) >= self.options.max_pages:
                return

    def fetch(self, ref: RecordRef) -> RawRecord:
        """The feed holds it already."""
        return RawRecord(ref, ref.handle)

    def normalise(self, raw: RawRecord) -> Record:
        """The entry as a document."""
        feed, entry, page = raw.content
        base = normal(entry.base, page) or page
        notes: list[str] = []
        title = clean_line(entry.title)
        if not title and not entry.text.strip():
            raise RecordError("the entry has neither title nor text")
        published, updated = read_date(entry.published), read_date(entry.updated)
        for written, read in ((entry.published, published), (entry.updated, updated)):
            if written and not read:
                notes.append(f"date not readable: {written}"[:200])
        text = markup.with_full_addresses(entry.text, base) if "<" in entry.text else entry.text
        language = (entry.language or feed.language).strip()
        fields: dict[str, Any] = {
            "title": title or _beginning(text),
            "notes": text,
            "url": in_full(entry.link, base),
            "identifier": entry.id,
            "issued": published,
            "modified": updated or published,
            "document_date": (published or updated)[:10],
            "document_kind": self.options.kind,
            "author": entry.author if self.options.authors else "",
            "language": [language.split("-")[0]] if re.match(r"[a-zA-Z]{2,3}\b", language) else [],
            "tags": [{"name": word} for word in entry.categories if word.strip()],
            "license_id": self.options.license,
            "resources": _resources(entry, text, base),
        }
        origin = CatalogueInfo(title=clean_line(feed.title))
        return documents.record(self, raw.ref, fields, notes, origin)


def _identity(entry: Entry, base: str) -> str:
    """The id; else the address without session and campaign; else what the entry says."""
    address = normal(entry.link, base) if entry.link else ""
    identity = clean_line(entry.id) or address
    if identity or not entry.title.strip():
        return identity
    return f"entry-{short_hash(f'{entry.title} {entry.published}', 16)}"


def _beginning(text: str) -> str:
    """The first words of an entry without a title."""
    words = clean_line(text)
    return words if len(words) <= 80 else words[:80].rsplit(" ", 1)[0] + " …"


def _resources(entry: Entry, text: str, base: str) -> list[dict[str, Any]]:
    """What is attached, and the documents that the text links to."""
    found = [*entry.attachments]
    root = markup.parse(text) if "<" in text else None
    if root is not None:
        for address, node in markup.anchors(root, base):
            if documents.ending(file_name(address)):
                name = documents.title_from_link(markup.words(node))
                found.append(Attachment(address, name=name))
    out: dict[str, dict[str, Any]] = {}
    for item in found[:_FILES]:
        address = normal(item.url, base)
        if not address or address in out:
            continue
        kind = documents.ending(file_name(address)) or documents.ending_of_type(item.media_type)
        resource = documents.described(kind) or {
            "format": item.media_type,
            "mimetype": item.media_type,
        }
        resource |= {
            "name": item.name or file_name(address),
            "url": address,
            "access_url": address,
            "download_url": address,
        }
        if item.size.isdigit() and int(item.size) > 0:
            resource["size"] = item.size
        out[address] = resource
    return list(out.values())
