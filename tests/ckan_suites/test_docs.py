"""The page about the suites says what is expected of them."""

from __future__ import annotations

import re

import pytest

from myk.settings import ROOT
from tests.ckan_suites.suites import MODES, QUICK, SUITES, Suite, known

PAGE = (ROOT / "docs" / "ckan-suites.md").read_text("utf-8")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_the_numbers_are_what_a_run_must_give(suite: Suite, mode: str) -> None:
    kinds = [item.kind for item in known() if mode in item.modes and suite.has(item.test)]
    skipped = kinds.count("skipped by CKAN")
    failed = len(kinds) - skipped
    numbers = (suite.tests, suite.tests - len(kinds), failed, skipped)
    assert f"| {suite.name} | {mode} | {' | '.join(map(str, numbers))} |\n" in PAGE


def test_what_is_known_not_to_pass_is_listed() -> None:
    rows = [
        f"| `{item.test}` | {', '.join(item.modes)} | {item.kind} | {item.reason} |"
        for item in known()
    ]
    assert re.findall(r"^\| `ckan.*::.*$", PAGE, re.MULTILINE) == rows


def test_every_known_test_is_of_a_suite_and_outside_the_search() -> None:
    for item in known():
        assert any(suite.has(item.test) for suite in SUITES), item.test
        assert item.kind in ("missing file", "environment", "skipped by CKAN"), item.test
        assert item.reason
    assert set(QUICK.paths) <= set(SUITES[0].paths)
