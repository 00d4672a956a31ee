"""One conformance suite for every vector engine."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from search.vectors.base import NoVectors, Point, VectorStore
from search.vectors.edge import EdgeStore
from search.vectors.server import ServerStore
from search.vectors.waiting import WaitingStore

DIMENSION = 8


def _unit(*values: float) -> np.ndarray:
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def _point(key: str, *rows: np.ndarray, **guards: list[str]) -> Point:
    return Point(key, np.stack(rows), guards)


#: A real server's address; its collection is removed again.
SERVER = os.environ.get("MYK_QDRANT_URL", "")


@pytest.fixture(params=["edge", "memory", *(["server"] if SERVER else [])])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorStore]:
    made: VectorStore
    if request.param == "edge":
        made = EdgeStore(tmp_path / "vectors", DIMENSION)
    else:
        pytest.importorskip("qdrant_client")
        place = SERVER if request.param == "server" else ":memory:"
        made = ServerStore(place, f"test-{uuid.uuid4().hex}", DIMENSION)
    yield made
    made.drop()


def test_nearest_first_above_the_threshold(store: VectorStore) -> None:
    store.put([_point("a" * 32, _unit(1)), _point("b" * 32, _unit(1, 1)), _point("c", _unit(0, 1))])
    found = store.nearest(_unit(1), limit=10, threshold=0.5, only={})
    assert [key for key, _ in found] == ["a" * 32, "b" * 32]
    assert found[0][1] == pytest.approx(1.0, abs=1e-4)
    assert found[1][1] == pytest.approx(0.7071, abs=1e-3)


def test_a_record_is_as_near_as_its_nearest_text(store: VectorStore) -> None:
    # The second text counts nine tenths.
    store.put([_point("a", _unit(0, 1), 0.9 * _unit(1)), _point("b", _unit(1, 0, 1))])
    found = store.nearest(_unit(1), limit=10, threshold=0.0, only={})
    assert [key for key, _ in found] == ["a", "b"]
    assert found[0][1] == pytest.approx(0.9, abs=1e-3)
    assert found[1][1] == pytest.approx(0.7071, abs=1e-3)


def test_how_near_certain_points_are(store: VectorStore) -> None:
    store.put([_point("a", _unit(1)), _point("b", _unit(0, 1), _unit(1, 1)), _point("c", _unit(1))])
    found = store.similarities(_unit(1), ["a", "b", "nobody"])
    assert found == {"a": pytest.approx(1.0, abs=1e-3), "b": pytest.approx(0.7071, abs=1e-3)}
    assert store.similarities(_unit(1), []) == {}


def test_only_guarded_points(store: VectorStore) -> None:
    store.put(
        [
            _point("a", _unit(1), permission_labels=["public", "x"], state=["active"]),
            _point("b", _unit(1), permission_labels=["member-1"], state=["active"]),
        ]
    )
    only = {"permission_labels": ("public",), "state": ("active",)}
    assert [key for key, _ in store.nearest(_unit(1), limit=9, threshold=0, only=only)] == ["a"]
    none = {"permission_labels": ()}
    assert store.nearest(_unit(1), limit=9, threshold=0, only=none) == []


def test_a_stored_vector_can_be_read(store: VectorStore) -> None:
    store.put([_point("a", _unit(1, 1)), _point("b" * 32, _unit(0, 1))])
    found = store.vector("a")
    assert found is not None
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, _unit(1, 1), atol=1e-3)
    assert store.vector("nobody") is None
    store.remove(["a"])
    assert store.vector("a") is None


def test_replace_remove_and_clear(store: VectorStore) -> None:
    store.put([_point("a", _unit(1)), _point("b", _unit(0, 1))])
    store.put([_point("a", _unit(0, 1))])
    assert len(store) == 2
    assert store.nearest(_unit(1), limit=9, threshold=0.5, only={}) == []
    store.remove(["a", "nobody"])
    assert list(store.keys()) == ["b"]
    store.clear()
    assert len(store) == 0


def test_the_embedded_engine_keeps_what_was_written(tmp_path: Path) -> None:
    first = EdgeStore(tmp_path / "vectors", DIMENSION)
    first.put([_point("a", _unit(1))])
    first.close()
    again = EdgeStore(tmp_path / "vectors", DIMENSION)
    assert list(again.keys()) == ["a"]
    again.close()


def test_what_waits_and_what_is_none() -> None:
    waiting = WaitingStore()
    waiting.put([_point("a", _unit(1))])
    waiting.remove(["b"])
    found = waiting.vector("a")
    assert found is not None
    np.testing.assert_allclose(found, _unit(1))
    assert waiting.vector("b") is None
    assert NoVectors().vector("a") is None
