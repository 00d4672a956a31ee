"""What became of each run, kept in a folder: a file per source, a line per run."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from harvesters import report as reports
from harvesters.model import Outcome, Report

#: Runs that are kept of a source.
_KEPT = 200
#: Records of a run whose fate is told one by one.
_TOLD = 1_000
_WORTH_TELLING = (Outcome.FAILED, Outcome.SKIPPED, Outcome.GONE, Outcome.WITHDRAWN)


class History:
    """The runs of all sources. One process writes about a source at a time (its harvest)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, report: Report) -> None:
        """Note a run: its counts, its warnings, and the records that something is to be said of."""
        told = reports.as_json(report)
        worth = [one for one in told["records"] if one["outcome"] in _WORTH_TELLING]
        told["records"] = worth[:_TOLD]
        told["records_left_out"] = max(0, len(worth) - _TOLD)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(report.source)
        lines = [*_lines(path)[-_KEPT + 1 :], json.dumps(told, ensure_ascii=False)]
        # Whole or not at all: a crash leaves the file of before.
        new = path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as stream:
            stream.write("\n".join(lines) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(path)

    def runs(self, source: str) -> list[dict[str, Any]]:
        """Return what became of a source's runs, the latest first, as far as it can be read."""
        found = []
        for line in reversed(_lines(self._path(source))):
            try:
                found.append(dict(json.loads(line)))
            except ValueError:
                continue
        return found

    def last_start(self, source: str) -> datetime | None:
        """Return when the last run began; ``None`` if there was none."""
        for run in self.runs(source):
            try:
                return datetime.fromisoformat(str(run["started"]))
            except (KeyError, ValueError):
                continue
        return None

    def _path(self, source: str) -> Path:
        return self.folder / f"{source}.jsonl"


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    except FileNotFoundError:
        return []
