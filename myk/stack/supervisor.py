"""The foreground run: start in order, watch, restart, stop in reverse order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

import psycopg2
from rich.console import Console

from myk.settings import ROOT
from myk.stack import ports
from myk.stack.lock import Lock
from myk.stack.postgres import PostgresError
from myk.stack.process import Process, Spec
from myk.stack.services import Stack, StackError

#: A colour per process, so that the eye finds its lines.
_COLOURS = {
    "postgres": "blue", "redis": "red", "search": "cyan", "web": "green", "worker": "magenta",
    "harvests": "magenta", "setup": "yellow", "myk": "bold",
}  # fmt: skip
_WIDTH = max(len(name) for name in _COLOURS)
#: Hours between two comparisons of database and index.
_RECONCILE_HOURS = 6.0


class Supervisor:
    """Runs a stack until it is told to stop."""

    def __init__(self, stack: Stack, lock: Lock) -> None:
        self.stack = stack
        self.lock = lock
        self.console = Console(highlight=False, soft_wrap=True)
        self.stopping = threading.Event()
        self.processes: list[Process] = []
        self._output = threading.Lock()

    def run(self) -> int:
        """Start everything and stay until SIGINT or SIGTERM; return the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        began = time.monotonic()
        try:
            self._start(began)
            self._watch()
        except (StackError, PostgresError, psycopg2.Error) as error:
            if not self.stopping.is_set():
                self.show("myk", f"[red]cannot go on:[/red] {_plain(error)}", markup=True)
                return 1
        finally:
            self._stop()
        return 0

    def show(self, name: str, line: str, *, markup: bool = False) -> None:
        """Print one line with the name of who says it before it."""
        with self._output:
            colour = _COLOURS.get(name, "white")
            self.console.print(f"[{colour}]{name:<{_WIDTH}}[/{colour}] │ ", end="")
            self.console.print(line, markup=markup)

    # -- starting --------------------------------------------------------------------------

    def _start(self, began: float) -> None:
        settings = self.stack.settings
        taken = ports.taken(settings)
        if taken:
            raise StackError(taken)
        self.stack.write_ckan_ini()
        first = not self.stack.layout.marker.exists()
        if first:
            self.show("myk", "First start: setting everything up. This takes a few minutes.")
        self._launch(self.stack.foundations())
        if self.stack.postgres:
            self.stack.postgres.create_databases()
        if first:
            self._set_up()
            self.stack.layout.marker.write_text(json.dumps({"set_up": time.time()}))
        self._launch(self.stack.portal())
        self._announce(first, time.monotonic() - began)

    def _launch(self, specs: Sequence[Spec]) -> None:
        started = []
        for spec in specs:
            process = Process(spec, self.stack.layout.logs, self.show)
            self.processes.append(process)
            process.start()
            started.append(process)
        for process in started:
            began = time.monotonic()
            while not process.wait_ready(self.stopping):
                if self.stopping.is_set():
                    raise StackError("stopped while starting")
                if process.restarts >= 3 or process.pid is not None:
                    log = self.stack.layout.logs / f"{process.spec.name}.log"
                    raise StackError(f"{process.spec.name} does not start; its log is {log}")
                self._tend(process)
                time.sleep(0.1)
            self.show("myk", f"{process.spec.name} is ready ({time.monotonic() - began:.1f} s)")
        self._report()

    def _set_up(self) -> None:
        """Run the first start's steps as a process of their own: CKAN stays out of this one."""
        command = [sys.executable, "-m", "myk.stack.setup"]
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        log = (self.stack.layout.logs / "setup.log").open("a", encoding="utf-8")
        reader = threading.Thread(target=self._relay, args=(child, log), daemon=True)
        reader.start()
        while child.poll() is None:
            if self.stopping.is_set():
                child.terminate()
                child.wait(10)
                raise StackError("stopped while setting up; the next start goes on from there")
            for process in self.processes:
                self._tend(process)
            time.sleep(0.2)
        reader.join(5)
        log.close()
        if child.returncode:
            raise StackError(
                f"setting up failed; the log is {self.stack.layout.logs / 'setup.log'}, "
                "and the next start goes on from there"
            )

    def _relay(self, child: subprocess.Popen[str], log: object) -> None:
        assert child.stdout is not None  # noqa: S101 (a pipe was asked for)
        for line in child.stdout:
            self.show("setup", line.rstrip())
            print(line, end="", file=log, flush=True)  # type: ignore[call-overload]

    def _announce(self, first: bool, seconds: float) -> None:
        url = self.stack.settings.public_url
        self.show("myk", f"[bold]The portal is ready: {url}[/bold] ({seconds:.0f} s)", markup=True)
        if first:
            path = self.stack.layout.home / "secrets.json"
            self.show("myk", f"Sign in as 'admin'; the password is 'admin_password' in {path}")
        self.show("myk", "Ctrl-C stops it.")

    # -- running ---------------------------------------------------------------------------

    def _watch(self) -> None:
        reconciler: subprocess.Popen[bytes] | None = self._reconcile()
        next_time = time.monotonic() + _RECONCILE_HOURS * 3600
        while not self.stopping.wait(0.3):
            for process in self.processes:
                self._tend(process)
            if reconciler is not None and reconciler.poll() is not None:
                if reconciler.returncode:
                    self.show("myk", "database and index could not be compared (logs/index.log)")
                reconciler = None
            if reconciler is None and time.monotonic() > next_time:
                reconciler = self._reconcile()
                next_time = time.monotonic() + _RECONCILE_HOURS * 3600
        if reconciler is not None and reconciler.poll() is None:
            reconciler.terminate()
            reconciler.wait()

    def _reconcile(self) -> subprocess.Popen[bytes]:
        """Compare database and index in the background and mend what differs."""
        with (self.stack.layout.logs / "index.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "myk", "index", "check", "--repair"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _tend(self, process: Process) -> None:
        said = process.tend()
        if said:
            self.show("myk", f"{process.spec.name} {said}")
            self._report()

    def _report(self) -> None:
        self.lock.write(
            {
                "pid": os.getpid(),
                "url": self.stack.settings.public_url,
                "port": self.stack.settings.port,
                "search_port": self.stack.settings.search_port,
                "processes": {
                    process.spec.name: {"pid": process.pid, "restarts": process.restarts}
                    for process in self.processes
                },
            }
        )

    # -- stopping --------------------------------------------------------------------------

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()

    def _stop(self) -> None:
        self.stopping.set()
        if self.processes:
            self.show("myk", "stopping …")
        for process in reversed(self.processes):
            process.stop()
        if self.processes:
            self.show("myk", "stopped")


def _plain(error: Exception) -> str:
    return " ".join(str(error).split())
