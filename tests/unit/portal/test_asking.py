"""What the portal makes of the search service's help, without a running portal."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import flask
import pytest
from ckan.plugins import toolkit
from ckanext.myk import asking, search_away
from werkzeug.routing import BuildError

from search.client import SearchRefused, SearchUnavailable


class Service:
    """Plays the search service: answers what it is told to, and remembers who asked."""

    def __init__(self) -> None:
        self.answer: Any = []
        self.asked: list[dict[str, Any]] = []

    def _ask(self, text: str, **asked: Any) -> Any:
        self.asked.append({"text": text, **asked})
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    suggest = similar = search = _ask


def _url_for(endpoint: str, **params: Any) -> str:
    if endpoint == "strange.read":
        raise BuildError(endpoint, {}, None)
    return f"{endpoint}?" + "&".join(f"{name}={value}" for name, value in params.items())


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The service, a German page's helpers, and a request of somebody without an account."""
    made = Service()
    config = {"ckanext.myk.search_url": "http://search", "ckanext.myk.search_token": "geheim"}
    monkeypatch.setattr(toolkit, "config", config)
    monkeypatch.setattr(toolkit, "_", lambda text: text)
    monkeypatch.setattr(
        toolkit, "ungettext", lambda one, more, number: one if number == 1 else more
    )
    monkeypatch.setattr(toolkit, "current_user", SimpleNamespace(is_authenticated=False))
    monkeypatch.setattr(search_away, "_look_again", None)
    monkeypatch.setattr(asking, "_client", lambda *_: made)
    monkeypatch.setattr(asking, "by_name", lambda: {"stadt-bendorf": {"title": "Bendorf"}})
    monkeypatch.setattr(asking, "facet_label", lambda facet, name, shown: shown or name)
    monkeypatch.setattr(asking, "page_address", lambda: "/dataset/")
    labels = SimpleNamespace(get_user_dataset_labels=lambda user: ["public"] if not user else ["x"])
    monkeypatch.setattr(asking, "get_permission_labels", lambda: labels)
    helpers = SimpleNamespace(
        url_for=_url_for,
        localised_number=str,
        remove_url_param=lambda key, replace, alternative_url: f"{alternative_url}?{key}={replace}",
    )
    monkeypatch.setattr(toolkit, "h", helpers)
    with flask.Flask("test").test_request_context("/suggest?q=feuer"):
        monkeypatch.setattr(toolkit, "request", flask.request)
        yield made


