"""Zip archives from untrusted hands, and the XML in those that are documents (DOCX, ODT …)."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from lxml import etree

from harvesters import safexml
from harvesters.errors import SourceError
from indexer.errors import ExtractError
from indexer.limits import MEGA, Budget

_PIECE = 256 * 1024
_NO_MEMORY = 2  # libxml2's number for it; its text is "unknown error"
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError,
    ValueError, KeyError, OverflowError,
)  # fmt: skip


class BombError(ExtractError):
    """The archive unpacks to far more than an honest one does."""


class Package:
    """A zip archive that is read within limits, whatever it says about itself."""

    def __init__(self, content: bytes, budget: Budget, what: str) -> None:
        """Open it. Raises ExtractError."""
        self._budget = budget
        self._what = what
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except _ZIP_ERRORS as error:
            raise ExtractError(
                f"The {what} is damaged or cut off: {_line(error)}. Save it again."
            ) from error
        limits = budget.limits
        entries = self._zip.infolist()
        if len(entries) > limits.entries:
            raise BombError(f"The {what} holds {len(entries)} files; {limits.entries} are allowed.")
        for entry in entries:
            if entry.file_size > MEGA and entry.file_size > limits.ratio * max(
                1, entry.compress_size
            ):
                raise BombError(
                    f"The {what} unpacks to {entry.file_size // max(1, entry.compress_size)} times "
                    "its size; that is refused."
                )
        self._entries = {entry.filename: entry for entry in entries if not entry.is_dir()}

    @property
    def entries(self) -> list[zipfile.ZipInfo]:
        """What it holds, without folders."""
        return list(self._entries.values())

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str, most: int | None = None) -> bytes:
        """One entry. Raises ExtractError when it is missing, damaged or too large."""
        entry = self._entries.get(name)
        if entry is None:
            raise ExtractError(f"The {self._what} is not complete: {name[:100]} is missing.")
        if entry.flag_bits & 1:
            raise ExtractError(f"The {self._what} is protected by a password.")
        most = min(most or self._budget.limits.entry, self._budget.limits.entry)
        out = bytearray()
        try:
            with self._zip.open(entry) as stream:
                while piece := stream.read(_PIECE):
                    out += piece
                    self._budget.unpacked += len(piece)
                    if self._budget.unpacked > self._budget.limits.unpacked:
                        raise BombError(
                            f"The {self._what} unpacks to more than "
                            f"{self._budget.limits.unpacked // MEGA} MB; that is refused."
                        )
                    if len(out) > most:
                        raise ExtractError(
                            f"{name[:100]} in the {self._what} is larger than {most // MEGA} MB."
                        )
        except _ZIP_ERRORS as error:
            raise ExtractError(f"The {self._what} is damaged: {_line(error)}.") from error
        return bytes(out)

    def xml(self, name: str) -> etree._Element:
        """One entry as XML, without entities. Raises ExtractError."""
        return parse_xml(self.read(name, self._budget.limits.xml), name, self._what)

    def optional_xml(self, name: str) -> etree._Element | None:
        """One entry as XML, None when it is missing or damaged: the text does not need it."""
        try:
            return self.xml(name) if name in self else None
        except BombError:
            raise
        except ExtractError:
            return None


def parse_xml(content: bytes, name: str, what: str) -> etree._Element:
    """XML as a tree. Raises ExtractError, also for entities and document types."""
    try:
        return safexml.parse(content, f"{name[:100]} in the {what}")
    except SourceError as error:
        if getattr(error.__cause__, "code", None) == _NO_MEMORY:
            raise MemoryError from error
        raise ExtractError(str(error)) from error


class Enough(Exception):
    """Told by a handler that has seen what it needs."""


def scan_xml(
    content: bytes,
    where: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> None:
    """XML element by element, without a tree; handlers end it with ``Enough``.

    Names come without their namespaces' prefixes. Raises ExtractError for entities and for XML
    that is not well-formed.
    """

    def refuse(*_args: Any) -> Any:
        raise ExtractError(f"{where} defines XML entities or a document type; that is refused.")

    def begin(name: str, attributes: dict[str, str]) -> None:
        start(
            name.rsplit(":", 1)[-1],
            {key.rsplit(":", 1)[-1]: value for key, value in attributes.items()},
        )

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda name: end(name.rsplit(":", 1)[-1])
    parser.CharacterDataHandler = text
    try:
        for at in range(0, len(content), _PIECE):
            parser.Parse(content[at : at + _PIECE], False)
        parser.Parse(b"", True)
    except Enough:
        return
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise ExtractError(f"{where} is not valid XML: {_line(error)}.") from error


def relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """What a part of an OOXML file refers to: id → (kind, path in the package)."""
    folder, _, name = part.rpartition("/")
    tree = package.optional_xml(f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels")
    found: dict[str, tuple[str, str]] = {}
    for node in tree if tree is not None else ():
        if node.get("TargetMode") == "External":
            continue  # addresses outside are never opened
        target = node.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}"
        found[node.get("Id", "")] = (node.get("Type", "").rsplit("/", 1)[-1], _normal(path))
    return found


def _normal(path: str) -> str:
    out: list[str] = []
    for step in path.split("/"):
        if step == "..":
            out[-1:] = []
        elif step not in ("", "."):
            out.append(step)
    return "/".join(out)


def core_title(package: Package) -> str:
    """The title in the properties of an OOXML file."""
    tree = package.optional_xml("docProps/core.xml")
    return safexml.text(tree, ".//title")[:300] if tree is not None else ""


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
