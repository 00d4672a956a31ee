"""The zip of a GTFS feed, from hands that nobody vouches for: limits first, then row by row."""

from __future__ import annotations

import codecs
import csv
import io
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO

from harvesters.errors import RecordError, RefusedError, SourceError
from harvesters.sources.problems import Problems

_MEMBERS = 500  # a feed has some 30 files
_DIRECTORY = 1024 * 1024  # bytes of the zip's table of contents; 500 files need 50 KB of it
_UNPACKED = 8 * 1024**3  # the timetable of all Germany unpacks to less than that
_RATIO = 200  # timetables shrink to a tenth, rarely to a fiftieth
_SMALL = 10 * 1024**2  # bytes; what is smaller may shrink as it likes
_PIECE = 1024 * 1024
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)

#: The files by which a zip is known to be a feed.
MAIN_FILES = ("stops.txt", "routes.txt")


class _CautiousFile(io.FileIO):
    """Refuses to read a table of contents of millions of entries into memory in one go."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size and size > _DIRECTORY:
            raise zipfile.BadZipFile("its table of contents is too long")
        return super().read(-1 if size is None else size) or b""


class Archive:
    """A feed's zip; a context manager. ``shown`` is its name in messages.

    Raises SourceError when it is no zip or more than any feed needs (RefusedError). Nothing is
    unpacked to the disk, and files that GTFS does not know are not looked at.
    """

    def __init__(self, path: Path, shown: str) -> None:
        self._shown = shown
        self.warnings: list[str] = []
        self._file = _CautiousFile(str(path))
        try:
            self._zip = zipfile.ZipFile(self._file)
            self._members = self._find(self._zip.infolist())
        except _DAMAGE as error:
            self._file.close()
            raise SourceError(f"{shown} is not a zip that can be read: {error}.") from error
        except SourceError:
            self._file.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def table(self, name: str, problems: Problems) -> Table:
        """One of its files. Raises RecordError if that is damaged."""
        return Table(self, name, problems)

    def open(self, name: str) -> IO[bytes]:
        """A file's content as a stream."""
        return self._zip.open(self._members[name])

    def content(self, name: str) -> bytes:
        """A file in one go. Raises RecordError if it is damaged."""
        try:
            with self.open(name) as stream:
                return b"".join(iter(lambda: stream.read(_PIECE), b""))
        except _DAMAGE as error:
            raise RecordError(f"{name} cannot be unpacked: {error}") from error

    def size(self, name: str) -> int:
        """A file's size, unpacked."""
        return self._members[name].file_size

    def _find(self, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        """The feed's files by name: those at the top, or in the only folder that holds a feed."""
        self._check(infos)
        folders: dict[str, dict[str, zipfile.ZipInfo]] = {}
        for info in infos:
            path = PurePosixPath(info.filename.replace("\\", "/"))
            if info.is_dir() or "__MACOSX" in path.parts:
                continue
            files = folders.setdefault(str(path.parent), {})
            if path.name.lower() in files:
                self.warnings.append(f"{path.name} is twice in the zip: the last one was read")
            files[path.name.lower()] = info
        feeds = [name for name, files in folders.items() if files.keys() & set(MAIN_FILES)]
        if "." in feeds or not feeds:
            return folders.get(".", {})
        if len(feeds) > 1:
            raise SourceError(f"{self._shown} holds several feeds: {', '.join(feeds[:5])}.")
        self.warnings.append(f"the files lie in the folder {feeds[0]} of the zip, not at its top")
        return folders[feeds[0]]

    def _check(self, infos: list[zipfile.ZipInfo]) -> None:
        if len(infos) > _MEMBERS:
            raise RefusedError(f"{self._shown} holds more than {_MEMBERS} files; that is refused.")
        total = sum(info.file_size for info in infos)
        if total > _UNPACKED:
            raise RefusedError(
                f"{self._shown} unpacks to {total / 1e9:.0f} GB; that is refused (zip bomb?)."
            )
        for info in infos:
            name = info.filename.replace("\\", "/")
            if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/"):
                raise RefusedError(f"{self._shown} holds a file outside itself: {name[:100]!r}.")
            if info.file_size > max(_SMALL, info.compress_size * _RATIO):
                raise RefusedError(
                    f"{self._shown}: {name[:100]} is packed to less than a {_RATIO}th; "
                    "that is refused (zip bomb?)."
                )


class Table:
    """One CSV file of a feed, read row by row as often as needed."""

    def __init__(self, archive: Archive, name: str, problems: Problems) -> None:
        self.name = name
        self._archive = archive
        self._problems = problems
        self._checked = False  # what is wrong is said at the first reading alone
        self._encoding = self._detect()
        header = next(self._read(), [])
        self.columns = [column.strip().lower() for column in header]

    def rows(self, *wanted: str) -> Iterator[list[str]]:
        """The cells of these columns, empty where there are none; blank lines are skipped."""
        width = len(self.columns)
        # A column that the file does not have is the empty cell behind the last one.
        places = [self.columns.index(c) if c in self.columns else width for c in wanted]
        lines = self._read()
        next(lines, None)
        for number, row in enumerate(lines, start=2):
            if len(row) != width:
                if not any(row):
                    continue
                if not self._checked:
                    self._problems.add(f"{self.name} has rows of another length", f"row {number}")
                row = [*row[:width], *[""] * (width - len(row))]
            row.append("")
            yield [row[place].strip() for place in places]
        self._checked = True

    def _read(self) -> Iterator[list[str]]:
        line = 0
        try:
            with (
                self._archive.open(self.name) as stream,
                io.TextIOWrapper(stream, self._encoding, errors="replace", newline="") as text,
            ):
                reader = csv.reader(text)
                for row in reader:
                    line = reader.line_num
                    yield row
        except (*_DAMAGE, csv.Error, UnicodeError) as error:
            raise RecordError(
                f"{self.name} cannot be read after line {line} ({' '.join(str(error).split())}): "
                "the file is damaged, or a quotation mark is never closed"
            ) from error

    def _detect(self) -> str:
        """UTF-8, as it must be, or what Windows writes instead. Also finds damaged files."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            with self._archive.open(self.name) as stream:
                piece = stream.read(_PIECE)
                if piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    return self._not_utf8("UTF-16", "utf-16")
                while piece:
                    decoder.decode(piece)
                    piece = stream.read(_PIECE)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return self._not_utf8("Windows-1252 (Latin-1)", "cp1252")
        except _DAMAGE as error:
            raise RecordError(f"{self.name} cannot be unpacked: {error}") from error
        return "utf-8-sig"

    def _not_utf8(self, shown: str, encoding: str) -> str:
        self._problems.say(f"{self.name} is not UTF-8, as GTFS asks for: read as {shown}")
        return encoding


def pack(folder: Path, target: Path) -> None:
    """Make a zip of the feed in ``folder``, the same one each time."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() not in (".txt", ".geojson"):
                continue
            if not path.is_file() or path.is_symlink():
                continue
            info = zipfile.ZipInfo(path.name)  # of 1980, whenever it was made
            info.compress_type = zipfile.ZIP_DEFLATED
            info.file_size = path.stat().st_size
            with path.open("rb") as source, packed.open(info, "w") as stream:
                shutil.copyfileobj(source, stream, _PIECE)
