"""What the geo sources share: addresses of services, places, and the way to a record."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from harvesters import eu, normalise
from harvesters.errors import ConfigError, SourceError
from harvesters.model import CatalogueInfo, RawRecord, Record
from harvesters.sources.base import Source
from harvesters.text import web_address

# Parameters of OGC requests; whatever else an address has belongs to the service (map=, token=).
_REQUEST = frozenset({
    "service", "request", "version", "acceptversions", "sections", "updatesequence", "format",
    "outputschema", "elementsetname", "resulttype", "typenames", "typename", "namespace",
    "startposition", "maxrecords", "constraint", "constraintlanguage",
    "constraint_language_version", "layers", "layer", "styles", "srs", "crs", "bbox", "width",
    "height", "outputformat", "id", "f",
})  # fmt: skip
_KINDS = {
    "WMTS": "WMTS", "WMS": "WMS", "WFS": "WFS", "WCS": "WCS", "CSW": "CSW", "SOS": "SOS",
    "ATOM": "Atom", "OGC API": "OGC API",
}  # fmt: skip
_KIND = re.compile(r"(?i)(?<![a-z])(WMTS|WMS|WFS|WCS|CSW|SOS|ATOM|OGC[ -]?API)(?![a-z])")
_KEYS = {
    2: "stateKey", 3: "governmentDistrictKey", 5: "districtKey", 8: "municipalityKey",
    9: "municipalAssociationKey", 12: "regionalKey",
}  # fmt: skip
_SHOWN = 10  # warnings of one kind


# -- addresses -------------------------------------------------------------------------------------


def own_address(source: Source[Any]) -> str:
    """The configured address. Raises ConfigError for a source that is a file."""
    if source.config.url is None:
        raise ConfigError(
            f"source `{source.config.name}`: type {source.name} needs `url`, the service's address."
        )
    if not usable(source.config.url):
        raise SourceError(f"{source.config.url} is not a usable address.")
    return source.config.url


def usable(address: str) -> str:
    """``address`` if it is one on the web and its parts can be told, else nothing."""
    try:
        urlsplit(address.strip())
    except ValueError:  # an open bracket
        return ""
    return web_address(address)


def service_address(address: str) -> str:
    """``address`` without the parameters of an OGC request."""
    parts = urlsplit(address)
    kept = [
        (key, value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
        if key.lower() not in _REQUEST
    ]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), ""))


def request_address(address: str, **parameters: str) -> str:
    """``address`` asked with ``parameters``, in place of those of its own request."""
    base = service_address(address)
    return f"{base}{'&' if '?' in base else '?'}{urlencode(parameters, safe=':,/')}"


def asks_for(address: str, service: str) -> bool:
    """Whether ``address`` says ``service=WMS`` and the like."""
    try:
        query = parse_qsl(urlsplit(address).query)
    except ValueError:
        return False
    return any(k.lower() == "service" and v.upper() == service for k, v in query)


def service_kind(address: str, *words: str) -> str:
    """``WMS``, ``WFS``, ``Atom`` … by the address, else by what else is said, else nothing."""
    for kind, label in _KINDS.items():
        if asks_for(address, kind):
            return label
    path = urlsplit(address).path.rsplit("/", 1)[-1] if address.isascii() else ""
    for word in (*words, re.sub(r"(?i)server$", "", path)):
        if match := _KIND.search(word.replace("_", " ")):
            return _KINDS.get(match[1].upper(), "OGC API")
    return ""


# -- places and times ------------------------------------------------------------------------------


def box(west: Any, south: Any, east: Any, north: Any) -> tuple[float, float, float, float] | None:
    """A bounding box in degrees, or nothing if it cannot be one."""
    try:
        w, s, e, n = (float(value) for value in (west, south, east, north))
    except (TypeError, ValueError, OverflowError):
        return None
    if not all(map(math.isfinite, (w, s, e, n))) or w > e or s > n:
        return None
    return (w, s, e, n) if max(-w, e) <= 180 and max(-s, n) <= 90 else None


def box_place(corners: tuple[float, float, float, float]) -> dict[str, str]:
    """A ``spatial_coverage`` entry for a bounding box."""
    w, s, e, n = corners
    if w == e and s == n:
        return {"centroid": json.dumps({"type": "Point", "coordinates": [w, s]})}
    ring = [[w, s], [e, s], [e, n], [w, n], [w, s]]
    return {"bbox": json.dumps({"type": "Polygon", "coordinates": [ring]})}


def around(
    boxes: Iterable[tuple[float, float, float, float] | None],
) -> tuple[float, float, float, float] | None:
    """The box around all ``boxes`` that are known."""
    known = [corners for corners in boxes if corners]
    if not known:
        return None
    w, s, e, n = zip(*known, strict=True)
    return min(w), min(s), max(e), max(n)


def political_key(code: str, said: str = "") -> str:
    """DCAT-AP.de's IRI of the area with an official key (AGS, ARS), or nothing.

    Short keys may be post codes or years: they count only if ``said`` speaks of such a key.

    >>> political_key("071370003003")
    'http://dcat-ap.de/def/politicalGeocoding/regionalKey/071370003003'
    """
    if code.startswith(eu.POLITICAL_GEOCODING):
        return code
    digits = re.sub(r"\s", "", re.split(r"[/#:]", code)[-1])
    if not re.fullmatch(r"[01]\d{1,11}", digits) or len(digits) not in _KEYS:
        return ""
    if len(digits) == 12:  # filled with zeros: a district, a state
        for length in (2, 3, 5, 9):
            if not digits[length:].strip("0") and (length != 3 or digits[2] != "0"):
                digits = digits[:length]
                break
    elif len(digits) < 8 and not re.search(r"(?i)schlüssel|\bA[RG]S\b|\bNUTS\b|destatis", said):
        return ""
    return f"{eu.POLITICAL_GEOCODING}{_KEYS[len(digits)]}/{digits}"


def tags(words: Iterable[str]) -> list[dict[str, str]]:
    """Keywords as CKAN has them, each once."""
    lines = (" ".join(word.split()) for word in words)
    return [{"name": line} for line in dict.fromkeys(filter(None, lines))]


def extras(**values: Any) -> list[dict[str, Any]]:
    """What has no field of its own, as CKAN's extras: kept as unread."""
    return [{"key": key, "value": value} for key, value in values.items() if value]


