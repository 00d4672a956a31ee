"""The search service's core: both engines and the model, as one catalogue.

A record is written to the vectors first and to Tantivy last: Tantivy alone decides what exists,
so a crash in between leaves nothing half-visible. Removing goes the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from search import encoder, query, ranking
from search.catalogue import documents, index
from search.catalogue.documents import values_of
from search.journal import Journal
from search.text import german
from search.vectors.base import GUARDS, Point, VectorStore

_BATCH = 500
#: What a record's vector is made from, and what it is filtered by.
_EMBEDDED = frozenset({"index_id", "id", "name", "title", "notes", *GUARDS})


class SearchService:
    """Writes records to both engines and answers searches from them."""

    def __init__(
        self,
        catalogue: index.Catalogue,
        vectors: VectorStore,
        model: encoder.Encoder | None,
        *,
        mode: query.Mode = "hybrid",
        journal: Journal | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.vectors = vectors
        self.model = model
        self.mode: query.Mode = mode if model else "lexical"
        self._journal = journal

    # -- writing ---------------------------------------------------------------------------

    def put(self, records: Sequence[documents.Record], *, durable: bool = True) -> None:
        """Add or replace records; durable in both engines and visible when this returns.

        Not ``durable``: only after :meth:`commit` or the next write.

        :raises documents.RecordError: when one cannot be indexed; nothing is written then.
        """
        for record in records:
            documents.key_of(record)
        for start in range(0, len(records), _BATCH):
            batch = records[start : start + _BATCH]
            with self._noted([documents.key_of(record) for record in batch]):
                self.vectors.put(self._points(batch))
                self.catalogue.put(batch, durable=durable)

    def commit(self) -> None:
        """Make everything durable that was put without."""
        self.catalogue.commit()

    def remove(self, node: query.Node) -> int:
        """Remove all records that match and return how many there were."""
        keys = self.catalogue.keys(node)
        if keys:
            with self._noted(keys):
                self.catalogue.remove(keys)
                self.vectors.remove(keys)
        return len(keys)

    @contextmanager
    def _noted(self, keys: Sequence[str]) -> Iterator[None]:
        if self._journal is None or self.model is None:
            yield
            return
        self._journal.note(keys)
        yield
        # Not in a finally: what failed half-way is completed at the next start.
        self._journal.clear()

    def complete(self) -> int:
        """Finish what a crash left between the two engines; return how many points changed.

        Only what the journal names is looked at, unless the two do not even count the same.
        """
        if self.model is None:
            return 0
        noted = self._journal.open_keys() if self._journal else None
        if noted is None or len(self.vectors) != len(self.catalogue):
            changed = self._complete_all()
        else:
            changed = self._complete_these(noted)
        if self._journal is not None:
            self._journal.clear()
        return changed

    def _complete_these(self, keys: Sequence[str]) -> int:
        there = list(self.catalogue.records(_EMBEDDED, keys))
        present = {documents.key_of(record) for record in there}
        self.vectors.remove([key for key in keys if key not in present])
        self.vectors.put(self._points(there))
        return len(keys)

    def _complete_all(self) -> int:
        known = set(self.vectors.keys())
        missing: list[dict[str, Any]] = []
        present: set[str] = set()
        for record in self.catalogue.records(_EMBEDDED):
            key = documents.key_of(record)
            present.add(key)
            if key not in known:
                missing.append(record)
        orphans = sorted(known - present)
        self.vectors.remove(orphans)
        for start in range(0, len(missing), _BATCH):
            self.vectors.put(self._points(missing[start : start + _BATCH]))
        return len(missing) + len(orphans)

    def close(self) -> None:
        """Write everything out and let go of the files."""
        self.catalogue.close()
        self.vectors.close()

    def drop(self) -> None:
        """Close for good: nobody will open this index again."""
        self.catalogue.close()
        self.vectors.drop()

    def _points(self, records: Sequence[documents.Record]) -> list[Point]:
        if self.model is None or not records:
            return []
        texts = [
            encoder.record_text(
                " ".join(values_of(record.get("title")) or values_of(record.get("name"))),
                " ".join(values_of(record.get("notes"))),
            )
            for record in records
        ]
        vectors = self.model.passages(texts)
        return [
            Point(
                documents.key_of(record),
                vector,
                {guard: values_of(record.get(guard)) for guard in GUARDS},
            )
            for record, vector in zip(records, vectors, strict=True)
        ]

    # -- reading ---------------------------------------------------------------------------

    def search(self, search: query.Search, wanted: frozenset[str] | None = None) -> query.Result:
        """Answer a search. ``wanted``: the stored fields to return (all when ``None``).

        :raises query.QueryError: when the query asks for what is not supported.
        """
        scoring = self._scoring(search)
        return self.catalogue.search(search, scoring, scored=scores(scoring), wanted=wanted)

    def records(self, wanted: frozenset[str]) -> Iterator[dict[str, Any]]:
        """Yield the wanted stored fields of every record, whoever may see it."""
        return self.catalogue.records(wanted)

    def _scoring(self, search: query.Search) -> query.Node:
        """Unite the words' matches with the neighbours in meaning, in one scored query."""
        words = self._relaxed(search)
        if self.model is None or search.mode == "lexical" or not search.meaning:
            return words
        near = self._near(self.model, search.meaning, search)
        if search.mode == "semantic":
            return near
        weight = self.catalogue.word_weight(german.tokens(search.meaning))
        if weight > 0:
            words = query.Boost(words, ranking.WORDS / (ranking.CEILING * weight))
        return query.Bool(should=(words, near)) if near.hits else words

    def _relaxed(self, search: query.Search) -> query.Node:
        """Return the words' query, softened where it would find too little.

        That is decided among all that the caller may see, before any facet is chosen: choosing one
        must narrow a result set, never change it.
        """
        words = search.query
        if not isinstance(words, query.People) or not words.relax:
            return words
        guards = index.guards_of(search.filters)
        if self.catalogue.count(replace(search, query=words, filters=guards)) >= ranking.ENOUGH:
            return words
        return replace(words, mm="1")

    def _near(self, model: encoder.Encoder, text: str, search: query.Search) -> query.Near:
        vector = model.query(text)
        if not vector.any():
            return query.Near(())
        only: dict[str, Sequence[str]] = {}
        for node in search.filters:
            only.update(_simple_guards(node))
        if search.labels is not None:
            only["permission_labels"] = search.labels
        hits = self.vectors.nearest(
            vector,
            limit=ranking.NEIGHBOURS,
            threshold=model.traits.threshold,
            only=only,
        )
        least = hits[0][1] - ranking.NEIGHBOUR_MARGIN if hits else 0.0
        return query.Near(tuple(hit for hit in hits if hit[1] >= least))


def scores(node: query.Node) -> bool:
    """Tell whether a query gives different records different scores."""
    match node:
        case query.Bool(must=must, should=should):
            return any(scores(child) for child in must + should)
        case query.Boost(child=child):
            return scores(child)
        case query.Term() | query.Words() | query.People() | query.Near() | query.Fuzzy():
            return True
        case _:
            return False


def _simple_guards(node: query.Node) -> dict[str, Sequence[str]]:
    """Return what a filter demands of the guards (field → any of these values)."""
    match node:
        case query.Term(field=field, value=value) if field in GUARDS:
            return {field: (value,)}
        case query.Bool(must=(), should=should, must_not=()) if should:
            terms = [child for child in should if isinstance(child, query.Term)]
            named = {term.field for term in terms}
            if len(terms) == len(should) and len(named) == 1 and named <= set(GUARDS):
                return {named.pop(): tuple(term.value for term in terms)}
        case query.Bool(must=must, should=(), must_not=_):
            found: dict[str, Sequence[str]] = {}
            for child in must:
                found.update(_simple_guards(child))
            return found
    return {}
