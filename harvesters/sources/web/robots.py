"""What a website's ``robots.txt`` lets us read (RFC 9309)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from harvesters.sources.web.addresses import normal

#: The name that website operators know us by, and may write rules for.
AGENT = "MYK-Competence-Hub"
_LINES = 20_000
_RULE_LENGTH = 2000
_WRITTEN = "/:@!$&'()*+,;=~-._%?"  # what stays as it is in a rule; umlauts are encoded
_LONGEST_DELAY = 60.0  # seconds; more would mean never


@dataclass(slots=True)
class Robots:
    """The rules for us. Without any everything may be read."""

    rules: list[tuple[str, bool]] = field(default_factory=list)  # pattern, allowed
    delay: float = 0.0  # seconds between two requests
    sitemaps: list[str] = field(default_factory=list)

    def allows(self, address: str) -> bool:
        """Whether the page may be read: the longest rule that fits decides, of equals "allow"."""
        parts = urlsplit(address)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fitting = [
            (len(pattern), allowed) for pattern, allowed in self.rules if fits(pattern, path)
        ]
        return max(fitting, default=(0, True))[1]


def parse(content: bytes, address: str) -> Robots:
    """The rules for our name, else those for everybody (``*``). ``address`` is where they are."""
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    ours, others = Robots(), Robots()
    named = False  # whether there is a group for us, also an empty one
    group: list[Robots] = []
    heading = False  # whether the line before was a user agent
    sitemaps: list[str] = []
    for line in re.split(r"\r\n|\n|\r", text)[:_LINES]:
        key, parted, value = line.split("#", 1)[0].partition(":")
        key, value = key.strip().lower(), value.strip()[:_RULE_LENGTH]
        if not parted:
            continue
        if key == "user-agent":
            group = group if heading else []
            heading = True
            name = value.split("/")[0].strip().lower()
            if name == AGENT.lower():
                named = True
                group.append(ours)
            elif name == "*":
                group.append(others)
            continue
        if key == "sitemap":
            if full := normal(value, address):
                sitemaps.append(full)
            continue
        heading = False
        for rules in group:
            _add(rules, key, value)
    chosen = ours if named else others
    chosen.sitemaps = list(dict.fromkeys(sitemaps))
    return chosen


def _add(rules: Robots, key: str, value: str) -> None:
    if key in ("allow", "disallow"):
        if value:  # an empty Disallow forbids nothing
            rules.rules.append((quote(value, safe=_WRITTEN), key == "allow"))
    elif key == "crawl-delay":
        found = re.fullmatch(r"\d{1,6}(?:[.,]\d{1,3})?", value)
        if found:
            rules.delay = min(float(value.replace(",", ".")), _LONGEST_DELAY)


def fits(pattern: str, path: str) -> bool:
    """Whether ``path`` begins as ``pattern``, in which ``*`` is anything and ``$`` the end.

    Piece by piece from the left: no pattern can take longer than its length times the path's.
    """
    at_end = pattern.endswith("$")
    pieces = pattern.removesuffix("$").split("*")
    if not path.startswith(pieces[0]):
        return False
    place = len(pieces[0])
    for piece in pieces[1:-1]:
        found = path.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    if len(pieces) == 1:
        return not at_end or place == len(path)
    last = pieces[-1]
    if at_end:
        return len(path) - len(last) >= place and path.endswith(last)
    return path.find(last, place) >= 0
