"""The service's query tree into Tantivy's queries."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import tantivy
from tantivy import FieldType, Occur
from tantivy import Query as Engine

from search import fields, query, question
from search.catalogue import schema
from search.catalogue.documents import micros
from search.catalogue.questions import Frequencies, Questions
from search.text import german, similar

#: A wildcard or range stands for the values that match it; more would not be a question.
MAX_EXPANSIONS = 200_000
#: Longer patterns, and words for similar ones, make automata that are not worth their size.
MAX_PATTERN, MAX_WILDCARDS = 250, 8
_MAX_FUZZY, _MAX_TYPED = 80, 16
#: Patterns and similar words in one query: each walks through all terms of its field.
MAX_AUTOMATA = 64
#: Any character, a new line too.
_ANY = r"(.|\n)"
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_LIMITS = (-(2**63), 2**63 - 1)


class Translator:
    """Translates for one snapshot of the index (a range needs that snapshot's terms)."""

    def __init__(
        self,
        index_schema: tantivy.Schema,
        searcher: tantivy.Searcher,
        frequencies: Frequencies,
        *,
        scored: bool = True,
    ) -> None:
        """Not ``scored``: only which records match is to be known, which costs less."""
        self.schema = index_schema
        self.searcher = searcher
        self._scored = scored
        self.questions = Questions(index_schema, frequencies, self.engine)
        self._automata = 0

    def engine(self, node: query.Node) -> Engine:
        """Return the engine's query for a node.

        :raises query.QueryError: when the node asks for something that is not supported.
        """
        match node:
            case query.All():
                return Engine.const_score_query(Engine.all_query(), 1.0)
            case query.Nothing():
                return Engine.empty_query()
            case query.Term():
                return self._term(node)
            case query.Words():
                return self._words(node)
            case query.Wildcard():
                return self._wildcard(node)
            case query.Fuzzy():
                return self._fuzzy(node)
            case query.Range():
                return self._range(node)
            case query.Exists():
                return self._equals("has", node.field)
            case query.Bool():
                return self._bool(node)
            case query.Boost():
                return Engine.boost_query(self.engine(node.child), node.factor)
            case query.Constant():
                return Engine.const_score_query(self.engine(node.child), node.score)
            case query.Ranked():
                return self._ranked(node)
            case query.People():
                return self._people(node)
            case query.Question():
                if self._scored:
                    return self.questions.engine(node, minimum_should_match)
                return self.questions.matching(node, minimum_should_match)

    def records(self, keys: Iterable[str]) -> Engine:
        """Return the engine's query for these records; for some hundreds at most."""
        return Engine.boolean_query([(Occur.Should, self._equals("key", key)) for key in keys])

    # -- values ----------------------------------------------------------------------------

    def _equals(self, column: str, value: str) -> Engine:
        return Engine.term_query(self.schema, column, value, "basic")

    def _term(self, node: query.Term) -> Engine:
        kind = fields.kind(node.field)
        if kind == "ngram":
            before = _literal(fields.ngram_source(node.field) + schema.SEPARATOR)
            typed = node.value.lower().split()
            if len(typed) > _MAX_TYPED or len(node.value) > MAX_PATTERN:
                raise query.QueryError("more is typed than a title or name can be completed from")
            parts = [
                self._regex("ngram", f"{before}{_ANY}*{_literal(part)}{_ANY}*") for part in typed
            ]
            return _all_of(parts)
        return self._equals("exact", f"{node.field}{schema.SEPARATOR}{node.value}")

    def _wildcard(self, node: query.Wildcard) -> Engine:
        column = schema.WORD_COLUMNS.get(node.field)
        kind = fields.kind(node.field)
        pattern = node.pattern
        if kind == "text":
            pattern = german.fold(german.normalise(pattern))
            prefix = "" if column else f"{node.field}{schema.SEPARATOR}"
            column = column or "fielded"
        else:
            column, prefix = "exact", f"{node.field}{schema.SEPARATOR}"
        if len(pattern) > MAX_PATTERN or pattern.count("*") + pattern.count("?") > MAX_WILDCARDS:
            raise query.QueryError(
                f"a pattern has at most {MAX_PATTERN} characters and {MAX_WILDCARDS} wildcards"
            )
        return self._regex(column, _literal(prefix) + _regex(pattern))

    def _regex(self, column: str, expression: str) -> Engine:
        self._one_more_automaton()
        try:
            return Engine.regex_query(self.schema, column, expression)
        except ValueError:
            raise query.QueryError("this pattern cannot be searched for") from None

    def _one_more_automaton(self) -> None:
        self._automata += 1
        if self._automata > MAX_AUTOMATA:
            raise query.QueryError(f"more than {MAX_AUTOMATA} patterns in one query")

    def _fuzzy(self, node: query.Fuzzy) -> Engine:
        self._one_more_automaton()
        if len(node.value) > _MAX_FUZZY:
            raise query.QueryError(f"only words of up to {_MAX_FUZZY} letters have neighbours")
        column = schema.WORD_COLUMNS.get(node.field)
        if column:
            return Engine.fuzzy_term_query(
                self.schema, column, german.token(german.normalise(node.value)), node.distance
            )
        # Many fields share these columns: the engine would also be lenient with the field's name.
        prefix = f"{node.field}{schema.SEPARATOR}"
        text = fields.kind(node.field) == "text"
        column = "fielded" if text else "exact"
        wanted = german.token(german.normalise(node.value)) if text else node.value
        terms = self.searcher.terms_with_prefix(column, prefix, limit=MAX_EXPANSIONS)
        near = [
            term for term, _ in terms if similar.within(term[len(prefix) :], wanted, node.distance)
        ]
        if not near:
            return Engine.empty_query()
        found = Engine.term_set_query(self.schema, column, near)
        return Engine.const_score_query(found, 1.0)

    def _range(self, node: query.Range) -> Engine:
        if node.field in schema.DATE_COLUMNS:
            return self._integers(
                schema.DATE_COLUMNS[node.field],
                _moment(node.low),
                _moment(node.high),
                node.include_low,
                node.include_high,
            )
        if node.field in schema.PERIOD_COLUMNS:
            low, high = (
                _whole(bound) if bound is not None else None for bound in (node.low, node.high)
            )
            return self._integers(node.field, low, high, node.include_low, node.include_high)
        if node.field in schema.BBOX_COLUMNS:
            return Engine.range_query(
                self.schema,
                node.field,
                FieldType.Float,
                _degrees(node.low, -1e9),
                _degrees(node.high, 1e9),
                node.include_low,
                node.include_high,
            )
        return self._expand(node)

    def _integers(
        self, column: str, low: int | None, high: int | None, with_low: bool, with_high: bool
    ) -> Engine:
        return Engine.range_query(
            self.schema,
            column,
            FieldType.Integer,
            _LIMITS[0] if low is None else low,
            _LIMITS[1] if high is None else high,
            with_low,
            with_high,
        )

    def _expand(self, node: query.Range) -> Engine:
        """A range over any field: the values of that field that lie in it."""
        prefix = f"{node.field}{schema.SEPARATOR}"
        terms = self.searcher.terms_with_prefix("exact", prefix, limit=MAX_EXPANSIONS + 1)
        if len(terms) > MAX_EXPANSIONS:
            raise query.QueryError(f"a range over '{node.field}' spans too many values")
        inside = [term for term, _ in terms if _lies_in(term[len(prefix) :], node)]
        if not inside:
            return Engine.empty_query()
        found = Engine.term_set_query(self.schema, "exact", inside)
        return Engine.const_score_query(found, 1.0)

    # -- words -----------------------------------------------------------------------------

    def _words(self, node: query.Words) -> Engine:
        tokens = german.tokens(node.text)
        column = schema.WORD_COLUMNS.get(node.field)
        if column is None and node.field in schema.EXTRA_WORD_COLUMNS:
            column = node.field
        if column is None:
            tokens = [f"{node.field}{schema.SEPARATOR}{token}" for token in tokens]
            column = "fielded"
        if not tokens:
            return Engine.empty_query()
        if len(tokens) == 1:
            return Engine.term_query(self.schema, column, tokens[0], "freq")
        if node.phrase:
            return Engine.phrase_query(self.schema, column, list(tokens), node.slop)
        return _all_of([Engine.term_query(self.schema, column, token, "freq") for token in tokens])

    def _people(self, node: query.People) -> Engine:
        optional: list[Engine] = []
        clauses: list[tuple[Occur, Engine]] = []
        for chunk in question.chunks(node.text):
            matched = self._anywhere(chunk.text, chunk.phrase, node)
            if matched is None:
                continue
            if chunk.sign == "-":
                clauses.append((Occur.MustNot, matched))
            elif chunk.sign == "+":
                clauses.append((Occur.Must, matched))
            else:
                optional.append(matched)
        if not optional and not clauses:
            return Engine.empty_query()
        if not optional and all(occur == Occur.MustNot for occur, _ in clauses):
            clauses.append((Occur.Must, Engine.all_query()))
        clauses.extend((Occur.Should, matched) for matched in optional)
        return Engine.boolean_query(
            clauses, minimum_number_should_match=minimum_should_match(node.mm, len(optional))
        )

    def _anywhere(self, chunk: str, phrase: bool, node: query.People) -> Engine | None:
        """One word or phrase, in whichever field it is best."""
        found: list[Engine] = []
        for field, weight in node.fields:
            exact = fields.kind(field) == "string" and field not in schema.EXTRA_WORD_COLUMNS
            inner: query.Node = (
                query.Term(field, chunk)
                if exact
                else query.Words(field, chunk, phrase or " " in chunk)
            )
            if not exact and not german.tokens(chunk):
                continue
            found.append(Engine.boost_query(self.engine(inner), weight))
        if not german.tokens(chunk):
            return None
        return Engine.disjunction_max_query(found, node.tie) if found else None

    # -- combinations ----------------------------------------------------------------------

    def _ranked(self, node: query.Ranked) -> Engine:
        """The records alone: who asks for them knows their scores."""
        these = self.records(key for key, _ in node.hits)
        if node.rest is None:
            return these
        return Engine.boolean_query([(Occur.Should, these), (Occur.Should, self.engine(node.rest))])

    def _bool(self, node: query.Bool) -> Engine:
        clauses = [(Occur.Must, self.engine(child)) for child in node.must]
        clauses += [(Occur.Should, self.engine(child)) for child in node.should]
        clauses += [(Occur.MustNot, self.engine(child)) for child in node.must_not]
        if not clauses:
            return Engine.all_query()
        if not node.must and not node.should:
            clauses.append((Occur.Must, Engine.const_score_query(Engine.all_query(), 1.0)))
        least = node.min_should
        if least is None:
            least = 1 if node.should and not node.must else 0
        return Engine.boolean_query(clauses, minimum_number_should_match=least)


def _whole(bound: str) -> int:
    try:
        return max(_LIMITS[0], min(_LIMITS[1], int(bound)))
    except ValueError:
        raise query.QueryError(f"'{bound[:40]}' is no whole number") from None


def _degrees(bound: str | None, instead: float) -> float:
    if bound is None:
        return instead
    number = _number(bound)
    if number is None or not math.isfinite(number):
        raise query.QueryError(f"'{bound[:40]}' is no number of degrees")
    return number


def _moment(bound: str | None) -> int | None:
    if bound is None:
        return None
    try:
        return micros(bound)
    except ValueError:
        raise query.QueryError(f"'{bound[:40]}' is no date") from None


def minimum_should_match(expression: str, clauses: int) -> int:
    """Return how many of ``clauses`` optional clauses must match.

    Source: Solr Reference Guide, "The mm (Minimum Should Match) Parameter".
    :raises query.QueryError: when the expression is none.
    """
    least = clauses
    parts = expression.split()
    try:
        if len(parts) == 1 and "<" not in parts[0]:
            return max(0, min(clauses, _amount(parts[0], clauses)))
        for part in parts:
            above, _, amount = part.partition("<")
            if clauses <= int(above):
                break
            least = _amount(amount, clauses)
    except (ValueError, OverflowError):
        raise query.QueryError(f"mm cannot be understood: '{expression[:40]}'") from None
    return max(0, min(clauses, least))


def _amount(text: str, clauses: int) -> int:
    if text.endswith("%"):
        share = int(text[:-1])
        part = int(clauses * abs(share) / 100)
        return part if share >= 0 else clauses - part
    number = int(text)
    return number if number >= 0 else clauses + number


def _lies_in(value: str, node: query.Range) -> bool:
    if fields.kind(node.field) == "date" and not _ISO_DATE.fullmatch(value):
        return False
    low: str | float | None = node.low
    high: str | float | None = node.high
    comparable: str | float = value
    numbers = [_number(text) for text in (node.low, node.high) if text is not None]
    if all(number is not None for number in numbers):
        number = _number(value)
        if number is None:
            return False
        comparable = number
        low, high = _number(node.low), _number(node.high)
    if low is not None and not (
        comparable >= low if node.include_low else comparable > low  # type: ignore[operator]
    ):
        return False
    return high is None or bool(
        comparable <= high if node.include_high else comparable < high  # type: ignore[operator]
    )


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and _NUMBER.fullmatch(text) else None


def _all_of(parts: list[Engine]) -> Engine:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Engine.empty_query()
    return Engine.boolean_query([(Occur.Must, part) for part in parts])


def _literal(text: str) -> str:
    return re.sub(r"([\\.+*?()|\[\]{}^$#&\-~])", r"\\\1", text)


def _regex(pattern: str) -> str:
    """Turn ``*`` and ``?`` into a regular expression; a backslash makes them themselves."""
    out: list[str] = []
    escaped = False
    for char in pattern:
        if escaped:
            out.append(_literal(char))
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "*":
            if not out or out[-1] != f"{_ANY}*":
                out.append(f"{_ANY}*")
        else:
            out.append(_ANY if char == "?" else _literal(char))
    return "".join(out)
