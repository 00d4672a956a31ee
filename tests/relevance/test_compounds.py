"""A word is found in all its German forms, and no word is found in another by accident."""

from __future__ import annotations

from functools import cache

import pytest

from search import query
from search.text import german
from tests.relevance import compounds
from tests.relevance.compounds import Outcome

#: Recall within ten by mode. By words alone it is what was measured, less two questions: some are
#: asked in words that only the meaning joins.
FLOORS: dict[query.Mode, float] = {"hybrid": 0.95, "lexical": 0.947}


@cache
def _outcome(mode: query.Mode) -> Outcome:
    return compounds.ask(compounds.read(), mode)


def test_the_questions_are_what_they_say() -> None:
    questions = compounds.read()
    asked = [text for kind in questions.right.values() for text in kind]
    assert len(questions.records) - len(questions.accidents) >= 150
    assert len(asked) == len(set(asked)) >= 200
    assert len(questions.accidents) >= 60
    for right in (names for kind in questions.right.values() for names in kind.values()):
        assert 1 <= len(right) <= 3
        assert right <= questions.records.keys()
    for word, name in questions.accidents.items():
        assert german.fold(word.lower()) in german.fold(questions.records[name][0].lower())


@pytest.mark.parametrize("mode", FLOORS)
def test_what_is_asked_is_found(mode: query.Mode) -> None:
    outcome = _outcome(mode)
    print(*outcome.missed, sep="\n")
    assert outcome.mean >= FLOORS[mode]


def test_nothing_is_found_by_accident() -> None:
    assert _outcome("lexical").accidents == []
