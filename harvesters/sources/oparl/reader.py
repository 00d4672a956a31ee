"""Lists, pages and single objects of one OParl server, from untrusted hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from harvesters.errors import AnswerError, RecordError, SourceError
from harvesters.fetch import Fetcher
from harvesters.identity import short_hash
from harvesters.sources.oparl.values import absolute, address_of, is_web, join, key, many
from harvesters.sources.portals.json_source import ACCEPT, count, parse
from harvesters.unread import printable

#: Servers that filter a page after it was cut may send empty ones in between; not so many.
_EMPTY_PAGES = 10
#: So many single objects in a row that could not be had for now end the looking up.
_GIVE_UP_AFTER = 3


@dataclass(slots=True)
class Page:
    """One page of a list: its items (objects or addresses), and where the next one is."""

    items: list[Any]
    following: str = ""
    total: int | None = None


@dataclass
class Reader:
    """Fetches for one run. ``stop`` is called with a warning when a list was not seen whole.

    ``budget`` is how many single objects may be looked up because others only refer to them;
    ``strict`` says that a record fails for which the budget is not enough.
    """

    fetcher: Fetcher
    start: str
    max_pages: int
    budget: int
    stop: Callable[[str], None]
    warnings: list[str]
    strict: bool = False
    left_out: int = 0
    looked_up: int = 0
    _failed: int = 0
    _absent: set[str] = field(default_factory=set)

    def document(self, address: str) -> tuple[Any, str]:
        """The JSON at an address, and the address after redirects. Raises SourceError."""
        download = self.fetcher.get(self._same_scheme(address), accept=ACCEPT)
        try:
            found = printable(parse(download.content, download.url, self.warnings))
        except RecursionError as error:
            raise SourceError(f"{address} is nested too deeply.") from error
        absolute(found, download.url)
        return found, download.url

    def object(self, address: str) -> dict[str, Any]:
        """The object at an address. Raises SourceError."""
        found, _address = self.document(address)
        if isinstance(found, dict) and isinstance(found.get("data"), dict):
            found = found["data"]
        if not isinstance(found, dict):
            raise SourceError(f"{address} is no OParl object.")
        return found

    def lookup(self, reference: Any) -> dict[str, Any] | None:
        """The object that another refers to; ``None`` if it cannot be had.

        Raises RecordError when it cannot be had for now only: the record stays as it was.
        """
        if isinstance(reference, dict):
            return reference
        if not is_web(reference) or key(reference) in self._absent:
            return None
        if self._failed >= _GIVE_UP_AFTER:
            raise RecordError(
                f"{reference} was not asked for, since {_GIVE_UP_AFTER} others in a row could not "
                "be had (option max_lookups: 0 reads without what is only referred to)."
            )
        if self.looked_up >= self.budget:
            if self.strict and self.budget:
                raise RecordError(
                    f"more than {self.budget} objects had to be looked up (option max_lookups); "
                    "the next full run reads it."
                )
            self.left_out += 1
            return None
        self.looked_up += 1
        try:
            found = self.object(reference)
        except AnswerError:
            self._absent.add(key(reference))
            self._failed = 0
            return None
        except SourceError as error:
            self._failed += 1
            raise RecordError(f"what it refers to cannot be had for now: {error}") from error
        self._failed = 0
        return found

    # -- lists -----------------------------------------------------------------------------------

    def pages(self, given: Any, what: str, since: datetime | None = None) -> Iterator[Page]:
        """The pages of a list: an address, or the list itself where one was expected.

        ``since`` asks for what changed from then on. Raises SourceError for the first page; a
        later one that fails, and paging without end, stop the list with a warning.
        """
        if isinstance(given, dict) and "data" not in given and given.get("id"):
            given = given["id"]
        if not isinstance(given, str):
            first = _page(given, self.start, what)
            yield first
            address = first.following
        else:
            address = given
        visited: set[str] = set()
        seen: set[str] = set()
        announced: int | None = None
        empty, number = 0, 0
        while address:
            if address in visited:
                self.stop(f"{what}: paging goes in circles: page {number} leads back to {address}")
                return
            if number >= self.max_pages:
                self.stop(f"{what}: stopped after {self.max_pages} pages (option max_pages)")
                return
            visited.add(address)
            number += 1
            try:
                page = self._load(address, what, since if number == 1 else None)
            except SourceError as error:
                if number == 1:
                    raise
                self.stop(f"{what}: page {number} could not be read: {error}")
                return
            known = len(seen)
            seen.update(_name(item) for item in page.items)
            empty = 0 if page.items else empty + 1
            if number > 1 and len(seen) == known and (page.items or empty > _EMPTY_PAGES):
                self.stop(f"{what}: paging does not end: page {number} brought nothing new")
                return
            announced = page.total if page.total is not None else announced
            yield page
            address = page.following
        if announced is not None and len(seen) < announced and not since:
            self.stop(
                f"{what}: the server announced {announced}, but {len(seen)} different ones came; "
                "it may have changed while it was read"
            )

    def _load(self, address: str, what: str, since: datetime | None) -> Page:
        if since is None:
            return _page(*self.document(address), what)
        try:
            return _page(*self.document(_with(address, "modified_since", _time(since))), what)
        except AnswerError:  # a server without the filter
            return _page(*self.document(address), what)

    def _same_scheme(self, address: str) -> str:
        """Addresses of the configured host are asked as that is, whatever they are written with."""
        try:
            ours, theirs = urlsplit(self.start), urlsplit(address)
            if ours.netloc.lower() == theirs.netloc.lower() and theirs.scheme in ("http", "https"):
                return urlunsplit(theirs._replace(scheme=ours.scheme))
        except ValueError as error:
            raise SourceError(f"{address} is not a usable address.") from error
        return address


def _page(document: Any, address: str, what: str) -> Page:
    """A page from what was sent: an object with ``data``, or the plain list; null is empty."""
    if document is None or isinstance(document, list):
        return Page(many(document))
    if isinstance(document, dict) and "data" not in document and address_of(document):
        return Page([document])  # one object where a list was expected
    if not isinstance(document, dict) or not ({"data", "links", "pagination"} & document.keys()):
        raise SourceError(f"{address} is no list of {what}.")
    pagination = document.get("pagination")
    pagination = pagination if isinstance(pagination, dict) else {}
    items = many(document.get("data"))
    return Page(items, _following(document, pagination, address), _total(pagination))


def _total(pagination: dict[str, Any]) -> int | None:
    return count(pagination.get("totalElements"))


def _following(document: dict[str, Any], pagination: dict[str, Any], address: str) -> str:
    """The next page: ``links.next``, else counted up from ``pagination``."""
    links = document.get("links")
    found = links.get("next") if isinstance(links, dict) else None
    if isinstance(found, dict):
        found = found.get("href") or found.get("url") or found.get("id")
    if isinstance(found, str) and is_web(whole := join(address, found)):
        return whole
    current, last = count(pagination.get("currentPage")), count(pagination.get("totalPages"))
    if current is not None and last is not None and current < last:
        return _with(address, "page", str(current + 1))
    return ""


def _with(address: str, name: str, value: str) -> str:
    """The address with one parameter set."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise SourceError(f"{address} is not a usable address.") from error
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != name]
    return urlunsplit(parts._replace(query=urlencode([*query, (name, value)])))


def _time(since: datetime) -> str:
    return since.astimezone(UTC).isoformat(timespec="seconds")


def _name(item: Any) -> str:
    """What tells two items apart."""
    return key(address) if (address := address_of(item)) else short_hash(repr(item), 32)
