"""What is done to the trained table, so that no piece and no direction drowns the others.

The student learns from short texts; what is searched are records of a title and a description. In
their mean, three kinds of pieces weigh more than they say: frequent ones ("der", "für"), rare ones
with long rows, and the rubble of words that the tokenizer does not know. And the teacher's vectors
share a few strong directions that say little of what a text is about. All four are linear in the
rows, so the model stays a plain table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from search.training.nonsense import NONSENSE_DIMENSIONS

_SAMPLE = 60_000
"""Texts that tell how frequent pieces and how strong directions are."""
_WEAKEST = 1e-3
"""Of the mean energy; a weaker direction is raised no further: it is noise."""


@dataclass(frozen=True, slots=True)
class Refinement:
    """How much is done; the defaults are those of the shipped model (its card has the effect)."""

    spread: float = 0.4
    """How far the directions are made equally strong: 0 leaves them, 1 would whiten."""
    frequency: float = 1e-3
    """A piece of this frequency counts half (Arora et al. 2017, "smooth inverse frequency")."""
    longest: float = 0.7
    """Rows longer than this quantile of all lengths are cut to it."""
    rubble: float = 0.7
    """What a piece of up to three letters counts: most are parts of words that are not known."""


def refine(
    table: NDArray[np.float32],
    tokenizer: Tokenizer,
    texts: Sequence[str],
    recipe: Refinement | None = None,
) -> NDArray[np.float32]:
    """Return the refined *table*, shape (vocabulary, dimension), with a mean row length of one.

    *texts* are what frequencies and directions are taken from: the German training texts. The
    dimensions of nonsense keep their share of a text.
    """
    recipe = recipe or Refinement()
    pieces, starts = _pieces(tokenizer, texts[:: max(1, len(texts) // _SAMPLE)])
    meanings = table.shape[1] - NONSENSE_DIMENSIONS
    result = table.copy()
    result[:, :meanings] @= _spreading(table[:, :meanings], pieces, starts, recipe.spread)
    counts = np.bincount(pieces, minlength=len(table))
    result *= (recipe.frequency / (recipe.frequency + counts / counts.sum()))[:, None]
    lengths = np.linalg.norm(result, axis=1).clip(1e-9)
    result *= np.minimum(1, np.quantile(lengths, recipe.longest) / lengths)[:, None]
    names = [tokenizer.id_to_token(number) or "" for number in range(len(table))]
    result *= np.array([recipe.rubble if len(name) <= 3 else 1.0 for name in names])[:, None]
    return (result / np.linalg.norm(result, axis=1).mean()).astype(np.float32)


def _pieces(
    tokenizer: Tokenizer, texts: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return all known pieces in a row, and where each text that has any begins."""
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    lists = [[piece for piece in encoding.ids if piece != 0] for encoding in encodings]
    lengths = np.array([len(pieces) for pieces in lists if pieces])
    return np.concatenate(lists).astype(np.int64), np.concatenate([[0], lengths.cumsum()[:-1]])


def _spreading(
    rows: NDArray[np.float32],
    pieces: NDArray[np.int64],
    starts: NDArray[np.int64],
    spread: float,
) -> NDArray[np.float32]:
    """Return the symmetric matrix that weakens the strong directions of the texts' vectors.

    A direction with energy ``e`` is scaled by ``e ** (-spread / 2)``; the texts' mean length
    stays as it is, so that the dimensions of nonsense keep their share.
    """
    sums = np.add.reduceat(rows[pieces], starts)
    units = sums / np.linalg.norm(sums, axis=1, keepdims=True).clip(1e-9)
    energies, directions = np.linalg.eigh(units.T @ units / len(units))
    energies = energies.clip(_WEAKEST * energies.mean())
    factors = energies ** (-spread / 2)
    factors *= np.sqrt(energies.sum() / (energies * factors**2).sum())
    return ((directions * factors) @ directions.T).astype(np.float32)
