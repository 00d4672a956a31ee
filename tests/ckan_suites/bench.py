"""What a run of CKAN's tests stands on: PostgreSQL, Redis, a search service, a configuration."""

from __future__ import annotations

import os
import re
import shutil
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


class BenchError(RuntimeError):
    """The tests could not be run; the message says why."""


@dataclass
class Outcome:
    """What one suite gave in one mode."""

    mode: str
    suite: str
    seconds: float
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
        self._one_at_a_time = threading.Lock()
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
        with self._one_at_a_time:
            if self._stopping:
                return Outcome(mode, suite.name, 0.0, error="stopped before it began")
            self._runs += 1
            number = self._runs
            folder = self.folder / f"{suite.name}-{mode}"
            folder.mkdir()
            database = f"suite_{suite.name}_{mode}"
            self.postgres.as_superuser(
                "postgres", f"CREATE DATABASE {database} TEMPLATE {_TEMPLATE} OWNER ckan"
            )
        port = _free_port()
        ini = self._write_ini(folder, database, port, redis_number=number)
        began = time.monotonic()
        try:
            with self._process(_search_service(port, folder, mode)):
                report = self._pytest(suite, mode, ini, folder, words)
        except BenchError as error:
            return Outcome(mode, suite.name, round(time.monotonic() - began, 1), error=str(error))
        return _outcome(report, suite, mode, time.monotonic() - began)

    def stop(self) -> None:
        """Stop the tests that run, from another thread; those that have not begun will not."""
        with self._one_at_a_time:
            self._stopping = True
            for tests in self._tests:
                tests.kill()

    @contextmanager
    def _process(self, spec: Spec) -> Iterator[None]:
        process = Process(spec, self.stack.layout.logs, lambda name, line: None)
        process.start()
        try:
            if not process.wait_ready(threading.Event()):
                raise BenchError(f"{spec.name} did not start; see {self.stack.layout.logs}")
            yield
        finally:
            process.stop()

    def _pytest(
        self, suite: Suite, mode: str, ini: Path, folder: Path, words: Sequence[str]
    ) -> Path:
        """Run pytest to its end; return its report."""
        report, log = folder / "report.xml", folder / "pytest.log"
        packages = _packages()
        command = [
            sys.executable, "-m", "pytest", f"--ckan-ini={ini}", "-c", os.devnull,
            "--rootdir", str(packages), f"--basetemp={folder / 'tmp'}", f"--junitxml={report}",
            "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "freezer",
            "-W", "ignore", "-q", "--timeout=300", *words,
            *(str(packages / path) for path in suite.paths),
        ]  # fmt: skip
        # Not the project's folder: our `tests` would hide CKAN's, whose plugins have that name.
        env = {**_environment(), "PYTHONPATH": str(Path(__file__).parent)}
        with log.open("wb") as output, self._one_at_a_time:
            if self._stopping:
                raise BenchError("stopped before it began")
            tests = subprocess.Popen(
                command, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
            self._tests.add(tests)
        while True:
            try:
                tests.wait(30)
                break
            except subprocess.TimeoutExpired:
                done = re.findall(r"\[ *(\d+)%\]", log.read_text("utf-8", "replace"))
                say(f"{suite.name}, {mode}: {done[-1] if done else 0} %")
        self._tests.discard(tests)
        if tests.returncode not in (0, 1) or not report.exists():
            raise BenchError(
                f"pytest ended with {tests.returncode}:\n"
                + log.read_text("utf-8", "replace")[-4000:]
            )
        return report

    def _make_template(self) -> None:
        """Bring one database up to CKAN's schema; each run gets a copy of it."""
        folder = self.folder / "template"
        folder.mkdir()
        self.postgres.as_superuser("postgres", f"CREATE DATABASE {_TEMPLATE} OWNER ckan")
        port = _free_port()
        with self._process(_search_service(port, folder, "lexical")):
            ini = self._write_ini(folder, _TEMPLATE, port, redis_number=0)
            ckan = str(Path(sys.executable).parent / "ckan")
            made = subprocess.run(
                [sys.executable, ckan, "-c", str(ini), "db", "upgrade"],
                env=_environment(), capture_output=True, text=True, check=False,
            )  # fmt: skip
        if made.returncode:
            raise BenchError(f"ckan db upgrade failed:\n{made.stdout[-2000:]}{made.stderr[-2000:]}")

    def _write_ini(self, folder: Path, database: str, port: int, *, redis_number: int) -> Path:
        sockets = self.stack.layout.sockets
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
    """A folder with a short path (Unix sockets), removed afterwards unless it is to be kept."""
    folder = Path(tempfile.mkdtemp(prefix="myk-suites-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _search_service(port: int, folder: Path, mode: str) -> Spec:
    return Spec(
        f"search-{folder.name}",
        [sys.executable, "-m", "search"],
        lambda: answers(f"http://127.0.0.1:{port}/readyz"),
        env={
            "MYK_SEARCH_HOST": "127.0.0.1",
            "MYK_SEARCH_PORT": str(port),
            "MYK_SEARCH_FOLDER": str(folder / "index"),
            "MYK_SEARCH_TOKEN": _TOKEN,
            "MYK_SEARCH_MODE": mode,
            "MYK_QDRANT_COLLECTION": folder.name,
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
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MYK_", "CKAN", "PYTEST_"))
    }


def _outcome(report: Path, suite: Suite, mode: str, seconds: float) -> Outcome:
    outcome = Outcome(mode, suite.name, round(seconds, 1))
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
    return outcome


def say(text: str) -> None:
    """Tell a person how far the run is; the result alone goes to standard output."""
    print(text, file=sys.stderr, flush=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
