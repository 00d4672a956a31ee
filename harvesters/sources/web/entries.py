"""RSS 0.9x, 1.0 and 2.0, and Atom: what a feed says, whichever it is."""

from __future__ import annotations

import html
import html.entities
import re
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from lxml import etree

from harvesters import safexml
from harvesters.dates import iso_date
from harvesters.errors import SourceError
from harvesters.sources.web import markup

_ATOM = "http://www.w3.org/2005/Atom"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_MEDIA = "http://search.yahoo.com/mrss/"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_KNOWN_IN_XML = {"amp", "lt", "gt", "quot", "apos"}


@dataclass(slots=True)
class Attachment:
    """A file that an entry brings along."""

    url: str
    media_type: str = ""
    size: str = ""
    name: str = ""


@dataclass(slots=True)
class Entry:
    """One piece of news. ``text`` is HTML or plain text; dates are as they were written."""

    id: str = ""
    link: str = ""
    title: str = ""
    text: str = ""
    published: str = ""
    updated: str = ""
    author: str = ""
    language: str = ""
    base: str = ""
    categories: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)


@dataclass(slots=True)
class Feed:
    """A page of a feed; ``following`` is the address of the next, older one."""

    title: str = ""
    link: str = ""
    language: str = ""
    rights: str = ""
    following: str = ""
    entries: list[Entry] = field(default_factory=list)


def parse(content: bytes, where: str) -> Feed:
    """Read a feed. Raises SourceError, one line, when it is none."""
    root = _root(content, where)
    kind = safexml.local(root).lower()
    if kind == "feed":
        return _atom(root)
    if kind == "rss" or (kind == "rdf" and safexml.find(root, "channel") is not None):
        return _rss(root)
    raise SourceError(f"{where} is no feed: its XML begins with <{safexml.local(root)}>.")


def _root(content: bytes, where: str) -> etree._Element:
    """The XML; a page for people is told as such, the usual mistakes are mended."""
    beginning = content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if beginning.startswith((b"<!doctype html", b"<html")):
        raise SourceError(
            f"{where} is a web page, not a feed; look in it for a link to RSS or Atom."
        )
    content = content.lstrip(b" \t\r\n")
    try:
        return safexml.parse(content, where, "RSS or Atom", allow_doctype=True)
    except SourceError as first:
        text = _mended(markup.decode(content))
        try:
            return safexml.parse(text.encode(), where, "RSS or Atom", allow_doctype=True)
        except SourceError:
            raise first from None


