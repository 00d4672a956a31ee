"""The catalogue as it stands at one moment: whoever asks several things of it asks of one state."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import tantivy
from tantivy import Occur
from tantivy import Query as Engine

from search import query
from search.catalogue import documents, facets, ordering, translate
from search.catalogue.memory import Memory
from search.catalogue.questions import Frequencies
from search.catalogue.view import View

#: Keys that a state remembers: some 250 bytes each.
_REMEMBERED = 200_000
#: Answers that a state remembers: some 20 KB each.
_ANSWERS = 500


@contextmanager
def contained() -> Iterator[None]:
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


class Keys:
    """The keys of records by where they lie in one state: read once, they are remembered."""

    def __init__(self, searcher: tantivy.Searcher) -> None:
        self._searcher = searcher
        self._known: dict[tuple[int, int], str] = {}
        self._ids: dict[tuple[int, int], str] = {}

    def id_of(self, place: tantivy.DocAddress) -> str:
        """Return CKAN's id of the record that lies there."""
        spot = place.segment_ord, place.doc
        found = self._ids.get(spot)
        if found is None:
            if len(self._ids) >= _REMEMBERED:
                self._ids.clear()
            record = documents.stored_record(self._searcher.doc(place), frozenset({"id"}))
            found = self._ids[spot] = str(record["id"])
        return found

    def of(self, place: tantivy.DocAddress) -> str:
        """Return the key of the record that lies there."""
        spot = place.segment_ord, place.doc
        key = self._known.get(spot)
        if key is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            key = self._known[spot] = documents.stored_key(self._searcher.doc(place))
        return key


