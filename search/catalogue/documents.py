"""A record as CKAN sends it (field → value or list of values) into a Tantivy document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

import tantivy

from search import fields
from search.catalogue import schema
from search.suggest import terms
from search.text import compounds, german

Record: TypeAlias = Mapping[str, Any]
#: A record whose fields are lists of texts.
Read: TypeAlias = Mapping[str, list[str]]

#: Longer values can be read back and searched by word, but not compared as a whole.
MAX_EXACT = 8_000
_MAX_DEPTH = 20
#: A gap between the values of one field, so that no phrase runs across two of them.
_GAP = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RecordError(ValueError):
    """A record that cannot be indexed; the message says which and why."""


def key_of(record: Record) -> str:
    """Return the record's key in the index.

    :raises RecordError: when it has none.
    """
    key = record.get("index_id") or record.get("id")
    if not isinstance(key, str) or not key:
        raise RecordError("a record needs an index_id or id")
    return key


def values_of(value: Any, depth: int = 0) -> list[str]:
    """Return a field's values as texts; ``None`` and empty ones are none.

    :raises RecordError: when lists nest deeper than any record's do.
    """
    if isinstance(value, str):
        return [value] if value else []
    if value is None:
        return []
    if isinstance(value, list | tuple | set):
        if depth > _MAX_DEPTH:
            raise RecordError(f"a field's lists nest deeper than {_MAX_DEPTH} levels")
        return [text for item in value for text in values_of(item, depth + 1)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, dict):
        return [json.dumps(value, ensure_ascii=False, sort_keys=True)]
    text = str(value)
    return [text] if text else []


def micros(iso: str) -> int:
    """Return an ISO date and time as microseconds since 1970 (UTC).

    :raises ValueError: when it is no date.
    """
    moment = datetime.fromisoformat(iso)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return (moment - _EPOCH) // timedelta(microseconds=1)
    except OverflowError:
        raise ValueError(f"'{iso}' lies outside of time") from None


def pre_tokenized(texts: Iterable[str], prefix: str = "") -> tantivy.PreTokenizedString:
    """Return the tokens of several texts, with a gap between them, as one Tantivy value."""
    found: list[tantivy.Token] = []
    start = 0
    for text in texts:
        tokens = german.tokens(text)
        found += [
            tantivy.Token(prefix + token, position, 0, 0)
            for position, token in enumerate(tokens, start)
        ]
        start += len(tokens) + _GAP
    return tantivy.PreTokenizedString("", found)


def document(record: Record) -> tantivy.Document:
    """Turn a record into a document.

    :raises RecordError: when it has no key.
    """
    doc = tantivy.Document()
    doc.add_text("key", key_of(record))
    facets: dict[str, list[str]] = {}
    catch_all: list[str] = []
    read: dict[str, list[str]] = {}
    for field, value in record.items():
        if field in fields.STORED_ONLY:
            continue
        values = values_of(value)
        if not values:
            continue
        read[field] = values
        kind = fields.kind(field)
        doc.add_text("has", field)
        if kind == "date":
            values = [date_text(value) for value in values]
        short = [value for value in values if len(value) <= MAX_EXACT]
        for value in short:
            doc.add_text("exact", f"{field}{schema.SEPARATOR}{value}")
        # A mark before each: the engine would take what looks like a date for one.
        if field not in fields.NEVER_RETURNED:
            facets[field] = [f"={value}" for value in short]
        if fields.in_catch_all(field):
            catch_all += values
        if field in schema.WORD_COLUMNS and field != "text":
            doc.add_pre_tokenized_text(schema.WORD_COLUMNS[field], pre_tokenized(values))
        elif kind == "text":
            doc.add_pre_tokenized_text(
                "fielded", pre_tokenized(values, f"{field}{schema.SEPARATOR}")
            )
    doc.add_pre_tokenized_text("text", pre_tokenized(catch_all))
    _meant(doc, read.get("title", []), catch_all)
    _extra_words(doc, read)
    _completions(doc, read)
    _sort_columns(doc, read)
    _place_and_time(doc, read)
    doc.add_json("facets", facets)
    _stored(doc, record)
    return doc


def date_text(value: str) -> str:
    """Return a date in the one form that is compared; what is no date stays as it is."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return value
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _meant(doc: tantivy.Document, title: Sequence[str], texts: Sequence[str]) -> None:
    """Index what people's questions are ranked by."""
    pairs = [pair for text in texts for pair in german.pairs(german.tokens(text))]
    for column, found in (
        (schema.MEANT, _with_parts(texts)),
        (schema.MEANT_TITLE, _with_parts(title)),
        (schema.PAIRS, pairs),
    ):
        if found:
            doc.add_text(column, " ".join(found))


