"""DCAT-AP and DCAT-AP.de catalogues: RDF/XML, Turtle, JSON-LD, as a file or at an address."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, ClassVar
from urllib.parse import urldefrag, urljoin

from pydantic import Field

from harvesters import fingerprint, normalise, rdf, statements
from harvesters.errors import RecordError, SourceError
from harvesters.identity import short_hash
from harvesters.localfiles import LOCAL_BASE, LocalFiles, is_file_address
from harvesters.model import CatalogueInfo, LocalFile, RawRecord, Record, RecordRef
from harvesters.sources.base import Options, Source
from harvesters.sources.dcat_page import MOST_STATEMENTS, Description, Page
from harvesters.sources.dcat_reader import DatasetReader
from harvesters.statements import Statement

#: Part of each fingerprint: one more whenever the same RDF makes another record than before, so
#: that records which are the same at their source are read anew. A test tells when that is so.
READING_VERSION = 1

_ADDRESSES = ("download_url", "access_url", "url")
_SHA256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"


class DcatOptions(Options):
    """Options of a DCAT source."""

    max_pages: int = Field(10_000, ge=1, description="stop after so many pages")


@dataclass(slots=True)
class _Handle:
    description: Description
    catalogue: CatalogueInfo


class DcatSource(Source[DcatOptions]):
    """Reads catalogues with ckanext-dcat's profiles and the one of DCAT-AP.de."""

    name: ClassVar[str] = "dcat"
    summary: ClassVar[str] = "DCAT-AP or DCAT-AP.de catalogue (RDF/XML, Turtle, JSON-LD)"
    options_type: ClassVar[type[Options]] = DcatOptions

    _files: LocalFiles | None = None
    _total: int | None = None

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """By its beginning, else by the ending of its name."""
        suffix = Path(urldefrag(location).url.split("?")[0]).suffix
        syntax = rdf.syntax(head, suffix=suffix)
        # Many kinds speak JSON or XML.
        if syntax == rdf.JSON_LD:
            return suffix == ".jsonld" or any(
                word in head for word in (b'"@context"', b'"@graph"', b'"@id"')
            )
        if syntax == rdf.RDF_XML:
            if b'xmlns="http://purl.org/rss/1.0/"' in head:  # a feed, which is RDF, too
                return False
            return suffix == ".rdf" or b"22-rdf-syntax-ns#" in head
        return syntax == rdf.TURTLE

    @property
    def total(self) -> int | None:
        """What a paged catalogue says (``hydra:totalItems``), or what its only page holds."""
        return self._total

    # -- discover --------------------------------------------------------------------------------

    def discover(self) -> Iterator[RecordRef]:
        """Datasets page by page; identity is dct:identifier, else adms:identifier, else the URI.

        An identifier that a second dataset also bears cannot identify it: the second one is known
        by its URI. A dataset that comes twice with the same URI is yielded once.
        """
        identities: dict[str, str] = {}  # identity: key of the dataset that has it
        seen: set[str] = set()
        for page in self._pages(seen):
            if self._total is None:
                self._total = len(page)
            for description in page.datasets():
                node = description.root
                uri = "" if node.startswith("_:") else node
                key = uri or f"untitled:{short_hash(description.title_and_address, 16)}"
                if key in seen:
                    continue
                seen.add(key)
                identity = (description.identifier or key).removeprefix(LOCAL_BASE) or key
                if identities.setdefault(identity, key) != key:
                    self.warnings.append(
                        f"{identity} is the identifier of two datasets, also {uri}"
                    )
                    identity = key
                    identities[identity] = key
                handle = _Handle(description, page.catalogue_of(node))
                yield RecordRef(identity, uri, handle, self._fingerprint(handle))

    def _pages(self, seen: set[str]) -> Iterator[Page]:
        """The catalogue's pages, following hydra:next; stops where paging goes in circles."""
        address: str | None = self.config.url
        visited: set[str] = set()
        for number in range(1, self.options.max_pages + 1):
            try:
                page = self._load_url(address) if address else self._load_file()
            except SourceError as error:
                if number == 1:
                    raise
                self._stop(f"page {number} could not be read: {error}")
                return
            known = len(seen)
            with contextlib.closing(page):
                if number == 1 and not page.is_catalogue:
                    raise SourceError(
                        f"{self.config.location} holds no DCAT catalogue: neither dcat:Catalog "
                        "nor dcat:Dataset occurs in it."
                    )
                self._total = self._total or page.total
                yield page
                following = page.next_page
            if following is None:
                return
            if address is None:
                self._stop("the file is one page of several; the other pages were not read")
                return
            visited.add(urldefrag(address).url)
            address = urljoin(address, following)
            if urldefrag(address).url in visited:
                self._stop(f"paging goes in circles: page {number} leads back to {address}")
                return
            if len(seen) == known:
                self._stop(f"paging does not end: page {number} brought nothing new")
                return
        self._stop(f"stopped after {self.options.max_pages} pages (option max_pages)")

    def _stop(self, warning: str) -> None:
        self.cut(warning)

    def _load_url(self, address: str) -> Page:
        answer = self.fetcher.get(address, accept=rdf.ACCEPT)
        suffix = Path(urldefrag(answer.url).url.split("?")[0]).suffix
        return self._read(answer.content, answer.url, address, answer.content_type, suffix)

    def _load_file(self) -> Page:
        with self.open_file() as stream:
            assert self.config.path is not None  # noqa: S101 - or there was nothing to read
            path = self.root / self.config.path
            self._files = LocalFiles(path.parent)
            return self._read(stream, LOCAL_BASE, str(self.config.path), "", path.suffix)

    def _read(
        self, content: bytes | BinaryIO, base: str, where: str, content_type: str, suffix: str
    ) -> Page:
        """A document as a page. Raises SourceError."""
        for read in (statements.read, statements.read_whole):
            page = Page()
            try:
                said = read(content, base, where, kind=content_type, suffix=suffix)
                page.fill(self.mended(said))
            except statements.UnsuitableError:
                page.close()
            except BaseException:
                page.close()
                raise
            else:
                return page
        raise AssertionError  # pragma: no cover - read_whole says what is wrong

    def mended(self, said: Iterator[Statement]) -> Iterator[Statement]:
        """The statements of a document, as they should have been; here: as they are."""
        return said

    # -- fingerprints ----------------------------------------------------------------------------

    def _fingerprint(self, handle: _Handle) -> str:
        """Of all that the record is made of; nothing if it is too large to be read."""
        description, origin = handle.description, handle.catalogue
        if description.too_large:
            return ""
        said = fingerprint.of(description.root, description.said, self._content_of_file)
        names = (origin.title, origin.publisher_name, origin.publisher_uri)
        return fingerprint.together(said, *names, self._reading)

    def _content_of_file(self, value: str) -> str:
        """What is in a file beside the catalogue, if ``value`` names one."""
        if self._files is None or not is_file_address(value):
            return ""
        try:
            return self._files.take(value).sha256
        except RecordError as error:
            return str(error)

    @cached_property
    def _reading(self) -> str:
        """How a record is made here: our code's version, and what the operator configured."""
        return fingerprint.together(
            str(READING_VERSION),
            version("ckanext-dcat"),
            self.vocabulary.digest(),
            self.config.org or "",
            self.config.label(),
        )

    # -- fetch and normalise ---------------------------------------------------------------------

    def fetch(self, ref: RecordRef) -> RawRecord:
        """Nothing to fetch: the dataset is in the page that announced it."""
        handle: _Handle = ref.handle
        description = handle.description
        if description.too_large:
            raise RecordError(f"says more than {MOST_STATEMENTS} things about itself")
        graph = statements.graph(description.statements())
        return RawRecord(
            ref, self._reader.read(statements.node_named(description.root), graph), handle.catalogue
        )

    @cached_property
    def _reader(self) -> DatasetReader:
        return DatasetReader()

    def normalise(self, raw: RawRecord) -> Record:
        """Clean what the profiles read, find its organisation, and the files to upload."""
        fields: dict[str, Any] = raw.content
        notes: list[str] = []
        fields["resources"], files = self._take_files(fields["resources"], notes)
        origin = raw.origin or CatalogueInfo()
        if not fields.get("publisher") and origin.publisher_name:
            publisher = {"name": origin.publisher_name, "uri": origin.publisher_uri}
            fields["publisher"] = [{key: value for key, value in publisher.items() if value}]
            notes.append("no publisher: the catalogue's was taken")
        record = normalise.record(raw.ref, fields, self.vocabulary, notes)
        record.files = files
        record.organisation = normalise.organisation(record, self.config, origin, self.vocabulary)
        return record

    def _take_files(
        self, resources: list[dict[str, Any]], notes: list[str]
    ) -> tuple[list[dict[str, Any]], dict[int, LocalFile]]:
        """Files of the catalogue's own folder become uploads; any other file address is refused.

        A distribution that is left without an address is dropped, and noted.
        """
        kept: list[dict[str, Any]] = []
        files: dict[int, LocalFile] = {}
        for resource in resources:
            addresses = [resource.pop(key) for key in _ADDRESSES if _names_file(resource, key)]
            if addresses:
                try:
                    file = files[len(kept)] = self._file(addresses[0])
                except RecordError as error:
                    notes.append(str(error))
                    resource["url"] = resource.get("download_url") or resource.get("access_url")
                    if not resource["url"]:
                        continue
                else:
                    resource |= {"url": file.path.name, "hash": file.sha256, "size": file.size}
                    resource["hash_algorithm"] = _SHA256
            kept.append(resource)
        return kept, files

    def _file(self, address: str) -> LocalFile:
        if self._files is None:
            raise RecordError(
                f"{address} names a file on a machine; a catalogue from the web may not do that"
            )
        return self._files.take(address)


def _names_file(resource: dict[str, Any], key: str) -> bool:
    return is_file_address(str(resource.get(key) or ""))
