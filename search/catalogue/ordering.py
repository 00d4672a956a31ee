"""The order of a result set: by score, by a field, by several.

Tantivy sorts by one key at a time. Further keys only matter among records that tie on the first,
so the engine's order is taken and the ties that reach into the page are sorted here.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

import tantivy
from tantivy import Query as Engine

from search import fields, query
from search.catalogue import schema
from search.catalogue.documents import date_text, stored_record, title_order, values_of

_IS_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT.*Z", re.ASCII)

#: So many more than are needed are looked for: a filter may leave some out.
_SPARE = 10

#: (sort key or score, address), as the engine returns them.
Hit: TypeAlias = tuple[Any, tantivy.DocAddress]


class Ordering:
    """Orders the records that match one engine query, on one snapshot."""

    def __init__(
        self, index_schema: tantivy.Schema, searcher: tantivy.Searcher, matching: Engine
    ) -> None:
        self.schema = index_schema
        self.searcher = searcher
        self.matching = matching

    def page(self, sorts: tuple[query.Sort, ...], start: int, rows: int, scored: bool) -> list[Hit]:
        """Return the hits ``start`` to ``start + rows`` of the order.

        ``scored``: whether the query tells records apart by score; if not, ``score`` is no key.
        The first item of a hit is its score where the first key is the score, else ``None``.
        """
        keys = [sort for sort in sorts or (query.Sort("score", True),) if self._known(sort, scored)]
        if rows <= 0:
            return []
        if not keys:
            hits = self.searcher.search(self.matching, limit=rows, offset=start, count=False).hits
            return [(None, address) for _, address in hits]
        first, further = keys[0], keys[1:]
        if first.field != "score" and first.field not in schema.SORT_COLUMNS:
            return self._by_values(keys)[start : start + rows]
        page = self._engine_order(first, start, rows, bool(further))
        if further:
            page = self._break_ties(page, further)[start : start + rows]
        if first.field != "score":
            page = [(None, address) for _, address in page]
        return page

    def _known(self, sort: query.Sort, scored: bool) -> bool:
        if sort.field == "score":
            return scored
        if sort.field in schema.SORT_COLUMNS:
            return True
        has = Engine.term_query(self.schema, "has", sort.field, "basic")
        return count(self.searcher, has) > 0

    def _engine_order(self, first: query.Sort, start: int, rows: int, with_ties: bool) -> list[Hit]:
        """The engine's order by one key; ``with_ties``: from 0 to beyond the page's last tie."""
        by: dict[str, Any] = {}
        if first.field != "score":
            by = {
                "order_by_field": schema.SORT_COLUMNS[first.field],
                "order": tantivy.Order.Desc if first.descending else tantivy.Order.Asc,
            }
        elif not first.descending:
            everything = self.searcher.search(
                self.matching, limit=max(1, self.searcher.num_docs), count=False
            ).hits
            return everything[::-1] if with_ties else everything[::-1][start : start + rows]
        if not with_ties:
            found = self.searcher.search(
                self.matching, limit=rows, offset=start, count=False, **by
            ).hits
            return list(found)
        limit = start + rows + 1
        while True:
            hits = self.searcher.search(self.matching, limit=limit, count=False, **by).hits
            complete = len(hits) < limit
            if complete or hits[-1][0] != hits[start + rows - 1][0]:
                return list(hits)
            limit = min(limit * 4, max(1, self.searcher.num_docs) + 1)

    def _break_ties(self, hits: list[Hit], further: list[query.Sort]) -> list[Hit]:
        ordered: list[Hit] = []
        at = 0
        while at < len(hits):
            end = at + 1
            while end < len(hits) and hits[end][0] == hits[at][0]:
                end += 1
            group = hits[at:end]
            ordered.extend(self._sorted(group, further) if len(group) > 1 else group)
            at = end
        return ordered

    def _by_values(self, keys: list[query.Sort]) -> list[Hit]:
        """Sort the whole result set by stored values: for fields without a sort column."""
        limit = max(1, self.searcher.num_docs)
        hits = self.searcher.search(self.matching, limit=limit, count=False).hits
        return [(None, address) for _, address in self._sorted(list(hits), keys)]

    def _sorted(self, hits: list[Hit], keys: list[query.Sort]) -> list[Hit]:
        for sort in reversed(keys):
            read = self._reader(sort.field, hits)
            filled = [(read(index), hit) for index, hit in enumerate(hits)]
            # Records without a value come last in both directions, as in Solr.
            with_value = [item for item in filled if item[0] is not None]
            with_value.sort(key=lambda item: item[0], reverse=sort.descending)
            hits = [hit for _, hit in with_value] + [hit for key, hit in filled if key is None]
        return hits

    def _reader(self, field: str, hits: list[Hit]) -> Callable[[int], Any]:
        if field == "score":
            scores = [score for score, _ in hits]
            return lambda index: scores[index]
        column = schema.SORT_COLUMNS.get(field)
        if column in schema.DATE_COLUMNS.values():
            values = self.searcher.fast_field_values(str(column), [hit[1] for hit in hits])
            return lambda index: values[index]
        stored = [self._stored_value(address, field) for _, address in hits]
        return lambda index: stored[index]

    def _stored_value(self, address: tantivy.DocAddress, field: str) -> Any:
        of_title = schema.SORT_COLUMNS.get(field) == "sort_title"
        wanted = frozenset({"title_string", "title"} if of_title else {field})
        record = stored_record(self.searcher.doc(address), wanted)
        values = values_of(record.get("title_string") if of_title else None) or values_of(
            record.get("title" if of_title else field)
        )
        if not values:
            return None
        if of_title:
            return title_order(values[0])[:500]
        if fields.kind(field) == "date":
            moment = date_text(values[0])
            # What is no date has no place in the order of time.
            return moment if _IS_MOMENT.fullmatch(moment) else None
        if fields.kind(field) == "number":
            try:
                return float(values[0])
            except ValueError:
                return None
        return values[0]


class Given:
    """Records that have their scores already. Only as many as are needed are looked for."""

    def __init__(
        self, scores: Mapping[str, float], find: Callable[[Collection[str]], list[Hit]]
    ) -> None:
        """``scores`` by key; ``find`` returns those of some keys that are in the result set."""
        self._left = deque(sorted(scores.items(), key=lambda pair: -pair[1]))
        self._find = find
        self._found: list[Hit] = []

    def best(self, least: int, above: float = -math.inf) -> list[Hit]:
        """Return so many or more, to the end of a tie, or all with a score above; best first."""
        while len(self._found) < least and self._left and self._left[0][1] > above:
            wanted = least - len(self._found) + _SPARE
            keys: list[str] = []
            last = math.nan
            while self._left and (len(keys) < wanted or self._left[0][1] == last):
                key, last = self._left.popleft()
                keys.append(key)
            self._found += sorted(self._find(keys), key=_by_score)
        return [hit for hit in self._found if hit[0] > above]


class Ranking(Ordering):
    """An order in which some records have their scores already, and the engine scores the rest."""

    def __init__(
        self,
        index_schema: tantivy.Schema,
        searcher: tantivy.Searcher,
        matching: Engine,
        given: Given,
        rest: Callable[[], Engine] | None,
        most: float,
    ) -> None:
        """``rest``: other records, none better than ``most``."""
        super().__init__(index_schema, searcher, matching)
        self.given = given
        self.rest = rest
        self.most = most

    def _engine_order(self, first: query.Sort, start: int, rows: int, with_ties: bool) -> list[Hit]:
        if first.field != "score":
            return super()._engine_order(first, start, rows, with_ties)
        if first.descending:
            hits = self._best(start + rows + 1)
        else:
            hits = self._best(max(1, self.searcher.num_docs))[::-1]
        return hits if with_ties else hits[start : start + rows]

    def _best(self, least: int) -> list[Hit]:
        """Return the best in order: so many or more, to the end of a tie, or all there are."""
        if self.rest is None:
            return self.given.best(least)
        first = self.given.best(least, self.most)
        if len(first) >= least:
            return first
        given = self.given.best(self.searcher.num_docs)
        asked = self.rest()
        limit = least
        while True:
            rest = self.searcher.search(asked, limit=limit, count=False).hits
            merged = sorted([*given, *rest], key=_by_score)
            if len(rest) < limit:
                return merged
            # Others may be as good as the last of the rest, and below it any may be missing.
            merged = [hit for hit in merged if hit[0] > rest[-1][0]]
            if len(merged) >= least:
                return merged
            limit = min(limit * 4, max(1, self.searcher.num_docs) + 1)


def _by_score(hit: Hit) -> tuple[float, int, int]:
    score, place = hit
    return -score, place.segment_ord, place.doc


def count(searcher: tantivy.Searcher, matching: Engine) -> int:
    """Return how many records match."""
    found: Any = searcher.search(matching, limit=1, count=True)
    return int(found.count or 0)
