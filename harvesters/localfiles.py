"""Files that lie beside a local catalogue, and only those."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from harvesters.errors import RecordError
from harvesters.model import LocalFile

# Relative IRIs of a local catalogue are resolved against this: the same on every machine, so that
# a moved folder changes neither identities nor hashes.
LOCAL_BASE = "file:///.catalogue./"

_PIECE = 1024 * 1024


def is_file_address(address: str) -> bool:
    """Whether ``address`` names a file on the machine rather than something on the web."""
    return bool(re.match(r"(?i)^\s*file:", address))


class LocalFiles:
    """Finds files in one folder; whatever leads out of it is refused."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def take(self, address: str) -> LocalFile:
        """The file that ``address`` names. Raises RecordError if it is elsewhere or missing."""
        try:
            path = self._path(address)
        except ValueError as error:  # a NUL in the name, a broken netloc
            raise RecordError(f"{address} is not a usable file address") from error
        shown = unquote(address.removeprefix(LOCAL_BASE))
        # resolve() follows symbolic links: a link in the folder that leads out of it is elsewhere.
        if not path.is_relative_to(self._folder):
            raise RecordError(f"the file {shown} lies outside the catalogue's folder")
        if not path.is_file():
            raise RecordError(f"the file {shown} does not exist beside the catalogue")
        digest = hashlib.sha256()
        try:
            with path.open("rb") as stream:
                while piece := stream.read(_PIECE):
                    digest.update(piece)
        except OSError as error:
            raise RecordError(f"the file {shown} cannot be read: {error.strerror}") from error
        return LocalFile(path, digest.hexdigest(), path.stat().st_size)

    def _path(self, address: str) -> Path:
        address = address.strip()
        if address.startswith(LOCAL_BASE):
            relative = unquote(address.removeprefix(LOCAL_BASE).split("#")[0].split("?")[0])
            return (self._folder / relative.lstrip("/")).resolve()
        parts = urlsplit(address)
        if parts.netloc not in ("", "localhost"):
            raise RecordError(f"{address} names a file on another machine")
        return Path(unquote(parts.path)).resolve()
