"""Random catalogues, as CKAN's index sends them, and random questions about them.

Small pools make records and questions meet often; odd characters are in each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from search import fields, query
from tests.property.reference import Chunk, Clause, Dismax, Group, Operator, canonical, moment

#: More values than a record has; equal ones meet.
STRINGS = (
    "a", "b", "A", "ab", "abc", "a b", "a\nb", "a\tb", "ä", "Ä", "ß", "AND", "or", "TO", "*", "a*b",
    "a?b", '"', "\\", "a\\", "(x)", "[1 TO 2]", "2024", "5", "-5", "5.0", "007", "nan", "inf",
    "1_0", "true", "2024-01-01", "2024-01-01T00:00:00Z", "a:b", "+a", "-a", "!a", "a/b", "/a/",
    "a&&b", "a~", "a^2", "{!x}", "a\x1fb", "\x00", "\u3000", "\U0001f3d4", "x" * 70, " a", "a ",
    "public", "active",
)  # fmt: skip
WORDS = (
    "Spielplatz", "Spielplätze", "spielplaetze", "Ämter", "Amt", "amter", "Straße", "STRASSE",
    "Bendorf", "neue", "Steuer", "2024", "2020/0140", "e.V.", "x_y", "café", "İzmir", "ﬁnden",
    "Fuß", "der", "Wo", "ist", "wo?", "—", "!!!", "a-b", "Öl", "oel", "B9", "ngram", "100%", "日本",
)  # fmt: skip
#: What people ask for: families of words that meet by more than their stem. The last line is that
#: of ``PLACES`` and ``SYNONYMS``.
TOPICS = (
    "Kinderspielplatz", "Spielplätze", "spielplatz", "Platz", "Kinder", "Plätze zum Spielen",
    "Abfallkalender", "Müll", "Abfall", "Kalender", "Müllabfuhr", "Kita", "Kindertagesstätte",
    "Bürgerinnen", "Bürger:innen", "bürger", "Burg", "B-Plan", "BPlan", "Bebauungsplan", "Plan",
    "ÖPNV", "öffentlicher Nahverkehr", "Nahverkehr", "L 98", "L98", "98", "CDU-Antrag", "in", "der",
    "Neustadt", "Altdorf", "Bad Auen", "Neustadt-Hafen", "Glaspalast", "Stadthalle", "Festsaal",
)  # fmt: skip
#: An operator's ``organisations.yaml`` and ``synonyms.txt``.
PLACES = """
- {name: neustadt, short: Neustadt, kind: stadt, localities: [Altdorf, Bad Auen]}
- {name: kreis, short: Hafen, kind: landkreis, parts: [Neustadt]}
"""
SYNONYMS = "Glaspalast, Stadthalle\nGlaspalast = Festsaal\n"
LABELS = ("public", "member-1", "creator-ä b", 'we"ird\\', "collaborator-x", "a,b", "*")
DATES = (
    "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000001Z",
    "2024-01-01T01:00:00+01:00", "2023-12-31T23:59:59.999999Z", "2024-01-01T00:00:00.123457",
    "2024-01-01T00:00:00.123456", "2024-02-29T12:00:00Z", "1969-12-31T23:59:59.999999",
    "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0999-05-05", "9999-12-31T23:59:59.999999Z",
)  # fmt: skip
NO_DATES = ("unbekannt", "2024-13-01", "ca. 1990")

STRING_FIELDS = (
    "name", "tags", "organization", "groups", "res_format", "license_id", "vocab_thema", "with.dot",
    "with space", "back\\slash", "Größe (km²)", "a", "ab", "state", "site_id", "dataset_type",
    "private",
)  # fmt: skip
TEXT_FIELDS = ("title", "notes", "extras_ort", "extras_a.b c", "author", "res_description", "text")
DATE_FIELDS = ("metadata_modified", "metadata_created", "current_date", "issued_date")
NUMBER_FIELDS = ("views_total", "views_recent")
SORTABLE = (
    "name", "id", "title_string", "title", "metadata_modified", "metadata_created", "current_date",
    "issued_date", "views_total", "tags", "with.dot", "organization", "view_recent", "nirgends",
)  # fmt: skip
FACETS = (
    *STRING_FIELDS, *DATE_FIELDS, "views_total", "title", "extras_a.b c", "nirgends", "data_dict",
    "dot", "with", "", "a.b",
)  # fmt: skip

strings = st.one_of(
    st.sampled_from(STRINGS),
    st.sampled_from(STRINGS),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4),
)


def _texts_of(words: SearchStrategy[str]) -> SearchStrategy[str]:
    gaps = st.sampled_from([" ", "-", "\n", ", ", " – "])
    return st.builds(lambda words, gap: gap.join(words), st.lists(words, max_size=4), gaps)


texts = _texts_of(st.sampled_from(WORDS))
topics = _texts_of(st.sampled_from((*TOPICS * 4, *WORDS)))
dates = st.one_of(
    st.sampled_from(DATES),
    st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)).map(
        lambda when: when.isoformat() + "Z"
    ),
)


def _maybe_many(values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.one_of(values, st.lists(values, max_size=4), st.none(), st.just(""))


# -- catalogues --------------------------------------------------------------------------------


@st.composite
def _record(draw: DrawFn, number: int, texts: SearchStrategy[str]) -> dict[str, Any]:
    record: dict[str, Any] = {"index_id": f"{number:032x}", "id": f"{'ab'[number % 2]}-{number}"}
    few = st.lists(st.sampled_from(LABELS), max_size=2, unique=True)
    record["permission_labels"] = draw(st.one_of(st.just(["public"]), few))
    record["site_id"] = draw(st.sampled_from(["here", "here", "there"]))
    record["state"] = draw(st.sampled_from(["active", "active", "active", "draft", "deleted"]))
    record["dataset_type"] = draw(st.sampled_from(["dataset", "dataset", "harvest", "document"]))
    record["entity_type"] = "package"
    record["name"] = draw(strings)
    title = draw(texts)
    if title:
        record["title"] = record["title_string"] = title
    chosen = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "notes": texts,
                "tags": _maybe_many(strings),
                "organization": strings,
                "organization_title": texts,
                "res_name": _maybe_many(texts),
                "groups": _maybe_many(strings),
                "res_format": _maybe_many(st.sampled_from(["CSV", "csv", "PDF"])),
                "license_id": strings,
                "vocab_thema": _maybe_many(strings),
                "with.dot": _maybe_many(strings),
                "with space": strings,
                "back\\slash": strings,
                "Größe (km²)": st.one_of(
                    strings, st.integers(-3, 12), st.sampled_from([0.5, -2.25, 3.0])
                ),
                "a": _maybe_many(strings),
                "ab": _maybe_many(strings),
                "private": st.booleans(),
                "extras_ort": _maybe_many(st.one_of(texts, strings)),
                "extras_a.b c": _maybe_many(texts),
                "author": texts,
                "res_description": _maybe_many(texts),
                "metadata_modified": st.one_of(dates, dates, st.sampled_from(NO_DATES)),
                "metadata_created": dates,
                "current_date": st.one_of(dates, st.sampled_from(NO_DATES)),
                "issued_date": st.one_of(dates, st.sampled_from(NO_DATES)),
                "views_total": st.one_of(st.integers(-3, 12), st.integers(-3, 12).map(str)),
                "views_recent": st.integers(0, 3),
                "data_dict": st.just('{"a": 1}'),
            },
        )
    )
    return {**record, **chosen}


@st.composite
def catalogues(
    draw: DrawFn, least: int = 1, most: int = 12, texts: SearchStrategy[str] = texts
) -> list[dict[str, Any]]:
    """A few records, each with a key of its own."""
    return [draw(_record(number, texts)) for number in range(draw(st.integers(least, most)))]


# -- leaves ------------------------------------------------------------------------------------


@st.composite
def _patterns(draw: DrawFn, of_words: bool) -> str:
    """A wildcard pattern that holds at least one wildcard; ``\\`` makes one literal."""
    whole = draw(st.sampled_from(WORDS).filter(str.isalnum) if of_words else strings)
    parts = []
    for char in whole[:6]:
        drawn = draw(st.sampled_from("=====?*"))
        parts.append(re.sub(r"([\\*?])", r"\\\1", char) if drawn == "=" else drawn)
    at = draw(st.integers(0, len(parts)))
    return "".join([*parts[:at], draw(st.sampled_from(["*", "?", "**", "*?"])), *parts[at:]])


def _bounds(field: str) -> SearchStrategy[str | None]:
    kind = fields.kind(field)
    if kind == "date":
        return st.one_of(st.none(), dates.map(_canonical))
    if kind == "number":
        return st.one_of(st.none(), st.integers(-3, 12).map(str))
    return st.one_of(st.none(), strings, st.integers(-6, 6).map(str), st.just("2.5"))


def _canonical(text: str) -> str:
    when = moment(text)
    assert when is not None
    return canonical(when)


@st.composite
def leaves(draw: DrawFn) -> query.Node:
    """A query of one field, sometimes of one that no record has."""
    kind = draw(st.sampled_from(["string"] * 4 + ["text"] * 4 + ["date"] * 2 + ["number", "ngram"]))
    if kind == "ngram":
        field = draw(st.sampled_from(["title_ngram", "name_ngram"]))
        return query.Term(field, draw(strings | texts | st.sampled_from(["latz", "Ä", "ß"])))
    field = draw(
        st.sampled_from(
            {
                "string": (*STRING_FIELDS, "nirgends"),
                "text": (*TEXT_FIELDS, "text", "extras_nirgends"),
                "date": DATE_FIELDS,
                "number": NUMBER_FIELDS,
            }[kind]
        )
    )
    form = draw(
        st.sampled_from(["is", "is", "is", "wildcard", "range", "range", "exists", "fuzzy"])
    )
    if form == "range" and field != "text":
        low, high = draw(_bounds(field)), draw(_bounds(field))
        if low is None and high is None:
            return query.Exists(field)
        return query.Range(field, low, high, draw(st.booleans()), draw(st.booleans()))
    if form == "exists" and field != "text":
        return query.Exists(field)
    if kind == "date":
        return query.Term(field, draw(dates.map(_canonical)))
    if kind == "number":
        return query.Term(field, str(draw(st.integers(-3, 12))))
    if form == "wildcard":
        return query.Wildcard(field, draw(_patterns(kind == "text")))
    if form == "fuzzy":
        one = st.sampled_from(WORDS).filter(str.isalnum) if kind == "text" else strings
        return query.Fuzzy(field, draw(one), draw(st.integers(1, 2)))
    if kind == "text":
        return query.Words(
            field, draw(st.one_of(texts, st.sampled_from(WORDS))), draw(st.booleans())
        )
    return query.Term(field, draw(strings))


def trees() -> SearchStrategy[query.Node]:
    """Query trees of every node, as the JSON API or a later interface may build them."""

    def grow(children: SearchStrategy[query.Node]) -> SearchStrategy[query.Node]:
        some = st.lists(children, max_size=3).map(tuple)
        return st.one_of(
            st.builds(query.Bool, some, some, some),
            st.builds(query.Bool, some, some, some, st.integers(0, 3)).filter(
                # More than there are, or none of what is all, are questions that nobody asks.
                lambda node: (0 if node.must else 1) <= node.min_should <= len(node.should)
            ),
            st.builds(query.Boost, children, st.sampled_from([0.0, 0.5, 4.0])),
            st.builds(query.Constant, children, st.sampled_from([0.0, 1.0])),
        )

    ends = st.one_of(leaves(), leaves(), st.just(query.All()), st.just(query.Nothing()))
    return st.recursive(ends, grow, max_leaves=6)


# -- Lucene's syntax ---------------------------------------------------------------------------


def groups(operator: Operator) -> SearchStrategy[Group]:
    """Lucene groups, nested; to be written out with :func:`written`."""
    ends: SearchStrategy[Any] = st.one_of(leaves(), leaves(), st.just(query.All()))
    boosted = st.builds(query.Boost, ends, st.sampled_from([0.0, 0.5, 4.0]))
    ends = st.one_of(ends, ends, ends, boosted)

    def grow(children: SearchStrategy[Any]) -> SearchStrategy[Group]:
        clause = st.builds(
            Clause,
            children,
            st.sampled_from(["", "", "", "+", "-", "!", "NOT "]),
            st.sampled_from(["", "", "AND", "OR"]),
        )
        return st.lists(clause, min_size=1, max_size=4).map(
            lambda found: Group((replace(found[0], conjunction=""), *found[1:]), operator)
        )

    return st.recursive(ends, grow, max_leaves=6).map(
        lambda node: node if isinstance(node, Group) else Group((Clause(node),), operator)
    )


def written(draw: DrawFn, node: Any) -> str:
    """Write a group or leaf in Lucene's syntax, in one of the ways it can be written."""
    match node:
        case Group(clauses=clauses):
            out = []
            for clause in clauses:
                spelled = {"AND": ("AND", "&&"), "OR": ("OR", "||")}.get(clause.conjunction, ("",))
                inner = written(draw, clause.node)
                if isinstance(clause.node, Group):
                    inner = f"({inner})"
                out.append(f"{draw(st.sampled_from(spelled))} {clause.modifier}{inner}".lstrip())
            return " ".join(out)
        case query.All():
            return draw(st.sampled_from(["*:*", "*"]))
        case query.Boost(child=child, factor=factor):
            inner = written(draw, child)
            return f"({inner})^{factor:g}"
        case query.Exists(field=field):
            return f"{_name(field)}:{draw(st.sampled_from(['*', '[* TO *]']))}"
        case query.Range():
            return _written_range(draw, node)
        case query.Wildcard(field=field, pattern=pattern):
            # The pattern's own backslashes stay; what the syntax knows gets one more.
            return f"{_name(field)}:{_escaped(pattern, keep='*?' + chr(92))}"
        case query.Fuzzy(field=field, value=value, distance=distance):
            return f"{_name(field)}:{_escaped(value)}~{distance}"
        case query.Words(field=field, text=text, phrase=phrase):
            prefix = "" if field == "text" and draw(st.booleans()) else f"{_name(field)}:"
            if phrase or not text:
                return f"{prefix}{quoted(text)}"
            return f"{prefix}{_escaped(text)}"
        case query.Term(field=field, value=value):
            space = draw(st.sampled_from(["", "", " "]))
            if value and draw(st.booleans()):
                return f"{_name(field)}:{space}{_escaped(value)}"
            return f"{_name(field)}:{space}{quoted(value)}"
    raise AssertionError(f"cannot be written: {node}")


