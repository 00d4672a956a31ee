"""The verdict of the runner: what is a failure, and what only a note."""

from __future__ import annotations

from tests.ckan_suites.__main__ import judge
from tests.ckan_suites.bench import Outcome
from tests.ckan_suites.suites import SUITES, Known

B, C = (f"ckan.tests.lib.search.test_query::test_{name}" for name in "bc")
LISTED = [Known(B, "missing file", "not in the wheel", ("hybrid",))]


def _outcome(mode: str = "hybrid", **rest: object) -> Outcome:
    core = SUITES[0]
    return Outcome(mode, core.name, 1.0, **{"tests": core.tests, **rest})  # type: ignore[arg-type]


def test_a_known_failure_is_told_but_does_not_fail_the_run() -> None:
    verdict = judge([_outcome(failures={B: "no such file"})], LISTED)
    assert verdict["ok"]
    assert [row["reason"] for row in verdict["known"]] == ["not in the wheel"]
    assert not verdict["known_but_passing"]


def test_any_other_failure_fails_the_run() -> None:
    assert not judge([_outcome(failures={C: "no"})], [])["ok"]


def test_what_is_known_of_one_mode_is_new_in_the_other() -> None:
    verdict = judge([_outcome("lexical", failures={B: "no"})], LISTED)
    assert not verdict["ok"]
    assert [row["test"] for row in verdict["new"]] == [B]


def test_a_test_that_skips_itself_proves_nothing() -> None:
    assert not judge([_outcome(skipped={C: "no search"})], [])["ok"]


def test_a_known_failure_that_passes_fails_the_run() -> None:
    verdict = judge([_outcome()], LISTED)
    assert not verdict["ok"]
    assert [row["test"] for row in verdict["known_but_passing"]] == [B]
    # It may not have been run.
    assert judge([_outcome()], LISTED, whole=False)["ok"]
    extensions = SUITES[1]
    assert judge([Outcome("hybrid", extensions.name, tests=extensions.tests)], LISTED)["ok"]


def test_tests_that_were_not_found_or_not_run_fail_the_run() -> None:
    assert not judge([_outcome(tests=3)], [])["ok"]
    assert judge([_outcome(tests=3)], [], whole=False)["ok"]
    assert not judge([_outcome(tests=0, error="pytest ended with 4")], [])["ok"]
