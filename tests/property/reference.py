"""What the search service must answer, computed the slow and obvious way over plain records.

Nothing here uses the service's engines, parsers or translation. Shared with it are only the kinds
of fields (CKAN's schema, ``search.fields``), the node classes, German word analysis (with the parts
of compounds), and what a question is read as (``search.question``, which has tests of its own).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cmp_to_key
from typing import Any, Literal, TypeAlias

from search import fields, query
from search.text import compounds, german

Record: TypeAlias = dict[str, Any]
Operator = Literal["AND", "OR"]

#: Word fields that people's questions look into → the record's fields they are made of.
JOINED = {
    "tags": ("tags",),
    "organisation": ("organization", "organization_title", "groups"),
    "files": ("res_name", "res_description"),
}


@dataclass(frozen=True)
class Clause:
    """One clause of a Lucene group; ``conjunction`` stands before it (AND, OR, or nothing)."""

    node: Any
    modifier: str = ""
    conjunction: str = ""


@dataclass(frozen=True)
class Group:
    """A Lucene group, with the operator that stands for a missing one."""

    clauses: tuple[Clause, ...]
    operator: Operator


@dataclass(frozen=True)
class Chunk:
    """A word or phrase that a person typed, with its sign."""

    text: str
    sign: str = ""
    phrase: bool = False


@dataclass(frozen=True)
class Dismax:
    """Free text for Solr's dismax; ``mm`` says how many of the optional chunks must match."""

    chunks: tuple[Chunk, ...]
    fields: tuple[str, ...]
    mm: str


# -- values ------------------------------------------------------------------------------------


def values(record: Record, field: str) -> list[str]:
    """Return a field's values as texts; nothing, and the empty text, are no values."""
    given = record.get(field)
    found = []
    for item in given if isinstance(given, list) else [given]:
        if item is None or item == "":
            continue
        found.append(("true" if item else "false") if isinstance(item, bool) else str(item))
    return found


def moment(text: str) -> datetime | None:
    """Return a date as a moment (without a zone: UTC), or ``None`` when the text is none."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def counted(record: Record, field: str) -> set[str]:
    """Return the values that a facet counts; dates in one form."""
    if field in fields.STORED_ONLY:
        return set()
    found = values(record, field)
    if fields.kind(field) != "date":
        return set(found)
    moments = [(text, moment(text)) for text in found]
    return {canonical(when) if when else text for text, when in moments}


def canonical(when: datetime) -> str:
    """Return the form in which dates are counted."""
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def number(text: str) -> float | None:
    """Return a decimal number; ``nan``, ``inf`` and ``1_0`` are words."""
    return float(text) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) else None


# -- one record, one query ---------------------------------------------------------------------


def matches(node: Any, record: Record) -> bool:
    """Tell whether a record answers a query."""
    match node:
        case query.All():
            return True
        case query.Nothing():
            return False
        case query.Term(field=field, value=value):
            return _term(record, field, value)
        case query.Words(field=field, text=text, phrase=phrase):
            return _words(record, (field,), text, phrase)
        case query.Wildcard(field=field, pattern=pattern):
            return _wildcard(record, field, pattern)
        case query.Fuzzy(field=field, value=value, distance=distance):
            return _fuzzy(record, field, value, distance)
        case query.Range():
            return any(_lies_in(value, node) for value in values(record, node.field))
        case query.Exists(field=field):
            return bool(values(record, field))
        case query.Boost(child=child) | query.Constant(child=child):
            return matches(child, record)
        case query.Bool(must=must, should=should, must_not=must_not, min_should=least):
            if least is None:
                least = 1 if should and not must else 0
            return (
                all(matches(child, record) for child in must)
                and sum(matches(child, record) for child in should) >= least
                and not any(matches(child, record) for child in must_not)
            )
        case Group():
            return _group(node, record)
        case Dismax():
            return _dismax(node, record)
        case query.Question():
            return _question(node, record)
    raise AssertionError(f"the reference does not know {node}")


def _group(group: Group, record: Record) -> bool:
    """Lucene's ``QueryParserBase.addClause``, and: negatives alone mean all but these."""
    occurs: list[str] = []
    for clause in group.clauses:
        if occurs and occurs[-1] != "must_not":
            if clause.conjunction == "AND":
                occurs[-1] = "must"
            elif clause.conjunction == "OR" and group.operator == "AND":
                occurs[-1] = "should"
        if clause.modifier in ("-", "!", "NOT "):
            occurs.append("must_not")
        elif group.operator == "AND":
            occurs.append("should" if clause.conjunction == "OR" else "must")
        else:
            needed = clause.modifier == "+" or clause.conjunction == "AND"
            occurs.append("must" if needed else "should")
    found = [
        (occur, matches(clause.node, record))
        for occur, clause in zip(occurs, group.clauses, strict=True)
    ]
    if any(hit for occur, hit in found if occur == "must_not"):
        return False
    if "must" in occurs:
        return all(hit for occur, hit in found if occur == "must")
    return "should" not in occurs or any(hit for occur, hit in found if occur == "should")


