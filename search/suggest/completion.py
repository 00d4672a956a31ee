"""What a question could be going to be: titles, keywords, places, publishers and hubs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from tantivy import Query as Engine

from search import query
from search.catalogue.documents import title_order, values_of
from search.catalogue.index import Catalogue
from search.catalogue.view import View
from search.suggest import nearness, spelling, terms

Kind = Literal["place", "tag", "organisation", "group", "title"]

#: Nobody reads further; and one letter begins too many titles to choose from.
_MAX_TEXT, _MAX_WORDS = 200, 8
_SHORTEST_TITLE = 2
#: A beginning shorter than this begins so many titles that to prefer them is slow.
_SHORTEST_START = 3
#: Where something begins as it was typed, shorter words are not taken for mistyped.
_LENIENT = 6
#: How many values and titles are looked at to show the best.
_VALUES, _CANDIDATES = 120, 30
#: Words that may have been meant, at most, for each one that was typed.
_MEANT = 3
#: Who takes the next free line: short values first, then a title, and so on.
_TURNS: tuple[Kind, ...] = ("place", "organisation", "group", "tag", "title", "title", "tag")
_ORDER: tuple[Kind, ...] = ("place", "organisation", "group", "tag", "title")

#: What a word counts that is not in a title as far as we can see.
_FAR = 9.0

_WANTED = frozenset({"title", "name", "dataset_type", "id"})


@dataclass(frozen=True)
class Suggestion:
    """One line: a value with the number of its records, or a record (its name and type)."""

    text: str
    kind: Kind
    name: str
    count: int | None = None
    type: str | None = None


def suggest(
    catalogue: Catalogue,
    text: str,
    labels: Sequence[str],
    limit: int,
    knows: spelling.Knows = lambda word: False,
) -> list[Suggestion]:
    """Return up to ``limit`` suggestions out of what a caller with these labels may see.

    What goes on as it was typed comes first; what goes on almost so only fills free lines.
    """
    text = " ".join(text[:_MAX_TEXT].split())
    typed = terms.plain_words(text)[:_MAX_WORDS]
    if not typed:
        return []
    with catalogue.view(labels) as view:
        words = [_umlauts(view, word) for word in typed]
        found = _distinct([*_values(view, words), *_titles(view, text, words, limit)])
        exactly = _shared(found, limit)
        if len(exactly) == limit or (exactly and max(map(len, words)) < _LENIENT):
            return [_counted(view, line) for line in exactly]
        almost = [
            suggestion for other in _corrected(view, words) for suggestion in _values(view, other)
        ]
        almost += _titles(view, text, words, limit, lenient=True)
        if not exactly and not almost:
            almost = list(_of_last_part(view, words, knows, limit))
        lines = _distinct([*exactly, *_shared(_distinct(almost), limit)])[:limit]
        return [_counted(view, line) for line in lines]


def _umlauts(view: View, word: str) -> str:
    """Take "ue" for "ü" where nothing begins with "ue"."""
    other = terms.written_out(word)
    if other is None or view.count(view.starting("words", word)):
        return word
    return other if view.count(view.starting("words", other)) else word


def _values(view: View, words: Sequence[str]) -> list[Suggestion]:
    """Keywords, places, publishers and hubs in which the words stand side by side."""
    best: dict[tuple[str, str], tuple[bool, int, terms.Value]] = {}
    for term, count in view.terms("offers", " ".join(words), _VALUES):
        read = terms.offer(term)
        if read is None:
            continue
        typed, value = read
        # A value stands there once for each of its words: from its beginning is best.
        line = (typed != terms.typed_in_full(value), -count, value)
        known = best.get((value.kind, value.name))
        if known is None or line[:2] < known[:2]:
            best[value.kind, value.name] = line
    return [
        Suggestion(value.text, cast(Kind, value.kind), value.name, -less)
        for _, less, value in sorted(best.values(), key=lambda line: line[:2])
    ]


def _titles(
    view: View, text: str, words: Sequence[str], limit: int, *, lenient: bool = False
) -> list[Suggestion]:
    """Titles that hold a word for each that was typed, those that begin so first."""
    if max(map(len, words)) < _SHORTEST_TITLE:
        return []
    asked = view.all_of([_in_title(view, word, lenient) for word in words])
    start = title_order(text)
    if len(start) >= _SHORTEST_START and not lenient:
        asked = view.preferring(asked, view.starting("sort_title", start))
    typed = [nearness.Typed(word, spelling.edits_of(word), typing=True) for word in words]
    found: list[tuple[Any, Suggestion]] = []
    for place, (record, _) in enumerate(view.records(asked, _WANTED, _CANDIDATES)):
        title = " ".join(" ".join(values_of(record.get("title")) or [str(record["name"])]).split())
        kind = str(record.get("dataset_type") or "dataset")
        name = str(record.get("name") or record.get("id"))
        rank = (
            _slips(typed, terms.plain_words(title)) if lenient else 0.0,
            not title_order(title).startswith(start),
            start not in title_order(title),
            len(title) > 100,
            place,
        )
        found.append((rank, Suggestion(title, "title", name, None, kind)))
    return [suggestion for _, suggestion in sorted(found, key=lambda item: item[0])][:limit]


def _in_title(view: View, word: str, lenient: bool) -> Engine:
    exactly = view.starting("title_words", word)
    if not lenient or not spelling.can_be_wrong(word):
        return exactly
    return view.any_of(
        [exactly, view.near("title_words", word, spelling.edits_of(word), typing=True)]
    )


def _slips(words: Sequence[nearness.Typed], title: Sequence[str]) -> float:
    """How far the words that were typed are from those of the title that they may begin."""
    total = 0.0
    for typed in words:
        near = (typed.cost(other) for other in title)
        total += min((cost for cost in near if cost is not None), default=_FAR)
    return total


def _corrected(view: View, words: Sequence[str]) -> Iterator[list[str]]:
    """Yield the words with one of them corrected; only the last may be unfinished."""
    for place in reversed(range(len(words))):
        word, last = words[place], place == len(words) - 1
        if not spelling.can_be_wrong(word) or (
            not last and view.count(view.one_of("words", [word]))
        ):
            continue
        for meant in spelling.meant(view, word, typing=last)[:_MEANT]:
            yield [*words[:place], meant.plain, *words[place + 1 :]]
        return


def _of_last_part(
    view: View, words: Sequence[str], knows: spelling.Knows, limit: int
) -> Iterator[Suggestion]:
    """What there is about the thing itself: playgrounds for "Kinderspeilplatz"."""
    for compound in spelling.compounds(view, words[-1], knows, typing=True):
        others = [*words[:-1], compound.last.plain]
        found = [*_values(view, others), *_titles(view, " ".join(others), others, limit)]
        if found:
            yield from found
            return


def _counted(view: View, line: Suggestion) -> Suggestion:
    """Count a publisher or hub by name: for a while after it was renamed it has two titles."""
    field, titled = terms.VALUES.get(line.kind, ("", None))
    if titled is None:
        return line
    return replace(line, count=view.count(view.engine(query.Term(field, line.name))))


def _distinct(found: Sequence[Suggestion]) -> list[Suggestion]:
    """Leave out what would be the same line to a reader: a place is often a keyword too."""
    kept: dict[tuple[str, str], Suggestion] = {}
    for suggestion in found:
        kind = "value" if suggestion.kind in ("place", "tag") else suggestion.kind
        kept.setdefault((kind, suggestion.text.casefold()), suggestion)
    return list(kept.values())


def _shared(found: Sequence[Suggestion], limit: int) -> list[Suggestion]:
    """Share the lines among the kinds, and put them into the kinds' order."""
    left = {kind: [one for one in found if one.kind == kind] for kind in _ORDER}
    chosen: list[Suggestion] = []
    while len(chosen) < limit and any(left.values()):
        for kind in _TURNS:
            if left[kind] and len(chosen) < limit:
                chosen.append(left[kind].pop(0))
    return sorted(chosen, key=lambda one: _ORDER.index(one.kind))
