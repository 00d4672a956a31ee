"""When somebody should be told of a source: not at each failure, and once more when it is well."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from harvesters.model import Verdict

#: So many failed runs in a row are more than a bad night.
_IN_A_ROW = 3


class Alarm(StrEnum):
    """What there is to be told."""

    FAILING = "failing"
    WELL_AGAIN = "well again"
    MANY_GONE = "many gone"


def alarm(runs: Sequence[dict[str, Any]]) -> Alarm | None:
    """Return what a person should be told after the latest run, if anything.

    ``runs``: as :class:`harvesters.history.History` keeps them, the latest first.
    """
    if not runs:
        return None
    failed = [run.get("verdict") == Verdict.FAILED for run in runs]
    streak = failed.index(False) if False in failed else len(failed)
    if streak:
        return Alarm.FAILING if streak == _IN_A_ROW else None
    if len(failed) > _IN_A_ROW and all(failed[1 : _IN_A_ROW + 1]):
        return Alarm.WELL_AGAIN
    before = runs[1].get("held_back") if len(runs) > 1 else 0
    return Alarm.MANY_GONE if runs[0].get("held_back") and not before else None
