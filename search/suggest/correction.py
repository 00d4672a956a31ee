"""What somebody probably meant to ask: his question with the mistyped words put right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from search import query
from search.catalogue.view import View
from search.suggest import spelling, terms
from search.text import compounds, german

#: Longer questions are not proofread to their end, and no more than so many words put right.
_MAX_WORDS, _MAX_WRONG = 24, 4
#: What is tried for one word, at most, until something finds records.
_TRIED = 3
#: With more records than this found, only an obvious slip is worth a line.
_FEW = 2
_OBVIOUS_LENGTH, _OBVIOUS_COST = 6, 1.0
#: A word that stands in one record alone is a slip if a neighbour stands in so many more.
_MORE_FREQUENT = 25

_PART = re.compile(r'[+-]?"[^"]*"|\S+')
_WORD = re.compile(r"[^\W_]+")


#: How many records a text finds by words, for the caller and with the filters of his search.
Count = Callable[[str], int]


@dataclass(frozen=True)
class _Wrong:
    """A word of the question that finds nothing: where it stands, what is tried in its place."""

    start: int
    end: int
    options: tuple[str, ...]


def did_you_mean(view: View, text: str, count: Count, knows: spelling.Knows) -> str | None:
    """Return a better spelling of a people's question, or ``None``.

    It is made of words that occur in records of the view, and it finds records with these filters.
    """
    wrong = list(_wrong(view, text, count, knows))
    for proposal in _proposals(text, wrong):
        if proposal != text and count(proposal):
            return proposal
    return None


def _wrong(view: View, text: str, count: Count, knows: spelling.Knows) -> Iterator[_Wrong]:
    """Yield the words that cannot be meant as they stand, and for which there is a better one."""
    found: int | None = None
    for number, (word, start, end) in enumerate(_bare_words(text)):
        lower = german.normalise(word)
        if number >= _MAX_WORDS:
            return
        # A German word that nobody published anything about is no slip.
        if not spelling.can_be_wrong(terms.plain(lower)) or lower in german.STOP_WORDS:
            continue
        records = view.count(view.engine(query.Words("text", word)))
        if records > 1 or knows(word):
            continue
        found = count(text) if found is None else found
        if records and found > _FEW:
            continue
        options = tuple(_options(view, word, knows, records, obvious=found > _FEW))
        if options:
            yield _Wrong(start, end, options)


def _options(
    view: View, word: str, knows: spelling.Knows, records: int, *, obvious: bool
) -> Iterator[str]:
    """Yield words that occur and may have been meant, the likeliest first."""
    if obvious and len(word) < _OBVIOUS_LENGTH:
        return
    near = [
        one
        for one in spelling.meant(view, word)
        if one.records > records * _MORE_FREQUENT and not (obvious and one.cost > _OBVIOUS_COST)
    ]
    yield from (one.text for one in near[:_TRIED])
    if near or records:
        return
    for compound in spelling.compounds(view, word, knows):
        if obvious and compound.cost > _OBVIOUS_COST:
            continue
        whole = _like(word, compound.whole)
        if compounds.parts(german.normalise(whole)):  # a search takes it apart again
            yield whole
        else:
            yield f"{_like(word, compound.first)} {compound.last.text}"
        if compound.slipped:  # what it is made of: "Spielplatz" for "Kinderspeilplatz"
            yield compound.last.text
        return


def _proposals(text: str, wrong: list[_Wrong]) -> Iterator[str]:
    """Yield the question with all words put right, the likeliest first."""
    for turn in range(max((len(word.options) for word in wrong), default=0)):
        out, at = "", 0
        for word in wrong[:_MAX_WRONG]:
            out += text[at : word.start] + word.options[min(turn, len(word.options) - 1)]
            at = word.end
        yield out + text[at:]


def _bare_words(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words that are neither quoted nor excluded: those are meant as they stand."""
    for part in _PART.finditer(text):
        if '"' in part[0] or part[0].startswith("-"):
            continue
        for word in _WORD.finditer(part[0]):
            yield word[0], part.start() + word.start(), part.start() + word.end()


def _like(typed: str, word: str) -> str:
    """Begin a word with a capital where the typed one does."""
    return word[:1].upper() + word[1:] if typed[:1].isupper() else word
