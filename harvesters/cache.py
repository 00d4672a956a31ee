"""Answers of a source's server, kept so that it can be asked whether they have changed.

A file per address: a line of JSON (what the answer said), then the body. What cannot be read back
exactly as it was written does not count, and is fetched anew; so a crash, a full disk or a damaged
file changes nothing but the time that a run takes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

log = logging.getLogger(__name__)

#: Bytes that are kept of one source.
SIZE = 1_000_000_000
#: Seconds after which an answer is fetched whole, should the server's word not be true.
LONGEST = 30 * 24 * 3600.0
_SUFFIX = ".answer"
_UNFINISHED = ".part"
_SECRET = frozenset({"set-cookie", "www-authenticate", "authorization"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A kept answer. ``headers`` have lower-case names; the body is decompressed."""

    content: bytes
    content_type: str
    headers: Mapping[str, str]

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask for a newer one only; none if nothing tells them apart for sure."""
        found = {}
        if etag := self.headers.get("etag"):
            found["If-None-Match"] = etag
        if _tells_versions_apart(self.headers):
            found["If-Modified-Since"] = self.headers["last-modified"]
        return found


class Cache:
    """The kept answers of one source. ``size``: bytes, the ones not used for longest give way.

    Used by one thread; two processes in one folder do no harm to each other.
    """

    def __init__(self, folder: Path, size: int = SIZE) -> None:
        self._folder = folder
        self._size = size
        self._sizes: dict[str, int] = {}  # of the files, the one not used for longest first
        self._usable = True
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._look()
        except OSError as error:
            self._give_up(error)

    def find(self, url: str, accept: str) -> Answer | None:
        """The answer that was kept for ``url``, if it is whole and can be asked about."""
        name = _name(url, accept)
        if name not in self._sizes:
            return None
        path = self._folder / name
        try:
            answer = _read(path, url)
            os.utime(path)
        except (OSError, ValueError, KeyError, TypeError):
            self._drop(name)
            return None
        self._sizes[name] = self._sizes.pop(name)
        return answer

    def keep(self, url: str, accept: str, answer: Answer) -> None:
        """Keep an answer, if its server allows that and will be able to tell whether it changed."""
        name = _name(url, accept)
        self._drop(name)
        if not self._usable or not _may_be_kept(answer):
            return
        about = {
            "url": url,
            "content_type": answer.content_type,
            "headers": {k: v for k, v in answer.headers.items() if k not in _SECRET},
            "fetched": time.time(),
            "sha256": hashlib.sha256(answer.content).hexdigest(),
        }
        head = json.dumps(about).encode() + b"\n"
        size = len(head) + len(answer.content)
        if size > self._size:
            return
        self._make_room(size)
        try:
            _write(self._folder / name, head, answer.content)
        except OSError as error:
            self._give_up(error)
        else:
            self._sizes[name] = size

    def _look(self) -> None:
        """See what is there; remove what a killed run left unfinished."""
        found = []
        for entry in os.scandir(self._folder):
            with contextlib.suppress(OSError):
                about = entry.stat()
                if entry.name.endswith(_SUFFIX):
                    found.append((about.st_mtime, entry.name, about.st_size))
                elif entry.name.endswith(_UNFINISHED) and about.st_mtime < time.time() - 86400:
                    Path(entry.path).unlink()
        self._sizes = {name: size for _time, name, size in sorted(found)}
        self._make_room(0)

    def _make_room(self, size: int) -> None:
        left = self._size - size - sum(self._sizes.values())
        for name in list(self._sizes):
            if left >= 0:
                return
            left += self._sizes[name]
            self._drop(name)

    def _drop(self, name: str) -> None:
        if self._sizes.pop(name, None) is not None:
            with contextlib.suppress(OSError):
                (self._folder / name).unlink(missing_ok=True)

    def _give_up(self, error: OSError) -> None:
        """A cache that cannot be written is no reason not to harvest."""
        self._usable = False
        log.warning("Answers cannot be kept in %s: %s.", self._folder, error.strerror or error)


def _name(url: str, accept: str) -> str:
    return hashlib.sha256(f"{accept}\n{url}".encode("utf-8", "replace")).hexdigest() + _SUFFIX


def _read(path: Path, url: str) -> Answer:
    """Raises ValueError if it is not what was written, or too old."""
    head, found, content = path.read_bytes().partition(b"\n")
    about = json.loads(head)
    if not found or not isinstance(about, dict) or about.get("url") != url:
        raise ValueError("not an answer")
    if hashlib.sha256(content).hexdigest() != about.get("sha256"):
        raise ValueError("damaged")
    if not 0 <= time.time() - float(about.get("fetched", 0)) < LONGEST:
        raise ValueError("too old")
    return Answer(content, str(about["content_type"]), dict(about["headers"]))


def _write(path: Path, head: bytes, content: bytes) -> None:
    """Whole or not at all. Only this user may read it: addresses may hold keys."""
    number, unfinished = tempfile.mkstemp(suffix=_UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(head)
            stream.write(content)
        Path(unfinished).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(unfinished).unlink(missing_ok=True)
        raise


def _may_be_kept(answer: Answer) -> bool:
    control = answer.headers.get("cache-control", "").lower()
    varies = answer.headers.get("vary", "")
    return bool(answer.conditions) and "no-store" not in control and "*" not in varies


def _tells_versions_apart(headers: Mapping[str, str]) -> bool:
    """Whether ``Last-Modified`` is older than the answer: it counts in whole seconds.

    What changes twice within a second bears the same date (RFC 9110, section 8.8.2.2).
    """
    try:
        changed = parsedate_to_datetime(headers["last-modified"])
        sent = parsedate_to_datetime(headers["date"])
        return sent - changed > timedelta(seconds=1)
    except (KeyError, ValueError, TypeError):
        return False
