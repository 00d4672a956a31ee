"""The sentences of a text that hold the words of a question, with the words marked."""

from __future__ import annotations

import re
from html import escape

from search.text import german

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"[^\W_]+")
_TAG = re.compile(r"<[^>]{0,500}>")
_LONGEST = 300


def sentences(text: str, question: str, *, most: int = 2) -> list[str]:
    """Return up to ``most`` sentences as safe HTML: everything escaped but ``<mark>``."""
    wanted = {
        german.token(word) for word in german.words(question) if word not in german.STOP_WORDS
    }
    if not wanted:
        return []
    found: list[tuple[int, int, str]] = []
    for position, sentence in enumerate(_SENTENCE.split(_TAG.sub(" ", text[:20_000]))):
        sentence = " ".join(sentence.split())[:_LONGEST]
        met = {token for word in german.words(sentence) if (token := german.token(word)) in wanted}
        if met:
            found.append((-len(met), position, _marked(sentence, wanted)))
    best = sorted(found)[:most]
    return [sentence for _, _, sentence in sorted(best, key=lambda item: item[1])]


def _marked(sentence: str, wanted: set[str]) -> str:
    out: list[str] = []
    at = 0
    for match in _WORD.finditer(sentence):
        if german.token(german.normalise(match.group())) in wanted:
            out.append(escape(sentence[at : match.start()]))
            out.append(f"<mark>{escape(match.group())}</mark>")
            at = match.end()
    out.append(escape(sentence[at:]))
    return "".join(out)
