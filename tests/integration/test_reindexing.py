"""The rebuild sends what CKAN would send, for every record."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import ROOT, Stack

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def told(stack: Stack) -> dict[str, Any]:
    """What ``odd_records`` found, in a process with CKAN."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.odd_records"],
        cwd=ROOT, env=stack.env, capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(json.loads(done.stdout))


def test_documents_are_those_of_ckan(told: dict[str, Any]) -> None:
    assert told["portal"]["records"] > 150
    assert told["odd"]["records"] == 250
    assert told["differences"] == []


def test_every_type_and_state_is_among_them(told: dict[str, Any]) -> None:
    kinds = {tuple(kind.split()) for kind in told["kinds"]}
    assert {kind for kind, _ in kinds} == {"None", "dataset", "harvest", "probe", "showcase"}
    assert {state for _, state in kinds} == {"active", "deleted", "draft", "pending"}


def test_the_short_way_is_taken(told: dict[str, Any]) -> None:
    assert told["portal"]["read by CKAN"] == 0
    assert told["odd"]["read by CKAN"] < 125


def test_what_the_short_way_cannot_do_is_done_by_ckan_and_said(told: dict[str, Any]) -> None:
    ids, (said, added) = told["ids"], told["ways round"]["failing"]
    assert said == [f"{ids[0]}: ValueError: a hook failed"]
    assert added == sorted(ids)


def test_a_batch_that_is_refused_is_sent_one_by_one(told: dict[str, Any]) -> None:
    assert told["ways round"]["refused together"] == [3, sorted(told["ids"])]


def test_a_record_that_cannot_be_indexed_is_named(told: dict[str, Any]) -> None:
    said = told["ways round"]["refused"]
    assert said.startswith(f"not indexed: {told['ids'][1]} cannot be indexed: SearchIndexError")
