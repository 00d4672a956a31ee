"""Records about the same as one record: near in meaning, and nearer for rare words they share."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from search import query
from search.catalogue import documents, schema
from search.catalogue.documents import values_of
from search.catalogue.view import View
from search.service import SearchService
from search.text import compounds, german

#: Of what lies between the model's threshold and 1 this share must be reached: by the meaning
#: alone to be looked at, and together with the words that two records share to be shown.
_NEAR, _SIMILAR = 0.15, 0.5
#: What shared words add at most: with this sum of their rarities (0: in every record, 1: in one).
_BONUS, _RARE = 0.25, 1.5
#: Without vectors: the share of a record's own rare words that another must have.
_SAME_WORDS = 0.5

_CANDIDATES, _LOOKED_FOR = 50, 12
_MAX_FEATURES = 60
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
        own = _rarities(view, _features(record))
        scored = _near(service, view, record, own, labels)
        if scored is None:
            scored = _alike(view, record, own) if own else []
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
    least = threshold + _SIMILAR * (1 - threshold)
    found: list[Similar] = []
    for other, _ in view.records(view.one_of("key", list(near)), _WANTED, _CANDIDATES):
        shared = sum(own.get(feature, 0.0) for feature in _features(other))
        score = near[documents.key_of(other)] + _BONUS * min(1.0, shared / _RARE)
        if score >= least:
            found.append(Similar(other, min(1.0, score / (1 + _BONUS))))
    return found


def _alike(view: View, record: documents.Record, own: dict[str, float]) -> list[Similar]:
    """Records with most of the rare words of a record, where there is no vector."""
    total = sum(own.values())
    key = documents.key_of(record)
    rarest = sorted(own, key=lambda token: -own[token])[:_LOOKED_FOR]
    asked = view.any_of([view.one_of(schema.MEANT, [token]) for token in rarest])
    found: list[Similar] = []
    for other, _ in view.records(asked, _WANTED, _CANDIDATES):
        share = sum(own.get(feature, 0.0) for feature in _features(other)) / total if total else 0.0
        if share >= _SAME_WORDS and documents.key_of(other) != key:
            found.append(Similar(other, min(1.0, share)))
    return found


def _rarities(view: View, features: Collection[str]) -> dict[str, float]:
    """Return how rare each word is among what the caller sees: 0 in all records, 1 in one."""
    total = max(2, view.count(view.engine(query.All())))
    return {
        token: 1
        - math.log(max(1, view.count(view.one_of(schema.MEANT, [token])))) / math.log(total)
        for token in features
    }


def _features(record: documents.Record) -> list[str]:
    """Return the index tokens of a record's title and keywords, with the parts of compounds."""
    found: dict[str, None] = {}
    for field in ("title", "tags"):
        for text in values_of(record.get(field)):
            for word in german.words(text):
                if word not in german.STOP_WORDS and not word.isdigit():
                    found.update(dict.fromkeys((german.token(word), *compounds.parts(word))))
    return list(itertools.islice(found, _MAX_FEATURES))
