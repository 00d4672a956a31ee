"""One dataset of a graph, laid out as CKAN fields by ckanext-dcat's profiles."""

from __future__ import annotations

import warnings
from typing import Any

from ckanext.dcat.processors import RDFParser
from rdflib import Graph
from rdflib.term import Node

from harvesters.shape import scheming_schema

# euro_dcat_ap_3 does all that euro_dcat_ap_scheming does; naming both would do it twice. The last
# one is found by its entry point, in the portal's extension.
PROFILES = ("euro_dcat_ap_3", "dcat_ap_de")
LANGUAGE = "de"


class DatasetReader:
    """Reads datasets. Needs no running CKAN: the schema is handed to the profiles.

    ``graph`` is what is read when no other one is given.
    """

    def __init__(self, graph: Graph | None = None) -> None:
        self._graph = Graph() if graph is None else graph
        with warnings.catch_warnings():
            # rdflib deprecates the ConjunctiveGraph that ckanext-dcat makes; it is replaced anyway.
            warnings.simplefilter("ignore", DeprecationWarning)
            parser = RDFParser(profiles=list(PROFILES))
        # Once, and not once for each dataset as RDFParser.datasets() does.
        self._profiles = [profile(self._graph) for profile in parser._profiles]
        for profile in self._profiles:
            profile._dataset_schema = scheming_schema()
            profile._default_lang = LANGUAGE
            profile._default_locale_lang = LANGUAGE

    def read(self, node: Node, graph: Graph | None = None) -> dict[str, Any]:
        """The fields of one dataset, as its source wrote them."""
        # An empty license_id: the profile shall not look it up in CKAN's licence list.
        fields: dict[str, Any] = {"license_id": ""}
        for profile in self._profiles:
            profile.g = self._graph if graph is None else graph
            profile.parse_dataset(fields, node)
        return fields
