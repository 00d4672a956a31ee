"""``python -m tests.ckan_suites``: run CKAN's own tests against the search service."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from tests.ckan_suites.bench import Bench, BenchError, Outcome, say, work_folder
from tests.ckan_suites.suites import MODES, SUITES, Known, known


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when nothing failed but what is known, else 1."""
    asked = _arguments(arguments)
    modes = MODES if asked.mode == "both" else (asked.mode,)
    runs = [(suite, mode) for suite in SUITES for mode in modes if asked.only in (None, suite.name)]
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with work_folder(keep=asked.keep) as folder:
        try:
            with Bench(folder).running() as bench, ThreadPoolExecutor(asked.jobs) as pool:
                try:
                    outcomes = list(
                        pool.map(lambda run: bench.run(run[0], run[1], asked.pytest), runs)
                    )
                except BaseException:
                    bench.stop()
                    raise
        except BenchError as error:
            say(str(error))
            return 1
        if asked.keep:
            say(f"kept: {folder}")
    verdict = judge(outcomes, known(), whole=not asked.pytest)
    verdict["seconds"] = round(time.monotonic() - began, 1)
    if asked.json:
        print(json.dumps(verdict, indent=2, ensure_ascii=False))
    else:
        _print(outcomes, verdict)
    return 0 if verdict["ok"] else 1


def judge(
    outcomes: Sequence[Outcome], listed: Sequence[Known], *, whole: bool = True
) -> dict[str, Any]:
    """Compare what did not pass with what is known not to.

    ``whole``: all tests were to run, so that missing ones and known ones that pass are told.
    """
    sizes = {suite.name: suite.tests for suite in SUITES}
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
            found, size = outcome.tests, sizes[outcome.suite]
            if found < size:
                incomplete.append({**where, "reason": f"only {found} of {size} tests were found"})
            package = "ckan.tests." if outcome.suite == "core" else "ckanext."
            passing += [
                {**where, "test": test}
                for test in reasons
                if test.startswith(package) and test not in open_
            ]
    return {
        "ok": not new and not incomplete,
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
        print(f"passes now, take it off known.yaml, {row['mode']}: {row['test']}")
    for row in verdict["incomplete"]:
        print(f"NO RESULT, {row['mode']}, {row['suite']}: {row['reason']}")
    for row in verdict["new"]:
        print(f"\nNOT PASSED, {row['mode']}: {row['test']}\n{row['message'][-3000:]}")
    print(f"\n{'ok' if verdict['ok'] else 'NOT ok'}, {verdict['seconds']} s in all")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.ckan_suites", description=__doc__)
    parser.add_argument("--mode", choices=[*MODES, "both"], default="both")
    parser.add_argument("--only", choices=[suite.name for suite in SUITES])
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time (default 2)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs")
    parser.add_argument(
        "pytest", nargs="*", help="further words for pytest, after -- (such as -- -k facet)"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
