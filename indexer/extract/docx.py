"""Word documents (DOCX): paragraphs with their styles, lists, tables, footnotes.

Macros, embedded objects and addresses outside are not looked at. What was deleted while changes
were tracked is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from harvesters.safexml import local
from indexer.errors import ExtractError
from indexer.extract import structure
from indexer.extract.blocks import CELL
from indexer.extract.cleaning import clean
from indexer.extract.packages import Package, core_title, relations
from indexer.limits import Budget
from indexer.model import Block, Extracted, Page

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_HEADING_NAME = re.compile(r"(?i)^(?:heading|überschrift|ueberschrift|titre)\s*(\d)$")
#: Deleted text, field codes, the second of two ways to draw something, pictures' own texts.
_LEFT_OUT = frozenset(
    ("del", "delText", "instrText", "Fallback", "moveFrom", "pict", "object", "rPr", "pPr")
)
_WRAPPERS = frozenset(("sdt", "sdtContent", "ins", "customXml", "smartTag", "moveTo"))
_DEEP = 12  # tables in tables


def extract(content: bytes, budget: Budget) -> Extracted:
    """Read a DOCX file. Raises ExtractError."""
    package = Package(content, budget, "Word document")
    main = _main_part(package)
    root = package.xml(main)
    reader = _Reader(_Styles(package, main))
    body = next((node for node in root if local(node) == "body"), None)
    if body is None:
        raise ExtractError("The Word document has no text part. Save it again.")
    reader.walk(body)
    reader.notes(package, main)
    result = Extracted(kind="docx", title=clean(core_title(package)) or reader.title)
    result.pages = [Page(1, reader.out)] if reader.out else []
    return result


def _main_part(package: Package) -> str:
    for kind, path in relations(package, "").values():
        if kind == "officeDocument" and path in package:
            return path
    return "word/document.xml"


def _value(node: etree._Element | None, name: str = "val") -> str:
    if node is None:
        return ""
    return node.get(_WORD + name) or node.get(_STRICT + name) or ""


def _child(node: etree._Element | None, *path: str) -> etree._Element | None:
    for step in path:
        if node is None:
            return None
        node = next((child for child in node if local(child) == step), None)
    return node


class _Styles:
    """Which styles are headings (with their level), titles or lists."""

    def __init__(self, package: Package, main: str) -> None:
        self.level: dict[str, int] = {}
        self.lists: set[str] = set()
        path = next(
            (path for kind, path in relations(package, main).values() if kind == "styles"),
            "word/styles.xml",
        )
        tree = package.optional_xml(path)
        based: dict[str, str] = {}
        for style in tree if tree is not None else ():
            if local(style) != "style":
                continue
            name = _value(_child(style, "name"))
            key = _value(style, "styleId")
            based[key] = _value(_child(style, "basedOn"))
            outline = _value(_child(style, "pPr", "outlineLvl"))
            match = _HEADING_NAME.match(name)
            if match:
                self.level[key] = max(1, int(match[1]))
            elif name.casefold() in ("title", "titel"):
                self.level[key] = 1
            elif outline.isdigit() and int(outline) < 9:
                self.level[key] = int(outline) + 1
            if _child(style, "pPr", "numPr") is not None and not match:
                self.lists.add(key)
        for key in based:
            seen = {key}
            parent = based[key]
            while key not in self.level and parent and parent not in seen:
                if parent in self.level:
                    self.level[key] = self.level[parent]
                seen.add(parent)
                parent = based.get(parent, "")


class _Reader:
    def __init__(self, styles: _Styles) -> None:
        self.out: list[Block] = []
        self.title = ""
        self._styles = styles

    def walk(self, node: etree._Element, depth: int = 0) -> None:
        """Paragraphs and tables, in order."""
        for child in node:
            name = local(child)
            if name == "p":
                self._paragraph(child)
            elif name == "tbl":
                self._table(child, depth)
            elif name in _WRAPPERS and depth < _DEEP:
                self.walk(child, depth + 1)

    def notes(self, package: Package, main: str) -> None:
        """Footnotes and endnotes, after the text."""
        for kind, path in relations(package, main).values():
            if kind not in ("footnotes", "endnotes"):
                continue
            tree = package.optional_xml(path)
            for note in tree if tree is not None else ():
                if _value(note, "type"):  # the line between text and notes
                    continue
                text = clean(" ".join(_text(child) for child in note if local(child) == "p"))
                if text:
                    self.out.append(Block("paragraph", text))

    def _paragraph(self, node: etree._Element) -> None:
        text = clean(_text(node).replace("\n", " "))
        if not text:
            return
        style = _value(_child(node, "pPr", "pStyle"))
        outline = _value(_child(node, "pPr", "outlineLvl"))
        level = self._styles.level.get(style, 0)
        if outline.isdigit() and int(outline) < 9:
            level = int(outline) + 1
        numbered = _child(node, "pPr", "numPr")
        if structure.is_agenda_item(text):
            self.out.append(Block("agenda_item", text))
        elif level:
            self.out.append(Block("heading", text, min(level, 6)))
            self.title = self.title or text[:300]
        elif numbered is not None or style in self._styles.lists:
            depth = _value(_child(numbered, "ilvl"))
            self.out.append(Block("list", text, 1 + min(5, int(depth) if depth.isdigit() else 0)))
        elif _bold(node) and structure.could_be_heading(text):
            self.out.append(Block("heading", text, structure.numbered_level(text) or 3))
        else:
            self.out.append(structure.classify(text))

    def _table(self, table: etree._Element, depth: int) -> None:
        rows = [row for row in table.iter() if local(row) == "tr" and _owner(row) is table]
        for row in rows:
            cells = []
            for cell in row.iter():
                if local(cell) == "tc" and _owner(cell) is row:
                    cells.append(clean(_text(cell).replace("\n", " ")))
            if len(cells) == 1 and len(rows) == 1 and depth < _DEEP:
                # A frame drawn as a table: its paragraphs are text.
                cell = next(node for node in row.iter() if local(node) == "tc")
                self.walk(cell, depth + 1)
                continue
            text = CELL.join(cell for cell in cells if cell)
            if text:
                self.out.append(Block("table_row", text))


def _owner(node: etree._Element) -> etree._Element | None:
    """The table or row that a row or cell belongs to."""
    wanted = "tbl" if local(node) == "tr" else "tr"
    parent = node.getparent()
    while parent is not None and local(parent) != wanted:
        parent = parent.getparent()
    return parent


def _bold(paragraph: etree._Element) -> bool:
    """Whether all text of the paragraph is bold."""
    runs = [
        run for run in paragraph
        if local(run) == "r" and any(local(child) == "t" and child.text for child in run)
    ]  # fmt: skip
    return bool(runs) and all(
        (mark := _child(run, "rPr", "b")) is not None and _value(mark) not in ("0", "false")
        for run in runs
    )


def _text(node: etree._Element) -> str:
    return "".join(_pieces(node)).strip()


def _pieces(node: etree._Element) -> Iterator[str]:
    """Text in order, without recursion: files may be nested as deep as they like."""
    stack: list[etree._Element | str] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
            continue
        name = local(item)
        if name == "t":
            yield item.text or ""
        elif name in ("tab", "ptab"):
            yield "\t"
        elif name in ("br", "cr"):
            yield "\n"
        elif name == "noBreakHyphen":
            yield "-"
        elif name not in _LEFT_OUT or item is node:
            if name == "p" and item is not node:
                stack.append("\n")
            stack.extend(reversed(list(item)))
