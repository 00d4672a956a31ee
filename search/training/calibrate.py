"""Choose the cosine above which a dense neighbour counts as relevant, from held-out texts.

Three kinds of pairs tell: held-out pairs that mean the same (German texts with one English
translation, and German texts with that translation), random pairs that do not, and nonsense against
all held-out texts of the length of a record. The threshold is the lowest that lets at most
:data:`RANDOM_PASSING` of the random pairs pass and at most :data:`NONSENSE_PASSING` of the nonsense
find any record. Nonsense that the service's encoder does not take for language
(:func:`search.encoder.says_something`) never gets as far as a search, so it passes nothing.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from search.training.evaluate import Encoder
from search.training.nonsense import NONSENSE_DIMENSIONS, nonsense_text
from search.training.pairs import Pair

RANDOM_PASSING = 0.01
NONSENSE_PASSING = 0.02
"""Made-up letters hold a word by chance ("mwegt", "pydog") about that often."""
_MIN_NONSENSE = 5
"""Letters at least; many shorter texts are abbreviations that mean something."""
_LANGUAGE_SHARE = 0.98
"""Of the records; the rest is mostly names of programs and signs, which nonsense finds rightly."""
_RECORD_WORDS = 4
"""A record has a title and a description; single words, some of them rare, are no records."""
_NONSENSE_SEED = 20_260
"""Not the seed of training: the texts are of the same kinds, but drawn anew."""


def _unit(model: Encoder, texts: list[str]) -> NDArray[np.float32]:
    return model.encode(texts).astype(np.float32)


def _cosines(model: Encoder, left: list[str], right: list[str]) -> NDArray[np.float32]:
    """Return the cosine of each pair, shape (len(left),)."""
    return np.einsum("nd,nd->n", _unit(model, left), _unit(model, right))


def synonyms(pairs: Iterable[Pair]) -> list[tuple[str, str]]:
    """Return German texts, two and two, that have the same English translation."""
    by_english: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        by_english[pair.english].append(pair.german)
    return [(texts[0], other) for texts in by_english.values() for other in texts[1:]]


def calibrate(
    model: Encoder,
    held_out: list[Pair],
    is_language: Callable[[str], bool],
    nonsense: int = 4_000,
) -> tuple[float, dict[str, object]]:
    """Return the threshold, and what it lets through, by kind of pair, for the model card.

    Raises ``ValueError`` where too little was held out: no synonyms, or no text as long as a
    record.
    """
    same = synonyms(held_out)
    records = [p.german for p in held_out if p.german.count(" ") >= _RECORD_WORDS - 1]
    if not same or not records:
        raise ValueError("too few held-out pairs to calibrate on")
    german, english = [pair.german for pair in held_out], [pair.english for pair in held_out]
    chance = random.Random(_NONSENSE_SEED)  # noqa: S311 - no secret depends on it
    made_up = [text for _ in range(nonsense) if len(text := nonsense_text(chance)) >= _MIN_NONSENSE]
    stored = _unit(model, records)
    strangeness = np.linalg.norm(stored[:, -NONSENSE_DIMENSIONS:], axis=1)
    stored = stored[strangeness <= np.quantile(strangeness, _LANGUAGE_SHARE)]
    others = [chance.choice(held_out).english for _ in held_out]
    unrelated = [
        (text, other)
        for text, own, other in zip(german, english, others, strict=True)
        if other != own
    ]
    by_kind = {
        "german-english": _cosines(model, german, english),
        "german-german": _cosines(model, [a for a, _ in same], [b for _, b in same]),
        "random": _cosines(model, [a for a, _ in unrelated], [b for _, b in unrelated]),
        "nonsense": np.where(
            [is_language(text) for text in made_up],
            (_unit(model, made_up) @ stored.T).max(axis=1),
            -1.0,
        ),
    }
    lowest = max(
        np.quantile(by_kind["random"], 1 - RANDOM_PASSING),
        np.quantile(by_kind["nonsense"], 1 - NONSENSE_PASSING),
    )
    threshold = round(float(np.ceil(lowest * 100)) / 100, 2)
    passing = {kind: float((values >= threshold).mean()) for kind, values in by_kind.items()}
    recall = passing["german-english"]
    report: dict[str, object] = {
        "held_out_pairs": len(held_out),
        "held_out_synonyms": len(same),
        "records": len(stored),
        "nonsense_queries": len(made_up),
        "passing": {kind: round(share, 4) for kind, share in passing.items()},
        "recall": round(recall, 4),
        "precision": round(recall / (recall + passing["random"]), 4),
        "precision_is": "of equally many matching and random pairs",
    }
    return threshold, report
