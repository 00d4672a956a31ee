"""DCAT-AP and DCAT-AP.de catalogues: RDF/XML, Turtle, JSON-LD, as a file or at an address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urldefrag, urljoin

from pydantic import Field
from rdflib import DCAT, DCTERMS, RDF, Graph, Literal, Namespace, URIRef
from rdflib.namespace import FOAF, SKOS
from rdflib.term import Node

from harvesters import normalise, rdf
from harvesters.errors import RecordError, SourceError
from harvesters.identity import short_hash
from harvesters.localfiles import LOCAL_BASE, LocalFiles, is_file_address
from harvesters.model import CatalogueInfo, LocalFile, RawRecord, Record, RecordRef
from harvesters.sources.base import Options, Source
from harvesters.sources.dcat_reader import DatasetReader

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
ADMS = Namespace("http://www.w3.org/ns/adms#")

_ADDRESSES = ("download_url", "access_url", "url")
_SHA256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"


class DcatOptions(Options):
    """Options of a DCAT source."""

    max_pages: int = Field(10_000, ge=1, description="stop after so many pages")


@dataclass(slots=True)
class _Handle:
    reader: DatasetReader
    node: Node
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
        for graph in self._pages(seen):
            reader = DatasetReader(graph)
            catalogues = _Catalogues(graph)
            nodes = catalogues.datasets()
            if self._total is None:
                self._total = len(nodes)
            for node in nodes:
                uri = str(node) if isinstance(node, URIRef) else ""
                key = uri or _fallback_identity(graph, node)
                if key in seen:
                    continue
                seen.add(key)
                identity = (_identifier(graph, node) or key).removeprefix(LOCAL_BASE) or key
                if identities.setdefault(identity, key) != key:
                    self.warnings.append(
                        f"{identity} is the identifier of two datasets, also {uri}"
                    )
                    identity = key
                    identities[identity] = key
                handle = _Handle(reader, node, catalogues.of(node))
                yield RecordRef(identity, uri, handle)

    def _pages(self, seen: set[str]) -> Iterator[Graph]:
        """The catalogue's pages, following hydra:next; stops where paging goes in circles."""
        address: str | None = self.config.url
        visited: set[str] = set()
        for number in range(1, self.options.max_pages + 1):
            try:
                graph = self._load_url(address) if address else self._load_file()
            except SourceError as error:
                if number == 1:
                    raise
                self._stop(f"page {number} could not be read: {error}")
                return
            known = len(seen)
            if number == 1 and not _is_catalogue(graph):
                raise SourceError(
                    f"{self.config.location} holds no DCAT catalogue: neither dcat:Catalog nor "
                    "dcat:Dataset occurs in it."
                )
            self._total = self._total or _total_items(graph)
            yield graph
            following = _next_page(graph)
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
        self.complete = False
        self.warnings.append(warning)

    def _load_url(self, address: str) -> Graph:
        page = self.fetcher.get(address, accept=rdf.ACCEPT)
        suffix = Path(urldefrag(page.url).url.split("?")[0]).suffix
        return rdf.parse(page.content, page.url, address, kind=page.content_type, suffix=suffix)

    def _load_file(self) -> Graph:
        content = self.read_file()
        assert self.config.path is not None  # noqa: S101 - or there was nothing to read
        path = self.root / self.config.path
        self._files = LocalFiles(path.parent)
        return rdf.parse(content, LOCAL_BASE, str(self.config.path), suffix=path.suffix)

    # -- fetch and normalise ---------------------------------------------------------------------

    def fetch(self, ref: RecordRef) -> RawRecord:
        """Nothing to fetch: the dataset is in the page that announced it."""
        handle: _Handle = ref.handle
        return RawRecord(ref, handle.reader.read(handle.node), handle.catalogue)

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


class _Catalogues:
    """Which catalogue of a graph a dataset belongs to."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._members: dict[Node, Node] = {}
        for catalogue, dataset in graph.subject_objects(DCAT.dataset):
            self._members.setdefault(dataset, catalogue)
        self._info: dict[Node, CatalogueInfo] = {}

    def datasets(self) -> list[Node]:
        """All datasets but stubs: nodes that another one only refers to (isVersionOf, inSeries)."""
        nodes = dict.fromkeys(self._graph.subjects(RDF.type, DCAT.Dataset))
        # Python orders them as the document did; they are sorted by nothing else.
        return [
            node
            for node in nodes
            if node in self._members or (node, DCTERMS.title, None) in self._graph
        ]

    def of(self, dataset: Node) -> CatalogueInfo:
        """The catalogue of ``dataset``, or the only one there is, or an empty one."""
        node = self._members.get(dataset)
        if node is None:
            node = next(self._graph.subjects(RDF.type, DCAT.Catalog), None)
        if node is None:
            return CatalogueInfo()
        if node not in self._info:
            publisher = next(self._graph.objects(node, DCTERMS.publisher), None)
            self._info[node] = CatalogueInfo(
                title=self._text(node, DCTERMS.title),
                publisher_name=self._text(publisher, FOAF.name) if publisher else "",
                publisher_uri=str(publisher) if isinstance(publisher, URIRef) else "",
            )
        return self._info[node]

    def _text(self, node: Node, predicate: URIRef) -> str:
        literals = [o for o in self._graph.objects(node, predicate) if isinstance(o, Literal)]
        ranked = sorted(literals, key=lambda o: ((o.language or "").lower() != "de", str(o)))
        return str(ranked[0]).strip() if ranked else ""


def _is_catalogue(graph: Graph) -> bool:
    return any((None, RDF.type, kind) in graph for kind in (DCAT.Catalog, DCAT.Dataset))


def _identifier(graph: Graph, node: Node) -> str:
    values = sorted(str(value).strip() for value in graph.objects(node, DCTERMS.identifier))
    if any(values):
        return next(filter(None, values))
    for value in graph.objects(node, ADMS.identifier):
        notation = value if isinstance(value, Literal) else graph.value(value, SKOS.notation)
        if notation is not None and str(notation).strip():
            return str(notation).strip()
    return ""


def _fallback_identity(graph: Graph, node: Node) -> str:
    """For a blank node without identifier: its title and first address stay the same, mostly."""
    title = min((str(value) for value in graph.objects(node, DCTERMS.title)), default="")
    urls = sorted(
        str(url)
        for distribution in graph.objects(node, DCAT.distribution)
        for url in graph.objects(distribution, DCAT.accessURL)
    )
    return f"untitled:{short_hash(title + (urls[0] if urls else ''), 16)}"


def _next_page(graph: Graph) -> str | None:
    for kind in (HYDRA.PartialCollectionView, HYDRA.PagedCollection):
        for node in graph.subjects(RDF.type, kind):
            for predicate in (HYDRA.next, HYDRA.nextPage):
                if (following := graph.value(node, predicate)) is not None:
                    return str(following)
    return None


def _total_items(graph: Graph) -> int | None:
    for value in graph.objects(None, HYDRA.totalItems):
        if str(value).isdigit():
            return int(str(value))
    return None
