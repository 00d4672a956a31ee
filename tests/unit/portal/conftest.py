"""DCAT-AP.de records, written and read again by the profiles, without a running CKAN."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from rdflib import Graph, URIRef

from harvesters.sources.dcat_reader import PROFILES, DatasetReader

RoundTrip = Callable[[dict[str, Any]], dict[str, Any]]


def write(package: dict[str, Any]) -> Graph:
    """The package as RDF, by the portal's profiles."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from ckanext.dcat.processors import RDFSerializer

        serializer = RDFSerializer(profiles=list(PROFILES))
    serializer.graph_from_dataset(package)
    graph = Graph()
    graph.parse(data=serializer.g.serialize(format="turtle"), format="turtle")
    return graph


@pytest.fixture
def round_trip() -> RoundTrip:
    def there_and_back(package: dict[str, Any]) -> dict[str, Any]:
        return DatasetReader(write(package)).read(URIRef(package["uri"]))

    return there_and_back
