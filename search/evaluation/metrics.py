"""Rank metrics, each for one query: a ranking of ids and the judged grades."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """Return the normalised discounted cumulative gain at ``depth`` (0 to 1).

    Source: Järvelin and Kekäläinen 2002, with linear gain as trec_eval and BEIR compute it.
    """
    gained = sum(
        grades.get(document, 0) / math.log2(place + 2)
        for place, document in enumerate(ranking[:depth])
    )
    best = sum(
        grade / math.log2(place + 2)
        for place, grade in enumerate(sorted(grades.values(), reverse=True)[:depth])
    )
    return gained / best if best else 0.0


def recall(ranking: Sequence[str], grades: Mapping[str, int], depth: int = 100) -> float:
    """Return the share of relevant documents among the first ``depth`` (0 to 1)."""
    relevant = {document for document, grade in grades.items() if grade > 0}
    return len(relevant & set(ranking[:depth])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """Return 1 / place of the first relevant document within ``depth``, else 0."""
    for place, document in enumerate(ranking[:depth], 1):
        if grades.get(document, 0) > 0:
            return 1 / place
    return 0.0


def hit(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """Return 1 when the first document is relevant, else 0."""
    return reciprocal_rank(ranking, grades, depth=1)


def interval(
    values: Sequence[float], share: float = 0.95, samples: int = 2_000
) -> tuple[float, float]:
    """Return the bounds between which the mean lies in ``share`` of bootstrap samples.

    Queries are drawn anew, with a fixed seed: the same values have the same bounds.
    Source: Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979.
    """
    if not values:
        return 0.0, 0.0
    given = np.asarray(values)
    chance = np.random.default_rng(20_260)
    means = given[chance.integers(0, len(given), (samples, len(given)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
