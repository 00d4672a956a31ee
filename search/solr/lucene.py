"""Lucene query syntax, as Solr's standard parser reads it, into the service's own query.

Grammar and the meaning of ``+``, ``-``, ``AND``, ``OR`` follow Lucene's ``QueryParserBase``: a
clause is required, optional or prohibited; ``AND`` makes both its neighbours required, ``OR``
makes them optional. One deliberate difference: a group of negatives alone means "all but these"
at every depth, not only at the top.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from search import fields, query
from search.solr import dates

MAX_DEPTH = 40
MAX_CLAUSES = 2_000
MAX_LENGTH = 200_000
_MOST_SLOP = 1_000

Operator = Literal["AND", "OR"]
_SPECIAL = set(' \t\n\r\u3000():[]{}"^~')
_START_SPECIAL = _SPECIAL | set("+-!/")


@dataclass
class _Clause:
    node: query.Node
    occur: Literal["must", "should", "must_not"]


def parse(text: str, *, operator: Operator = "OR", default_field: str = "text") -> query.Node:
    """Parse Lucene syntax.

    :raises query.QueryError: for a syntax error or when a limit is passed; the message names the
        place (0-based character offset).
    """
    if len(text) > MAX_LENGTH:
        raise query.QueryError(f"the query is longer than {MAX_LENGTH} characters")
    return _Parser(text, operator, default_field).parse()


class _Parser:
    def __init__(self, text: str, operator: Operator, default_field: str) -> None:
        self.text = text
        self.operator = operator
        self.default_field = default_field
        self.at = 0
        self.depth = 0
        self.clauses = 0

    # -- reading ---------------------------------------------------------------------------

    def parse(self) -> query.Node:
        node = self._group(self.default_field)
        if self.at < len(self.text):
            raise self._error(f"unexpected '{self.text[self.at]}'")
        return node

    def _error(self, why: str) -> query.QueryError:
        return query.QueryError(f"syntax error at {self.at}: {why}")

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t\n\r\u3000":
            self.at += 1

    def _peek(self, what: str) -> bool:
        return self.text.startswith(what, self.at)

    def _take(self, what: str) -> bool:
        if self._peek(what):
            self.at += len(what)
            return True
        return False

    def _keyword(self, *words: str) -> bool:
        for word in words:
            end = self.at + len(word)
            if self._peek(word) and (
                not word.isalpha() or end == len(self.text) or self.text[end] in _SPECIAL
            ):
                self.at = end
                return True
        return False

    # -- grammar ---------------------------------------------------------------------------

    def _group(self, field: str) -> query.Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise query.QueryError(f"the query nests deeper than {MAX_DEPTH} levels")
        clauses: list[_Clause] = []
        while True:
            self._skip()
            if self.at >= len(self.text) or self._peek(")"):
                break
            conjunction: Operator | None = None
            if self._keyword("AND", "&&"):
                conjunction = "AND"
            elif self._keyword("OR", "||"):
                conjunction = "OR"
            if conjunction and not clauses:
                raise self._error(f"{conjunction} needs something before it")
            self._skip()
            modifier = ""
            if self._keyword("NOT"):
                modifier = "-"
            elif self.at < len(self.text) and self.text[self.at] in "+-!":
                modifier = "-" if self.text[self.at] == "!" else self.text[self.at]
                self.at += 1
            self._skip()
            if self.at >= len(self.text) or self.text[self.at] in "+-!)":
                raise self._error("something to search for is missing")
            self._add(clauses, conjunction, modifier, self._clause(field))
        self.depth -= 1
        return _combine(clauses)

    def _add(
        self,
        clauses: list[_Clause],
        conjunction: Operator | None,
        modifier: str,
        node: query.Node,
    ) -> None:
        self.clauses += 1
        if self.clauses > MAX_CLAUSES:
            raise query.QueryError(f"the query has more than {MAX_CLAUSES} clauses")
        if clauses and clauses[-1].occur != "must_not":
            if conjunction == "AND":
                clauses[-1].occur = "must"
            elif conjunction == "OR" and self.operator == "AND":
                clauses[-1].occur = "should"
        if modifier == "-":
            clauses.append(_Clause(node, "must_not"))
            return
        if self.operator == "AND":
            required = conjunction != "OR"
        else:
            required = modifier == "+" or conjunction == "AND"
        clauses.append(_Clause(node, "must" if required else "should"))

    def _clause(self, field: str) -> query.Node:
        field = self._field() or field
        self._skip()
        node = self._value(field)
        if self._take("^"):
            start = self.at
            while self.at < len(self.text) and self.text[self.at] in "0123456789.=":
                self.at += 1
            try:
                factor = float(self.text[start : self.at].lstrip("="))
            except ValueError:
                raise self._error("a number is missing after '^'") from None
            node = query.Boost(node, factor)
        return node

    def _field(self) -> str | None:
        """Read ``name:`` if it stands here."""
        start = self.at
        if self._take("*:"):
            return "*"
        name = self._name()
        self._skip()
        if name and self._take(":"):
            return name
        self.at = start
        return None

    def _value(self, field: str) -> query.Node:
        if self.at >= len(self.text):
            raise self._error(f"a value is missing after '{field}:'")
        if self._take("("):
            start = self.at
            node = self._group(field)
            if not self.text[start : self.at].strip():
                # Never "everything": labels:() would show what nobody may see.
                raise self._error("nothing stands between the brackets")
            if not self._take(")"):
                raise self._error("')' is missing")
            return node
        if self._peek('"'):
            return self._phrase(field)
        if self.text[self.at] in "[{":
            return self._range(field)
        if self.text[self.at] == "/":
            raise self._error("regular expressions are not supported; use * and ?")
        if self.text[self.at] in _START_SPECIAL and not (
            self.text[self.at] in "+-" and self._number_follows()
        ):
            raise self._error(f"unexpected '{self.text[self.at]}'")
        raw = self._raw_bare()
        distance = 0
        if self._take("~"):
            start = self.at
            while self.at < len(self.text) and self.text[self.at] in "0123456789.":
                self.at += 1
            given = self.text[start : self.at]
            # Lucene's old similarity (0 to 1) meant about two edits.
            try:
                similar = float(given or 0)
            except ValueError:
                raise self._error(f"'{given}' is no number of edits") from None
            distance = int(similar) if 1 <= similar < 2 else 2
        return _single(field, raw, distance)

    def _number_follows(self) -> bool:
        return self.at + 1 < len(self.text) and self.text[self.at + 1].isdigit()

    def _name(self) -> str:
        if self.at >= len(self.text) or self.text[self.at] in _START_SPECIAL:
            return ""
        return unescape(self._raw_bare())

    def _raw_bare(self) -> str:
        start = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\\":
                self.at += 2
                continue
            if char in _SPECIAL:
                break
            self.at += 1
        self.at = min(self.at, len(self.text))
        return self.text[start : self.at]

    def _phrase(self, field: str) -> query.Node:
        self.at += 1
        start = self.at
        while self.at < len(self.text) and self.text[self.at] != '"':
            self.at += 2 if self.text[self.at] == "\\" else 1
        if self.at >= len(self.text):
            raise self._error("a quotation mark is missing")
        value = unescape(self.text[start : self.at])
        self.at += 1
        slop = 0
        if self._take("~"):
            digits = self.at
            while self.at < len(self.text) and self.text[self.at] in "0123456789":
                self.at += 1
            # Ten digits and more are no distance between words.
            slop = min(_MOST_SLOP, int(self.text[digits : min(self.at, digits + 9)] or 0))
        return exact(field, value, slop=slop)

    def _range(self, field: str) -> query.Node:
        include_low = self.text[self.at] == "["
        self.at += 1
        low = self._bound("TO")
        self._skip()
        if not self._keyword("TO"):
            raise self._error("'TO' is missing in the range")
        high = self._bound("]")
        self._skip()
        if self.at >= len(self.text) or self.text[self.at] not in "]}":
            raise self._error("']' or '}' is missing at the end of the range")
        include_high = self.text[self.at] == "]"
        self.at += 1
        if field == "*" or (low is None and high is None):
            return _any_value(field)
        if fields.kind(field) == "date":
            low, high = (bound and dates.resolve(bound) for bound in (low, high))
        return query.Range(field, low, high, include_low, include_high)

    def _bound(self, before: str) -> str | None:
        self._skip()
        if self._take('"'):
            start = self.at
            while self.at < len(self.text) and self.text[self.at] != '"':
                self.at += 2 if self.text[self.at] == "\\" else 1
            value = unescape(self.text[start : self.at])
            self.at += 1
            return value
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in " \t\n\r]}":
            self.at += 2 if self.text[self.at] == "\\" else 1
        raw = self.text[start : self.at]
        if not raw:
            raise self._error(f"a bound is missing before '{before}'")
        return None if raw == "*" else unescape(raw)


def unescape(text: str) -> str:
    """Remove Lucene's backslash escapes."""
    if "\\" not in text:
        return text
    out: list[str] = []
    chars = iter(text)
    for char in chars:
        out.append(next(chars, "") if char == "\\" else char)
    return "".join(out)


