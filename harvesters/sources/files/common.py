"""What folders of files have in common, on the disk or elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import Field

from harvesters.errors import RecordError
from harvesters.geojson import upload
from harvesters.model import LocalFile, Record, RecordRef
from harvesters.sources import documents
from harvesters.sources.base import Source
from harvesters.sources.documents import DocumentOptions
from harvesters.sources.files import words as side
from harvesters.sources.files.properties import Properties
from harvesters.sources.files.words import Words

# What office programs and file servers leave lying about.
_LEFTOVERS = re.compile(
    r"(?i)[.~#@$].*|__macosx|thumbs\.db|desktop\.ini|.*\.(?:tmp|bak|swp|part|crdownload|lnk)|lost\+found"
)


class FilesOptions(DocumentOptions):
    """Options of a folder of files."""

    patterns: list[str] = Field(
        default_factory=list,
        description="only files whose name or path fits one of them, such as `*.pdf`; "
        "else all that are documents",
    )
    max_files: int = Field(10_000, ge=1, le=1_000_000, description="documents at most")
    authors: bool = Field(
        False, description="also who wrote a file, as its properties say (often an employee)"
    )


@dataclass(slots=True)
class Found:
    """A file, as far as it is known."""

    path: str  # relative to the folder, NFC, with "/"
    words: Words = side.NONE
    properties: Properties = field(default_factory=Properties)
    resource: dict[str, Any] = field(default_factory=dict)
    file: LocalFile | None = None
    page: str = ""
    modified: str = ""
    etag: str = ""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rsplit("/", 1)[-1]


def normal(path: str) -> str:
    """A path in the spelling in which it is compared: the same on all systems (NFC)."""
    return unicodedata.normalize("NFC", path)


def is_leftover(name: str) -> bool:
    """Whether a file or folder is hidden, or temporary."""
    return bool(_LEFTOVERS.fullmatch(name))


def is_wanted(path: str, names: set[str], patterns: list[str]) -> bool:
    """Whether the file is one to take; ``names`` are those that lie beside it."""
    name = path.rsplit("/", 1)[-1]
    if is_leftover(name) or is_side_file(name, names):
        return False
    if not patterns:
        return bool(documents.ending(name))
    name, path = name.lower(), path.lower()  # "*.pdf" means SCAN.PDF, too
    wanted = map(str.lower, patterns)
    return any(fnmatchcase(name, pattern) or fnmatchcase(path, pattern) for pattern in wanted)


def is_side_file(name: str, names: set[str]) -> bool:
    """Whether ``name`` holds words about another file or the folder."""
    for ending in side.ENDINGS:
        if name.endswith(ending):
            stem = name.removesuffix(ending)
            same = any(other != name and other.rsplit(".", 1)[0] == stem for other in names)
            return stem in names or stem == side.FOLDER or same
    return False


def side_files(name: str) -> list[str]:
    """What the words about a file may be called."""
    stems = dict.fromkeys((name, name.rsplit(".", 1)[0]))
    return [f"{stem}{ending}" for stem in stems for ending in side.ENDINGS]


def side_paths(path: str) -> list[str]:
    """Where the words about a file may lie: beside it, and in the folders above."""
    folder, _, name = path.rpartition("/")
    prefix = f"{folder}/" if folder else ""
    found = [prefix + side_name for side_name in side_files(name)]
    while True:
        found += [f"{prefix}{side.FOLDER}{ending}" for ending in side.ENDINGS]
        if not folder:
            return found
        folder = folder.rpartition("/")[0]
        prefix = f"{folder}/" if folder else ""


class SideWords:
    """The words beside files, those of a folder read once."""

    def __init__(self, load: Callable[[str], bytes | None]) -> None:
        """``load`` gives the content of a file by its path, or None if there is none."""
        self._load = load
        self._folders: dict[str, Words | str] = {}

    def of(self, path: str) -> Words:
        """The words about a file, and those of its folders. Raises RecordError."""
        folder, _, name = path.rpartition("/")
        prefix = f"{folder}/" if folder else ""
        own = self._first(prefix, side_files(name))
        return own.over(self._of_folder(folder))

    def _of_folder(self, folder: str) -> Words:
        if folder not in self._folders:
            prefix = f"{folder}/" if folder else ""
            try:
                own = self._first(prefix, [f"{side.FOLDER}{ending}" for ending in side.ENDINGS])
                above = self._of_folder(folder.rpartition("/")[0]) if folder else side.NONE
                self._folders[folder] = own.over(above)
            except RecordError as error:
                self._folders[folder] = str(error)
        found = self._folders[folder]
        if isinstance(found, str):
            raise RecordError(found)
        return found

    def _first(self, prefix: str, names: list[str]) -> Words:
        for name in names:
            content = self._load(prefix + name)
            if content is not None:
                return side.parse(content, prefix + name)
        return side.NONE


def uploaded(path: Path, source: str, name: str, identity: str) -> tuple[dict[str, Any], LocalFile]:
    """What a distribution says of a file that CKAN shall keep, and the file."""
    resource, file = upload(path, source, identity)
    # A colon would make it look like an address.
    resource["url"] = name.replace(":", "-")
    return resource, file


def record(source: Source[Any], options: FilesOptions, ref: RecordRef, found: Found) -> Record:
    """The file as a document: what people wrote of it, else what it says, else its name."""
    words, own = found.words, found.properties
    notes = list(own.notes)
    plain = documents.title_from_file_name(found.name)
    title = words.title or own.title or plain
    folders = found.path.split("/")[:-1]
    language = words.language or [own.language.split("-")[0]]
    fields: dict[str, Any] = {
        "title": title,
        "notes": words.notes or own.subject,
        "tags": [{"name": word} for word in words.tags or own.keywords],
        "license_id": words.license_id or options.license,
        "publisher": [{"name": words.publisher}] if words.publisher else [],
        "url": words.url or found.page,
        "issued": words.issued or own.created,
        "modified": words.modified or own.modified or found.modified,
        "language": [word for word in language if re.fullmatch(r"[A-Za-z]{2,3}", word)],
        "theme": words.theme,
        "document_kind": words.document_kind
        or options.kind
        or documents.kind_from_words(title, plain, *reversed(folders)),
        "document_date": words.document_date
        or documents.date_from_words(title)
        or documents.date_from_words(plain),
        "valid_from": words.valid_from,
        "valid_until": words.valid_until,
        "reference": words.reference,
        "bodies": words.bodies,
        "outcome": words.outcome,
        "paper_type": words.paper_type,
        "author": words.author or (own.author if options.authors else ""),
        "resources": [
            documents.described(documents.ending(found.name))
            | {"name": found.name}
            | found.resource
        ],
        "extras": [{"key": "etag", "value": found.etag}] if found.etag else [],
    }
    made = documents.record(source, ref, fields, notes)
    if found.file:
        made.files = {0: found.file}
    return made
