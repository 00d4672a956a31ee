"""A Qdrant server or cluster, through ``qdrant-client`` (the extra ``server``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from search.vectors.base import DENSE, GUARDS, Point, Vector, point_id

_PAGE = 1_000


class ServerStore:
    """Vectors in a collection of a Qdrant server (``:memory:`` in tests)."""

    def __init__(
        self,
        url: str,
        collection: str,
        dimension: int,
        *,
        api_key: str | None = None,
        shards: int = 1,
        replicas: int = 1,
    ) -> None:
        """Connect, and create the collection if it is missing.

        ``shards`` spread it over the nodes of a cluster, ``replicas`` keep each shard so often.

        :raises RuntimeError: when ``qdrant-client`` is not installed.
        """
        try:
            from qdrant_client import QdrantClient, models
        except ImportError:
            raise RuntimeError(
                "a Qdrant server needs qdrant-client: pip install -e '.[server]'"
            ) from None
        self._models: Any = models
        self.collection = collection
        self._client: Any = (
            QdrantClient(":memory:") if url == ":memory:" else QdrantClient(url, api_key=api_key)
        )
        if self._client.collection_exists(collection):
            return
        self._client.create_collection(
            collection,
            vectors_config={
                DENSE: models.VectorParams(
                    size=dimension,
                    distance=models.Distance.DOT,
                    multivector_config=models.MultiVectorConfig(
                        comparator=models.MultiVectorComparator.MAX_SIM
                    ),
                    datatype=models.Datatype.FLOAT16,
                )
            },
            shard_number=shards,
            replication_factor=replicas,
        )
        if url == ":memory:":  # the client's local mode filters without indexes
            return
        for guard in GUARDS:
            self._client.create_payload_index(
                collection, guard, field_schema=models.PayloadSchemaType.KEYWORD
            )

    def put(self, points: Sequence[Point]) -> None:
        """Add or replace points."""
        if not points:
            return
        self._client.upsert(
            self.collection,
            [
                self._models.PointStruct(
                    id=str(point_id(point.key)),
                    vector={DENSE: point.vectors.tolist()},
                    payload={
                        "key": point.key,
                        **{name: list(values) for name, values in point.guards.items()},
                    },
                )
                for point in points
            ],
            wait=True,
        )

    def remove(self, keys: Sequence[str]) -> None:
        """Remove points; unknown keys are no error."""
        if keys:
            self._client.delete(
                self.collection,
                self._models.PointIdsList(points=[str(point_id(key)) for key in keys]),
                wait=True,
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
        must = [
            self._models.FieldCondition(key=name, match=self._models.MatchAny(any=list(values)))
            for name, values in only.items()
        ]
        return self._query(vector, must, limit, threshold)

    def similarities(self, vector: Vector, keys: Sequence[str]) -> dict[str, float]:
        """Return how near these points are."""
        if not keys:
            return {}
        these = self._models.HasIdCondition(has_id=[str(point_id(key)) for key in keys])
        return dict(self._query(vector, [these], len(keys), None))

    def _query(
        self, vector: Vector, must: list[Any], limit: int, threshold: float | None
    ) -> list[tuple[str, float]]:
        found = self._client.query_points(
            self.collection,
            query=[vector.tolist()],
            using=DENSE,
            limit=limit,
            query_filter=self._models.Filter(must=must) if must else None,
            with_payload=["key"],
            score_threshold=threshold,
        )
        return [(str(point.payload["key"]), float(point.score)) for point in found.points]

    def vector(self, key: str) -> Vector | None:
        """Return the first vector of a point."""
        found = self._client.retrieve(
            self.collection, [str(point_id(key))], with_payload=False, with_vectors=[DENSE]
        )
        return np.asarray(found[0].vector[DENSE][0], dtype=np.float32) if found else None

    def keys(self) -> Iterator[str]:
        """Yield the keys of all points."""
        offset: Any = None
        while True:
            records, offset = self._client.scroll(
                self.collection, limit=_PAGE, offset=offset, with_payload=["key"]
            )
            for record in records:
                yield str(record.payload["key"])
            if offset is None:
                return

    def __len__(self) -> int:
        return int(self._client.count(self.collection, exact=True).count)

    def clear(self) -> None:
        """Remove all points."""
        self.remove(list(self.keys()))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def drop(self) -> None:
        """Remove the collection and close the connection."""
        self._client.delete_collection(self.collection)
        self.close()
