"""A worker of the sandbox: reads files that it is given through a pipe, locked in.

Started by ``indexer.sandbox`` alone. It ends when the pipe is closed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from typing import Any

from indexer import confine, extract, frames
from indexer.limits import MEGA, Limits
from indexer.model import Extracted

#: The kernel ends a worker whose sandbox is gone this long after the file's time is over.
_GRACE = 10


def main() -> None:
    """Serve until the pipe is closed."""
    source, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # what a library prints must not look like an answer
        os.dup2(nothing, stream)
    walls = confine.confine()
    sys.setrecursionlimit(2000)
    try:
        frames.send(answers, frames.HELLO, json.dumps(asdict(walls)).encode())
        while True:
            _, head = frames.receive(source)
            _, content = frames.receive(source)
            frames.send(answers, frames.RESULT, _answer(json.loads(head), content, answers))
            del content
    except (frames.Ended, BrokenPipeError):
        return


def _answer(job: dict[str, Any], content: bytes, answers: int) -> bytes:
    limits = Limits(**job["limits"])
    confine.memory(limits.memory + 2 * len(content))
    confine.processor(limits.cpu_seconds)
    signal.alarm(int(limits.seconds) + _GRACE)
    try:
        result = extract.extract(
            content, job["name"], job["declared"], limits,
            lambda: frames.send(answers, frames.OCR),
        )  # fmt: skip
        return _fitting(result, limits)
    except MemoryError:
        return _failed(f"Reading the file needs more than {limits.memory // MEGA} MB of memory.")
    except RecursionError:
        return _failed("The file is nested too deeply.")
    except Exception as error:  # noqa: BLE001 - a parser's surprise ends one file, not the worker
        return _failed(f"The file is damaged in a way that was not foreseen: {_kind(error)}.")
    finally:
        signal.alarm(0)


def _fitting(result: Extracted, limits: Limits) -> bytes:
    """The answer, with as many pages as may go through the pipe."""
    answer = json.dumps(result.as_dict(), ensure_ascii=False).encode("utf-8", "replace")
    while len(answer) > limits.output and result.pages:
        del result.pages[len(result.pages) // 2 :]
        result.state, result.truncated = "partly", True
        result.reason = "The text is too long; only its beginning was kept."
        answer = json.dumps(result.as_dict(), ensure_ascii=False).encode("utf-8", "replace")
    return answer


def _failed(reason: str) -> bytes:
    return json.dumps(Extracted.failed(reason).as_dict()).encode()


def _kind(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:100]}"


if __name__ == "__main__":
    main()
