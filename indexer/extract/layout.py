"""Reading order: words to lines to columns. Places are points from the page's upper left corner.

A *segment* is a run of words of one line without a wide gap: a line of a column, a cell of a
table. Columns are found where segments on both sides of a gap are prose; cells are not.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from indexer.extract import structure
from indexer.extract.words import Word

#: Parts of a letter's size. A gap beyond the first is no space between words; one beyond the second
#: is none where the other gaps of the line are usual (justified lines have wide ones).
_GAP = 1.5
_NARROW_GAP = 0.8
_USUAL_SPACE = 0.3
_SAME_LINE = 0.35
_TOUCHING = 0.4
_RAISED_GAP = 0.15
_LABEL_GAP = 5.0
_HALF_LINE = 0.85
_CELL_PITCH = 2.4
#: Prose: so many words in a segment and so much of the column's width filled, on average.
_PROSE_WORDS = 3.5
_PROSE_FILLED = 0.6
_LEAST_LINES = 4
_MOST_STARTS = 40  # a plan or map has hundreds
_MOST_CELL_LINES = 12
_DEPTH = 3  # four columns at most


@dataclass(slots=True)
class Segment:
    """A run of words of one line."""

    words: list[Word]
    x0: float
    x1: float
    y: float
    size: float
    bold: bool

    @property
    def first(self) -> int:
        """The place of its first word in the file's order."""
        return self.words[0].order

    @property
    def last(self) -> int:
        """The place of its last word in the file's order."""
        return self.words[-1].order

    @property
    def text(self) -> str:
        """The words as a line."""
        return " ".join(word.text for word in self.words)


@dataclass(slots=True)
class Line:
    """What stands on one baseline in a column, left to right."""

    segments: list[Segment]
    y: float
    #: The column: where its lines begin and end.
    left: float = 0.0
    right: float = 0.0
    #: How far its first line stands above its last: cells of a row may have several.
    height: float = 0.0

    @property
    def top(self) -> float:
        """The baseline of its first line."""
        return self.y - self.height

    @property
    def text(self) -> str:
        """All segments as a line."""
        return " ".join(segment.text for segment in self.segments)

    @property
    def size(self) -> float:
        """The size of most of the line."""
        return max(self.segments, key=lambda item: item.x1 - item.x0).size

    @property
    def bold(self) -> bool:
        """Whether all of it is bold."""
        return all(segment.bold for segment in self.segments)

    @property
    def x0(self) -> float:
        """Where it begins."""
        return self.segments[0].x0

    @property
    def x1(self) -> float:
        """Where it ends."""
        return self.segments[-1].x1


@dataclass
class Column:
    """Lines to be read one after the other."""

    lines: list[Line] = field(default_factory=list)


def segments(words: Sequence[Word]) -> list[Segment]:
    """Words to segments. Words follow one another in the file's order, mostly as they are read."""
    found: list[list[Word]] = []
    for word in words:
        if found:
            last = found[-1][-1]
            size = max(min(last.size, word.size), 1.0)
            gap = word.x0 - last.x1
            if abs(word.y - last.y) <= _SAME_LINE * size and -0.5 * size <= gap <= _GAP * size:
                found[-1].append(word)
                continue
        found.append([word])
    return _joined([_segment(run) for run in found])


def _segment(words: list[Word]) -> Segment:
    longest = max(words, key=lambda word: len(word.text))
    bold = sum(len(word.text) for word in words if word.bold)
    return Segment(
        words, min(word.x0 for word in words), max(word.x1 for word in words), words[0].y,
        longest.size, bold * 2 > sum(len(word.text) for word in words),
    )  # fmt: skip


def _joined(found: list[Segment]) -> list[Segment]:
    """Segments that touch on a line are one, also if the file has them apart."""
    found.sort(key=lambda item: (item.y, item.x0))
    out: list[Segment] = []
    for line in _by_baseline(found):
        line.sort(key=lambda item: item.x0)
        run = [line[0]]
        for segment in line[1:]:
            size = max(min(run[-1].size, segment.size), 1.0)
            if segment.x0 - run[-1].x1 <= _TOUCHING * size:
                run.append(segment)
                continue
            out += _apart(_merge(run))
            run = [segment]
        out += _apart(_merge(run))
    return out


def _apart(segment: Segment) -> list[Segment]:
    """The segment, or its cells where some gaps are much wider than the others."""
    words = segment.words
    if len(words) < 2:
        return [segment]
    gaps = [after.x0 - before.x1 for before, after in pairwise(words)]
    if max(gaps) < _NARROW_GAP * segment.size:
        return [segment]
    usual = statistics.median(gaps) if len(gaps) > 3 else _USUAL_SPACE * segment.size
    most = max(_NARROW_GAP * segment.size, 2.2 * usual)
    runs = [[words[0]]]
    for gap, word in zip(gaps, words[1:], strict=True):
        if gap > most:
            runs.append([])
        runs[-1].append(word)
    return [segment] if len(runs) == 1 else [_segment(run) for run in runs]


