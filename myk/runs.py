"""Sources and runs as the portal keeps them: reached through its actions, like anybody's."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import psycopg2

from harvesters import history
from harvesters.model import Report, SourceConfig
from myk.ckan import CkanUnavailable, local_ckan
from myk.settings import Settings
from myk.stack.services import Stack

Answer = TypeVar("Answer")

#: Runs that a decision about a source looks at.
LAST = 12


class RunsUnavailable(RuntimeError):
    """The portal's database could not be asked; the message says why."""


class Runs:
    """What a portal knows of its sources and their runs. ``client``: a ckanapi client.

    Every method raises RunsUnavailable when the portal does not answer.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def sources(self, runs: int = 0) -> list[dict[str, Any]]:
        """Return all sources with their state, and the last ``runs`` of each."""
        return list(self._call("myk_harvest_source_list", runs=runs))

    def of(self, source: str, limit: int) -> list[dict[str, Any]]:
        """Return a source's runs without their records, the latest first."""
        return list(self._call("myk_harvest_run_list", name=source, limit=limit))

    def whole(self, run: str) -> dict[str, Any]:
        """Return a run with its records."""
        return dict(self._call("myk_harvest_run_show", id=run))

    def begin(self, source: str, started: str | None = None) -> str:
        """Note that a run begins; return its id."""
        return str(self._call("myk_harvest_run_begin", source=source, started=started)["id"])

    def end(self, run: str, told: dict[str, Any]) -> None:
        """Note what became of a run."""
        self._call("myk_harvest_run_end", id=run, report=told)

    def failed(self, run: str, source: str, error: str) -> None:
        """Note that a run failed as a whole."""
        moment = datetime.now(UTC)
        self.end(run, history.told(Report(source, moment, moment, error=error)))

    def _call(self, action: str, **data: Any) -> Any:
        with self._clear():
            return self._client.call_action(action, data)

    @contextmanager
    def _clear(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if hasattr(self._client, "rollback"):
                with contextlib.suppress(Exception):
                    self._client.rollback()
            raise RunsUnavailable(_one_line(error)) from error


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())[:300]
    return text or type(error).__name__


def source_of(told: dict[str, Any]) -> SourceConfig | None:
    """Return a source of the portal's list as a run takes it; none if it cannot be used."""
    if told.get("problem"):
        return None
    return SourceConfig.model_validate(
        {key: value for key, value in told.items() if key in SourceConfig.model_fields}
    )


def take_over(runs: Runs, folder: Path) -> int:
    """Move the runs that earlier versions kept in files into the database; return how many.

    A file is put aside only when all of its runs are there.
    """
    moved = 0
    for path in sorted(folder.glob("*.jsonl")):
        known = {run["started"] for run in runs.of(path.stem, 200)}
        for told in history.from_file(path):
            if _moment(told["started"]) in known or not told.get("verdict"):
                continue
            runs.end(runs.begin(path.stem, told["started"]), told)
            moved += 1
        path.unlink()
    return moved


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except ValueError:
        return text


def _speak() -> None:
    """Undo what loading CKAN does to the log: ours goes on, CKAN's says what is wrong alone."""
    logging.disable(logging.NOTSET)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout, force=True)
    for name, logger in logging.root.manager.loggerDict.items():
        if name.partition(".")[0] == "myk" and isinstance(logger, logging.Logger):
            logger.disabled = False
    logging.getLogger("myk").setLevel(logging.INFO)


class Desk:
    """The portal's actions for a process that lives long, through days without a database.

    CKAN is loaded once, as soon as its database answers.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self._client: Any = None

    def ask(self, work: Callable[[Runs], Answer]) -> Answer:
        """Do some work with what the portal knows.

        :raises RunsUnavailable: when the portal does not answer just now.
        """
        if self._client is None:
            self._load()
        from ckan import model

        try:
            return work(Runs(self._client))
        finally:
            # What others write meanwhile is to be seen the next time.
            with contextlib.suppress(Exception):
                model.Session.remove()

    def close(self) -> None:
        """Let go of CKAN."""
        self._stack.close()
        self._client = None

    def _load(self) -> None:
        try:
            # CKAN does not take it well to be loaded without a database.
            psycopg2.connect(Stack.of(self._settings).database_url, connect_timeout=5).close()
            self._client = self._stack.enter_context(local_ckan(self._settings))
        except (psycopg2.Error, OSError, ValueError, CkanUnavailable) as error:
            raise RunsUnavailable(_one_line(error)) from error
        finally:
            _speak()