# -- records ---------------------------------------------------------------------------------------


def finish(source: Source[Any], raw: RawRecord) -> Record:
    """The record from its fields, with the organisation that owns it."""
    fields: dict[str, Any] = raw.content
    notes: list[str] = list(fields.pop("notes_of_source", []))
    origin = raw.origin or CatalogueInfo()
    if not fields.get("publisher") and origin.publisher_name:
        fields["publisher"] = [{"name": origin.publisher_name}]
        notes.append("no publisher: the catalogue's was taken")
    record = normalise.record(raw.ref, fields, source.vocabulary, notes)
    record.organisation = normalise.organisation(record, source.config, origin, source.vocabulary)
    return record


class Paging:
    """Keeps count of pages and records, and says when to stop."""

    def __init__(
        self, source: Source[Any], max_pages: int, identities: set[str] | None = None
    ) -> None:
        """``identities`` holds those of other lists of the same source."""
        self._source = source
        self._max = max_pages
        self._addresses: set[str] = set()
        self._identities: set[str] = set() if identities is None else identities
        self._known = 0
        self._twice = 0
        self.number = 0
        #: Address of the next page; set by the caller while it reads a page, else the last it was.
        self.following = ""

    def is_new(self, identity: str) -> bool:
        """Whether no record had this identity yet; says so in the report if one had."""
        if identity in self._identities:
            self._twice += 1
            if self._twice <= _SHOWN:
                self._source.warnings.append(f"{identity} occurs twice; the first one was taken")
            elif self._twice == _SHOWN + 1:
                self._source.warnings.append("more records occur twice; the first ones were taken")
            return False
        self._identities.add(identity)
        return True

    def pages(self, first: str) -> Iterator[str]:
        """The pages' addresses: the caller sets ``following`` before it asks for the next one."""
        self.following = first
        while self.following:
            address = self.following
            if self.number and address in self._addresses:
                self.stop(f"paging goes in circles: page {self.number} leads back to {address}")
                return
            if self.number and len(self._identities) == self._known:
                self.stop(f"paging does not end: page {self.number} brought nothing new")
                return
            if self.number >= self._max:
                self.stop(f"stopped after {self._max} pages (option max_pages)")
                return
            self._addresses.add(address)
            self._known = len(self._identities)
            self.number += 1
            self.following = ""
            yield address

    def failed(self, error: SourceError) -> None:
        """A page could not be read: raised again for the first one, else the end of paging."""
        if self.number == 1:
            raise error
        self.stop(f"page {self.number} could not be read: {error}")

    def stop(self, warning: str) -> None:
        """End early: what was not seen does not count as gone."""
        self.following = ""
        self._source.cut(warning)