def _with_parts(texts: Sequence[str]) -> list[str]:
    """Return texts' tokens, those of their compounds' parts, and what others write as one word."""
    found = german.joined("\n".join(texts))
    for text in texts:
        for tokens in map(_token_and_parts, german.words(text)):
            found += tokens
    return found


@lru_cache(maxsize=200_000)
def _token_and_parts(word: str) -> tuple[str, ...]:
    return german.token(word), *compounds.parts(word)


def _extra_words(doc: tantivy.Document, read: Read) -> None:
    columns = {
        "tags": ("tags",),
        "organisation": ("organization", "organization_title", "groups"),
        "files": ("res_name", "res_description"),
    }
    for column, sources in columns.items():
        texts = [text for source in sources for text in read.get(source, ())]
        if texts:
            doc.add_pre_tokenized_text(column, pre_tokenized(texts))


def _completions(doc: tantivy.Document, read: Read) -> None:
    for field in ("title", "name"):
        for value in read.get(field, ()):
            doc.add_text("ngram", f"{field}{schema.SEPARATOR}{value.lower()[:1_000]}")
    for column, found in terms.columns(read).items():
        for term in found:
            doc.add_text(column, term)


def _sort_columns(doc: tantivy.Document, read: Read) -> None:
    for field, column in (("title", "sort_title"), ("name", "sort_name"), ("id", "sort_id")):
        values = (read.get("title_string") if field == "title" else None) or read.get(field)
        if values:
            text = title_order(values[0]) if field == "title" else values[0]
            doc.add_text(column, text[:500])
    for field, column in schema.DATE_COLUMNS.items():
        for value in read.get(field, ())[:1]:
            try:
                doc.add_integer(column, micros(value))
            except ValueError:
                continue


def title_order(title: str) -> str:
    """Return what a title is sorted by: a reader expects Ä beside A and b beside B."""
    return german.fold(german.normalise(title))


def _place_and_time(doc: tantivy.Document, read: Read) -> None:
    """Index the bounding box (``bbox``: west, south, east, north in degrees) and the period."""
    box = read.get("bbox", [])
    numbers = box if len(box) == 4 else (box[0].replace(",", " ").split() if box else [])
    if len(numbers) == 4:
        try:
            corners = [float(number) for number in numbers]
        except ValueError:
            corners = []
        for column, corner in zip(schema.BBOX_COLUMNS, corners, strict=False):
            doc.add_float(column, corner)
    start = _first_date(read, "temporal_start", "issued", "metadata_modified")
    end = _first_date(read, "temporal_end", "temporal_start", "issued", "metadata_modified")
    if start is not None and end is not None:
        doc.add_integer("period_start", start)
        doc.add_integer("period_end", max(start, end))


def _first_date(read: Read, *names: str) -> int | None:
    for name in names:
        for value in read.get(name, ()):
            try:
                return micros(value)
            except ValueError:
                continue
    return None


def _stored(doc: tantivy.Document, record: Record) -> None:
    small = {
        field: value
        for field, value in record.items()
        if field not in fields.STORED_ONLY and value is not None
    }
    doc.add_bytes("source", json.dumps(small, ensure_ascii=False).encode())
    for field in fields.STORED_ONLY:
        if record.get(field):
            doc.add_bytes(field, str(record[field]).encode())


def stored_record(
    doc: tantivy.Document, wanted: frozenset[str] | None = None, *, guarded: bool = False
) -> dict[str, Any]:
    """Return the stored fields of a document (all, or those wanted).

    Those that are never handed out only for the service itself (``guarded``).
    """
    record: dict[str, Any] = {}
    if wanted is None or wanted - fields.STORED_ONLY:
        source: Any = doc.get_first("source")
        record.update(json.loads(bytes(source)))
    for field in fields.STORED_ONLY if wanted is None else wanted & fields.STORED_ONLY:
        whole: Any = doc.get_first(field)
        if whole is not None:
            record[field] = bytes(whole).decode()
    return {
        field: value
        for field, value in record.items()
        if (guarded or field not in fields.NEVER_RETURNED) and (wanted is None or field in wanted)
    }


def stored_key(doc: tantivy.Document) -> str:
    """Return the key of a document."""
    return str(doc.get_first("key"))
