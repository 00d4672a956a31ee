"""The statements of an RDF document, one after the other, as plain values.

Read by Oxigraph, which needs no memory for a document however long. What it does not take, but
rdflib does, is read by rdflib: the same, only slower and held in memory.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

import pyoxigraph as ox
from rdflib import DCAT, RDF, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from harvesters import rdf, safexml
from harvesters.errors import SourceError

IRI: Final = 0
BLANK: Final = 1
TEXT: Final = 2

#: Bytes that rdflib is given, should Oxigraph refuse a document.
_MOST_FOR_RDFLIB = 64_000_000
_HEAD = 4096
_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"
_LANGUAGE = re.compile(r"[a-zA-Z]+(-[a-zA-Z0-9]+)*")


class Term(NamedTuple):
    """What a statement says: ``kind`` is IRI, BLANK or TEXT.

    A text's ``extra`` is ``@`` and its language, or its datatype, or nothing.
    """

    kind: int
    value: str
    extra: str = ""


#: Subject, predicate, and the three parts of a Term. A blank subject begins with ``_:``.
Statement = tuple[str, str, int, str, str]


class UnsuitableError(Exception):
    """Oxigraph does not take the document; rdflib may."""


def read(
    content: bytes | BinaryIO, base: str, where: str, *, kind: str = "", suffix: str = ""
) -> Iterator[Statement]:
    """The statements of ``content``; relative IRIs are resolved against ``base``.

    Raises UnsuitableError, also after the first statements, if :func:`read_whole` has to be asked.
    Raises SourceError as :func:`harvesters.rdf.parse` does.
    """
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    head = stream.read(_HEAD)
    if not head.strip():
        raise UnsuitableError
    found = rdf.require_syntax(head, where, kind, suffix)
    stream.seek(0)
    if found == rdf.RDF_XML:
        if not _is_utf8(head):
            raise UnsuitableError
        safexml.check(stream, where, rdf.TITLES[found])
        stream.seek(0)
        syntax = ox.RdfFormat.RDF_XML
    elif found == rdf.TURTLE:
        syntax = ox.RdfFormat.TURTLE
    else:
        raise UnsuitableError
    try:
        # Lenient: real catalogues have addresses with blanks in them.
        for subject, predicate, value, _graph in ox.parse(
            stream, syntax, base_iri=base, lenient=True
        ):
            key = subject.value if isinstance(subject, ox.NamedNode) else f"_:{subject.value}"
            if isinstance(value, ox.NamedNode):
                yield key, predicate.value, IRI, value.value, ""
            elif isinstance(value, ox.Literal):
                if value.language:
                    extra = f"@{value.language}"
                else:
                    extra = value.datatype.value
                    if extra == _XSD_STRING:
                        extra = ""
                yield key, predicate.value, TEXT, value.value, extra
            elif isinstance(value, ox.BlankNode):
                yield key, predicate.value, BLANK, f"_:{value.value}", ""
    except (SyntaxError, ValueError) as error:
        raise UnsuitableError from error


def read_whole(
    content: bytes | BinaryIO, base: str, where: str, *, kind: str = "", suffix: str = ""
) -> Iterator[Statement]:
    """The same by rdflib. Raises SourceError."""
    if not isinstance(content, bytes):
        content.seek(0, os.SEEK_END)
        if content.tell() > _MOST_FOR_RDFLIB:
            raise SourceError(
                f"{where} is not valid, or written in a way that is read only up to "
                f"{_MOST_FOR_RDFLIB / 1e6:.0f} MB. RDF/XML in UTF-8 and Turtle may be longer."
            )
        content.seek(0)
        content = content.read()
    found = rdf.parse(content, base, where, kind=kind, suffix=suffix)
    # rdflib keeps the document's order, but only where it is asked for less than all.
    for subject in dict.fromkeys([*found.subjects(RDF.type, DCAT.Dataset), *found.subjects()]):
        for predicate, value in found.predicate_objects(subject):
            yield (_name(subject), str(predicate), *_plain(value))


def graph(statements: Iterator[Statement]) -> Graph:
    """An rdflib graph of ``statements``."""
    made = Graph()
    with rdf.quiet():
        for subject, predicate, kind, value, extra in statements:
            made.add((node_named(subject), URIRef(predicate), node(Term(kind, value, extra))))
    return made


def node(term: Term) -> Node:
    """A term as rdflib has it."""
    if term.kind != TEXT:
        return node_named(term.value) if term.kind == BLANK else URIRef(term.value)
    if term.extra.startswith("@"):
        # A language that is none is no reason to lose a text.
        language = term.extra[1:] if _LANGUAGE.fullmatch(term.extra[1:]) else None
        return Literal(term.value, lang=language)
    return Literal(term.value, datatype=URIRef(term.extra) if term.extra else None)


def node_named(name: str) -> Node:
    """A subject as rdflib has it."""
    return BNode(name[2:]) if name.startswith("_:") else URIRef(name)


def _name(subject: Node) -> str:
    return f"_:{subject}" if isinstance(subject, BNode) else str(subject)


def _plain(value: Node) -> Term:
    if isinstance(value, Literal):
        extra = f"@{value.language.lower()}" if value.language else str(value.datatype or "")
        return Term(TEXT, str(value), "" if extra == _XSD_STRING else extra)
    return Term(BLANK if isinstance(value, BNode) else IRI, _name(value))


def _is_utf8(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return False
    declared = re.match(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*encoding\s*=\s*[\"']([^\"']+)", head)
    return declared is None or declared.group(1).lower() in (b"utf-8", b"utf8", b"us-ascii")
