"""Solr's wire, spoken by pysolr's own rules, against the real application."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from search.app import create_app
from search.catalogue.index import Catalogue
from search.service import SearchService
from search.settings import SearchSettings
from search.vectors.base import NoVectors

TOKEN = "geheim"
AUTH = {"Authorization": "Basic " + base64.b64encode(f"ckan:{TOKEN}".encode()).decode()}
RECORD = {
    "index_id": "a" * 32,
    "id": "1",
    "name": "spielplaetze",
    "title": "Spielplätze in Bendorf",
    "notes": "Alle <b>Spielplätze</b> der Stadt.",
    "state": "active",
    "permission_labels": ["public"],
    "metadata_modified": "2024-01-01T00:00:00.123456Z",
    "tags": ["Kinder"],
}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    settings = SearchSettings(search_token=TOKEN, search_mode="lexical")
    service = SearchService(Catalogue(tmp_path / "index"), NoVectors(), None)
    service.put([RECORD])
    yield create_app(service, settings).test_client()
    service.close()


def _select(client: FlaskClient, **params: Any) -> Any:
    return client.get("/solr/ckan/select/", query_string=params, headers=AUTH)


def test_people_find_inflected_words(client: FlaskClient) -> None:
    answer = _select(
        client, q="spielplatz bendorf", defType="dismax", qf="name^4 title^4 tags^2 groups^2 text",
        mm="2<-1 5<80%", tie="0.1", facet="true", **{"facet.field": "tags", "facet.mincount": 1},
    ).json  # fmt: skip
    assert answer["response"]["numFound"] == 1
    doc = answer["response"]["docs"][0]
    assert doc["metadata_modified"] == "2024-01-01T00:00:00.123Z"
    assert "permission_labels" not in doc
    assert answer["facet_counts"]["facet_fields"] == {"tags": ["Kinder", 1]}


def test_fl_names_fields(client: FlaskClient) -> None:
    docs = _select(client, q="*:*", fl="name,title score").json["response"]["docs"]
    assert set(docs[0]) == {"name", "title", "score"}


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"q": "--included"}, "syntax error"),
        ({"q": "*:*", "sort": "title"}, "Can't determine a Sort Order"),
        ({"q": "*:*", "rows": "viele"}, "rows"),
        ({"q": "*:*", "start": "-1"}, "negative"),
        ({"q": "{!knn f=v}[1]"}, "knn"),
        ({"q": "x", "defType": "dismax", "bf": "sum(1,2)"}, "bf"),
        ({"q": "x", "q.op": "XOR"}, "q.op"),
    ],
)
def test_what_is_refused_is_named(client: FlaskClient, params: dict[str, str], says: str) -> None:
    answer = _select(client, **params)
    assert answer.status_code == 400
    assert says in answer.json["error"]["msg"]


@pytest.mark.parametrize("password", ["", "falsch", TOKEN + "x"])
def test_the_secret_is_needed(client: FlaskClient, password: str) -> None:
    wrong = base64.b64encode(f"ckan:{password}".encode()).decode()
    for headers in ({}, {"Authorization": f"Basic {wrong}"}):
        assert client.get("/solr/ckan/select?q=*:*", headers=headers).status_code == 401
        assert client.post("/solr/ckan/update", data=b"[]", headers=headers).status_code == 401


def test_delete_by_query_and_schema(client: FlaskClient) -> None:
    body = b'<delete><query>+id:"1" AND +state:active</query></delete>'
    headers = {**AUTH, "Content-Type": "text/xml"}
    assert client.post("/solr/ckan/update/", data=body, headers=headers).status_code == 200
    assert _select(client, q="*:*").json["response"]["numFound"] == 0
    assert b'name="ckan-2.12"' in client.get("/solr/ckan/schema?wt=schema.xml", headers=AUTH).data


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[{", "application/json"),
        (b'[{"title": "ohne Schluessel"}]', "application/json"),
        (b"<add><doc/></add>", "text/xml"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><delete/>', "text/xml"),
        (b"<delete>", "text/xml"),
    ],
)
def test_bad_updates_change_nothing(client: FlaskClient, body: bytes, kind: str) -> None:
    answer = client.post("/solr/ckan/update/", data=body, headers={**AUTH, "Content-Type": kind})
    assert answer.status_code == 400
    assert json.loads(answer.data)["error"]["msg"]
    assert _select(client, q="*:*").json["response"]["numFound"] == 1


def test_highlights_mark_words_and_escape_everything(client: FlaskClient) -> None:
    answer = client.get("/api/v1/search?q=Spielplatz").json
    assert answer["results"][0]["highlights"] == ["Alle <mark>Spielplätze</mark> der Stadt."]


def test_highlights_of_what_a_page_shows(client: FlaskClient) -> None:
    shown = {"title": "Plätze & <i>Spiele</i>", "text": "Erstens. Alle Waldspielplätze."}
    sent = {"q": "Spielplatz", "records": [shown]}
    assert client.post("/api/v1/highlights", json=sent).status_code == 401
    headers = {"Authorization": f"Bearer {TOKEN}"}
    (one,) = client.post("/api/v1/highlights", json=sent, headers=headers).json["records"]
    assert one["title"] == "<mark>Plätze</mark> &amp; &lt;i&gt;<mark>Spiele</mark>&lt;/i&gt;"
    assert one["sentences"] == ["Alle Wald<mark>spielplätze</mark>."]


def test_meaning_alone_needs_a_model(client: FlaskClient) -> None:
    answer = client.get("/api/v1/search?q=Spielplatz&mode=semantic")
    assert answer.status_code == 400
    assert "mode=lexical" in answer.json["message"]


@pytest.mark.parametrize(
    "asked",
    ["limit=-1", "limit=viele", "mode=magic", "sort=egal", "bbox=1", "from=gestern", "facets=x"],
)
def test_the_json_api_refuses_with_a_sentence(client: FlaskClient, asked: str) -> None:
    answer = client.get(f"/api/v1/search?{asked}")
    assert answer.status_code == 400
    assert answer.json["message"]


def test_when_too_many_wait_they_are_told_to_come_again(client: FlaskClient) -> None:
    limits = client.application.extensions["limits"]
    limits.waiting = lambda: limits.most + 1
    answer = client.get("/api/v1/search?q=x")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert client.get("/healthz").status_code == 200


def test_metrics_and_request_ids_tell_nothing_of_what_was_asked(client: FlaskClient) -> None:
    answer = client.get("/api/v1/search?q=geheimes", headers={"X-Request-Id": "abc-1"})
    assert answer.headers["X-Request-Id"] == "abc-1"
    assert client.get("/healthz", headers={"X-Request-Id": "a b"}).headers["X-Request-Id"] != "a b"
    told = client.get("/metrics").data.decode()
    assert 'myk_search_requests_total{kind="/api/v1/search",status="200"} 1.0' in told
    assert "myk_search_records 1.0" in told
    assert "geheimes" not in told


def test_another_path_that_does_not_exist_is_one_kind_in_the_metrics(client: FlaskClient) -> None:
    for number in range(3):
        client.get(f"/gibt/es/nicht/{number}")
    told = client.get("/metrics").data.decode()
    assert 'kind="unknown",status="404"} 3.0' in told
