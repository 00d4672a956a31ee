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


#: Words whose frequency a snapshot remembers: some 200 bytes each.
_REMEMBERED = 100_000


class Frequencies:
    """In how many records each word stands, in one state of the index; remembered once read.

    The engine counts what was removed until its parts are merged, in the total too.
    """

    def __init__(self, searcher: tantivy.Searcher) -> None:
        self._searcher = searcher
        self._known: dict[tuple[str, str], int] = {}
        everything = (searcher.doc_freq("has", field) for field in ("index_id", "id"))
        self.total = max(1, searcher.num_docs, *everything)

    def of(self, column: str, token: str) -> int:
        """Return the number of records whose column holds a token."""
        found = self._known.get((column, token))
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = min(self._searcher.doc_freq(column, token), self.total)
            self._known[column, token] = found
        return found

    def idf(self, column: str, token: str) -> float:
        """BM25's inverse document frequency (natural logarithm, above 0)."""
        found = self.of(column, token)
        return math.log(1 + (self.total - found + 0.5) / (found + 0.5))


class Questions:
    """Translates questions for one snapshot of the index.

    What stands nowhere is left out early: most other names of most things do.
    """

    def __init__(
        self,
        index_schema: tantivy.Schema,
        frequencies: Frequencies,
        engine: Callable[[query.Node], Engine],
    ) -> None:
        """``engine`` translates every other node."""
        self.schema = index_schema
        self._frequencies = frequencies
        self._engine = engine

    def engine(self, node: query.Question, least: Callable[[str, int], int]) -> Engine:
        """Return the engine's query; ``least`` reads ``mm`` for a number of optional things."""
        asked = [one for one in node.concepts if one.sign != "-"]
        if not node.concepts:
            return Engine.empty_query()
        matching = self.matching(node, least)
        weights = [self._weight(concept) for concept in asked]
        whole = sum(weights)
        scores = [
            score
            for concept, weight in zip(asked, weights, strict=True)
            for score in self._score(concept, weight / whole)
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

    def matching(self, node: query.Question, least: Callable[[str, int], int]) -> Engine:
        """Return the engine's query for which records match, without their scores."""
        if not node.concepts:
            return Engine.empty_query()
        clauses: list[tuple[Occur, Engine]] = []
        for concept in node.concepts:
            if concept.sign == "-":
                without = query.Words("text", concept.text, phrase=True)
                clauses.append((Occur.MustNot, self._engine(without)))
            else:
                occur = Occur.Must if concept.sign else Occur.Should
                clauses.append((occur, self._met(concept)))
                if node.loose and not concept.sign:
                    clauses += [
                        (Occur.Should, self._term(schema.MEANT, part)) for part in concept.parts
                    ]
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
        columns = (schema.MEANT, *(column for column, _ in _FIELDS))
        ways = [
            self._term(column, concept.whole)
            for column in columns
            if self._frequencies.of(column, concept.whole)
        ]
        several = [tokens for tokens, _ in concept.others]
        if _is_compound(concept):
            several.append(concept.parts)
        ways += [self._all(tokens) for tokens in several if self._stand(schema.MEANT, tokens)]
        return _any(ways)

    def _all(self, tokens: tuple[str, ...]) -> Engine:
        terms = [self._term(schema.MEANT, token) for token in dict.fromkeys(tokens)]
        if len(terms) == 1:
            return terms[0]
        return Engine.boolean_query([(Occur.Must, term) for term in terms])

    def _stand(self, column: str, tokens: Iterable[str]) -> bool:
        """Tell whether each of these words stands in some record."""
        return all(self._frequencies.of(column, token) for token in tokens)

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

    def _score(self, concept: query.Concept, share: float) -> list[Engine]:
        """How far records hold one thing; ``share`` (0 to 1) is what it counts in the question."""
        if concept.phrase:
            phrase = self._engine(query.Words("text", concept.text, phrase=True))
            total = sum(self._idf("text", token) for token in concept.whole.split())
            return [Engine.boost_query(phrase, share / (ranking.CEILING * total))]
        text = self._ways(schema.MEANT, concept, share)
        title = self._ways(schema.MEANT_TITLE, concept, share * ranking.TITLE)
        fields = [
            self._word(column, concept.whole, share * weight)
            for column, weight in _FIELDS
            if self._frequencies.of(column, concept.whole)
        ]
        return [*_best(text, 0.0), *_best([*title, *fields], ranking.TIE)]

    def _ways(self, column: str, concept: query.Concept, share: float) -> list[Engine]:
        """The ways in which a column can hold it; the best one counts."""
        ways: list[Engine] = []
        if self._frequencies.of(column, concept.whole):
            ways.append(self._word(column, concept.whole, share))
        if _is_compound(concept):
            some = self._words(column, concept.parts, share * ranking.SOME_PARTS, Occur.Should)
            every = self._words(column, concept.parts, share * ranking.ALL_PARTS, Occur.Must)
            parts = [*some, *every]
            ways += [_any(parts)] if parts else []
        for tokens, trust in concept.others:
            ways += self._words(column, tokens, share * trust, Occur.Must)
        return ways

    def _word(self, column: str, token: str, share: float) -> Engine:
        scale = share / (ranking.CEILING * self._idf(column, token))
        return Engine.boost_query(self._term(column, token), scale)

    def _words(
        self, column: str, tokens: tuple[str, ...], share: float, occur: tantivy.Occur
    ) -> list[Engine]:
        """Several words, the rarer counting more; nothing where they stand nowhere."""
        if occur == Occur.Must and not self._stand(column, tokens):
            return []
        scale = share / (ranking.CEILING * sum(self._idf(column, token) for token in tokens))
        found = [
            Engine.boost_query(self._term(column, token), scale)
            for token in dict.fromkeys(tokens)
            if self._frequencies.of(column, token)
        ]
        if len(found) < 2:
            return found
        return [Engine.boolean_query([(occur, one) for one in found])]

    def _beside(self, text: str) -> list[Engine]:
        """Words that stand side by side as they do in the question."""
        pairs = question.pairs(text)
        total = sum(self._idf(schema.PAIRS, pair) for pair in pairs)
        scale = ranking.PAIRS / (ranking.CEILING * total) if total else 0.0
        return [
            Engine.boost_query(self._term(schema.PAIRS, pair), scale)
            for pair in pairs
            if self._frequencies.of(schema.PAIRS, pair)
        ]

    # -- the index -------------------------------------------------------------------------

    def _term(self, column: str, token: str) -> Engine:
        option = "basic" if column == "sort_title" else "freq"
        return Engine.term_query(self.schema, column, token, option)

    def _idf(self, column: str, token: str) -> float:
        return self._frequencies.idf(column, token)

    def evidence(self, concepts: Iterable[query.Concept]) -> float:
        """Return how much a record that holds all of it says, as a multiple of what names one.

        To name one record of N takes log N (nats); a word says its idf.
        """
        asked = [concept for concept in concepts if concept.sign != "-"]
        return sum(map(self._weight, asked)) / math.log(self._frequencies.total + 1)


def _is_compound(concept: query.Concept) -> bool:
    return bool(concept.parts) and concept.parts != (concept.whole,)


def _best(ways: list[Engine], tie: float) -> list[Engine]:
    """The best of several ways to hold something; one of one is no choice."""
    return ways if len(ways) < 2 else [Engine.disjunction_max_query(ways, tie)]


def _any(parts: list[Engine]) -> Engine:
    if len(parts) == 1:
        return parts[0]
    return Engine.boolean_query([(Occur.Should, part) for part in parts])
