"""Files are read in processes of their own: a hostile file ends its worker, nothing else.

A worker has no network, writes no file, and has limits on time, memory and answer
(``indexer.confine``). One that crashed, took too long or read many files is replaced.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, replace
from types import TracebackType

from indexer import frames
from indexer.confine import Walls
from indexer.errors import IndexerError
from indexer.limits import MEGA, Limits
from indexer.model import Extracted

_FILES = 200  # then a worker is replaced: parsers keep memory
_START_SECONDS = 60.0
_HEAD_ROOM = 64 * 1024
#: What a worker inherits of this process's settings; secrets stay here.
_ENVIRONMENT = ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH")


class SandboxError(IndexerError):
    """No worker can be started; the files are not to blame."""


@dataclass
class _Crash(Exception):
    """A worker that is no more, and why in words for people."""

    reason: str
    ocr: bool = False


class Sandbox:
    """Workers that read files. May be used by many threads at once; close it when done."""

    def __init__(self, workers: int = 2, limits: Limits | None = None, files: int = _FILES) -> None:
        self.limits = limits or Limits()
        self._files = files
        self._places: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(max(1, workers)):
            self._places.put(None)
        self._closed = threading.Event()
        self._workers = max(1, workers)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def extract(self, content: bytes, name: str = "", declared: str = "") -> Extracted:
        """The text of a file; waits for a free worker. Raises SandboxError if none starts."""
        if self._closed.is_set():
            raise SandboxError("The sandbox is closed.")
        if len(content) > self.limits.content:
            most = self.limits.content // MEGA
            return Extracted.failed(f"The file is larger than {most} MB; that is not read.")
        try:
            return self._once(content, name, declared, self.limits)
        except _Crash as crash:
            if not crash.ocr:
                return Extracted.failed(crash.reason)
        # Drawing a page killed the worker: what can be read without drawing is read.
        try:
            result = self._once(content, name, declared, replace(self.limits, ocr=False))
        except _Crash as crash:
            return Extracted.failed(crash.reason)
        note = "Scanned pages could not be read by OCR."
        result.reason = f"{result.reason} {note}".strip()
        result.state = "partly" if result.pages else "failed"
        return result

    def walls(self) -> Walls:
        """What keeps the workers in on this machine."""
        worker = self._take()
        self._places.put(worker)
        return worker.walls

    def close(self) -> None:
        """End all workers; waits for files that are being read."""
        if self._closed.is_set():
            return
        self._closed.set()
        for _ in range(self._workers):
            worker = self._places.get()
            if worker is not None:
                worker.end()

    def _take(self) -> _Worker:
        worker = self._places.get()
        try:
            if worker is not None and (worker.files >= self._files or not worker.alive):
                worker.end()
                worker = None
            return worker or _Worker()
        except BaseException:
            self._places.put(None)
            raise

    def _once(self, content: bytes, name: str, declared: str, limits: Limits) -> Extracted:
        worker = self._take()
        try:
            result = worker.read(content, name, declared, limits)
        except BaseException:
            worker.end()
            self._places.put(None)
            raise
        self._places.put(worker)
        return result


class _Worker:
    """One process."""

    def __init__(self) -> None:
        self.files = 0
        inherited = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "indexer.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**inherited, "LANG": "C.UTF-8"}, cwd="/", start_new_session=True, bufsize=0,
        )  # fmt: skip
        if self._process.stdin is None or self._process.stdout is None:
            raise SandboxError("A process that reads files has no pipes.")
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        try:
            until = time.monotonic() + _START_SECONDS
            _, hello = frames.receive_until(self._out, until, _HEAD_ROOM)
            self.walls = Walls(**json.loads(hello))
        except (frames.Ended, frames.TooLate, frames.TooLarge, ValueError, TypeError) as error:
            self.end()
            raise SandboxError(
                "The process that reads files does not start. Run: python -m indexer.worker"
            ) from error

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def read(self, content: bytes, name: str, declared: str, limits: Limits) -> Extracted:
        """One file. Raises _Crash."""
        self.files += 1
        deadline = time.monotonic() + limits.seconds
        job = {"name": name[:1000], "declared": declared[:200], "limits": asdict(limits)}
        ocr = False
        try:
            head = frames.pack(frames.JOB, json.dumps(job).encode())
            frames.send_until(self._in, head, deadline)
            frames.send_until(self._in, frames.pack(frames.CONTENT, content), deadline)
            while True:
                kind, answer = frames.receive_until(self._out, deadline, limits.output)
                if kind == frames.RESULT:
                    return Extracted.from_dict(json.loads(answer))
                ocr = ocr or kind == frames.OCR
        except frames.TooLate as error:
            told = f"Reading the file took longer than {limits.seconds:.0f} seconds."
            raise _Crash(told, ocr) from error
        except frames.Ended as error:
            raise _Crash(self._died(limits), ocr) from error
        except frames.TooLarge as error:
            raise _Crash("The text of the file is larger than what is taken.", ocr) from error
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise _Crash("Reading the file gave no answer that can be used.", ocr) from error

    def end(self) -> None:
        """Kill it with all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()

    def _died(self, limits: Limits) -> str:
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            code = 0
        if -code in (signal.SIGXCPU, signal.SIGALRM):
            return f"Reading the file took more than {limits.cpu_seconds} seconds of work."
        if -code == signal.SIGKILL:
            return "Reading the file was ended by the system, probably for want of memory."
        return (
            "The file is damaged or made to do harm: the program that reads it crashed, "
            f"or needed more than {limits.memory // MEGA} MB of memory."
        )
