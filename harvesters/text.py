"""Texts of other catalogues made fit for CKAN: descriptions, names, keywords."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import urlsplit

import nh3

_BLOCKS = {"p", "div", "section", "article", "table", "tr", "dl", "dt", "dd", "blockquote", "pre"}
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_TAGS = _BLOCKS | set(_HEADINGS) | {"br", "ul", "ol", "li", "a", "strong", "b", "em", "i", "td"}
# Known elements only: "a < b and c > d" is no markup.
_LOOKS_LIKE_HTML = re.compile(
    r"</?(?:a|abbr|article|b|blockquote|body|br|code|div|dd|dl|dt|em|font|form|h[1-6]|head|hr|html|i"
    r"|iframe|img|input|li|link|meta|object|ol|p|pre|s|script|section|small|span|strong|style|sub|sup|svg"
    r"|table|tbody|td|th|thead|tr|u|ul|video)\b[^<>]*>|&(?:[a-zA-Z]{2,8}|#\d+|#x[0-9a-fA-F]+);",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")

NAME_LENGTH = 100  # CKAN's limit for names
_SLUG_LENGTH = 80  # leaves room for "-" and a hash, and for a readable address


def clean_line(text: str) -> str:
    """One line without markup, control characters and double spaces: for titles and names."""
    if _LOOKS_LIKE_HTML.search(text):
        text = html.unescape(nh3.clean(text, tags=set()))
    return " ".join(_CONTROL.sub("", text).split())


def clean_text(text: str) -> str:
    """HTML to the Markdown that CKAN shows well; plain text stays as it is.

    Scripts, styles and event handlers are dropped by nh3 before anything else is looked at.
    """
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not _LOOKS_LIKE_HTML.search(text):
        # Four spaces at the beginning of a line would make it a code block in Markdown.
        # Two at the end are its line break.
        lines = (re.sub(r"^\s{4,}|(?<=\S)[ \t]$", "", line) for line in text.strip().split("\n"))
        return "\n".join(line if line.strip() else "" for line in lines)
    writer = _MarkdownWriter()
    writer.feed(nh3.clean(text, tags=_TAGS, attributes={"a": {"href"}}, link_rel=None))
    writer.close()
    return writer.text()


class _MarkdownWriter(HTMLParser):
    """Writes the few elements that nh3 let through as Markdown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._lists: list[int | None] = []  # None: bullets, a number: the last one counted
        self._hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HEADINGS:
            self._parts.append(f"\n\n{_HEADINGS[tag]} ")
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
            self._parts.append("\n\n")
        elif tag == "li":
            self._parts.append("\n" + self._bullet())
        elif tag == "br":
            self._parts.append("  \n")
        elif tag in ("strong", "b"):
            self._parts.append("**")
        elif tag in ("em", "i"):
            self._parts.append("*")
        elif tag == "a":
            self._hrefs.append(dict(attrs).get("href") or "")
            self._parts.append("[" if self._hrefs[-1] else "")
        elif tag == "td":
            self._parts.append(" ")
        elif tag in _BLOCKS:
            self._parts.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS or tag in _BLOCKS:
            self._parts.append("\n\n")
        elif tag in ("ul", "ol"):
            if self._lists:
                self._lists.pop()
            self._parts.append("\n\n")
        elif tag in ("strong", "b"):
            self._parts.append("**")
        elif tag in ("em", "i"):
            self._parts.append("*")
        elif tag == "a" and self._hrefs and (href := self._hrefs.pop()):
            self._parts.append(f"]({href})")

    def handle_data(self, data: str) -> None:
        self._parts.append(re.sub(r"\s+", " ", data))

    def _bullet(self) -> str:
        indent = "  " * max(len(self._lists) - 1, 0)
        if self._lists and self._lists[-1] is not None:
            self._lists[-1] += 1
            return f"{indent}{self._lists[-1]}. "
        return f"{indent}- "

    def text(self) -> str:
        joined = re.sub(r"\*\*\s*\*\*|\[\s*\]\([^)]*\)", "", "".join(self._parts))
        out: list[str] = []
        for line in joined.split("\n"):
            # Two spaces at the end are Markdown's line break; elsewhere they are noise.
            broken = line.endswith("  ") and line.strip()
            bullet = re.match(r" *(?:- |\d+\. )", line)
            line = line.rstrip() if bullet else line.strip()
            if line or (out and out[-1]):
                out.append(line + "  " if broken else line)
        return "\n".join(out).strip()


_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l"}
)


def slug(text: str, length: int = _SLUG_LENGTH) -> str:
    """A CKAN name from a title: ``Spielplätze in Müllheim`` becomes ``spielplaetze-in-muellheim``.

    Cut at a word, two characters at least; empty when the text holds no letter or digit.
    """
    text = unicodedata.normalize("NFC", text).lower().translate(_LETTERS)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"[^a-z0-9]+", "-", text).strip("-")
    if len(text) > length:
        cut = text[: length + 1]
        text = cut.rsplit("-", 1)[0] if "-" in cut[length // 2 :] else cut[:length]
    return text if len(text) > 1 else (f"{text}-0" if text else "")


_TAG_LENGTH = range(2, 101)  # CKAN's limits


def clean_keywords(keywords: Iterable[str]) -> tuple[list[str], list[str]]:
    """Keywords as CKAN accepts them, and the originals of those that had to be changed.

    CKAN's tags hold letters, digits, spaces, ``-``, ``_`` and ``.``, 2 to 100 of them, and no
    comma. Order is kept, doubles (also in another case) are dropped.
    """
    tags: dict[str, str] = {}
    changed: list[str] = []
    for original in keywords:
        pieces = [clean_line(piece) for piece in re.split(r"[,;\n]", original)]
        cleaned = [piece for piece in map(_clean_tag, pieces) if piece]
        if cleaned != [original]:
            changed.append(original)
        for tag in cleaned:
            tags.setdefault(tag.casefold(), tag)
    return list(tags.values()), changed


def _clean_tag(text: str) -> str:
    text = unicodedata.normalize("NFC", text).replace("&", " und ").replace("/", "-")
    text = " ".join(re.sub(r"[^\w \-.]", " ", text).split()).strip(" -.")
    if len(text) > _TAG_LENGTH[-1]:
        text = text[: _TAG_LENGTH[-1]].rsplit(" ", 1)[0]
    return text if len(text) in _TAG_LENGTH else ""


_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.UNICODE)


def clean_email(text: str) -> str:
    """The e-mail address in ``text``, or nothing.

    Real exports write ``mailto:a@b.de``, ``<a@b.de>``, or an IRI that became relative to the
    catalogue (``file:///…/a@b.de``).
    """
    match = _EMAIL.search(text.rsplit("/", 1)[-1])
    return match[0].rstrip(".") if match else ""


def web_address(text: str) -> str:
    """``text`` if it is an address that a browser may open, else nothing (``javascript:`` …)."""
    text = text.strip()
    try:
        urlsplit(text)
    except ValueError:  # "http://[": half an IPv6 address
        return ""
    if re.match(r"(?i)^(https?|ftps?)://[^\s/?#]+", text) and not re.search(r"[\s<>\"]", text):
        return text
    # Spaces occur in real addresses; browsers encode them, so do we.
    if re.match(r"(?i)^(https?|ftps?)://[^\s/?#]+[^<>\"\n]*$", text):
        return text.replace(" ", "%20")
    return ""