def _merge(run: list[Segment]) -> Segment:
    if len(run) == 1:
        return run[0]
    words: list[Word] = []
    for segment in run:
        first = segment.words[0]
        # Footnote marks and letters that a program placed one by one touch the word before.
        if words and first.x0 - words[-1].x1 < 0.08 * first.size and first.x0 >= words[-1].x0:
            last = words[-1]
            words[-1] = Word(
                last.text + first.text, last.x0, first.x1, last.y, last.size, last.bold, last.order
            )
            words.extend(segment.words[1:])
        else:
            words.extend(segment.words)
    return _segment(words)


def _by_baseline(found: list[Segment]) -> list[list[Segment]]:
    """Segments, sorted by ``y``, in groups that share a baseline."""
    groups: list[list[Segment]] = []
    for segment in found:
        if groups:
            first = max(groups[-1], key=lambda item: item.size)
            if abs(segment.y - first.y) <= _SAME_LINE * max(first.size, segment.size, 1.0):
                groups[-1].append(segment)
                continue
        groups.append([segment])
    return groups


def columns(found: list[Segment]) -> list[Column]:
    """Segments of a page in reading order."""
    return [_column(part) for part in _split(found, _DEPTH) if part]


def _column(found: list[Segment]) -> Column:
    left = min(segment.x0 for segment in found)
    right = max(segment.x1 for segment in found)
    found = sorted(found, key=lambda item: (item.y, item.x0))
    lines = []
    for group in _by_baseline(found):
        group.sort(key=lambda item: item.x0)
        lines.append(Line(_labelled(group), max(group, key=lambda item: item.size).y, left, right))
    return Column(_rows(lines))


def _rows(lines: list[Line]) -> list[Line]:
    """Lines that are cells of one row, put together.

    Cells with more lines than their neighbours are often centred against them: half a line apart
    (so is a raised number), or, when the file writes cell after cell, told by its own order.
    """
    groups: list[list[Line]] = []
    for place, line in enumerate(lines):
        below = lines[place + 1] if place + 1 < len(lines) else None
        if (
            groups
            and len(groups[-1]) < _MOST_CELL_LINES
            and (
                _half_apart(groups[-1][-1], line)
                or _same_cell(groups[-1], line)
                or _leads_into(groups[-1], line, below)
            )
        ):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [group[0] if len(group) == 1 else _row(group) for group in groups]


def _half_apart(before: Line, line: Line) -> bool:
    return line.y - before.y < _HALF_LINE * max(line.size, before.size) and not any(
        _over(one, other) for one in line.segments for other in before.segments
    )


def _follows(before: Segment, after: Segment) -> bool:
    """Whether the file writes one right after the other, and it stands below."""
    return (
        after.first == before.last + 1
        and _over(before, after)
        and 0 < after.y - before.y < _CELL_PITCH * max(after.size, 1.0)
    )


def _same_cell(group: list[Line], line: Line) -> bool:
    """Whether the file goes on with the line before it writes the rest of the row above."""
    above = [segment for before in group for segment in before.segments]
    return any(
        _follows(before, after) and any(other.first > after.first for other in above)
        for before in above
        for after in line.segments
    )


def _leads_into(group: list[Line], line: Line, below: Line | None) -> bool:
    """Whether a cell begins above its row: the row's line has it between two lines of the cell."""
    if below is None or len(line.segments) < 2 or any(len(one.segments) > 1 for one in group):
        return False
    before = group[-1].segments[0]
    return any(
        _follows(before, after) and _follows(after, under) and other.first > under.first
        for after in line.segments
        for under in below.segments
        for other in line.segments
    )


def _over(one: Segment, other: Segment) -> bool:
    """Whether one stands above or below the other."""
    return one.x0 < other.x1 and other.x0 < one.x1


def _row(group: list[Line]) -> Line:
    cells: list[list[Segment]] = []
    for segment in (segment for line in group for segment in line.segments):
        for cell in cells:
            if any(_over(segment, other) for other in cell):
                cell.append(segment)
                break
        else:
            cells.append([segment])
    cells.sort(key=lambda cell: min(segment.x0 for segment in cell))
    merged: list[Segment] = []
    for cell in cells:
        whole = _segment([word for segment in cell for word in segment.words])
        if merged and whole.x0 - merged[-1].x1 <= _RAISED_GAP * whole.size:
            whole = _segment(merged.pop().words + whole.words)
        merged.append(whole)
    first, last = group[0], group[-1]
    return Line(merged, last.y, first.left, first.right, last.y - first.y)


