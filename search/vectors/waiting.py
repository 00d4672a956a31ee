"""Writes that wait while a vector engine is closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from search.vectors.base import Point, Vector, VectorStore


class WaitingStore:
    """Stands in for a closed engine of a generation that is not served.

    It keeps the last write of each key and hands all of them over when the engine is open again.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Point | None] = {}

    def hand_over(self, store: VectorStore) -> None:
        """Write to ``store`` what came meanwhile."""
        store.remove([key for key, point in self._waiting.items() if point is None])
        store.put([point for point in self._waiting.values() if point is not None])

    def put(self, points: Sequence[Point]) -> None:
        """Keep points."""
        self._waiting.update((point.key, point) for point in points)

    def remove(self, keys: Sequence[str]) -> None:
        """Keep that they are removed."""
        self._waiting.update((key, None) for key in keys)

    def nearest(
        self,
        vector: Vector,
        *,
        limit: int,
        threshold: float,
        only: Mapping[str, Sequence[str]],
    ) -> list[tuple[str, float]]:
        """Return nothing: this generation is not served yet."""
        return []

    def similarities(self, vector: Vector, keys: Sequence[str]) -> dict[str, float]:
        """Return nothing."""
        return {}

    def vector(self, key: str) -> Vector | None:
        """Return the vector that waits to be written."""
        point = self._waiting.get(key)
        return point.vectors[0] if point is not None else None

    def keys(self) -> Iterator[str]:
        """Yield the keys that wait to be written."""
        return (key for key, point in self._waiting.items() if point is not None)

    def __len__(self) -> int:
        return sum(point is not None for point in self._waiting.values())

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()

    def close(self) -> None:
        """Do nothing."""

    def drop(self) -> None:
        """Do nothing."""
