"""One id for a visitor's request and all that it asks of the search service.

The answer carries it (``X-Request-Id``), and the log lines of the search service do: what a visitor
reports can be found in both. A proxy's own id is kept.
"""

from __future__ import annotations

import re
import secrets

import pysolr
import requests
from flask import Flask, Response, g, has_request_context, request

HEADER = "X-Request-Id"
#: What may stand in a log line.
_PLAIN = re.compile(r"[\w.-]{1,64}", re.ASCII)


def install(app: Flask) -> None:
    """Give each request an id, and pass it on."""
    app.before_request(_begin)
    app.after_request(_answer)
    # CKAN makes its connections in many places and offers none to add a header.
    if pysolr.Solr.get_session is not _session_with_id:
        pysolr.Solr.get_session = _session_with_id


def current() -> str:
    """Return the id of the request that is answered; empty outside of one."""
    return str(g.get("myk_request_id", "")) if has_request_context() else ""


def _begin() -> None:
    sent = request.headers.get(HEADER, "")
    g.myk_request_id = sent if _PLAIN.fullmatch(sent) else secrets.token_hex(8)


def _answer(response: Response) -> Response:
    if current():
        response.headers[HEADER] = current()
    return response


_get_session = pysolr.Solr.get_session


def _session_with_id(self: pysolr.Solr) -> requests.Session:
    session: requests.Session = _get_session(self)
    if current():
        session.headers[HEADER] = current()
    return session
