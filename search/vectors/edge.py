"""Qdrant Edge: Qdrant's engine in this process, on a folder of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as qdrant

from search.vectors.base import DENSE, GUARDS, Point, Vector, is_plain, point_id

_PAGE = 1_000
#: In the payload of a point whose id is not its key.
_KEY = "key"


class EdgeStore:
    """Vectors in a folder. One process at a time; updates go through Qdrant's write-ahead log."""

    def __init__(self, folder: Path, dimension: int) -> None:
        """Open the shard in ``folder``, or make an empty one for vectors of ``dimension``."""
        self.folder = folder
        self._lock = threading.Lock()
        self._closed = False
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            self._shard = qdrant.EdgeShard.load(str(folder))
            self._all_plain = self._count_odd() == 0
            return
        self._all_plain = True
        config = qdrant.EdgeConfig(
            vectors={
                DENSE: qdrant.EdgeVectorParams(
                    size=dimension,
                    # Rows are shorter than 1 where they count less: no cosine of the engine's own.
                    distance=qdrant.Distance.Dot,
                    multivector_config=qdrant.MultiVectorConfig(
                        qdrant.MultiVectorComparator.MaxSim
                    ),
                    # Half the memory; the error is a thousandth.
                    datatype=qdrant.VectorStorageDatatype.Float16,
                )
            },
            payload_memory=qdrant.Memory.Cached,
        )
        self._shard = qdrant.EdgeShard.create(str(folder), config)
        for guard in GUARDS:
            self._shard.update(
                qdrant.UpdateOperation.create_field_index(guard, qdrant.PayloadSchemaType.Keyword)
            )

    def put(self, points: Sequence[Point]) -> None:
        """Add or replace points."""
        if not points:
            return
        prepared = [
            qdrant.Point(
                point_id(point.key),
                {DENSE: point.vectors.tolist()},
                {
                    **({} if is_plain(point.key) else {_KEY: point.key}),
                    **{name: list(values) for name, values in point.guards.items()},
                },
            )
            for point in points
        ]
        with self._lock:
            self._all_plain &= all(is_plain(point.key) for point in points)
            self._shard.update(qdrant.UpdateOperation.upsert_points(prepared))

    def remove(self, keys: Sequence[str]) -> None:
        """Remove points; unknown keys are no error."""
        if not keys:
            return
        with self._lock:
            self._shard.update(
                qdrant.UpdateOperation.delete_points([point_id(key) for key in keys])
            )

    def nearest(
        self,
        vector: Vector,
        *,
        limit: int,
        threshold: float,
        only: Mapping[str, Sequence[str]],
    ) -> list[tuple[str, float]]:
        """Return keys and similarities, nearest first."""
        conditions: list[Any] = [
            qdrant.FieldCondition(name, match=qdrant.MatchAny(list(values)))
            for name, values in only.items()
        ]
        return self._query(vector, conditions, limit, threshold)

    def similarities(self, vector: Vector, keys: Sequence[str]) -> dict[str, float]:
        """Return how near these points are."""
        if not keys:
            return {}
        these = qdrant.HasIdCondition({point_id(key) for key in keys})
        return dict(self._query(vector, [these], len(keys), None))

    def _query(
        self, vector: Vector, conditions: list[Any], limit: int, threshold: float | None
    ) -> list[tuple[str, float]]:
        found = self._shard.query(
            qdrant.QueryRequest(
                limit=limit,
                query=qdrant.Query.Nearest([vector.tolist()], using=DENSE),
                filter=qdrant.Filter(must=conditions) if conditions else None,
                with_payload=self._payload(),
                score_threshold=threshold,
            )
        )
        return [(_key(point), float(point.score)) for point in found]

    def _payload(self) -> Any:
        """Return what must be read of a point to know its key; it is half of a search's time."""
        return False if self._all_plain else [_KEY]

    def vector(self, key: str) -> Vector | None:
        """Return the first vector of a point."""
        for record in self._shard.retrieve([point_id(key)], False, [DENSE]):
            stored: Any = record.vector
            return np.asarray(stored[DENSE][0], dtype=np.float32)
        return None

    def unindexed(self) -> int:
        """Return how many vectors are not in the neighbour graph yet."""
        info = self._shard.info()
        return int(info.points_count) - int(info.indexed_vectors_count)

    def keys(self) -> Iterator[str]:
        """Yield the keys of all points."""
        offset: Any = None
        while True:
            records, offset = self._shard.scroll(
                qdrant.ScrollRequest(limit=_PAGE, offset=offset, with_payload=self._payload())
            )
            yield from map(_key, records)
            if offset is None:
                return

    def __len__(self) -> int:
        return int(self._shard.count(qdrant.CountRequest(exact=True)))

    def _count_odd(self) -> int:
        odd = qdrant.Filter(must_not=[qdrant.IsEmptyCondition(_KEY)])
        return int(self._shard.count(qdrant.CountRequest(exact=True, filter=odd)))

    def clear(self) -> None:
        """Remove all points."""
        self.remove(list(self.keys()))

    def close(self) -> None:
        """Write everything out and let go of the folder."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._shard.flush()
                self._shard.close()

    def drop(self) -> None:
        """Close; the files go with the index's folder."""
        self.close()


def _key(point: Any) -> str:
    key = (point.payload or {}).get(_KEY)
    return str(key) if key is not None else str(point.id.hex)
