"""How much a single file may cost. What is beyond is left out (``partly``) or refused (``failed``).

The numbers leave room for every honest file that an office publishes; they are not a judgement of
what is worth reading.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

MEGA = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Limits for one file. Bytes, seconds and counts."""

    #: What is taken in at all.
    content: int = 200 * MEGA
    #: Wall clock until the worker is ended; extraction stops by itself a little before.
    seconds: float = 60.0
    #: Processor time of the worker for one file.
    cpu_seconds: int = 60
    #: Address space of the worker beyond the file itself.
    memory: int = 1024 * MEGA
    #: The answer that comes back through the pipe.
    output: int = 64 * MEGA
    #: Letters of text that are kept.
    characters: int = 10_000_000
    pages: int = 2000
    #: Pages that are read by OCR: each takes seconds.
    ocr_pages: int = 50
    ocr_page_seconds: float = 20.0
    #: Rows of a sheet or CSV file that are shown.
    rows: int = 30
    columns: int = 60
    sheets: int = 50
    #: Archives, and the formats that are archives inside (DOCX, ODT …).
    entries: int = 5000
    entry: int = 64 * MEGA
    unpacked: int = 256 * MEGA
    #: Unpacked bytes for each packed one, looked at from 1 MB on.
    ratio: int = 200
    #: Files of an archive that are read, and archives inside of archives.
    members: int = 200
    depth: int = 1
    #: XML elements are held in memory as a tree: this many bytes of XML at most.
    xml: int = 32 * MEGA
    #: Web pages and texts.
    text: int = 24 * MEGA
    #: Whether scanned pages are read by OCR where it is installed.
    ocr: bool = True


#: Of the time that a file has, the part after which extraction ends by itself with what it has.
_SHARE = 0.8


class Budget:
    """What one file has used of its limits; shared by an archive and the files in it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.unpacked = 0
        self.members = 0
        self.ocr_pages = 0
        self._end = time.monotonic() + limits.seconds * _SHARE

    @property
    def left(self) -> float:
        """Seconds until extraction should end by itself."""
        return self._end - time.monotonic()

    @property
    def over(self) -> bool:
        """Whether the time is used up."""
        return self.left <= 0
