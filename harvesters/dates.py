"""Dates as real catalogues write them, as ISO 8601."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

_DATE = r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
_ZONE = r"(?P<zone>Z|UTC|GMT|MESZ|CEST|MEZ|CET|[+-]\d\d:?\d\d)"
_ISO = re.compile(rf"^{_DATE}(?:[T ]+{_TIME})?\s*{_ZONE}?$", re.IGNORECASE)
# As the portal of Bremen writes it: 2021-01-28 GMT 01:51:03.34919300
_ZONE_FIRST = re.compile(rf"^{_DATE}\s+{_ZONE}\s+{_TIME}$", re.IGNORECASE)
_GERMAN = re.compile(
    rf"^(?:(?P<day>\d{{1,2}})\.\s*)?(?P<month>\d{{1,2}})\.\s*(?P<year>\d{{4}})"
    rf"(?:[T ,]+{_TIME}(?:\s*Uhr)?)?$",
    re.IGNORECASE,
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "januar january jan jänner", "februar february feb", "märz maerz march mar mrz",
            "april apr", "mai may", "juni june jun", "juli july jul", "august aug",
            "september sep sept", "oktober october okt oct", "november nov",
            "dezember december dez dec",
        ],
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_WORDS = re.compile(r"^(?:(?P<day>\d{1,2})\.?\s+)?(?P<month>[A-Za-zä]+)\.?\s+(?P<year>\d{4})$")
_HOURS = {"mez": 1, "cet": 1, "mesz": 2, "cest": 2}

OPEN_END = 9000  # years from here on mean "no end"


def iso_date(text: str) -> str:
    """ISO 8601 as precise as it was written (year, month, day, or moment), or nothing.

    >>> iso_date("2021-01-28 GMT 01:51:03.34919300")
    '2021-01-28T01:51:03.349193+00:00'
    >>> iso_date("28.1.2021")
    '2021-01-28'
    >>> iso_date("Januar 2021")
    '2021-01'
    """
    text = text.strip()
    for pattern in (_ISO, _ZONE_FIRST, _GERMAN):
        if match := pattern.match(text):
            return _build(match.groupdict())
    if match := _WORDS.match(text):
        parts = match.groupdict()
        number = _MONTHS.get(parts["month"].lower())
        return _build({**parts, "month": str(number)}) if number else ""
    return ""


def _build(parts: dict[str, str | None]) -> str:
    year, month, day = (int(parts.get(key) or 0) for key in ("year", "month", "day"))
    try:
        checked = date(year, month or 1, day or 1)
        if not day:
            return f"{year:04}-{month:02}" if month else f"{year:04}"
        if not parts.get("hour"):
            return checked.isoformat()
        moment = datetime(
            year, month, day, int(parts["hour"] or 0), int(parts["minute"] or 0),
            int(parts["second"] or 0), int((parts.get("fraction") or "0").ljust(6, "0")[:6]),
        )  # fmt: skip
        return moment.replace(tzinfo=_zone(parts.get("zone"))).isoformat()
    except ValueError:  # the 31st of February, hour 25
        return ""


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if match := re.fullmatch(r"([+-])(\d\d):?(\d\d)", text):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    return timezone(timedelta(hours=_HOURS.get(text.lower(), 0)))


def is_open_end(text: str) -> bool:
    """Whether an end date stands for "no end", such as 9999-01-01."""
    return text[:4].isdigit() and int(text[:4]) >= OPEN_END
