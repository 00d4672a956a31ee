"""The Flask application of the search service."""

from __future__ import annotations

import logging
from typing import Any

from apiflask import APIFlask, HTTPTokenAuth
from flask import Response, jsonify
from werkzeug.exceptions import HTTPException

from search import limits, metrics
from search.api import answer, documents, health, marks, similar, suggest, v1
from search.generations import Index
from search.service import SearchService
from search.settings import SearchSettings
from search.solr import wire

log = logging.getLogger(__name__)

#: An update may bring many records at once; a question may not.
_MAX_BODY = 64 * 1024 * 1024


def create_app(index: Index | SearchService, settings: SearchSettings) -> APIFlask:
    """Return the application around an open index."""
    app = APIFlask(
        "search",
        title="MYK search service",
        version="1",
        spec_path="/openapi.json",
        docs_path=None,
    )
    app.config.update(
        MAX_CONTENT_LENGTH=_MAX_BODY,
        SEARCH_TOKEN=settings.search_token,
        SITE_URL=settings.site_url.rstrip("/"),
        SPEC_FORMAT="json",
        AUTO_404_RESPONSE=False,
        VALIDATION_ERROR_STATUS_CODE=400,
    )
    app.security_schemes = {"token": HTTPTokenAuth().get_security_scheme()}
    app.extensions["index"] = index if isinstance(index, Index) else Index(index)
    metrics.install(app)
    limits.install(app, settings.search_queue)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(v1.blueprint)
    app.register_blueprint(suggest.blueprint)
    app.register_blueprint(similar.blueprint)
    app.register_blueprint(marks.blueprint)
    app.register_blueprint(documents.blueprint)
    app.register_blueprint(answer.blueprint)
    app.register_blueprint(wire.blueprint)
    app.spec_processor(_say_which_bodies_are_needed)
    app.register_error_handler(Exception, _unexpected)
    return app


def _say_which_bodies_are_needed(spec: dict[str, Any]) -> dict[str, Any]:
    """Mark bodies with a field that must be there as needed: the generator leaves that out."""
    for operations in spec["paths"].values():
        for operation in operations.values():
            body: dict[str, Any] = operation.get("requestBody", {})
            for content in body.get("content", {}).values():
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                if spec["components"]["schemas"].get(name, {}).get("required"):
                    body["required"] = True
    return spec


def _unexpected(error: Exception) -> tuple[Response, int] | HTTPException:
    if isinstance(error, HTTPException):
        return jsonify(message=error.description), error.code or 500
    # The log has the trace; the caller gets a sentence.
    log.exception("a request failed")
    return jsonify(message="the search service failed on this request; its log says why"), 500
