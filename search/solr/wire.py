"""Solr's three endpoints, as CKAN uses them: ``select``, ``update``, ``schema``.

Whoever speaks this wire can read and write everything: basic authentication on each request.
Source: Solr Reference Guide; what CKAN 2.12 sends is listed in ``docs/architecture.md``.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any
from xml.etree import ElementTree

from apiflask import APIBlueprint
from flask import Response, current_app, request

from search import fields, query, ranking
from search.auth import basic_password_is_right
from search.catalogue.documents import RecordError
from search.generations import Index, RebuildError
from search.service import SearchService
from search.solr import dates, lucene, people

# Solr's own documentation describes it, not our OpenAPI.
blueprint = APIBlueprint("solr", __name__, url_prefix="/solr", enable_openapi=False)

_MAX_ROWS = 100_000
_MAX_SORTS = 16
_MAX_FACETS = 64
_SORT = re.compile(r"^(\S+)\s+(asc|desc)$", re.IGNORECASE)
_REFUSED = ("bf", "boost", "bq", "group", "group.field", "collapse", "stats", "json.facet")
_SCHEMA = '<?xml version="1.0" encoding="UTF-8"?>\n<schema name="ckan-2.12" version="1.6"/>\n'


class WireError(ValueError):
    """A request that Solr would answer with 400; the message goes to the caller."""


def _index() -> Index:
    index: Index = current_app.extensions["index"]
    return index


def _service() -> SearchService:
    return _index().live


@blueprint.before_request
def _authenticate() -> Response | None:
    if basic_password_is_right():
        return None
    response = _error(401, "solr_user or solr_password is wrong")
    response.headers["WWW-Authenticate"] = 'Basic realm="solr"'
    return response


@blueprint.errorhandler(WireError)
@blueprint.errorhandler(query.QueryError)
@blueprint.errorhandler(RecordError)
@blueprint.errorhandler(RebuildError)
def _bad_request(error: Exception) -> Response:
    return _error(400, str(error))


@blueprint.get("/ckan/schema", strict_slashes=False)
def schema() -> Response:
    """Return the schema's name and version, which CKAN checks when it starts."""
    return Response(_SCHEMA, mimetype="application/xml")


@blueprint.get("/ckan/admin/ping", strict_slashes=False)
def ping() -> Response:
    """Answer that the service is there."""
    return _json({"responseHeader": {"status": 0}, "status": "OK"})


@blueprint.route("/ckan/select", methods=["GET", "POST"], strict_slashes=False)
def select() -> Response:
    """Answer a search in Solr's JSON form."""
    began = time.perf_counter()
    params = request.values
    for name in _REFUSED:
        if params.get(name):
            raise WireError(f"the parameter '{name}' is not supported")
    search = _search_of(params)
    wanted = _fields(params.getlist("fl"))
    result = _service().search(search, wanted)
    with_score = "score" in (params.get("fl") or "")
    docs = []
    for hit in result.hits:
        doc = {field: _as_solr_writes(field, value) for field, value in hit.record.items()}
        if with_score:
            doc["score"] = hit.score or 0.0
        docs.append(doc)
    answer: dict[str, Any] = {
        "responseHeader": {"status": 0, "QTime": int((time.perf_counter() - began) * 1000)},
        "response": {"numFound": result.count, "start": search.start, "docs": docs},
    }
    if search.facets:
        answer["facet_counts"] = {
            "facet_queries": {},
            "facet_fields": {
                field: [item for pair in counts for item in pair]
                for field, counts in result.facets.items()
            },
        }
    return _json(answer)


@blueprint.post("/rebuild/update", strict_slashes=False)
def update_next() -> Response:
    """Add records (JSON) to the index that is being built; deletes and commits are no-ops there."""
    if "json" in (request.content_type or ""):
        sent = _json_of(request.get_data())
        if isinstance(sent, list):
            _index().fill(sent)
    return _json({"responseHeader": {"status": 0}})


@blueprint.post("/ckan/update", strict_slashes=False)
def update() -> Response:
    """Add records (JSON), or delete by query or id and commit (XML or JSON)."""
    body = request.get_data()
    if _caller_is_gone():
        # CKAN waited in vain and has rolled its row back: the index must not have it.
        return _error(503, "the caller has gone")
    if "json" in (request.content_type or ""):
        _update_json(body)
    elif body.strip():
        _update_xml(body)
    return _json({"responseHeader": {"status": 0}})


def _caller_is_gone() -> bool:
    disconnected = request.environ.get("waitress.client_disconnected")
    return bool(disconnected and disconnected())


# -- reading a request ---------------------------------------------------------------------


def _search_of(params: Any) -> query.Search:
    operator = params.get("q.op", "OR").upper()
    if operator not in ("AND", "OR"):
        raise WireError(f"q.op is AND or OR, not '{operator}'")
    default_field = params.get("df") or "text"
    text = params.get("q") or "*:*"
    node = _node(text, params, operator, default_field)
    filters = tuple(
        _node(given, {"defType": "lucene"}, operator, default_field)
        for given in params.getlist("fq")
        if given.strip()
    )
    service = _service()
    return query.Search(
        query=node,
        filters=filters,
        sort=_sorts(params.get("sort") or ""),
        start=_number(params, "start", 0),
        rows=min(_number(params, "rows", 10), _MAX_ROWS),
        facets=_facets(params),
        meaning=query.meaning(node.text) if isinstance(node, query.Question) else None,
        mode=service.mode,
    )


