"""German compounds into their parts: ``Kindertagesstätten`` into Kinder, Tages, Stätten.

A compound is modifiers and one head, and all of the word: what is left over makes it none, so that
no "Strom" is found in "Ångström". What can stand where comes from a spelling dictionary that marks
it (``search.training.lexicon`` makes ``lexicon/`` from it), down to the linking letters. Of several
readings the likeliest one counts; a prefix before a noun ("Ver-brauch") is one of them.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from search.text import german

LEXICON = Path(__file__).parent / "lexicon"

#: A shorter word is no compound worth splitting; longer ones are no words.
_SHORTEST, _LONGEST = 6, 60
_SHORTEST_PART = 3
#: Behind a short noun that is not listed as a modifier more letters than these follow.
_LEAST_LEFT = 4


def listed(words: str) -> frozenset[str]:
    """Return the words of a text that is written as a list of them."""
    return frozenset(words.split())


#: They begin words, but the word is about something else then: "Vorgang" is no "Gang".
PARTICLES = listed(
    """
    ab an auf aus bei da dar das dem den der des die durch ein ent er es fort gegen hat her
    hin hinter in ins ist los mit nach neben ob oder ohne sie um un und unter ur ver voll
    vor war was weg wer wider wie wieder zer zu zum zur zusammen zwischen über bis als
    """
)

#: Of them, those that are nothing else: a word that reads so reads only so ("Ver-brauch").
_VERBAL = listed("ent un ur ver zer")
_PREFIX_LENGTHS = range(2, 6)
#: Letters of a part that is one of them and the first letter of what follows.
_CUT_OFF = 4

#: How unlikely a part is: listed in this very form, or only made like one that is.
_LISTED, _MADE, _LINKED = 1.0, 1.5, 1.6
#: Beside that: a noun in a form that begins no compound ("Stande", "Nutzung" without its s).
_UNUSUAL = 1.0
#: Short parts stand in many words by chance. Heads of three letters are few and chosen ("Amt").
_SHORT = {3: 1.5, 4: 0.3}
_SHORT_HEAD = {3: 0.2, 4: 0.3}
#: Linking letters, by the last of them.
_LINKS = {"s": ("s", "es"), "n": ("n", "en")}
#: A word in front of a listed noun that makes another noun of it ("Vorgänge").
_PREFIXED = 1.3


class Splitter:
    """Splits words with one lexicon."""

    def __init__(
        self,
        heads: Iterable[str],
        modifiers: Iterable[str],
        atoms: Iterable[str],
        unusual: Iterable[str] = (),
    ) -> None:
        """Take what ends compounds, what begins them, and what is none (lower case).

        ``unusual``: of the heads, those that hardly begin a compound in this form.
        """
        self._heads = frozenset(heads)
        self._modifiers = frozenset(modifiers)
        self._atoms = frozenset(atoms)
        self._unusual = frozenset(unusual)

    def split(self, word: str) -> tuple[str, ...]:
        """Return the parts of a lower-case word, in order; none if it is no compound."""
        if not _SHORTEST <= len(word) <= _LONGEST or word in self._atoms:
            return ()
        if self._prefixed(word, _VERBAL):
            return ()
        best = self._tails(word)[0]
        return best[1] if best and len(best[1]) > 1 else ()

    def _tails(self, word: str) -> list[tuple[float, tuple[str, ...]] | None]:
        """Return for each position the cheapest way to read the rest of the word."""
        end = len(word)
        tails: list[tuple[float, tuple[str, ...]] | None] = [None] * (end + 1)
        for start in range(end - _SHORTEST_PART, -1, -1):
            best: tuple[float, tuple[str, ...]] | None = None
            # The whole word is looked at as a compound only.
            head = self._head(word[start:]) if start else None
            if head is not None:
                best = (head, (word[start:],))
            for middle in range(start + _SHORTEST_PART, end - _SHORTEST_PART + 1):
                tail = tails[middle]
                if tail is None:
                    continue
                cost = self._modifier(word[start:middle], end - middle)
                if cost is not None and (best is None or cost + tail[0] < best[0]):
                    best = (cost + tail[0], (word[start:middle], *tail[1]))
            tails[start] = best
        return tails

    def _head(self, part: str) -> float | None:
        if part in self._heads:
            return _LISTED + _SHORT_HEAD.get(len(part), 0.0)
        return _PREFIXED if self._prefixed(part) else None

    def _prefixed(self, part: str, prefixes: frozenset[str] = PARTICLES) -> bool:
        """Tell whether it is a noun with something in front that makes another noun of it."""
        for length in _PREFIX_LENGTHS:
            if part[:length] in prefixes:
                rest = part[length:]
                if len(rest) > 3 and rest in self._heads:
                    return True
        return False

    def _modifier(self, part: str, left: int) -> float | None:
        """Return how unlikely a part is before ``left`` more letters; none: it is no modifier."""
        length = len(part)
        # "Verb" begins no compound but much that begins with "ver-".
        if part in PARTICLES or (length == _CUT_OFF and part[:-1] in _VERBAL):
            return None
        short = _SHORT.get(length, 0.0)
        if part in self._modifiers:
            return _LISTED + short
        if part in self._heads and (length > _SHORTEST_PART or left > _LEAST_LEFT):
            return _MADE + short + (_UNUSUAL if part in self._unusual else 0.0)
        for link in _LINKS.get(part[-1], ()):
            bare = part[: -len(link)]
            if part.endswith(link) and len(bare) > 3 and bare in self._heads:
                return _LINKED + _SHORT.get(len(bare), 0.0)
        return None


def _read(name: str) -> list[str]:
    return gzip.decompress((LEXICON / name).read_bytes()).decode().split()


@lru_cache(maxsize=1)
def _splitters() -> tuple[Splitter, Splitter]:
    """Return the splitter for words as they are, and that for words without their umlauts."""
    lists = [_read(f"{name}.txt.gz") for name in ("heads", "modifiers", "atoms", "unusual")]
    return Splitter(*lists), Splitter(*(map(german.fold, words) for words in lists))


@lru_cache(maxsize=200_000)
def split(word: str) -> tuple[str, ...]:
    """Return the parts of a lower-case word as they stand in it; none if it is no compound."""
    return _splitters()[0].split(word)


@lru_cache(maxsize=200_000)
def parts(word: str) -> tuple[str, ...]:
    """Return the index tokens of a lower-case word's parts; none if it is no compound.

    A word without umlauts may have been robbed of them ("spielplatze", "spielplaetze"): only when
    it is no compound as it stands, it is read without.
    """
    if len(word) < _SHORTEST or not word.isalpha():
        return ()
    found = split(word)
    if not found and word.isascii():
        found = _splitters()[1].split(german.fold(word))
    return tuple(german.token(part) for part in found)