def exact(field: str, value: str, *, slop: int = 0) -> query.Node:
    """Return the node for a quoted value."""
    kind = fields.kind(field)
    if kind == "text":
        return query.Words(field, value, phrase=True, slop=slop)
    if kind == "date":
        return query.Term(field, dates.resolve(value))
    return query.Term(field, value)


def _single(field: str, raw: str, distance: int) -> query.Node:
    if field == "*":
        return query.All()
    if raw == "*":
        return _any_value(field)
    if _has_wildcard(raw):
        return query.Wildcard(field, raw)
    value = unescape(raw)
    if distance:
        return query.Fuzzy(field, value, distance)
    if fields.kind(field) == "text":
        return query.Words(field, value)
    return exact(field, value)


def _any_value(field: str) -> query.Node:
    """Return the node for records that have a value there."""
    if field in ("*", "text"):  # every record has words
        return query.All()
    return query.Exists(fields.ngram_source(field) if fields.kind(field) == "ngram" else field)


def _has_wildcard(raw: str) -> bool:
    escaped = False
    for char in raw:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in "*?":
            return True
    return False


def _combine(clauses: list[_Clause]) -> query.Node:
    if not clauses:
        return query.All()
    if len(clauses) == 1 and clauses[0].occur != "must_not":
        return clauses[0].node
    must, should, must_not = (
        tuple(clause.node for clause in clauses if clause.occur == occur)
        for occur in ("must", "should", "must_not")
    )
    return query.Bool(must, should, must_not)
