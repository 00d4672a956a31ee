"""Lines to blocks: headings, paragraphs, lists, rows of tables, agenda items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from indexer.extract import structure
from indexer.extract.cleaning import clean, join_lines
from indexer.extract.layout import Column, Line, Segment
from indexer.extract.words import Word
from indexer.model import Block

#: Parts of a letter's size.
_LARGER = 1.1
_PARAGRAPH_GAP = 1.75
_ROW_GAP = 2.6
_MOST_COLUMNS = 60
_ALIGNED = 6.0  # points by which cells of a column may begin apart
CELL = " | "


@dataclass
class Style:
    """What is usual in a document: the size of its text, the sizes of headings, bold or not."""

    size: float = 10.0
    bold: bool = False
    headings: list[float] = field(default_factory=list)

    def level(self, size: float) -> int:
        """The level of a heading of this size: 1 for the largest."""
        for level, known in enumerate(self.headings, start=1):
            if size >= known - 0.3:
                return min(level, 6)
        return min(len(self.headings) + 1, 6)


def style_of(segments: Iterable[Segment]) -> Style:
    """Look at all segments of a document."""
    sizes: Counter[float] = Counter()
    bold = 0
    total = 0
    large: Counter[float] = Counter()
    for segment in segments:
        letters = sum(len(word.text) for word in segment.words)
        sizes[round(segment.size * 2) / 2] += letters
        total += letters
        bold += letters if segment.bold else 0
        large[round(segment.size * 2) / 2] += 1
    if not sizes:
        return Style()
    size = sizes.most_common(1)[0][0]
    headings = sorted((found for found in large if found >= size * _LARGER), reverse=True)
    return Style(size, bold * 2 > total, headings)


def blocks_of(columns: Sequence[Column], style: Style) -> list[Block]:
    """All blocks of a page, in reading order."""
    out: list[Block] = []
    for column in columns:
        out += _Reader(column, style).read()
    return [block for block in out if block.text]


class _Reader:
    """Reads one column from top to bottom."""

    def __init__(self, column: Column, style: Style) -> None:
        self._lines = column.lines
        self._style = style
        self._out: list[Block] = []
        #: Headings that only their number gives away; a row of them is a list.
        self._guessed: set[int] = set()

    def read(self) -> list[Block]:
        at = 0
        while at < len(self._lines):
            end = self._table_end(at)
            if end > at:
                self._out += _rows(self._lines[at:end])
                at = end
                continue
            if self._split_header(at):
                continue
            end = self._paragraph_end(at)
            self._add(self._lines[at:end])
            at = end
        structure.lists_of_guesses(self._out, self._guessed)
        return self._out

    def _split_header(self, at: int) -> bool:
        """Part the names of columns that stand so close that they look like a line of text.

        The cells of the table below say where each begins.
        """
        lines = self._lines
        for below in range(at + 1, min(at + 4, len(lines))):
            if lines[below].top - lines[below - 1].y > _ROW_GAP * max(lines[below].size, 1.0):
                return False
            if len(lines[below].segments) > 1:
                break
        else:
            return False
        if self._table_end(below) - below < 2:
            return False
        parted = [_parted(line, lines[below].segments) for line in lines[at:below]]
        before, lines[at:below] = lines[at:below], parted
        if len(parted[0].segments) > 1 and self._table_end(at) > at:
            return True
        lines[at:below] = before
        return False

    # -- tables ------------------------------------------------------------------------------

    def _table_end(self, at: int) -> int:
        """Where the table that begins here ends; ``at`` if none does."""
        lines = self._lines
        if len(lines[at].segments) < 2:
            return at
        rows, end = 1, at + 1
        starts = [segment.x0 for segment in lines[at].segments]
        while end < len(lines):
            line, before = lines[end], lines[end - 1]
            if line.top - before.y > _ROW_GAP * max(line.size, before.size):
                break
            if len(line.segments) >= 2 and _shares(line, starts):
                rows += 1
                _add_starts(starts, line)
            elif not _continues_cell(line, before, starts):
                break
            end += 1
        while (
            end > at
            and len(lines[end - 1].segments) < 2
            and not _continues_cell(lines[end - 1], lines[end - 2], starts)
        ):
            end -= 1
        return end if rows >= 2 else at

    # -- paragraphs --------------------------------------------------------------------------

    def _paragraph_end(self, at: int) -> int:
        lines = self._lines
        end = at + 1
        while end < len(lines) and self._follows(lines[at], lines[end - 1], lines[end]):
            end += 1
        return end

    def _follows(self, first: Line, before: Line, line: Line) -> bool:
        """Whether ``line`` belongs to the paragraph that began with ``first``."""
        size = max(before.size, 1.0)
        if abs(line.size - before.size) > 0.08 * size or line.bold != before.bold:
            return False
        if line.top - before.y > _PARAGRAPH_GAP * size or line.y < before.y:
            return False
        if len(line.segments) > 1 and len(before.segments) > 1:
            return False
        text = line.text
        if structure.is_agenda_item(text):
            return False
        if structure.is_list(text):
            # "§ 5 Abs." and "2. Satz 1": a sentence goes on, no item begins.
            unfinished = not _short(before) and not before.text.endswith((".", ":", ";", ","))
            by_chance = unfinished and not structure.is_next(first.text, text)
            return structure.is_numbered_item(text) and by_chance
        if structure.numbered_level(text) and _short(before):
            return False
        if not line.bold and line.size < self._style.size * _LARGER and _had_room(before, line):
            return False
        if structure.is_list(first.text):
            # An item's lines stand under its text, not under its bullet.
            return line.x0 > first.x0 - 1
        ended = before.text.rstrip().endswith((".", ":", "!", "?"))
        if ended and _short(before):
            return False
        return not (ended and line.x0 > before.x0 + size and abs(before.x0 - line.left) < 2)

    def _add(self, lines: list[Line]) -> None:
        text = clean(join_lines([clean_line(line) for line in lines]))
        if not text:
            return
        first = lines[0]
        if structure.is_agenda_item(text):
            self._out.append(Block("agenda_item", text))
            return
        level = self._heading(text, first, len(lines))
        if level:
            self._out.append(Block("heading", text, level))
        elif structure.is_list(text):
            depth = 1 + min(4, max(0, int((first.x0 - first.left) // (2 * max(first.size, 1)))))
            self._out.append(Block("list", structure.without_bullet(text), depth))
        else:
            self._out.append(Block("paragraph", text))

    def _heading(self, text: str, first: Line, lines: int) -> int:
        """The level of a heading, 0 for anything else."""
        if lines > 3 or not structure.could_be_heading(text):
            return 0
        style = self._style
        larger = first.size >= style.size * _LARGER
        bold = first.bold and not style.bold
        numbered = structure.numbered_level(text)
        if larger:
            return max(numbered, style.level(first.size))
        below = min(len(style.headings) + 1, 6)  # under all that are larger
        if bold:
            return max(numbered, below)
        if numbered and lines == 1 and first.size >= style.size * 0.97:
            by_number = structure.heading_by_number(text)
            if by_number:
                self._guessed.add(len(self._out))
                return max(by_number, below)
        return 0


def clean_line(line: Line) -> str:
    """The line's text; spaces at its ends go."""
    return line.text.strip()


