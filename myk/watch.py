"""Harvests the sources when they are due or asked for, each in a process of its own.

So a source that is slow or dead delays no other, and one that takes all memory or never ends is
stopped without harm to the rest. Nothing is kept here: which sources there are, which run was the
last and who asked for one is read from the portal's database, so a restart neither forgets a run
nor repeats one. While the database is away nothing is started, and nothing is lost.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType
from typing import Any, Protocol

from harvesters import schedule
from harvesters.config import load_sources
from harvesters.errors import ConfigError
from myk.runs import LAST, Desk, Runs, RunsUnavailable, take_over
from myk.settings import ROOT, Settings
from myk.stack.lock import AlreadyRunning, Lock

log = logging.getLogger("myk.watch")

#: Seconds between two looks at the clock.
_PAUSE = 5.0
#: Seconds that a run has to end after it was told to.
_GRACE = 30.0


class Asked(Protocol):
    """Where the sources and their runs are: the portal's database."""

    def ask(self, work: Callable[[Runs], Any]) -> Any:
        """Do some work with it, or raise RunsUnavailable."""


@dataclass
class _Run:
    process: subprocess.Popen[bytes]
    began: datetime
    until: float
    told: bool = False


class Watch:
    """Starts runs when they are due or asked for, and sees to it that each ends."""

    def __init__(self, settings: Settings, desk: Asked | None = None) -> None:
        self._settings = settings
        self._desk = desk or Desk(settings)
        self._since = datetime.now(UTC)
        self._running: dict[str, _Run] = {}
        #: Runs that ended badly, and when they began: did they say so themselves?
        self._ended: dict[str, datetime] = {}
        self._complaints: dict[str, str] = {}
        self._took_over = False

    def forever(self) -> None:
        """Watch until the process is told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)
        try:
            while True:
                self.look(datetime.now(UTC))
                time.sleep(_PAUSE)
        except SystemExit:
            self._end_all()
            raise

    def look(self, now: datetime) -> None:
        """See what has ended and what has taken too long, and start what is due."""
        self._tidy()
        self._check_file()
        try:
            sources = self._desk.ask(self._look_up)
        except RunsUnavailable as error:
            self._complain("portal", f"the portal does not answer, nothing is started: {error}")
            return
        self._complain("portal", "")
        # Who waits for a run comes before what is due by itself.
        asked = [one for one in sources if one["run_requested_at"]]
        due = [one for one in sources if one not in asked and self._is_due(one, now)]
        for one in [*asked, *due]:
            if len(self._running) >= self._settings.harvest_at_once:
                return
            if one["name"] not in self._running and one["state"] != "running":
                self._start(one["name"])

    def command(self, name: str) -> list[str]:
        """Return what harvests a source."""
        return [sys.executable, "-m", "myk", "harvest", "run", name]

    @property
    def running(self) -> list[str]:
        """The sources that are being harvested."""
        return sorted(self._running)

    def _is_due(self, source: dict[str, Any], now: datetime) -> bool:
        if not source["enabled"] or not source["schedule"] or source["paused"]:
            return False
        if source["problem"]:
            return False
        return schedule.next_due(source["schedule"], source["runs"], self._since) <= now

    def _look_up(self, runs: Runs) -> list[dict[str, Any]]:
        """Read the sources, and set right what a run could not say of itself."""
        if not self._took_over:
            if moved := take_over(runs, self._settings.harvests):
                log.info("%s earlier runs are in the portal's database now", moved)
            self._took_over = True
        sources = runs.sources(LAST)
        for source in sources:
            name, last = source["name"], source["runs"][0] if source["runs"] else None
            if last and not last["finished"] and name not in self._running and self._is_dead(name):
                runs.failed(last["id"], name, "it was cut off before its end")
                log.warning("%s: the last run was cut off", name)
                source["state"] = "waiting"
            began = self._ended.pop(name, None)
            alone = not last or last["finished"] or source["state"] != "running"
            if began and alone and (not last or _moment(last["started"]) < began):
                # It died before it could say anything: else it would be tried again for ever.
                error = "the run ended before it began; the portal's log tells more"
                runs.failed(runs.begin(name), name, error)
                source["run_requested_at"] = None
        self._ended.clear()
        return sources

    def _is_dead(self, name: str) -> bool:
        """Tell whether no process harvests a source: the system lets go of a dead one's lock."""
        folder = self._settings.folder / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        lock = Lock(folder / f"harvest-{name}.lock")
        try:
            lock.take({"source": name})
        except AlreadyRunning:
            return False
        lock.release()
        return True

    def _check_file(self) -> None:
        """Say once what is wrong with the operator's list; the last good one holds."""
        try:
            load_sources(self._settings.config_folder / "sources.yaml")
            self._complain("file", "")
        except ConfigError as error:
            self._complain("file", str(error))

    def _complain(self, about: str, text: str) -> None:
        if text and text != self._complaints.get(about):
            log.error("%s", text)
        self._complaints[about] = text

    def _start(self, name: str) -> None:
        process = subprocess.Popen(
            self.command(name), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        limit = 60.0 * self._settings.harvest_minutes
        self._running[name] = _Run(process, datetime.now(UTC), time.monotonic() + limit)
        log.info("%s: started", name)

    def _tidy(self) -> None:
        for name, run in list(self._running.items()):
            ended = run.process.poll()
            if ended is not None:
                del self._running[name]
                if ended:
                    self._ended[name] = run.began
                log.info("%s: ended%s", name, " well" if ended == 0 else f" with {ended}")
            elif time.monotonic() > run.until:
                # First politely: the run then says in the history what became of it.
                log.warning("%s: stopped, it has taken too long", name)
                run.process.kill() if run.told else run.process.terminate()
                run.told, run.until = True, time.monotonic() + _GRACE

    def _end_all(self) -> None:
        for run in self._running.values():
            run.process.terminate()
        for run in self._running.values():
            try:
                run.process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                run.process.kill()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
