"""When a source is due, what is kept of its runs, and that none of them holds up another."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harvesters import schedule
from harvesters.alarm import Alarm, alarm
from harvesters.history import History
from harvesters.model import Outcome, RecordResult, Report, SourceConfig
from myk.settings import Settings
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
    # Never harvested: it waits for the first full hour after somebody began to look.
    assert not schedule.is_due(hourly, None, NOON, NOON)
    assert schedule.is_due(hourly, None, NOON - timedelta(minutes=1), NOON)
    # Harvested at noon: not again before one.
    at_noon = NOON.replace(second=0)
    assert not schedule.is_due(hourly, at_noon, NOON, NOON + timedelta(minutes=59))
    assert schedule.is_due(hourly, at_noon, NOON, NOON + timedelta(minutes=60))
    # What was missed while the machine was off is made up for, once.
    assert schedule.is_due(hourly, at_noon - timedelta(days=3), NOON, NOON)


def _report(number: int) -> Report:
    began = NOON + timedelta(hours=number)
    results = [
        RecordResult("a", Outcome.UNCHANGED, "A"),
        RecordResult("b", Outcome.FAILED, "B", reason="no title"),
    ]
    return Report("dorf", began, began + timedelta(minutes=1), results=results)


def test_history_keeps_the_last_runs_and_what_is_worth_telling(tmp_path: Path) -> None:
    history = History(tmp_path / "harvests")
    assert history.runs("dorf") == []
    assert history.last_start("dorf") is None
    for number in range(203):
        history.add(_report(number))
    runs = history.runs("dorf")
    assert len(runs) == 200
    assert runs[0]["started"] == (NOON + timedelta(hours=202)).isoformat()
    assert history.last_start("dorf") == NOON + timedelta(hours=202)
    assert runs[0]["counts"]["unchanged"] == 1
    assert [one["identity"] for one in runs[0]["records"]] == ["b"]


def test_a_damaged_line_of_the_history_is_passed_over(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add(_report(0))
    with (tmp_path / "dorf.jsonl").open("a") as stream:
        stream.write('{"started": "2026-\n')
    assert history.last_start("dorf") == NOON
    history.add(_report(1))
    assert history.last_start("dorf") == NOON + timedelta(hours=1)


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


class _Pretended(Watch):
    """Runs something else than a harvest, so that it can be slow."""

    seconds = 30.0

    def command(self, source: SourceConfig) -> list[str]:
        seconds = self.seconds if source.name == "langsam" else 0.0
        return [sys.executable, "-c", f"import time; time.sleep({seconds})"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    sources = [
        {"name": name, "type": "dcat", "url": f"https://{name}.example", "schedule": "* * * * *"}
        for name in ("langsam", "schnell")
    ] + [{"name": "von-hand", "type": "dcat", "url": "https://h.example"}]
    (tmp_path / "sources.yaml").write_text(json.dumps(sources))
    return Settings(home=tmp_path / "home", config=tmp_path, harvest_at_once=2)


def _ended(watch: Watch, now: datetime, name: str) -> bool:
    until = time.monotonic() + 20
    while name in watch.running and time.monotonic() < until:
        time.sleep(0.05)
        watch._tidy()
    return name not in watch.running


def test_a_slow_source_delays_no_other(settings: Settings) -> None:
    watch = _Pretended(settings)
    soon = datetime.now(UTC) + timedelta(minutes=2)
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
    watch._end_all()


def test_no_more_at_once_than_the_operator_wants(settings: Settings) -> None:
    watch = _Pretended(settings.model_copy(update={"harvest_at_once": 1}))
    watch.look(datetime.now(UTC) + timedelta(minutes=2))
    assert watch.running == ["langsam"]
    watch._end_all()


def test_a_mistake_in_the_configuration_stops_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    watch = _Pretended(settings)
    soon = datetime.now(UTC) + timedelta(minutes=2)
    watch.look(datetime.now(UTC) - timedelta(minutes=2))
    assert watch.running == []
    (settings.config_folder / "sources.yaml").write_text("- nmae: x")
    watch.look(soon)
    watch.look(soon)
    assert watch.running == ["langsam", "schnell"]
    assert len([record for record in caplog.records if "sources.yaml" in record.message]) == 1
    watch._end_all()
