"""Why a record is among the results: which words of the question stand where in it.

Read off the record itself with the index's own analysis; nothing is guessed from the score. How a
question is read (``search.question``) and how a record is scored are not known here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from search.catalogue.documents import Record, values_of
from search.text import compounds, german

#: What a reader calls a field → the index fields that it is made of, in the order of an answer.
FIELDS: dict[str, tuple[str, ...]] = {
    "title": ("title", "title_en"),
    "tags": ("tags",),
    "organisation": ("organization", "organization_title"),
    "groups": ("groups", "group_titles"),
    "place": ("spatial_text",),
    "files": ("res_name", "res_description"),
    "notes": ("notes", "notes_en"),
    "name": ("name", "id"),
}
#: The fields of a record that are needed for it.
WANTED = frozenset(field for fields in FIELDS.values() for field in fields)

#: More of one text is not read, and no more of its words are named.
_MAX_TEXT, _MAX_WRITTEN = 20_000, 3
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Asked:
    """One thing that a question asks for: as it was typed, and what meets it.

    Each of ``ways`` is a list of index tokens that are met together, the nearest first;
    ``side_by_side``: only one after the other.
    """

    text: str
    ways: tuple[tuple[str, ...], ...]
    side_by_side: bool = False


@dataclass(frozen=True)
class Match:
    """A word of the question, a field that holds it, and how it is written there."""

    word: str
    field: str
    written: tuple[str, ...]


def matches(asked: Iterable[Asked], record: Record) -> list[Match]:
    """Return which things a question asks for stand in which fields of a record."""
    fields = {field: _Field(record, sources) for field, sources in FIELDS.items()}
    everything = frozenset[str]().union(*(field.tokens for field in fields.values()))
    found: list[Match] = []
    for one in asked:
        way = next((way for way in one.ways if way and everything.issuperset(way)), None)
        if way is None:
            continue
        for name, field in fields.items():
            held = field.holds_in_order(way) if one.side_by_side else field.tokens & set(way)
            if held:
                found.append(Match(one.text, name, field.written(way)))
    return found


class _Field:
    """A field's words, each as written and as the index has it."""

    def __init__(self, record: Record, sources: Iterable[str]) -> None:
        texts = [text for source in sources for text in values_of(record.get(source))]
        self._texts = [list(_words(text[:_MAX_TEXT])) for text in texts]
        self.tokens = frozenset(
            token for words in self._texts for _, tokens in words for token in tokens
        )

    def holds_in_order(self, way: tuple[str, ...]) -> bool:
        """Tell whether the words stand side by side somewhere."""
        for words in self._texts:
            firsts = [tokens[0] for _, tokens in words]
            for start in range(len(firsts) - len(way) + 1):
                if tuple(firsts[start : start + len(way)]) == way:
                    return True
        return False

    def written(self, way: tuple[str, ...]) -> tuple[str, ...]:
        """Return how the words are written here."""
        wanted = set(way)
        found = (
            word for words in self._texts for word, tokens in words if wanted.intersection(tokens)
        )
        return tuple(dict.fromkeys(found))[:_MAX_WRITTEN]


def _words(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each word as it is written, with its index token first and those of its parts after."""
    whole = german.mended(unicodedata.normalize("NFKC", text))
    for match in _WORD.finditer(whole):
        word = match.group().lower()
        yield match.group(), (german.token(word), *compounds.parts(word))
    for piece in german.joined(whole):
        yield piece, (piece,)
