"""Records about the same as one record: near in meaning, and nearer for rare words they share."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tantivy import Query as Engine

from search import query
from search.catalogue import documents
from search.catalogue.documents import values_of
from search.catalogue.view import View
from search.service import SearchService
from search.text import german

#: Two records lie nearer to each other than a question to a record: of what lies between the
#: model's threshold and 1 this share must be reached, with and without the words they share.
_NEAR_WITH_WORDS, _NEAR = 0.5, 0.25
#: What shared words add at most: with this sum of their rarities (0: in every record, 1: in one).
_BONUS, _RARE = 0.1, 2.0
#: Without vectors: the share of a record's own rare words that another must have.
_SAME_WORDS = 0.5

_CANDIDATES = 30
_MAX_FEATURES = 40
_WANTED = frozenset(
    {"index_id", "id", "name", "title", "dataset_type", "organization", "tags", "state"}
)


@dataclass(frozen=True)
class Similar:
    """A record about the same, and how near it is (0 to 1)."""

    record: dict[str, Any]
    score: float


def similar(
    service: SearchService, reference: str, labels: Sequence[str], limit: int
) -> list[Similar] | None:
    """Return the records most like one (id or name), out of what these labels may see.

    ``None`` when the caller sees no such record.
    """
    with service.catalogue.view(labels) as view:
        named = query.Bool(should=(query.Term("id", reference), query.Term("name", reference)))
        found = view.records(view.engine(named), _WANTED, 1)
        if not found:
            return None
        record = found[0][0]
        features = _features(record)
        own = _rarities(view, features)
        scored = _near(service, view, record, own, labels)
        if scored is None:
            asked = view.engine(query.Bool(should=tuple(features.values())))
            scored = _alike(view, asked, record, own) if features else []
    return sorted(scored, key=lambda one: (-one.score, str(one.record.get("id"))))[:limit]


def _near(
    service: SearchService,
    view: View,
    record: documents.Record,
    own: dict[str, float],
    labels: Sequence[str],
) -> list[Similar] | None:
    """Neighbours of a record in meaning; ``None`` when it has no vector."""
    key = documents.key_of(record)
    vector = service.vectors.vector(key) if service.model is not None else None
    if service.model is None or vector is None or not vector.any():
        return None
    threshold = service.model.traits.threshold
    near = dict(
        service.vectors.nearest(
            vector,
            limit=_CANDIDATES + 1,
            threshold=threshold + _NEAR * (1 - threshold),
            only={"permission_labels": labels, "state": ("active",)},
        )
    )
    near.pop(key, None)
    if not near:
        return []
    least = threshold + _NEAR_WITH_WORDS * (1 - threshold)
    found: list[Similar] = []
    for other, _ in view.records(view.one_of("key", list(near)), _WANTED, _CANDIDATES):
        shared = sum(own.get(feature, 0.0) for feature in _features(other))
        score = near[documents.key_of(other)] + _BONUS * min(1.0, shared / _RARE)
        if score >= least:
            found.append(Similar(other, min(1.0, score)))
    return found


def _alike(
    view: View, asked: Engine, record: documents.Record, own: dict[str, float]
) -> list[Similar]:
    """Records with most of the rare words of a record, where there is no vector."""
    total = sum(own.values())
    key = documents.key_of(record)
    found: list[Similar] = []
    for other, _ in view.records(asked, _WANTED, _CANDIDATES):
        share = sum(own.get(feature, 0.0) for feature in _features(other)) / total if total else 0.0
        if share >= _SAME_WORDS and documents.key_of(other) != key:
            found.append(Similar(other, min(1.0, share)))
    return found


def _rarities(view: View, features: dict[str, query.Node]) -> dict[str, float]:
    """Return how rare each feature is among what the caller sees: 0 in all records, 1 in one."""
    total = max(2, view.count(view.engine(query.All())))
    return {
        name: 1 - math.log(max(1, view.count(view.engine(node)))) / math.log(total)
        for name, node in features.items()
    }


def _features(record: documents.Record) -> dict[str, query.Node]:
    """The words of a record's title and its keywords, each with the question for it."""
    found: dict[str, query.Node] = {}
    for title in values_of(record.get("title")):
        for word in german.words(title):
            if word not in german.STOP_WORDS and not word.isdigit():
                found[f"word {german.token(word)}"] = query.Words("title", word)
    for tag in values_of(record.get("tags")):
        found[f"tag {tag}"] = query.Term("tags", tag)
    return dict(itertools.islice(found.items(), _MAX_FEATURES))