def _written_range(draw: DrawFn, node: query.Range) -> str:
    ends = []
    for bound in (node.low, node.high):
        if bound is None:
            ends.append("*")
        elif bound == "*" or draw(st.booleans()):
            ends.append(quoted(bound))
        else:
            ends.append(re.sub(r'([\s\]}\\"*])', r"\\\1", bound))
    opening, closing = "[" if node.include_low else "{", "]" if node.include_high else "}"
    return f"{_name(node.field)}:{opening}{ends[0]} TO {ends[1]}{closing}"


def _name(field: str) -> str:
    return _escaped(field)


def quoted(value: str) -> str:
    """Write a value in quotation marks."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(value: str, keep: str = "") -> str:
    out = "".join(
        char if char in keep or char.isalnum() or char in "_." else "\\" + char for char in value
    )
    # A bare word of the syntax is a word again with one backslash.
    return "\\" + out if out in ("AND", "OR", "NOT", "TO") else out


# -- free text ---------------------------------------------------------------------------------


@st.composite
def _chunks(draw: DrawFn, words: SearchStrategy[str]) -> tuple[Chunk, ...]:
    """Words and phrases, some with a sign."""
    chunks = []
    for _ in range(draw(st.integers(1, 5))):
        sign = draw(st.sampled_from(["", "", "", "", "+", "-"]))
        if draw(st.integers(0, 3)) == 0:
            several = draw(st.lists(words, min_size=1, max_size=3))
            chunks.append(Chunk(" ".join(several), sign, True))
        else:
            chunks.append(Chunk(draw(words), sign))
    return tuple(chunks)


def dismax(names: tuple[str, ...], mm: str = "2<-1 5<80%") -> SearchStrategy[Dismax]:
    """Free text for Solr's dismax."""
    chunks = _chunks(st.sampled_from((*WORDS, "CSV", "ab")))
    return chunks.map(lambda drawn: Dismax(drawn, names, mm))