def _term(record: Record, field: str, value: str) -> bool:
    kind = fields.kind(field)
    if kind == "ngram":
        source = [text.lower() for text in values(record, fields.ngram_source(field))]
        parts = value.lower().split()
        return bool(parts) and all(any(part in text for text in source) for part in parts)
    if kind == "date":
        wanted = moment(value)
        return any(moment(text) == wanted for text in values(record, field)) and wanted is not None
    return value in values(record, field)


def _texts(record: Record, field: str) -> list[str]:
    """Return the separate texts that a word field is made of: no phrase crosses two of them."""
    if field in JOINED:
        return [text for source in JOINED[field] for text in values(record, source)]
    if field == "text":
        return [
            text for name in record if fields.in_catch_all(name) for text in values(record, name)
        ]
    return values(record, field)


def _words(record: Record, names: Sequence[str], text: str, phrase: bool) -> bool:
    wanted = german.tokens(text)
    if not wanted:
        return False
    found = [german.tokens(value) for name in names for value in _texts(record, name)]
    if not phrase:
        return all(any(token in tokens for tokens in found) for token in wanted)
    size = len(wanted)
    return any(
        tokens[at : at + size] == wanted for tokens in found for at in range(len(tokens) - size + 1)
    )


def _candidates(record: Record, field: str) -> list[str]:
    """Return what wildcards and near spellings are compared with: words, or whole values."""
    if fields.kind(field) == "text":
        return [token for text in _texts(record, field) for token in german.tokens(text)]
    return values(record, field)


def _wildcard(record: Record, field: str, pattern: str) -> bool:
    if fields.kind(field) == "text":
        pattern = german.fold(german.normalise(pattern))
    expression = ""
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
            expression += re.escape(pattern[at : at + 1])
        else:
            expression += {"*": ".*", "?": "."}.get(char) or re.escape(char)
        at += 1
    return any(
        re.fullmatch(expression, text, re.DOTALL) is not None for text in _candidates(record, field)
    )


def _fuzzy(record: Record, field: str, value: str, distance: int) -> bool:
    if fields.kind(field) == "text":
        value = german.token(german.normalise(value))
    return any(edits(value, text) <= distance for text in _candidates(record, field))


def edits(one: str, other: str) -> int:
    """Return the edit distance; two neighbours that change places are one edit (Lucene)."""
    rows = [list(range(len(other) + 1))]
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _lies_in(value: str, node: query.Range) -> bool:
    """Dates as moments, numbers as numbers where all given bounds are, else as text."""
    read: Callable[[str], Any] = str
    bounds = [bound for bound in (node.low, node.high) if bound is not None]
    if fields.kind(node.field) == "date":
        read = moment
    elif all(number(bound) is not None for bound in bounds):
        read = number
    compared = read(value)
    if compared is None:
        return False
    if node.low is not None:
        low = read(node.low)
        if compared < low or (compared == low and not node.include_low):
            return False
    if node.high is not None:
        high = read(node.high)
        if compared > high or (compared == high and not node.include_high):
            return False
    return True


def _dismax(question: Dismax, record: Record) -> bool:
    """Dismax: each chunk in any of the fields, all signs kept, enough of the others."""
    said = [chunk for chunk in question.chunks if german.tokens(chunk.text)]
    topics = [
        chunk
        for chunk in said
        if chunk.sign
        or chunk.phrase
        # A word is bare of topic as it is written, but for the punctuation around it.
        or unicodedata.normalize("NFKC", chunk.text).lower().strip("?!.,;") not in german.STOP_WORDS
    ]
    said = topics or said
    if not said:
        return False
    optional = [chunk for chunk in said if not chunk.sign]
    needed = least(question.mm, len(optional))
    if optional and not any(chunk.sign == "+" for chunk in said):
        # Lucene: where nothing is demanded, one of what is optional is.
        needed = max(needed, 1)
    hits = [chunk for chunk in said if _anywhere(chunk, question.fields, record)]
    return (
        all(chunk in hits for chunk in said if chunk.sign == "+")
        and not any(chunk.sign == "-" for chunk in hits)
        and sum(not chunk.sign for chunk in hits) >= needed
    )


def _anywhere(chunk: Chunk, names: Iterable[str], record: Record) -> bool:
    for name in names:
        if fields.kind(name) == "string" and name not in JOINED:
            if chunk.text in values(record, name):
                return True
        elif _words(record, (name,), chunk.text, chunk.phrase):
            return True
    return False


