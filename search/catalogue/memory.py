"""What has been worked out once and is asked for again: a page further, a facet, the home page."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Memory(Generic[Answer]):
    """The answers that were asked for last. It belongs to one state and goes with it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, question: Hashable, work_out: Callable[[], Answer]) -> Answer:
        """Return the answer to a question; worked out where it is not remembered."""
        with self._lock:
            if question in self._known:
                self._known.move_to_end(question)
                return self._known[question]
        answer = work_out()
        with self._lock:
            self._known[question] = answer
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return answer