def typed(chunks: Iterable[Chunk]) -> str:
    """Write free text as a person types it."""
    return " ".join(
        chunk.sign + (f'"{chunk.text}"' if chunk.phrase else chunk.text) for chunk in chunks
    )


def questions(records: Sequence[dict[str, Any]]) -> SearchStrategy[str]:
    """What a person types: mostly topics; sometimes just what a record is called, or nothing."""
    called = [str(record.get("title") or record["name"]) for record in records]
    called += [str(record[name]) for record in records for name in ("name", "id")]
    texts = [str(record.get(name, "")) for record in records for name in ("title", "notes")]
    said = [word for text in texts for word in text.split()]
    words = st.one_of(st.sampled_from(said or TOPICS), st.sampled_from(TOPICS))
    about = _chunks(st.one_of(words, words, words, st.sampled_from(WORDS))).map(typed)
    # Some of the words of one title: others have some of them too.
    some = st.sampled_from(called).flatmap(
        lambda title: st.sampled_from(title.split() or ["-"]).map(
            lambda left_out: " ".join(word for word in title.split() if word != left_out) or title
        )
    )
    little = st.sampled_from(["Kinder", "Spielplatz Neustadt", "der", "!!!", '""', "-", "+ -"])
    return st.one_of(about, about, about, some, some, st.sampled_from(called), little)


# -- what else is asked ------------------------------------------------------------------------

facets = st.lists(
    st.builds(
        query.Facet,
        st.sampled_from(FACETS),
        st.sampled_from([-1, -1, 0, 1, 2, 50]),
        st.sampled_from([0, 1, 1, 2]),
    ),
    max_size=3,
    unique_by=lambda facet: facet.field,
).map(tuple)
sorts = st.lists(st.builds(query.Sort, st.sampled_from(SORTABLE), st.booleans()), max_size=3).map(
    tuple
)
#: Labels of a caller; ``None``: CKAN, which sees everything.
callers = st.one_of(
    st.none(), st.lists(st.sampled_from(LABELS), max_size=3, unique=True).map(tuple)
)
