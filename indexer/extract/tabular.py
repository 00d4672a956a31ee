"""Sheets and CSV as text: name, columns, how many rows, and some of them.

A sheet is found by what it is about, not by each of its numbers: the DataStore holds those.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field

from indexer.errors import ExtractError
from indexer.extract import plain
from indexer.extract.blocks import CELL
from indexer.extract.cleaning import clean
from indexer.limits import Budget
from indexer.model import Block, Extracted, Page

_LONGEST_CELL = 500
#: Cells that a program would run: "=HYPERLINK(…)", "@SUM(…)", "+cmd|…". They say nothing.
_FORMULA = re.compile(r"^(?:=|[+@\-](?=[A-Za-z])[^\s]*[(|!])")
_NUMBER = re.compile(r"^[-+]?[\d.,\s]+ ?[%€]?$")
_DELIMITERS = ";,\t|"


@dataclass
class Sheet:
    """A sheet: its name, its first rows that hold anything, and how many there are."""

    name: str
    rows: list[list[str]] = field(default_factory=list)
    count: int = 0
    exact: bool = True

    def add(self, row: list[str], times: int, most: int) -> None:
        """One row, kept if there is room; the first may be the names of the columns."""
        self.count += times
        if len(self.rows) <= most + 5:
            self.rows.append(row)


def cell(text: str) -> str:
    """A cell's text: one line, not longer than a sentence, and no formula."""
    text = clean(text.replace("\n", " "))
    return "" if _FORMULA.match(text) else text[:_LONGEST_CELL]


def sheet_blocks(sheet: Sheet, most: int) -> list[Block]:
    """A heading, the columns, and rows as "Column: value; …"."""
    rows = [[cell(value) for value in row] for row in sheet.rows]
    rows = [row for row in rows if any(row)]
    if not rows:
        return []
    out = [Block("heading", sheet.name, 1)] if sheet.name else []
    at = _header(rows)
    for row in rows[: at or 0]:  # titles and notes above the table
        out.append(Block("paragraph", CELL.join(value for value in row if value)))
    if at is None:
        shown = rows[:most]
        out += [Block("table_row", CELL.join(value for value in row if value)) for row in shown]
        total = sheet.count
    else:
        names = rows[at]
        out.append(Block("paragraph", "Spalten: " + ", ".join(name for name in names if name)))
        shown = rows[at + 1 : at + 1 + most]
        for row in shown:
            pairs = [
                f"{names[place]}: {value}" if place < len(names) and names[place] else value
                for place, value in enumerate(row)
                if value
            ]
            out.append(Block("table_row", "; ".join(pairs)))
        total = sheet.count - at - 1
    if total > len(shown):
        about = "" if sheet.exact else "mindestens "
        out.append(Block("paragraph", f"Zeilen: {about}{total}"))
    return out


def _header(rows: list[list[str]]) -> int | None:
    """Which row names the columns: the first wide one whose cells are no numbers; None if none."""
    width = max(sum(1 for value in row if value) for row in rows)
    for at, row in enumerate(rows[:5]):
        names = [value for value in row if value]
        if len(names) >= max(2, 0.6 * width) and len(rows) > at + 1:
            words = sum(1 for value in names if not _NUMBER.match(value))
            return at if words >= 0.8 * len(names) and len(set(names)) > 0.8 * len(names) else None
    return None


def extract_csv(content: bytes, budget: Budget, name: str, charset: str = "") -> Extracted:
    """Read a CSV file: encoding and delimiter are recognised. Raises ExtractError."""
    limits = budget.limits
    text, _ = plain.decode(content[: limits.text], charset)
    sheet = Sheet("", exact=len(content) <= limits.text)
    first = text[:20_000]
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(first))
        for row in reader:
            if any(row):
                sheet.add(row[: limits.columns], 1, limits.rows)
            if sheet.count % 5000 == 0 and budget.over:
                sheet.exact = False
                break
    except csv.Error as error:
        if not sheet.rows:
            raise ExtractError(f"The CSV file cannot be read: {error}.") from error
        sheet.exact = False
    result = Extracted(kind="csv")
    found = sheet_blocks(sheet, limits.rows)
    result.pages = [Page(1, found)] if found else []
    return result


def _delimiter(text: str) -> str:
    """The delimiter that most lines have the same number of."""
    lines = [line for line in text.splitlines() if line.strip()][:50]
    best, most = ",", 0.0
    for mark in _DELIMITERS:
        counts = [line.count(mark) for line in lines]
        usual = max(set(counts), key=counts.count) if counts else 0
        score = counts.count(usual) / len(counts) * min(usual, 20) if usual else 0.0
        if score > most:
            best, most = mark, score
    return best
