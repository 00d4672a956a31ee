"""How many records a result set has, and how often each value of a field stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import tantivy
from tantivy import Query as Engine

from search import query

#: Tantivy counts at most this many different values of a field at once.
_MAX_BUCKETS = 65_000
_TOTAL = "total"


#: Field → its values with their number of records, the most frequent first.
Counts: TypeAlias = dict[str, list[tuple[str, int]]]


def count(
    searcher: tantivy.Searcher, matching: Engine, visible: Engine, facets: Sequence[query.Facet]
) -> tuple[int, Counts]:
    """Count the records that match, and all facets, in one pass over them.

    ``visible``: what the caller may know of; a facet without a least count shows its values too.

    :raises query.QueryError: when a field has more values than can be counted.
    """
    asked = [facet for facet in facets if facet.limit != 0]
    total, counted = _terms(searcher, matching, [facet.field for facet in asked])
    with_empty = [facet.field for facet in asked if facet.min_count <= 0]
    if with_empty:
        for field, values in _terms(searcher, visible, with_empty)[1].items():
            for value in values:
                counted[field].setdefault(value, 0)
    found: Counts = {facet.field: [] for facet in facets}
    for facet in asked:
        # The most frequent first, and in the order of their names among equals.
        ordered = sorted(
            (-number, value)
            for value, number in counted[facet.field].items()
            if number >= facet.min_count
        )
        shown = ordered if facet.limit < 0 else ordered[: facet.limit]
        found[facet.field] = [(value, -number) for number, value in shown]
    return total, found


def _terms(
    searcher: tantivy.Searcher, matching: Engine, names: Sequence[str]
) -> tuple[int, dict[str, dict[str, int]]]:
    """Return the number of records, and each field's values with theirs."""
    asked: dict[str, Any] = {
        str(number): {"terms": {"field": f"facets.{_path(name)}", "size": _MAX_BUCKETS}}
        for number, name in enumerate(names)
    }
    asked[_TOTAL] = {"value_count": {"field": "key"}}
    try:
        answer = searcher.aggregate(matching, asked)
    except ValueError as error:
        raise query.QueryError(f"these facets cannot be counted: {error}") from error
    counted = {
        name: {item["key"][1:]: item["doc_count"] for item in answer[str(number)]["buckets"]}
        for number, name in enumerate(names)
    }
    return int(answer[_TOTAL]["value"]), counted


def _path(name: str) -> str:
    return name.replace("\\", "\\\\").replace(".", "\\.")
