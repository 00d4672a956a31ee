"""Choose the cosine above which a dense neighbour counts as relevant, from held-out texts.

Three kinds of pairs tell: held-out pairs that mean the same (German texts with one English
translation, and German texts with that translation), random pairs that do not, and nonsense against
all texts that were kept out. The threshold is the lowest that lets at most one random pair in a
thousand and one nonsense query in a hundred through.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from search.training.evaluate import Encoder
from search.training.nonsense import nonsense_text
from search.training.pairs import Pair

RANDOM_PASSING = 0.001
NONSENSE_PASSING = 0.01
_NONSENSE_SEED = 20_260
"""Not the seed of training: the strings are of the same kinds, but none is the same."""


def _cosines(model: Encoder, left: list[str], right: list[str]) -> NDArray[np.float32]:
    """Return the cosine of each pair, shape (len(left),)."""
    first = model.encode(left).astype(np.float32)
    second = model.encode(right).astype(np.float32)
    return np.einsum("nd,nd->n", first, second)


def synonyms(pairs: Iterable[Pair]) -> list[tuple[str, str]]:
    """Return German texts, two and two, that have the same English translation."""
    by_english: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        by_english[pair.english].append(pair.german)
    return [(texts[0], other) for texts in by_english.values() for other in texts[1:]]


def calibrate(
    model: Encoder, held_out: list[Pair], nonsense: int = 2_000
) -> tuple[float, dict[str, object]]:
    """Return the threshold, and what it lets through, by kind of pair, for the model card.

    Raises ``ValueError`` where fewer than two pairs were kept out.
    """
    if len(held_out) < 2:
        raise ValueError("too few held-out pairs to calibrate on")
    german, english = [pair.german for pair in held_out], [pair.english for pair in held_out]
    same_german = synonyms(held_out)
    chance = random.Random(_NONSENSE_SEED)  # noqa: S311 - no secret depends on it
    made_up = [nonsense_text(chance) for _ in range(nonsense)]
    records = model.encode(german).astype(np.float32)
    # A shift by one pairs neighbours of one source; a shuffle pairs anything with anything.
    order = list(range(len(german)))
    chance.shuffle(order)
    by_kind = {
        "german-english": _cosines(model, german, english),
        "german-german": _cosines(model, *map(list, zip(*same_german, strict=True)))
        if same_german
        else np.ones(1, np.float32),
        "random": _cosines(model, german, [german[number] for number in order]),
        "nonsense": (model.encode(made_up).astype(np.float32) @ records.T).max(axis=1),
    }
    by_kind["random"] = by_kind["random"][np.asarray(order) != np.arange(len(order))]
    threshold = max(
        np.quantile(by_kind["random"], 1 - RANDOM_PASSING),
        np.quantile(by_kind["nonsense"], 1 - NONSENSE_PASSING),
    )
    threshold = float(np.ceil(threshold * 100) / 100)
    passing = {kind: float((values >= threshold).mean()) for kind, values in by_kind.items()}
    kept = passing["german-english"]
    report: dict[str, object] = {
        "held_out_pairs": len(held_out),
        "held_out_synonyms": len(same_german),
        "nonsense_queries": nonsense,
        "passing": {kind: round(share, 4) for kind, share in passing.items()},
        "precision": round(kept / (kept + passing["random"]), 4),
        "recall": round(kept, 4),
        "precision_is": "of equally many matching and random pairs",
    }
    return threshold, report
