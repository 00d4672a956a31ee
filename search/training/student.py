"""The student: a table of piece vectors whose mean over a text meets the teacher's vector.

The last ``NONSENSE_DIMENSIONS`` mean nothing but "this is no language": texts of the training
data have a target of zero there, random letters have nothing else. So a nonsense query is far from
every record, instead of near to whichever record shares some rubble of letters with it. There are
several of them so that nonsense is far from other nonsense, too: with one alone, random letters
found the records whose text a scanner had torn into letters.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from search.training.nonsense import NONSENSE_DIMENSIONS, nonsense_text

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the student is trained; the defaults are those of the shipped model."""

    steps: int = 6_000
    batch: int = 2_048
    learning_rate: float = 0.01
    temperature: float = 0.05
    contrast: float = 0.05
    """Weight of the InfoNCE part beside ``1 - cosine``."""
    nonsense: int = 96
    """Texts of random letters in each batch."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Texts:
    """Tokenised texts, each with the number of its target and its weight in the sampling.

    *pieces* holds all piece numbers in a row, text ``i`` has ``pieces[starts[i]:starts[i + 1]]``.
    """

    pieces: NDArray[np.int32]
    starts: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float64]


def tokenise(
    tokenizer: Tokenizer, texts: Sequence[str], targets: Sequence[int], weights: Sequence[float]
) -> Texts:
    """Tokenise *texts*; those without a single known piece are left out."""
    lists: list[list[int]] = []
    for start in range(0, len(texts), 50_000):
        encodings = tokenizer.encode_batch_fast(texts[start : start + 50_000])
        lists.extend([piece for piece in encoding.ids if piece != 0] for encoding in encodings)
    kept = [number for number, pieces in enumerate(lists) if pieces]
    lengths = np.fromiter((len(lists[number]) for number in kept), np.int64, len(kept))
    flat = np.fromiter((p for number in kept for p in lists[number]), np.int32, lengths.sum())
    return Texts(
        flat,
        np.concatenate([[0], lengths.cumsum()]),
        np.asarray(targets, np.int64)[kept],
        np.asarray(weights, np.float64)[kept],
    )


def initial_rows(
    texts: Texts, targets: NDArray[np.float32], vocabulary: int
) -> NDArray[np.float32]:
    """Return for each piece the mean target of the texts it occurs in, shape (vocabulary, dim).

    Damped for very frequent pieces, which occur everywhere and mean little.
    """
    lengths = np.diff(texts.starts)
    sums = torch.zeros((vocabulary, targets.shape[1]))
    for start in range(0, len(lengths), 20_000):
        stop = min(start + 20_000, len(lengths))
        pieces = texts.pieces[texts.starts[start] : texts.starts[stop]].astype(np.int64)
        occurring = np.repeat(texts.targets[start:stop], lengths[start:stop])
        sums.index_add_(0, torch.from_numpy(pieces), torch.from_numpy(targets[occurring]))
    counts = np.bincount(texts.pieces, minlength=vocabulary).astype(np.float32)[:, None]
    frequency = counts / counts.sum()
    return sums.numpy() / counts.clip(1) * (1e-3 / (1e-3 + frequency))


def _bag(texts: Texts, chosen: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
    starts, ends = texts.starts[chosen], texts.starts[chosen + 1]
    lengths = ends - starts
    offsets = np.concatenate([[0], lengths.cumsum()[:-1]])
    index = np.arange(lengths.sum()) - np.repeat(offsets - starts, lengths)
    return torch.from_numpy(texts.pieces[index].astype(np.int64)), torch.from_numpy(offsets)


def _loss(
    vectors: torch.Tensor, targets: torch.Tensor, numbers: torch.Tensor, recipe: Recipe
) -> torch.Tensor:
    cosines = nn.functional.normalize(vectors, dim=1) @ targets.T
    same = numbers[:, None] == numbers[None, :]
    own = torch.eye(len(numbers), dtype=torch.bool)
    logits = (cosines / recipe.temperature).masked_fill(same & ~own, float("-inf"))
    contrast = nn.functional.cross_entropy(logits, torch.arange(len(numbers)))
    return (1 - cosines.diagonal()).mean() + recipe.contrast * contrast


def _nonsense_loss(vectors: torch.Tensor) -> torch.Tensor:
    """Return how far nonsense is from having nothing but nonsense, each text its own direction."""
    inside = nn.functional.normalize(vectors, dim=1)[:, -NONSENSE_DIMENSIONS:]
    alike = nn.functional.normalize(inside, dim=1)
    # One for each text with itself: its mean over all pairs is a constant.
    return (1 - inside.norm(dim=1)).mean() + (alike @ alike.T).square().mean()


def train_student(
    texts: Texts,
    targets: NDArray[np.float32],
    tokenizer: Tokenizer,
    recipe: Recipe | None = None,
) -> NDArray[np.float32]:
    """Train and return the table, shape (vocabulary, dimension of the targets and of nonsense).

    *targets* are unit vectors, shape (n, dimension). Row 0, of the unknown piece, is zero: a
    reader that skips unknown pieces and one that counts them then differ by a factor only, which
    normalising removes.
    The table is scaled to a mean row length of one, which changes no direction.
    """
    recipe = recipe or Recipe()
    torch.manual_seed(recipe.seed)
    sampler = np.random.default_rng(recipe.seed)
    chance = random.Random(recipe.seed)  # noqa: S311 - no secret depends on it
    vocabulary = tokenizer.get_vocab_size()
    full = np.pad(targets, ((0, 0), (0, NONSENSE_DIMENSIONS)))
    made_up = [nonsense_text(chance) for _ in range(20_000)]
    nonsense = tokenise(tokenizer, made_up, [0] * len(made_up), [1.0] * len(made_up))
    rows = initial_rows(texts, full, vocabulary)
    # A start in different directions: from zero, all nonsense would go the same way.
    rows[:, -NONSENSE_DIMENSIONS:] = sampler.normal(0, 0.05, (vocabulary, NONSENSE_DIMENSIONS))
    table = nn.EmbeddingBag.from_pretrained(torch.from_numpy(rows), freeze=False, mode="mean")
    optimiser = torch.optim.Adam(table.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: 1 - s / recipe.steps)
    all_targets = torch.from_numpy(full)
    edges = (texts.weights / texts.weights.sum()).cumsum()
    began, running = monotonic(), 0.0
    for step in range(1, recipe.steps + 1):
        drawn = edges.searchsorted(sampler.random(recipe.batch)).clip(max=len(edges) - 1)
        pieces, offsets = _bag(texts, drawn)
        numbers = torch.from_numpy(texts.targets[drawn])
        more = sampler.integers(len(nonsense.targets), size=recipe.nonsense)
        loss = _loss(table(pieces, offsets), all_targets[numbers], numbers, recipe)
        # Weighted by its share of the texts, as all of them were in one mean.
        share = recipe.nonsense / recipe.batch
        loss = loss + share * _nonsense_loss(table(*_bag(nonsense, more)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        running += loss.item()
        if step % 250 == 0 or step == recipe.steps:
            count = (step - 1) % 250 + 1
            _log.info(
                "student: step %d of %d, loss %.4f, %.0f s",
                step, recipe.steps, running / count, monotonic() - began,
            )  # fmt: skip
            running = 0.0
    result = table.weight.detach().numpy().copy()
    result[0] = 0
    return result / np.linalg.norm(result, axis=1).mean()
