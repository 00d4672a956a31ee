"""Searches take turns fairly; what was worked out is remembered, but not for ever."""

from __future__ import annotations

import threading
import time

from search.catalogue.memory import Memory
from search.turns import Turns


def test_first_come_first_served_and_never_more_at_once() -> None:
    turns = Turns(2)
    served: list[int] = []
    inside: list[int] = []
    most: list[int] = []
    with turns, turns:
        threads = []
        for number in range(6):

            def ask(number: int = number) -> None:
                with turns:
                    inside.append(number)
                    most.append(len(inside))
                    served.append(number)
                    time.sleep(0.005)
                    inside.remove(number)

            threads.append(threading.Thread(target=ask))
            threads[-1].start()
            while len(turns._waiting) <= number:
                time.sleep(0.001)
        assert served == []
    for thread in threads:
        thread.join(5)
    # Two run at once, so neighbours may swap, but nobody is overtaken by who came later than both.
    assert all(abs(place - number) <= 1 for place, number in enumerate(served))
    assert max(most) <= 2


def test_a_turn_ends_with_an_error_too() -> None:
    turns = Turns(1)
    for _ in range(3):
        try:
            with turns:
                raise ValueError
        except ValueError:
            continue
    with turns:
        pass


def test_the_last_asked_are_remembered() -> None:
    memory: Memory[int] = Memory(2)
    worked_out: list[str] = []

    def ask(question: str) -> int:
        def work_out() -> int:
            worked_out.append(question)
            return len(question)

        return memory.of(question, work_out)

    assert [ask(word) for word in ("a", "bb", "a", "ccc", "a", "bb")] == [1, 2, 1, 3, 1, 2]
    assert worked_out == ["a", "bb", "ccc", "bb"]
