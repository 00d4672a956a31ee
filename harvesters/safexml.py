"""XML from untrusted hands: no entities, nothing fetched, and no bottomless nesting."""

from __future__ import annotations

from typing import Any, BinaryIO
from xml.parsers import expat

from lxml import etree

from harvesters.errors import SourceError

_MAX_DEPTH = 200  # real records stay below 40


def check(
    content: bytes | BinaryIO, where: str, what: str = "XML", *, allow_doctype: bool = False
) -> None:
    """Refuse entities and external document types before any of them is expanded.

    ``content`` may be an open file, which is read to its end piece by piece.
    ``where`` and ``what`` name the source and its kind in messages. WMS 1.1.1 demands a document
    type that names a DTD: ``allow_doctype`` lets it pass; it is never fetched.
    """
    depth = 0

    def refuse(*_args: Any) -> Any:
        raise SourceError(
            f"{where} defines XML entities or an external document type; that is refused. "
            f"Ask the publisher for {what} without a DOCTYPE."
        )

    def doctype(_name: str, system: str | None, public: str | None, _internal: int) -> None:
        if (system or public) and not allow_doctype:
            refuse()

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise SourceError(f"{where} is nested too deeply.")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = refuse
    parser.UnparsedEntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        if isinstance(content, bytes):
            parser.Parse(content, True)
        else:
            parser.ParseFile(content)
    except expat.ExpatError as error:
        line = f"line {error.lineno}"
        if error.code in _CUT_OFF:
            raise SourceError(
                f"{where} is cut off: the XML ends at {line} before its last element is closed. "
                "Fetch it again, or ask the publisher."
            ) from error
        text = expat.ErrorString(error.code)
        raise SourceError(f"{where} is not valid {what}: {text} ({line}).") from error
    except (LookupError, ValueError) as error:  # an encoding that does not exist
        raise SourceError(f"{where} is not valid {what}: {error}.") from error


_CUT_OFF = frozenset(
    expat.errors.codes[text]
    for text in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)


def parse(
    content: bytes, where: str, what: str = "XML", *, allow_doctype: bool = False
) -> etree._Element:
    """The root element of ``content``, without comments. Raises SourceError, one line."""
    if not content.strip():
        raise SourceError(f"{where} is empty.")
    check(content, where, what, allow_doctype=allow_doctype)
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        text = " ".join(str(error).split())
        raise SourceError(f"{where} is not valid {what}: {text[:200]}.") from error


# -- looking around in a tree, whatever the namespaces' versions ----------------------------------

HREF = "{http://www.w3.org/1999/xlink}href"


def local(node: etree._Element) -> str:
    """The name of an element without its namespace."""
    return etree.QName(node).localname


def find_all(node: etree._Element | None, path: str) -> list[etree._Element]:
    """Elements at ``path`` (``a/b``, ``.//a``, ``*``), in any namespace."""
    if node is None:
        return []
    steps = [step if step in ("", ".", "*") else f"{{*}}{step}" for step in path.split("/")]
    return node.findall("/".join(steps))


def find(node: etree._Element | None, path: str) -> etree._Element | None:
    """The first element at ``path``."""
    return next(iter(find_all(node, path)), None)


def text(node: etree._Element | None, path: str = ".") -> str:
    """All text of the first element at ``path`` that has some."""
    return next(iter(texts(node, path)), "")


def texts(node: etree._Element | None, path: str) -> list[str]:
    """The text of each element at ``path`` that has some."""
    found = ("".join(map(str, item.itertext())).strip() for item in find_all(node, path))
    return [value for value in found if value]


def href(node: etree._Element | None, path: str = ".") -> str:
    """The ``xlink:href`` of the first element at ``path`` that has one."""
    found = (item.get(HREF, "").strip() for item in find_all(node, path))
    return next(filter(None, found), "")
