"""``/api/v1/documents``: the texts of files come in, passage by passage; passages go out."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from apiflask import APIBlueprint, HTTPError, Schema, fields, validators
from flask import current_app

from search import query
from search.api import callers, highlights
from search.auth import bearer_token_is_right
from search.catalogue.documents import values_of
from search.generations import Index
from search.passages import answering
from search.passages.model import FileState, Hit, Passage
from search.passages.service import Passages
from search.service import SearchService

blueprint = APIBlueprint("documents", __name__, url_prefix="/api/v1", tag="Documents")

_ID = validators.Regexp(r"^[A-Za-z0-9_.:-]{1,200}$")
_PLACE = validators.Range(min=0, max=1_000_000)
_MOST_PASSAGES = 20_000
#: Passages of a result that a search returns, out of so many.
_OF_A_RECORD, _LOOKED_AT = 2, 100
_SHOWN = frozenset({"id", "name", "title", "dataset_type"})


class _Whole(fields.Integer):
    """A whole number, as JSON has them: 7.0 is one, 7.5 is none."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        whole = isinstance(value, float) and value.is_integer()
        return super()._deserialize(int(value) if whole else value, attr, data, **options)


class PassageIn(Schema):
    """A passage of a file."""

    text = fields.String(required=True, validate=validators.Length(min=1, max=20_000))
    page = _Whole(load_default=0, strict=True, validate=_PLACE)
    end_page = _Whole(load_default=0, strict=True, validate=_PLACE)
    headings = fields.List(
        fields.String(validate=validators.Length(max=1_000)),
        load_default=list,
        validate=validators.Length(max=20),
        metadata={"description": "The headings it stands under, the outermost first."},
    )
    language = fields.String(load_default="", validate=validators.Regexp(r"^[A-Za-z-]{0,20}$"))


class FilePath(Schema):
    """Which file."""

    file = fields.String(
        required=True, validate=_ID, metadata={"description": "CKAN's id of the file."}
    )


class DocumentIn(Schema):
    """All passages of a file's version."""

    record = fields.String(
        required=True, validate=_ID, metadata={"description": "CKAN's id of the record."}
    )
    version = fields.String(
        required=True,
        validate=_ID,
        metadata={"description": "Changes with the file's content, and with how it is read."},
    )
    passages = fields.List(
        fields.Nested(PassageIn), required=True, validate=validators.Length(max=_MOST_PASSAGES)
    )


class DocumentOut(Schema):
    """What is held of a file."""

    file = fields.String(required=True)
    record = fields.String(required=True)
    version = fields.String(required=True)
    passages = fields.Integer(required=True)


class Documents(Schema):
    """The files that are held."""

    documents = fields.List(fields.Nested(DocumentOut), required=True)


class Removed(Schema):
    """How many files were removed."""

    removed = fields.Integer(required=True)


class DocumentsQuery(Schema):
    """Which files."""

    record = fields.String(load_default=None, metadata={"description": "Only of this record."})


class PassagesQuery(Schema):
    """The parameters of a search for passages."""

    q = fields.String(required=True, validate=validators.Length(min=1, max=2_000))
    record = fields.List(
        fields.String(),
        validate=validators.Length(max=1_000),
        metadata={"description": "Only of these records (CKAN's ids)."},
    )
    limit = fields.Integer(load_default=10, validate=validators.Range(min=1, max=200))


class PassageOut(Schema):
    """A passage, and where it stands."""

    id = fields.String(required=True)
    record = fields.String(required=True)
    file = fields.String(required=True)
    ordinal = fields.Integer(required=True, metadata={"description": "Its place in the file."})
    page = fields.Integer(required=True, metadata={"description": "0: the file has no pages."})
    end_page = fields.Integer(required=True)
    headings = fields.List(fields.String(), required=True)
    language = fields.String(required=True)
    text = fields.String(required=True)


class PassageHit(PassageOut):
    """A passage that answers a question."""

    score = fields.Float(required=True)
    highlights = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The sentences that answer, with the matched words in <mark>."},
    )
    title = fields.String(required=True, metadata={"description": "Of the record."})
    type = fields.String(required=True)
    url = fields.String(required=True, metadata={"description": "Address of the record."})


class PassagesAnswer(Schema):
    """The passages that answer a question, the best first."""

    results = fields.List(fields.Nested(PassageHit), required=True)
    took_ms = fields.Float(required=True)


class ContextQuery(Schema):
    """How much around a passage."""

    around = fields.Integer(load_default=0, validate=validators.Range(min=0, max=10))


class ContextAnswer(Schema):
    """A passage with those around it, in their order."""

    passages = fields.List(fields.Nested(PassageOut), required=True)


# -- in ------------------------------------------------------------------------------------


@blueprint.put("/documents/<file>")
@blueprint.input(FilePath, location="path")
@blueprint.input(DocumentIn)
@blueprint.output(DocumentOut)
@blueprint.doc(
    summary="Replace the passages of a file (token)", responses=[400, 401], security="token"
)
def put(file: str, path_data: dict[str, str], json_data: dict[str, Any]) -> dict[str, Any]:
    """Write all passages of a file's version; durable and found when this answers."""
    _demand_token()
    record, version = json_data["record"], json_data["version"]
    given = [
        Passage(
            record=record,
            file=file,
            version=version,
            ordinal=number,
            text=_clean(one["text"]),
            page=one["page"],
            end_page=one["end_page"] or one["page"],
            headings=tuple(map(_clean, one["headings"])),
            language=one["language"],
        )
        for number, one in enumerate(json_data["passages"])
    ]
    state = FileState(file, record, version, len(given))
    _passages().put(state, given)
    _forget()
    return state.__dict__


