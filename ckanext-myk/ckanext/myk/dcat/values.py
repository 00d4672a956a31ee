"""Texts, IRIs and shapes out of a graph, whatever form their publisher gave them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ckanext.myk.dcat.namespaces import DCT, VCARD
from geomet import wkt  # type: ignore[import-untyped]
from rdflib import BNode, Graph, URIRef
from rdflib.namespace import FOAF, RDFS, SKOS
from rdflib.term import Node

_NAMES = (RDFS.label, SKOS.prefLabel, SKOS.notation, DCT.title, FOAF.name, DCT.identifier)


class Values:
    """Reads values of one graph; ``language`` is preferred where a text has several."""

    def __init__(self, graph: Graph, language: str) -> None:
        self.g = graph
        self.language = language

    def geometry(self, node: Node, predicate: URIRef) -> str:
        """GeoJSON from a GeoJSON or WKT literal (with or without a coordinate system in front)."""
        found = sorted(
            self.g.objects(node, predicate),
            key=lambda value: ("json" not in str(getattr(value, "datatype", "")), str(value)),
        )
        for value in found:
            text = str(value).strip()
            try:
                shape = json.loads(text) if text.startswith("{") else wkt.loads(_without_crs(text))
                if isinstance(shape, dict) and shape.get("type"):
                    return json.dumps(shape)
            except Exception:  # noqa: BLE001, S112 - geomet has many; the next one may be fine
                continue
        return ""

    def objects_of(self, ref: Node, predicates: tuple[URIRef, ...]) -> list[Node]:
        """The objects of any of ``predicates``."""
        return [value for predicate in predicates for value in self.g.objects(ref, predicate)]

    def named(self, node: Node) -> str:
        """A literal's text, an IRI, or what a blank node is called; never a blank node's number."""
        if not isinstance(node, BNode):
            return str(node)
        return self.first(node, *_NAMES)

    def values(self, nodes: Iterable[Node]) -> list[str]:
        """All of ``nodes`` that are called something, each once."""
        return unique([text for node in nodes if (text := self.named(node).strip())])

    def first(self, node: Node, *predicates: URIRef) -> str:
        """The text of the first of ``predicates`` that has one."""
        for predicate in predicates:
            if text := self.text(self.g.objects(node, predicate)):
                return text
        return ""

    def text(self, nodes: Iterable[Node], *, only: str = "", iri_first: bool = False) -> str:
        """One text: in our language, else without one, else any. Sorted, as RDF has no order."""
        found: list[tuple[int, str]] = []
        for node in nodes:
            language = (getattr(node, "language", None) or "").split("-")[0].lower()
            if only and language != only:
                continue
            text = self._vcard_value(node)
            rank = 0 if language == self.language else 1 if not language else 2
            if iri_first and isinstance(node, URIRef):
                rank = -1
            if text:
                found.append((rank, text))
        return min(found)[1] if found else ""

    def _vcard_value(self, node: Node) -> str:
        if isinstance(node, BNode) and (value := next(self.g.objects(node, VCARD.hasValue), None)):
            return str(value).strip()
        return self.named(node).strip()


def _without_crs(text: str) -> str:
    return text.split(">", 1)[1].strip() if text.startswith("<") else text


def filled(values: dict[str, str]) -> dict[str, str]:
    """``values`` without the empty ones."""
    return {key: value for key, value in values.items() if value}


def unique(values: list[Any]) -> list[Any]:
    """``values`` in their order, each once (they need not be hashable)."""
    out: list[Any] = []
    for value in values:
        if value not in out:
            out.append(value)
    return out
