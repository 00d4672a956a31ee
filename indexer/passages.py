"""Passages: pieces of a file that are found by themselves, along its headings and agenda items.

About 200 words each. Where a section is longer, passages overlap by about 40 words, so that what
stands at a border is found whole. No passage mixes two agenda items.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from indexer import sentences
from indexer.extract.cleaning import join_lines
from indexer.model import Block, Extracted, Passage

WORDS = 200
OVERLAP = 40
#: A section up to this length stays whole, one below ``TINY`` joins its neighbour.
MOST = 250
TINY = 60

_OPEN_END = re.compile(r"[^.!?:;…\"“)\]]$")


@dataclass(slots=True)
class _Unit:
    """A sentence, a row or an item: what is not cut. ``fresh``: a new line begins with it."""

    text: str
    page: int
    words: int
    fresh: bool


@dataclass(slots=True)
class _Section:
    """What stands under the same headings."""

    headings: tuple[str, ...]
    agenda: str
    units: list[_Unit] = field(default_factory=list)

    @property
    def words(self) -> int:
        return sum(unit.words for unit in self.units)


def split(extracted: Extracted, file: str) -> list[Passage]:
    """All passages of a file, in order. ``file``: the caller's name for it."""
    out: list[Passage] = []
    for section in _together(_sections(extracted)):
        for units in _windows(section.units):
            out.append(
                Passage(
                    file=file,
                    page=units[0].page,
                    end_page=units[-1].page,
                    headings=section.headings,
                    text=_joined(units),
                    ordinal=len(out),
                    words=sum(unit.words for unit in units),
                    agenda=section.agenda,
                )
            )
    return out


# -- sections --------------------------------------------------------------------------------------


def _sections(extracted: Extracted) -> list[_Section]:
    """Sections in order; each begins with its own heading as a line of its text."""
    out: list[_Section] = []
    path: list[tuple[int, str]] = []
    agenda = ""
    current = _Section((), "")
    for page, block in _blocks(extracted):
        if block.kind == "agenda_item":
            # An item stands above the headings in it and beside those before it.
            path, agenda = [], block.text
        elif block.kind == "heading":
            path = [entry for entry in path if entry[0] < block.level]
            path.append((block.level, block.text))
        if block.kind in ("agenda_item", "heading"):
            if current.units:
                out.append(current)
            names = [agenda] if agenda else []
            current = _Section((*names, *(text for _, text in path)), agenda)
            current.units.append(_Unit(block.text, page, _count(block.text), fresh=True))
            continue
        current.units += _units(block, page)
    if current.units:
        out.append(current)
    return out


def _blocks(extracted: Extracted) -> Iterator[tuple[int, Block]]:
    """Blocks with their pages; a paragraph that goes on overleaf is one."""
    waiting: tuple[int, Block] | None = None
    for page in extracted.pages:
        for place, block in enumerate(page.blocks):
            if waiting is not None:
                if place == 0 and _goes_on(waiting[1], block):
                    whole = join_lines([waiting[1].text, block.text])
                    waiting = (waiting[0], Block(waiting[1].kind, whole, waiting[1].level))
                    continue
                yield waiting
            waiting = (page.number, block)
    if waiting is not None:
        yield waiting


def _goes_on(before: Block, block: Block) -> bool:
    return (
        before.kind in ("paragraph", "list")
        and block.kind == "paragraph"
        and bool(_OPEN_END.search(before.text))
        and (block.text[:1].islower() or before.text.endswith("-"))
    )


def _units(block: Block, page: int) -> Iterator[_Unit]:
    parts = [block.text] if block.kind == "table_row" else sentences.split(block.text)
    fresh = True
    for part in parts:
        for piece in _pieces(part):
            yield _Unit(piece, page, _count(piece), fresh)
            fresh = False


def _pieces(text: str) -> Iterator[str]:
    """The sentence, or parts of it when it is longer than a passage."""
    words = text.split()
    if len(words) <= WORDS:
        yield text
        return
    for at in range(0, len(words), WORDS):
        yield " ".join(words[at : at + WORDS])


def _count(text: str) -> int:
    return len(text.split())


def _together(sections: list[_Section]) -> list[_Section]:
    """Join tiny sections with a neighbour of the same agenda item; headings stay in the text."""
    out: list[_Section] = []
    for section in sections:
        last = out[-1] if out else None
        if (
            last is not None
            and last.agenda == section.agenda
            and (last.words < TINY or section.words < TINY)
            and last.words + section.words <= MOST
        ):
            last.headings = _shared(last, section)
            last.units += section.units
            continue
        out.append(section)
    return out


def _shared(last: _Section, section: _Section) -> tuple[str, ...]:
    """The headings above both; of a heading without text the ones of what it heads."""
    before, after = last.headings, section.headings
    if len(last.units) <= len(before) and after[: len(before)] == before:
        return after
    both = []
    for one, other in zip(before, after, strict=False):
        if one != other:
            break
        both.append(one)
    return tuple(both)


# -- windows ---------------------------------------------------------------------------------------


def _windows(units: list[_Unit]) -> Iterator[list[_Unit]]:
    """Units in windows of about the same length that overlap by whole units."""
    total = sum(unit.words for unit in units)
    if total <= MOST:
        yield units
        return
    number = max(2, -(-(total - OVERLAP) // (WORDS - OVERLAP)))
    size = (total + (number - 1) * OVERLAP) / number
    at = 0
    while at < len(units):
        end, words = at, 0
        while end < len(units) and (end == at or words + units[end].words / 2 <= size):
            words += units[end].words
            end += 1
        rest = sum(unit.words for unit in units[end:])
        if rest and rest + words <= MOST:
            end, rest = len(units), 0
        yield units[at:end]
        if not rest:
            return
        # Step back by whole units, but always get on.
        back, begin = 0, end
        while begin > at + 1 and back + units[begin - 1].words <= OVERLAP * 1.25:
            begin -= 1
            back += units[begin].words
        at = begin


def _joined(units: list[_Unit]) -> str:
    out = units[0].text
    for unit in units[1:]:
        out += ("\n" if unit.fresh else " ") + unit.text
    return out