def _question(question: query.Question, record: Record) -> bool:
    """The product's own question, once it is read: enough of its concepts are met.

    Loosely: any concept without a sign is met, or any part of one. Signs are always kept. Who asks
    for a title, name or identifier in full finds that record anyway. What asks for nothing finds
    nothing.
    """
    if not question.concepts:
        return False
    if is_called(question.text.strip(), record):
        return True
    kept = [
        _met(concept, record) if concept.sign == "+" else not _said(concept.text, record)
        for concept in question.concepts
        if concept.sign
    ]
    free = [concept for concept in question.concepts if not concept.sign]
    hits = [_met(concept, record) for concept in free]
    if question.loose:
        hits += [part in held(record) for concept in free for part in concept.parts]
    needed = least("1" if question.loose else question.mm, len(hits))
    if free and not any(concept.sign == "+" for concept in question.concepts):
        # As in Lucene: where nothing is demanded, one of what is optional is.
        needed = max(needed, 1)
    return all(kept) and sum(hits) >= needed


def is_called(text: str, record: Record) -> bool:
    title = sort_value(record, "title")
    if title is not None and title[:500] == german.fold(german.normalise(text))[:500]:
        return True
    return " " not in text and text in [*values(record, "name"), *values(record, "id")]


def _said(text: str, record: Record) -> bool:
    """These words side by side."""
    return _words(record, ("text",), text, True)


def _met(concept: query.Concept, record: Record) -> bool:
    """By the word itself, or by all parts of the compound, or by another name."""
    if concept.phrase:
        return _said(concept.text, record)
    fields_too = [value for name in JOINED for value in _texts(record, name)]
    if any(concept.whole in german.tokens(value) for value in fields_too):
        return True
    ways = [(concept.whole,), *(tokens for tokens, _ in concept.others)]
    if concept.parts:
        ways.append(concept.parts)
    return any(set(way) <= held(record) for way in ways)


def held(record: Record) -> set[str]:
    """Return all words of a record, parts of its compounds, and what others write as one word."""
    found: set[str] = set()
    for text in _texts(record, "text"):
        found.update(german.joined(text))
        for word in german.words(text):
            found.update((german.token(word), *compounds.parts(word)))
    return found


def least(mm: str, clauses: int) -> int:
    """Return how many of so many optional clauses must match (Solr's ``mm``)."""
    wanted = "100%"
    if "<" in mm:
        for part in mm.split():
            above, _, amount = part.partition("<")
            if clauses > int(above):
                wanted = amount
    else:
        wanted = mm
    if wanted.endswith("%"):
        percent = int(wanted[:-1])
        share = clauses * abs(percent) // 100
        result = share if percent >= 0 else clauses - share
    else:
        result = int(wanted) if int(wanted) >= 0 else clauses + int(wanted)
    return max(0, min(clauses, result))


# -- facets and order --------------------------------------------------------------------------


def facet(found: Iterable[Record], known: Iterable[Record], asked: query.Facet) -> list[Any]:
    """Return (value, count) by count, then value. ``known``: what the caller may know of."""
    counts: Counter[str] = Counter()
    for record in found:
        counts.update(counted(record, asked.field))
    if asked.min_count <= 0:
        for record in known:
            for value in counted(record, asked.field):
                counts[value] += 0
    pairs = [(value, count) for value, count in counts.items() if count >= asked.min_count]
    pairs.sort(key=lambda pair: (-pair[1], pair[0]))
    return pairs if asked.limit < 0 else pairs[: asked.limit]


def sort_value(record: Record, field: str) -> Any:
    """Return what a record is sorted by in a field; ``None``: it comes last."""
    if field in ("title", "title_string"):
        found = values(record, "title_string") or values(record, "title")
        return german.fold(german.normalise(found[0])) if found else None
    found = values(record, field)
    if not found:
        return None
    kind = fields.kind(field)
    if kind == "date":
        return moment(found[0])
    return number(found[0]) if kind == "number" else found[0]


def compare(one: Record, other: Record, sorts: Sequence[query.Sort]) -> int:
    """Return which of two records comes first (-1, 0 for a tie, 1)."""
    for sort in sorts:
        left, right = sort_value(one, sort.field), sort_value(other, sort.field)
        if left == right:
            continue
        if left is None or right is None:
            return 1 if left is None else -1
        return (-1 if left < right else 1) * (-1 if sort.descending else 1)
    return 0


def in_order(records: Sequence[Record], sorts: Sequence[query.Sort]) -> bool:
    """Tell whether records are in this order; ties may stand either way."""
    ordered = sorted(records, key=cmp_to_key(lambda a, b: compare(a, b, sorts)))
    return all(
        compare(record, wanted, sorts) == 0 for record, wanted in zip(records, ordered, strict=True)
    )
