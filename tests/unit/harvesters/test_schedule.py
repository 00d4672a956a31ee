"""When a source is due, what is kept of its runs, and that none of them holds up another."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harvesters import history, schedule
from harvesters.alarm import Alarm, alarm
from harvesters.model import Outcome, RecordResult, Report, SourceConfig
from myk.runs import Runs
from myk.settings import Settings
from myk.stack.lock import Lock
from myk.watch import Watch

NOON = datetime(2026, 3, 10, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("expression", ["", "täglich", "* * * *", "* * * * * *", "61 * * * *", "@"])
def test_what_is_no_cron_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="is no cron expression of five fields"):
        schedule.check(expression)
    with pytest.raises(ValueError, match="no cron expression"):
        SourceConfig(name="x", type="dcat", url="https://x.example", schedule=expression)


def test_a_source_is_due_once_for_each_moment() -> None:
    hourly = schedule.check("0 * * * *")

    def due(last: datetime | None, since: datetime) -> datetime:
        runs = [{"started": last.isoformat(), "verdict": "succeeded"}] if last else []
        return schedule.next_due(hourly, runs, since)

    # Never harvested: it waits for the first full hour after somebody began to look.
    assert due(None, NOON) > NOON
    assert due(None, NOON - timedelta(minutes=1)) <= NOON
    # Harvested at noon: not again before one.
    at_noon = NOON.replace(second=0)
    assert due(at_noon, NOON) == at_noon + timedelta(hours=1)
    # What was missed while the machine was off is made up for, once.
    assert due(at_noon - timedelta(days=3), NOON) <= NOON


def _report(number: int) -> Report:
    began = NOON + timedelta(hours=number)
    results = [
        RecordResult("a", Outcome.UNCHANGED, "A"),
        RecordResult("b", Outcome.FAILED, "B", reason="no title"),
    ]
    return Report("dorf", began, began + timedelta(minutes=1), results=results)


def test_what_is_kept_of_a_run() -> None:
    kept = history.told(_report(0))
    assert kept["counts"]["unchanged"] == 1
    assert [one["identity"] for one in kept["records"]] == ["b"]
    many = Report("dorf", NOON, NOON)
    many.results = [RecordResult(str(n), Outcome.ADDED, "A") for n in range(1_500)]
    many.results += [RecordResult("bad", Outcome.FAILED, "B", reason="x" * 9_000)]
    kept = history.told(many)
    assert len(kept["records"]) == history.TOLD
    assert kept["records_left_out"] == 501
    # What needs somebody comes first, and no stranger's text fills the database.
    assert kept["records"][0]["identity"] == "bad"
    assert len(kept["records"][0]["reason"]) == 1_000


def test_what_changed_is_asked_for_since_the_last_run_that_saw_all() -> None:
    def run(hour: int, verdict: str, complete: bool) -> dict[str, Any]:
        began = NOON + timedelta(hours=hour)
        return {"started": began.isoformat(), "verdict": verdict, "complete": complete}

    assert history.since([]) is None
    good = run(0, "succeeded", True)
    later = [run(3, "failed", False), run(2, "partial", True), run(1, "succeeded", False)]
    assert history.since([*later, good]) == NOON


def test_a_damaged_line_of_an_old_file_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "dorf.jsonl"
    line = json.dumps(history.told(_report(0)))
    file.write_text(f'{line}\n{{"started": "2026-\n[1]\n{line}\n')
    assert [run["source"] for run in history.from_file(file)] == ["dorf", "dorf"]


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ("", None),
        ("s", None),
        ("f", None),
        ("sff", None),
        ("sfff", Alarm.FAILING),
        ("fff", Alarm.FAILING),
        ("sffff", None),
        ("sffffs", Alarm.WELL_AGAIN),
        ("sfffp", Alarm.WELL_AGAIN),
        ("sfffss", None),
        ("sffs", None),
        ("sg", Alarm.MANY_GONE),
        ("sgg", None),
        ("sgsg", Alarm.MANY_GONE),
    ],
)
def test_somebody_is_told_once(verdicts: str, told: Alarm | None) -> None:
    """From the first run to the last: succeeded, failed, partial, or many gone."""
    words = {"s": "succeeded", "f": "failed", "p": "partial", "g": "partial"}
    runs = [{"verdict": words[one], "held_back": 3 if one == "g" else 0} for one in verdicts]
    assert alarm(runs[::-1]) is told


class _Client:
    """The actions of a portal whose sources and runs lie in this process."""

    def __init__(self) -> None:
        self.sources: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, list[dict[str, Any]]] = {}
        self.away = False

    def add(self, name: str, schedule: str | None = "* * * * *", **more: Any) -> None:
        self.sources[name] = {
            "name": name, "schedule": schedule, "enabled": True, "paused": False,
            "state": "waiting", "run_requested_at": None, "problem": "", **more,
        }  # fmt: skip

    def call_action(self, action: str, data: dict[str, Any]) -> Any:
        if self.away:
            raise OSError("the database is away")
        if action == "myk_harvest_source_list":
            return [{**one, "runs": self.runs.get(name, [])} for name, one in self.sources.items()]
        if action == "myk_harvest_run_list":
            return self.runs.get(data["name"], [])
        if action == "myk_harvest_run_begin":
            run = {"id": data["source"], "started": data["started"] or _now(), "finished": None}
            self.runs.setdefault(data["source"], []).insert(0, run)
            return run
        assert action == "myk_harvest_run_end"
        self.runs[data["id"]][0] |= {**data["report"], "finished": _now()}
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat()


class _Desk:
    def __init__(self, client: _Client) -> None:
        self.client = client

    def ask(self, work: Callable[[Runs], Any]) -> Any:
        return work(Runs(self.client))


class _Pretended(Watch):
    """Runs something else than a harvest, so that it can be slow, or die."""

    seconds = 30.0

    def command(self, name: str) -> list[str]:
        seconds = self.seconds if name == "langsam" else 0.0
        code = 1 if name == "kaputt" else 0
        return [sys.executable, "-c", f"import sys, time; time.sleep({seconds}); sys.exit({code})"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", config=tmp_path, harvest_at_once=2)


@pytest.fixture
def client() -> _Client:
    made = _Client()
    made.add("langsam")
    made.add("schnell")
    made.add("von-hand", None)
    made.add("angehalten", paused=True)
    made.add("aus", enabled=False)
    return made


@pytest.fixture
def watch(settings: Settings, client: _Client) -> Iterator[Watch]:
    made = _Pretended(settings, _Desk(client))
    yield made
    made._end_all()


def _ended(watch: Watch, now: datetime, name: str) -> bool:
    until = time.monotonic() + 20
    while name in watch.running and time.monotonic() < until:
        time.sleep(0.05)
        watch._tidy()
    return name not in watch.running


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=2)


def test_a_slow_source_delays_no_other(watch: Watch) -> None:
    soon = _soon()
    watch.look(soon)
    assert watch.running == ["langsam", "schnell"]
    assert _ended(watch, soon, "schnell")
    assert watch.running == ["langsam"]
    watch.look(soon)
    assert watch.running == ["langsam", "schnell"], "never the slow one twice"
    # What takes too long is told to end.
    watch._running["langsam"].until = 0.0
    watch._tidy()
    assert _ended(watch, soon, "langsam")


def test_no_more_at_once_than_the_operator_wants(settings: Settings, client: _Client) -> None:
    watch = _Pretended(settings.model_copy(update={"harvest_at_once": 1}), _Desk(client))
    watch.look(_soon())
    assert watch.running == ["langsam"]
    watch._end_all()


def test_who_asks_for_a_run_comes_first(settings: Settings, client: _Client) -> None:
    client.sources["angehalten"]["run_requested_at"] = _now()
    watch = _Pretended(settings.model_copy(update={"harvest_at_once": 1}), _Desk(client))
    watch.look(_soon())
    assert watch.running == ["angehalten"], "also while it is paused: somebody wants it now"
    watch._end_all()


def test_a_run_that_cannot_even_begin_is_told_and_not_tried_for_ever(
    watch: Watch, client: _Client
) -> None:
    client.sources.clear()
    client.add("kaputt", None, run_requested_at=_now())
    now = datetime.now(UTC)
    watch.look(now)
    assert _ended(watch, now, "kaputt")
    watch.look(now)
    assert [run["verdict"] for run in client.runs["kaputt"]] == ["failed"]
    assert "ended before it began" in client.runs["kaputt"][0]["error"]
    assert watch.running == []


def test_a_run_that_nobody_works_on_was_cut_off(
    watch: Watch, client: _Client, settings: Settings
) -> None:
    unfinished = {"id": "von-hand", "started": _now(), "finished": None, "verdict": None}
    client.runs["von-hand"] = [dict(unfinished)]
    client.sources["von-hand"]["state"] = "running"
    locks = settings.folder / "locks"
    locks.mkdir(parents=True)
    held = Lock(locks / "harvest-von-hand.lock")
    held.take({})
    watch.look(datetime.now(UTC))
    assert client.runs["von-hand"][0]["finished"] is None, "somebody works on it"
    held.release()
    watch.look(datetime.now(UTC))
    assert client.runs["von-hand"][0]["error"] == "it was cut off before its end"


def test_a_portal_that_is_away_loses_nothing(
    watch: Watch, client: _Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.away = True
    soon = _soon()
    watch.look(soon)
    watch.look(soon)
    assert watch.running == []
    assert len([one for one in caplog.records if "does not answer" in one.message]) == 1
    client.away = False
    watch.look(soon)
    assert watch.running == ["langsam", "schnell"]


def test_old_files_are_taken_over_once(watch: Watch, client: _Client, settings: Settings) -> None:
    settings.harvests.mkdir(parents=True)
    kept = history.told(_report(0))
    (settings.harvests / "dorf.jsonl").write_text(json.dumps(kept) + "\n")
    (settings.harvests / "cache").mkdir()
    watch.look(NOON)
    assert client.runs["dorf"][0]["started"] == NOON.isoformat()
    assert [path.name for path in settings.harvests.iterdir()] == ["cache"]


def test_a_mistake_in_the_configuration_stops_nothing(
    watch: Watch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    (settings.config_folder / "sources.yaml").write_text("- nmae: x")
    watch.look(_soon())
    watch.look(_soon())
    assert watch.running == ["langsam", "schnell"]
    assert len([record for record in caplog.records if "sources.yaml" in record.message]) == 1
