"""``/api/v1/similar/{id}``: what there is besides, about the same."""

from __future__ import annotations

import time
from typing import Any

from apiflask import APIBlueprint, HTTPError
from flask import current_app

from search import query
from search import similar as records
from search.api import callers, schemas
from search.catalogue.documents import values_of
from search.generations import Index

blueprint = APIBlueprint("similar", __name__, url_prefix="/api/v1", tag="Search")


@blueprint.get("/similar/<id>")
@blueprint.input(schemas.SimilarQuery, location="query")
@blueprint.output(schemas.SimilarAnswer)
@blueprint.doc(summary="Find records about the same", responses=[400, 401, 404])
def similar(id: str, query_data: dict[str, Any]) -> dict[str, Any]:
    """Return the records nearest in meaning to one (its id or name), without those that are not.

    The caller must see that record, and is told of none that he does not see.
    """
    began = time.perf_counter()
    index: Index = current_app.extensions["index"]
    try:
        found = records.similar(index.live, id, callers.labels(), query_data["limit"])
    except query.QueryError as error:
        raise HTTPError(400, str(error)) from None
    if found is None:
        raise HTTPError(404, "there is no such record, or it is not for you to see")
    return {
        "results": [_result(one) for one in found],
        "took_ms": round((time.perf_counter() - began) * 1000, 2),
    }


def _result(one: records.Similar) -> dict[str, Any]:
    record = one.record
    kind, name = str(record.get("dataset_type") or "dataset"), str(record.get("name"))
    organisation = values_of(record.get("organization"))
    return {
        "id": str(record.get("id")),
        "name": name,
        "type": kind,
        "title": " ".join(values_of(record.get("title"))) or name,
        "organization": organisation[0] if organisation else None,
        "url": f"{current_app.config['SITE_URL']}/{kind}/{name}",
        "score": round(one.score, 4),
    }
