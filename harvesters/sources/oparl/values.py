"""Values of OParl objects as real servers write them: one or many, embedded or linked."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any, TypeGuard
from urllib.parse import unquote, urljoin, urlsplit
from zoneinfo import ZoneInfo

from harvesters.dates import iso_date
from harvesters.sources.portals.json_values import text

_ZONE = ZoneInfo("Europe/Berlin")
#: Fields that hold addresses of other objects or of lists, which some servers write relatively.
_LINKS = frozenset({
    "id", "system", "body", "paper", "meeting", "organization", "agendaItem", "consultation",
    "mainFile", "auxiliaryFile", "invitation", "resultsProtocol", "verbatimProtocol",
    "resolutionFile", "originatorPerson", "originatorOrganization", "underDirectionOf",
    "relatedPaper", "superordinatedPaper", "subordinatedPaper", "accessUrl", "downloadUrl", "web",
})  # fmt: skip
#: So deep are objects within objects looked at: a page, its objects, theirs, and their files.
_DEPTH = 8
_HAS_SCHEME = re.compile(r"(?i)^[a-z][a-z0-9+.-]*:")


def many(value: Any) -> list[Any]:
    """The items of a list, or the one thing that stands in a list's place; nothing for null."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if item not in (None, "", {}, [])]


def absolute(value: Any, base: str, depth: int = _DEPTH) -> None:
    """Make the relative addresses in an object, and in those within it, whole (in place)."""
    if depth == 0:
        return
    if isinstance(value, list):
        for item in value:
            absolute(item, base, depth - 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in _LINKS and isinstance(item, str):
                value[name] = join(base, item)
            elif name in _LINKS and isinstance(item, list):
                value[name] = [join(base, one) if isinstance(one, str) else one for one in item]
            absolute(value[name], base, depth - 1)


def join(base: str, address: str) -> str:
    """``address`` made whole; one that cannot be, or is no address at all, comes back as it is."""
    address = address.strip()
    if not address or _HAS_SCHEME.match(address) or re.search(r"\s", address):
        return address
    try:
        return urljoin(base, address)
    except ValueError:
        return address


def is_web(value: Any) -> TypeGuard[str]:
    """Whether ``value`` is an address that can be fetched."""
    return isinstance(value, str) and bool(re.match(r"(?i)^https?://[^\s/?#]", value.strip()))


def address_of(value: Any) -> str:
    """The address that an embedded object or a reference stands for, or nothing."""
    if isinstance(value, dict):
        value = value.get("id")
    return value.strip() if isinstance(value, str) else ""


def key(address: str) -> str:
    """What two spellings of one address have in common: http or https, ``ä`` or ``%C3%A4``."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    path = unicodedata.normalize("NFC", unquote(parts.path)).rstrip("/")
    return f"{parts.netloc.lower()}{path}?{parts.query}" if parts.netloc else address


def is_deleted(item: dict[str, Any]) -> bool:
    """Whether the server says that an object is no more."""
    return item.get("deleted") is True or str(item.get("deleted")).lower() == "true"


def moment(value: Any) -> datetime | None:
    """A point in time; one without a time zone is German time, a day its beginning."""
    read = iso_date(text(value))
    if len(read) < len("2020-01-01"):
        return None
    found = datetime.fromisoformat(read)
    return found if found.tzinfo else found.replace(tzinfo=_ZONE)


def day(value: Any) -> str:
    """A day, ISO 8601, in German time, or nothing."""
    read = iso_date(text(value))
    if len(read) <= len("2020-01-01"):
        return read if len(read) == len("2020-01-01") else ""
    found = moment(value)
    return found.astimezone(_ZONE).date().isoformat() if found else ""


def german_day(iso: str) -> str:
    """``2020-05-03`` as a German reader writes it: ``03.05.2020``."""
    return ".".join(reversed(iso.split("-")))


def changed_since(item: dict[str, Any], since: datetime) -> bool:
    """Whether an object may have changed since; one that does not say when it did may have."""
    for name in ("modified", "created"):
        try:
            found = moment(item.get(name))
        except (OverflowError, ValueError):
            found = None
        if found:
            return found.astimezone(UTC) >= since
    return True
