"""When a source is due: a cron expression, read in the machine's own time zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from croniter import croniter

#: So many failed runs in a row are more than a bad night: from then on the source is asked less.
_BACK_OFF_AFTER = 3
#: But never less than once in this time, if its schedule would have it more often.
_LONGEST_WAIT = timedelta(days=1)
_FORM = "five fields, such as `30 4 * * *` (each day at half past four)"


def check(expression: str) -> str:
    """Return a cron expression that can be read.

    :raises ValueError: when it cannot; the message says what is expected.
    """
    # Six fields would be seconds: no source wants to be asked that often.
    if len(expression.split()) != 5 or not croniter.is_valid(expression):
        raise ValueError(f"`{expression}` is no cron expression of {_FORM}")
    return expression


def next_time(expression: str, after: datetime) -> datetime:
    """Return the first moment after ``after`` that an expression names (both with a time zone)."""
    local = after.astimezone()
    moment: datetime = croniter(expression, local).get_next(datetime)
    return moment.astimezone(UTC)


def next_due(expression: str, runs: Sequence[Mapping[str, Any]], since: datetime) -> datetime:
    """Return when a source should be harvested next (UTC); in the past if that was missed.

    ``runs``: what became of its runs, the latest first, each with ``started`` (ISO 8601),
    ``verdict`` and ``portal_failed``; ``since``: when somebody began to look, for a source that
    never ran. A source that failed three times in a row is asked half as often with each failure,
    down to once a day. Runs that failed because of the portal say nothing of the source.
    """
    last = next(filter(None, map(_started, runs)), None)
    if last is None:
        return next_time(expression, since)
    regular = next_time(expression, last)
    failures = _failures(runs)
    if failures < _BACK_OFF_AFTER:
        return regular
    interval = next_time(expression, regular) - regular
    # 2 ** 20 minutes are more than a day; more would only make the number large.
    factor = 2 ** min(failures - _BACK_OFF_AFTER + 1, 20)
    wait = max(interval, min(interval * factor, _LONGEST_WAIT))
    return max(regular, next_time(expression, last + wait - interval))


def _failures(runs: Sequence[Mapping[str, Any]]) -> int:
    """How many of the latest runs failed in a row because of the source."""
    count = 0
    for run in runs:
        if run.get("portal_failed"):
            continue
        if run.get("verdict") != "failed":
            break
        count += 1
    return count


def _started(run: Mapping[str, Any]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(run["started"]))
    except (KeyError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
