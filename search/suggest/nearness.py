"""How far a word is from what was typed, as people mistype German."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

#: Neighbours on a German keyboard, row by row.
_ROWS = ("1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm")
#: Folded letters that sound alike: mistaken by ear, not by hand.
_ALIKE = ("dt", "bp", "gk", "fv", "vw", "sz", "sc", "ck", "ae", "iy", "uy", "ij", "mn")
#: What a common slip counts; any other edit counts 1.
_SLIP = 0.6


def _pairs() -> Iterator[str]:
    for left, right in (
        *_ALIKE,
        *(pair for row in _ROWS for pair in itertools.pairwise(row)),
    ):
        yield left + right
        yield right + left


_CLOSE = frozenset(_pairs())


class Typed:
    """A word that was typed, to be compared with many; lives as long as the question."""

    def __init__(self, word: str, edits: int, *, typing: bool = False) -> None:
        """``edits``: how many there may be. ``typing``: a word may go on beyond what was typed."""
        self.word = word
        self._edits = edits
        self._typing = typing
        self._letters = set(word)
        self._costs: dict[str, float | None] = {}

    def cost(self, other: str) -> float | None:
        """Return what the edits between the two words count; ``None`` if there are too many.

        An edit inserts, removes or changes a letter, or swaps two neighbours. A doubled letter, a
        mute h, a neighbouring key, a letter that sounds alike or a swap count less than others.
        """
        if self._typing:
            other = other[: len(self.word) + self._edits]
        if other not in self._costs:
            self._costs[other] = self._cost(other)
        return self._costs[other]

    def _cost(self, other: str) -> float | None:
        # Cheap looks first: most words of a text are far away.
        if abs(len(other) - len(self.word)) > self._edits:
            return None
        letters = set(other)
        beyond = self._edits if self._typing else 0
        if (
            len(self._letters - letters) > self._edits
            or len(letters - self._letters) > self._edits + beyond
            or _edits(self.word, other, self._edits, self._typing) > self._edits
        ):
            return None
        return _cost(self.word, other, self._typing)


def _edits(typed: str, word: str, most: int, typing: bool) -> int:
    """Return the number of edits (optimal string alignment); some number above ``most`` beyond."""
    before: list[int] = []
    above = list(range(len(word) + 1))
    for row, letter in enumerate(typed, 1):
        current = [row]
        for at, other in enumerate(word, 1):
            least = above[at - 1]
            if letter != other:
                least = min(least, above[at], current[at - 1]) + 1
                if row > 1 and at > 1 and letter == word[at - 2] and typed[row - 2] == other:
                    least = min(least, before[at - 2] + 1)
            current.append(least)
        if min(current) > most:
            return most + 1
        before, above = above, current
    return min(above) if typing else above[-1]


def _cost(typed: str, word: str, typing: bool) -> float:
    """Return the least that the edits count."""
    lost = [_lost(word, at) for at in range(len(word))]
    before: list[float] = []
    above = [0.0]
    for cost in lost:
        above.append(above[-1] + cost)
    for row, letter in enumerate(typed, 1):
        extra = _lost(typed, row - 1)
        current = [above[0] + extra]
        for at, other in enumerate(word, 1):
            change = 0.0 if letter == other else _SLIP if letter + other in _CLOSE else 1.0
            least = min(above[at - 1] + change, above[at] + extra, current[at - 1] + lost[at - 1])
            if row > 1 and at > 1 and letter == word[at - 2] and typed[row - 2] == other:
                least = min(least, before[at - 2] + _SLIP)
            current.append(least)
        before, above = above, current
    return min(above) if typing else above[-1]


def _lost(word: str, at: int) -> float:
    """What it counts to leave out (or to add) the letter at this place."""
    before, letter = word[at - 1 : at], word[at]
    if before == letter or (letter == "h" and before) or (letter == "e" and before == "i"):
        return _SLIP
    return 1.0
