"""What a run of CKAN's tests stands on: PostgreSQL, Redis, a search service, a configuration."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

from myk.settings import ROOT, Settings
from myk.stack.process import Process, Spec
from myk.stack.services import Stack, answers
from tests.ckan_suites.suites import OPTIONS, STORAGES, Suite

_TOKEN = "ckan-suites"
_TEMPLATE = "suite_template"
#: How much of a log an error quotes.
_TAIL = 3000
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class BenchError(RuntimeError):
    """The tests could not be run; the message says why."""


@dataclass
class Outcome:
    """What one suite gave in one mode."""

    mode: str
    suite: str
    seconds: float = 0.0
    tests: int = 0
    passed: int = 0
    #: Name of the test → what pytest says of it. A skipped test tells nothing either: some of
    #: CKAN's skip themselves when the search does not answer.
    failures: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    #: Why there is no result, if so.
    error: str = ""


class Bench:
    """PostgreSQL and Redis for all runs; everything else is each run's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        settings = Settings(home=folder / "home", database_url="", redis_url="", sample=False)
        self.stack = Stack.of(settings)
        assert self.stack.postgres is not None
        self.postgres = self.stack.postgres
        self._lock = threading.Lock()
        self._runs = 0
        self._tests: set[subprocess.Popen[bytes]] = set()
        self._stopping = False

    @contextmanager
    def running(self) -> Iterator[Bench]:
        """Start PostgreSQL and Redis, stop them afterwards."""
        with ExitStack() as started:
            for spec in self.stack.foundations():
                if spec.name in ("postgres", "redis"):
                    started.enter_context(self._process(spec))
            self.postgres.create_databases()
            # The data live only as long as the run.
            for option in ("fsync", "synchronous_commit", "full_page_writes"):
                self.postgres.as_superuser("postgres", f"ALTER SYSTEM SET {option} = off")
            self.postgres.as_superuser("postgres", "SELECT pg_reload_conf()")
            self._make_template()
            yield self

    def run(self, suite: Suite, mode: str, words: Sequence[str] = ()) -> Outcome:
        """Run a suite in a mode on a database, a search service and files of its own."""
        began = time.monotonic()
        outcome = Outcome(mode, suite.name)
        folder = self.folder / f"{suite.name}-{mode}"
        folder.mkdir()
        port = _free_port()
        ini = self._write_ini(folder, self._new_database(folder.name), port)
        try:
            with self._process(_search_service(port, folder, mode)):
                _read_report(self._pytest(ini, folder, suite, words), outcome)
        except BenchError as error:
            outcome.error = str(error)
        outcome.seconds = round(time.monotonic() - began, 1)
        return outcome

    def stop(self) -> None:
        """Stop the tests that run, from another thread; those that have not begun will not."""
        with self._lock:
            self._stopping = True
            for tests in self._tests:
                tests.kill()

    @contextmanager
    def _process(self, spec: Spec) -> Iterator[None]:
        logs = self.stack.layout.logs
        process = Process(spec, logs, lambda name, line: None)
        try:
            process.start()
            if not process.wait_ready(threading.Event()):
                raise BenchError(f"{spec.name} did not start:\n{_tail(logs / f'{spec.name}.log')}")
            yield
            if process.pid is None:
                raise BenchError(
                    f"{spec.name} ended while it was in use:\n{_tail(logs / f'{spec.name}.log')}"
                )
        finally:
            process.stop()

    def _pytest(self, ini: Path, folder: Path, suite: Suite, words: Sequence[str]) -> Path:
        """Run pytest to its end; return its report."""
        report, log = folder / "report.xml", folder / "pytest.log"
        packages = _packages()
        command = [
            sys.executable, "-m", "pytest", f"--ckan-ini={ini}", "-c", os.devnull,
            "--rootdir", str(packages), f"--basetemp={folder / 'tmp'}", f"--junitxml={report}",
            "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "suites_plugin",
            "-W", "ignore", "-q", "--timeout=300", *words,
            *(str(packages / path) for path in suite.paths),
        ]  # fmt: skip
        # Not the project's folder: our `tests` would hide CKAN's, whose plugins have that name.
        env = {**_environment(), "PYTHONPATH": str(Path(__file__).parent)}
        with log.open("wb") as output, self._lock:
            if self._stopping:
                raise BenchError("stopped before it began")
            tests = subprocess.Popen(
                command, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, preexec_fn=_die_with_parent,
            )  # fmt: skip
            self._tests.add(tests)
        while tests.poll() is None:
            try:
                tests.wait(30)
            except subprocess.TimeoutExpired:
                done = re.findall(r"\[ *(\d+)%\]", log.read_text("utf-8", "replace"))
                say(f"{folder.name}: {done[-1] if done else 0} %")
        with self._lock:
            self._tests.discard(tests)
        if tests.returncode not in (0, 1) or not report.exists():
            raise BenchError(f"pytest ended with {tests.returncode}:\n{_tail(log)}")
        return report

    def _make_template(self) -> None:
        """Bring one database up to CKAN's schema; each run gets a copy of it."""
        folder = self.folder / "template"
        folder.mkdir()
        self.postgres.as_superuser("postgres", f"CREATE DATABASE {_TEMPLATE} OWNER ckan")
        port = _free_port()
        with self._process(_search_service(port, folder, "lexical")):
            ini = self._write_ini(folder, _TEMPLATE, port)
            ckan = str(Path(sys.executable).parent / "ckan")
            made = subprocess.run(
                [sys.executable, ckan, "-c", str(ini), "db", "upgrade"],
                env=_environment(), capture_output=True, text=True, check=False,
            )  # fmt: skip
        if made.returncode:
            output = (made.stdout + made.stderr)[-_TAIL:]
            raise BenchError(f"ckan db upgrade failed:\n{output}")

    def _new_database(self, name: str) -> str:
        name = name.replace("-", "_")
        with self._lock:  # PostgreSQL copies a template for one at a time
            self.postgres.as_superuser(
                "postgres", f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} OWNER ckan"
            )
        return name

    def _write_ini(self, folder: Path, database: str, port: int) -> Path:
        sockets = self.stack.layout.sockets
        with self._lock:
            redis_number, self._runs = self._runs, self._runs + 1
        options = {
            **OPTIONS,
            "sqlalchemy.url": f"postgresql://ckan@/{database}?host={sockets / 'postgres'}",
            "ckan.redis.url": f"unix://{sockets / 'redis.sock'}?db={redis_number}",
            "solr_url": f"http://127.0.0.1:{port}/solr/ckan",
            "solr_user": "ckan",
            "solr_password": _TOKEN,
            "ckan.storage_path": str(folder / "uploads"),
        }
        for name, kind in STORAGES.items():
            options[f"ckan.files.storage.{name}.type"] = kind
            options[f"ckan.files.storage.{name}.path"] = str(folder / "uploads" / name)
            options[f"ckan.files.storage.{name}.initialize"] = "true"
        ini = folder / "test.ini"
        lines = [f"{name} = {value.replace('%', '%%')}" for name, value in options.items()]
        ini.write_text("\n".join(["[app:main]", *lines, ""]))
        return ini


