"""Fixtures for all tests. The local stack is started once per run, in a home of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


def data_folder() -> Path:
    """Where the real input of the tests lies; it is not part of the repository."""
    return Path(os.environ.get("MYK_TEST_DATA") or ROOT.parent / "shared" / "data")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real municipal data, or a skip that says what is missing."""
    folder = data_folder()
    if not (folder / "dcat").is_dir():
        pytest.skip(f"the real input data are not here ({folder}); set MYK_TEST_DATA")
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stack:
    """A local stack of the tests' own: ``myk up`` in a home and on ports of its own."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    search_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def search_url(self) -> str:
        return f"http://127.0.0.1:{self.search_port}"

    @property
    def log(self) -> Path:
        return self.home.parent / f"{self.home.name}.log"

    @property
    def env(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("MYK_")
        }
        return {
            **inherited,
            "MYK_HOME": str(self.home),
            "MYK_PORT": str(self.port),
            "MYK_SEARCH_PORT": str(self.search_port),
            "PYTHONUNBUFFERED": "1",
            **self.settings,
        }

    @property
    def secrets(self) -> dict[str, str]:
        return dict(json.loads((self.home / "secrets.json").read_text()))

    def start(self, timeout: float = 240.0) -> float:
        """Start and wait until the portal is ready; return the seconds that took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "myk", "up"],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        while time.monotonic() - began < timeout:
            if self.process.poll() is not None:
                break
            if self.answers("/"):
                return time.monotonic() - began
            time.sleep(0.1)
        raise AssertionError(f"the stack did not start:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> int:
        """Stop as Ctrl-C does; return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def answers(self, path: str) -> bool:
        try:
            return self.get(path)[0] == 200
        except OSError:
            return False

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        """GET a page of the portal; return status and text."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers=headers or {}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")

    def myk(self, *words: str, timeout: float = 240.0) -> subprocess.CompletedProcess[str]:
        """Run the myk command on this stack."""
        return subprocess.run(
            [sys.executable, "-m", "myk", *words],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def processes(self) -> dict[str, int]:
        """Name → process id of what runs, as `myk status` tells it."""
        told = json.loads(self.myk("status", "--json").stdout)
        return {row["name"]: row["pid"] for row in told["processes"] if row["running"]}

    def action(self, action: str, token: str | None = None, /, **data: Any) -> Any:
        """Call an action of CKAN's API and return its result."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/3/action/{action}",
            data=json.dumps(data).encode(),
            headers={
                "Content-Type": "application/json",
                **({"Authorization": token} if token else {}),
            },
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())["result"]


def running_folder(prefix: str) -> Iterator[Path]:
    """A folder with a short path (Unix sockets), removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The stack of this run, with the harvested sample region."""
    for folder in running_folder("myk-test-"):
        running = Stack(folder / "home")
        running.start()
        yield running
        if running.process and running.process.poll() is None:
            running.stop()


@pytest.fixture(scope="session")
def token(stack: Stack) -> str:
    """An API token of the administrator."""
    made = subprocess.run(
        [
            str(Path(sys.executable).parent / "ckan"), "-c", str(stack.home / "run" / "ckan.ini"),
            "user", "token", "add", "admin", "tests", "-q",
        ],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    return made.stdout.strip().splitlines()[-1].strip()
