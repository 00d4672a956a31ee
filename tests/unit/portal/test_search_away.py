"""What the portal makes of a search service that is away, without a running portal."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import flask
import pysolr
import pytest
import requests
from ckan.lib.search import SearchError, SearchIndexError, SolrConnectionError
from ckan.plugins import toolkit
from ckanext.myk import search_away

GONE = "Failed to connect to server at http://ckan:geheim@127.0.0.1:1/solr/ckan/select/: refused"
MUTE = "Connection to server 'http://ckan:geheim@127.0.0.1:1/solr/ckan/select/' timed out: x"


@pytest.fixture(autouse=True)
def service(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A service that answers or not, after how long, and how often it was looked at."""
    state = SimpleNamespace(answers=True, looks=0, seconds=1.0, now=0.0)

    def get(*_args: Any, **_options: Any) -> Any:
        state.looks += 1
        state.now += state.seconds
        if not state.answers:
            raise requests.ConnectTimeout
        return None

    config = {"solr_url": "http://127.0.0.1:1/solr/ckan", "solr_timeout": 5}
    monkeypatch.setattr(toolkit, "config", config)
    monkeypatch.setattr(requests, "get", get)
    monkeypatch.setattr(search_away, "_look_again", None)
    monkeypatch.setattr(search_away, "time", SimpleNamespace(monotonic=lambda: state.now))
    return state


def raised(said: str, kind: type[Exception] = SearchError) -> Exception:
    """An error of CKAN's as it comes of one of pysolr's."""
    try:
        try:
            raise pysolr.SolrError(said)
        except pysolr.SolrError:
            raise kind("SOLR returned an error running query") from None
    except kind as error:
        return error


@pytest.mark.parametrize(
    ("said", "away"),
    [
        (GONE, True),
        (MUTE, True),
        ("Solr responded with an error (HTTP 503): [Reason: busy]", True),
        ("Solr responded with an error (HTTP 401): [Reason: solr_password is wrong]", True),
        ("Solr responded with an error (HTTP 400): [Reason: syntax error at 0]", False),
        (f"Solr responded with an error (HTTP 400): [Reason: {GONE}]", False),
    ],
)
def test_silence_is_told_from_a_question_that_cannot_be_read(said: str, away: bool) -> None:
    assert search_away.is_away(raised(said)) is away
    assert search_away.is_away(raised(said, SearchIndexError)) is away


def test_who_has_waited_in_vain_does_not_wait_again(service: SimpleNamespace) -> None:
    ask = search_away.actions()["package_search"]
    asked = []

    def mute(_context: Any, _data: Any) -> Any:
        asked.append(1)
        raise SolrConnectionError("Solr returned an error while searching.")

    assert ask(lambda _context, _data: 1, {}, {}) == 1
    assert service.looks == 0, "costs nothing while all is well"
    service.answers = False
    for _ in range(3):
        with pytest.raises(SolrConnectionError):
            ask(mute, {}, {})
    assert (len(asked), service.looks) == (1, 1)
    with pytest.raises(search_away.NotIndexedError):
        search_away.before_index()
    context: dict[str, Any] = {}
    search_away.actions()["package_show"](lambda _context, _data: 1, context, {})
    assert context["use_cache"] is False


def test_what_hangs_is_seldom_looked_at(service: SimpleNamespace) -> None:
    service.answers = False
    search_away.look()
    service.answers = True
    service.now += 1.9
    assert search_away.known_away()
    service.now += 0.2
    assert not search_away.known_away()
    assert not search_away.known_away()
    assert service.looks == 2


def test_what_refuses_at_once_is_asked_again_at_once(service: SimpleNamespace) -> None:
    service.answers, service.seconds = False, 0.001
    search_away.look()
    service.answers = True
    service.now += 0.003
    assert not search_away.known_away()