@blueprint.delete("/documents/<file>")
@blueprint.input(FilePath, location="path")
@blueprint.output(Removed)
@blueprint.doc(summary="Forget a file (token)", responses=[400, 401], security="token")
def remove(file: str, path_data: dict[str, str]) -> dict[str, int]:
    """Remove a file's passages; an unknown one is no error."""
    _demand_token()
    removed = _passages().remove([file])
    _forget()
    return {"removed": removed}


@blueprint.get("/documents")
@blueprint.input(DocumentsQuery, location="query")
@blueprint.output(Documents)
@blueprint.doc(summary="List the files that are held (token)", responses=[401], security="token")
def listed(query_data: dict[str, Any]) -> dict[str, Any]:
    """Return which files are held, in which version: to compare with the database."""
    _demand_token()
    held = _passages().files(query_data["record"])
    return {"documents": [state.__dict__ for state in held]}


# -- out -----------------------------------------------------------------------------------


@blueprint.get("/passages")
@blueprint.input(PassagesQuery, location="query")
@blueprint.output(PassagesAnswer)
@blueprint.doc(summary="Search the passages of files", responses=[400, 401])
def search(query_data: dict[str, Any]) -> dict[str, Any]:
    """Return the passages that answer a question, of the records that the caller may see."""
    began = time.perf_counter()
    service = _service()
    labels = callers.labels()
    text = query_data["q"].strip()
    try:
        hits = _passages().search(
            text,
            seen_by(service, labels),
            query_data["limit"],
            records=query_data.get("record"),
            meaning=service.mode != "lexical",
        )
        results = shown(service, labels, text, hits)
    except query.QueryError as error:
        raise HTTPError(400, str(error)) from None
    return {"results": results, "took_ms": round((time.perf_counter() - began) * 1000, 2)}


@blueprint.get("/passages/<id>")
@blueprint.input(ContextQuery, location="query")
@blueprint.output(ContextAnswer)
@blueprint.doc(summary="Read a passage and what is around it", responses=[401, 404])
def context(id: str, query_data: dict[str, Any]) -> dict[str, Any]:
    """Return a passage of a record that the caller may see."""
    seen = seen_by(_service(), callers.labels())
    found = _passages().passage(id, seen, query_data["around"])
    if not found:
        raise HTTPError(404, "there is no such passage, or it is not for you to see")
    return {"passages": [told(one) for one in found]}


def seen_by(service: SearchService, labels: tuple[str, ...]) -> Any:
    """Return what tells which of some records these labels show."""
    active = query.Search(query.All(), (query.Term("state", "active"),), labels)
    snapshot = service.catalogue.snapshot()

    def seen(ids: Collection[str]) -> Collection[str]:
        return snapshot.seen(active, ids)

    return seen


def shown(
    service: SearchService, labels: tuple[str, ...], text: str, hits: list[Hit]
) -> list[dict[str, Any]]:
    """Return passages as the API gives them, with the title and address of their records."""
    concepts = service.reader.read(text)
    nearest = service.nearest_text(text)
    ids = list(dict.fromkeys(hit.passage.record for hit in hits))
    records: dict[str, dict[str, Any]] = {}
    with service.catalogue.view(labels) as view:
        named = query.Bool(should=tuple(query.Term("id", one) for one in ids))
        for record, _ in view.records(view.engine(named), _SHOWN, max(1, len(ids))):
            records[str(record["id"])] = record
    out = []
    for hit in hits:
        known = records.get(hit.passage.record)
        if known is None:  # withdrawn in between
            continue
        kind = str(known.get("dataset_type") or "dataset")
        out.append(
            {
                **told(hit.passage),
                "score": round(hit.score, 4),
                "highlights": highlights.of_sentences(
                    answering.statements(hit.passage.text, hit.passage.headings), concepts, nearest
                ),
                "title": " ".join(values_of(known.get("title"))) or str(known.get("name")),
                "type": kind,
                "url": f"{current_app.config['SITE_URL']}/{kind}/{known.get('name')}",
            }
        )
    return out


def best_of(
    service: SearchService, labels: tuple[str, ...], text: str, ids: list[str]
) -> dict[str, list[dict[str, Any]]]:
    """Return for each of these records its best passages for a question, the best first."""
    if service.passages is None or not len(service.passages) or not (text and ids):
        return {}
    meaning = service.mode != "lexical"
    hits = service.passages.search(
        text, seen_by(service, labels), _LOOKED_AT, records=ids, meaning=meaning
    )
    kept: dict[str, list[Hit]] = {}
    for hit in hits:
        of_record = kept.setdefault(hit.passage.record, [])
        if len(of_record) < _OF_A_RECORD:
            of_record.append(hit)
    found = shown(service, labels, text, [hit for hits in kept.values() for hit in hits])
    out: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        out.setdefault(one["record"], []).append(one)
    return out


def told(passage: Passage) -> dict[str, Any]:
    """Return a passage as the API gives it."""
    return {
        "id": passage.id,
        "record": passage.record,
        "file": passage.file,
        "ordinal": passage.ordinal,
        "page": passage.page,
        "end_page": passage.end_page,
        "headings": list(passage.headings),
        "language": passage.language,
        "text": passage.text,
    }


def _clean(text: str) -> str:
    """Return a text without halves of characters, which no engine takes."""
    return text.encode("utf-8", "replace").decode()


def _index() -> Index:
    index: Index = current_app.extensions["index"]
    return index


def _service() -> SearchService:
    return _index().live


def _passages() -> Passages:
    passages = _index().passages
    if passages is None:
        raise HTTPError(503, "this service holds no passages")
    return passages


def _forget() -> None:
    """Searches that were worked out know nothing of what was just written."""
    _service().catalogue.forget()


def _demand_token() -> None:
    if not bearer_token_is_right():
        raise HTTPError(401, "this needs the service token")
