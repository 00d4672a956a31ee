"""How long and how often a source is asked: breaker, pauses, time limits, back-off."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from harvesters import breaker, schedule
from harvesters.deadline import TimeUpError, within
from harvesters.errors import HostDownError, SourceError
from harvesters.fetch import Fetcher, Limits
from harvesters.model import Outcome, RawRecord, RecordRef, Report, SourceConfig, Verdict
from harvesters.pipeline import Pipeline
from harvesters.portal import Patience, Portal
from harvesters.sources.base import Source
from harvesters.sources.portals.ckan import CkanSource
from harvesters.sources.portals.json_source import JsonSource
from harvesters.vocabulary import load
from tests.unit.harvesters import fault_server as faults
from tests.unit.harvesters.conftest import FakeCkan, FaultServer, body, search_is_down

LOCAL = frozenset({"127.0.0.1"})

# Otherwise the test runner sets the clock that the tests are about.
pytestmark = pytest.mark.timeout(60, method="thread")


class OneByOne(CkanSource):
    """Fetches each of its records; ``work`` may take its time."""

    names: list[str]
    before: Any = None

    def discover(self) -> Iterator[RecordRef]:
        for name in self.names:
            yield RecordRef(name, "", None)

    def fetch(self, ref: RecordRef) -> RawRecord:
        if self.before:
            self.before(ref.identity)
        item = self._json(f"{self.config.url}/{ref.identity}")
        return JsonSource.fetch(self, RecordRef(ref.identity, "", item))


def _run(
    server: FaultServer,
    ckan: FakeCkan,
    config: Path,
    limits: Limits,
    names: list[str],
    *,
    before: Any = None,
    source: type[Source[Any]] = OneByOne,
    **options: Any,
) -> Report:
    with Fetcher(limits, allow=LOCAL) as fetcher:
        entry = SourceConfig(name="dorf", type="ckan", url=server.url, org="dorf")
        opened: Any = source(entry, fetcher, load(config), config)
        opened.names, opened.before = names, before
        return Pipeline(opened, Portal(ckan, Patience(0.3, 0.01, 0.05)), **options).run()


def _good(server: FaultServer, *names: str) -> list[str]:
    for name in names:
        server.says(f"/{name}", body(f'{{"id": "{name}", "title": "Titel {name}"}}'))
    return list(names)


# -- breaker -------------------------------------------------------------------------------------


def test_a_dead_host_is_not_asked_for_ever(
    server: FaultServer, ckan: FakeCkan, config: Path, quick: Limits
) -> None:
    names = _good(server, "a", "b") + [f"x{number}" for number in range(100)]
    for name in names[2:]:
        server.says(f"/{name}", body("", 503))
    report = _run(server, ckan, config, replace(quick, attempts=4), names)
    assert report.verdict is Verdict.FAILED
    assert "5 requests in a row failed" in report.error
    assert "503 Service Unavailable" in report.error
    assert "what was read before counts" in report.error
    assert report.count(Outcome.ADDED) == 2
    assert report.count(Outcome.FAILED) == breaker.GIVE_UP_AFTER
    assert not report.complete
    # Fewer attempts with each failure: 4, 2, 1, 1, 1.
    assert len(server.requests) == 2 + 9


def test_an_answer_in_between_and_all_is_well(
    server: FaultServer, ckan: FakeCkan, config: Path, quick: Limits
) -> None:
    _good(server, "a")
    for number in range(10):
        server.says(f"/x{number}", body("", 503))
    names = [f"x{number}" for number in range(4)] + ["a"] + [f"x{number}" for number in range(4, 8)]
    # A page that is not there is an answer, too.
    report = _run(server, ckan, config, quick, [*names, "missing", "x8", "x9"])
    assert report.error == ""
    assert report.verdict is Verdict.PARTIAL
    assert report.count(Outcome.FAILED) == 11


def test_what_breaks_the_circuit_is_the_host_alone(server: FaultServer, quick: Limits) -> None:
    server.says("/large", body(b"x" * 300_000))
    server.says("/inside", body("", 302, {"Location": "http://10.0.0.1/"}))
    with Fetcher(quick, allow=LOCAL) as fetcher:
        for _ in range(6):
            for path in ("/large", "/inside", "/missing"):
                with pytest.raises(SourceError):
                    fetcher.get(server.url + path)
        assert fetcher.breaker.reason == ""
        server.says("/away", faults.reset)
        for _ in range(5):
            with pytest.raises(SourceError, match="cannot be reached"):
                fetcher.get(server.url + "/away")
        asked = len(server.requests)
        with pytest.raises(HostDownError, match="does not answer"):
            fetcher.get(server.url + "/large")
        assert len(server.requests) == asked


def test_how_often_it_was_tried_is_told_truly(server: FaultServer, quick: Limits) -> None:
    url = server.says("/a", body("", 503))
    with Fetcher(quick, allow=LOCAL) as fetcher:
        with pytest.raises(SourceError, match=r"\(tried 3 times\)"):
            fetcher.get(url)
        with pytest.raises(SourceError, match=r"\(tried once\)"):
            fetcher.get(url)


# -- pauses --------------------------------------------------------------------------------------


def test_a_pause_between_two_requests(server: FaultServer, quick: Limits) -> None:
    server.says("/a", body("x"))
    with Fetcher(quick, allow=LOCAL, pause=0.15) as fetcher:
        began = time.monotonic()
        for _ in range(4):
            fetcher.get(server.url + "/a")
        assert 0.45 <= time.monotonic() - began < 3


def test_the_waits_between_attempts_grow_and_vary(server: FaultServer) -> None:
    moments: list[float] = []

    def refuse(handler: Any) -> None:
        moments.append(time.monotonic())
        body("", 503)(handler)

    limits = Limits(attempts=4, first_wait=0.2)
    waits = []
    for number in range(3):
        moments.clear()
        with Fetcher(limits, allow=LOCAL) as fetcher, pytest.raises(SourceError):
            fetcher.get(server.says(f"/{number}", refuse))
        waits.append([after - before for before, after in pairwise(moments)])
    for first, second, third in waits:
        assert first >= 0.2 and second >= 0.4 and third >= 0.8
    assert len({round(first, 3) for first, *_ in waits}) > 1


# -- time limits ---------------------------------------------------------------------------------


def _busy(name: str) -> None:
    """Computes for ever, and takes every error for its own."""
    while name == "slow":
        try:
            sum(range(1000))
        except Exception:
            continue


@pytest.mark.parametrize("before", [_busy, lambda name: time.sleep(30) if name == "slow" else None])
def test_a_record_that_takes_too_long_fails_and_the_rest_goes_on(
    server: FaultServer, ckan: FakeCkan, config: Path, quick: Limits, before: Any
) -> None:
    names = _good(server, "a", "slow", "b")
    began = time.monotonic()
    report = _run(server, ckan, config, quick, names, before=before, record_seconds=0.5)
    assert time.monotonic() - began < 10
    assert [one.outcome for one in report.results] == ["added", "failed", "added"]
    assert report.results[1].reason == "not read within 0 seconds"
    assert report.verdict is Verdict.PARTIAL
    assert report.complete
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_requests_end_in_time_where_the_clock_cannot_interrupt(
    server: FaultServer, ckan: FakeCkan, config: Path
) -> None:
    names = _good(server, "a", "slow", "b")
    page = b'{"id": "slow", "title": "' + b"x" * 2000 + b'"}'
    answer: Any = faults.dripping
    server.says("/slow", answer(page))
    done: list[Report] = []
    limits = Limits(read=5, attempts=1)

    def work() -> None:
        done.append(_run(server, ckan, config, limits, names, record_seconds=1.0))

    thread = threading.Thread(target=work)
    began = time.monotonic()
    thread.start()
    thread.join(30)
    assert time.monotonic() - began < 15
    assert [one.outcome for one in done[0].results] == ["added", "failed", "added"]
    assert "too slow" in done[0].results[1].reason


def test_a_run_that_takes_too_long_ends(
    server: FaultServer, ckan: FakeCkan, config: Path, quick: Limits
) -> None:
    names = _good(server, *(f"n{number}" for number in range(50)))
    began = time.monotonic()
    report = _run(
        server, ckan, config, quick, names, before=lambda _name: time.sleep(0.1), seconds=1.0
    )
    assert time.monotonic() - began < 4
    assert report.verdict is Verdict.FAILED
    assert "stopped: not finished after" in report.error
    assert 0 < len(ckan.packages) < 12
    assert not report.complete


class Endless(OneByOne):
    """Never comes to its first record."""

    def discover(self) -> Iterator[RecordRef]:
        while True:
            time.sleep(0.01)
        yield RecordRef("never")


class Broken(OneByOne):
    """Trips over what it reads."""

    def discover(self) -> Iterator[RecordRef]:
        yield RecordRef(self.names[0])
        raise KeyError("title")


def test_a_source_that_never_comes_to_a_record(
    server: FaultServer, ckan: FakeCkan, config: Path, quick: Limits
) -> None:
    report = _run(server, ckan, config, quick, [], source=Endless, seconds=0.5)
    assert "stopped: not finished after" in report.error


def test_a_mistake_of_ours_is_a_failure_and_no_crash(
    server: FaultServer, ckan: FakeCkan, config: Path, quick: Limits
) -> None:
    report = _run(server, ckan, config, quick, _good(server, "a"), source=Broken)
    assert report.error == "the source cannot be read: KeyError: 'title'"
    assert report.count(Outcome.ADDED) == 1
    assert not report.complete


def test_within_leaves_the_clock_as_it_was() -> None:
    assert within(5.0, lambda: 7) == 7
    with pytest.raises(TimeUpError):
        within(0.0, lambda: 7)
    with pytest.raises(ZeroDivisionError):
        within(5.0, lambda: 1 // 0)
    with pytest.raises(TimeUpError):
        within(0.1, lambda: time.sleep(10))
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_within_does_not_take_the_clock_from_somebody_else() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _frame: rung.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        assert within(0.05, lambda: time.sleep(0.6) or 7) == 7
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert rung == [signal.SIGALRM]


def test_a_record_nested_in_itself_many_times_is_too_large(
    server: FaultServer, ckan: FakeCkan, config: Path
) -> None:
    names = _good(server, "a", "b")
    server.says("/b", body('{"id": "b", "title": "B", "x": [' + "[]," * 2_000_000 + "[]]}"))
    report = _run(server, ckan, config, Limits(), names)
    assert report.results[1].reason == "has more than 10 million characters"
    assert report.count(Outcome.ADDED) == 1


# -- back-off across runs ------------------------------------------------------------------------

NOON = datetime(2026, 3, 10, 12, 0, 3, tzinfo=UTC)


def _runs(verdicts: str, last: datetime = NOON) -> list[dict[str, Any]]:
    """From the first to the last (which began at ``last``); p: failed because of the portal."""
    words = {"s": "succeeded", "f": "failed", "x": "partial", "p": "failed"}
    return [
        {
            "started": (last - timedelta(hours=number)).isoformat(),
            "verdict": words[one],
            "portal_failed": one == "p",
        }
        for number, one in enumerate(reversed(verdicts))
    ]


@pytest.mark.parametrize(
    ("expression", "verdicts", "hours"),
    [
        ("0 * * * *", "s", 1),
        ("0 * * * *", "sff", 1),
        ("0 * * * *", "sfff", 2),
        ("0 * * * *", "sffff", 4),
        ("0 * * * *", "sfffff", 8),
        ("0 * * * *", "f" * 7, 24),
        ("0 * * * *", "f" * 200, 24),
        ("0 * * * *", "fffffs", 1),
        ("0 * * * *", "fffffx", 1),
        ("0 * * * *", "sppppp", 1),
        ("0 * * * *", "sfffpp", 2),
        ("0 12 * * *", "f" * 9, 24),
        ("0 12 * * 2", "f" * 9, 7 * 24),
    ],
)
def test_a_source_that_fails_is_asked_less(expression: str, verdicts: str, hours: int) -> None:
    due = schedule.next_due(expression, _runs(verdicts), NOON - timedelta(days=1))
    assert due == NOON.replace(second=0) + timedelta(hours=hours)


def test_the_next_moment_without_runs_or_with_damaged_ones() -> None:
    full = NOON.replace(second=0)
    assert schedule.next_due("0 * * * *", [], NOON) == full + timedelta(hours=1)
    damaged = [{"started": "gestern"}, {}, {"started": None, "verdict": "failed"}]
    assert schedule.next_due("0 * * * *", damaged, NOON) == full + timedelta(hours=1)
    runs = [*damaged, *_runs("s", NOON - timedelta(days=3))]
    assert schedule.next_due("0 * * * *", runs, NOON) == full - timedelta(days=3, hours=-1)


def test_a_portal_that_is_away_says_so(
    server: FaultServer, ckan: FakeCkan, config: Path, quick: Limits
) -> None:
    ckan.refuse = search_is_down("package_search")
    report = _run(server, ckan, config, quick, _good(server, "a"))
    assert report.verdict is Verdict.FAILED
    assert report.portal_failed
    ckan.refuse = search_is_down("package_create")
    report = _run(server, ckan, config, quick, _good(server, "a", "b", "c", "d"))
    assert report.portal_failed
    ckan.refuse = search_is_down()
    assert not _run(server, ckan, config, quick, _good(server, "a")).portal_failed
