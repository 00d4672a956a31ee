"""The passages of all files: written file by file, found by words and meaning together.

A file's new version is written beside the old one, then the ledger says that it counts, then the
old one is removed: a crash in between leaves nothing half-visible. Who may see a passage is asked
of the catalogue at each search: it follows the record at once.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TypeAlias

from search import encoder, ranking
from search.passages import words
from search.passages.ledger import Ledger
from search.passages.model import FileState, Hit, Passage, context_of
from search.passages.store import Found, PassageStore, Point
from search.question import Reader

log = logging.getLogger(__name__)

#: Of these records (by id) those that somebody may see.
Seen: TypeAlias = Callable[[Collection[str]], Collection[str]]

_BATCH = 500
#: Candidates by words and by meaning that are looked at first, and at most where most of them are
#: not for the caller's eyes.
_FIRST, _MOST = 60, 4_000
#: So many times as many at first for a question that demands something.
_DEMANDING = 4
#: Under this share of the question in words a passage is found by its meaning alone.
_HOLDS = 0.02


@dataclass(frozen=True)
class Considered:
    """What was looked at for a question: what it asks, and the passages found, the best first.

    ``held``: the shares of the question that the candidates hold in words, the most first.
    """

    asked: words.Asked
    hits: list[Hit]
    held: list[float]


class Passages:
    """All passages, in one engine. Several threads may search; writes go one after the other."""

    def __init__(
        self, store: PassageStore, ledger: Ledger, model: encoder.Encoder | None, reader: Reader
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._model = model
        self._reader = reader
        self._lock = Lock()

    @classmethod
    def open(cls, folder: Path, model: encoder.Encoder | None, reader: Reader) -> Passages:
        """Open the passages in a folder; what a crash or another model left is put right."""
        from search.passages.edge import EdgePassages

        ledger = Ledger(folder / "ledger.db")
        dimension = model.traits.dimension if model else 1
        identity = model.traits.identity if model else ""
        made_with = ledger.noted("model")
        store = EdgePassages(folder / "points", dimension)
        opened = cls(store, ledger, model, reader)
        if made_with != identity and len(store):
            opened = opened._moved(folder, dimension)
        ledger.note("model", identity)
        opened._tidy()
        return opened

    def _moved(self, folder: Path, dimension: int) -> Passages:
        """Make all vectors again, with the model that is configured now."""
        from search.passages.edge import EdgePassages

        log.info("the passages' vectors are made again: another model is configured")
        kept = list(self._store.all())
        self._store.close()
        for path in sorted((folder / "points").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        store = EdgePassages(folder / "points", dimension)
        fresh = Passages(store, self._ledger, self._model, self._reader)
        for start in range(0, len(kept), _BATCH):
            store.put(fresh._points([one.passage for one in kept[start : start + _BATCH]]))
        return fresh

    def _tidy(self) -> None:
        if len(self._store) == self._ledger.total:
            return
        stale = {
            (one.passage.file, one.passage.version)
            for one in self._store.all()
            if not self._ledger.is_current(one.passage.file, one.passage.version)
        }
        for file in {file for file, _ in stale}:
            state = self._ledger.state(file)
            self._store.keep(file, state.version if state else None)

    # -- writing ---------------------------------------------------------------------------

    def put(self, file: FileState, passages: Sequence[Passage]) -> None:
        """Replace all passages of a file; durable and found when this returns."""
        points: list[Point] = []
        for start in range(0, len(passages), _BATCH):
            points += self._points(passages[start : start + _BATCH])
        counts = Counter(number for point in points for number in point.words)
        with self._lock:
            before = self._words_of(file.file)
            for start in range(0, len(points), _BATCH):
                self._store.put(points[start : start + _BATCH])
            self._ledger.put(file, counts, before)
            self._store.keep(file.file, file.version)

    def remove(self, files: Iterable[str]) -> int:
        """Forget files; return how many were held."""
        removed = 0
        with self._lock:
            for file in files:
                if self._ledger.state(file) is None:
                    continue
                self._ledger.remove([file], self._words_of(file))
                self._store.keep(file, None)
                removed += 1
        return removed

    def _words_of(self, file: str) -> Counter[int]:
        state = self._ledger.state(file)
        held = self._store.of_file(file, state.version) if state else []
        return Counter(number for found in held for number in found.words)

    def _points(self, passages: Sequence[Passage]) -> list[Point]:
        texts = [_embedded(passage) for passage in passages]
        vectors = self._model.passages(texts) if self._model and texts else None
        return [
            Point(
                passage,
                vectors[number] if vectors is not None else None,
                words.of_passage(" ".join((*passage.headings, passage.text))),
            )
            for number, passage in enumerate(passages)
        ]

    def files(self, record: str | None = None) -> list[FileState]:
        """Return the files that are held, or those of a record."""
        return self._ledger.files(record)

    def __len__(self) -> int:
        return self._ledger.total

    def close(self) -> None:
        """Write everything out and let go of the files."""
        with self._lock:
            self._store.close()
            self._ledger.close()

    # -- reading ---------------------------------------------------------------------------

    def search(
        self,
        text: str,
        seen: Seen,
        limit: int,
        *,
        records: Sequence[str] | None = None,
        meaning: bool = True,
    ) -> list[Hit]:
        """Return the passages that answer a question best, among the records somebody may see.

        None where no passage seems to have to do with it. ``records``: only of these. Not
        ``meaning``: by words alone.
        """
        return self.consider(text, seen, limit, records=records, meaning=meaning).hits

    def consider(
        self,
        text: str,
        seen: Seen,
        limit: int,
        *,
        records: Sequence[str] | None = None,
        meaning: bool = True,
    ) -> Considered:
        """Return the same, with what else was looked at: for whoever reads on."""
        concepts = self._reader.read(text)
        asked = words.of_question(concepts, self._ledger.idf, self._ledger.total)
        dense = self._model.query(text) if self._model and meaning else None
        if dense is not None and not dense.any():
            dense = None
        found = self._candidates(asked, dense, seen, limit, records) if len(self) else []
        threshold = self._model.traits.threshold if self._model else 0.0
        held = sorted((asked.held_by(one.words) for one in found), reverse=True)
        return Considered(asked, _fused(found, asked, threshold)[:limit], held)

    def _candidates(
        self,
        asked: words.Asked,
        dense: encoder.Vector | None,
        seen: Seen,
        limit: int,
        records: Sequence[str] | None,
    ) -> list[Found]:
        sparse = asked.sparse
        known: dict[str, bool] = {}
        # Of those that are near, few have what a plus or quotation marks demand.
        most = max(_FIRST * (_DEMANDING if asked.demands else 1), limit)
        while True:
            found = self._store.near(dense, sparse, most, records)
            current = [
                one
                for one in found
                if self._ledger.is_current(one.passage.file, one.passage.version)
                and asked.allows(one.words, one.passage.text)
            ]
            new = {one.passage.record for one in current} - known.keys()
            if new:
                allowed = seen(new)
                known |= {record: record in allowed for record in new}
            left = [one for one in current if known[one.passage.record]]
            # Further ones are looked for only in the place of those that the caller may not see.
            enough = len(left) >= _FIRST // 2 or len(left) == len(current)
            if enough or len(found) < most or most >= _MOST:
                return left
            most = min(_MOST, most * 4)

    def passage(self, passage: str, seen: Seen, around: int = 0) -> list[Passage]:
        """Return a passage by its id, with ``around`` ones before and behind it; else nothing."""
        found = self._store.get(passage)
        if (
            found is None
            or not self._ledger.is_current(found.file, found.version)
            or found.record not in seen([found.record])
        ):
            return []
        if not around:
            return [found]
        of_file = [one.passage for one in self._store.of_file(found.file, found.version)]
        return context_of(of_file, found.ordinal, around)


def _embedded(passage: Passage) -> str:
    """Return the text that a passage is embedded by: under its nearest heading."""
    return " ".join((*passage.headings[-1:], passage.text))


def _fused(candidates: Sequence[Found], asked: words.Asked, threshold: float) -> list[Hit]:
    """Put candidates in order, as records are (``search.ranking``); none if none is meant."""
    held = {one.passage.id: asked.held_by(one.words) for one in candidates}
    best = max(held.values(), default=0.0)
    coverage = min(1.0, best)
    trust = ranking.trust(coverage, asked.evidence)
    likeness = sorted((one.likeness or 0.0 for one in candidates), reverse=True)
    meant = bool(likeness) and ranking.sureness(likeness, coverage) >= threshold
    least = ranking.least_similarity(likeness[0], coverage, threshold) if meant else 2.0
    hits = []
    for one in candidates:
        part, like = held[one.passage.id], one.likeness or 0.0
        by_words = part > _HOLDS and ranking.worth_showing(part, best, asked.evidence)
        if by_words or like >= least:
            hits.append(Hit(one.passage, like, part, like + trust * part))
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage.id))
