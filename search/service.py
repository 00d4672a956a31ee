"""The search service's core: both engines and the model, as one catalogue.

A record is written to the vectors first and to Tantivy last: Tantivy alone decides what exists,
so a crash in between leaves nothing half-visible. Removing goes the other way round.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from search import encoder, leaning, query, ranking
from search.catalogue import documents, index
from search.catalogue.documents import values_of
from search.catalogue.snapshot import Snapshot, guards_of
from search.journal import Journal
from search.passages.service import Passages
from search.question import Reader
from search.turns import Turns
from search.vectors.base import GUARDS, Point, Vector, VectorStore

_BATCH = 500
#: A batch that takes longer to embed than a thread takes to wake.
_MANY = 32
#: What a record's vector is made from, and what it is filtered by.
_EMBEDDED = frozenset({"index_id", "id", "name", "title", "notes", *GUARDS})


#: The engine counts in fewer digits than we do.
_ROUNDED_UP = 1.00001

#: Of several texts the number of the one that answers a question best; ``None``: none does.
NearestText: TypeAlias = Callable[[Sequence[str]], int | None]


@dataclass(frozen=True)
class Prepared:
    """Records as both engines take them: their points (none without a model), and their words."""

    points: list[Point]
    words: index.Prepared

    def without(self, keys: Collection[str]) -> Prepared:
        """Return the others than these."""
        return Prepared(
            [point for point in self.points if point.key not in keys],
            [(key, document) for key, document in self.words if key not in keys],
        )


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
        reader: Reader | None = None,
        passages: Passages | None = None,
    ) -> None:
        self.reader = reader or Reader()
        self.passages = passages
        self.catalogue = catalogue
        self.vectors = vectors
        self.model = model
        self.mode: query.Mode = mode if model else "lexical"
        self._journal = journal
        self._turns = Turns(len(os.sched_getaffinity(0)))
        self._beside = ThreadPoolExecutor(1, "embedding")

    # -- writing ---------------------------------------------------------------------------

    def put(self, records: Sequence[documents.Record], *, durable: bool = True) -> None:
        """Add or replace records; durable in both engines and visible when this returns.

        Not ``durable``: only after :meth:`commit` or the next write.

        :raises documents.RecordError: when one cannot be indexed; nothing is written then.
        """
        for record in records:
            documents.key_of(record)
        for start in range(0, len(records), _BATCH):
            self.write(self.prepare(records[start : start + _BATCH]), durable=durable)

    def prepare(self, records: Sequence[documents.Record]) -> Prepared:
        """Analyse and embed records: most of the work of writing them, and no part of the index.

        :raises documents.RecordError: when one cannot be indexed.
        """
        if len(records) < _MANY:
            return Prepared(self._points(records), index.prepared(records))
        points = self._beside.submit(self._points, records)
        words = index.prepared(records)
        return Prepared(points.result(), words)

    def write(self, prepared: Prepared, *, durable: bool = True) -> None:
        """Write prepared records to both engines."""
        with self._noted([key for key, _ in prepared.words]):
            self.vectors.put(prepared.points)
            self.catalogue.write(prepared.words, durable=durable)

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
                # What was worked out in between may know neighbours that are gone.
                self.catalogue.forget()
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
        self._beside.shutdown()
        self.catalogue.close()
        self.vectors.close()

    def drop(self) -> None:
        """Close for good: nobody will open this index again."""
        self._beside.shutdown()
        self.catalogue.close()
        self.vectors.drop()

    def _points(self, records: Sequence[documents.Record]) -> list[Point]:
        if self.model is None or not records:
            return []
        texts = [
            encoder.record_texts(
                " ".join(values_of(record.get("title")) or values_of(record.get("name"))),
                " ".join(values_of(record.get("notes"))),
            )
            for record in records
        ]
        vectors = self.model.passages([text for of_one in texts for text, _ in of_one])
        points: list[Point] = []
        row = 0
        for record, of_one in zip(records, texts, strict=True):
            trust = np.array([[share] for _, share in of_one], dtype=np.float32)
            points.append(
                Point(
                    documents.key_of(record),
                    vectors[row : row + len(of_one)] * trust,
                    {guard: values_of(record.get(guard)) for guard in GUARDS},
                )
            )
            row += len(of_one)
        return points

    # -- reading ---------------------------------------------------------------------------

    def search(self, search: query.Search, wanted: frozenset[str] | None = None) -> query.Result:
        """Answer a search. ``wanted``: the stored fields to return (all when ``None``).

        :raises query.QueryError: when the query asks for what is not supported.
        """
        with self._turns:
            snapshot = self.catalogue.snapshot()
            # Neither the page nor the facets chosen have a part in it.
            asked = (search.query, guards_of(search.filters), _only(search), search.labels)
            scoring = snapshot.scorings.of(
                (*asked, search.meaning, search.mode), lambda: self._scoring(search, snapshot)
            )
            return snapshot.search(search, scoring, scored=scores(scoring), wanted=wanted)

    def nearest_text(self, meaning: str | None) -> NearestText:
        """Return what chooses, among texts, the one nearest in meaning (by its number)."""
        if self.model is None or not meaning:
            return lambda texts: None
        model = self.model
        asked = model.query(meaning)

        def choose(texts: Sequence[str]) -> int | None:
            near = model.passages(texts) @ asked
            best = int(near.argmax())
            return best if near[best] >= model.traits.threshold else None

        return choose if asked.any() else lambda texts: None

    def records(self, wanted: frozenset[str]) -> Iterator[dict[str, Any]]:
        """Yield the wanted stored fields of every record, whoever may see it."""
        return self.catalogue.records(wanted)

    def _scoring(self, search: query.Search, snapshot: Snapshot) -> query.Node:
        """Return the query whose result set and scores a search has.

        A person's question unites the words' matches with the neighbours in meaning; what a
        program asks is taken as it stands.
        """
        if not isinstance(search.query, query.Question):
            return search.query
        asked = replace(search.query, concepts=self.reader.read(search.query.text))
        search = replace(search, query=asked)
        vector = None
        if self.model is not None and search.mode != "lexical" and search.meaning:
            vector = leaning.vector(self.model, search.meaning)
        if search.mode == "semantic":
            near = self._near(asked, search, vector, snapshot, 0.0)
            return query.Ranked(tuple(near.items()))
        return self._fused(asked, search, vector, snapshot)

    def _fused(
        self,
        asked: query.Question,
        search: query.Search,
        vector: Vector | None,
        snapshot: Snapshot,
    ) -> query.Node:
        """Unite words and meaning.

        All of this is decided among what the caller may see, before any facet is chosen: choosing
        one must narrow a result set, never change it.
        """
        seen = replace(search, query=asked, filters=guards_of(search.filters))
        loose = replace(seen, query=replace(asked, loose=True))
        best = snapshot.best(seen, ranking.BEST_BY_WORDS)
        words = dict(best.hits)
        complete = len(words) < ranking.BEST_BY_WORDS
        # Nothing beyond them holds more words than the last of them.
        most = best.hits[-1][1] if best.hits else 0.0
        held: dict[str, float] | None = None
        if len(words) < ranking.ENOUGH:
            others = snapshot.best(loose, ranking.BEST_BY_WORDS).hits
            words.update(
                hit for hit in others if ranking.worth_showing(hit[1], others[0][1], best.evidence)
            )
            # All that hold anything, unless there may be more of them.
            held = dict(others) if len(others) < ranking.BEST_BY_WORDS else None
        coverage = min(1.0, max(words.values(), default=0.0))
        near = self._near(asked, search, vector, snapshot, coverage)
        trust = 1.0
        likeness = dict(near)
        if vector is not None:
            trust = ranking.trust(coverage, best.evidence)
            unread = near.keys() - words.keys()
            if held is None:
                words |= dict(snapshot.best(loose, len(near), unread).hits)
            else:
                words |= {key: held[key] for key in unread if key in held}
            likeness |= self.vectors.similarities(vector, sorted(words.keys() - near.keys()))
        scores = {
            key: likeness.get(key, 0.0) + trust * words.get(key, 0.0)
            for key in dict.fromkeys((*words, *near))
        }
        for key, score in self._by_passages(asked.text, search, snapshot).items():
            scores[key] = max(scores.get(key, 0.0), score)
        given = tuple(scores.items())
        if complete:
            return query.Ranked(given)
        # The words' further matches come after their best hundred.
        return query.Ranked(given, query.Boost(asked, trust), trust * most * _ROUNDED_UP)

    def _by_passages(self, text: str, search: query.Search, snapshot: Snapshot) -> dict[str, float]:
        """Return the records (by key) whose files answer a question, each with its best score."""
        if self.passages is None or not len(self.passages):
            return {}
        guarded = replace(search, filters=guards_of(search.filters))
        keys: dict[str, str] = {}

        def seen(ids: Collection[str]) -> Collection[str]:
            found = snapshot.seen(guarded, ids)
            keys.update(found)
            return found

        meaning = search.mode != "lexical" and bool(search.meaning)
        hits = self.passages.search(text, seen, ranking.PASSAGES, meaning=meaning)
        scores: dict[str, float] = {}
        for hit in hits:
            score = ranking.PASSAGE * hit.score
            key = keys[hit.passage.record]
            scores[key] = max(scores.get(key, 0.0), score)
        return scores

    def _near(
        self,
        asked: query.Question,
        search: query.Search,
        vector: Vector | None,
        snapshot: Snapshot,
        coverage: float,
    ) -> dict[str, float]:
        """Return the records nearest in meaning that the caller may see, with their similarity.

        None where the catalogue holds nothing of the kind: ``coverage`` (0 to 1) is how much of
        the question the best record holds in words. What must or must not be met holds here too.
        """
        if self.model is None or vector is None or not vector.any():
            return {}
        only = dict(_only(search))
        hits = self.vectors.nearest(vector, limit=ranking.NEIGHBOURS, threshold=0.0, only=only)
        threshold = self.model.traits.threshold
        if not hits or ranking.sureness([one for _, one in hits], coverage) < threshold:
            return {}
        least = ranking.least_similarity(hits[0][1], coverage, threshold)
        near = {key: similarity for key, similarity in hits if similarity >= least}
        signed = tuple(concept for concept in asked.concepts if concept.sign)
        if signed:
            demands = replace(search, query=replace(asked, concepts=signed), filters=())
            allowed = dict(snapshot.best(demands, len(near), near.keys()).hits)
            near = {key: similarity for key, similarity in near.items() if key in allowed}
        return near


def scores(node: query.Node) -> bool:
    """Tell whether a query gives different records different scores."""
    match node:
        case query.Bool(must=must, should=should):
            return any(scores(child) for child in must + should)
        case query.Boost(child=child):
            return scores(child)
        case (
            query.Term()
            | query.Words()
            | query.People()
            | query.Question()
            | query.Ranked()
            | query.Fuzzy()
        ):
            return True
        case _:
            return False


def _only(search: query.Search) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return by what the vectors can be filtered: field, and any of these values."""
    only: dict[str, Sequence[str]] = {}
    for node in search.filters:
        only.update(_simple_guards(node))
    if search.labels is not None:
        only["permission_labels"] = search.labels
    return tuple((field, tuple(values)) for field, values in only.items())


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
