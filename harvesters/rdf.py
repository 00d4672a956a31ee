"""RDF from untrusted hands: recognised by its content, and read without fetching anything."""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import rdflib
from rdflib import Graph
from rdflib.exceptions import ParserError
from rdflib.parser import InputSource

from harvesters import safexml
from harvesters.errors import SourceError

RDF_XML, TURTLE, JSON_LD = "xml", "turtle", "json-ld"

ACCEPT = (
    "application/rdf+xml, text/turtle;q=0.9, application/ld+json;q=0.8, "
    "application/xml;q=0.5, */*;q=0.1"
)
_TYPES = {
    "application/rdf+xml": RDF_XML, "application/xml": RDF_XML, "text/xml": RDF_XML,
    "text/turtle": TURTLE, "application/n-triples": TURTLE, "application/ld+json": JSON_LD,
    "application/json": JSON_LD,
}  # fmt: skip
_SUFFIXES = {
    ".rdf": RDF_XML, ".xml": RDF_XML, ".owl": RDF_XML, ".ttl": TURTLE, ".nt": TURTLE,
    ".n3": TURTLE, ".jsonld": JSON_LD, ".json": JSON_LD,
}  # fmt: skip
_MAX_DEPTH = 200  # of nested JSON; real catalogues stay below 20


def sniff(head: bytes) -> str:
    """The RDF syntax that ``head`` (the first kilobytes) is written in, ``html``, or nothing."""
    text = _decoded(head).lstrip("\ufeff \t\r\n")
    lower = text[:2000].lower()
    body = re.sub(r"^(<\?xml[^>]*>|<!--.*?-->|\s+)*", "", lower, flags=re.DOTALL)
    if re.match(r"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", body):
        return "html"
    # An element with namespaces (<rdf:RDF xmlns…>), and not an IRI (<http://…>) as in Turtle.
    if lower.startswith(("<?xml", "<!doctype", "<!--")) or re.match(
        r"<[a-z_][\w.-]*(:[a-z_][\w.-]*)?\s+[\w:.-]+\s*=", body
    ):
        return RDF_XML
    # "[] a dcat:Dataset" is Turtle, an empty list is JSON.
    if re.match(r"[{\[]\s*[\"{\]}]", text) and not re.match(r"\[\s*\]\s*\S", text):
        return JSON_LD
    uncommented = re.sub(r"^(#[^\n]*\n|\s+)*", "", text)
    if re.match(r"(?i)@?(prefix|base)\b", uncommented) or re.match(
        r"(<[^<>\s]*>|_:\w+|[\w.-]*:[\w.-]*|\[\s*\]?)\s+(a\s|<|[\w.-]*:)", uncommented
    ):
        return TURTLE
    return ""


def syntax(head: bytes, content_type: str = "", suffix: str = "") -> str:
    """The syntax by content, else by what the server says, else by the file's ending, else none."""
    return sniff(head) or _TYPES.get(content_type, "") or _SUFFIXES.get(suffix.lower(), "")


def require_syntax(head: bytes, where: str, content_type: str = "", suffix: str = "") -> str:
    """The syntax as :func:`syntax` tells it. Raises SourceError if it is none."""
    found = syntax(head, content_type, suffix)
    if found == "html" or (not found and content_type in ("text/html", "application/xhtml+xml")):
        raise SourceError(
            f"{where} is a web page (HTML), not RDF. Give the address of the catalogue's RDF/XML, "
            "Turtle or JSON-LD, which often ends in /catalog.rdf, .ttl or .jsonld."
        )
    if not found:
        raise SourceError(f"{where} is not RDF: neither RDF/XML nor Turtle nor JSON-LD.")
    return found


def parse(content: bytes, base: str, where: str, *, kind: str = "", suffix: str = "") -> Graph:
    """Parse ``content``; relative IRIs are resolved against ``base``.

    ``where`` names the source in messages. Raises SourceError, one line, if it is not RDF, is cut
    off, or asks for something that is never done (entities, remote JSON-LD contexts).
    """
    if not content.strip():
        raise SourceError(f"{where} is empty.")
    found = require_syntax(content[:4096], where, kind, suffix)
    if found == RDF_XML:
        safexml.check(content, where, TITLES[RDF_XML])
    elif found == JSON_LD:
        _check_json(content, where)
    graph = Graph()
    try:
        with quiet():
            if found == RDF_XML:
                # Given as data, rdflib would read it as UTF-8, whatever the XML says.
                source = InputSource(base)
                source.setByteStream(BytesIO(content))
                graph.parse(source, format=found, publicID=base)
            else:
                graph.parse(data=content, format=found, publicID=base)
    except RecursionError as error:
        raise SourceError(f"{where} is nested too deeply.") from error
    except Exception as error:
        if found == TURTLE and _unfinished(content):
            raise SourceError(
                f"{where} is cut off: its last statement is not finished. "
                "Fetch it again, or ask the publisher."
            ) from error
        raise SourceError(f"{where} is not valid {TITLES[found]}: {_message(error)}") from error
    return graph


TITLES = {RDF_XML: "RDF/XML", TURTLE: "Turtle", JSON_LD: "JSON-LD"}


def _unfinished(content: bytes) -> bool:
    lines = [line for line in content.split(b"\n") if line.strip() and line[:1] != b"#"]
    return not lines or not re.search(rb"\.\s*(#.*)?$", lines[-1])


def _decoded(head: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if head.startswith(mark):
            return head.decode(encoding, errors="replace")
    return head.decode("utf-8", errors="replace")


def _check_json(content: bytes, where: str) -> None:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        cut_off = isinstance(error, json.JSONDecodeError) and not error.doc[error.pos :].strip()
        if cut_off or str(error).startswith("Unterminated string"):
            raise SourceError(f"{where} is cut off: the JSON ends too early.") from error
        raise SourceError(f"{where} is not valid JSON: {_message(error)}") from error
    for context in _contexts(data):
        if isinstance(context, str):
            raise SourceError(
                f"{where} refers to a JSON-LD context at {context}, which is never fetched. "
                "Ask the publisher for RDF/XML, Turtle, or JSON-LD with its context inside."
            )


def _contexts(data: Any) -> Iterator[Any]:
    """Every value that a JSON-LD reader would load from elsewhere if it is a text."""
    pending: list[tuple[Any, int]] = [(data, 0)]
    while pending:
        value, depth = pending.pop()
        if depth > _MAX_DEPTH:
            raise SourceError("the JSON is nested too deeply.")
        if isinstance(value, list):
            pending += [(item, depth + 1) for item in value]
        elif isinstance(value, dict):
            for key, item in value.items():
                if key in ("@context", "@import"):
                    yield from item if isinstance(item, list) else [item]
                pending.append((item, depth + 1))


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings about odd dates on the terminal, and literals kept as they were written."""
    log = logging.getLogger("rdflib.term")
    level, normalize = log.level, rdflib.NORMALIZE_LITERALS
    log.setLevel(logging.CRITICAL)
    rdflib.NORMALIZE_LITERALS = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
        rdflib.NORMALIZE_LITERALS = normalize


def _message(error: Exception) -> str:
    if isinstance(error, ParserError | SyntaxError) and (line := getattr(error, "lines", None)):
        return f"see line {line + 1}."
    text = " ".join(str(error).split())
    return (text[:200] + " …") if len(text) > 200 else text
