"""Generations of the index: built beside, filled, swapped, resumed, recognised when damaged."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from search import generations
from search.generations import Index, RebuildError
from search.query import All, Question, Search, Term
from search.settings import SearchSettings


def _record(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "index_id": f"{number:032x}",
        "id": str(number),
        "title": f"Spielplatz {number}",
        "state": "active",
        "permission_labels": ["public"],
        **fields,
    }


@pytest.fixture
def settings(tmp_path: Path) -> SearchSettings:
    return SearchSettings(search_folder=tmp_path / "index", search_token="x")


@pytest.fixture
def index(settings: SearchSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    monkeypatch.setattr(generations, "_GRACE", 0.0)
    opened = Index.open(settings)
    yield opened
    opened.close()


def _titles(index: Index) -> dict[str, str]:
    found = index.live.search(Search(All(), rows=1000))
    return {str(hit.record["id"]): str(hit.record["title"]) for hit in found.hits}


def test_a_rebuild_loses_no_write_and_refuses_no_search(index: Index) -> None:
    index.put([_record(number) for number in range(5)])
    index.begin()
    assert len(_titles(index)) == 5
    # While the rebuild reads record 1 from the database, somebody changes it, removes 2, adds 9.
    index.put([_record(1, title="geändert"), _record(9)])
    index.remove(Term("id", "2"))
    index.fill([_record(0), _record(1), _record(3), _record(4)])
    assert _titles(index)["1"] == "geändert"
    index.finish()
    assert _titles(index) == {
        "0": "Spielplatz 0", "1": "geändert", "3": "Spielplatz 3", "4": "Spielplatz 4",
        "9": "Spielplatz 9",
    }  # fmt: skip
    assert len(index.live.vectors) == 5


def test_a_rebuild_goes_on_after_a_stop(index: Index, settings: SearchSettings) -> None:
    index.put([_record(number) for number in range(4)])
    index.begin()
    index.fill([_record(0), _record(1)])
    index.close()
    again = Index.open(settings)
    try:
        assert again.next is not None
        assert len(again.next.catalogue) == 2
        assert again.fill([_record(1), _record(2), _record(3)]) == 2
        again.finish()
        assert len(_titles(again)) == 4
    finally:
        again.close()


def test_filling_and_finishing_need_a_beginning(index: Index) -> None:
    with pytest.raises(RebuildError):
        index.fill([_record(1)])
    with pytest.raises(RebuildError):
        index.finish()
    index.begin()
    index.abandon()
    assert index.next is None


def test_what_was_served_is_served_after_a_restart(index: Index, settings: SearchSettings) -> None:
    index.put([_record(1)])
    index.close()
    again = Index.open(settings)
    assert list(_titles(again)) == ["1"]
    assert not again.needs_rebuild
    again.close()


def test_damage_is_recognised_and_never_served(index: Index, settings: SearchSettings) -> None:
    index.put([_record(1)])
    index.close()
    for part in settings.search_folder.rglob("*.store"):
        part.write_bytes(b"\0" * part.stat().st_size)
    again = Index.open(settings)
    assert again.needs_rebuild
    assert _titles(again) == {}
    again.close()


def test_damaged_vectors_are_made_again(index: Index, settings: SearchSettings) -> None:
    index.put([_record(1)])
    index.close()
    for folder in settings.search_folder.glob("*/vectors"):
        shutil.rmtree(folder)
        folder.mkdir()
        (folder / "segments").write_text("kaputt")
    again = Index.open(settings)
    assert len(again.live.vectors) == 1
    again.close()


def test_another_model_is_served_by_words_until_rebuilt(
    index: Index, settings: SearchSettings, tmp_path: Path
) -> None:
    index.put([_record(1)])
    index.close()
    other = tmp_path / "model"
    shutil.copytree(generations.encoder.BUNDLED, other)
    stated = (other / "myk.json").read_text().replace('"myk-static-de-en"', '"ein-anderes"')
    (other / "myk.json").write_text(stated)
    again = Index.open(settings.model_copy(update={"model": str(other)}))
    assert again.needs_rebuild
    assert list(_titles(again)) == ["1"]
    again.begin()
    again.fill([_record(1)])
    again.finish()
    assert not again.needs_rebuild
    assert len(again.live.vectors) == 1
    again.close()


def test_the_neighbour_graph_loses_no_vector(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations.optimise, "WORTH_IT", 1)
    index.begin()
    index.fill([_record(number) for number in range(30)])
    index.finish()
    assert len(_titles(index)) == len(index.live.vectors) == 30


def test_writes_while_the_neighbour_graph_is_built_are_kept(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations.optimise, "WORTH_IT", 1)
    index.put([_record(number) for number in range(30)])
    index.begin()
    index.fill([_record(number) for number in range(30)])
    real = generations.optimise.in_a_process_of_its_own

    def meanwhile(folder: Path) -> bool:
        index.put([_record(1, title="Schwimmbad"), _record(77)])
        index.remove(Term("id", "2"))
        return real(folder)

    monkeypatch.setattr(generations.optimise, "in_a_process_of_its_own", meanwhile)
    index.finish()
    assert len(_titles(index)) == len(index.live.vectors) == 30
    asked = Search(
        Question("Schwimmbad"), meaning="Schwimmbad", mode="semantic", labels=("public",), rows=1
    )
    assert index.live.search(asked).hits[0].record["id"] == "1"
