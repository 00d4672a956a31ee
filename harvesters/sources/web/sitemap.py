"""Sitemaps: what a website says that it has (sitemaps.org), also as an index, packed or as text."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harvesters import safexml
from harvesters.dates import iso_date
from harvesters.errors import SourceError
from harvesters.fetch import Download
from harvesters.sources.web.addresses import normal

SIZE = 50 * 1024 * 1024  # unpacked; what sitemaps.org allows
_FILES = 200
_DEPTH = 3  # of indexes in indexes; the standard knows one


@dataclass(frozen=True, slots=True)
class Listed:
    """One address of a sitemap, and when it changed (ISO 8601, or nothing)."""

    address: str
    modified: str = ""


class Sitemaps:
    """Reads sitemaps and those that they lead to; ``problems`` tells what could not be read."""

    def __init__(self, load: Callable[[str], Download], allowed: Callable[[str], bool]) -> None:
        """``allowed`` says whether a sitemap at an address may be read at all."""
        self._load = load
        self._allowed = allowed
        self._seen: set[str] = set()
        self.problems: list[str] = []

    def read(self, address: str, depth: int = 0) -> Iterator[Listed]:
        """All addresses, page by page."""
        if address in self._seen or not self._allowed(address):
            return
        if depth > _DEPTH or len(self._seen) >= _FILES:
            self.problems.append(f"{address} was not read: too many sitemaps in each other")
            return
        self._seen.add(address)
        found = self._load(address)
        content = unpacked(found.content, address)
        if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            yield from _plain(content, found.url)
            return
        root = safexml.parse(content, address, "sitemap")
        kind = safexml.local(root)
        if kind == "urlset":
            for node in safexml.find_all(root, "url"):
                if full := normal(safexml.text(node, "loc"), found.url):
                    yield Listed(full, iso_date(safexml.text(node, "lastmod")))
        elif kind == "sitemapindex":
            for text in safexml.texts(root, "sitemap/loc"):
                try:
                    yield from self.read(normal(text, found.url), depth + 1)
                except SourceError as error:
                    self.problems.append(str(error))
        else:
            raise SourceError(f"{address} is no sitemap: its XML begins with <{kind}>.")


def unpacked(content: bytes, where: str) -> bytes:
    """``content``, unpacked if it is gzip. Raises SourceError if it would be too large."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    unpacker = zlib.decompressobj(wbits=31)
    try:
        out = unpacker.decompress(content, SIZE)
    except zlib.error as error:
        raise SourceError(f"{where} is packed, and cannot be unpacked: {error}.") from error
    if unpacker.unconsumed_tail:
        raise SourceError(f"{where} unpacks to more than {SIZE / 1e6:.0f} MB; that is refused.")
    if not unpacker.eof:
        raise SourceError(f"{where} is cut off. Fetch it again, or ask the publisher.")
    return out


def _plain(content: bytes, base: str) -> Iterator[Listed]:
    for line in content.decode("utf-8", "replace").splitlines():
        if line.strip().lower().startswith(("http://", "https://")) and (
            full := normal(line, base)
        ):
            yield Listed(full)
