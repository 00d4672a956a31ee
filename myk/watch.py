"""Harvests the sources when they are due, each in a process of its own.

So a source that is slow or dead delays no other, and one that takes all memory or never ends is
stopped without harm to the rest. Nothing is kept here: which run was the last is read from the
history, so a restart neither forgets a run nor repeats one.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType

from harvesters import schedule
from harvesters.config import load_sources
from harvesters.errors import ConfigError
from harvesters.history import History
from harvesters.model import SourceConfig
from myk.settings import ROOT, Settings

log = logging.getLogger("myk.watch")

#: Seconds between two looks at the clock.
_PAUSE = 5.0
#: Seconds that a run has to end after it was told to.
_GRACE = 30.0


@dataclass
class _Run:
    process: subprocess.Popen[bytes]
    until: float
    told: bool = False


class Watch:
    """Starts runs when they are due, and sees to it that each ends."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._history = History(settings.harvests)
        self._since = datetime.now(UTC)
        self._running: dict[str, _Run] = {}
        self._sources: Mapping[str, SourceConfig] = {}
        self._complaint = ""

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
        for source in self._load().values():
            if len(self._running) >= self._settings.harvest_at_once:
                return
            if not (source.enabled and source.schedule) or source.name in self._running:
                continue
            last = self._history.last_start(source.name)
            if schedule.is_due(source.schedule, last, self._since, now):
                self._start(source)

    def command(self, source: SourceConfig) -> list[str]:
        """Return what harvests a source."""
        return [sys.executable, "-m", "myk", "harvest", "run", source.name]

    @property
    def running(self) -> list[str]:
        """The sources that are being harvested."""
        return sorted(self._running)

    def _load(self) -> Mapping[str, SourceConfig]:
        """Read the configuration anew; a mistake is told once, and the last good one holds."""
        try:
            self._sources = load_sources(self._settings.config_folder / "sources.yaml")
            self._complaint = ""
        except ConfigError as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                log.error("%s", error)
        return self._sources

    def _start(self, source: SourceConfig) -> None:
        process = subprocess.Popen(
            self.command(source), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        limit = 60.0 * self._settings.harvest_minutes
        self._running[source.name] = _Run(process, time.monotonic() + limit)
        log.info("%s: started", source.name)

    def _tidy(self) -> None:
        for name, run in list(self._running.items()):
            ended = run.process.poll()
            if ended is not None:
                del self._running[name]
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


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
