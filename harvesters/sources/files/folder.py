"""A folder of documents on the disk: each file is uploaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from harvesters.errors import ConfigError, RecordError, SourceError
from harvesters.model import RawRecord, Record, RecordRef
from harvesters.sources.base import Options, Source
from harvesters.sources.documents import ending
from harvesters.sources.files import common
from harvesters.sources.files import properties as file_properties
from harvesters.sources.files.common import FilesOptions, Found, SideWords
from harvesters.sources.files.words import SIZE

_DEPTH = 50  # folders in each other


@dataclass(slots=True)
class _Handle:
    path: Path
    words: SideWords


class FolderSource(Source[FilesOptions]):
    """One document for each file, known by its path in the folder."""

    name: ClassVar[str] = "folder"
    summary: ClassVar[str] = "Folder of documents on the disk (PDF, office files …)"
    options_type: ClassVar[type[Options]] = FilesOptions
    local_only: ClassVar[bool] = True

    def discover(self) -> Iterator[RecordRef]:
        """The files, folder by folder in the order of their names."""
        if self.config.path is None:
            raise ConfigError("a folder needs `path`; for one on the web there is `webdav`.")
        top = self.root / self.config.path
        if not top.exists():
            raise SourceError(f"{self.config.path} does not exist.")
        if not top.is_dir():
            raise ConfigError(f"{self.config.path} is a file; give the folder that it lies in.")
        top = top.resolve()
        real: dict[str, Path] = {}  # paths as they are on the disk, by their normal spelling
        words = SideWords(lambda path: _load(real.get(path)))
        count = 0
        for folder, names in self._folders(top):
            prefix = folder.relative_to(top).as_posix() + "/" if folder != top else ""
            here = {common.normal(prefix + name): folder / name for name in reversed(names)}
            real |= here
            beside = {common.normal(name) for name in names}
            if len(here) < len(names):
                self.warnings.append(f"two files of one name in {prefix or 'the folder'}")
            for identity in sorted(here):
                if not common.is_wanted(identity, beside, self.options.patterns):
                    continue
                path = here[identity]
                if path.is_symlink() and not _is_inside(path, top):
                    self.warnings.append(f"a link that leads elsewhere was left out: {identity}")
                    continue
                if not path.is_file() and not path.is_symlink():
                    continue  # a socket, a pipe
                if count >= self.options.max_files:
                    self._incomplete(f"only the first {count} files were taken (`max_files`)")
                    return
                count += 1
                yield RecordRef(identity, "", _Handle(path, words))

    def _folders(self, top: Path) -> Iterator[tuple[Path, list[str]]]:
        """Each folder with the names of its files. Links to folders are not followed."""

        def failed(error: OSError) -> None:
            shown = os.fsencode(error.filename or "").decode("utf-8", "replace")
            self.cut(f"a folder cannot be read: {shown} ({error.strerror})")

        for folder, inside, names in os.walk(top, onerror=failed, followlinks=False):
            path = Path(folder)
            inside[:] = sorted(name for name in inside if not common.is_leftover(name))
            if len(path.relative_to(top).parts) >= _DEPTH and inside:
                self._incomplete(f"folders deeper than {_DEPTH} were not read")
                inside.clear()
            good = [name for name in [*inside, *names] if _is_text(name)]
            if len(good) < len(inside) + len(names):
                self._incomplete(f"names that are not UTF-8 in {_shown(path, top)} were left out")
                inside[:] = [name for name in inside if _is_text(name)]
            yield path, sorted(name for name in names if _is_text(name))

    def _incomplete(self, text: str) -> None:
        self.complete = False
        self.warnings.append(text)

    def fetch(self, ref: RecordRef) -> RawRecord:
        """Read the file's properties, and the words beside it."""
        handle: _Handle = ref.handle
        identity = ref.identity
        found = Found(identity, handle.words.of(identity))
        found.properties = file_properties.read(handle.path, ending(found.name))
        found.resource, found.file = common.uploaded(
            handle.path, self.config.name, found.name, identity
        )
        return RawRecord(ref, found)

    def normalise(self, raw: RawRecord) -> Record:
        """The file as a document."""
        return common.record(self, self.options, raw.ref, raw.content)


def _load(path: Path | None) -> bytes | None:
    """A side file; one that is larger than it may be is cut one byte later, which is noticed."""
    if path is None:
        return None
    if path.is_symlink():
        raise RecordError(f"{path.name} is a link; write the words in a file of its own")
    try:
        with path.open("rb") as stream:
            return stream.read(SIZE + 1)
    except OSError as error:
        raise RecordError(f"{path.name} cannot be read: {error.strerror}") from error


def _is_inside(path: Path, top: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(top)
    except (OSError, RuntimeError):  # leads nowhere, or in a circle
        return False


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(path: Path, top: Path) -> str:
    return os.fsencode(path.relative_to(top)).decode("utf-8", "replace")
