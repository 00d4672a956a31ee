"""A timetable in German words."""

from __future__ import annotations

from collections import Counter
from datetime import date

from harvesters.sources.gtfs.feed import Feed

_MODES = {
    0: "Straßenbahn", 1: "U-Bahn", 2: "Zug", 3: "Bus", 4: "Fähre", 5: "Kabelstraßenbahn",
    6: "Seilbahn", 7: "Standseilbahn", 11: "Oberleitungsbus", 12: "Einschienenbahn",
    109: "S-Bahn", 715: "Rufbus",
}  # fmt: skip
# The hundreds of the extended route types (a hundred and more).
_EXTENDED = {
    1: "Zug", 2: "Fernbus", 3: "Zug", 4: "U-Bahn", 5: "U-Bahn", 6: "U-Bahn", 7: "Bus",
    8: "Oberleitungsbus", 9: "Straßenbahn", 10: "Schiff", 11: "Flugzeug", 12: "Fähre",
    13: "Seilbahn", 14: "Standseilbahn", 15: "Taxi",
}  # fmt: skip
_OTHER = "Sonstige"
_NAMED = 10  # agencies that the description names


def mode(route_type: str) -> str:
    """What runs on a line, from GTFS's basic and extended route types.

    >>> mode("3"), mode("715"), mode("106"), mode("x")
    ('Bus', 'Rufbus', 'Zug', 'Sonstige')
    """
    number = int(route_type) if route_type.isdecimal() and len(route_type) < 6 else -1
    return _MODES.get(number) or _EXTENDED.get(number // 100, _OTHER)


def modes(feed: Feed) -> Counter[str]:
    """How many lines there are of each mode."""
    found: Counter[str] = Counter()
    for kind, count in feed.kinds.items():
        found[mode(kind)] += count
    return found


def keywords(feed: Feed) -> list[str]:
    """The modes and what every timetable is about."""
    found = [word for word in sorted(modes(feed)) if word != _OTHER]
    rest = ["Rufbus"] if feed.on_demand else []
    return list(dict.fromkeys([*found, *rest, "Fahrplan", "Haltestellen", "ÖPNV", "GTFS"]))


def description(feed: Feed) -> str:
    """What is in the feed, as a short list."""
    lines = []
    names = list(dict.fromkeys(agency.get("agency_name", "") for agency in feed.agencies))
    names = [name for name in names if name]
    if names:
        more = f" und {len(names) - _NAMED} weitere" if len(names) > _NAMED else ""
        word = "Verkehrsunternehmen"
        lines.append(f"{word}: {', '.join(names[:_NAMED])}{more}")
    found = modes(feed)
    if found:
        ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        text = ", ".join(f"{word} {_number(count)}" for word, count in ranked)
        lines.append(f"Linien: {_number(found.total())} ({text})")
    if feed.trips:
        lines.append(f"Fahrten: {_number(feed.trips)}")
    if feed.platforms:
        lines.append(f"Haltestellen und Steige: {_number(feed.platforms)}")
    if feed.stations:
        lines.append(f"Stationen und Bahnhöfe: {_number(feed.stations)}")
    if feed.on_demand:
        lines.append("Mit Bedarfsverkehr (GTFS-Flex): Fahrten nach Anmeldung")
    if feed.first and feed.last:
        lines.append(f"Gültig von {_day(feed.first)} bis {_day(feed.last)}")
    head = "Fahrplan im offenen Format GTFS: Linien, Haltestellen, Fahrten und Verkehrstage."
    return "\n".join([head, "", *(f"- {line}" for line in lines)]).strip()


def _number(count: int) -> str:
    return f"{count:,}".replace(",", ".")


def _day(day: date) -> str:
    return f"{day.day}.{day.month}.{day.year}"
