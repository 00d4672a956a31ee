"""One process of the stack: how it is started, watched, logged and stopped."""

from __future__ import annotations

import ctypes
import logging
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)

#: Seconds before a process that ended is started again: doubled each time, up to the last.
_FIRST_DELAY, _LAST_DELAY = 0.5, 30.0
#: A process that ran this long (seconds) had started well; the delay begins anew.
_PROVEN = 60.0
#: User and password in an address that a library prints with an error.
_SECRET = re.compile(r"//[^/@\s:]+:[^/@\s]+@")
_LOG_BYTES, _LOG_FILES = 5_000_000, 3


@dataclass(frozen=True)
class Spec:
    """What a process is: its command, and how to tell that it is ready and to stop it."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    #: Seconds within which it must be ready.
    start_timeout: float = 60.0
    #: The command itself arranges to die with its parent (it changes user, which undoes ours).
    dies_with_parent: bool = False
    #: The lines worth showing in the terminal (the log has all); by default every line.
    worth_showing: str = ""
    #: Run before each start, to clear what a crash left.
    prepare: Callable[[], None] = lambda: None


class Process:
    """A running process of the stack."""

    def __init__(self, spec: Spec, logs: Path, show: Callable[[str, str], None]) -> None:
        self.spec = spec
        self._show = show
        self._handler = RotatingFileHandler(
            logs / f"{spec.name}.log", maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
        )
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        self._log = logging.Logger(spec.name)
        self._log.addHandler(self._handler)
        self._child: subprocess.Popen[str] | None = None
        self._started = 0.0
        self._delay = _FIRST_DELAY
        self._next_start = 0.0
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._child.pid if self._child and self._child.poll() is None else None

    def start(self) -> None:
        """Start the process; its output goes to its log and, prefixed, to the terminal."""
        self.spec.prepare()
        stop_with_parent = None if self.spec.dies_with_parent else self._die_with_parent
        self._child = subprocess.Popen(
            list(self.spec.command),
            env={**os.environ, **self.spec.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            # A session of its own: Ctrl-C reaches the supervisor alone, which stops in order.
            start_new_session=True,
            preexec_fn=stop_with_parent,
        )
        self._started = time.monotonic()
        threading.Thread(target=self._read, args=(self._child,), daemon=True).start()

    def _die_with_parent(self) -> None:
        # If the supervisor is killed outright, its children must not stay behind.
        _LIBC.prctl(_PR_SET_PDEATHSIG, self.spec.stop_signal)

    def _read(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None  # noqa: S101 (a pipe was asked for)
        for line in child.stdout:
            line = _SECRET.sub("//…@", line.rstrip())
            if line:
                if re.search(self.spec.worth_showing, line):
                    self._show(self.spec.name, line)
                self._log.info("%s", line)

    def wait_ready(self, stopping: threading.Event) -> bool:
        """Wait until the process is ready; false when it ended, timed out or all is stopping."""
        end = time.monotonic() + self.spec.start_timeout
        while time.monotonic() < end and not stopping.is_set():
            if self.pid is None:
                return False
            if self.spec.ready():
                return True
            time.sleep(0.1)
        return False

    def tend(self) -> str | None:
        """Restart the process if it ended and its delay is over; return what happened, if so."""
        if self.pid is not None or self._child is None:
            if self._child and time.monotonic() - self._started > _PROVEN:
                self._delay = _FIRST_DELAY
            return None
        now = time.monotonic()
        if not self._next_start:
            code = self._child.returncode
            self._next_start = now + self._delay
            waited, self._delay = self._delay, min(self._delay * 2, _LAST_DELAY)
            self._clear_group()
            return f"ended ({_meaning(code)}); starting again in {waited:.1f} s"
        if now >= self._next_start:
            self._next_start = 0.0
            self.restarts += 1
            self.start()
            return "started again"
        return None

    def stop(self, patience: float = 10.0) -> None:
        """Ask the process to stop, wait ``patience`` seconds, then kill what is left of it."""
        child = self._child
        if child is None:
            return
        if child.poll() is None:
            child.send_signal(self.spec.stop_signal)
            try:
                child.wait(patience)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._clear_group()
        self._handler.close()

    def _clear_group(self) -> None:
        """Kill what a process left behind in its group (workers of a killed master)."""
        if self._child is None:
            return
        try:
            os.killpg(self._child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


def _meaning(code: int) -> str:
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"
