"""``/api/v1/suggest``: what a question could be going to be, while it is typed."""

from __future__ import annotations

import time
from typing import Any

from apiflask import APIBlueprint, HTTPError
from flask import current_app

from search import query
from search.api import callers, schemas
from search.generations import Index
from search.suggest import completion, spelling

blueprint = APIBlueprint("suggest", __name__, url_prefix="/api/v1", tag="Search")


@blueprint.get("/suggest")
@blueprint.input(schemas.SuggestQuery, location="query")
@blueprint.output(schemas.SuggestAnswer)
@blueprint.doc(summary="Suggest while somebody types", responses=[400, 401])
def suggest(query_data: dict[str, Any]) -> dict[str, Any]:
    """Suggest titles, keywords, publishers, places and hubs that go on as it was typed, or almost.

    Only out of records that the caller may see, as in a search. What was typed is not kept.
    """
    began = time.perf_counter()
    index: Index = current_app.extensions["index"]
    service = index.live
    try:
        found = completion.suggest(
            service.catalogue,
            query_data["q"],
            callers.labels(),
            query_data["limit"],
            spelling.known_to(service.model),
        )
    except query.QueryError as error:
        raise HTTPError(400, str(error)) from None
    return {
        "suggestions": [_line(suggestion) for suggestion in found],
        "took_ms": round((time.perf_counter() - began) * 1000, 2),
    }


def _line(suggestion: completion.Suggestion) -> dict[str, Any]:
    line: dict[str, Any] = {
        "text": suggestion.text,
        "kind": suggestion.kind,
        "name": suggestion.name,
    }
    if suggestion.count is not None:
        line["count"] = suggestion.count
    if suggestion.type is not None:
        line["url"] = f"{current_app.config['SITE_URL']}/{suggestion.type}/{suggestion.name}"
    return line
