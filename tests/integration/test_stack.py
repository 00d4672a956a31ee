"""The local stack: restarts, side by side, in odd places, after crashes."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import Stack, running_folder

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def other() -> Iterator[Stack]:
    """A second, empty stack beside the first, in a path with spaces and umlauts."""
    for folder in running_folder("myk zwei ä "):
        running = Stack(folder / "mein Portal", {"MYK_SAMPLE": "false"})
        running.start()
        yield running
        if running.process and running.process.poll() is None:
            running.stop()


def _within(seconds: float, condition: object) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.3)
    return False


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def test_two_stacks_run_side_by_side(stack: Stack, other: Stack) -> None:
    assert stack.answers("/")
    assert other.answers("/")
    assert other.action("package_search")["count"] == 0
    assert stack.action("package_search")["count"] > 150


def test_a_second_start_says_so_and_changes_nothing(stack: Stack) -> None:
    before = stack.processes()
    again = stack.myk("up")
    assert again.returncode == 0
    assert "already runs" in again.stdout
    assert stack.processes() == before


def test_status_and_doctor(stack: Stack) -> None:
    assert stack.myk("status").returncode == 0
    told = stack.myk("doctor")
    assert told.returncode == 0, told.stdout
    assert "runs" in told.stdout


@pytest.mark.parametrize("name", ["postgres", "redis", "search", "web", "worker", "harvests"])
def test_a_killed_process_comes_back(other: Stack, name: str) -> None:
    before = other.processes()[name]
    os.kill(before, signal.SIGKILL)

    def recovered() -> bool:
        now = other.processes()
        return now.get(name) not in (None, before) and len(now) == 6 and other.answers("/")

    assert _within(60, recovered), other.log.read_text()[-2000:]
    assert _within(30, lambda: other.answers("/api/3/action/package_search"))


def test_after_killing_everything_it_starts_again(other: Stack) -> None:
    assert other.process is not None
    family = _family(other.process.pid)
    for process in family:
        # Some end by themselves, because their parent is gone.
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    other.process.wait(10)
    psutil.wait_procs(family, timeout=20)
    seconds = other.start()
    assert seconds < 60
    # The page answers a moment before the supervisor has written down who runs.
    assert _within(20, lambda: len(other.processes()) == 6)


def test_when_the_supervisor_is_killed_no_orphan_stays(other: Stack) -> None:
    assert other.process is not None
    family = _family(other.process.pid)
    other.process.kill()
    other.process.wait(10)
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive, [process.cmdline() for process in alive]
    other.start()


def test_a_taken_port_is_named(other: Stack, tmp_path: Path) -> None:
    third = Stack(tmp_path / "drei", port=other.port)
    told = third.myk("up")
    assert told.returncode == 1
    assert str(other.port) in told.stdout
    assert "MYK_PORT" in told.stdout
    assert "Traceback" not in told.stdout + told.stderr


def test_stopping_leaves_no_orphan(other: Stack) -> None:
    assert other.process is not None
    family = _family(other.process.pid)
    assert other.stop() == 0
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive, [process.cmdline() for process in alive]
