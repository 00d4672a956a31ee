"""What is kept of a run: its counts, its warnings, and the records that something is to be said of.

Where it is kept is the portal's business (its database); this module says what, and reads the files
in which earlier versions kept it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from harvesters import report as reports
from harvesters.model import Outcome, Report, Verdict

#: Records of a run whose fate is told one by one, the more important ones first.
TOLD = 1_000
_WORTH_TELLING = (
    Outcome.FAILED, Outcome.WITHDRAWN, Outcome.GONE, Outcome.SKIPPED, Outcome.CHANGED,
    Outcome.ADDED,
)  # fmt: skip
#: Letters of a reason or note; a hostile source must not fill the database.
_LONGEST = 1_000
_NOTES = 20


def told(report: Report) -> dict[str, Any]:
    """Return a run as plain data, without the records of which there is nothing to say."""
    out = reports.as_json(report)
    order = {str(outcome): place for place, outcome in enumerate(_WORTH_TELLING)}
    worth = [one for one in out["records"] if one["outcome"] in order]
    worth.sort(key=lambda one: order[one["outcome"]])
    out["records"] = [_short(one) for one in worth[:TOLD]]
    out["records_left_out"] = max(0, len(worth) - TOLD)
    out["warnings"] = [text[:_LONGEST] for text in out["warnings"][:100]]
    return out


def _short(record: dict[str, Any]) -> dict[str, Any]:
    short = {key: value[:_LONGEST] if isinstance(value, str) else value
             for key, value in record.items()}  # fmt: skip
    short["notes"] = [str(note)[:_LONGEST] for note in record["notes"][:_NOTES]]
    return short


def since(runs: Sequence[dict[str, Any]]) -> datetime | None:
    """Return when the last run began that saw the whole source and brought in all of it.

    ``runs``: as :func:`told` makes them, the latest first. What changed in the source before that
    is here.
    """
    for run in runs:
        if run.get("verdict") == Verdict.SUCCEEDED and run.get("complete"):
            try:
                return datetime.fromisoformat(str(run["started"]))
            except (KeyError, ValueError):
                continue
    return None


def from_file(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the runs of a file of earlier versions (a line each), as far as they can be read."""
    for line in path.read_text("utf-8", "replace").splitlines():
        try:
            run = json.loads(line)
        except ValueError:
            continue
        if isinstance(run, dict) and run.get("started"):
            yield run