@contextmanager
def work_folder(*, keep: bool) -> Iterator[Path]:
    """A folder with a plain, short path (for Unix sockets), removed afterwards."""
    plain = re.fullmatch(r"[A-Za-z0-9/._-]{1,40}", tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="myk-suites-", dir=None if plain else "/tmp"))
    folder.chmod(0o755)  # PostgreSQL may run as another user
    try:
        yield folder
    finally:
        if keep:
            say(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _search_service(port: int, folder: Path, mode: str) -> Spec:
    return Spec(
        f"search-{folder.name}",
        [sys.executable, "-m", "search"],
        lambda: answers(f"http://127.0.0.1:{port}/readyz"),
        env={
            "MYK_SEARCH_PORT": str(port),
            "MYK_SEARCH_FOLDER": str(folder / "index"),
            "MYK_SEARCH_TOKEN": _TOKEN,
            "MYK_SEARCH_MODE": mode,
            "PYTHONPATH": str(ROOT),
        },
        start_timeout=120.0,
    )


def _packages() -> Path:
    """Return the folder that CKAN and its extensions are installed in."""
    found = find_spec("ckan")
    if found is None or found.origin is None:
        raise BenchError("CKAN is not installed here")
    return Path(found.origin).parents[1]


def _environment() -> dict[str, str]:
    """The caller's environment without what would reach into CKAN or pytest."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("CKAN", "PYTEST"))
    }
    # CKAN's tests expect UTC; and its requests to the search service must pass by any proxy.
    return {**inherited, "TZ": "UTC", "no_proxy": "127.0.0.1,localhost"}


def _read_report(report: Path, outcome: Outcome) -> None:
    tests: set[str] = set()
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        tests.add(name)
        for child in case:
            if child.tag in ("failure", "error"):
                text = child.text or child.get("message") or child.tag
                outcome.failures.setdefault(name, text.strip())
            elif child.tag == "skipped":
                outcome.skipped[name] = child.get("message") or "skipped"
    outcome.tests = len(tests)
    outcome.passed = len(tests - set(outcome.failures) - set(outcome.skipped))


def say(text: str) -> None:
    """Tell a person how far the run is; the result alone goes to standard output."""
    print(text, file=sys.stderr, flush=True)


def _tail(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-_TAIL:].strip() or "(it said nothing)"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    # A runner that is killed outright leaves no tests behind.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
