"""What one caller may see: the active records that carry one of his labels, on one snapshot.

Whoever is given a view can ask nothing but what lies in it. That is why everything that reads words
or values out of records for somebody (``search.suggest``) reads them through one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import tantivy
from tantivy import Occur
from tantivy import Query as Engine

from search import query
from search.catalogue import documents, ordering, translate

#: More than any question's own score.
_BETTER = 1_000.0


class View:
    """One snapshot through one caller's eyes."""

    def __init__(
        self,
        index_schema: tantivy.Schema,
        searcher: tantivy.Searcher,
        translator: translate.Translator,
        seen: Engine,
    ) -> None:
        self._schema = index_schema
        self._searcher = searcher
        self._translator = translator
        self._seen = Engine.const_score_query(seen, 0.0)

    # -- building questions ----------------------------------------------------------------

    def engine(self, node: query.Node) -> Engine:
        """Return the engine's query for a node.

        :raises query.QueryError: when the node asks for something that is not supported.
        """
        return self._translator.engine(node)

    def starting(self, column: str, start: str) -> Engine:
        """Records with a term in a column of words that starts so."""
        return Engine.regex_query(self._schema, column, rf"{_literal(start)}(.|\n)*")

    def one_of(self, column: str, terms: Sequence[str]) -> Engine:
        """Records with one of these terms."""
        return Engine.term_set_query(self._schema, column, list(terms))

    def near(self, column: str, word: str, distance: int, *, typing: bool) -> Engine:
        """Records with a term that is so many edits from a word, or starts so (``typing``)."""
        return Engine.fuzzy_term_query(self._schema, column, word, distance, True, typing)

    def all_of(self, parts: Sequence[Engine]) -> Engine:
        """Records that match each of the parts."""
        return Engine.boolean_query([(Occur.Must, part) for part in parts])

    def any_of(self, parts: Sequence[Engine]) -> Engine:
        """Records that match one of the parts."""
        return Engine.disjunction_max_query(list(parts))

    def preferring(self, asked: Engine, better: Engine) -> Engine:
        """The same records, with the better ones before the others."""
        better = Engine.const_score_query(better, _BETTER)
        return Engine.boolean_query([(Occur.Must, asked), (Occur.Should, better)])

    def without(self, asked: Engine, unwanted: Engine) -> Engine:
        """Those of the records that are not among the others."""
        return Engine.boolean_query([(Occur.Must, asked), (Occur.MustNot, unwanted)])

    # -- asking ----------------------------------------------------------------------------

    def terms(self, column: str, start: str, most: int) -> list[tuple[str, int]]:
        """Return a column's terms that start so, the most frequent first, with their records."""
        return [
            (term, count)
            for term, count in self._searcher.terms_with_prefix(column, start, self._seen, most)
            if count > 0
        ]

    def count(self, asked: Engine) -> int:
        """Return how many records match."""
        return ordering.count(self._searcher, self._guarded(asked))

    def records(
        self, asked: Engine, wanted: frozenset[str], most: int
    ) -> list[tuple[dict[str, Any], float]]:
        """Return the wanted fields of the best matching records, each with its score."""
        found = self._searcher.search(self._guarded(asked), limit=most, count=False).hits
        return [
            (documents.stored_record(self._searcher.doc(address), wanted), float(score))
            for score, address in found
        ]

    def _guarded(self, asked: Engine) -> Engine:
        return Engine.boolean_query([(Occur.Must, asked), (Occur.Must, self._seen)])


def _literal(text: str) -> str:
    return re.sub(r"([\\.+*?()|\[\]{}^$#&\-~])", r"\\\1", text)
