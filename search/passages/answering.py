"""The sentences of passages that answer a question, or that none does.

Extractive: what is answered stands word for word in a document. ``python -m
tests.relevance.answers`` measures what the numbers below are worth; ``docs/answers.md`` says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search import encoder
from search.passages import expectation, words
from search.passages.model import Hit
from search.passages.service import Considered
from search.text import sentences

#: Passages that are read for a sentence.
READ = 5
_LONGEST, _MOST_SENTENCES = 600, 40

#: What a sentence counts by: its likeness and the share of the question that it holds, both
#: entirely, and these shares of what is said of its passage, and of the sentence before it, which
#: often names what "it" is.
_PASSAGE, _BEFORE = 0.3, 0.1
#: A sentence with a number where one is asked for.
_EXPECTED = 0.2

#: How sure it is that something answers: the likeness of the best sentence, and how far the best
#: passage's share of the question stands out from the others'. A question about something that is
#: nowhere has many passages with one of its words.
_STANDING_OUT = 1.7
_CROWD = slice(5, 15)
#: The usual share that the crowd holds, for few passages that are none.
_USUAL = 0.1
#: So sure it must be. English questions meet few words of German texts.
_SURE, _SURE_IN_ENGLISH = 0.8, 0.62


@dataclass(frozen=True)
class Answer:
    """A sentence of a passage. ``before`` and ``after`` are what stands around it there."""

    hit: Hit
    sentence: str
    before: str
    after: str
    score: float


def answers(
    text: str, considered: Considered, model: encoder.Encoder | None, most: int
) -> list[Answer]:
    """Return the sentences that answer a question best, one of each passage; none if none does."""
    hits = considered.hits[:READ]
    if not hits:
        return []
    dense = model.query(text) if model is not None else None
    found: list[Answer] = []
    nearest = 0.0
    for hit in hits:
        split = statements(hit.passage.text, hit.passage.headings)
        if not split:
            continue
        likeness = np.zeros(len(split), dtype=np.float32)
        if model is not None and dense is not None:
            likeness = model.passages(split) @ dense
        if hit is hits[0]:
            nearest = float(likeness.max())
        found.append(_best_of(text, hit, split, likeness, considered.asked))
    if model is not None and not _is_sure(text, nearest, considered.held):
        return []
    return sorted(found, key=lambda one: -one.score)[:most]


def statements(text: str, headings: Sequence[str]) -> list[str]:
    """Return what a passage says, sentence by sentence, without its headings.

    "The fee is:" and the rows below it are one statement.
    """
    out: list[str] = []
    open_end = False
    for sentence in sentences.split(text):
        if sentence in headings:
            continue
        row = not sentence.endswith((".", "!", "?", ":"))
        if open_end and row and len(out[-1]) + len(sentence) < _LONGEST:
            out[-1] = f"{out[-1]} {sentence}"
            continue
        open_end = sentence.endswith(":")
        out.append(sentence[:_LONGEST])
    return out[:_MOST_SENTENCES]


def _best_of(
    text: str, hit: Hit, split: Sequence[str], likeness: encoder.Vector, asked: words.Asked
) -> Answer:
    plain = [
        float(like) + asked.held_by(words.of_passage(sentence))
        for like, sentence in zip(likeness, split, strict=True)
    ]
    scores = [
        score
        + _BEFORE * (plain[number - 1] if number else 0.0)
        + _EXPECTED * expectation.is_met(text, split[number])
        for number, score in enumerate(plain)
    ]
    best = int(np.argmax(scores))
    return Answer(
        hit,
        split[best],
        split[best - 1] if best else "",
        split[best + 1] if best + 1 < len(split) else "",
        scores[best] + _PASSAGE * hit.score,
    )


def _is_sure(text: str, nearest: float, held: Sequence[float]) -> bool:
    """Tell whether passages answer a question.

    ``nearest``: the likeness of the best sentence; ``held``: the shares of the question that the
    candidates hold in words, the most first.
    """
    crowd = held[_CROWD]
    usual = sum(crowd) / len(crowd) if crowd else _USUAL
    apart = (held[0] if held else 0.0) - usual
    least = _SURE_IN_ENGLISH if expectation.is_english(text) else _SURE
    return nearest + _STANDING_OUT * apart >= least
