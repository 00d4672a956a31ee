"""Web pages: the main text with its headings; menus, scripts and forms are left out."""

from __future__ import annotations

import re

from lxml import etree

from indexer.errors import ExtractError
from indexer.extract import plain, structure
from indexer.extract.blocks import CELL
from indexer.extract.cleaning import clean
from indexer.limits import Budget
from indexer.model import Block, Extracted, Page

_LEFT_OUT_TEXT = """
    script style nav header footer aside form noscript template iframe svg math button select
    input textarea object embed audio video canvas dialog menu
"""
_LEFT_OUT = frozenset(_LEFT_OUT_TEXT.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS_TEXT = """
    p div section article main li ul ol dl dt dd blockquote pre table tr td th caption figure
    figcaption h1 h2 h3 h4 h5 h6 hr address details summary body fieldset center
"""
_BLOCKS = frozenset(_BLOCKS_TEXT.split())
_ROLES_LEFT_OUT = frozenset(("navigation", "banner", "contentinfo", "search", "menu", "dialog"))
_HIDDEN = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden")
_CHARSET = re.compile(rb"(?i)<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,20})")
#: A block whose text is links for the most part is a menu.
_LINKS = 0.6
_LEAST_MAIN = 200  # letters; a shorter <main> is not where the text is


def extract(content: bytes, budget: Budget, charset: str = "") -> Extracted:
    """Read a web page. Raises ExtractError."""
    result = Extracted(kind="html")
    if len(content) > budget.limits.text:
        content = content[: budget.limits.text]
        result.state, result.truncated = "partly", True
        result.reason = "The page is too long; only its beginning was read."
    found, result.title = read(content, charset)
    result.pages = [Page(1, found)] if found else []
    return result


def read(content: bytes, charset: str = "") -> tuple[list[Block], str]:
    """Blocks and title of a page. Raises ExtractError."""
    named = _CHARSET.search(content[:4096])
    text, _ = plain.decode(content, charset or (named[1].decode("ascii") if named else ""))
    parser = etree.HTMLParser(
        no_network=True, remove_comments=True, remove_pis=True, huge_tree=False, encoding="utf-8"
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ExtractError("The page holds no HTML that can be read.") from error
    if root is None:
        raise ExtractError("The page is empty.")
    title = next((clean(_all_text(node)) for node in root.iter("title")), "")[:300]
    reader = _Reader()
    reader.walk(_main(root))
    found = reader.out
    if not title:
        title = next((block.text[:300] for block in found if block.kind == "heading"), "")
    return found, title


def _main(root: etree._Element) -> etree._Element:
    """The element with the main text."""
    candidates = [
        node for node in root.iter("main", "article", "div", "section")
        if node.tag == "main" or node.get("role") == "main" or node.get("id") in ("content", "main")
    ]  # fmt: skip
    articles = list(root.iter("article"))
    if len(articles) == 1:
        candidates += articles
    for node in candidates:
        if len(_all_text(node)) >= _LEAST_MAIN:
            return node
    return next(root.iter("body"), root)


def _all_text(node: etree._Element) -> str:
    return " ".join("".join(str(piece) for piece in node.itertext()).split())


def _hidden(node: etree._Element) -> bool:
    return (
        node.get("hidden") is not None
        or node.get("aria-hidden") == "true"
        or node.get("role") in _ROLES_LEFT_OUT
        or bool(_HIDDEN.search(node.get("style", "")))
    )


class _Reader:
    """Walks without recursion and writes a block wherever an element of blocks begins or ends."""

    def __init__(self) -> None:
        self.out: list[Block] = []
        self._parts: list[str] = []
        self._linked = 0
        self._role: tuple[str, int] = ("p", 0)

    def walk(self, root: etree._Element) -> None:
        # Entries: (element, depth of lists) opens it, (role to go back to) closes it, text is text.
        lists = 0
        links = 0
        stack: list[tuple[str, object]] = [("open", root)]
        while stack:
            what, item = stack.pop()
            if what == "text":
                self._parts.append(str(item))
                if links:
                    self._linked += len(str(item).strip())
                continue
            if what == "role":
                self._flush()
                self._role = item  # type: ignore[assignment]
                continue
            if what == "list":
                lists -= 1
                continue
            if what == "link":
                links -= 1
                continue
            if not isinstance(item, etree._Element):
                continue
            if item is not root and item.tail:
                stack.append(("text", item.tail))
            tag = item.tag if isinstance(item.tag, str) else ""
            if not tag or (item is not root and (tag in _LEFT_OUT or _hidden(item))):
                if tag in _LEFT_OUT:
                    self._parts.append(" ")
                continue
            if tag == "br":
                self._parts.append(" ")
                continue
            if tag == "table" and self._is_data(item):
                self._flush()
                self._table(item)
                continue
            if tag in _BLOCKS:
                stack.append(("role", self._role))
                self._flush()
                if tag in _HEADINGS or tag in ("li", "dt", "dd", "p"):
                    self._role = (tag, lists)
                if tag in ("ul", "ol"):
                    lists += 1
                    stack.append(("list", None))
            elif tag == "a":
                links += 1
                stack.append(("link", None))
            stack += [("open", child) for child in reversed(list(item))]
            if item.text:
                stack.append(("text", item.text))
        self._flush()

    def _flush(self) -> None:
        text = clean(" ".join("".join(self._parts).split()))
        linked, self._linked = self._linked, 0
        self._parts.clear()
        if not text:
            return
        tag, lists = self._role
        if structure.is_agenda_item(text):
            self.out.append(Block("agenda_item", text))
        elif tag in _HEADINGS:
            self.out.append(Block("heading", text, _HEADINGS[tag]))
        elif linked > _LINKS * len(text) and text.count(" ") < 12:
            return  # a menu
        elif tag == "li":
            self.out.append(Block("list", structure.without_bullet(text), max(1, min(lists, 6))))
        else:
            self.out.append(Block("paragraph", text))

    @staticmethod
    def _is_data(table: etree._Element) -> bool:
        """Whether it is a table of data, not one that lays out the page."""
        if next(table.iter("th"), None) is not None:
            return True
        nested = sum(1 for _ in table.iter("table")) > 1
        longest = max((len(_all_text(cell)) for cell in table.iter("td")), default=0)
        return not nested and longest < 600

    def _table(self, table: etree._Element) -> None:
        for row in table.iter("tr"):
            cells = [clean(_all_text(cell)) for cell in row if cell.tag in ("td", "th")]
            text = CELL.join(value for value in cells if value)
            if text:
                self.out.append(Block("table_row", text))
