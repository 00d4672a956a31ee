"""What a record gives to be completed and to correct spelling with: words as people type them.

Unlike the tokens of a search these are not stemmed (a stem is no beginning of what is being typed),
but umlauts are folded in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from search.text import german

SEPARATOR = "\x1f"

#: Kind of suggestion → the index field that holds its values, and that which holds their names for
#: people (in the same order).
VALUES: dict[str, tuple[str, str | None]] = {
    "place": ("spatial_text", None),
    "tag": ("tags", None),
    "organisation": ("organization", "organization_title"),
    "group": ("groups", "group_titles"),
}
#: Texts that people read, and so the words that they may have meant. No names of persons.
READ = (
    "title", "title_en", "notes", "notes_en", "tags", "spatial_text", "organization_title",
    "group_titles", "res_name", "res_description",
)  # fmt: skip
#: All that is needed of a record here.
FIELDS = frozenset({*READ, "name", *(field for pair in VALUES.values() for field in pair if field)})

#: Longer values are no suggestion, and nobody types further into one than this many words.
_MAX_VALUE, _MAX_WORDS = 200, 12
_MAX_WORD = 60
_WRITTEN_OUT = re.compile("([aou])e")


@dataclass(frozen=True)
class Value:
    """A value that can be suggested: how people call it, and the index's name of it."""

    kind: str
    text: str
    name: str


@lru_cache(maxsize=200_000)
def plain(word: str) -> str:
    """Return a lower-case word as it is compared: umlauts folded, not stemmed."""
    return german.fold(word)[:_MAX_WORD]


def written_out(plain: str) -> str | None:
    """Return a word with every "ae", "oe" and "ue" taken for an umlaut, if that makes another.

    The folding spares those that are none in most words ("neue", "aktuell").
    """
    other = _WRITTEN_OUT.sub(r"\1", plain)
    return other if other != plain else None


def plain_words(text: str) -> list[str]:
    """Return the words of a text as they are compared, in order."""
    return list(filter(None, map(plain, german.words(text))))


def columns(record: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """Return the terms of a record's columns ``title_words``, ``words`` and ``offers``.

    ``record``: the values of :data:`FIELDS`.
    """
    return {
        "title_words": {word for title in titles(record) for word in plain_words(title)},
        "words": {word for text in read(record) for word in plain_words(text)},
        "offers": {term for value in values(record) for term in _offered(value)},
    }


def titles(record: Mapping[str, list[str]]) -> list[str]:
    """Return what a record is called."""
    return record.get("title") or record.get("name") or []


def read(record: Mapping[str, list[str]]) -> list[str]:
    """Return the texts of a record that people read."""
    others = (text for field in READ if field != "title" for text in record.get(field) or [])
    return [*titles(record), *others]


def values(record: Mapping[str, list[str]]) -> Iterator[Value]:
    """Yield what a record can be found by besides its title."""
    for kind, (field, titled) in VALUES.items():
        names = record.get(field) or []
        shown = record.get(titled or field) or []
        paired = len(names) == len(shown)
        for place, name in enumerate(names):
            text = shown[place] if paired else name
            if len(name) <= _MAX_VALUE and len(text) <= _MAX_VALUE:
                yield Value(kind, text, name)


def _offered(value: Value) -> Iterable[str]:
    """Each place in a value from which it can be typed: before each of its words."""
    for text in dict.fromkeys((value.text, value.name)):
        folded = plain_words(text)[:_MAX_WORDS]
        for start in range(len(folded)):
            yield SEPARATOR.join((" ".join(folded[start:]), value.kind, value.name, value.text))


def typed_in_full(value: Value) -> str:
    """Return what has to be typed to name a value from its beginning to its end."""
    return " ".join(plain_words(value.text)[:_MAX_WORDS])


def offer(term: str) -> tuple[str, Value] | None:
    """Read a term of ``offers``: its typed words and the value; ``None`` when it is none."""
    parts = term.split(SEPARATOR)
    # A value may hold the separator itself: then it cannot be told apart, and is not suggested.
    if len(parts) != 4:
        return None
    typed, kind, name, text = parts
    return typed, Value(kind, text, name)
