"""``/api/v1/highlights``: what a page shows, with the words of a question marked in it."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, HTTPError
from flask import current_app

from search import query
from search.api import highlights, schemas
from search.auth import bearer_token_is_right
from search.generations import Index

blueprint = APIBlueprint("marks", __name__, url_prefix="/api/v1", tag="Search")


@blueprint.post("/highlights")
@blueprint.input(schemas.HighlightsQuery)
@blueprint.output(schemas.HighlightsAnswer)
@blueprint.doc(
    summary="Mark the words of a question in texts (token)", responses=[400, 401], security="token"
)
def mark(json_data: dict[str, Any]) -> dict[str, Any]:
    """Mark them in texts that the caller sends: he alone knows in which language he shows them.

    No record is read, so nothing can be revealed.
    """
    if not bearer_token_is_right():
        raise HTTPError(401, "the service token is missing or wrong")
    index: Index = current_app.extensions["index"]
    service, text = index.live, json_data["q"].strip()
    concepts = service.reader.read(text)
    nearest = service.nearest_text(query.meaning(text))
    return {
        "records": [
            {
                "title": highlights.marked(one["title"], concepts),
                "sentences": highlights.sentences(one["text"], concepts, nearest),
            }
            for one in json_data["records"]
        ]
    }