def test_one_slow_question_does_not_close_the_portal(service: SimpleNamespace) -> None:
    def slow(_context: Any, _data: Any) -> Any:
        raise raised(MUTE)

    with pytest.raises(SolrConnectionError):
        search_away.actions()["package_search"](slow, {}, {})
    assert not search_away.known_away()


def test_an_unreadable_question_stays_the_visitors(service: SimpleNamespace) -> None:
    def unreadable(_context: Any, _data: Any) -> Any:
        raise raised("Solr responded with an error (HTTP 400): [Reason: syntax error at 0]")

    with pytest.raises(SearchError):
        search_away.actions()["package_search"](unreadable, {}, {})
    assert service.looks == 0


def test_lists_without_counts_need_no_search(service: SimpleNamespace) -> None:
    service.answers = False
    search_away.look()
    ask = search_away.actions()["organization_list"]
    assert ask(lambda _context, _data: ["a"], {}, {}) == ["a"]
    with pytest.raises(SolrConnectionError):
        ask(lambda _context, _data: ["a"], {}, {"all_fields": "true"})


def test_the_api_keeps_ckans_help() -> None:
    from ckan.logic.action import get

    for name, action in search_away.actions().items():
        assert action.__dict__["__doc__"] == getattr(get, name).__doc__
        assert action.side_effect_free


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> flask.Flask:
    """An application with handlers as CKAN's, and pages and actions that meet the errors."""
    app = flask.Flask("portal")

    def usual(error: Any) -> tuple[str, int]:
        return "usual", getattr(error, "code", 500)

    app.register_error_handler(500, usual)
    app.register_error_handler(Exception, usual)
    search_away.install(app)
    monkeypatch.setattr(toolkit, "render", lambda name, extra: f"{name} {extra}")

    @app.route("/raise/<what>", methods=["GET", "POST"])
    def page(what: str) -> str:
        unreadable = "Solr responded with an error (HTTP 400): [Reason: no]"
        raise {
            "gone": SolrConnectionError("gone"),
            "index": raised(GONE, SearchIndexError),
            "refused": raised(unreadable, SearchIndexError),
            "unreadable": raised(unreadable),
            "bug": ValueError("bug"),
        }[what]

    @app.route("/gives-up/<said>")
    def gives_up(said: str) -> str:
        try:
            raise raised(GONE if said == "gone" else "no", SearchIndexError)
        except SearchIndexError as error:
            flask.abort(500, str(error))

    @app.route("/api", endpoint="api.action", methods=["POST"])
    def api() -> flask.Response:
        told = flask.request.get_json()
        return flask.Response(json.dumps(told), 500, content_type="application/json")

    return app


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/raise/gone", 503), ("/raise/index", 503), ("/gives-up/gone", 503),
        ("/raise/refused", 500), ("/gives-up/other", 500), ("/raise/bug", 500),
        ("/raise/unreadable", 400),
    ],
)  # fmt: skip
def test_pages(portal: flask.Flask, path: str, status: int) -> None:
    answer = portal.test_client().get(path)
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) is (status == 503)
    assert ("search_away" in answer.text) is (status == 503)


def test_a_page_that_would_save_says_that_it_did_not(portal: flask.Flask) -> None:
    assert "'saving': True" in portal.test_client().post("/raise/index").text


@pytest.mark.parametrize(
    ("kind", "said", "status"),
    [
        ("Search Connection Error", "Unable to connect to the search server", 503),
        ("Search Index Error", f"Unable to add package to search index: {GONE}", 503),
        ("Search Index Error", "Unable to add package to search index: no such field", 500),
        ("Internal Server Error", "Internal Server Error", 500),
    ],
)
def test_the_api(portal: flask.Flask, kind: str, said: str, status: int) -> None:
    body = {"success": False, "error": {"__type": kind, "message": said}}
    answer = portal.test_client().post("/api", json=body)
    assert answer.status_code == status
    assert answer.get_json()["error"]["__type"] == kind
    assert "geheim" not in answer.text
    assert ("Retry-After" in answer.headers) is (status == 503)