def _labelled(line: list[Segment]) -> list[Segment]:
    """A bullet or number and the text behind it are one, however far apart they stand."""
    if len(line) != 2 or not structure.is_label(line[0].text):
        return line
    label, rest = line
    if not rest.text[:1].isalpha() or rest.x0 - label.x1 > _LABEL_GAP * rest.size:
        return line
    return [
        Segment(
            label.words + rest.words,
            label.x0,
            rest.x1,
            rest.y,
            rest.size,
            rest.bold and (label.bold or not label.text[0].isalnum()),
        )
    ]


def _split(found: list[Segment], depth: int) -> list[list[Segment]]:
    """Parts to be read one after the other; a part is a column, or what stands across all."""
    band = _band(found) if depth and len(found) >= 2 * _LEAST_LINES else None
    if band is None:
        return [found] if found else []
    top, bottom = band.top, band.bottom
    inside = {id(item) for item in (*band.left, *band.right)}
    rest = [item for item in found if id(item) not in inside]
    return [
        *_split([item for item in rest if item.y < top], depth),
        *_split(band.left, depth - 1),
        *_split(band.right, depth - 1),
        *_split([item for item in rest if item.y >= top and item.y <= bottom], 0),
        *_split([item for item in rest if item.y > bottom], depth),
    ]


@dataclass
class _Band:
    """Two columns beside one another, from ``top`` to ``bottom``."""

    left: list[Segment]
    right: list[Segment]
    top: float
    bottom: float


def _band(found: list[Segment]) -> _Band | None:
    """The first two columns of prose, or None."""
    edge = min(item.x0 for item in found)
    width = max(item.x1 for item in found) - edge
    ordered = sorted(found, key=lambda item: item.y)
    starts = sorted(item.x0 for item in found if item.x0 > edge + 0.2 * width)
    for start in _clusters(starts)[:_MOST_STARTS]:
        for run in _runs(ordered, start):
            band = _columns_at(ordered, start, run)
            if band is not None:
                return band
    return None


def _runs(ordered: list[Segment], start: float) -> list[list[Segment]]:
    """Lines that begin at ``start``, parted where a line crosses it."""
    runs: list[list[Segment]] = [[]]
    for item in ordered:
        if item.x0 < start - 1 and item.x1 > start - 0.3 * item.size:
            if runs[-1]:
                runs.append([])
        elif abs(item.x0 - start) <= 2:
            runs[-1].append(item)
    return [run for run in runs if len(run) >= _LEAST_LINES]


def _columns_at(ordered: list[Segment], start: float, run: list[Segment]) -> _Band | None:
    """The columns on both sides of ``start``, if they are prose."""
    size = max(run[0].size, 1.0)
    top, bottom = run[0].y - 0.5 * size, run[-1].y + 0.5 * size
    left: list[Segment] = []
    right: list[Segment] = []
    for item in ordered:
        if item.y < top:
            continue
        if item.y <= bottom:
            (right if item.x0 >= start - 1 else left).append(item)
        elif left and _goes_down(left[-1], item, start):
            left.append(item)  # the left column may be the longer one
        else:
            break
    # A narrow column of names beside their descriptions is a table.
    few, many = sorted((len(left), len(right)))
    if few < 0.3 * many or len(left) < 0.6 * len(right) or not (_prose(left) and _prose(right)):
        return None
    return _Band(left, right, top, max(bottom, left[-1].y))


def _goes_down(last: Segment, item: Segment, start: float) -> bool:
    return (
        item.x1 < start - 1
        and item.y - last.y < 2.2 * max(item.size, 1.0)
        and abs(item.size - last.size) < 0.08 * max(last.size, 1.0)
        and item.bold == last.bold
    )


def _clusters(starts: list[float]) -> list[float]:
    """Places where at least four segments begin, left to right."""
    out: list[float] = []
    group: list[float] = []
    for start in [*starts, float("inf")]:
        if group and start - group[-1] > 2:
            if len(group) >= _LEAST_LINES:
                out.append(group[0])
            group = []
        group.append(start)
    return out


def _prose(found: list[Segment]) -> bool:
    """Whether these segments are lines of text rather than cells."""
    if len(found) < _LEAST_LINES:
        return False
    words = statistics.fmean(len(item.words) for item in found)
    if words < _PROSE_WORDS:
        return False
    # Two columns within: look at the segments' own widths.
    widest = max(item.x1 - item.x0 for item in found)
    filled = statistics.fmean((item.x1 - item.x0) / max(widest, 1.0) for item in found)
    return filled >= _PROSE_FILLED
