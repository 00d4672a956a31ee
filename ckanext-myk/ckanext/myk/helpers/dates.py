"""Dates and periods as people write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from babel import Locale
from babel.dates import format_date
from ckan.plugins import toolkit
from ckanext.myk.helpers.texts import language

#: Dates that say more of a record of this type than when its entry was changed.
_OWN_DATES = {"document": ("document_date",), "event": ("start",)}
_PARTIAL = re.compile(r"^(\d{4})(?:-(\d{2}))?$")


def day(value: Any) -> str:
    """Return a date as people write it: ``24. November 2026``, ``November 2026``, ``2026``.

    What cannot be read as a date is returned as it is.
    """
    if not value:
        return ""
    # Babel's plain English is American; this portal writes 24 November 2026.
    locale = Locale.parse("en_GB") if language() == "en" else Locale.parse(language())
    if isinstance(value, str):
        partial = _PARTIAL.match(value.strip())
        if partial and not partial[2]:
            return partial[1]
        try:
            if partial:
                month = date(int(partial[1]), int(partial[2]), 1)
                return str(format_date(month, "LLLL y", locale=locale))
            value = _moment(value.strip())
        except ValueError:
            return value
    if isinstance(value, datetime):
        value = _local(value).date()
    return str(format_date(value, "d MMMM y" if language() == "en" else "long", locale=locale))


def _moment(value: str) -> date | datetime:
    return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)


def _local(value: datetime) -> datetime:
    # CKAN stores its own times in UTC without saying so.
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(toolkit.h.get_display_timezone())


def when(record: dict[str, Any]) -> str:
    """Return how current a record is, in words and with the best date that it has."""
    if record.get("type") == "event" and (moments := happens(record)):
        return moments
    if record.get("type") == "document" and record.get("document_date"):
        return day(record["document_date"])
    if record.get("modified"):
        return toolkit._("As of {date}").format(date=day(record["modified"]))
    if record.get("issued"):
        return toolkit._("Published {date}").format(date=day(record["issued"]))
    changed = record.get("metadata_modified")
    return toolkit._("Entered {date}").format(date=day(changed)) if changed else ""


def happens(record: dict[str, Any]) -> str:
    """Return when an event takes place: ``12. Januar 2018, 15:30 bis 18:30 Uhr``."""
    start, end = _time(record.get("start")), _time(record.get("end"))
    if start is None:
        return day(record.get("start"))
    if end is None or end < start:
        return toolkit._("{day}, {time}").format(day=day(record["start"]), time=_clock(start))
    if end.date() == start.date():
        return toolkit._("{day}, {start} to {end}").format(
            day=day(record["start"]), start=_clock(start, bare=True), end=_clock(end)
        )
    return toolkit._("{start} to {end}").format(start=day(record["start"]), end=day(record["end"]))


def _time(value: Any) -> datetime | None:
    """A moment with a time of day, in the portal's zone."""
    text = str(value or "").strip()
    try:
        return _local(datetime.fromisoformat(text)) if len(text) > 10 else None
    except ValueError:
        return None


def _clock(moment: datetime, *, bare: bool = False) -> str:
    time = f"{moment:%H:%M}"
    return time if bare else toolkit._("{time} o’clock").format(time=time)


def period(record: dict[str, Any]) -> list[str]:
    """Return the periods that a record is about, in words."""
    out = []
    for part in record.get("temporal_coverage") or []:
        if not isinstance(part, dict):
            continue
        start, end = day(part.get("start")), day(part.get("end"))
        if start and end:
            out.append(
                start
                if start == end
                else toolkit._("{start} to {end}").format(start=start, end=end)
            )
        elif start:
            out.append(toolkit._("since {start}").format(start=start))
        elif end:
            out.append(toolkit._("until {end}").format(end=end))
    return out


def current_date(record: dict[str, Any]) -> str:
    """Return the date that says how current a record is, as ``when`` shows it, for the index.

    A date in the future is a slip (or the date of an event): it would stand on top for ever.
    """
    today = date.today().isoformat()
    for field in (
        *_OWN_DATES.get(str(record.get("type")), ()),
        "modified",
        "issued",
        "metadata_modified",
    ):
        stamp = str(record.get(field) or "")[:10]
        match = _PARTIAL.match(stamp[:7])
        if match and stamp <= today:
            return f"{match[1]}-{match[2] or '01'}-{stamp[8:10] or '01'}T00:00:00Z"
    return ""
