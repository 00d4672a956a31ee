"""WebDAV: what lies in a folder (RFC 4918), asked politely and read with care."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from lxml import etree

from harvesters import safexml
from harvesters.errors import SourceError
from harvesters.fetch import Download, Fetcher
from harvesters.sources.problems import Problems

_ASKED = b"""<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getetag/><d:getlastmodified/>
<d:getcontentlength/><d:getcontenttype/></d:prop></d:propfind>"""
_SIZE = 50 * 1024 * 1024  # of one answer; some 100,000 files


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder in a folder. ``name`` is decoded, ``modified`` ISO 8601."""

    name: str
    is_folder: bool
    etag: str = ""
    modified: str = ""
    size: str = ""
    media_type: str = ""


class Dav:
    """One WebDAV folder and what lies below; ``top`` is its address, ending in ``/``."""

    def __init__(
        self, fetcher: Fetcher, top: str, login: tuple[str, str] | None, problems: Problems
    ) -> None:
        self._fetcher = fetcher
        self._problems = problems
        self._headers = _login(login) if login else {}
        self.top = top

    def address(self, path: str) -> str:
        """The address of ``path`` (relative to the top, decoded)."""
        return self.top + "/".join(quote(piece, safe="") for piece in path.split("/"))

    def get(self, path: str, size: int | None = None) -> Download:
        """A file. Raises SourceError."""
        return self._fetcher.request("GET", self.address(path), headers=self._headers, size=size)

    def entries(self, folder: str) -> list[Entry]:
        """What lies in ``folder`` (relative, decoded, ``""`` or ending in ``/``), by name.

        Raises SourceError when it cannot be read.
        """
        address = self.address(folder)
        found = self._fetcher.request(
            "PROPFIND",
            address,
            accept="application/xml, text/xml",
            headers={**self._headers, "Depth": "1", "Content-Type": "application/xml"},
            body=_ASKED,
            size=_SIZE,
        )
        root = safexml.parse(found.content, address, "WebDAV")
        if safexml.local(root) != "multistatus":
            raise SourceError(f"{address} is no WebDAV folder: it answers with a page.")
        if not folder and found.url != address:
            # Where the top has moved to is where everything is from now on.
            self.top = found.url if found.url.endswith("/") else f"{found.url}/"
        inside: dict[str, Entry] = {}
        for node in safexml.find_all(root, "response"):
            href = safexml.text(node, "href")
            name = self._name(href, folder)
            if name:
                inside.setdefault(name, _entry(node, name))
        return [inside[name] for name in sorted(inside)]

    def _name(self, href: str, folder: str) -> str:
        """The name of what ``href`` names in the folder; nothing for the folder itself.

        What lies elsewhere, or has a name that would lead elsewhere, is left out and told.
        """
        try:
            parts = urlsplit(href)
        except ValueError:
            self._problems.add("an address that cannot be read was left out", href)
            return ""
        base = urlsplit(self.address(folder))
        above = _pieces(base.path)
        path = parts.path
        if not path.startswith("/"):
            path = base.path + path
        pieces = _pieces(path)
        if parts.netloc and parts.netloc.lower() != base.netloc.lower():
            self._problems.add("something on another host was left out", href)
            return ""
        if pieces == above:
            return ""
        name = pieces[-1] if pieces else ""
        if pieces[:-1] != above or name in (".", "..") or re.search(r"[/\\\x00-\x1f]", name):
            self._problems.add("something outside of its folder was left out", href)
            return ""
        return name


def _pieces(path: str) -> list[str]:
    """The decoded parts of a path; a slash within a name stays part of it."""
    return [unquote(piece, errors="replace") for piece in path.split("/") if piece]


def _entry(node: etree._Element, name: str) -> Entry:
    props = node
    for status in safexml.find_all(node, "propstat"):
        if re.search(r"\s200\b", safexml.text(status, "status")):
            props = status
            break
    return Entry(
        name=name,
        is_folder=bool(safexml.find_all(props, ".//resourcetype/collection")),
        etag=safexml.text(props, ".//getetag")[:200],
        modified=_moment(safexml.text(props, ".//getlastmodified")),
        size=safexml.text(props, ".//getcontentlength"),
        media_type=safexml.text(props, ".//getcontenttype"),
    )


def _moment(text: str) -> str:
    try:
        return parsedate_to_datetime(text).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""


def _login(login: tuple[str, str]) -> Mapping[str, str]:
    pair = base64.b64encode(f"{login[0]}:{login[1]}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


@dataclass(frozen=True, slots=True)
class Share:
    """A public share of a Nextcloud, by the address that is given to people."""

    home: str  # the cloud's own address, without "/" at the end
    token: str

    @classmethod
    def of(cls, address: str) -> Share | None:
        """The share that an address like ``https://cloud.example/s/TOKEN`` stands for."""
        parts = urlsplit(address)
        found = re.fullmatch(r"(.*?)(?:/index\.php)?/s/([A-Za-z0-9_-]{3,64})(?:/.*)?", parts.path)
        if not found:
            return None
        return cls(urlunsplit((parts.scheme, parts.netloc, found[1], "", "")), found[2])

    def ways(self, password: str) -> list[tuple[str, tuple[str, str] | None]]:
        """Address and login of the share's WebDAV folder: of newer clouds, and of older ones."""
        newer = ("anonymous", password) if password else None
        return [
            (f"{self.home}/public.php/dav/files/{self.token}/", newer),
            (f"{self.home}/public.php/webdav/", (self.token, password)),
        ]

    def download(self, path: str) -> str:
        """The address at which people get a file without any login."""
        folder, _, name = path.rpartition("/")
        place, file = quote(f"/{folder}", safe=""), quote(name, safe="")
        return f"{self.home}/s/{self.token}/download?path={place}&files={file}"

    def page(self, path: str) -> str:
        """The address of the page for people with the file in it."""
        folder = path.rpartition("/")[0]
        page = f"{self.home}/s/{self.token}"
        return f"{page}?path={quote(f'/{folder}', safe='')}" if folder else page
