"""Passages of files: written, found, and shown to those alone who may see their record."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from search import encoder
from search.app import create_app
from search.generations import Index
from search.passages import words
from search.passages.edge import EdgePassages
from search.passages.ledger import Ledger
from search.passages.model import FileState, Passage
from search.passages.service import Passages
from search.passages.store import Point
from search.question import Reader
from search.settings import SearchSettings

TOKEN = {"Authorization": "Bearer secret"}
TEXTS = [
    "Der Stadtrat beschließt, den Spielplatz in der Parkstraße mit einer Rutsche auszustatten.",
    "Die Hundesteuer beträgt ab dem 1. Januar 72 Euro im Jahr für den ersten Hund.",
    "Die Kläranlage wird um eine vierte Reinigungsstufe erweitert; die Kosten trägt das Land.",
]


@pytest.fixture(scope="module")
def model() -> encoder.Encoder:
    return encoder.load()


@pytest.fixture
def passages(tmp_path: Path, model: encoder.Encoder) -> Iterator[Passages]:
    opened = Passages.open(tmp_path / "passages", model, Reader())
    yield opened
    opened.close()


def everybody(ids: Collection[str]) -> Collection[str]:
    return ids


def nobody(ids: Collection[str]) -> Collection[str]:
    return []


def put(
    passages: Passages, file: str, texts: list[str], version: str = "1", record: str = ""
) -> None:
    record = record or f"record-{file}"
    made = [
        Passage(record, file, version, number, text, page=number + 1)
        for number, text in enumerate(texts)
    ]
    passages.put(FileState(file, record, version, len(made)), made)


def found(passages: Passages, text: str, seen: Any = everybody, **options: Any) -> list[str]:
    return [hit.passage.text for hit in passages.search(text, seen, 5, **options)]


def test_found_by_words_and_by_meaning(passages: Passages) -> None:
    put(passages, "a", TEXTS)
    assert found(passages, "Hundesteuer")[0] == TEXTS[1]
    assert found(passages, "Was kostet es, einen Hund zu halten?")[0] == TEXTS[1]
    assert found(passages, "Abwasserreinigung")[0] == TEXTS[2]
    assert found(passages, "Hundesteuer", meaning=False) == [TEXTS[1]]


def test_parts_of_compounds_are_words_of_a_passage(passages: Passages) -> None:
    put(passages, "a", TEXTS)
    assert found(passages, "Steuer für Hunde", meaning=False)[0] == TEXTS[1]
    assert found(passages, "Reinigung", meaning=False) == [TEXTS[2]]


def test_what_is_not_meant_is_not_found(passages: Passages) -> None:
    put(passages, "a", TEXTS)
    for text in ("xyzzy", "qwrtz plmkk", ""):
        assert found(passages, text) == []


def test_signs(passages: Passages) -> None:
    put(passages, "a", ["Rutsche und Schaukel im Park", "Rutsche und Klettergerüst im Park"])
    assert found(passages, "Rutsche -Schaukel") == ["Rutsche und Klettergerüst im Park"]
    assert found(passages, "Park +Schaukel") == ["Rutsche und Schaukel im Park"]


def test_a_phrase_is_found_where_its_words_stand_side_by_side(passages: Passages) -> None:
    put(passages, "a", ["Der Park hat eine große Rutsche.", "Die Rutsche ist groß, der Park alt."])
    assert found(passages, '"große Rutsche"') == ["Der Park hat eine große Rutsche."]
    assert found(passages, '"kleine Rutsche"') == []


def test_a_new_version_replaces_the_old_one_whole(passages: Passages) -> None:
    put(passages, "a", TEXTS)
    put(passages, "a", TEXTS[:1], version="2")
    assert len(passages) == 1
    assert found(passages, "Hundesteuer", meaning=False) == []
    assert passages.files() == [FileState("a", "record-a", "2", 1)]
    put(passages, "a", TEXTS[:1], version="2")
    assert len(passages) == 1


def test_words_are_counted_as_if_only_the_present_versions_had_been_written(
    tmp_path: Path, model: encoder.Encoder
) -> None:
    changed = Passages.open(tmp_path / "changed", model, Reader())
    put(changed, "a", TEXTS)
    put(changed, "b", TEXTS[1:])
    put(changed, "a", TEXTS[2:], version="2")
    changed.remove(["b"])
    fresh = Passages.open(tmp_path / "fresh", model, Reader())
    put(fresh, "a", TEXTS[2:], version="2")
    for one in (changed, fresh):
        one.close()
    ledgers = [Ledger(tmp_path / name / "ledger.db") for name in ("changed", "fresh")]
    for text in TEXTS:
        for number in words.of_passage(text):
            assert ledgers[0].idf(number) == ledgers[1].idf(number)
    assert ledgers[0].total == ledgers[1].total == 1


def test_what_a_crash_left_is_never_shown_and_removed_at_the_next_start(
    tmp_path: Path, model: encoder.Encoder
) -> None:
    opened = Passages.open(tmp_path / "p", model, Reader())
    put(opened, "a", TEXTS[:1])
    opened.close()
    # A new version was written, but the ledger did not come to say so; and a file of no ledger.
    store = EdgePassages(tmp_path / "p" / "points", model.traits.dimension)
    zero = np.zeros(model.traits.dimension, dtype=np.float32)
    for file in ("a", "b"):
        left = Passage(f"record-{file}", file, "9", 0, TEXTS[1])
        store.put([Point(left, zero, words.of_passage(TEXTS[1]))])
    store.close()
    again = Passages.open(tmp_path / "p", model, Reader())
    assert found(again, "Hundesteuer", meaning=False) == []
    assert found(again, "Spielplatz", meaning=False) == TEXTS[:1]
    again.close()
    store = EdgePassages(tmp_path / "p" / "points", model.traits.dimension)
    assert len(store) == 1
    store.close()


def test_another_model_makes_the_vectors_again(tmp_path: Path, model: encoder.Encoder) -> None:
    words_only = Passages.open(tmp_path / "p", None, Reader())
    put(words_only, "a", TEXTS)
    assert found(words_only, "Hundesteuer") == [TEXTS[1]]
    words_only.close()
    again = Passages.open(tmp_path / "p", model, Reader())
    assert found(again, "Was kostet es, einen Hund zu halten?")[0] == TEXTS[1]
    assert len(again) == 3
    again.close()


def test_the_hidden_do_not_crowd_out_what_may_be_seen(passages: Passages) -> None:
    for number in range(300):
        put(passages, f"hidden-{number}", [TEXTS[1]], record=f"hidden-{number}")
    put(passages, "open", ["Die Hundesteuer wird erhöht."], record="open")

    def seen(ids: Collection[str]) -> Collection[str]:
        return [one for one in ids if one == "open"]

    assert found(passages, "Hundesteuer", seen) == ["Die Hundesteuer wird erhöht."]
    assert found(passages, "Hundesteuer", nobody) == []


def test_context(passages: Passages) -> None:
    put(passages, "a", TEXTS)
    one = passages.search("Hundesteuer", everybody, 1)[0].passage
    assert [near.text for near in passages.passage(one.id, everybody, 1)] == TEXTS
    assert [near.text for near in passages.passage(one.id, everybody)] == [TEXTS[1]]
    assert passages.passage(one.id, nobody, 1) == []
    for unknown in ("", "nonsense", "0" * 32):
        assert passages.passage(unknown, everybody) == []


# -- the API -------------------------------------------------------------------------------


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    settings = SearchSettings(
        search_folder=tmp_path / "index", search_token="secret", config=tmp_path
    )
    index = Index.open(settings)
    yield create_app(index, settings).test_client()
    index.close()


def got(client: FlaskClient, path: str, headers: dict[str, str] | None = None) -> Any:
    return client.get(path, headers=headers or {}).json


def record(name: str, label: str = "public", **more: Any) -> dict[str, Any]:
    return {
        "index_id": f"key-{name}", "id": f"id-{name}", "name": name, "title": f"Sitzung {name}",
        "notes": "Unterlagen", "dataset_type": "document", "state": "active",
        "permission_labels": [label], "site_id": "default", **more,
    }  # fmt: skip


def write(client: FlaskClient, *records: dict[str, Any]) -> None:
    client.application.extensions["index"].put(records)


def send(client: FlaskClient, file: str, name: str, texts: list[str]) -> Any:
    body = {
        "record": f"id-{name}", "version": "1",
        "passages": [{"text": text, "page": 7, "headings": ["TOP 3"]} for text in texts],
    }  # fmt: skip
    return client.put(f"/api/v1/documents/{file}", json=body, headers=TOKEN)


def test_a_record_is_found_by_what_its_file_says(client: FlaskClient) -> None:
    write(client, record("rat"), record("ausschuss"))
    assert got(client, "/api/v1/search?q=Hundesteuer")["count"] == 0
    assert send(client, "f1", "rat", TEXTS).json["passages"] == 3
    answer = got(client, "/api/v1/search?q=Hundesteuer&facets=type")
    assert [one["id"] for one in answer["results"]] == ["id-rat"]
    assert answer["count"] == 1
    assert answer["facets"]["type"] == [{"value": "document", "count": 1}]
    best = answer["results"][0]["passages"][0]
    assert best["text"] == TEXTS[1]
    assert (best["page"], best["file"], best["headings"]) == (7, "f1", ["TOP 3"])
    assert "<mark>Hundesteuer</mark>" in best["highlights"][0]
    passage = got(client, "/api/v1/passages?q=Hundesteuer")["results"][0]
    assert passage["title"] == "Sitzung rat"
    assert passage["url"].endswith("/document/rat")
    around = got(client, f"/api/v1/passages/{passage['id']}?around=1")["passages"]
    assert [one["text"] for one in around] == TEXTS


def test_permission_follows_the_record_at_once(client: FlaskClient) -> None:
    write(client, record("geheim", "member-1"))
    send(client, "f1", "geheim", TEXTS)
    staff = {**TOKEN, "X-Myk-Labels": "member-1"}
    number = got(client, "/api/v1/passages?q=Hundesteuer", staff)["results"][0]["id"]

    def public() -> tuple[int, int, int]:
        return (
            got(client, "/api/v1/search?q=Hundesteuer")["count"],
            len(got(client, "/api/v1/passages?q=Hundesteuer")["results"]),
            client.get(f"/api/v1/passages/{number}").status_code,
        )

    assert public() == (0, 0, 404)
    write(client, record("geheim", "public"))
    assert public() == (1, 1, 200)
    write(client, record("geheim", "public", state="deleted"))
    assert public()[1:] == (0, 404)


def test_only_the_portal_writes_and_lists(client: FlaskClient) -> None:
    body = {"record": "id-rat", "version": "1", "passages": []}
    assert client.put("/api/v1/documents/f1", json=body).status_code == 401
    assert client.delete("/api/v1/documents/f1").status_code == 401
    assert client.get("/api/v1/documents").status_code == 401
    send(client, "f1", "rat", TEXTS)
    listed = got(client, "/api/v1/documents?record=id-rat", headers=TOKEN)["documents"]
    assert listed == [{"file": "f1", "record": "id-rat", "version": "1", "passages": 3}]
    assert client.delete("/api/v1/documents/f1", headers=TOKEN).json == {"removed": 1}
    assert got(client, "/api/v1/documents", headers=TOKEN)["documents"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"record": "a", "version": "1", "passages": [{"text": ""}]},
        {"record": "a b", "version": "1", "passages": []},
        {"record": "a", "version": "1", "passages": [{"text": "x", "page": -1}]},
        {"record": "a", "version": "1", "passages": [{"text": "x" * 20_001}]},
    ],
)
def test_bad_documents_are_refused_whole(client: FlaskClient, body: dict[str, Any]) -> None:
    assert client.put("/api/v1/documents/f1", json=body, headers=TOKEN).status_code == 400
    assert got(client, "/api/v1/documents", headers=TOKEN)["documents"] == []


def test_passages_survive_a_restart(tmp_path: Path) -> None:
    settings = SearchSettings(search_folder=tmp_path / "i", search_token="secret", config=tmp_path)
    for _ in range(2):
        index = Index.open(settings)
        client = create_app(index, settings).test_client()
        if not got(client, "/api/v1/documents", headers=TOKEN)["documents"]:
            write(client, record("rat"))
            send(client, "f1", "rat", TEXTS)
        assert got(client, "/api/v1/search?q=Hundesteuer")["count"] == 1
        index.close()
    shutil.rmtree(tmp_path / "i")
