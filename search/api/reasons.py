"""Adds to each result why it is one (``explain``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from search import leaning, query, why
from search.service import SearchService


def add(
    results: Sequence[dict[str, Any]],
    service: SearchService,
    asked: query.Search,
    concepts: Sequence[query.Concept],
    hits: Sequence[query.Hit],
) -> None:
    """Add ``why`` to the first results, which stand for these hits."""
    words: list[why.Asked] = []
    if asked.mode != "semantic":
        words = [_asked(concept) for concept in concepts if concept.sign != "-"]
    near = _likeness(service, asked, hits)
    for result, hit in zip(results, hits, strict=False):
        similarity = near.get(hit.key)
        result["why"] = {
            "words": [
                {"word": one.word, "field": one.field, "written": list(one.written)}
                for one in why.matches(words, hit.record)
            ],
            "meaning": None if similarity is None else round(similarity, 4),
            "score": hit.score,
        }


def _asked(concept: query.Concept) -> why.Asked:
    others = (tokens for tokens, _ in concept.others)
    ways = (tuple(concept.whole.split()), concept.parts, *others)
    return why.Asked(concept.text, ways, concept.phrase)


def _likeness(
    service: SearchService, asked: query.Search, hits: Sequence[query.Hit]
) -> dict[str, float]:
    """Return how near the hits are in meaning; nothing where that was not asked for."""
    if service.model is None or asked.mode == "lexical" or not asked.meaning:
        return {}
    vector = leaning.vector(service.model, asked.meaning)
    return service.vectors.similarities(vector, [hit.key for hit in hits]) if vector.any() else {}
