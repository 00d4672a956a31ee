"""Not too many requests at once: a pause between two requests to the same host."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Waits until ``pause`` seconds have passed since the host was asked last.

    A fetcher asks one thing after the other, so there is never more than one connection in use.
    """

    def __init__(self, pause: float = 0.0, sleep: Callable[[float], None] = time.sleep) -> None:
        self.pause = pause
        self._sleep = sleep
        self._asked: dict[str, float] = {}

    def wait(self, host: str) -> None:
        """Wait for the host's turn; to be called right before it is asked."""
        if self.pause <= 0:
            return
        if (last := self._asked.get(host)) is not None:
            self._sleep(max(0.0, last + self.pause - time.monotonic()))
        self._asked[host] = time.monotonic()
