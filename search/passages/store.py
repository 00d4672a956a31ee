"""The interface to the vector engines that hold passages.

They answer "which passages are near" and "which hold these words", and keep what is shown of a
passage. Which version of a file counts, and who may see it, others decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from search.passages.model import Passage
from search.passages.words import Sparse
from search.vectors.base import Vector

#: Names of the two vectors of a point.
DENSE, WORDS = "dense", "words"


@dataclass(frozen=True)
class Point:
    """A passage with its vectors; ``dense`` is ``None`` without a model."""

    passage: Passage
    dense: Vector | None
    words: Sparse


@dataclass(frozen=True)
class Found:
    """A passage that was found, with the words it holds, and its likeness if that was asked."""

    passage: Passage
    words: Sparse
    likeness: float | None = None


class PassageStore(Protocol):
    """What is asked of an engine. Writes are durable when they return."""

    def put(self, points: Sequence[Point]) -> None:
        """Add or replace points."""

    def keep(self, file: str, version: str | None) -> None:
        """Remove all points of a file but those of ``version``."""

    def near(
        self, dense: Vector | None, words: Sparse, limit: int, records: Sequence[str] | None
    ) -> list[Found]:
        """Return the passages nearest in meaning and those that hold most of the words.

        Up to ``limit`` of each, in no order, each with its likeness where there is a vector.
        ``records``: only of these records.
        """

    def of_file(self, file: str, version: str) -> list[Found]:
        """Return all passages of a file's version, in their order."""

    def get(self, passage: str) -> Passage | None:
        """Return a passage by its id."""

    def all(self) -> Iterator[Found]:
        """Yield everything."""

    def __len__(self) -> int:
        """Return how many points there are."""

    def close(self) -> None:
        """Let go of files and connections."""


def payload_of(passage: Passage) -> dict[str, object]:
    """Return what the engine keeps of a passage."""
    return {
        "record": passage.record,
        "file": passage.file,
        "version": passage.version,
        "ordinal": passage.ordinal,
        "text": passage.text,
        "page": passage.page,
        "end_page": passage.end_page,
        "headings": list(passage.headings),
        "language": passage.language,
    }


def passage_of(payload: dict[str, object]) -> Passage:
    """Return the passage that an engine kept."""
    headings = payload.get("headings")
    return Passage(
        record=str(payload["record"]),
        file=str(payload["file"]),
        version=str(payload["version"]),
        ordinal=int(str(payload["ordinal"])),
        text=str(payload["text"]),
        page=int(str(payload.get("page") or 0)),
        end_page=int(str(payload.get("end_page") or 0)),
        headings=tuple(map(str, headings)) if isinstance(headings, list) else (),
        language=str(payload.get("language") or ""),
    )
