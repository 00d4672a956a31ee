"""What a file becomes: pages of blocks, and passages made of them. Plain data, JSON both ways."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

BlockKind = Literal["heading", "paragraph", "list", "table_row", "agenda_item"]
State = Literal["read", "partly", "failed"]


@dataclass
class Block:
    """One piece of text. ``level``: 1 (highest) to 6 for headings, depth of a list; else 0."""

    kind: BlockKind
    text: str
    level: int = 0


@dataclass
class Page:
    """A page of a PDF, a slide, a sheet, a file of an archive; numbers begin with 1."""

    number: int
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Extracted:
    """The text of a file and how reading it went.

    ``kind``: pdf, docx, odt, odp, pptx, xlsx, ods, csv, html, eml, text, zip, or "" when the file
    was not recognised. ``language``: ISO 639-1, or "" when unsure. ``reason``: one English
    sentence for people when the state is not ``read``. ``truncated``: a limit cut the text off.
    """

    kind: str = ""
    language: str = ""
    title: str = ""
    pages: list[Page] = field(default_factory=list)
    words: int = 0
    state: State = "read"
    reason: str = ""
    ocr_used: bool = False
    truncated: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON would have it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Extracted:
        """Read what ``as_dict`` wrote. Raises TypeError, KeyError or ValueError on anything else.

        The text comes out of a process that a hostile file may have taken over: every value is
        looked at.
        """
        pages = [
            Page(int(page["number"]), [_block(block) for block in page["blocks"]])
            for page in data["pages"]
        ]
        state = data["state"]
        if state not in ("read", "partly", "failed"):
            raise ValueError(f"unknown state {state!r}")
        return cls(
            kind=str(data["kind"]), language=str(data["language"]), title=str(data["title"]),
            pages=pages, words=int(data["words"]), state=state, reason=str(data["reason"]),
            ocr_used=bool(data["ocr_used"]), truncated=bool(data["truncated"]),
        )  # fmt: skip

    @classmethod
    def failed(cls, reason: str, kind: str = "") -> Extracted:
        """The answer for a file that could not be read."""
        return cls(kind=kind, state="failed", reason=reason)

    def text(self) -> str:
        """All text, a line per block."""
        return "\n".join(block.text for page in self.pages for block in page.blocks)


def _block(data: dict[str, Any]) -> Block:
    kind = data["kind"]
    if kind not in ("heading", "paragraph", "list", "table_row", "agenda_item"):
        raise ValueError(f"unknown kind of block {kind!r}")
    return Block(kind, str(data["text"]), int(data["level"]))


@dataclass(frozen=True)
class Passage:
    """A piece of a file that can be found by itself, about 200 words.

    ``file``: the caller's name for the file. ``page``, ``end_page``: where it begins and ends.
    ``headings``: what it stands under, highest first. ``agenda``: the agenda item it belongs to.
    ``ordinal``: its place in the file, from 0.
    """

    file: str
    page: int
    end_page: int
    headings: tuple[str, ...]
    text: str
    ordinal: int
    words: int
    agenda: str = ""
