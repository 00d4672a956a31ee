"""Zip archives: the text of the files in them, each under its name."""

from __future__ import annotations

from collections.abc import Callable

from indexer.errors import ExtractError
from indexer.extract.cleaning import clean
from indexer.extract.packages import BombError, Package
from indexer.limits import Budget
from indexer.model import Block, Extracted, Page

#: Reads one file of the archive; the number says how deep it lies.
ReadOne = Callable[[bytes, str, str, int], Extracted]
_NOTES = 5


def extract(content: bytes, budget: Budget, read_one: ReadOne, depth: int) -> Extracted:
    """Read an archive. Pages are counted through all its files. Raises ExtractError."""
    limits = budget.limits
    package = Package(content, budget, "archive")
    result = Extracted(kind="zip")
    notes: list[str] = []
    left_out = 0
    number = 0
    for entry in sorted(package.entries, key=lambda item: item.filename):
        name = clean(entry.filename.replace("\\", "/"))
        if name.rsplit("/", 1)[-1].startswith(".") or "__MACOSX/" in name:
            continue
        if budget.members >= limits.members or budget.over:
            left_out += 1
            continue
        budget.members += 1
        try:
            inner = read_one(package.read(entry.filename), name, "", depth + 1)
        except BombError:
            raise
        except ExtractError as error:
            inner = Extracted.failed(str(error))
        if inner.reason:
            notes.append(f"{name[:80]}: {inner.reason}")
        result.ocr_used = result.ocr_used or inner.ocr_used
        result.truncated = result.truncated or inner.truncated
        for place, page in enumerate(inner.pages):
            number += 1
            head = [Block("heading", name[:200], 1)] if place == 0 else []
            result.pages.append(Page(number, head + [_deeper(block) for block in page.blocks]))
    if left_out:
        notes.insert(0, f"{left_out} files of the archive were not read; there are too many.")
        result.truncated = True
    if notes:
        result.state = "partly" if result.pages else "failed"
        more = f" And {len(notes) - _NOTES} more." if len(notes) > _NOTES else ""
        result.reason = " ".join(notes[:_NOTES]) + more
    elif not result.pages:
        raise ExtractError("The archive holds no files with text.")
    return result


def _deeper(block: Block) -> Block:
    """A heading stands under its file's name."""
    if block.kind == "heading":
        return Block("heading", block.text, min(block.level + 1, 6))
    return block
