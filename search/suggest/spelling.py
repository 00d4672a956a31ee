"""Words that somebody may have meant, out of those that he may read."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from search.catalogue.documents import values_of
from search.catalogue.view import View
from search.encoder import Encoder
from search.suggest import nearness, terms
from search.text import german
from search.text.compounds import parts as parts_of

#: Shorter words have too many neighbours; longer ones are none.
SHORTEST, LONGEST = 4, 40
#: From this length on two edits are a slip; below they make another word.
_TWO_EDITS = 8
#: A part of a compound that is looked for by itself has at least so many letters.
_SHORTEST_PART, _SHORTEST_WRONG = 4, 5
#: Splits of a compound that are tried, at most.
_SPLITS = 3
#: Each round finds words that the rounds before did not, in the records of a few examples.
_ROUNDS, _EXAMPLES = 4, 6
#: A word in a hundred records may be this much farther than one in a single record.
_FREQUENT = 0.2
#: No more of a text is read for examples.
_MAX_TEXT = 4_000
_WORD = re.compile(r"[^\W_]+")
#: What German puts between the parts of a compound.
_JOINTS = ("", "s", "n", "en", "es", "er")

#: Tells whether a word is German, whether or not a record holds it.
Knows = Callable[[str], bool]


def known_to(model: Encoder | None) -> Knows:
    """Return what tells whether a word is German, as far as a model knows."""
    return model.knows if model is not None else lambda word: False


@dataclass(frozen=True)
class Meant:
    """A word that occurs: as it is written there, as it is compared, how often, how far."""

    text: str
    plain: str
    records: int
    cost: float

    @property
    def rank(self) -> tuple[float, str]:
        """The likelier, the smaller: near before frequent, but much more frequent before nearer."""
        return self.cost - _FREQUENT * math.log10(max(1, self.records)), self.plain


@dataclass(frozen=True)
class Compound:
    """A compound of two parts, one of which was put right: as one word, and its parts.

    ``slipped``: whether that was the last one. ``cost``: how far it was.
    """

    whole: str
    first: str
    last: Meant
    slipped: bool
    cost: float


def can_be_wrong(plain: str) -> bool:
    """Tell whether a word is one whose neighbours mean something."""
    return SHORTEST <= len(plain) <= LONGEST and not any(char.isdigit() for char in plain)


def edits_of(plain: str) -> int:
    """Return by how many edits a word of this length may be mistyped."""
    return 2 if len(plain) >= _TWO_EDITS else 1


def meant(view: View, word: str, *, typing: bool = False) -> list[Meant]:
    """Return the words that occur and are near to one that was typed, the likeliest first.

    ``typing``: the word may not be finished yet.
    """
    typed = terms.plain(german.normalise(word))
    if not can_be_wrong(typed):
        return []
    for edits in range(1, edits_of(typed) + 1):
        found = _within(view, typed, edits, typing)
        if found:
            return sorted(found, key=lambda one: one.rank)
    return []


def compounds(view: View, word: str, knows: Knows, *, typing: bool = False) -> list[Compound]:
    """Return what a compound may have been meant to be, one of whose two parts is right.

    Its last part occurs in a record; the first does too, or is a German word.
    """
    word = german.normalise(word)
    if not can_be_wrong(terms.plain(word)):
        return []
    found: list[Compound] = []
    for at in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
        first, last = word[:at], word[at:]
        begun, right = _first_part(view, first, knows), _as_it_is(view, last)
        if begun is not None and right is not None:
            # Two words that are right: a search takes them apart, or they miss a space.
            together = Compound(word, begun, right, False, 0.0)
            return [] if parts_of(word) else [together]
        if begun is not None:
            for one in meant(view, last, typing=typing)[:1]:
                # What joins the parts may as well begin the second: "Kinders-peilplatz".
                cost = one.cost + len(first) - len(begun)
                found.append(Compound(f"{first}{one.text.lower()}", begun, one, True, cost))
        elif right is not None and len(first) >= _SHORTEST_WRONG:
            for one in meant(view, first)[:1]:
                found.append(Compound(f"{one.text}{last}", one.text, right, False, one.cost))
        if len(found) == _SPLITS:
            break
    return sorted(found, key=lambda one: one.cost)


def _first_part(view: View, part: str, knows: Knows) -> str | None:
    """Return the word that a compound begins with, without what joins it to the next."""
    for joint in _JOINTS:
        if part.endswith(joint) and len(part) - len(joint) >= _SHORTEST_PART - 1:
            bare = part.removesuffix(joint) if joint else part
            found = _as_it_is(view, bare)
            if found or knows(bare):
                return found.text if found else bare
    return None


def _as_it_is(view: View, word: str) -> Meant | None:
    """Return a word that occurs as it was typed."""
    typed = terms.plain(word)
    records = view.count(view.one_of("words", [typed]))
    for record, _score in view.records(view.one_of("words", [typed]), terms.FIELDS, 1):
        for plain, text in _words(record):
            if plain == typed:
                return Meant(text, plain, records, 0.0)
    return None


def _within(view: View, typed: str, edits: int, typing: bool) -> list[Meant]:
    word_typed = nearness.Typed(typed, edits, typing=typing)
    near = view.near("words", typed, edits, typing=typing)
    if typing:  # what goes on as it was typed needs no correction
        near = view.without(near, view.starting("words", typed))
    written: dict[str, Counter[str]] = {}
    costs: dict[str, float] = {}
    far = {typed}
    for _ in range(_ROUNDS):
        asked = view.without(near, view.one_of("words", list(costs))) if costs else near
        found = False
        for record, _score in view.records(asked, terms.FIELDS, _EXAMPLES):
            for plain, word in _words(record):
                if plain in far:
                    continue
                if plain not in costs:
                    cost = word_typed.cost(plain)
                    if not cost:
                        far.add(plain)
                        continue
                    costs[plain], written[plain], found = cost, Counter(), True
                written[plain][word] += 1
        if not found:
            break
    return [
        Meant(
            forms.most_common(1)[0][0], plain, view.count(view.one_of("words", [plain])),
            costs[plain],
        )
        for plain, forms in written.items()
    ]  # fmt: skip


def _words(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the words of a record that people read: as compared, as written."""
    texts = terms.read({field: values_of(value) for field, value in record.items()})
    for text in texts:
        for word in _WORD.findall(unicodedata.normalize("NFKC", text[:_MAX_TEXT])):
            yield terms.plain(word.lower()), word
