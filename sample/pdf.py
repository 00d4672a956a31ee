"""A PDF report from a little Markdown: #, ##, ###, paragraphs, lists, tables, --- (new page)."""

from __future__ import annotations

import datetime as dt
import re

from fpdf import FPDF, FontFace, XPos, YPos
from fpdf.enums import TableBordersLayout

FIXED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SIZES = {1: 20, 2: 14, 3: 11.5}
TEXT = (30, 35, 38)
RHINE = (11, 92, 116)
SLATE = (74, 84, 89)


class _Report(FPDF):
    def __init__(self, publisher: str, title: str) -> None:
        super().__init__(format="A4")
        self.publisher = publisher
        # The fonts every reader has; as Windows-1252 they know umlauts, dashes and „quotes“.
        self.core_fonts_encoding = "cp1252"
        self.set_creation_date(FIXED)
        self.set_compression(False)  # what zlib makes of the same bytes differs
        self.set_title(f"{title} (Musterdaten)")
        self.set_author(f"{publisher} (Musterdaten)")
        self.set_lang("de-DE")
        self.set_subject("Musterdaten")
        self.set_margins(24, 24, 24)
        self.set_auto_page_break(True, margin=24)

    def header(self) -> None:
        self.set_font("Helvetica", size=8)
        self.set_text_color(*SLATE)
        self.set_y(10)
        self.cell(0, 5, self.publisher)
        self.set_x(self.l_margin)
        self.cell(0, 5, "Musterdaten, frei erfunden, nicht amtlich", align="R")
        self.set_y(24)

    def footer(self) -> None:
        self.set_y(-16)
        self.set_font("Helvetica", size=8)
        self.set_text_color(*SLATE)
        self.cell(0, 5, f"Seite {self.page_no()} von {{nb}}", align="C")


def render(markdown: str) -> bytes:
    """The first line is `publisher: …`; the first heading is the title."""
    head, _, body = markdown.partition("\n")
    title_line = re.search(r"^# (.+)$", body, re.MULTILINE)
    if not head.startswith("publisher: ") or not title_line:
        raise ValueError("a report begins with 'publisher: …' and has a '# title'")
    report = _Report(head.removeprefix("publisher: ").strip(), title_line[1])
    report.add_page()
    for block in re.split(r"\n\s*\n", body.strip()):
        _block(report, block)
    return bytes(report.output())


def _block(report: _Report, block: str) -> None:
    report.set_text_color(*TEXT)
    if block.strip() == "---":
        report.add_page()
    elif match := re.match(r"(#{1,3}) (.+)", block):
        _heading(report, len(match[1]), match[2])
    elif block.startswith("|"):
        _table(report, block)
    elif re.match(r"- |\d+\. ", block):
        for item in re.split(r"\n(?=- |\d+\. )", block):
            _item(report, " ".join(item.split()))
        report.ln(2)
    else:
        report.set_font("Helvetica", size=10.5)
        _write(report, " ".join(block.split()))
        report.ln(2.5)


def _write(report: _Report, text: str) -> None:
    report.multi_cell(0, 5.4, text, markdown=True, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _heading(report: _Report, level: int, text: str) -> None:
    size = SIZES[level]
    if report.will_page_break(size + 12):
        report.add_page()
    if report.get_y() > 30:
        report.ln(3 if level > 1 else 0)
    report.start_section(text, level=level - 1)
    report.set_font("Helvetica", style="B", size=size)
    report.set_text_color(*(RHINE if level == 2 else TEXT))
    report.multi_cell(0, size * 0.48, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    report.ln(2)


def _item(report: _Report, text: str) -> None:
    mark, _, rest = text.partition(" ")
    report.set_font("Helvetica", size=10.5)
    report.cell(8, 5.4, "\u2022" if mark == "-" else mark, align="R")
    left = report.l_margin
    report.set_left_margin(left + 10)
    report.set_x(left + 10)
    _write(report, rest)
    report.set_left_margin(left)
    report.set_x(left)


def _table(report: _Report, block: str) -> None:
    lines = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in block.splitlines()
        if not re.fullmatch(r"[|\s:-]+", line)
    ]
    numeric = [
        all(re.fullmatch(r"[-+]?[\d.,]+( ?(%|€|ha|km|m|cm))?|-|", line[c]) for line in lines[1:])
        for c in range(len(lines[0]))
    ]
    widths = [max(6, *(min(len(line[c]), 42) for line in lines)) for c in range(len(lines[0]))]
    report.set_font("Helvetica", size=9)
    report.ln(1)
    with report.table(
        col_widths=tuple(widths),
        text_align=tuple("RIGHT" if n else "LEFT" for n in numeric),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD", color=TEXT),
        line_height=5.2,
        padding=0.6,
    ) as table:
        for line in lines:
            row = table.row()
            for cell in line:
                row.cell(cell)
    report.ln(4)
