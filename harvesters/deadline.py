"""Work that has to be finished in time, whatever it is doing: waiting, reading, computing."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

#: Seconds between reminders, should the work take the first one for an error of its own.
_AGAIN = 2.0


class TimeUpError(Exception):
    """The work was not finished in time."""


class _Alarm(BaseException):
    """Not an Exception, so that nothing which catches those goes on as if nothing had been."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what ``work`` returns. Raises TimeUpError if that takes longer than ``seconds``.

    The clock can interrupt the main thread only, and only if nobody else has set it (a CKAN job
    does). Elsewhere the work is not interrupted; its requests end in time by themselves
    (:attr:`harvesters.fetch.Fetcher.deadline`).
    """
    if seconds <= 0:
        raise TimeUpError
    if math.isinf(seconds) or not _clock_is_free():
        return work()
    armed = True

    def ring(_number: int, _frame: FrameType | None) -> None:
        if armed:
            raise _Alarm

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
        try:
            return work()
        finally:
            armed = False
    except _Alarm as error:
        raise TimeUpError from error
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _clock_is_free() -> bool:
    return (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0
        and signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, signal.SIG_IGN, None)
    )
