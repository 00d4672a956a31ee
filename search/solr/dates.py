"""Solr's dates and date math (``NOW-1MONTH/DAY``), resolved to one ISO form in UTC.

The form (``YYYY-MM-DDTHH:MM:SS.ffffffZ``) sorts as text in the order of time.
Source: Solr Reference Guide, "Date Formatting and Date Math".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from search import query

_MATH = re.compile(r"([+-])(\d{1,6})([A-Z]+)|/([A-Z]+)")
_UNITS = {
    "YEAR": "year", "MONTH": "month", "DAY": "day", "DATE": "day", "HOUR": "hour",
    "MINUTE": "minute", "SECOND": "second", "MILLI": "milli", "MILLISECOND": "milli",
}  # fmt: skip
_ORDER = ("year", "month", "day", "hour", "minute", "second")
_START = {"month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}


def resolve(text: str, *, now: datetime | None = None) -> str:
    """Return a date, or date math, as an ISO text in UTC.

    :raises query.QueryError: when it is no date.
    """
    text = text.strip()
    if text.startswith("NOW"):
        base, math = now or datetime.now(UTC), text[3:]
    else:
        end = text.find("Z") + 1
        head, math = (text[:end], text[end:]) if end else (text, "")
        base = parse(head)
    return iso(_apply(base, math, text))


def parse(text: str) -> datetime:
    """Read an ISO 8601 date or date and time; without a zone it is UTC.

    :raises query.QueryError: when it is no date.
    """
    for candidate in (text, text + "-01", text + "-01-01"):
        try:
            moment = datetime.fromisoformat(candidate)
        except ValueError:
            continue
        try:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except OverflowError:
            break
    raise query.QueryError(f"Invalid Date String: '{text}' (write it as 2024-12-31T00:00:00Z)")


def iso(moment: datetime) -> str:
    """Return the one form in which dates are kept and compared."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def solr(text: str) -> str:
    """Return a date as Solr prints it: UTC, milliseconds, and those only where there are any.

    :raises query.QueryError: when it is no date.
    """
    written = iso(parse(text))[:23].rstrip("0").rstrip(".")
    return f"{written}Z"


def _apply(moment: datetime, math: str, whole: str) -> datetime:
    position = 0
    for match in _MATH.finditer(math):
        if match.start() != position:
            break
        position = match.end()
        sign, amount, unit, floor = match.groups()
        name = _UNITS.get((unit or floor).removesuffix("S"))
        if name is None:
            break
        try:
            moment = (
                _add(moment, name, int(amount) * (1 if sign == "+" else -1))
                if unit
                else _floor(moment, name)
            )
        except (OverflowError, ValueError):
            raise query.QueryError(f"Invalid Date Math String: '{whole}' leaves time") from None
    else:
        if position == len(math):
            return moment
    raise query.QueryError(f"Invalid Date Math String: '{whole}'")


def _add(moment: datetime, unit: str, amount: int) -> datetime:
    if unit in ("year", "month"):
        months = moment.year * 12 + moment.month - 1 + amount * (12 if unit == "year" else 1)
        year, month = divmod(months, 12)
        for day in range(moment.day, moment.day - 4, -1):
            try:
                return moment.replace(year=year, month=month + 1, day=day)
            except ValueError:
                continue
        raise ValueError("no such month")
    seconds = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1, "milli": 0.001}[unit]
    return moment + timedelta(seconds=seconds * amount)


def _floor(moment: datetime, unit: str) -> datetime:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    if unit == "milli":
        return moment
    moment = moment.replace(microsecond=0)
    lesser = _ORDER[_ORDER.index(unit) + 1 :]
    return moment.replace(**{name: _START[name] for name in lesser})  # type: ignore[arg-type]
