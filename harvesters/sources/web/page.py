"""One page of a website: what it says of itself, where it leads, which files it offers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree, html

from harvesters.dates import iso_date
from harvesters.fetch import Download
from harvesters.sources import documents
from harvesters.sources.web import markup
from harvesters.sources.web.addresses import file_name, normal

_SCRIPTS = ("script", "style", "template", "noscript", "svg", "iframe", "object", "form", "button")
_AROUND = ("nav", "header", "footer", "aside")
_MAIN = (
    ".//main", ".//*[@role='main']", ".//article", ".//*[@id='content']", ".//*[@id='main']",
    ".//*[@id='inhalt']",
)  # fmt: skip
_TEXT_SIZE = 100_000  # letters of a page's own text
_SAYS_FILE = re.compile(r"\((?:PDF|DOCX?|XLSX?|ODT|ODS)\b[^()]{0,40}\)", re.IGNORECASE)
# Addresses that do something.
_ACTION = re.compile(
    r"(?i)(?:^|[/?&=._-])(?:log|sign)[-_]?(?:out|off|in)(?:$|[/?&=._-])|abmelden|logout|warenkorb"
    r"|/cart/|(?:^|[?&])(?:action|do|cmd)=(?:delete|edit|remove|add|print)|replytocom="
)


@dataclass(frozen=True, slots=True)
class Linked:
    """A file that a page links to."""

    address: str
    title: str
    kind: str  # its ending, or nothing if only the words beside the link say that it is a file
    context: str  # the heading above it


@dataclass(slots=True)
class Page:
    """What is used of a page."""

    address: str  # canonical, if it names one
    root: etree._Element
    title: str
    description: str
    language: str
    site: str  # what the whole website is called, if the page says so
    modified: str
    readable: bool  # False: noindex
    links: list[tuple[str, str]] = field(default_factory=list)  # address, words
    files: list[Linked] = field(default_factory=list)

    def text(self) -> str:
        """The main text as HTML."""
        return _main_text(self.root)


def read(download: Download, lastmod: str = "") -> Page | None:
    """The page, or None if there is nothing in it."""
    content_type = download.headers.get("content-type", "")
    root = markup.parse(markup.decode(download.content, content_type))
    if root is None:
        return None
    rules = _rules(root, download.headers.get("x-robots-tag", ""))
    meta = _meta(root)
    html_element = root if root.tag == "html" else None
    page = Page(
        address=_canonical(root, download.url),
        root=root,
        title=_title(root, meta),
        description=meta.get("description") or meta.get("og:description") or "",
        language=(html_element.get("lang") or "") if html_element is not None else "",
        site=meta.get("og:site_name", ""),
        modified=iso_date(meta.get("article:modified_time") or meta.get("dcterms.modified") or "")
        or lastmod,
        readable=not rules & {"noindex", "none"},
    )
    if not rules & {"nofollow", "none"}:
        _follow(page, root, download.url)
    return page


def _rules(root: etree._Element, header: str) -> set[str]:
    """What the page asks of robots, in its head and in the answer's."""
    said = [header]
    for node in root.iter("meta"):
        if (node.get("name") or "").lower() in ("robots", "myk-competence-hub"):
            said.append(node.get("content") or "")
    return {word.strip().lower() for text in said for word in re.split(r"[,\s:]+", text)}


def _meta(root: etree._Element) -> dict[str, str]:
    out: dict[str, str] = {}
    for node in root.iter("meta"):
        name = (node.get("property") or node.get("name") or "").lower()
        if name and (content := (node.get("content") or "").strip()):
            out.setdefault(name, content[:2000])
    return out


def _canonical(root: etree._Element, address: str) -> str:
    for node in root.iter("link"):
        if "canonical" in (node.get("rel") or "").lower().split():
            return normal(node.get("href") or "", address) or address
    return address


def _title(root: etree._Element, meta: dict[str, str]) -> str:
    heading = next((markup.words(node) for node in root.iter("h1") if markup.words(node)), "")
    title = markup.words(next(root.iter("title"), None))
    return (heading or meta.get("og:title") or title)[:500]


def _follow(page: Page, root: etree._Element, base: str) -> None:
    """Sort the links into files and further pages."""
    headings = _headings(root)
    for address, node in markup.anchors(root, base):
        if "nofollow" in (node.get("rel") or "").lower().split():
            continue
        name = file_name(address)
        words = markup.words(node)
        kind = documents.ending(name) or documents.ending_of_type(node.get("type") or "")
        if kind or node.get("download") is not None or _SAYS_FILE.search(words):
            context = headings.get(node, "")
            page.files.append(
                Linked(address, _file_title(node, words, name, context), kind, context)
            )
        elif not _ACTION.search(address) and not re.search(
            r"(?i)\.(?:jpe?g|png|gif|svg|webp|mp[34]|zip|exe|css|js|ics|vcf)$", name
        ):
            page.links.append((address, words))


def _file_title(node: etree._Element, words: str, name: str, context: str) -> str:
    """What the link says; else its tooltip, the file's name, the heading above it."""
    said = (words, node.get("title") or "", node.get("aria-label") or "")
    found = next(filter(None, map(documents.title_from_link, said)), "")
    if found:
        return found
    plain = documents.title_from_file_name(name)
    has_words = re.search(r"[^\W\d_]{4}", plain) is not None
    return plain if has_words and documents.ending(name) else context or plain


def _headings(root: etree._Element) -> dict[etree._Element, str]:
    """The last heading before each link."""
    out: dict[etree._Element, str] = {}
    last = ""
    for node in root.iter("h1", "h2", "h3", "h4", "h5", "h6", "a", "area"):
        if node.tag in ("a", "area"):
            out[node] = last
        else:
            last = markup.words(node)[:300] or last
    return out


def _main_text(root: etree._Element) -> str:
    """The page without navigation, as HTML; cut where it is very long."""
    found = (root.find(path) for path in _MAIN)
    main = next((node for node in found if node is not None), root.find("body"))
    if main is None:
        return ""
    copy = html.fromstring(html.tostring(main, encoding="unicode"))
    for node in list(copy.iter(*_SCRIPTS, *_AROUND)):
        if node.getparent() is not None and isinstance(node, html.HtmlElement):
            node.drop_tree()  # what follows it in its parent stays
    return html.tostring(copy, encoding="unicode")[:_TEXT_SIZE]
