"""HTML from untrusted hands: read whatever it is, never run, never fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree, html

from harvesters.sources.web.addresses import normal

_DECLARED = re.compile(rb"""(?i)<meta[^>]{0,200}?charset\s*=\s*["']?\s*([a-z0-9_:.-]{1,40})""")
_XML_DECLARED = re.compile(
    rb"""(?i)^\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([a-z0-9_:.-]{1,40})"""
)
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CHARSET = re.compile(r"""(?i)charset\s*=\s*["']?([a-z0-9_:.-]{1,40})""")


def decode(content: bytes, content_type: str = "") -> str:
    """The text of a page, also if it says a wrong encoding of itself.

    What can be read as UTF-8 is UTF-8: no other encoding looks like it by chance.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace").lstrip("\ufeff")
    declared = [found[1] for found in [_CHARSET.search(content_type)] if found]
    head = content[:4096]
    declared += [
        found[1].decode("ascii")
        for found in (_DECLARED.search(head), _XML_DECLARED.search(head))
        if found
    ]
    for encoding in ["utf-8", *declared]:
        try:
            return content.decode(encoding)
        except (LookupError, ValueError):
            continue
    return content.decode("cp1252", "replace")


def parse(text: str) -> html.HtmlElement | None:
    """The root of a page or of a piece of one; None if there is nothing in it."""
    parser = html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", "", text)
    if not text.strip():
        return None
    try:
        root = html.document_fromstring(text.encode(), parser=parser, ensure_head_body=True)
    except (etree.LxmlError, ValueError):
        return None
    return root if isinstance(root, html.HtmlElement) else None


def words(node: etree._Element | None) -> str:
    """All text in ``node`` on one line."""
    return "" if node is None else " ".join(" ".join(map(str, node.itertext())).split())


def anchors(root: etree._Element, base: str) -> Iterator[tuple[str, etree._Element]]:
    """Each link with its address in full, in the order of the page."""
    found = root.find(".//base[@href]")
    if found is not None:
        base = normal(found.get("href", ""), base) or base
    for node in root.iter("a", "area"):
        address = node.get("href", "")
        if address and not address.startswith("#") and (full := normal(address, base)):
            yield full, node


def with_full_addresses(text: str, base: str) -> str:
    """A piece of HTML whose links lead where they led from ``base``."""
    root = parse(text)
    if root is None:
        return ""
    for node in root.iter("a"):
        if href := node.get("href"):
            full = normal(href, base)
            mail = re.match(r"(?i)(?:mailto|tel):", href.strip())
            node.set("href", full or (href.strip() if mail else ""))
    body = root.find("body")
    inside = root if body is None else body
    return html.tostring(inside, encoding="unicode")
