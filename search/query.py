"""The service's own query: a small typed tree that every interface is translated into.

Solr's wire (``search.solr``) and the JSON API (``search.api``) both end here, and the catalogue
(``search.catalogue``) starts here, so that a new interface or a new engine is one translation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Mode = Literal["hybrid", "lexical", "semantic"]

#: What a caller who is nobody may see; CKAN gives this label to every public dataset.
PUBLIC_LABEL = "public"


class QueryError(ValueError):
    """The query cannot be understood; the message says what and where."""


@dataclass(frozen=True)
class All:
    """Every record."""


@dataclass(frozen=True)
class Nothing:
    """No record."""


@dataclass(frozen=True)
class Term:
    """A field holds exactly this value (strings, dates, numbers)."""

    field: str
    value: str


@dataclass(frozen=True)
class Words:
    """A text field holds these words, analysed as German; ``phrase``: side by side, in order."""

    field: str
    text: str
    phrase: bool = False
    slop: int = 0


@dataclass(frozen=True)
class Wildcard:
    """A field holds a value of this pattern (``*`` any characters, ``?`` one)."""

    field: str
    pattern: str


@dataclass(frozen=True)
class Fuzzy:
    """A field holds a word within ``distance`` (0 to 2) edits of ``value``."""

    field: str
    value: str
    distance: int = 2


@dataclass(frozen=True)
class Range:
    """A field's value lies between two bounds; ``None`` is open."""

    field: str
    low: str | None
    high: str | None
    include_low: bool = True
    include_high: bool = True


@dataclass(frozen=True)
class Exists:
    """A field has any value."""

    field: str


@dataclass(frozen=True)
class Bool:
    """All of ``must``, none of ``must_not``, and ``min_should`` of ``should``."""

    must: tuple[Node, ...] = ()
    should: tuple[Node, ...] = ()
    must_not: tuple[Node, ...] = ()
    min_should: int | None = None


@dataclass(frozen=True)
class Boost:
    """The child's score times ``factor``."""

    child: Node
    factor: float


@dataclass(frozen=True)
class Constant:
    """The child's records, all with the same score."""

    child: Node
    score: float = 0.0


@dataclass(frozen=True)
class Ranked:
    """These records with these scores (pairs of key and score), and those of ``rest``.

    No score of the rest's other records exceeds ``most``.
    """

    hits: tuple[tuple[str, float], ...]
    rest: Node | None = None
    most: float = 0.0


@dataclass(frozen=True)
class People:
    """Free text as people type it (dismax).

    ``fields`` maps a field to its weight; ``mm`` is Solr's minimum-should-match expression;
    ``tie`` (0 to 1) is the share of the lesser fields in a word's score.
    """

    text: str
    fields: tuple[tuple[str, float], ...]
    mm: str = "2<-1 5<80%"
    tie: float = 0.1


@dataclass(frozen=True)
class Concept:
    """One thing that a question asks for, and the index tokens that it is met by.

    ``whole``: the word itself; ``parts``: all of a compound's; ``others``: other names, each with
    its trust (0 to 1). ``phrase``: only these words side by side. ``sign``: ``+`` must be met,
    ``-`` must not. ``weight``: how much more than its rarity says it counts.
    """

    text: str
    whole: str
    parts: tuple[str, ...] = ()
    others: tuple[tuple[tuple[str, ...], float], ...] = ()
    sign: str = ""
    phrase: bool = False
    weight: float = 1.0


@dataclass(frozen=True)
class Question:
    """What a person asks, with the product's own ranking; scores lie near 0 to 1.

    ``concepts`` is how the service reads it; ``mm`` (Solr's minimum-should-match) how many of
    them a record must meet; ``loose``: part of any of them is enough.
    """

    text: str
    mm: str = "2<-1 5<80%"
    concepts: tuple[Concept, ...] = ()
    loose: bool = False


Node: TypeAlias = (
    All
    | Nothing
    | Term
    | Words
    | Wildcard
    | Fuzzy
    | Range
    | Exists
    | Bool
    | Boost
    | Constant
    | Ranked
    | People
    | Question
)


@dataclass(frozen=True)
class Sort:
    """One sort key; the field ``score`` is relevance."""

    field: str
    descending: bool = False


@dataclass(frozen=True)
class Facet:
    """Count the values of a field over the whole result set; ``limit`` below 0 means all."""

    field: str
    limit: int = 50
    min_count: int = 1


@dataclass(frozen=True)
class Search:
    """One question to the catalogue.

    ``meaning`` is the text whose nearest records join the lexical matches (``None``: none do).
    ``labels`` are the caller's permission labels (``None``: the caller speaks for CKAN, which has
    put them into ``filters`` itself). Filters never score.
    """

    query: Node
    filters: tuple[Node, ...] = ()
    labels: tuple[str, ...] | None = None
    sort: tuple[Sort, ...] = ()
    start: int = 0
    rows: int = 10
    facets: tuple[Facet, ...] = ()
    meaning: str | None = None
    mode: Mode = "hybrid"


@dataclass(frozen=True)
class Hit:
    """One record of a page: its key, score, and stored fields."""

    key: str
    score: float | None
    record: dict[str, object]


@dataclass(frozen=True)
class Result:
    """A page of one result set, with that set's size and facets."""

    count: int
    hits: tuple[Hit, ...]
    facets: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


def meaning(text: str) -> str | None:
    """Return what a question is about, for the vectors; ``None`` when only exact words count."""
    without_phrases = re.sub(r'[+-]?"[^"]*"', " ", text)
    if text.strip() and not without_phrases.strip():
        return None
    wanted = [word for word in text.replace('"', " ").split() if not word.startswith("-")]
    return " ".join(word.lstrip("+") for word in wanted) or None