def _mended(text: str) -> str:
    """With the words of HTML for letters (``&nbsp;``), bare ``&`` and wrong encodings set right."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "", text)

    def replaced(found: re.Match[str]) -> str:
        name = found[1]
        if name in _KNOWN_IN_XML:
            return found[0]
        letters = html.entities.html5.get(f"{name};", "")
        return "".join(f"&#{ord(letter)};" for letter in letters) or f"&amp;{name};"

    text = re.sub(r"&([A-Za-z][A-Za-z0-9]{1,31});", replaced, text)
    return re.sub(r"&(?!#\d{1,7};|#x[0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)", "&amp;", text)


# -- Atom -----------------------------------------------------------------------------------------


def _atom(root: etree._Element) -> Feed:
    feed = Feed(
        title=_construct(safexml.find(root, "title")),
        link=_link(root, "alternate"),
        language=root.get(f"{_XML}lang", ""),
        rights=safexml.text(root, "rights"),
        following=_link(root, "next") or _link(root, "prev-archive"),
    )
    for node in safexml.find_all(root, "entry"):
        body = safexml.find(node, "content")
        text = _construct(body) if body is not None and not body.get("src") else ""
        entry = Entry(
            id=safexml.text(node, "id"),
            link=_link(node, "alternate"),
            title=_construct(safexml.find(node, "title")),
            text=text or _construct(safexml.find(node, "summary")),
            published=safexml.text(node, "published") or safexml.text(node, "issued"),
            updated=safexml.text(node, "updated") or safexml.text(node, "modified"),
            author=safexml.text(node, "author/name"),
            language=node.get(f"{_XML}lang", ""),
            base=node.get(f"{_XML}base") or root.get(f"{_XML}base") or "",
            categories=[
                item.get("label") or item.get("term") or ""
                for item in safexml.find_all(node, "category")
            ],
        )
        for item in safexml.find_all(node, "link"):
            if item.get("rel") == "enclosure" and item.get("href"):
                entry.attachments.append(
                    Attachment(
                        item.get("href", ""),
                        item.get("type", ""),
                        item.get("length", ""),
                        item.get("title", ""),
                    )
                )
        if body is not None and body.get("src"):
            entry.link = entry.link or body.get("src", "")
        feed.entries.append(entry)
    return feed


def _link(node: etree._Element, rel: str) -> str:
    found = [
        item
        for item in safexml.find_all(node, "link")
        if item.get("href") and item.get("rel", "alternate") == rel
    ]
    # Of several the page for people, not the same as PDF or JSON.
    found.sort(key=lambda item: item.get("type", "text/html") != "text/html")
    return found[0].get("href", "").strip() if found else ""


def _construct(node: etree._Element | None) -> str:
    """A text of Atom: plain, HTML written as text, or XHTML."""
    if node is None:
        return ""
    kind = (node.get("type") or "text").lower()
    if kind == "xhtml" or (kind.endswith("xml") and len(node)):
        return "".join(etree.tostring(child, encoding="unicode", method="html") for child in node)
    text = "".join(map(str, node.itertext())).strip()
    # In a plain text "<b>" stands for itself.
    return text if "html" in kind else html.escape(text, quote=False) if "<" in text else text


# -- RSS ------------------------------------------------------------------------------------------


def _rss(root: etree._Element) -> Feed:
    channel = safexml.find(root, "channel")
    if channel is None:
        return Feed()
    atom_links = channel.findall(f"{{{_ATOM}}}link")
    feed = Feed(
        title=safexml.text(channel, "title"),
        link=_plain_link(channel),
        language=safexml.text(channel, "language"),
        rights=safexml.text(channel, "copyright") or safexml.text(channel, "rights"),
        following=next((n.get("href", "") for n in atom_links if n.get("rel") == "next"), ""),
    )
    # RSS 1.0 has its items beside the channel, all others in it.
    for node in [*safexml.find_all(channel, "item"), *safexml.find_all(root, "item")]:
        feed.entries.append(_item(node))
    return feed


def _item(node: etree._Element) -> Entry:
    guid = safexml.find(node, "guid")
    identity = safexml.text(guid) if guid is not None else ""
    permanent = guid is not None and guid.get("isPermaLink", "true").lower() != "false"
    full = node.find(f"{{{_CONTENT}}}encoded")
    entry = Entry(
        id=identity or _about(node),
        link=_plain_link(node) or (identity if permanent else ""),
        title=safexml.text(node, "title"),
        text=safexml.text(full) if full is not None else "",
        published=safexml.text(node, "pubDate") or safexml.text(node, "date"),
        updated=safexml.text(node, "updated") or safexml.text(node, "modified"),
        author=_person(safexml.text(node, "creator") or safexml.text(node, "author")),
        language=safexml.text(node, "language"),
        categories=[*safexml.texts(node, "category"), *safexml.texts(node, "subject")],
    )  # fmt: skip
    entry.text = entry.text or _description(node)
    for item in safexml.find_all(node, "enclosure"):
        entry.attachments.append(
            Attachment(item.get("url", ""), item.get("type", ""), item.get("length", ""))
        )
    for item in node.iter(f"{{{_MEDIA}}}content"):
        entry.attachments.append(
            Attachment(item.get("url", ""), item.get("type", ""), item.get("fileSize", ""))
        )
    entry.attachments = [item for item in entry.attachments if item.url.strip()]
    return entry


def _about(node: etree._Element) -> str:
    """What RSS 1.0 names an item by (rdf:about)."""
    return next((str(v) for k, v in node.attrib.items() if str(k).endswith("}about")), "")


def _description(node: etree._Element) -> str:
    """The item's own description, not that of an image in it."""
    for item in safexml.find_all(node, "description"):
        if not str(item.tag).startswith(f"{{{_MEDIA}}}"):
            return safexml.text(item)
    return ""


def _plain_link(node: etree._Element) -> str:
    """RSS's link is an element's text; atom:link beside it has its address in an attribute."""
    return next(iter(safexml.texts(node, "link")), "")


def _person(text: str) -> str:
    """``presse@stadt.example (Pressestelle)`` is the press office; an address alone is nobody."""
    if found := re.search(r"\(([^()]{1,200})\)\s*$", text):
        return found[1].strip()
    return "" if "@" in text else text


def read_date(text: str) -> str:
    """ISO 8601 from a feed's date (RFC 822 in RSS, RFC 3339 in Atom), or nothing."""
    if read := iso_date(text):
        return read
    try:
        moment = parsedate_to_datetime(text)
        return moment.isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
