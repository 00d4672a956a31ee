"""When a source is due: a cron expression, read in the machine's own time zone."""

from __future__ import annotations

from datetime import UTC, datetime

from croniter import croniter

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


def is_due(expression: str, last: datetime | None, since: datetime, now: datetime) -> bool:
    """Tell whether a source should be harvested now.

    ``last`` is when its last run began; a source that never ran waits for its first moment after
    ``since`` (when somebody began to look). What was missed in between is made up for once.
    """
    return next_time(expression, last or since) <= now
