"""``python -m tests.ckan_suites``: run CKAN's own tests against the search service."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg2

from myk.stack.postgres import PostgresError
from myk.stack.services import StackError
from tests.ckan_suites.bench import Bench, BenchError, Outcome, say, work_folder
from tests.ckan_suites.suites import MODES, QUICK, SUITES, Known, Suite, known


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when exactly what is known did not pass, else 1."""
    asked = _arguments(arguments)
    modes = MODES if asked.mode == "both" else (asked.mode,)
    suites = [suite for suite in (*SUITES, QUICK) if suite.name == asked.only] or SUITES
    runs = [(suite, mode) for suite in suites for mode in modes]
    words = [f"--suites-seed={asked.seed}", *asked.pytest]
    # The caller's portal and its settings have no part in this.
    for name in [name for name in os.environ if name.startswith("MYK_")]:
        del os.environ[name]
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    began = time.monotonic()
    try:
        with work_folder(keep=asked.keep) as folder:
            outcomes = _run(folder, runs, asked.jobs, words)
    except (BenchError, PostgresError, StackError, OSError, psycopg2.Error) as error:
        say(f"the tests could not be run: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    verdict = judge(outcomes, known(), whole=not asked.pytest)
    verdict["seconds"] = round(time.monotonic() - began, 1)
    if asked.json:
        print(json.dumps(verdict, indent=2, ensure_ascii=False))
    else:
        _print(outcomes, verdict)
    return 0 if verdict["ok"] else 1


def _run(
    folder: Path, runs: Sequence[tuple[Suite, str]], jobs: int, words: Sequence[str]
) -> list[Outcome]:
    with Bench(folder).running() as bench, ThreadPoolExecutor(jobs) as pool:
        try:
            waiting = [pool.submit(bench.run, suite, mode, words) for suite, mode in runs]
            return [one.result() for one in waiting]
        except BaseException:
            bench.stop()
            raise


def judge(
    outcomes: Sequence[Outcome], listed: Sequence[Known], *, whole: bool = True
) -> dict[str, Any]:
    """Compare what did not pass with what is known not to.

    ``whole``: all tests were to run, so that missing ones and known ones that pass count, too.
    """
    suites = {suite.name: suite for suite in (*SUITES, QUICK)}
    new, expected, passing, incomplete = [], [], [], []
    for outcome in outcomes:
        where = {"mode": outcome.mode, "suite": outcome.suite}
        reasons = {item.test: item for item in listed if outcome.mode in item.modes}
        open_ = {**outcome.skipped, **outcome.failures}
        for test, message in open_.items():
            item = reasons.get(test)
            if item is None:
                new.append({**where, "test": test, "message": message})
            else:
                expected.append({**where, "test": test, "kind": item.kind, "reason": item.reason})
        if outcome.error:
            incomplete.append({**where, "reason": outcome.error})
        elif whole:
            suite = suites[outcome.suite]
            if outcome.tests != suite.tests:
                reason = f"{outcome.tests} tests were found, {suite.tests} are expected"
                incomplete.append({**where, "reason": reason})
            passing += [
                {**where, "test": test} for test in reasons if suite.has(test) and test not in open_
            ]
    return {
        "ok": not (new or passing or incomplete),
        "ckan": version("ckan"),
        "python": sys.version.split()[0],
        "runs": [asdict(outcome) for outcome in outcomes],
        "new": new,
        "known": expected,
        "known_but_passing": passing,
        "incomplete": incomplete,
    }


def _print(outcomes: Sequence[Outcome], verdict: dict[str, Any]) -> None:
    print(f"{'suite':<12}{'mode':<10}{'tests':>6}{'passed':>8}{'failed':>8}{'skipped':>9}{'s':>6}")
    for one in outcomes:
        print(
            f"{one.suite:<12}{one.mode:<10}{one.tests:>6}{one.passed:>8}{len(one.failures):>8}"
            f"{len(one.skipped):>9}{one.seconds:>6.0f}"
        )
    for row in verdict["known"]:
        print(f"known ({row['kind']}), {row['mode']}: {row['test']}: {row['reason']}")
    for row in verdict["known_but_passing"]:
        print(f"PASSES NOW, take it off known.yaml, {row['mode']}: {row['test']}")
    for row in verdict["incomplete"]:
        print(f"NO RESULT, {row['mode']}, {row['suite']}: {row['reason']}")
    for row in verdict["new"]:
        print(f"\nNOT PASSED, {row['mode']}: {row['test']}\n{row['message'][-3000:]}")
    print(f"\n{'ok' if verdict['ok'] else 'NOT ok'}, {verdict['seconds']} s in all")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.ckan_suites", description=__doc__)
    parser.add_argument("--mode", choices=[*MODES, "both"], default="both")
    parser.add_argument(
        "--only",
        choices=[suite.name for suite in (*SUITES, QUICK)],
        help=f"one suite ({QUICK.name}: the part of core that asks the search directly)",
    )
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    parser.add_argument(
        "--jobs", type=int, default=2, choices=range(1, 5), help="runs at once (default 2)"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs")
    parser.add_argument(
        "--seed", type=int, default=0, help="other random titles and descriptions (default 0)"
    )
    parser.add_argument(
        "pytest", nargs="*", help="further words for pytest, after -- (such as -- -k facet)"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
