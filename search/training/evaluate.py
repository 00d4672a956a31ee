"""Measure the model alone (no lexical part) on BEIR collections::

    python -m search.training.evaluate MODEL FOLDER...

prints nDCG@10 per collection and language of the queries and, with the model's threshold, how many
relevant records stay, how many others come with them, and how many nonsense queries find anything.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from search.training.nonsense import nonsense_text

KNOWN_NONSENSE = ["xyzzy", "qwertz", "asdf", "asdfjklö", "foobarbaz", "blubb", "lorem ipsum"]
_NONSENSE_SEED = 99

MAX_CHARACTERS = 300
"""What is embedded of a record; more text only blurs the mean."""


class Encoder(Protocol):
    """What is used of a model, whichever library reads it."""

    def encode(self, sentences: list[str], /) -> NDArray[np.floating]:
        """Return unit vectors, shape (len(sentences), dimension)."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A BEIR collection: documents, queries, and the relevant documents of each query."""

    documents: dict[str, str]
    queries: dict[str, str]
    relevant: dict[str, set[str]]


def embedded_text(title: str, text: str, characters: int = MAX_CHARACTERS) -> str:
    """Return what is embedded of a record: the title twice, as it says what the record is."""
    return ". ".join(part for part in (title, title, text) if part)[:characters]


def read_collection(folder: Path, characters: int = MAX_CHARACTERS) -> Collection:
    """Read ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/test.tsv`` of *folder*."""
    documents, queries = (
        {
            record["_id"]: embedded_text(record.get("title", ""), record.get("text", ""), length)
            for record in map(json.loads, (folder / name).read_text("utf-8").splitlines())
        }
        for name, length in (("corpus.jsonl", characters), ("queries.jsonl", MAX_CHARACTERS))
    )
    relevant: dict[str, set[str]] = defaultdict(set)
    for line in (folder / "qrels/test.tsv").read_text("utf-8").splitlines()[1:]:
        query, document, score = line.split("\t")
        if int(score) > 0:
            relevant[query].add(document)
    return Collection(documents, queries, dict(relevant))


def ndcg(ranked: list[str], relevant: set[str], depth: int = 10) -> float:
    """Return nDCG at *depth* of a ranking where each relevant document counts the same."""
    gain = sum(
        1 / math.log2(rank + 2) for rank, name in enumerate(ranked[:depth]) if name in relevant
    )
    best = sum(1 / math.log2(rank + 2) for rank in range(min(depth, len(relevant))))
    return gain / best


def measure(
    model: Encoder, collection: Collection, threshold: float
) -> dict[str, dict[str, float]]:
    """Return the measures by language of the queries (``de``, ``en``; the rest counts as German).

    ``kept``: share of relevant records above *threshold*; ``others``: mean number of not relevant
    ones above it, per query.
    """
    names = list(collection.documents)
    vectors = model.encode(list(collection.documents.values())).astype(np.float32)
    groups: dict[str, list[str]] = defaultdict(list)
    for query in collection.relevant:
        groups["en" if query.endswith("-en") else "de"].append(query)
    results: dict[str, dict[str, float]] = {}
    for language, queries in sorted(groups.items()):
        asked = model.encode([collection.queries[query] for query in queries]).astype(np.float32)
        totals = np.zeros(4)
        for query, cosines in zip(queries, asked @ vectors.T, strict=True):
            relevant = collection.relevant[query]
            best = [names[number] for number in np.argsort(-cosines, kind="stable")[:10]]
            above = {names[number] for number in np.flatnonzero(cosines >= threshold)}
            found = len(above & relevant)
            totals += (ndcg(best, relevant), found, len(relevant), len(above) - found)
        count = len(queries)
        results[language] = {
            "queries": count,
            "ndcg@10": round(totals[0] / count, 4),
            "kept": round(totals[1] / totals[2], 4),
            "others": round(totals[3] / count, 2),
        }
    chance = random.Random(_NONSENSE_SEED)  # noqa: S311 - no secret depends on it
    made_up = [nonsense_text(chance) for _ in range(1_000)]
    best_of_each = (model.encode(made_up).astype(np.float32) @ vectors.T).max(axis=1)
    known = (model.encode(KNOWN_NONSENSE).astype(np.float32) @ vectors.T).max(axis=1)
    results["nonsense"] = {
        "queries": len(made_up),
        "finding": round(float((best_of_each >= threshold).mean()), 4),
        "known finding": round(float((known >= threshold).mean()), 4),
    }
    return results


def main(arguments: list[str] | None = None) -> int:
    """Print one line of JSON per collection."""
    from model2vec import StaticModel

    parser = argparse.ArgumentParser(prog="python -m search.training.evaluate", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--characters", type=int, default=MAX_CHARACTERS, help="of a record")
    options = parser.parse_args(arguments)
    model = StaticModel.from_pretrained(options.model)
    threshold = json.loads((options.model / "myk.json").read_text("utf-8"))["threshold"]
    for folder in options.folders:
        measures = measure(model, read_collection(folder, options.characters), threshold)
        sys.stdout.write(json.dumps({folder.name: measures}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
