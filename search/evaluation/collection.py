"""A relevance collection in BEIR form: ``corpus.jsonl``, ``queries.jsonl``, ``qrels/test.tsv``.

Source: BEIR, https://github.com/beir-cellar/beir (format of its datasets).
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path


class CollectionError(ValueError):
    """The folder is no readable collection; the message says what is wrong where."""


@dataclass(frozen=True)
class Collection:
    """Documents (id → title, text), queries (id → text), judgements (query → document → grade)."""

    name: str
    documents: dict[str, tuple[str, str]]
    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]


def read(folder: Path) -> Collection:
    """Read a collection.

    :raises CollectionError: when a file is missing or a line cannot be read.
    """
    documents = {
        str(item["_id"]): (str(item.get("title") or ""), str(item.get("text") or ""))
        for item in _lines(folder / "corpus.jsonl")
    }
    queries = {str(item["_id"]): str(item["text"]) for item in _lines(folder / "queries.jsonl")}
    judgements: dict[str, dict[str, int]] = {}
    path = folder / "qrels" / "test.tsv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                judged = judgements.setdefault(row["query-id"], {})
                judged[row["corpus-id"]] = int(row["score"])
    except (OSError, KeyError, ValueError) as error:
        raise CollectionError(f"{path}: {error}") from None
    return Collection(folder.resolve().name, documents, queries, judgements)


def _lines(path: Path) -> list[dict[str, object]]:
    items = []
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    item = json.loads(line)
                    item["_id"]
                except (ValueError, KeyError, TypeError):
                    raise CollectionError(
                        f"{path}, line {number}: not a JSON object with an _id"
                    ) from None
                items.append(item)
    except OSError as error:
        raise CollectionError(f"{path}: {error.strerror}") from None
    return items
