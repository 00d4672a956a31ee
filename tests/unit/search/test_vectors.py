"""One conformance suite for every vector engine."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from search.vectors.base import Point, VectorStore
from search.vectors.edge import EdgeStore
from search.vectors.server import ServerStore

DIMENSION = 8


def _unit(*values: float) -> np.ndarray:
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


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
    store.put([Point("a" * 32, _unit(1)), Point("b" * 32, _unit(1, 1)), Point("c", _unit(0, 1))])
    found = store.nearest(_unit(1), limit=10, threshold=0.5, only={})
    assert [key for key, _ in found] == ["a" * 32, "b" * 32]
    assert found[0][1] == pytest.approx(1.0, abs=1e-4)
    assert found[1][1] == pytest.approx(0.7071, abs=1e-3)


def test_only_guarded_points(store: VectorStore) -> None:
    store.put(
        [
            Point("a", _unit(1), {"permission_labels": ["public", "x"], "state": ["active"]}),
            Point("b", _unit(1), {"permission_labels": ["member-1"], "state": ["active"]}),
        ]
    )
    only = {"permission_labels": ("public",), "state": ("active",)}
    assert [key for key, _ in store.nearest(_unit(1), limit=9, threshold=0, only=only)] == ["a"]
    none = {"permission_labels": ()}
    assert store.nearest(_unit(1), limit=9, threshold=0, only=none) == []


def test_replace_remove_and_clear(store: VectorStore) -> None:
    store.put([Point("a", _unit(1)), Point("b", _unit(0, 1))])
    store.put([Point("a", _unit(0, 1))])
    assert len(store) == 2
    assert store.nearest(_unit(1), limit=9, threshold=0.5, only={}) == []
    store.remove(["a", "nobody"])
    assert list(store.keys()) == ["b"]
    store.clear()
    assert len(store) == 0


def test_the_embedded_engine_keeps_what_was_written(tmp_path: Path) -> None:
    first = EdgeStore(tmp_path / "vectors", DIMENSION)
    first.put([Point("a", _unit(1))])
    first.close()
    again = EdgeStore(tmp_path / "vectors", DIMENSION)
    assert list(again.keys()) == ["a"]
    again.close()
