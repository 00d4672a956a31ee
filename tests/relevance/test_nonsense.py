"""What the catalogue does not hold finds nothing, and what it holds is found: the held-out half."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from tests.relevance import nonsense
from tests.relevance.nonsense import ANSWERABLE, HALVES, KINDS, Outcome

#: What was measured, less two standard errors (one question where none was wrong).
FLOORS = {
    "precision": 0.55,
    "recall": 0.98,
    "right@10": 0.96,
    "foreign without results": 0.38,
    "nonsense without results": 0.97,
    "auc beside foreign": 0.91,
    "auc beside nonsense": 0.97,
}


@cache
def _outcomes() -> list[Outcome]:
    with nonsense.region() as service:
        return nonsense.ask(service, nonsense.questions())


def test_the_questions_are_what_they_say() -> None:
    asked = nonsense.questions()
    held = {record["id"] for record in nonsense.records()}
    assert len({one.text for one in asked}) == len(asked)
    assert all(one.right <= held for one in asked)
    assert {one.kind for one in asked if one.right} == {ANSWERABLE}
    number = Counter((one.kind, one.half) for one in asked)
    for kind, least in zip(KINDS, (60, 60, 30), strict=True):
        assert min(number[kind, half] for half in HALVES) >= least


@pytest.mark.parametrize("name", FLOORS)
def test_what_was_reached_stays(name: str) -> None:
    measured = nonsense.measures(_outcomes(), HALVES[1])
    assert measured[name] >= FLOORS[name]


def test_what_everybody_types_to_try_a_search_finds_nothing() -> None:
    found = {one.question.text: one.count for one in _outcomes()}
    assert not any(found[text] for text in ("xyzzy", "asdf", "qwertz", "foobar", "???"))
