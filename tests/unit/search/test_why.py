"""Why a result is one: read off the record, not guessed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from search import why
from search.api import schemas
from search.app import create_app
from search.catalogue.index import Catalogue
from search.service import SearchService
from search.settings import SearchSettings
from search.vectors.base import NoVectors

RECORD = {
    "index_id": "0" * 32,
    "id": "id-0",
    "name": "spielplaetze",
    "title": "Spielplätze der Stadt Bendorf",
    "tags": ["Kinder", "Freizeit"],
    "organization_title": "Stadt Bendorf",
    "notes": "Wo Kinder spielen: jeder Spielplatz mit Adresse.",
    "res_name": ["spielplaetze-2026.csv"],
    "state": "active",
    "dataset_type": "dataset",
    "permission_labels": ["public"],
    "metadata_modified": "2026-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("ways", "fields"),
    [
        ((("spielplatz",),), ["title", "files", "notes", "name"]),
        ((("kind",),), ["tags", "notes"]),
        ((("rutsche",), ("kind", "spielplatz")), ["title", "tags", "files", "notes", "name"]),
        # One half alone is no match.
        ((("kind", "rutsche"),), []),
        (((),), []),
        ((), []),
    ],
)
def test_matches(ways: tuple[tuple[str, ...], ...], fields: list[str]) -> None:
    found = why.matches([why.Asked("x", ways)], RECORD)
    assert [match.field for match in found] == fields


def test_how_it_is_written_there() -> None:
    (title, *_) = why.matches([why.Asked("spielplatz", (("spielplatz",),))], RECORD)
    assert title == why.Match("spielplatz", "title", ("Spielplätze",))


def test_side_by_side() -> None:
    def fields(*tokens: str) -> list[str]:
        asked = why.Asked("x", (tokens,), side_by_side=True)
        return [match.field for match in why.matches([asked], RECORD)]

    assert fields("stadt", "bendorf") == ["title", "organisation"]
    assert fields("bendorf", "stadt") == []
    assert fields("spielplatz", "stadt") == []


def test_a_record_without_texts() -> None:
    assert why.matches([why.Asked("x", (("x",),))], {"id": "x", "title": None}) == [
        why.Match("x", "name", ("x",))
    ]


def test_the_description_names_the_fields() -> None:
    assert tuple(why.FIELDS) == schemas.WHY_FIELDS


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    service = SearchService(Catalogue(tmp_path_factory.mktemp("why") / "index"), NoVectors(), None)
    other = {**RECORD, "index_id": "1" * 32, "id": "id-1", "name": "x", "title": "Haushalt"}
    service.put([RECORD, {**other, "notes": "Kinder", "res_name": []}])
    yield create_app(service, SearchSettings(search_token="geheim")).test_client()
    service.close()


def ask(client: FlaskClient, **params: Any) -> Any:
    answer = client.get("/api/v1/search", query_string=params)
    assert answer.status_code == 200, answer.get_data(True)
    assert answer.json is not None
    return answer.json["results"]


def test_explained_results(client: FlaskClient) -> None:
    results = ask(client, q="Kinderspielplatz -Rutsche", explain="true")
    best = results[0]["why"]
    assert results[0]["id"] == "id-0"
    assert {one["word"] for one in best["words"]} == {"Kinderspielplatz"}
    assert "title" in {one["field"] for one in best["words"]}
    assert best["meaning"] is None
    assert best["score"] == results[0]["score"]
    assert all("why" not in result for result in ask(client, q="Kinder"))
    (everything, *_) = ask(client, explain="true")
    assert everything["why"]["words"] == []


def test_only_these_records(client: FlaskClient) -> None:
    both = ask(client, q="Kinder")
    assert len(both) == 2
    (one,) = ask(client, q="Kinder", id=["id-1", "gibt-es-nicht"])
    assert one["id"] == "id-1"
    assert one["score"] == next(hit["score"] for hit in both if hit["id"] == "id-1")


def test_large_pages_are_explained_at_their_beginning(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.api.v1._MOST_EXPLAINED", 1)
    first, second = ask(client, q="Kinder", explain="true", limit=1_000)
    assert "why" in first
    assert "why" not in second
