"""Documents in a WebDAV folder: Nextcloud (also a public share), Apache and others."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from pydantic import Field

from harvesters import fingerprint
from harvesters.errors import (
    AnswerError,
    ConfigError,
    HostDownError,
    RecordError,
    SourceError,
)
from harvesters.model import RawRecord, Record, RecordRef
from harvesters.sources.base import FOR_OPERATORS, Options, Source
from harvesters.sources.documents import ending, ending_of_type
from harvesters.sources.files import common
from harvesters.sources.files import properties as file_properties
from harvesters.sources.files.common import FilesOptions, Found, SideWords
from harvesters.sources.files.dav import Dav, Entry, Share
from harvesters.sources.files.words import SIZE
from harvesters.sources.problems import Problems

# Others would let who may set up sources send the portal's own secrets anywhere.
_VARIABLE = re.compile(r"MYK_SOURCE_[A-Z0-9_]{1,80}")
#: Part of each fingerprint: one more whenever the same file makes another record than before.
READING_VERSION = 1
_NO_DAV = frozenset({400, 401, 403, 404, 405, 415, 501})


class WebdavOptions(FilesOptions):
    """Options of a WebDAV folder."""

    user_env: str = Field(
        "",
        description="environment variable MYK_SOURCE_… that holds the user (not the user itself)",
        json_schema_extra=FOR_OPERATORS,
    )
    password_env: str = Field(
        "",
        description="environment variable MYK_SOURCE_… that holds the password, or app password",
        json_schema_extra=FOR_OPERATORS,
    )
    upload: bool = Field(
        False, description="copy the files into the portal rather than link to them"
    )
    link: str = Field(
        "", description="where people find the files, in place of the WebDAV folder's address"
    )
    depth: int = Field(20, ge=0, le=50, description="folders in each other that are read")
    max_folders: int = Field(5000, ge=1, le=100_000, description="folders at most")


@dataclass(slots=True)
class _Handle:
    path: str  # as the server spells it
    entry: Entry
    words: SideWords
    dav: Dav
    copy: Path


@dataclass(frozen=True, slots=True)
class _Side:
    """A file with words about others: its path as the server spells it, and its version."""

    path: str
    version: str


class WebdavSource(Source[WebdavOptions]):
    """One document for each file, known by its path in the folder."""

    name: ClassVar[str] = "webdav"
    summary: ClassVar[str] = "Folder of documents behind WebDAV (Nextcloud, Apache …)"
    options_type: ClassVar[type[Options]] = WebdavOptions

    _share: Share | None = None

    def discover(self) -> Iterator[RecordRef]:
        """The files, folder by folder in the order of their names; none is downloaded yet."""
        if not self.config.url:
            raise ConfigError("WebDAV needs `url`; for a folder on the disk there is `folder`.")
        problems = Problems()
        try:
            dav, first = self._open(problems)
            yield from self._walk(dav, first, problems)
        finally:
            self.warnings += problems.notes()

    def _walk(self, dav: Dav, first: list[Entry], problems: Problems) -> Iterator[RecordRef]:
        side: dict[str, _Side] = {}  # by their paths in the normal spelling
        words = SideWords(lambda path: _load(dav, side.get(path)))
        waiting = [""]
        count, folders = 0, 1
        seen: set[str] = set()
        while waiting:
            folder = waiting.pop()
            entries = self._entries(dav, folder, problems) if folder else first
            inside = [entry for entry in entries if entry.is_folder]
            files = [entry for entry in entries if not entry.is_folder]
            beside = {common.normal(entry.name) for entry in files}
            side |= {
                common.normal(folder + entry.name): _Side(folder + entry.name, _version(entry))
                for entry in files
                if common.is_side_file(common.normal(entry.name), beside)
            }
            for entry in files:
                identity = common.normal(folder + entry.name)
                wanted = common.is_wanted(identity, beside, self.options.patterns)
                if not wanted or identity in seen:
                    continue
                if count >= self.options.max_files:
                    self.complete = False
                    problems.say(f"only the first {count} files were taken (`max_files`)")
                    return
                seen.add(identity)
                count += 1
                with TemporaryDirectory(prefix="myk-webdav-") as made:
                    copy = Path(made) / _file_name(entry.name)
                    handle = _Handle(folder + entry.name, entry, words, dav, copy)
                    yield RecordRef(identity, "", handle, self._fingerprint(identity, entry, side))
            for entry in reversed(inside):
                if common.is_leftover(entry.name):
                    continue
                path = f"{folder}{entry.name}/"
                if path.count("/") > self.options.depth or folders >= self.options.max_folders:
                    self.complete = False
                    problems.add("folders not read (`depth`, `max_folders`)", path)
                    continue
                folders += 1
                waiting.append(path)

    def _entries(self, dav: Dav, folder: str, problems: Problems) -> list[Entry]:
        try:
            return dav.entries(folder)
        except HostDownError:
            raise
        except SourceError as error:
            self.complete, self.cut_short = False, True
            problems.add("folders that could not be read", str(error))
            return []

    # -- what is the same as last time -----------------------------------------------------------

    def _fingerprint(self, identity: str, entry: Entry, side: dict[str, _Side]) -> str:
        """Of all that the record is made of: then the file need not be asked for again.

        Nothing if the server gives its files no etags.
        """
        beside = [side[path] for path in common.side_paths(identity) if path in side]
        if not entry.etag or not all(words.version for words in beside):
            return ""
        return fingerprint.together(
            identity, _version(entry), *(f"{words.path} {words.version}" for words in beside),
            self._reading,
        )  # fmt: skip

    @cached_property
    def _reading(self) -> str:
        """How a record is made here: our code's version, and what the operator configured."""
        return fingerprint.together(
            str(READING_VERSION),
            self.vocabulary.digest(),
            self.options.model_dump_json(),
            self.config.url or "",
            self.config.org or "",
            self.config.label(),
        )

    # -- the way in ------------------------------------------------------------------------------

    def _open(self, problems: Problems) -> tuple[Dav, list[Entry]]:
        """The folder, by the first way that works, and what lies in it."""
        address = self.config.url or ""
        parts = urlsplit(address)
        if parts.username is not None or parts.password is not None:
            raise ConfigError(
                "the address holds a user or password; put them into environment variables and "
                "name these with `user_env` and `password_env`."
            )
        user = _secret("user_env", self.options.user_env)
        password = _secret("password_env", self.options.password_env)
        self._share = None if user else Share.of(address)
        if self._share:
            ways = self._share.ways(password)
        else:
            top = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"
            ways = [(top, (user, password) if user else None)]
        if password and parts.scheme == "http":
            self.warnings.append("the password goes through the network unencrypted: use https")
        if (user or password) and not (self.options.upload or self.options.link):
            self.warnings.append(
                "the files need a login that visitors do not have: set `upload: true`, or `link`"
            )
        for number, (top, login) in enumerate(ways, start=1):
            dav = Dav(self.fetcher, top, login, problems)
            try:
                return dav, dav.entries("")
            except AnswerError as error:
                if number < len(ways) and error.status in _NO_DAV:
                    continue
                raise SourceError(_explained(address, error, bool(user or password))) from error
        raise SourceError(f"{address} cannot be read.")  # pragma: no cover - there is always a way

    # -- one file --------------------------------------------------------------------------------

    def fetch(self, ref: RecordRef) -> RawRecord:
        """The words beside the file, and with ``upload`` the file."""
        handle: _Handle = ref.handle
        entry = handle.entry
        found = Found(ref.identity, handle.words.of(ref.identity))
        if self.options.upload:
            content = handle.dav.get(handle.path).content
            handle.copy.write_bytes(content)
            found.properties = file_properties.read(handle.copy, ending(found.name))
            found.resource, found.file = common.uploaded(
                handle.copy, self.config.name, found.name, ref.identity
            )
        else:
            found.etag, found.modified = entry.etag, entry.modified
            found.resource = self._linked(handle)
        if self._share:
            found.page = self._share.page(handle.path)
        return RawRecord(ref, found)

    def _linked(self, handle: _Handle) -> dict[str, Any]:
        address = handle.dav.address(handle.path)
        if self.options.link:
            path = "/".join(quote(piece, safe="") for piece in handle.path.split("/"))
            address = f"{self.options.link.rstrip('/')}/{path}"
        elif self._share:
            address = self._share.download(handle.path)
        out = {
            "url": address,
            "access_url": address,
            "download_url": address,
            "size": handle.entry.size,
            "modified": handle.entry.modified,
        }
        media_type = handle.entry.media_type
        if media_type and not ending(handle.path) and not ending_of_type(media_type):
            out |= {"format": media_type, "mimetype": media_type}
        return out

    def normalise(self, raw: RawRecord) -> Record:
        """The file as a document."""
        return common.record(self, self.options, raw.ref, raw.content)


