"""On which days a timetable's services run (calendar.txt, calendar_dates.txt)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from harvesters.errors import RecordError
from harvesters.sources.gtfs.archive import Table
from harvesters.sources.problems import Problems

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST = 3660  # days of one service; nobody plans timetables for more than ten years
MOST = 3_000_000  # ids kept in memory, each some 150 bytes


@lru_cache(maxsize=4096)
def read_day(text: str) -> date | None:
    """A day written as GTFS does (20240131), or nothing."""
    if len(text) != 8 or not text.isdecimal():
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _pattern(weekday: int, days: int, flags: tuple[bool, ...]) -> int:
    """The days of a service as bits, the first one lowest; it starts at ``weekday``."""
    week = sum(flags[(weekday + day) % 7] << day for day in range(7))
    weeks = days // 7 + 1
    repeated = week * (((1 << 7 * weeks) - 1) // 127)  # ones at the bits 0, 7, 14 …
    return repeated & ((1 << days) - 1)


class ServiceDays:
    """Reads both files; ``first`` and ``last`` are the first and the last day of any service."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._services: dict[str, tuple[int, int]] = {}  # first day, days since then as bits
        self._added: list[int] = []
        self.first: date | None = None
        self.last: date | None = None

    def __contains__(self, service: str) -> bool:
        return service in self._services

    def read(self, calendar: Table | None, exceptions: Table | None) -> None:
        """Read what there is of the two."""
        if calendar:
            self._calendar(calendar)
        if exceptions:
            self._exceptions(exceptions)
        ends = list(self._added)
        for start, bits in self._services.values():
            if bits:
                ends.append(start + (bits & -bits).bit_length() - 1)
                ends.append(start + bits.bit_length() - 1)
        if ends:
            self.first, self.last = date.fromordinal(min(ends)), date.fromordinal(max(ends))

    def _calendar(self, table: Table) -> None:
        for service, begin, end, *flags in table.rows(
            "service_id", "start_date", "end_date", *_DAYS
        ):
            if service in self._services:
                self._problems.add("calendar.txt has services twice", service)
                continue
            self._keep(service)
            start, stop = read_day(begin), read_day(end)
            if not start or not stop or stop < start:
                self._problems.add("calendar.txt has unusable dates", f"{service}: {begin} {end}")
                continue
            days = (stop - start).days + 1
            if days > _LONGEST:
                self._problems.add("calendar.txt has services of more than ten years", service)
                days = _LONGEST
            bits = _pattern(start.weekday(), days, tuple(flag == "1" for flag in flags))
            self._services[service] = (start.toordinal(), bits)

    def _exceptions(self, table: Table) -> None:
        for service, text, kind in table.rows("service_id", "date", "exception_type"):
            if service not in self._services:
                self._keep(service)
            day = read_day(text)
            if day is None or kind not in ("1", "2"):
                self._problems.add(
                    "calendar_dates.txt has unusable rows", f"{service}: {text} {kind}"
                )
            elif kind == "1":
                number = day.toordinal()
                self._added = [min([number, *self._added]), max([number, *self._added])]
            else:
                start, bits = self._services[service]
                place = day.toordinal() - start
                if place >= 0 and bits >> place & 1:
                    self._services[service] = (start, bits & ~(1 << place))

    def _keep(self, service: str) -> None:
        if len(self._services) >= MOST:
            raise RecordError(f"the feed has more than {MOST:,} services")
        self._services[service] = (0, 0)
