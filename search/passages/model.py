"""A passage, and the file that it is from."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

#: Fixed once and for all: a passage's id is made from it.
_NAMESPACE = uuid.UUID("0a8b7f0e-52a6-5a0e-9f0b-6d1f3f1c7b55")


@dataclass(frozen=True)
class Passage:
    """Some hundred words of a file that belong together.

    ``page`` and ``end_page`` count from 1 (0: the file has no pages); ``headings`` are those that
    it stands under, the outermost first.
    """

    record: str
    file: str
    version: str
    ordinal: int
    text: str
    page: int = 0
    end_page: int = 0
    headings: tuple[str, ...] = ()
    language: str = ""

    @property
    def id(self) -> str:
        """The passage's id: the same for the same passage of the same version of a file."""
        return passage_id(self.file, self.version, self.ordinal)


@dataclass(frozen=True)
class FileState:
    """What is held of a file: of which record, in which version, and how many passages."""

    file: str
    record: str
    version: str
    passages: int


@dataclass(frozen=True)
class Hit:
    """A passage that answers, with its likeness (cosine), the share of words held, and a score."""

    passage: Passage
    likeness: float
    words: float
    score: float


def passage_id(file: str, version: str, ordinal: int) -> str:
    """Return the id of a passage (a UUID as 32 hexadecimal digits)."""
    return uuid.uuid5(_NAMESPACE, f"{file}\n{version}\n{ordinal}").hex


def context_of(passages: Sequence[Passage], ordinal: int, around: int) -> list[Passage]:
    """Return a passage with ``around`` ones before and behind it, in their order."""
    near = [one for one in passages if abs(one.ordinal - ordinal) <= around]
    return sorted(near, key=lambda one: one.ordinal)
