"""The sentences of a record that answer a question, with what matched marked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape

from search.query import Concept
from search.text import compounds, german
from search.text import sentences as texts

_WORD = re.compile(r"[^\W_]+")
_TAG = re.compile(r"<[^>]{0,500}>")
_LONGEST, _MOST_TEXT, _MOST_SENTENCES = 300, 20_000, 40


def sentences(
    text: str,
    concepts: Iterable[Concept],
    nearest: Callable[[Sequence[str]], int | None],
    *,
    most: int = 2,
) -> list[str]:
    """Return up to ``most`` sentences as safe HTML: everything escaped but ``<mark>``.

    Where no word of the question stands in the text, the sentence that ``nearest`` chooses (by
    its number; ``None``: none of them), without a mark.
    """
    plain = _TAG.sub(" ", text[:_MOST_TEXT])
    return of_sentences(texts.split(plain), concepts, nearest, most=most)


def of_sentences(
    found_sentences: Iterable[str],
    concepts: Iterable[Concept],
    nearest: Callable[[Sequence[str]], int | None],
    *,
    most: int = 2,
) -> list[str]:
    """Do the same with sentences that are split already."""
    split = [sentence[:_LONGEST] for sentence in found_sentences][:_MOST_SENTENCES]
    wanted = _wanted(concepts, split)
    found: list[tuple[int, int, str]] = []
    for position, sentence in enumerate(split):
        marked, met = _marked(sentence, wanted)
        if met:
            found.append((-len(met), position, marked))
    best = sorted(found)[:most]
    if best:
        return [sentence for _, _, sentence in sorted(best, key=lambda item: item[1])]
    chosen = nearest(split) if split else None
    return [escape(split[chosen])] if chosen is not None else []


def marked(text: str, concepts: Iterable[Concept]) -> str:
    """Return a short text as safe HTML, with what matched marked."""
    return _marked(text, _wanted(concepts, [text]))[0]


def _wanted(concepts: Iterable[Concept], split: Sequence[str]) -> set[str]:
    """Return the tokens to be marked: of several that are met only together, all or none."""
    there = {
        token
        for sentence in split
        for word in german.words(sentence)
        for token in (german.token(word), *compounds.parts(word))
    }
    wanted: set[str] = set()
    for concept in concepts:
        if concept.sign == "-":
            continue
        if concept.phrase:
            wanted.update(concept.whole.split())
            continue
        ways = ((concept.whole,), concept.parts, *(tokens for tokens, _ in concept.others))
        wanted.update(token for way in ways if there.issuperset(way) for token in way)
    return wanted


def _marked(sentence: str, wanted: set[str]) -> tuple[str, set[str]]:
    """Return the sentence with what is wanted marked, and which tokens that were."""
    out: list[str] = []
    met: set[str] = set()
    at = 0
    for match in _WORD.finditer(sentence):
        for start, end, token in _pieces(match.group(), wanted):
            met.add(token)
            out.append(escape(sentence[at : match.start() + start]))
            at = match.start() + end
            out.append(f"<mark>{escape(sentence[match.start() + start : at])}</mark>")
    out.append(escape(sentence[at:]))
    return "".join(out).replace("</mark><mark>", ""), met


def _pieces(word: str, wanted: set[str]) -> list[tuple[int, int, str]]:
    """Return where what is wanted stands in a word, with its token: all of it, or its parts."""
    lower = german.normalise(word)
    token = german.token(lower)
    if token in wanted:
        return [(0, len(word), token)]
    found = []
    start = 0
    # A letter may have become two: nothing is marked rather than the wrong half.
    for part in compounds.split(lower) if len(lower) == len(word) else ():
        if german.token(part) in wanted:
            found.append((start, start + len(part), german.token(part)))
        start += len(part)
    return found
