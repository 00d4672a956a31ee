"""Passages in Qdrant Edge: the engine in this process, on a folder of its own."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import qdrant_edge as qdrant

from search.passages.model import Passage
from search.passages.store import DENSE, WORDS, Found, Point, passage_of, payload_of
from search.passages.words import Sparse
from search.vectors.base import Vector

_PAGE = 1_000
_INDEXED = ("record", "file", "version")


class EdgePassages:
    """Passages in a folder. One process at a time; updates go through a write-ahead log."""

    def __init__(self, folder: Path, dimension: int) -> None:
        """Open the shard in ``folder``, or make an empty one for vectors of ``dimension``."""
        self.folder = folder
        self._lock = threading.Lock()
        self._closed = False
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            self._shard = qdrant.EdgeShard.load(str(folder))
            return
        config = qdrant.EdgeConfig(
            vectors={
                DENSE: qdrant.EdgeVectorParams(
                    size=dimension,
                    distance=qdrant.Distance.Dot,
                    datatype=qdrant.VectorStorageDatatype.Float16,
                )
            },
            sparse_vectors={WORDS: qdrant.EdgeSparseVectorParams()},
            on_disk_payload=True,
        )
        self._shard = qdrant.EdgeShard.create(str(folder), config)
        for name in _INDEXED:
            self._shard.update(
                qdrant.UpdateOperation.create_field_index(name, qdrant.PayloadSchemaType.Keyword)
            )

    def put(self, points: Sequence[Point]) -> None:
        """Add or replace points."""
        if not points:
            return
        prepared = [
            qdrant.Point(uuid.UUID(point.passage.id), _vectors(point), payload_of(point.passage))
            for point in points
        ]
        with self._lock:
            self._shard.update(qdrant.UpdateOperation.upsert_points(prepared))

    def keep(self, file: str, version: str | None) -> None:
        """Remove all points of a file but those of ``version``."""
        others = qdrant.Filter(
            must=[_is("file", file)],
            must_not=[] if version is None else [_is("version", version)],
        )
        with self._lock:
            self._shard.update(qdrant.UpdateOperation.delete_points_by_filter(others))

    def near(
        self, dense: Vector | None, words: Sparse, limit: int, records: Sequence[str] | None
    ) -> list[Found]:
        """Return the passages nearest in meaning and those that hold most of the words."""
        among = None
        if records is not None:
            match = qdrant.MatchAny(list(records))
            among = qdrant.Filter(must=[qdrant.FieldCondition("record", match=match)])
        ids: set[Any] = set()
        if dense is not None:
            ids |= self._ids(qdrant.Query.Nearest(dense.tolist(), using=DENSE), limit, among)
        if words:
            query = qdrant.Query.Nearest(_sparse(words), using=WORDS)
            ids |= self._ids(query, limit, among)
        if not ids:
            return []
        if dense is None:
            kept = self._shard.retrieve(list(ids), True, [WORDS])
            return [_found(point) for point in kept]
        scored = self._shard.query(
            qdrant.QueryRequest(
                limit=len(ids),
                query=qdrant.Query.Nearest(dense.tolist(), using=DENSE),
                filter=qdrant.Filter(must=[qdrant.HasIdCondition(ids)]),
                with_payload=True,
                with_vector=[WORDS],
            )
        )
        return [_found(point, float(point.score)) for point in scored]

    def _ids(self, query: Any, limit: int, among: Any) -> set[Any]:
        request = qdrant.QueryRequest(limit=limit, query=query, filter=among)
        return {point.id for point in self._shard.query(request)}

    def of_file(self, file: str, version: str) -> list[Found]:
        """Return all passages of a file's version, in their order."""
        these = qdrant.Filter(must=[_is("file", file), _is("version", version)])
        return sorted(self._scrolled(these), key=lambda one: one.passage.ordinal)

    def get(self, passage: str) -> Passage | None:
        """Return a passage by its id."""
        try:
            number = uuid.UUID(passage)
        except ValueError:
            return None
        for point in self._shard.retrieve([number], True, False):
            return passage_of(point.payload or {})
        return None

    def all(self) -> Iterator[Found]:
        """Yield everything."""
        return self._scrolled(None)

    def _scrolled(self, among: Any) -> Iterator[Found]:
        offset: Any = None
        while True:
            points, offset = self._shard.scroll(
                qdrant.ScrollRequest(
                    limit=_PAGE, offset=offset, filter=among, with_payload=True, with_vector=[WORDS]
                )
            )
            yield from map(_found, points)
            if offset is None:
                return

    def __len__(self) -> int:
        return int(self._shard.count(qdrant.CountRequest(exact=True)))

    def close(self) -> None:
        """Write everything out and let go of the folder."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._shard.flush()
                self._shard.close()


def _is(field: str, value: str) -> Any:
    return qdrant.FieldCondition(field, match=qdrant.MatchValue(value))


def _vectors(point: Point) -> dict[str, Any]:
    out: dict[str, Any] = {WORDS: _sparse(point.words)}
    if point.dense is not None:
        out[DENSE] = point.dense.tolist()
    return out


def _sparse(words: Sparse) -> Any:
    return qdrant.SparseVector(list(words), list(words.values()))


def _found(point: Any, likeness: float | None = None) -> Found:
    sparse = (point.vector or {}).get(WORDS)
    words = dict(zip(sparse.indices, sparse.values, strict=True)) if sparse is not None else {}
    return Found(passage_of(point.payload or {}), words, likeness)
