"""Running headers, footers and page numbers: what is the same at the same place of many pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from indexer.extract.layout import Segment
from indexer.extract.structure import PAGE_NUMBER

_DIGITS = re.compile(r"\d+")
#: The parts of a page's height in which headers and footers stand.
_TOP, _BOTTOM = 0.13, 0.87
_LINES = 4
_STEP = 6.0  # points by which a header may move
#: Part of the pages; right and left pages often have headers of their own.
_SHARE = 0.4
_LEAST_PAGES = 3
#: A place is one for headers when so many pages have a line there; what stands on it twice within
#: three pages is one, though it changes with the chapter.
_SLOT_SHARE = 0.6


@dataclass
class LaidPage:
    """A page's segments and its size in points."""

    number: int
    width: float
    height: float
    segments: list[Segment] = field(default_factory=list)


def _key(segment: Segment) -> tuple[str, int]:
    return _DIGITS.sub("#", segment.text.casefold()), round(segment.y / _STEP)


def _keys(segment: Segment) -> list[tuple[str, int]]:
    text, step = _key(segment)
    return [(text, step - 1), (text, step), (text, step + 1)]


def _outer(page: LaidPage) -> list[Segment]:
    """The page's outermost lines, if they stand where headers and footers stand."""
    ordered = sorted(page.segments, key=lambda item: item.y)
    top = _first_lines([item for item in ordered if item.y < _TOP * page.height])
    low = [item for item in reversed(ordered) if item.y > _BOTTOM * page.height]
    return top + _first_lines(low)


def _first_lines(ordered: list[Segment]) -> list[Segment]:
    out: list[Segment] = []
    lines = 0
    last = None
    for segment in ordered:
        if last is None or abs(segment.y - last) > 2:
            lines += 1
            last = segment.y
        if lines > _LINES:
            break
        out.append(segment)
    return out


def drop(pages: Sequence[LaidPage]) -> None:
    """Take running headers, footers and page numbers off the pages."""
    outer = [_outer(page) for page in pages]
    written = [index for index, page in enumerate(pages) if page.segments]
    seen: Counter[tuple[str, int]] = Counter()
    for index in written:
        seen.update({key for segment in outer[index] for key in _keys(segment)})
    # Headings differ by their numbers as well: only small print may.
    small = _usual_size(pages) * 1.05
    same: Counter[tuple[str, int]] = Counter()
    for index in written:
        same.update({(item.text, step) for item in outer[index] for _, step in _keys(item)})
    least = max(_LEAST_PAGES, _SHARE * len(written))
    if len(written) == 2:
        least = 2
    chapters = _chapters(pages, outer, written)
    for index in written:
        page, gone = pages[index], set()
        for segment in outer[index]:
            key = _key(segment)
            if (
                same[segment.text, key[1]] >= least
                or (seen[key] >= least and segment.size <= small and not segment.bold)
                or (index, key) in chapters
                or _is_page_number(segment, page, len(written))
            ):
                gone.add(id(segment))
        if gone:
            page.segments = [item for item in page.segments if id(item) not in gone]


def _usual_size(pages: Sequence[LaidPage]) -> float:
    """The size of most letters."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for segment in page.segments:
            sizes[segment.size] += len(segment.words)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _chapters(
    pages: Sequence[LaidPage], outer: Sequence[list[Segment]], written: Sequence[int]
) -> set[tuple[int, tuple[str, int]]]:
    """Headers that change with the chapter: pages and keys of those that are repeated nearby."""
    if len(written) < _LEAST_PAGES:
        return set()
    slots: Counter[int] = Counter()
    places: dict[tuple[str, int], list[int]] = {}
    for index in written:
        edge = [segment for segment in outer[index] if _outermost(segment, pages[index])]
        slots.update({round(segment.y / _STEP) for segment in edge})
        for key in {_key(segment) for segment in edge}:
            places.setdefault(key, []).append(index)
    found = set()
    for key, indexes in places.items():
        if slots[key[1]] < _SLOT_SHARE * len(written):
            continue
        for before, after in pairwise(indexes):
            if after - before <= 2:
                found |= {(before, key), (after, key)}
    return found


def _outermost(segment: Segment, page: LaidPage) -> bool:
    """Whether nothing but its own line stands further out."""
    top = min(item.y for item in page.segments)
    bottom = max(item.y for item in page.segments)
    return segment.y - top <= 2 or bottom - segment.y <= 2


def _is_page_number(segment: Segment, page: LaidPage, pages: int) -> bool:
    """Whether it is only a page's number, at the very edge of the page."""
    if not PAGE_NUMBER.match(segment.text) or pages < 2:
        return False
    edge = segment.y < 0.1 * page.height or segment.y > 0.9 * page.height
    # A year or an amount in a table is no page number.
    digits = [int(number) for number in _DIGITS.findall(segment.text)]
    return edge and bool(digits) and digits[0] <= max(pages, page.number) + 50