class Snapshot:
    """One state of the catalogue. It does not change; several callers may ask at once."""

    def __init__(self, index_schema: tantivy.Schema, searcher: tantivy.Searcher) -> None:
        self._schema = index_schema
        self._searcher = searcher
        self._keys = Keys(searcher)
        self._frequencies = Frequencies(searcher)
        self._counted: Memory[tuple[int, facets.Counts]] = Memory(_ANSWERS)
        #: How questions are to be scored, for whoever works that out.
        self.scorings: Memory[query.Node] = Memory(_ANSWERS)

    def keys(self, node: query.Node) -> list[str]:
        """Return the keys of all records that match.

        :raises query.QueryError: when it cannot be searched for.
        """
        with contained():
            matching = self._translator().engine(node)
            everything = max(1, self._searcher.num_docs)
            hits = self._searcher.search(matching, limit=everything, count=False).hits
        return [self._keys.of(place) for _, place in hits]

    def view(self, labels: Sequence[str]) -> View:
        """Return what a caller with these labels may see."""
        translator = self._translator()
        active = query.Search(query.All(), (query.Term("state", "active"),), tuple(labels))
        seen = Engine.boolean_query(_filtering(active, translator))
        return View(self._schema, self._searcher, translator, seen)

    def seen(self, search: query.Search, ids: Collection[str]) -> dict[str, str]:
        """Return the keys of those records (by CKAN's id) that a search's filters let through."""
        if not ids:
            return {}
        with contained():
            translator = self._translator(scored=False)
            named = query.Bool(should=tuple(query.Term("id", one) for one in ids))
            clauses = [(Occur.Must, translator.engine(named)), *_filtering(search, translator)]
            asked = Engine.boolean_query(clauses)
            hits = self._searcher.search(asked, limit=len(ids), count=False).hits
            return {self._keys.id_of(place): self._keys.of(place) for _, place in hits}

    def best(self, search: query.Search, limit: int, among: Collection[str] | None = None) -> Best:
        """Return the keys and scores of the records that hold most of a person's question.

        ``among``: only of these records (by key).

        :raises query.QueryError: when the query is no question or cannot be searched for.
        """
        if not isinstance(search.query, query.Question):
            raise query.QueryError("only a question has records that hold most of it")
        with contained():
            translator = self._translator()
            evidence = translator.questions.evidence(search.query.concepts)
            if not limit or (among is not None and not among):
                return Best([], evidence)
            clauses = [(Occur.Must, translator.engine(search.query))]
            clauses += _filtering(search, translator)
            if among is not None:
                these = Engine.const_score_query(translator.records(among), 0.0)
                clauses.append((Occur.Must, these))
            matching = Engine.boolean_query(clauses)
            hits = self._searcher.search(matching, limit=limit, count=False).hits
            return Best([(self._keys.of(place), float(score)) for score, place in hits], evidence)

    def search(
        self,
        search: query.Search,
        scoring: query.Node,
        *,
        scored: bool,
        wanted: frozenset[str] | None = None,
    ) -> query.Result:
        """Answer a search: count, page and facets of the same set.

        ``scoring`` is the query (already united with the nearest records, where it is hybrid);
        ``scored``: whether it tells records apart.

        :raises query.QueryError: when it cannot be searched for.
        """
        with contained():
            sets = self._translator(scored=False)
            filters = _filtering(search, sets)
            # Where some have their scores already, the rest's are worked out only when looked for.
            translator = sets if isinstance(scoring, query.Ranked) else self._translator()
            matching = Engine.boolean_query([(Occur.Must, translator.engine(scoring)), *filters])
            asked = replace(search, sort=(), start=0, rows=0), scoring
            count, counts = self._counted.of(asked, lambda: self._count(search, matching, sets))
            rows = min(search.rows, max(0, count - search.start))
            page: list[ordering.Hit] = []
            if rows:
                order = ordering.Ordering(self._schema, self._searcher, matching)
                if isinstance(scoring, query.Ranked):
                    order = self._ranking(scoring, matching, filters)
                page = order.page(search.sort, search.start, rows, scored)
            hits = []
            for score, address in page:
                doc = self._searcher.doc(address)
                record = documents.stored_record(doc, wanted)
                hits.append(query.Hit(documents.stored_key(doc), score, record))
        return query.Result(count, tuple(hits), counts)

    def _count(
        self, search: query.Search, matching: Engine, sets: translate.Translator
    ) -> tuple[int, facets.Counts]:
        visible = Engine.boolean_query(
            [(Occur.Must, sets.engine(node)) for node in guards_of(with_labels(search))]
            or [(Occur.Must, Engine.all_query())]
        )
        return facets.count(self._searcher, matching, visible, search.facets)

    def _ranking(
        self, node: query.Ranked, matching: Engine, filters: list[tuple[Occur, Engine]]
    ) -> ordering.Ranking:
        """Return the order of records some of which have their scores already."""
        scores = dict(node.hits)

        def given(keys: Collection[str]) -> list[ordering.Hit]:
            """Those of these records that the filters let through."""
            these = self._translator(scored=False).records(keys)
            clauses = [(Occur.Must, Engine.const_score_query(these, 0.0)), *filters]
            asked = Engine.boolean_query(clauses)
            left = self._searcher.search(asked, limit=len(keys), count=False).hits
            return [(scores[self._keys.of(place)], place) for _, place in left]

        def rest() -> Engine:
            translator = self._translator()
            without = (Occur.MustNot, translator.records(scores))
            others = translator.engine(node.rest or query.Nothing())
            return Engine.boolean_query([(Occur.Must, others), without, *filters])

        return ordering.Ranking(
            self._schema,
            self._searcher,
            matching,
            ordering.Given(scores, given),
            rest if node.rest is not None else None,
            node.most,
        )

    def _translator(self, *, scored: bool = True) -> translate.Translator:
        return translate.Translator(self._schema, self._searcher, self._frequencies, scored=scored)


def _filtering(
    search: query.Search, translator: translate.Translator
) -> list[tuple[Occur, Engine]]:
    """Return the clauses that narrow a search without scoring."""
    return [
        (Occur.Must, Engine.const_score_query(translator.engine(node), 0.0))
        for node in with_labels(search)
    ]


def with_labels(search: query.Search) -> tuple[query.Node, ...]:
    """Return a search's filters, with the one that its caller's labels are."""
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
