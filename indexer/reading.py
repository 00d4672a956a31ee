"""One file, from where it lies to its passages in the search service.

The caller says where the file is and keeps what became of it. What is in it is read in a process
of its own (:mod:`indexer.sandbox`); a link is followed with the harvesters' guarded client.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from harvesters.errors import AnswerError, HarvestError, RefusedError
from harvesters.fetch import Fetcher, Limits
from indexer import passages
from indexer.limits import MEGA
from indexer.model import Extracted
from indexer.sandbox import Sandbox
from search.client import SearchClient

#: Part of each version: to be raised when the same file would be read differently.
READER = 1
_MOST_PASSAGES = 20_000


@dataclass(frozen=True)
class File:
    """A file of a record. ``path``: where it was uploaded to; else ``url`` is followed.

    ``id`` and ``record``: CKAN's ids of resource and package; ``declared``: its format in the
    record; ``version``: what the search service holds of it, if anything.
    """

    id: str
    record: str
    name: str = ""
    declared: str = ""
    path: Path | None = None
    url: str = ""
    version: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    ``state``: ``read``, ``partly``, ``failed``, or ``later`` where it could not be had just now;
    ``reason``: why, in a sentence; ``version``: of what the search service holds now.
    """

    state: str
    reason: str = ""
    version: str = ""
    kind: str = ""
    language: str = ""
    pages: int = 0
    words: int = 0
    passages: int = 0
    ocr: bool = False
    #: The same file had been read already; nothing was done.
    unchanged: bool = False


#: Kinds of files whose pages a reader can turn to.
_WITH_PAGES = frozenset({"pdf", "pptx", "odp"})


class _LaterError(Exception):
    """The file cannot be had just now; the text says why."""


class _NotThere(Exception):
    """The file cannot be had; the text says why."""


#: Seconds to wait for a linked file, and its bytes.
_LIMITS = Limits(size=100 * MEGA, seconds=120.0, attempts=2)


class FileReader:
    """Reads files one after the other; a context manager, for it holds a process and connections.

    ``search``: where the passages go; ``allow_hosts``: hosts on the inside that may be asked for
    linked files (comma-separated).
    """

    def __init__(self, search: SearchClient, allow_hosts: str = "") -> None:
        self._search = search
        hosts = (host.strip().casefold() for host in allow_hosts.split(","))
        self._fetcher = Fetcher(_LIMITS, allow=frozenset(filter(None, hosts)))
        self._sandbox = Sandbox(workers=1)

    def __enter__(self) -> FileReader:
        self._fetcher.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sandbox.close()
        self._fetcher.__exit__(kind, error, trace)

    def read(self, file: File) -> Outcome:
        """Read a file and hand its passages over; nothing is held of one that cannot be read.

        :raises search.client.SearchUnavailable, search.client.SearchRefused: when the search
            service does not take it: to be tried again.
        :raises indexer.sandbox.SandboxError: when no file can be read here.
        """
        try:
            content, declared = self._content(file)
        except _LaterError as error:
            return Outcome("later", str(error))
        except _NotThere as error:
            self._search.remove_document(file.id)
            return Outcome("failed", str(error))
        version = f"{READER}-{hashlib.sha256(content).hexdigest()[:40]}"
        if version == file.version:
            return Outcome("read", version=version, unchanged=True)
        extracted = self._sandbox.extract(content, file.name, declared)
        return self._hand_over(file, extracted, version)

    def _hand_over(self, file: File, extracted: Extracted, version: str) -> Outcome:
        found = passages.split(extracted, file.id)
        state, reason = extracted.state, extracted.reason
        if len(found) > _MOST_PASSAGES:
            found, state = found[:_MOST_PASSAGES], "partly"
            reason = "The file is so long that only its beginning is found."
        if found:
            self._search.put_document(
                file.id,
                file.record,
                version,
                [
                    {
                        "text": one.text[:20_000],
                        "page": one.page if extracted.kind in _WITH_PAGES else 0,
                        "end_page": one.end_page if extracted.kind in _WITH_PAGES else 0,
                        "headings": [heading[:1_000] for heading in one.headings[-20:]],
                        "language": extracted.language,
                    }
                    for one in found
                    if one.text.strip()
                ],
            )
        else:
            self._search.remove_document(file.id)
        return Outcome(
            state,
            reason,
            version,
            extracted.kind,
            extracted.language,
            len(extracted.pages),
            extracted.words,
            len(found),
            extracted.ocr_used,
        )

    def _content(self, file: File) -> tuple[bytes, str]:
        most = self._sandbox.limits.content
        if file.path is None:
            try:
                answer = self._fetcher.get(file.url)
            except (AnswerError, RefusedError) as error:
                raise _NotThere(str(error)) from error
            except HarvestError as error:
                raise _LaterError(str(error)) from error
            kind = answer.content_type
            # A server that says "text" knows; many others say "octet-stream" of everything.
            return answer.content, kind if kind.startswith("text/") else file.declared or kind
        try:
            if file.path.stat().st_size > most:
                raise _NotThere(f"The file is larger than {most // MEGA} MB; that is not read.")
            return file.path.read_bytes(), file.declared
        except OSError as error:
            raise _NotThere("The uploaded file is not there.") from error
