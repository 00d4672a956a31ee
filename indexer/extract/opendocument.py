"""OpenDocument: texts (ODT), slides (ODP) and sheets (ODS). Macros are not looked at."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from harvesters.safexml import local
from harvesters.safexml import text as text_of
from indexer.errors import ExtractError
from indexer.extract import structure
from indexer.extract.blocks import CELL
from indexer.extract.cleaning import clean
from indexer.extract.packages import Enough, Package, scan_xml
from indexer.extract.tabular import Sheet, sheet_blocks
from indexer.limits import Budget
from indexer.model import Block, Extracted, Page

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_LEFT_OUT = frozenset(
    ("annotation", "tracked-changes", "note-citation", "sequence-decls", "forms", "object-ole")
)
_MOST_SPACES = 20


def _open(content: bytes, budget: Budget) -> Package:
    package = Package(content, budget, "OpenDocument file")
    manifest = package.optional_xml("META-INF/manifest.xml")
    if manifest is not None and any(local(node) == "encryption-data" for node in manifest.iter()):
        raise ExtractError(
            "The OpenDocument file is protected by a password. Publish it without one."
        )
    return package


def _title(package: Package) -> str:
    meta = package.optional_xml("meta.xml")
    return clean(text_of(meta, ".//title"))[:300] if meta is not None else ""


def extract(content: bytes, budget: Budget, kind: str) -> Extracted:
    """Read a text or slides. Raises ExtractError."""
    package = _open(content, budget)
    root = package.xml("content.xml")
    body = next((node for node in root.iter() if local(node) == "body"), None)
    if body is None:
        raise ExtractError("The OpenDocument file has no text part. Save it again.")
    result = Extracted(kind=kind, title=_title(package))
    if kind == "odp":
        slides = [node for node in body.iter() if local(node) == "page"]
        for number, slide in enumerate(slides[: budget.limits.pages], start=1):
            reader = _Reader(slides=True)
            reader.walk(slide)
            if reader.out:
                result.pages.append(Page(number, reader.out))
    else:
        reader = _Reader()
        reader.walk(body)
        if reader.out:
            result.pages = [Page(1, reader.out)]
    if not result.title:
        result.title = next(
            (b.text[:300] for page in result.pages for b in page.blocks if b.kind == "heading"), ""
        )
    return result


class _Reader:
    def __init__(self, *, slides: bool = False) -> None:
        self.out: list[Block] = []
        self._slides = slides

    def walk(self, body: etree._Element) -> None:
        """All blocks, in order, without recursion."""
        stack: list[tuple[etree._Element, int, str]] = [(body, 0, "")]
        while stack:
            node, depth, role = stack.pop()
            name = local(node)
            if name in _LEFT_OUT:
                continue
            if name == "h":
                level = node.get(_TEXT + "outline-level", "1")
                self._add(_text(node), int(level) if level.isdigit() else 1, 0)
            elif name == "p":
                self._add(_text(node), 1 if role == "title" else 0, depth)
                # Frames in a paragraph (text boxes) hold paragraphs of their own.
                stack += [(box, 0, "") for box in node.iter() if local(box) == "text-box"][::-1]
            elif name == "table":
                self._table(node)
            else:
                if name == "list":
                    depth += 1
                elif name == "frame":
                    role = node.get(_PRESENTATION + "class", "")
                elif name == "notes":
                    role = "notes"
                stack += [(child, depth, role) for child in reversed(list(node))]

    def _add(self, raw: str, level: int, depth: int) -> None:
        text = clean(raw.replace("\n", " "))
        if not text:
            return
        if structure.is_agenda_item(text):
            self.out.append(Block("agenda_item", text))
        elif level:
            self.out.append(Block("heading", text, max(1, min(level, 6))))
        elif depth:
            self.out.append(Block("list", text, min(depth, 6)))
        elif self._slides:
            self.out.append(Block("paragraph", text))
        else:
            self.out.append(structure.classify(text))

    def _table(self, table: etree._Element) -> None:
        for row in table.iter():
            if local(row) != "table-row":
                continue
            cells = [
                clean(" ".join(_text(p) for p in cell.iter() if local(p) in ("p", "h")))
                for cell in row
                if local(cell) == "table-cell"
            ]
            text = CELL.join(cell for cell in cells if cell)
            if text:
                self.out.append(Block("table_row", text))


def _text(node: etree._Element) -> str:
    return "".join(_pieces(node))


def _pieces(node: etree._Element) -> Iterator[str]:
    """Text of a paragraph in order; text boxes in it are read as paragraphs of their own."""
    stack: list[etree._Element | str] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
            continue
        name = local(item)
        if item is not node:
            if item.tail:
                stack.append(item.tail)
            if name == "s":
                count = item.get(_TEXT + "c", "1")
                yield " " * min(int(count) if count.isdigit() else 1, _MOST_SPACES)
                continue
            if name == "tab":
                yield "\t"
                continue
            if name == "line-break":
                yield "\n"
                continue
            if name in _LEFT_OUT or name == "text-box":
                continue
            if name == "note":
                yield " ("
                stack.append(")")
        stack.extend(reversed(list(item)))
        if item.text:
            stack.append(item.text)


# -- sheets ----------------------------------------------------------------------------------------


def extract_sheets(content: bytes, budget: Budget) -> Extracted:
    """Read an ODS file: names of sheets, columns, some rows. Raises ExtractError."""
    package = _open(content, budget)
    scanner = _SheetScanner(budget)
    scan_xml(
        package.read("content.xml"), "content.xml in the OpenDocument file",
        scanner.start, scanner.end, scanner.text,
    )  # fmt: skip
    result = Extracted(kind="ods", title=_title(package))
    for number, sheet in enumerate(scanner.sheets, start=1):
        found = sheet_blocks(sheet, budget.limits.rows)
        if found:
            result.pages.append(Page(number, found))
    return result


class _SheetScanner:
    """Collects the first rows of each sheet; repeated cells are counted, not copied."""

    def __init__(self, budget: Budget) -> None:
        self._limits = budget.limits
        self.sheets: list[Sheet] = []
        self._row: list[str] = []
        self._cell: list[str] = []
        self._in_cell = 0
        self._left_out = 0
        self._repeat = 1
        self._rows = 1

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table" and not self._in_cell:
            if len(self.sheets) >= self._limits.sheets:
                raise Enough
            self.sheets.append(Sheet(attributes.get("name", "")))
        elif name == "table-row" and not self._in_cell:
            self._row = []
            self._rows = _count(attributes.get("number-rows-repeated"))
        elif name in ("table-cell", "covered-table-cell"):
            self._in_cell += 1
            if self._in_cell == 1:
                self._cell = []
                self._repeat = _count(attributes.get("number-columns-repeated"))
        elif name in _LEFT_OUT:
            self._left_out += 1
        elif name in ("p", "s", "tab", "line-break") and self._in_cell and self._cell:
            self._cell.append(" ")

    def end(self, name: str) -> None:
        if name in ("table-cell", "covered-table-cell"):
            self._in_cell -= 1
            if self._in_cell == 0:
                text = clean("".join(self._cell).replace("\n", " "))
                room = self._limits.columns - len(self._row)
                self._row += [text] * min(self._repeat, max(0, room))
        elif name == "table-row" and not self._in_cell and self.sheets:
            if any(self._row):
                self.sheets[-1].add(self._row, min(self._rows, 1_048_576), self._limits.rows)
        elif name in _LEFT_OUT:
            self._left_out -= 1

    def text(self, text: str) -> None:
        if self._in_cell and not self._left_out:
            self._cell.append(text)


def _count(text: str | None) -> int:
    return max(1, int(text)) if text and text.isdigit() and len(text) < 9 else 1