def _node(text: str, params: Any, operator: Any, default_field: str) -> query.Node:
    parser = params.get("defType") or "lucene"
    local, rest = people.local_params(text)
    if local is not None:
        parser = local.pop("type", "lucene")
        operator = local.pop("q.op", operator).upper()
        default_field = local.pop("df", default_field)
        text = local.pop("v", rest)
    if parser == "bool":
        must, should, must_not = (
            tuple(
                lucene.parse(part, operator=operator, default_field=default_field)
                for part in ((local or {}).get(name, ""),)
                if part
            )
            for name in ("must", "should", "must_not")
        )
        return query.Bool(must, should, must_not)
    if parser in ("dismax", "edismax"):
        if text.strip() in ("*:*", ""):
            return query.All()
        if parser == "edismax" and ":" in text:
            return lucene.parse(text, operator=operator, default_field=default_field)
        return people.parse(
            text,
            params.get("qf") or ranking.CKAN_FIELDS,
            mm=params.get("mm") or "2<-1 5<80%",
            tie=params.get("tie") or "0.1",
        )
    if parser == "lucene":
        return lucene.parse(text, operator=operator, default_field=default_field)
    raise WireError(f"the query parser '{parser}' is not supported")


def _sorts(text: str) -> tuple[query.Sort, ...]:
    sorts: list[query.Sort] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _SORT.match(part)
        if match is None:
            raise WireError(
                f"Can't determine a Sort Order (asc or desc) in sort spec '{text}', pos=0"
            )
        if match[1] not in [sort.field for sort in sorts]:  # a key sorts once
            sorts.append(query.Sort(match[1], match[2].lower() == "desc"))
    if len(sorts) > _MAX_SORTS:
        raise WireError(f"more than {_MAX_SORTS} sort keys")
    return tuple(sorts)


def _number(params: Any, name: str, default: int) -> int:
    given = params.get(name)
    if given in (None, ""):
        return default
    try:
        number = int(given)
    except ValueError:
        raise WireError(f"'{name}' is a whole number, not '{given}'") from None
    if number < 0:
        raise WireError(f"'{name}' parameter cannot be negative")
    return number


def _facets(params: Any) -> tuple[query.Facet, ...]:
    if (params.get("facet") or "").lower() not in ("true", "on", "1"):
        return ()
    facets = []
    fields_asked = list(dict.fromkeys(params.getlist("facet.field")))
    if len(fields_asked) > _MAX_FACETS:
        raise WireError(f"more than {_MAX_FACETS} facets")
    for field in fields_asked:
        limit = params.get(f"f.{field}.facet.limit", params.get("facet.limit", "100"))
        least = params.get(f"f.{field}.facet.mincount", params.get("facet.mincount", "0"))
        try:
            facets.append(query.Facet(field, int(limit), int(least)))
        except ValueError:
            raise WireError("facet.limit and facet.mincount are whole numbers") from None
    return tuple(facets)


def _fields(given: list[str]) -> frozenset[str] | None:
    names = {name for text in given for name in re.split(r"[,\s]+", text) if name}
    if not names or "*" in names:
        return None
    return frozenset(names - {"score"})


def _json_of(body: bytes) -> Any:
    try:
        sent = json.loads(body)
        if b"\\ud" in body.lower():
            json.dumps(sent, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise WireError("the update holds half of a character (a lone surrogate)") from None
    except ValueError as error:
        raise WireError(f"the update is not valid JSON: {error}") from None
    except RecursionError:
        raise WireError("the update nests too deeply") from None
    return sent


def _update_json(body: bytes) -> None:
    sent = _json_of(body)
    if isinstance(sent, dict):
        if "delete" in sent:
            _delete(sent["delete"])
            return
        if "commit" in sent:
            return
        sent = [sent["add"].get("doc")] if isinstance(sent.get("add"), dict) else [sent]
    if not isinstance(sent, list) or not all(isinstance(item, dict) for item in sent):
        raise WireError("an update is a list of records")
    _index().put(sent)


def _delete(what: Any) -> None:
    for item in what if isinstance(what, list) else [what]:
        if isinstance(item, dict) and "query" in item:
            _index().remove(lucene.parse(str(item["query"]), operator="OR"))
        else:
            key = item.get("id") if isinstance(item, dict) else item
            _index().remove(query.Term("index_id", str(key)))


def _update_xml(body: bytes) -> None:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise WireError("an update has no document type or entities")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 (entities are refused above)
    except ElementTree.ParseError as error:
        raise WireError(f"the update is not valid XML: {error}") from None
    if root.tag == "delete":
        for child in root:
            if child.tag == "query":
                _index().remove(lucene.parse(child.text or "", operator="OR"))
            elif child.tag == "id":
                _index().remove(query.Term("index_id", child.text or ""))
    elif root.tag not in ("commit", "optimize", "rollback"):
        raise WireError(f"the update '<{root.tag}>' is not supported; send JSON")


def _as_solr_writes(field: str, value: Any) -> Any:
    """Return a stored value in Solr's form: dates in UTC with at most milliseconds."""
    if fields.kind(field) != "date" or not isinstance(value, str):
        return value
    try:
        return dates.solr(value)
    except query.QueryError:
        return value


# -- writing an answer ---------------------------------------------------------------------


def _json(answer: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(answer, ensure_ascii=False), status, mimetype="application/json")


def _error(status: int, message: str) -> Response:
    answer = {"responseHeader": {"status": status}, "error": {"msg": message, "code": status}}
    return _json(answer, status)