def suggested(path: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    with flask.Flask("test").test_request_context(path):
        monkeypatch.setattr(toolkit, "request", flask.request)
        response = asking.suggest()
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        return response.json


def test_each_line_leads_somewhere(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.answer = [
        {"kind": "place", "text": "Bendorf", "name": "Bendorf", "count": 3},
        {"kind": "organisation", "text": "Stadt Bendorf", "name": "stadt-bendorf", "count": 2},
        {"kind": "group", "text": "Mobil Hub", "name": "mobil-hub", "count": 1},
        {"kind": "tag", "text": "Feuerwehr", "name": "Feuerwehr", "count": 5},
        {"kind": "title", "text": "Bericht", "name": "b", "url": "http://p/dataset/b"},
        {"kind": "title", "text": "Seltsam", "name": "s", "url": "http://p/strange/s"},
        {"kind": "new", "text": "Unbekannt", "name": "u"},
    ]
    answer = suggested("/suggest?q=%20feuer%20", monkeypatch)
    assert service.asked == [{"text": "feuer", "labels": ["public"], "limit": 8}]
    assert [(line["text"], line["url"]) for line in answer["suggestions"]] == [
        ("Bendorf", "dataset.search?q=Bendorf"),
        ("Stadt Bendorf", "organization.read?id=stadt-bendorf"),
        ("Mobil Hub", "group.read?id=mobil-hub"),
        ("Feuerwehr", "dataset.search?tags=Feuerwehr"),
        ("Bericht", "dataset.read?id=b"),
    ]
    assert answer["said"] == "5 suggestions"
    assert answer["suggestions"][3]["count"] == "5"
    assert answer["suggestions"][4]["count"] == ""


@pytest.mark.parametrize(
    "answer", [SearchUnavailable("away"), SearchRefused("too long"), []], ids=str
)
def test_no_help_is_no_error(
    service: Service, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    service.answer = answer
    assert suggested("/suggest?q=x", monkeypatch) == {"suggestions": [], "said": "No suggestions"}
    assert asking.similar({"id": "1", "state": "active"}) == []
    service.answer = answer or {"did_you_mean": None}
    assert asking.did_you_mean("x") is None


def test_nothing_typed_asks_nobody(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    suggested("/suggest", monkeypatch)
    suggested("/suggest?q=+", monkeypatch)
    suggested("/suggest?q=" + "a" * 900, monkeypatch)
    assert [len(asked["text"]) for asked in service.asked] == [200]


def test_who_knows_that_the_service_is_away_does_not_ask(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_away, "known_away", lambda: True)
    assert suggested("/suggest?q=x", monkeypatch)["suggestions"] == []
    assert service.asked == []


def test_staff_ask_with_their_labels(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolkit, "current_user", SimpleNamespace(is_authenticated=True))
    suggested("/suggest?q=x", monkeypatch)
    assert service.asked[0]["labels"] == ["x"]


@pytest.mark.parametrize(
    ("blueprint", "args", "fields", "filters", "url"),
    [
        ("dataset", {}, [], {"type": ["dataset"]}, "/dataset/?q=Feuerwehr"),
        (
            "dataset", {}, [("tags", "a"), ("tags", "b"), ("organization", "o")],
            {"type": ["dataset"], "tag": ["a", "b"], "org": ["o"]}, "/dataset/?q=Feuerwehr",
        ),
        ("organization", {"id": "stadt-bendorf"}, [], {"org": ["stadt-bendorf"]},
         "/dataset/?q=Feuerwehr"),
        # What the service cannot narrow down to is left out, and the link says so.
        ("dataset", {}, [("theme", "t")], {}, "dataset.search?q=Feuerwehr"),
        ("group", {"id": "0c9f"}, [], {}, "dataset.search?q=Feuerwehr"),
    ],
)  # fmt: skip
def test_a_better_spelling_keeps_the_filters(
    service: Service, monkeypatch: pytest.MonkeyPatch, blueprint: str, args: dict[str, str],
    fields: list[tuple[str, str]], filters: dict[str, list[str]], url: str,
) -> None:  # fmt: skip
    request = SimpleNamespace(blueprint=blueprint, view_args=args)
    monkeypatch.setattr(toolkit, "request", request)
    service.answer = {"did_you_mean": "Feuerwehr"}
    assert asking.did_you_mean("Feuerwer", fields) == {"text": "Feuerwehr", "url": url}
    (asked,) = service.asked
    kept = {name: value for name, value in asked.items() if name in ("type", "tag", "org", "hub")}
    assert kept == filters
    assert asking.did_you_mean("Feuerwer", fields, page=2) is None
    assert asking.did_you_mean("", fields) is None


def test_similar_records(service: Service) -> None:
    service.answer = [
        {"type": "dataset", "name": "b", "title": "Bericht", "organization": "kreis"},
        {"type": "strange", "name": "s", "title": "Seltsam", "organization": None},
    ]
    assert asking.similar({"id": "1", "state": "active"}) == [
        {"title": "Bericht", "url": "dataset.read?id=b", "publisher": "kreis"}
    ]
    assert asking.similar({"id": "1", "state": "draft"}) == []
    assert len(service.asked) == 1


def test_staff_learn_why(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    member = SimpleNamespace(is_authenticated=True, sysadmin=False, name="amt")
    records = [{"id": "1"}, {"id": "2"}]
    service.answer = {
        "results": [
            {
                "id": "1",
                "why": {
                    "words": [
                        {"word": "Spielplatz", "field": "title", "written": ["Spielplätze"]},
                        {"word": "Spielplatz", "field": "tags", "written": ["Spielplatz"]},
                        {"word": "Bendorf", "field": "place", "written": ["Bendorf"]},
                    ],
                    "meaning": 0.614,
                    "score": 1.2345,
                },
            },
            {"id": "2", "why": {"words": [], "meaning": None, "score": None}},
        ]
    }
    assert asking.why(records, "Spielplatz") == {}, "visitors do not ask"
    monkeypatch.setattr(toolkit, "current_user", member)
    monkeypatch.setattr(asking, "has_user_permission_for_some_org", lambda name, _: name != "amt")
    assert asking.why(records, "Spielplatz") == {}, "nor do accounts that belong to nobody"
    assert service.asked == []
    monkeypatch.setattr(asking, "has_user_permission_for_some_org", lambda name, _: name == "amt")
    assert asking.why(records, "Spielplatz") == {
        "1": [
            "“Spielplatz”, there “Spielplätze”, in: title, keywords",
            "“Bendorf” in: place",
            "Nearness in meaning: 61 %",
            "Score: 1.23",
        ],
        "2": ["None of the words is in it"],
    }
    assert service.asked[0]["id"] == ["1", "2"]
    assert asking.why([], "x") == asking.why(records, "") == {}
