"""While the search service is away: how the portal notices, and what it answers.

CKAN asks the service in many places and takes its silence for many things: an error of its own
(500), a question that cannot be read (200 with a note), a reason to wait again for each part of a
page. Here it is one thing: 503 with a page that explains it (or the API's JSON), at once, until the
service answers again. Records are shown from the database meanwhile.

How: CKAN's actions are chained, so that a process that has waited in vain does not wait again, and
error handlers turn what CKAN makes of the silence into the answer.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any

import pysolr
import requests
from ckan.lib.search import SearchError, SearchIndexError, SolrConnectionError
from ckan.logic.action import get
from ckan.plugins import toolkit
from flask import Flask, Response, make_response
from werkzeug.exceptions import BadRequest, InternalServerError

log = logging.getLogger(__name__)

#: Seconds after which a visitor or program may try again.
RETRY_AFTER = 5

#: Seconds that a sign of life may take. After a look in vain there is none for twice the time that
#: it took: what refuses at once can be asked at each request, so that no process goes on saying
#: 503 after the service is back; what hangs must not make each request wait.
_PATIENCE = 1.0
_REST = 2.0

#: What pysolr says of a service that is not there, or that fails. The statuses that are left out
#: are answers to a question that it cannot read: those are the visitor's.
_AWAY = re.compile(
    r"Failed to connect to server|Connection to server|Could not connect to Solr"
    r"|Solr responded with an error \(HTTP (?!400|413|414|422|431)"
)

#: What the API says. CKAN's own words may name the service's address and password.
_MESSAGE = "The search service does not answer. Nothing was changed. Please try again in a moment."

#: When to look again; None while the service answers. Each process has its own view.
_look_again: float | None = None


class NotIndexedError(SearchIndexError):
    """A record cannot be saved, because the index cannot be told of it."""


def known_away() -> bool:
    """Say whether the service was away lately and still is; costs nothing while all is well."""
    if _look_again is None:
        return False
    return time.monotonic() < _look_again or not look()


def look() -> bool:
    """Look whether the service answers, and remember it.

    A slow question alone is not silence, and any answer is a sign of life: a service that refuses
    does so at once.
    """
    global _look_again
    config = toolkit.config
    began = time.monotonic()
    user, password = config.get("solr_user"), config.get("solr_password")
    try:
        requests.get(
            f"{str(config['solr_url']).rstrip('/')}/admin/ping",
            auth=(str(user), str(password)) if user and password else None,
            timeout=_PATIENCE,
        )
        answers = True
    except requests.RequestException:
        answers = False
    if not answers and _look_again is None:
        log.error("the search service does not answer: pages and API answer 503 until it does")
    if answers and _look_again is not None:
        log.warning("the search service answers again")
    now = time.monotonic()
    _look_again = None if answers else now + _REST * (now - began)
    return answers


def is_away(error: BaseException | None) -> bool:
    """Say whether an error comes from a service that is away, not from the question."""
    while error is not None:
        if isinstance(error, SolrConnectionError | NotIndexedError):
            return True
        if isinstance(error, pysolr.SolrError):
            return bool(_AWAY.match(str(error)))
        error = error.__context__
    return False


# -- actions -------------------------------------------------------------------------------


def actions() -> dict[str, Any]:
    """Return the actions that notice a service that is away: those that ask it themselves."""
    out = {"package_show": _chained("package_show", _show)}
    for name in ("package_search", "package_autocomplete"):
        out[name] = _chained(name, _ask)
    for name in ("group_list", "organization_list"):
        out[name] = _chained(name, _list)
    return out


def _chained(name: str, function: Callable[[Any, Any, Any], Any]) -> Any:
    def action(original: Any, context: Any, data_dict: Any) -> Any:
        return function(original, context, data_dict)

    # CKAN shows the text of the outermost action as the API's help; it is to stay CKAN's.
    action.__dict__["__doc__"] = getattr(get, name).__doc__
    return toolkit.chained_action(toolkit.side_effect_free(action))


def _ask(original: Any, context: Any, data_dict: Any) -> Any:
    if known_away():
        raise SolrConnectionError(_MESSAGE)
    try:
        return original(context, data_dict)
    except (SearchError, SolrConnectionError) as error:
        if not is_away(error):
            raise
        look()
        raise SolrConnectionError(_MESSAGE) from error
    except requests.RequestException as error:  # cut off in the middle of its answer
        look()
        raise SolrConnectionError(_MESSAGE) from error


def _list(original: Any, context: Any, data_dict: Any) -> Any:
    # The long form counts the records of each with a search; the short one needs none.
    if toolkit.asbool(data_dict.get("all_fields", False)):
        return _ask(original, context, data_dict)
    return original(context, data_dict)


def _show(original: Any, context: Any, data_dict: Any) -> Any:
    """Read a record from the database without asking the index while the service is away.

    CKAN reads the database by itself when the index fails, but says nothing about it: that it
    waited in vain shows in the time alone.
    """
    if known_away():
        context["use_cache"] = False
    began = time.monotonic()
    record = original(context, data_dict)
    if time.monotonic() - began >= int(toolkit.config.get("solr_timeout") or 60):
        look()
    return record


def before_index() -> None:
    """Refuse to save at once while the service is away.

    A hanging service would otherwise carry out what CKAN has given up and rolled back.
    """
    if known_away():
        raise NotIndexedError(_MESSAGE)


# -- answers -------------------------------------------------------------------------------


def install(app: Flask) -> None:
    """Let the application answer 503 where the service is away.

    CKAN's own handler stays for everything else. A page that caught the error and gave up with a
    500 (search, saving) is recognised by the error in whose handling it did.
    """
    usual: Any = app.error_handler_spec[None][500][InternalServerError]

    def answer(error: Exception) -> Any:
        if is_away(error):
            return unavailable()
        if isinstance(error, SearchError):  # a question that the service cannot read
            return usual(BadRequest())
        return usual(error)

    for kind in (InternalServerError, SearchError, SearchIndexError, SolrConnectionError):
        app.register_error_handler(kind, answer)
    app.after_request(_api_answer)


def unavailable(page: str | None = None) -> Response:
    """Return an answer with status 503: the page given, else the one that explains it."""
    response = make_response(
        page
        or toolkit.render(
            "myk/search_away.html", {"saving": toolkit.request.method not in ("GET", "HEAD")}
        )
    )
    return _mark(response)


def _mark(response: Response) -> Response:
    if _look_again is None:
        look()
    response.status_code = 503
    response.headers["Retry-After"] = str(RETRY_AFTER)
    response.headers["Cache-Control"] = "no-store"
    return response


def _api_answer(response: Response) -> Response:
    """Turn the API's 500 into a 503."""
    if response.status_code != 500 or toolkit.request.endpoint != "api.action":
        return response
    body = response.get_json(silent=True) or {}
    error = body.get("error") or {}
    kind, said = error.get("__type"), str(error.get("message"))
    if kind == "Search Connection Error" or (
        kind == "Search Index Error" and (_MESSAGE in said or _AWAY.search(said))
    ):
        error["message"] = _MESSAGE
        response.set_data(json.dumps(body))
        return _mark(response)
    return response