def _parted(line: Line, cells: list[Segment]) -> Line:
    """The line, parted where a cell of the table begins, ends (numbers), or both (centred)."""
    runs: list[list[Word]] = []
    middles = [(one.x1 + other.x0) / 2 for one, other in pairwise(cells)]
    for word in (word for segment in line.segments for word in segment.words):
        if (
            not runs
            or any(abs(word.x0 - cell.x0) <= 2 for cell in cells[1:])
            or any(abs(runs[-1][-1].x1 - cell.x1) <= 2 for cell in cells[:-1])
            or (
                _between(runs[-1][-1], word, middles)
                and word.x0 - runs[-1][-1].x1 > 0.5 * word.size
            )
        ):
            runs.append([])
        runs[-1].append(word)
    segments = [Segment(run, run[0].x0, run[-1].x1, line.y, line.size, line.bold) for run in runs]
    return Line(segments, line.y, line.left, line.right)


def _add_starts(starts: list[float], line: Line) -> None:
    """Remember where cells begin, each place once: a plan has thousands of them."""
    if len(starts) < _MOST_COLUMNS:
        starts += [
            segment.x0
            for segment in line.segments
            if not any(abs(segment.x0 - start) <= 1 for start in starts)
        ]


def _between(before: Word, word: Word, middles: list[float]) -> bool:
    """Whether the middle between two cells of the table lies between two words."""
    return any(before.x1 <= middle <= word.x0 for middle in middles)


def _short(line: Line) -> bool:
    """Whether the line ends well before its column does: the last of a paragraph."""
    return line.right - line.x1 > 0.12 * (line.right - line.left)


def _had_room(before: Line, line: Line) -> bool:
    """Whether the line's first word would have stood on the line before: the break was meant."""
    word = line.segments[0].words[0]
    if before.text.endswith("-"):
        return False
    return before.right - before.x1 > (word.x1 - word.x0) + 2 * max(before.size, 1.0)


def _shares(line: Line, starts: list[float]) -> bool:
    """Whether at least two cells begin, or one does and is not the first, where others do."""
    near = sum(
        1 for segment in line.segments
        if any(abs(segment.x0 - start) <= _ALIGNED for start in starts)
    )  # fmt: skip
    # Numbers stand to the right of their column: their ends are in line, not their beginnings.
    return near >= 2 or (near >= 1 and len(line.segments) >= 2)


def _continues_cell(line: Line, before: Line, starts: list[float]) -> bool:
    """Whether the line goes on with text of cells of the row above, but the first column's."""
    if line.top - before.y > 1.4 * max(line.size, 1.0):
        return False
    first = min(starts)
    return all(
        segment.x0 > first + _ALIGNED
        and any(abs(segment.x0 - start) <= _ALIGNED for start in starts)
        for segment in line.segments
    )


def _rows(lines: list[Line]) -> list[Block]:
    """Rows of a table; lines that go on with a cell are joined to it."""
    rows: list[list[tuple[float, list[str]]]] = []
    for line in lines:
        cells = [(segment.x0, [segment.text]) for segment in line.segments]
        if rows and len(line.segments) < len(rows[-1]) and _goes_on(line, rows[-1]):
            for x0, texts in cells:
                nearest = min(rows[-1], key=lambda cell: abs(cell[0] - x0))
                nearest[1].extend(texts)
            continue
        rows.append(cells)
    out = []
    for row in rows:
        cells_text = [clean(join_lines(texts)) for _, texts in row]
        out.append(Block("table_row", CELL.join(text for text in cells_text if text)))
    return out


def _goes_on(line: Line, row: list[tuple[float, list[str]]]) -> bool:
    """Whether each segment stands under a cell of the row, and none under the first."""
    return all(
        segment.x0 > row[0][0] + _ALIGNED and any(abs(segment.x0 - x0) <= _ALIGNED for x0, _ in row)
        for segment in line.segments
    )