def _file_name(name: str) -> str:
    """``name`` as short as file systems want it (255 bytes), with its ending."""
    stem, dot, last = name.rpartition(".")
    if not dot or len(last) > 10:
        stem, last = name, ""
    cut = stem.encode("utf-8", "replace")[:200].decode("utf-8", "ignore")
    return f"{cut}{dot if last else ''}{last}" or "file"


def _version(entry: Entry) -> str:
    """Changes whenever the content does; nothing if the server does not tell."""
    return f"{entry.etag} {entry.modified} {entry.size}" if entry.etag else ""


def _load(dav: Dav, side: _Side | None) -> bytes | None:
    if side is None:
        return None
    try:
        return dav.get(side.path, size=SIZE).content
    except HostDownError:
        raise
    except SourceError as error:
        raise RecordError(f"{side.path} cannot be read: {error}") from error


def _secret(option: str, variable: str) -> str:
    if not variable:
        return ""
    if not _VARIABLE.fullmatch(variable):
        raise ConfigError(
            f"option `{option}` must name an environment variable MYK_SOURCE_… (capital letters)."
        )
    value = os.environ.get(variable, "")
    if not value:
        raise ConfigError(
            f"the environment variable {variable} (option `{option}`) is not set or empty."
        )
    return value


def _explained(address: str, error: AnswerError, with_login: bool) -> str:
    if error.status in (401, 403):
        hint = (
            "user or password are wrong, or the folder is not theirs"
            if with_login
            else "it needs a user and a password: options `user_env` and `password_env`"
        )
        return f"{address} does not let us in ({error.status}): {hint}."
    if error.status in (404, 405, 501):
        return f"{address} is no WebDAV folder: {error}"
    return str(error)
