"""The catalogue on disk: opened, written, searched. Owned by one process at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Occur
from tantivy import Query as Engine

from search import query
from search.catalogue import documents, ordering, schema, translate
from search.catalogue.view import View

_HEAP = 64_000_000
#: Tantivy counts at most this many different values of a field at once.
_MAX_BUCKETS = 65_000


@contextmanager
def _contained() -> Iterator[None]:
    """Turn what the engine cannot do, and its panics, into an error of the query.

    A panic of the Rust engine arrives as a ``BaseException`` that no handler would catch.
    """
    try:
        yield
    except (query.QueryError, documents.RecordError):
        raise
    except (ValueError, OverflowError, RecursionError) as error:
        raise query.QueryError(f"this cannot be searched for: {str(error)[:200]}") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise query.QueryError("this cannot be searched for") from error
        raise


@dataclass(frozen=True)
class Best:
    """Records that hold most of a question (key and score, best first).

    ``evidence``: what a record that holds all of it says; 1 is enough to name one record.
    """

    hits: list[tuple[str, float]]
    evidence: float


class LayoutError(RuntimeError):
    """The index on disk was made by another version and must be rebuilt."""


class Catalogue:
    """Records by word, filter, facet and sort, exact and complete.

    Every write is durable and visible when the call returns: one commit, one reload.
    """

    def __init__(self, folder: Path) -> None:
        """Open the index in ``folder``, or make an empty one.

        :raises LayoutError: when what is there has another layout or cannot be read.
        """
        self.folder = folder
        self.schema = schema.build()
        self._lock = threading.Lock()
        self._closed = False
        layout = {"layout": schema.LAYOUT}
        stated = folder / "layout.json"
        if stated.exists():
            try:
                found = json.loads(stated.read_text())
            except ValueError:
                raise LayoutError("the index does not say how it was built") from None
            if found != layout:
                raise LayoutError(f"the index was built as {found}, this is {layout}")
        elif folder.exists() and any(folder.iterdir()):
            raise LayoutError("the index does not say how it was built")
        tantivy_folder = folder / "tantivy"
        tantivy_folder.mkdir(parents=True, exist_ok=True)
        try:
            self.index = tantivy.Index(self.schema, path=str(tantivy_folder))
            self._writer = self.index.writer(_HEAP, 1)
        except ValueError as error:
            raise LayoutError(f"the index cannot be opened: {error}") from error
        self._applied = int(self._writer.commit_opstamp)
        self.index.reload()
        self._probe()
        stated.write_text(json.dumps(layout))

    def _probe(self) -> None:
        """Read a little from every part, so that damage shows now and not in a search."""
        searcher = self.index.searcher()
        for column in ("created", "sort_id"):
            try:
                hits = searcher.search(Engine.all_query(), limit=10, order_by_field=column).hits
                for _, address in hits:
                    documents.stored_record(searcher.doc(address))
                searcher.aggregate(
                    Engine.all_query(), {"n": {"terms": {"field": "facets.state", "size": 1}}}
                )
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt | SystemExit):
                    raise
                raise LayoutError(f"the index cannot be read: {error}") from None

    # -- writing ---------------------------------------------------------------------------

    def put(self, records: Sequence[documents.Record], *, durable: bool = True) -> None:
        """Add or replace records, all of them or none.

        Not ``durable``: they become durable and visible with the next :meth:`commit` or write.

        :raises documents.RecordError: when one has no key; nothing is written then.
        """
        prepared = [(documents.key_of(record), documents.document(record)) for record in records]
        with self._lock:
            try:
                for key, doc in prepared:
                    self._writer.delete_documents_by_term("key", key)
                    self._writer.add_document(doc)
            except BaseException:
                self._writer.rollback()
                raise
            if durable:
                self._commit()

    def commit(self) -> None:
        """Make everything durable and visible that was put without."""
        with self._lock:
            self._commit()

    def _commit(self) -> None:
        try:
            self._applied = int(self._writer.commit())
        except BaseException:
            self._writer.rollback()
            raise
        self.index.reload()

    def remove(self, keys: Iterable[str]) -> None:
        """Remove records by key; unknown keys are no error."""
        with self._lock:
            for key in keys:
                self._writer.delete_documents_by_term("key", key)
            self._commit()

    def close(self) -> None:
        """Finish writing and let go of the folder; a second time does nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._writer.wait_merging_threads()

    # -- reading ---------------------------------------------------------------------------

    def __len__(self) -> int:
        return int(self.index.searcher().num_docs)

    @property
    def applied(self) -> int:
        """The number of the last change that is applied here: how far this copy is."""
        return self._applied

    def keys(self, node: query.Node) -> list[str]:
        """Return the keys of all records that match."""
        with _contained():
            searcher = self.index.searcher()
            matching = self._translator(searcher).engine(node)
            hits = searcher.search(matching, limit=max(1, searcher.num_docs), count=False).hits
        return [documents.stored_key(searcher.doc(address)) for _, address in hits]

    def records(
        self, wanted: frozenset[str], keys: Sequence[str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the wanted stored fields of every record (or of these) of the snapshot.

        For the service itself: fields that are never handed out are among them.
        """
        searcher = self.index.searcher()
        these = Engine.all_query()
        if keys is not None:
            these = Engine.term_set_query(self.schema, "key", list(keys))
        hits = searcher.search(these, limit=max(1, searcher.num_docs), count=False).hits
        for _, address in hits:
            yield documents.stored_record(searcher.doc(address), wanted, guarded=True)

    def best(self, search: query.Search, limit: int, among: Collection[str] | None = None) -> Best:
        """Return the keys and scores of the records that hold most of a person's question.

        ``among``: only of these records (by key).

        :raises query.QueryError: when the query is no question or cannot be searched for.
        """
        if not isinstance(search.query, query.Question):
            raise query.QueryError("only a question has records that hold most of it")
        with _contained():
            searcher = self.index.searcher()
            translator = self._translator(searcher)
            evidence = translator.questions.evidence(search.query.concepts)
            if not limit or (among is not None and not among):
                return Best([], evidence)
            matching = _matching(search, search.query, translator)
            if among is not None:
                these = Engine.term_set_query(self.schema, "key", list(among))
                matching = Engine.boolean_query(
                    [(Occur.Must, Engine.const_score_query(these, 0.0)), (Occur.Must, matching)]
                )
            hits = searcher.search(matching, limit=limit, count=False).hits
            return Best(
                [
                    (documents.stored_key(searcher.doc(place)), float(score))
                    for score, place in hits
                ],
                evidence,
            )

    def count(self, search: query.Search) -> int:
        """Return how many records match a search."""
        with _contained():
            searcher = self.index.searcher()
            translator = self._translator(searcher)
            return ordering.count(searcher, _matching(search, search.query, translator))

    @contextmanager
    def view(self, labels: Sequence[str]) -> Iterator[View]:
        """Lend what a caller with these labels may see of one snapshot, to be asked several times.

        :raises query.QueryError: when something in it cannot be searched for.
        """
        with _contained():
            searcher = self.index.searcher()
            translator = self._translator(searcher)
            active = query.Search(query.All(), (query.Term("state", "active"),), tuple(labels))
            seen = _matching(active, active.query, translator)
            yield View(self.schema, searcher, translator, seen)

    def search(
        self,
        search: query.Search,
        scoring: query.Node,
        *,
        scored: bool,
        wanted: frozenset[str] | None = None,
    ) -> query.Result:
        """Answer a search on one snapshot: count, page and facets of the same set.

        ``scoring`` is the query (already united with the nearest records, where it is hybrid).

        :raises query.QueryError: when it cannot be searched for.
        """
        with _contained():
            return self._search(search, scoring, scored, wanted)

    def _search(
        self,
        search: query.Search,
        scoring: query.Node,
        scored: bool,
        wanted: frozenset[str] | None,
    ) -> query.Result:
        searcher = self.index.searcher()
        translator = self._translator(searcher)
        filters = _with_labels(search)
        matching = _matching(search, scoring, translator)
        count = ordering.count(searcher, matching)
        order = ordering.Ordering(self.schema, searcher, matching)
        rows = min(search.rows, max(0, count - search.start))
        page = order.page(search.sort, search.start, rows, scored) if rows else []
        hits = []
        for score, address in page:
            doc = searcher.doc(address)
            hits.append(
                query.Hit(documents.stored_key(doc), score, documents.stored_record(doc, wanted))
            )
        facets = self._counts(searcher, translator, matching, search.facets, filters)
        return query.Result(count, tuple(hits), facets)

    def _translator(self, searcher: tantivy.Searcher) -> translate.Translator:
        return translate.Translator(self.schema, searcher)

    def _counts(
        self,
        searcher: tantivy.Searcher,
        translator: translate.Translator,
        matching: Engine,
        facets: tuple[query.Facet, ...],
        filters: tuple[query.Node, ...],
    ) -> dict[str, list[tuple[str, int]]]:
        """Count all facets in one pass over the result set."""
        asked = [facet for facet in facets if facet.limit != 0]
        counted = _terms(searcher, matching, [facet.field for facet in asked])
        with_empty = [facet.field for facet in asked if facet.min_count <= 0]
        if with_empty:
            # Values without a hit are shown too, but only those that the caller may know of.
            visible = Engine.boolean_query(
                [(Occur.Must, translator.engine(node)) for node in guards_of(filters)]
                or [(Occur.Must, Engine.all_query())]
            )
            for field, values in _terms(searcher, visible, with_empty).items():
                for value in values:
                    counted[field].setdefault(value, 0)
        found: dict[str, list[tuple[str, int]]] = {facet.field: [] for facet in facets}
        for facet in asked:
            ordered = sorted(
                (item for item in counted[facet.field].items() if item[1] >= facet.min_count),
                key=lambda item: (-item[1], item[0]),
            )
            found[facet.field] = ordered if facet.limit < 0 else ordered[: facet.limit]
        return found


def _matching(
    search: query.Search, scoring: query.Node, translator: translate.Translator
) -> Engine:
    """Return the one engine query that is a search's result set, with its scores."""
    clauses = [(Occur.Must, translator.engine(scoring))]
    clauses += [
        (Occur.Must, Engine.const_score_query(translator.engine(node), 0.0))
        for node in _with_labels(search)
    ]
    return Engine.boolean_query(clauses)


def _terms(
    searcher: tantivy.Searcher, matching: Engine, names: list[str]
) -> dict[str, dict[str, int]]:
    """Return each field's values with their number of records."""
    if not names:
        return {}
    asked = {
        str(number): {"terms": {"field": f"facets.{_path(name)}", "size": _MAX_BUCKETS}}
        for number, name in enumerate(names)
    }
    try:
        answer = searcher.aggregate(matching, asked)
    except ValueError as error:
        raise query.QueryError(f"these facets cannot be counted: {error}") from error
    return {
        name: {
            str(item["key"])[1:]: int(item["doc_count"]) for item in answer[str(number)]["buckets"]
        }
        for number, name in enumerate(names)
    }


def _path(name: str) -> str:
    return name.replace("\\", "\\\\").replace(".", "\\.")


def _with_labels(search: query.Search) -> tuple[query.Node, ...]:
    if search.labels is None:
        return search.filters
    labels = tuple(query.Term("permission_labels", label) for label in search.labels)
    allowed: query.Node = query.Bool(should=labels) if labels else query.Nothing()
    return (*search.filters, allowed)


def guards_of(filters: Iterable[query.Node]) -> tuple[query.Node, ...]:
    """Return those parts of the filters that say who may see a record, wherever they stand."""
    found: list[query.Node] = []
    for node in filters:
        if _guards(node):
            found.append(node)
        elif isinstance(node, query.Bool):
            found.extend(guards_of(node.must))
            found.extend(query.Bool(must_not=(child,)) for child in node.must_not if _guards(child))
    return tuple(found)


def _guards(node: query.Node) -> bool:
    """Tell whether a filter says who may see a record."""
    match node:
        case query.Term(field=field):
            return field in ("permission_labels", "site_id")
        case query.Nothing():
            return True
        case query.Bool(must=must, should=should, must_not=()):
            children = must + should
            return bool(children) and all(_guards(child) for child in children)
        case _:
            return False
