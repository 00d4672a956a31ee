"""Slides (PPTX) and sheets (XLSX). Formulas are not run: their stored results are read."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from lxml import etree

from harvesters.safexml import local
from indexer.errors import ExtractError
from indexer.extract import structure
from indexer.extract.blocks import CELL
from indexer.extract.cleaning import clean
from indexer.extract.packages import BombError, Enough, Package, core_title, relations, scan_xml
from indexer.extract.tabular import Sheet, sheet_blocks
from indexer.limits import MEGA, Budget
from indexer.model import Block, Extracted, Page

_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TITLES = frozenset(("title", "ctrTitle"))
_EMPTY = frozenset(("sldNum", "dt", "ftr", "hdr"))  # numbers, dates and footers of slides


def _main(package: Package, usual: str) -> str:
    for kind, path in relations(package, "").values():
        if kind == "officeDocument" and path in package:
            return path
    return usual


# -- slides ----------------------------------------------------------------------------------------


def extract_slides(content: bytes, budget: Budget) -> Extracted:
    """Read a PPTX file: a page per slide. Raises ExtractError."""
    package = Package(content, budget, "presentation")
    main = _main(package, "ppt/presentation.xml")
    known = relations(package, main)
    root = package.xml(main)
    paths = [
        known[key][1]
        for node in root.iter()
        if local(node) == "sldId" and (key := node.get(_REL, "")) in known
    ]
    result = Extracted(kind="pptx", title=clean(core_title(package)))
    for number, path in enumerate(paths[: budget.limits.pages], start=1):
        try:
            found = _slide(package, path)
        except BombError:
            raise
        except ExtractError as error:
            result.state, result.reason = "partly", str(error)
            continue
        if found:
            result.pages.append(Page(number, found))
        if budget.over:
            result.state, result.truncated = "partly", True
            result.reason = f"Only the first {number} slides were read: it took too long."
            break
    if not result.title and result.pages and result.pages[0].blocks[0].kind == "heading":
        result.title = result.pages[0].blocks[0].text[:300]
    return result


def _slide(package: Package, path: str) -> list[Block]:
    out = _shapes(package.xml(path), notes=False)
    for kind, notes in relations(package, path).values():
        if kind == "notesSlide":
            tree = package.optional_xml(notes)
            if tree is not None:
                out += _shapes(tree, notes=True)
    out.sort(key=lambda block: block.kind != "heading")  # titles may be drawn last
    return out


def _shapes(root: etree._Element, *, notes: bool) -> list[Block]:
    out: list[Block] = []
    for node in root.iter():
        name = local(node)
        if name == "sp":
            role = next((p.get("type", "body") for p in node.iter() if local(p) == "ph"), "")
            if role in _EMPTY or (notes and role != "body"):
                continue
            for paragraph in node.iter():
                if local(paragraph) == "p":
                    _add(paragraph, role, out)
        elif name == "tr" and not notes:
            cells = [clean(_text(cell)) for cell in node if local(cell) == "tc"]
            text = CELL.join(value for value in cells if value)
            if text:
                out.append(Block("table_row", text))
    return out


def _add(paragraph: etree._Element, role: str, out: list[Block]) -> None:
    text = clean(_text(paragraph))
    if not text:
        return
    if structure.is_agenda_item(text):
        out.append(Block("agenda_item", text))
    elif role in _TITLES:
        out.append(Block("heading", text, 1))
    elif role in ("body", "obj", "subTitle"):
        properties = next((node for node in paragraph if local(node) == "pPr"), None)
        level = properties.get("lvl", "0") if properties is not None else "0"
        out.append(Block("list", text, 1 + min(5, int(level) if level.isdigit() else 0)))
    else:
        out.append(Block("paragraph", text))


def _text(node: etree._Element) -> str:
    return "".join(
        (item.text or "") if local(item) == "t" else " "
        for item in node.iter()
        if local(item) in ("t", "br", "tab", "endParaRPr")
    )


# -- sheets ----------------------------------------------------------------------------------------

#: Formats of numbers that are dates, by their number in every XLSX file.
_DATES = frozenset((*range(14, 18), 22, *range(27, 37), *range(50, 59)))
_DATE_CODE = re.compile(r"(?i)(?<![\\\"\[])[dy]")
_QUOTED = re.compile(r"\"[^\"]*\"|\[[^\]]*\]|\\.")
_FIRST_DAY = datetime(1899, 12, 30)


def extract_sheets(content: bytes, budget: Budget) -> Extracted:
    """Read an XLSX file: names of sheets, columns, some rows. Raises ExtractError."""
    package = Package(content, budget, "workbook")
    main = _main(package, "xl/workbook.xml")
    known = relations(package, main)
    root = package.xml(main)
    dates = _date_styles(package, known)
    scanners: list[_SheetScanner] = []
    notes: list[str] = []
    found = [node for node in root.iter() if local(node) == "sheet"]
    for node in found[: budget.limits.sheets]:
        path = known.get(node.get(_REL, ""), ("", ""))[1]
        if path not in package or "/worksheets/" not in f"/{path}":
            continue  # charts
        scanner = _SheetScanner(node.get("name", ""), budget, dates)
        try:
            scan_xml(
                package.read(path), f"{path} in the workbook",
                scanner.start, scanner.end, scanner.text,
            )  # fmt: skip
        except BombError:
            raise
        except ExtractError as error:
            notes.append(str(error))
        scanners.append(scanner)
    strings = _strings(package, known, scanners)
    result = Extracted(kind="xlsx", title=clean(core_title(package)))
    for number, scanner in enumerate(scanners, start=1):
        found_blocks = sheet_blocks(scanner.resolved(strings), budget.limits.rows)
        if found_blocks:
            result.pages.append(Page(number, found_blocks))
    if notes:
        result.state = "partly" if result.pages else "failed"
        result.reason = " ".join(notes[:3])
    return result


def _date_styles(package: Package, known: dict[str, tuple[str, str]]) -> set[int]:
    """Which cell styles show numbers as dates."""
    path = next((path for kind, path in known.values() if kind == "styles"), "xl/styles.xml")
    tree = package.optional_xml(path)
    if tree is None:
        return set()
    custom = {
        node.get("numFmtId", ""): node.get("formatCode", "")
        for node in tree.iter() if local(node) == "numFmt"
    }  # fmt: skip
    found = set()
    formats = next((node for node in tree if local(node) == "cellXfs"), ())
    for place, node in enumerate(formats):
        key = node.get("numFmtId", "0")
        code = _QUOTED.sub("", custom.get(key, ""))
        if (key.isdigit() and int(key) in _DATES) or _DATE_CODE.search(code):
            found.add(place)
    return found


class _SheetScanner:
    """Collects the first rows of a sheet; shared texts are numbers until ``resolved``."""

    def __init__(self, name: str, budget: Budget, dates: set[int]) -> None:
        self._budget = budget
        self._dates = dates
        self._sheet = Sheet(name)
        self._rows: list[list[str | int]] = []
        self._row: list[str | int] = []
        self._kind = ""
        self._style = 0
        self._place = 0
        self._parts: list[str] | None = None
        self._value = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row = []
        elif name == "c":
            self._kind = attributes.get("t", "n")
            style = attributes.get("s", "0")
            self._style = int(style) if style.isdigit() else 0
            self._place = _column(attributes.get("r", ""), len(self._row))
            self._value = ""
        elif name in ("v", "t"):
            self._parts = []

    def text(self, text: str) -> None:
        if self._parts is not None:
            self._parts.append(text)

    def end(self, name: str) -> None:
        if name in ("v", "t") and self._parts is not None:
            self._value += "".join(self._parts)
            self._parts = None
        elif name == "c" and self._value and self._place < self._budget.limits.columns:
            self._row += [""] * (self._place - len(self._row))
            self._row.append(self._shown())
        elif name == "row" and any(value != "" for value in self._row):
            self._sheet.count += 1
            if len(self._rows) <= self._budget.limits.rows + 5:
                self._rows.append(self._row)
            if self._sheet.count % 2000 == 0 and self._budget.over:
                self._sheet.exact = False
                raise Enough

    def _shown(self) -> str | int:
        value = self._value.strip()
        if self._kind == "s":
            return int(value) if value.isdigit() and len(value) < 9 else ""
        if self._kind == "b":
            return "ja" if value == "1" else "nein"
        if self._kind == "n":
            return _number(value, self._style in self._dates)
        return self._value

    @property
    def needed(self) -> set[int]:
        """Numbers of the shared texts in the rows that are kept."""
        return {value for row in self._rows for value in row if isinstance(value, int)}

    def resolved(self, strings: dict[int, str]) -> Sheet:
        """The sheet with its texts."""
        self._sheet.rows = [
            [strings.get(value, "") if isinstance(value, int) else value for value in row]
            for row in self._rows
        ]
        return self._sheet


def _column(reference: str, usual: int) -> int:
    """The place of a cell, "C7" is 2."""
    place = 0
    for letter in reference[:4]:
        if not "A" <= letter <= "Z":
            break
        place = place * 26 + ord(letter) - 64
    return place - 1 if place else usual


def _number(value: str, date: bool) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    if date and 0 < number < 2_958_466:
        moment = _FIRST_DAY + timedelta(days=number)
        return moment.strftime("%Y-%m-%d" if number == int(number) else "%Y-%m-%d %H:%M")
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.10g}"  # 0.1 + 0.2 is 0.3 for people


def _strings(
    package: Package, known: dict[str, tuple[str, str]], scanners: list[_SheetScanner]
) -> dict[int, str]:
    """The shared texts that the kept rows need."""
    needed = set().union(*(scanner.needed for scanner in scanners)) if scanners else set()
    path = next(
        (path for kind, path in known.values() if kind == "sharedStrings"), "xl/sharedStrings.xml"
    )
    if not needed or path not in package:
        return {}
    out: dict[int, str] = {}
    last = max(needed)
    state = {"at": -1, "open": False, "left_out": 0}
    parts: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        if name == "si":
            state["at"] += 1
            parts.clear()
        elif name == "rPh":  # how to pronounce it
            state["left_out"] += 1
        elif name == "t":
            state["open"] = True

    def text(text: str) -> None:
        if state["open"] and not state["left_out"] and state["at"] in needed:
            parts.append(text)

    def end(name: str) -> None:
        if name == "t":
            state["open"] = False
        elif name == "rPh":
            state["left_out"] -= 1
        elif name == "si":
            if state["at"] in needed:
                out[int(state["at"])] = "".join(parts)
            if state["at"] >= last:
                raise Enough

    scan_xml(package.read(path, 64 * MEGA), f"{path} in the workbook", start, end, text)
    return out
