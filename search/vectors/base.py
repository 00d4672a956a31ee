"""The interface to the vector engines.

The vectors never decide what exists or who may see it: Tantivy does. They answer only "what is
near", among records that carry the caller's labels.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Vector: TypeAlias = npt.NDArray[np.float32]

#: The dense vectors of a point, by name, so that others (sparse) can join them.
DENSE = "dense"

#: Record fields that the engine can filter by, so that neighbours which the caller may not see
#: do not crowd out those which he may. Each condition costs time at every point.
GUARDS = ("permission_labels", "state")


@dataclass(frozen=True)
class Point:
    """A record's vectors with what it is filtered by.

    ``vectors`` has a row for each text of the record, shape ``(texts, dimension)``; a row's length
    (0 to 1) is how far that text stands for the record. The record is as near to a question as the
    nearest of its rows.
    """

    key: str
    vectors: Vector
    guards: Mapping[str, Sequence[str]] = field(default_factory=dict)


class VectorStore(Protocol):
    """What the service asks of a vector engine. Writes are durable when they return."""

    def put(self, points: Sequence[Point]) -> None:
        """Add or replace points."""

    def remove(self, keys: Sequence[str]) -> None:
        """Remove points; unknown keys are no error."""

    def nearest(
        self,
        vector: Vector,
        *,
        limit: int,
        threshold: float,
        only: Mapping[str, Sequence[str]],
    ) -> list[tuple[str, float]]:
        """Return keys and similarities (cosine, at least ``threshold``), nearest first.

        ``only``: for each of these guards a point must have one of the values.
        """

    def similarities(self, vector: Vector, keys: Sequence[str]) -> dict[str, float]:
        """Return how near these points are (cosine); unknown keys are left out."""

    def vector(self, key: str) -> Vector | None:
        """Return the first vector of a point; ``None`` when there is none of this key."""

    def keys(self) -> Iterator[str]:
        """Yield the keys of all points."""

    def __len__(self) -> int:
        """Return how many points there are."""

    def clear(self) -> None:
        """Remove all points."""

    def close(self) -> None:
        """Let go of files and connections."""

    def drop(self) -> None:
        """Close for good, and remove what lies outside the index's folder."""


def is_plain(key: str) -> bool:
    """Tell whether a key can be read off the engine's id of it, as CKAN's index ids can."""
    try:
        return uuid.UUID(key).hex == key
    except ValueError:
        return False


@lru_cache(maxsize=100_000)
def point_id(key: str) -> uuid.UUID:
    """Return the engine's id of a key (engines take only numbers and UUIDs)."""
    try:
        return uuid.UUID(key)
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_OID, key)


class NoVectors:
    """The null engine: nothing is near. For a service that runs in lexical mode only."""

    def put(self, points: Sequence[Point]) -> None:
        """Forget the points."""

    def remove(self, keys: Sequence[str]) -> None:
        """Do nothing."""

    def nearest(
        self,
        vector: Vector,
        *,
        limit: int,
        threshold: float,
        only: Mapping[str, Sequence[str]],
    ) -> list[tuple[str, float]]:
        """Return no neighbours."""
        return []

    def similarities(self, vector: Vector, keys: Sequence[str]) -> dict[str, float]:
        """Return nothing."""
        return {}

    def vector(self, key: str) -> Vector | None:
        """Return none."""
        return None

    def keys(self) -> Iterator[str]:
        """Yield nothing."""
        return iter(())

    def __len__(self) -> int:
        return 0

    def clear(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def drop(self) -> None:
        """Do nothing."""
