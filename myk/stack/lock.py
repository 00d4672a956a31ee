"""One stack per home: a lock that the system itself lets go when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any


class AlreadyRunning(RuntimeError):
    """Another stack holds the lock; ``holder`` says what it wrote about itself."""

    def __init__(self, holder: dict[str, Any]) -> None:
        self.holder = holder
        super().__init__("already running")


class Lock:
    """Holds a home while this process lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, about: dict[str, Any]) -> None:
        """Take the lock and write into it who we are.

        :raises AlreadyRunning: when another process holds it.
        """
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        os.set_inheritable(descriptor, False)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise AlreadyRunning(_read(self.path)) from None
        self._descriptor = descriptor
        self.write({"pid": os.getpid(), **about})

    def write(self, about: dict[str, Any]) -> None:
        """Replace what the lock says about its holder."""
        if self._descriptor is None:
            raise RuntimeError("the lock is not held")
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(about).encode(), 0)

    def release(self) -> None:
        """Let go; what it said is removed."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def holder(path: Path) -> dict[str, Any] | None:
    """Return what the running stack says about itself; ``None`` when none runs."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(path)
    finally:
        os.close(descriptor)
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text() or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
