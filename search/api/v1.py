"""``/api/v1``: the JSON API of the search service."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from apiflask import APIBlueprint, HTTPError
from flask import current_app

from search import query, why
from search.api import callers, documents, highlights, reasons, schemas
from search.auth import bearer_token_is_right
from search.catalogue.documents import micros, values_of
from search.fields import NEVER_RETURNED
from search.generations import Index, RebuildError
from search.metrics import metrics_of
from search.service import NearestText, SearchService
from search.suggest import correction, spelling

blueprint = APIBlueprint("v1", __name__, url_prefix="/api/v1", tag="Search")

_SORT_FIELDS = {
    "title": "title_string",
    "modified": "metadata_modified",
    "created": "metadata_created",
}
_DAY = 86_400_000_000  # microseconds
_WANTED = frozenset({"id", "name", "title", "notes", "dataset_type"})
#: Each explanation reads a whole record.
_MOST_EXPLAINED = 100
#: Results of a page that show passages of their files: choosing their sentences takes its time.
_WITH_PASSAGES = 10


def _service() -> SearchService:
    return _index().live


def _index() -> Index:
    index: Index = current_app.extensions["index"]
    return index


@blueprint.get("/search")
@blueprint.input(schemas.SearchQuery, location="query")
@blueprint.output(schemas.SearchAnswer)
@blueprint.doc(summary="Search the catalogue", responses=[400])
def search(query_data: dict[str, Any]) -> dict[str, Any]:
    """Search all records that the caller may see.

    Anonymous callers see public records only. The portal sends the service token and its user's
    permission labels (``X-Myk-Labels``, comma-separated).
    """
    began = time.perf_counter()
    explain = query_data["explain"]
    try:
        asked = _search_of(query_data)
        result = _service().search(asked, _WANTED | why.WANTED if explain else _WANTED)
        better = _did_you_mean(query_data)
    except query.QueryError as error:
        raise HTTPError(400, str(error)) from None
    names = {schemas.FACETS[name]: name for name in _names(query_data["facets"])}
    service, text = _service(), query_data["q"].strip()
    concepts = service.reader.read(text)
    nearest = service.nearest_text(asked.meaning)
    results = [_result(hit, concepts, nearest) for hit in result.hits]
    ids = [one["id"] for one in results[:_WITH_PASSAGES]]
    passages = documents.best_of(service, asked.labels or (), text, ids)
    for one in results:
        one["passages"] = passages.get(one["id"], [])
    if explain:
        reasons.add(results, service, asked, concepts, result.hits[:_MOST_EXPLAINED])
    return {
        "count": result.count,
        "results": results,
        "facets": {
            names[field]: [{"value": value, "count": count} for value, count in counts]
            for field, counts in result.facets.items()
        },
        "did_you_mean": better,
        "took_ms": round((time.perf_counter() - began) * 1000, 2),
    }


@blueprint.get("/records")
@blueprint.input(schemas.RecordsQuery, location="query")
@blueprint.output(schemas.Records)
@blueprint.doc(summary="List what is in the index (token)", responses=[401], security="token")
def records(query_data: dict[str, Any]) -> dict[str, Any]:
    """Return the wanted fields of every record, public or not: to compare with the database."""
    _demand_token()
    wanted = frozenset(_names(query_data["fields_"])) - NEVER_RETURNED
    return {"records": list(_service().records(wanted))}


@blueprint.post("/drift")
@blueprint.input(schemas.Drift)
@blueprint.output(schemas.Done)
@blueprint.doc(summary="Note what a comparison found (token)", responses=[401], security="token")
def drift(json_data: dict[str, Any]) -> dict[str, bool]:
    """Note how many records the last comparison with the database found to differ."""
    _demand_token()
    metrics_of().drift.set(json_data["differences"])
    return {"done": True}


@blueprint.get("/rebuild")
@blueprint.output(schemas.Records)
@blueprint.doc(
    summary="List what is in the index being built (token)", responses=[401, 409], security="token"
)
def rebuild_state() -> dict[str, Any]:
    """Return id and revision of every record of the new index: a rebuild goes on from there."""
    _demand_token()
    index = _index()
    if index.next is None:
        raise HTTPError(409, "no index is being built")
    index.next.commit()
    wanted = frozenset({"id", "metadata_modified", "state"})
    return {"records": list(index.next.records(wanted))}


@blueprint.post("/rebuild")
@blueprint.input(schemas.RebuildBegin)
@blueprint.output(schemas.Done)
@blueprint.doc(
    summary="Begin an index beside the served one (token)", responses=[401, 409], security="token"
)
def rebuild_begin(json_data: dict[str, Any]) -> dict[str, bool]:
    """Begin, or go on with one that was begun; from now on every write goes to both."""
    _demand_token()
    try:
        _index().begin(json_data["qdrant_url"])
    except RuntimeError as error:
        raise HTTPError(409, str(error)) from None
    return {"done": True}


@blueprint.post("/rebuild/finish")
@blueprint.output(schemas.Done)
@blueprint.doc(
    summary="Let the new index take over (token)", responses=[401, 409], security="token"
)
def rebuild_finish() -> dict[str, bool]:
    """Swap the indexes between two requests."""
    _demand_token()
    try:
        _index().finish()
    except RebuildError as error:
        raise HTTPError(409, str(error)) from None
    return {"done": True}


@blueprint.delete("/rebuild")
@blueprint.output(schemas.Done)
@blueprint.doc(summary="Drop the index being built (token)", responses=[401], security="token")
def rebuild_abandon() -> dict[str, bool]:
    """Drop it; the served index stays as it is."""
    _demand_token()
    _index().abandon()
    return {"done": True}


def _demand_token() -> None:
    if not bearer_token_is_right():
        raise HTTPError(401, "the service token is missing or wrong")


def _did_you_mean(asked: dict[str, Any]) -> str | None:
    text = asked["q"].strip()
    if not text or asked["mode"] == "semantic" or asked["offset"]:
        return None
    service = _service()

    def count(words: str) -> int:
        # By words alone: what is near in meaning is found in spite of a slip.
        search = _search_of({**asked, "q": words, "mode": "lexical", "limit": 0, "facets": ""})
        return service.search(search, frozenset()).count

    with service.catalogue.view(callers.labels()) as view:
        return correction.did_you_mean(view, text, count, spelling.known_to(service.model))


def _search_of(asked: dict[str, Any]) -> query.Search:
    text = asked["q"].strip()
    service = _service()
    node: query.Node = query.Question(text) if text else query.All()
    mode = asked["mode"] or service.mode
    if mode == "semantic" and service.model is None:
        raise query.QueryError("there is no model to search by meaning with: mode=lexical")
    # Who asks for meaning alone means the words of a quotation, too.
    meant = query.meaning(text) or (text.replace('"', " ").strip() if mode == "semantic" else "")
    return query.Search(
        query=node,
        filters=_filters(asked),
        labels=callers.labels(),
        sort=_sort(asked["sort"]),
        start=asked["offset"],
        rows=asked["limit"],
        facets=tuple(query.Facet(schemas.FACETS[name]) for name in _names(asked["facets"])),
        meaning=meant or None,
        mode=mode,
    )


def _names(text: str) -> list[str]:
    return [name for name in (part.strip() for part in text.split(",")) if name]


def _sort(name: str) -> tuple[query.Sort, ...]:
    if name == "relevance":
        return (query.Sort("score", True), query.Sort("metadata_modified", True))
    field = _SORT_FIELDS[name.lstrip("-")]
    return (query.Sort(field, name.startswith("-")),)


def _filters(asked: dict[str, Any]) -> tuple[query.Node, ...]:
    filters: list[query.Node] = [query.Term("state", "active")]
    for name, field in schemas.FACETS.items():
        values = asked.get(name)
        if values:
            filters.append(query.Bool(should=tuple(query.Term(field, value) for value in values)))
    if asked.get("id"):
        filters.append(query.Bool(should=tuple(query.Term("id", one) for one in asked["id"])))
    if asked["bbox"]:
        filters.extend(_touches(asked["bbox"]))
    if asked["from_"]:
        filters.append(query.Range("period_end", _day(asked["from_"]), None))
    if asked["to"]:
        end = str(int(_day(asked["to"])) + _DAY)
        filters.append(query.Range("period_start", None, end, True, False))
    return tuple(filters)


def _day(day: Any) -> str:
    return str(micros(datetime(day.year, day.month, day.day, tzinfo=UTC).isoformat()))


def _touches(box: str) -> list[query.Node]:
    west, south, east, north = (float(number) for number in box.split(","))
    if west > east or south > north:
        return [query.Nothing()]  # a box that holds nothing touches nothing
    return [
        query.Range("west", None, str(east)),
        query.Range("east", str(west), None),
        query.Range("south", None, str(north)),
        query.Range("north", str(south), None),
    ]


def _result(
    hit: query.Hit, concepts: Sequence[query.Concept], nearest: NearestText
) -> dict[str, Any]:
    record = hit.record
    kind = str(record.get("dataset_type") or "dataset")
    title = " ".join(values_of(record.get("title"))) or str(record.get("name"))
    return {
        "id": str(record.get("id")),
        "type": kind,
        "title": title,
        "url": f"{current_app.config['SITE_URL']}/{kind}/{record.get('name')}",
        "score": hit.score,
        "highlights": highlights.sentences(
            " ".join(values_of(record.get("notes"))), concepts, nearest
        ),
        "passages": [],
    }
