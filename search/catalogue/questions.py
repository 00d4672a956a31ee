"""A person's question into one engine query, whose score says how much of it a record holds.

A thing asked for counts as much as it is rare (BM25's idf), and a record's hit by it 0 to 1 of
that: by the word itself, by all parts of a compound, or by another name. All counts are divided by
their sum, so that scores of different questions can be compared, and added to a similarity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import tantivy
from tantivy import Occur
from tantivy import Query as Engine

from search import query, question, ranking
from search.catalogue import schema
from search.catalogue.documents import title_order

#: Fields beside the text, by the column that holds their words.
_FIELDS = (
    ("tags", ranking.TAGS),
    ("organisation", ranking.ORGANISATION),
    ("files", ranking.FILES),
)


class Questions:
    """Translates questions for one snapshot of the index."""

    def __init__(
        self,
        index_schema: tantivy.Schema,
        searcher: tantivy.Searcher,
        engine: Callable[[query.Node], Engine],
    ) -> None:
        """``engine`` translates every other node."""
        self.schema = index_schema
        self.searcher = searcher
        self._engine = engine
        # The engine counts what was removed until its parts are merged, in both numbers of an idf.
        everything = (searcher.doc_freq("has", field) for field in ("index_id", "id"))
        self._total = max(1, searcher.num_docs, *everything)

    def engine(self, node: query.Question, least: Callable[[str, int], int]) -> Engine:
        """Return the engine's query; ``least`` reads ``mm`` for a number of optional things."""
        asked = [one for one in node.concepts if one.sign != "-"]
        if not node.concepts:
            return Engine.empty_query()
        matching = self._matching(node, least)
        weights = [self._weight(concept) for concept in asked]
        whole = sum(weights)
        scores = [
            self._score(concept, weight / whole)
            for concept, weight in zip(asked, weights, strict=True)
        ]
        scores += self._beside(node.text)
        scores += [Engine.const_score_query(one, ranking.EXACTLY) for one in self._exactly(node)]
        return Engine.boolean_query(
            [
                (Occur.Must, Engine.const_score_query(matching, 0.0)),
                *((Occur.Should, one) for one in scores),
            ]
        )

    # -- which records ---------------------------------------------------------------------

    def _matching(self, node: query.Question, least: Callable[[str, int], int]) -> Engine:
        clauses: list[tuple[Occur, Engine]] = []
        for concept in node.concepts:
            if concept.sign == "-":
                without = query.Words("text", concept.text, phrase=True)
                clauses.append((Occur.MustNot, self._engine(without)))
            else:
                occur = Occur.Must if concept.sign else Occur.Should
                clauses.append((occur, self._met(concept)))
                if node.loose and not concept.sign:
                    parts = (self._term(schema.MEANT, part) for part in concept.parts)
                    clauses += [(Occur.Should, part) for part in parts]
        optional = sum(occur == Occur.Should for occur, _ in clauses)
        if all(occur == Occur.MustNot for occur, _ in clauses):
            clauses.append((Occur.Must, Engine.all_query()))
        enough = Engine.boolean_query(
            clauses, minimum_number_should_match=least("1" if node.loose else node.mm, optional)
        )
        return _any([enough, *self._exactly(node)])

    def _met(self, concept: query.Concept) -> Engine:
        """Records that hold one thing asked for."""
        if concept.phrase:
            return self._engine(query.Words("text", concept.text, phrase=True))
        ways = [self._all(tokens) for tokens, _ in concept.others]
        if _is_compound(concept):
            ways.append(self._all(concept.parts))
        columns = (schema.MEANT, *(column for column, _ in _FIELDS))
        return _any([*(self._term(column, concept.whole) for column in columns), *ways])

    def _all(self, tokens: tuple[str, ...]) -> Engine:
        return Engine.boolean_query(
            [(Occur.Must, self._term(schema.MEANT, token)) for token in dict.fromkeys(tokens)]
        )

    def _exactly(self, node: query.Question) -> list[Engine]:
        """Records whose title, name or identifier is the question."""
        text = node.text.strip()
        found = [self._term("sort_title", title_order(text)[:500])]
        if " " not in text:
            found += [self._engine(query.Term(field, text)) for field in ("name", "id")]
        return found

    # -- in which order --------------------------------------------------------------------

    def _weight(self, concept: query.Concept) -> float:
        if concept.phrase:
            return sum(self._idf(schema.MEANT, token) for token in concept.whole.split())
        return concept.weight * self._idf(schema.MEANT, concept.whole)

    def _score(self, concept: query.Concept, share: float) -> Engine:
        """How far records hold one thing; ``share`` (0 to 1) is what it counts in the question."""
        if concept.phrase:
            phrase = self._engine(query.Words("text", concept.text, phrase=True))
            total = sum(self._idf("text", token) for token in concept.whole.split())
            return Engine.boost_query(phrase, share / (ranking.CEILING * total))
        text = self._ways(schema.MEANT, concept, share)
        title = self._ways(schema.MEANT_TITLE, concept, share * ranking.TITLE)
        fields = [self._word(column, concept.whole, share * weight) for column, weight in _FIELDS]
        return _any(
            [
                Engine.disjunction_max_query(text, 0.0),
                Engine.disjunction_max_query([*title, *fields], ranking.TIE),
            ]
        )

    def _ways(self, column: str, concept: query.Concept, share: float) -> list[Engine]:
        """The ways in which a column can hold it; the best one counts."""
        ways = [self._word(column, concept.whole, share)]
        if _is_compound(concept):
            together = self._words(column, concept.parts, share * ranking.ALL_PARTS, Occur.Must)
            ways.append(
                _any(
                    [
                        self._words(
                            column, concept.parts, share * ranking.SOME_PARTS, Occur.Should
                        ),
                        together,
                    ]
                )
            )
        ways += [
            self._words(column, tokens, share * trust, Occur.Must)
            for tokens, trust in concept.others
        ]
        return ways

    def _word(self, column: str, token: str, share: float) -> Engine:
        scale = share / (ranking.CEILING * self._idf(column, token))
        return Engine.boost_query(self._term(column, token), scale)

    def _words(
        self, column: str, tokens: tuple[str, ...], share: float, occur: tantivy.Occur
    ) -> Engine:
        """Several words, the rarer counting more."""
        if len(tokens) == 1:
            return self._word(column, tokens[0], share)
        scale = share / (ranking.CEILING * sum(self._idf(column, token) for token in tokens))
        return Engine.boolean_query(
            [
                (occur, Engine.boost_query(self._term(column, token), scale))
                for token in dict.fromkeys(tokens)
            ]
        )

    def _beside(self, text: str) -> list[Engine]:
        """Words that stand side by side as they do in the question."""
        pairs = question.pairs(text)
        total = sum(self._idf(schema.PAIRS, pair) for pair in pairs)
        scale = ranking.PAIRS / (ranking.CEILING * total) if total else 0.0
        return [
            Engine.boost_query(self._term(schema.PAIRS, pair), scale)
            for pair in pairs
            if self.searcher.doc_freq(schema.PAIRS, pair)
        ]

    # -- the index -------------------------------------------------------------------------

    def _term(self, column: str, token: str) -> Engine:
        option = "basic" if column == "sort_title" else "freq"
        return Engine.term_query(self.schema, column, token, option)

    def _idf(self, column: str, token: str) -> float:
        """BM25's inverse document frequency (natural logarithm, above 0)."""
        found = min(self.searcher.doc_freq(column, token), self._total)
        return math.log(1 + (self._total - found + 0.5) / (found + 0.5))

    def evidence(self, concepts: Iterable[query.Concept]) -> float:
        """Return how much a record that holds all of it says, as a multiple of what names one.

        To name one record of N takes log N (nats); a word says its idf.
        """
        asked = [concept for concept in concepts if concept.sign != "-"]
        return sum(map(self._weight, asked)) / math.log(self._total + 1)


def _is_compound(concept: query.Concept) -> bool:
    return bool(concept.parts) and concept.parts != (concept.whole,)


def _any(parts: list[Engine]) -> Engine:
    return Engine.boolean_query([(Occur.Should, part) for part in parts])
