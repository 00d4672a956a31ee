"""Going through a website politely: what may be read, in which order, and where to stop.

States: *start page* → *sitemaps* (if they list pages in reach, these are read, and no links are
followed) or *links, breadth first* → done. It ends early at ``max_pages``, and when the host is
down. ``complete`` is False once something in reach was not seen.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from harvesters.errors import AnswerError, HostDownError, HostError, RefusedError, SourceError
from harvesters.fetch import Download, Fetcher
from harvesters.sources import documents
from harvesters.sources.problems import Problems
from harvesters.sources.web import page as web_page
from harvesters.sources.web import robots
from harvesters.sources.web.addresses import file_name, goes_in_circles, host, normal, shape
from harvesters.sources.web.page import Linked, Page
from harvesters.sources.web.sitemap import SIZE, Listed, Sitemaps

_ACCEPT = "text/html, application/xhtml+xml, */*;q=0.2"
_PAGE_SIZE = 5 * 1024 * 1024
_ROBOTS_SIZE = 1024 * 1024
_WAITING = 20  # addresses that are remembered, for each page that may be read


@dataclass(frozen=True, slots=True)
class Reach:
    """What is part of the website, as its options say."""

    max_pages: int
    depth: int
    same_shape: int
    pause: float
    sitemap: bool
    include: list[str]
    exclude: list[str]


@dataclass(frozen=True, slots=True)
class _Waiting:
    address: str
    depth: int = 0
    lastmod: str = ""
    words: str = ""


class Crawl:
    """One walk through a website; ``complete``, ``cut_short`` and ``problems`` tell how it went."""

    def __init__(self, fetcher: Fetcher, start: str, reach: Reach) -> None:
        self._fetcher = fetcher
        self._start = start
        self._reach = reach
        self._rules: dict[str, robots.Robots] = {}
        self._queue: deque[_Waiting] = deque()
        self._seen: set[str] = set()
        self._shapes: Counter[str] = Counter()
        self.complete = True
        self.cut_short = False  # not by a limit, but by something that failed
        self.problems = Problems()
        self.site = ""

    def pages(self) -> Iterator[Page | Linked]:
        """Each page, and each file that was behind an address without an ending.

        Raises SourceError if the start page cannot be read.
        """
        first = self._first()
        listed = list(self._listed()) if self._reach.sitemap else []
        follow = not listed
        for item in listed:
            self._add(_Waiting(item.address, 0, item.modified), counted=False)
        read = 0
        pages: list[tuple[_Waiting, Page | Linked | None]] = [(_Waiting(self._start), first)]
        while pages:
            waiting, found = pages.pop()
            if isinstance(found, Page):
                read += 1
                if follow and waiting.depth < self._reach.depth:
                    for address, words in found.links:
                        self._add(_Waiting(self.own(address), waiting.depth + 1, "", words))
                yield found
            elif isinstance(found, Linked):
                yield found
            if read >= self._reach.max_pages and self._queue:
                self.complete = False
                self.problems.say(
                    f"only the first {read} pages were read; more with the option `max_pages`"
                )
                return
            if self._queue:
                waiting = self._queue.popleft()
                pages.append((waiting, self._read(waiting)))

    # -- what may be read ------------------------------------------------------------------------

    def own(self, address: str) -> str:
        """``address`` with the start's scheme and host, if it is on the same website."""
        parts, start = urlsplit(address), urlsplit(self._start)
        if host(address) != host(self._start):
            return address
        return urlunsplit((start.scheme, start.netloc, parts.path, parts.query, ""))

    def allows(self, address: str) -> bool:
        """Whether its host's robots.txt lets us read ``address``."""
        try:
            return self._robots(address).allows(address)
        except HostDownError:
            raise
        except SourceError as error:
            self.problems.add("robots.txt that cannot be read forbids all", str(error))
            return False

    def _robots(self, address: str) -> robots.Robots:
        """The rules of a host. Raises SourceError if they cannot be had: that forbids all."""
        parts = urlsplit(address)
        place = urlunsplit((parts.scheme, parts.netloc, "/robots.txt", "", ""))
        if place not in self._rules:
            try:
                found = self._fetcher.request("GET", place, size=_ROBOTS_SIZE)
                rules = robots.parse(found.content, place)
            except AnswerError:
                rules = robots.Robots()  # none: all is allowed
            self._rules[place] = rules
            self._fetcher.slow_down(max(rules.delay, self._reach.pause))
        return self._rules[place]

    def excluded(self, address: str) -> bool:
        """Whether the options leave ``address`` out."""
        path = _path(address)
        return any(robots.fits(pattern, path) for pattern in self._reach.exclude)

    def _in_reach(self, address: str) -> bool:
        if host(address) != host(self._start) or self.excluded(address):
            return False
        path = _path(address)
        if self._reach.include:
            return any(robots.fits(pattern, path) for pattern in self._reach.include)
        return path.startswith(_folder(self._start))

    def _add(self, waiting: _Waiting, *, counted: bool = True) -> None:
        """Remember an address that is to be read."""
        address = waiting.address
        if address in self._seen or not self._in_reach(address):
            return
        if len(self._queue) >= self._reach.max_pages * _WAITING:
            return  # the end of max_pages comes first, and is told then
        if goes_in_circles(address):
            self.problems.add("addresses that go in circles, not followed", address)
            return
        self._seen.add(address)
        if counted:
            form = shape(address)
            self._shapes[form] += 1
            if self._shapes[form] > self._reach.same_shape:
                self.complete = False
                self.problems.add(
                    "addresses that differ in numbers alone, not followed (option `same_shape`)",
                    address,
                )
                return
        self._queue.append(waiting)

    # -- reading ---------------------------------------------------------------------------------

    def _first(self) -> Page:
        """The start page, and what follows from it: host and path of the website."""
        rules = self._robots(self._start)
        if not rules.allows(self._start):
            raise SourceError(
                f"{self._start} is not to be read by robots, as the website's robots.txt says. Its "
                f"operator can allow it: a group `User-agent: {robots.AGENT}` with `Allow: /`."
            )
        found = self._get(self._start)
        self._start = normal(found.url)
        page = web_page.read(found) if _is_page(found) else None
        if page is None:
            raise SourceError(
                f"{self._start} is no web page, but {found.content_type or 'nothing'}."
            )
        if not self.allows(self._start):
            raise SourceError(f"{self._start} is not to be read by robots.")
        self._seen.add(self._start)
        self.site = page.site or page.title
        return page

    def _listed(self) -> Iterator[Listed]:
        """The pages and files in reach that the website's sitemaps list."""
        named = self._robots(self._start).sitemaps
        parts = urlsplit(self._start)
        usual = urlunsplit((parts.scheme, parts.netloc, "/sitemap.xml", "", ""))
        sitemaps = Sitemaps(self._load_sitemap, self.allows)
        most = self._reach.max_pages * _WAITING
        for address in named or [usual]:
            try:
                for item in sitemaps.read(address):
                    own = self.own(item.address)
                    if self._in_reach(own) and most > 0:
                        most -= 1
                        yield Listed(own, item.modified)
            except HostDownError:
                raise
            except AnswerError as error:
                if named:
                    self.problems.say(f"sitemap: {error}")
            except SourceError as error:
                self.complete, self.cut_short = False, True
                self.problems.say(f"sitemap: {error}")
        for problem in sitemaps.problems:
            self.complete, self.cut_short = False, True
            self.problems.say(f"sitemap: {problem}")

    def _load_sitemap(self, address: str) -> Download:
        return self._fetcher.request("GET", address, accept="application/xml, */*;q=0.5", size=SIZE)

    def _get(self, address: str) -> Download:
        return self._fetcher.request("GET", address, accept=_ACCEPT, size=_PAGE_SIZE)

    def _read(self, waiting: _Waiting) -> Page | Linked | None:
        """A page, or a file; None with a note if there is neither."""
        address = waiting.address
        if not self.allows(address):
            return None
        kind = documents.ending(file_name(address))
        if kind:  # a sitemap lists files, too
            return Linked(address, documents.title_from_file_name(file_name(address)), kind, "")
        try:
            found = self._get(address)
        except HostDownError:
            raise
        except AnswerError as error:
            what = "pages that are not there" if error.status in (404, 410) else "pages refused"
            self.problems.add(f"{what}", str(error))
            return None
        except (RefusedError, HostError) as error:
            if isinstance(error, HostError):
                self.complete, self.cut_short = False, True
            self.problems.add("pages that could not be read", str(error))
            return None
        except SourceError as error:
            return self._large(waiting, error)
        final = self.own(normal(found.url))
        if final != address and (final in self._seen or not self._in_reach(final)):
            return None
        self._seen.add(final)
        if not _is_page(found):
            return self._file(waiting, found)
        return web_page.read(found, waiting.lastmod) if self.allows(final) else None

    def _large(self, waiting: _Waiting, error: SourceError) -> Linked | None:
        """Too large for a page: perhaps it is a file."""
        try:
            found = self._fetcher.request("HEAD", waiting.address)
            if file := self._file(waiting, found):
                return file
        except HostDownError:
            raise
        except SourceError:
            pass
        self.problems.add("pages that are too large", str(error))
        return None

    def _file(self, waiting: _Waiting, found: Download) -> Linked | None:
        kind = documents.ending_of_type(found.content_type)
        if not kind:
            return None
        title = documents.title_from_link(waiting.words)
        return Linked(
            waiting.address,
            title or documents.title_from_file_name(file_name(waiting.address)),
            kind,
            "",
        )


def _is_page(found: Download) -> bool:
    if found.content_type in ("text/html", "application/xhtml+xml"):
        return True
    head = found.content[:500].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return not found.content_type and head.startswith((b"<!doctype html", b"<html"))


def _path(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _folder(address: str) -> str:
    """``/rathaus/index.html`` reaches what lies in ``/rathaus/``; ``/rathaus`` what begins so."""
    path = urlsplit(address).path
    last = path.rsplit("/", 1)[-1]
    return path[: len(path) - len(last)] if "." in last else path
