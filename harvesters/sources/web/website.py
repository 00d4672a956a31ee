"""A website without an interface: the datasets that it describes, and the documents it links to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

from pydantic import Field

from harvesters import normalise
from harvesters.errors import (
    AnswerError,
    ConfigError,
    HostDownError,
    RecordError,
    SourceError,
)
from harvesters.model import CatalogueInfo, RawRecord, Record, RecordRef
from harvesters.sources import documents
from harvesters.sources.base import Options, Source
from harvesters.sources.documents import DocumentOptions
from harvesters.sources.web import schemaorg
from harvesters.sources.web.addresses import file_name, host, normal
from harvesters.sources.web.crawl import Crawl, Reach
from harvesters.sources.web.page import Linked, Page

_JUST_MADE = timedelta(minutes=5)


class WebsiteOptions(DocumentOptions):
    """Options of a website."""

    max_pages: int = Field(500, ge=1, le=100_000, description="pages that are read at most")
    max_files: int = Field(5000, ge=1, le=100_000, description="documents at most")
    depth: int = Field(
        3, ge=0, le=50, description="how many links away from the start; not for sitemaps"
    )
    pause: float = Field(
        0.5, ge=0, le=60, description="seconds between two requests; longer if robots.txt says so"
    )
    include: list[str] = Field(
        default_factory=list,
        description="only pages whose path begins so (`*`: anything, `$`: the end)",
    )
    exclude: list[str] = Field(
        default_factory=list,
        description="no pages and documents whose path begins so (`*`: anything, `$`: the end)",
    )
    hosts: list[str] = Field(
        default_factory=list,
        description="other hosts whose documents count, such as files.stadt.example",
    )
    sitemap: bool = Field(True, description="read what the sitemaps list rather than follow links")
    same_shape: int = Field(
        100, ge=1, le=100_000, description="pages whose addresses differ in numbers alone, at most"
    )
    datasets: bool = Field(True, description="datasets that pages describe (schema.org)")
    files: bool = Field(True, description="documents that pages link to")
    pages: bool = Field(False, description="also each page itself, as a document")


@dataclass(slots=True)
class _File:
    """A linked document with what its server says of it, or why that could not be asked."""

    linked: Linked
    page: str
    language: str
    headers: dict[str, str]
    error: SourceError | None = None


@dataclass(slots=True)
class _Dataset:
    item: dict[str, Any]
    page: str


class WebsiteSource(Source[WebsiteOptions]):
    """Datasets (schema.org), one document for each linked file and, if wanted, for each page."""

    name: ClassVar[str] = "website"
    summary: ClassVar[str] = "Website (its documents, and datasets after schema.org)"
    options_type: ClassVar[type[Options]] = WebsiteOptions

    _site = ""

    def discover(self) -> Iterator[RecordRef]:
        """Page after page; each file and dataset once, where it comes first."""
        if not self.config.url:
            raise ConfigError("a website needs `url`; for files on the disk there is `folder`.")
        start = normal(self.config.url)
        if not start:
            raise SourceError(f"{self.config.url} is not a usable address.")
        crawl = Crawl(self.fetcher, start, self._reach())
        seen: set[str] = set()
        files = 0
        try:
            for found in crawl.pages():
                self._site = crawl.site
                for ref in self._records(crawl, found):
                    if ref.identity in seen:
                        continue
                    seen.add(ref.identity)
                    if isinstance(ref.handle, _File):
                        if files >= self.options.max_files:
                            crawl.complete = False
                            crawl.problems.say(
                                f"only the first {files} documents were taken (`max_files`)"
                            )
                            continue
                        if not self._ask(crawl, ref.handle):
                            continue
                        files += 1
                    yield ref
        except SourceError:
            crawl.complete = False
            raise
        finally:
            self.complete, self.cut_short = crawl.complete, crawl.cut_short
            self.warnings += crawl.problems.notes()

    def _reach(self) -> Reach:
        wanted = self.options
        return Reach(
            max_pages=wanted.max_pages,
            depth=wanted.depth,
            same_shape=wanted.same_shape,
            pause=wanted.pause,
            sitemap=wanted.sitemap,
            include=wanted.include,
            exclude=wanted.exclude,
        )

    def _records(self, crawl: Crawl, found: Page | Linked) -> Iterator[RecordRef]:
        if isinstance(found, Linked):
            if self.options.files:
                yield RecordRef(found.address, "", _File(found, found.address, "", {}))
            return
        if not found.readable:
            return
        if self.options.datasets:
            for item in schemaorg.datasets(found.root):
                identity = schemaorg.identity(item, found.address)
                uri = schemaorg.text(item.get("@id"))
                yield RecordRef(
                    identity, uri if uri.startswith("http") else "", _Dataset(item, found.address)
                )
        if self.options.files:
            for linked in found.files:
                address = crawl.own(linked.address)
                if self._is_ours(address) and not crawl.excluded(address) and crawl.allows(address):
                    own = Linked(address, linked.title, linked.kind, linked.context)
                    yield RecordRef(address, "", _File(own, found.address, found.language, {}))
        if self.options.pages:
            yield RecordRef(f"{found.address}#page", "", found)

    def _is_ours(self, address: str) -> bool:
        hosts = {host(f"//{name}") for name in self.options.hosts} | {host(self.config.url or "")}
        return host(address) in hosts

    def _ask(self, crawl: Crawl, file: _File) -> bool:
        """Ask the server about a file, without the file; whether there is one."""
        address = file.linked.address
        try:
            found = self.fetcher.request("HEAD", address)
        except HostDownError:
            raise
        except AnswerError as error:
            if error.status in (404, 410):
                crawl.problems.add("links to documents that are not there", address)
                return False
            return True  # many servers do not answer this kind of question
        except SourceError as error:
            file.error = error
            return True
        if found.content_type in ("text/html", "application/xhtml+xml"):
            crawl.problems.add("links to documents that are web pages", address)
            return False
        file.headers = dict(found.headers)
        return True

    def fetch(self, ref: RecordRef) -> RawRecord:
        """All has been read already."""
        if isinstance(ref.handle, _File) and ref.handle.error:
            raise RecordError(str(ref.handle.error))
        return RawRecord(ref, ref.handle)

    def normalise(self, raw: RawRecord) -> Record:
        """A dataset, a file or a page."""
        found = raw.content
        if isinstance(found, _Dataset):
            return self._dataset(raw.ref, found)
        if isinstance(found, _File):
            return self._file(raw.ref, found)
        return self._page(raw.ref, found)

    def _dataset(self, ref: RecordRef, found: _Dataset) -> Record:
        fields = schemaorg.fields(found.item, found.page)
        fields["license_id"] = fields["license_id"] or self.options.license
        notes: list[str] = []
        record = normalise.record(ref, fields, self.vocabulary, notes)
        record.organisation = normalise.organisation(
            record, self.config, CatalogueInfo(title=self._site), self.vocabulary
        )
        return record

    def _file(self, ref: RecordRef, found: _File) -> Record:
        linked, headers = found.linked, found.headers
        name = _sent_name(headers) or file_name(linked.address)
        kind = (
            documents.ending(name)
            or linked.kind
            or documents.ending_of_type(headers.get("content-type", ""))
        )
        title = linked.title or documents.title_from_file_name(name)
        resource: dict[str, Any] = documents.described(kind) | {
            "name": name,
            "url": linked.address,
            "access_url": linked.address,
            "download_url": linked.address,
            "size": headers.get("content-length", ""),
        }
        changed = _changed(headers)
        notes: list[str] = []
        fields = {
            "title": title,
            "url": found.page if found.page != linked.address else "",
            "modified": changed,
            "document_date": documents.date_from_words(title),
            "document_kind": self.options.kind
            or documents.kind_from_words(title, name.replace("_", " "), linked.context),
            "language": _language(found.language),
            "license_id": self.options.license,
            "resources": [resource],
        }
        return documents.record(self, ref, fields, notes, CatalogueInfo(title=self._site))

    def _page(self, ref: RecordRef, found: Page) -> Record:
        notes: list[str] = []
        fields = {
            "title": found.title,
            "notes": found.text() or found.description,
            "url": found.address,
            "modified": found.modified,
            "document_kind": "page",
            "language": _language(found.language),
            "license_id": self.options.license,
        }
        return documents.record(self, ref, fields, notes, CatalogueInfo(title=self._site))


def _language(text: str) -> list[str]:
    found = re.match(r"[a-zA-Z]{2,3}(?=$|[-_])", text.strip())
    return [found[0].lower()] if found else []


def _sent_name(headers: dict[str, str]) -> str:
    """The file name that the server proposes (Content-Disposition)."""
    message = Message()
    message["Content-Disposition"] = headers.get("content-disposition", "").replace("\n", " ")
    try:
        name = message.get_filename() or ""
    except (ValueError, LookupError):
        return ""
    return name.replace("\\", "/").rsplit("/", 1)[-1][:200]


def _changed(headers: dict[str, str]) -> str:
    """Last-Modified as ISO 8601; nothing if the server says "just now", as some always do."""
    try:
        moment = parsedate_to_datetime(headers.get("last-modified", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        now = parsedate_to_datetime(headers.get("date", ""))
        now = now if now.tzinfo else now.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        now = datetime.now(UTC)
    return "" if moment > now - _JUST_MADE else moment.isoformat()
