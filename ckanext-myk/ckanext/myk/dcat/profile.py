"""The RDF profile of DCAT-AP.de 3.0 (https://www.dcat-ap.de/def/dcatde/3.0/spec/).

It runs after ``euro_dcat_ap_3`` and adds what that profile does not know or does not keep: the
``dcatde:`` properties in all spellings of their namespace, several places and agents, identifiers
and documents that are blank nodes, English titles. Its name, ``dcat_ap_de``, is an entry point of
the group ``ckan.rdf.profiles``. The two directions live in ``reading.py`` and ``writing.py``.
"""

from __future__ import annotations

from typing import Any

from ckanext.dcat.profiles import RDFProfile
from ckanext.myk.dcat import reading, writing
from rdflib import BNode, URIRef


class DcatApDeProfile(RDFProfile):
    """Adds DCAT-AP.de to what ``euro_dcat_ap_3`` reads and writes."""

    def parse_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef | BNode) -> Any:
        """Add to ``dataset_dict`` what the graph says about ``dataset_ref``; returns it."""
        reader = reading.Reader(self.g, self._default_lang)
        for key, value in reader.dataset(dataset_ref).items():
            self._put(dataset_dict, key, value)
        defaults = reader.defaults(dataset_ref)
        for resource in dataset_dict.get("resources", []):
            distribution = reader.distribution(dataset_ref, resource.get("distribution_ref", ""))
            if distribution is not None:
                resource.update(reader.resource(distribution))
            for key, value in defaults.items():
                resource.setdefault(key, value)
        if not dataset_dict.get("license_id") and not dataset_dict.get("resources"):
            dataset_dict["license_id"] = defaults.get("license", "")
        return dataset_dict

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Add the triples of ``dataset_dict`` (a ``package_show`` result) to the graph."""
        writer = writing.Writer(self.g)
        writer.dataset(dataset_dict, dataset_ref)
        for resource in dataset_dict.get("resources", []):
            writer.resource(dataset_dict, resource)

    def graph_from_catalog(self, catalog_dict: dict[str, Any] | None, catalog_ref: URIRef) -> None:
        """Make the catalogue's own description valid: language as an IRI, a publisher."""
        writing.Writer(self.g).catalog(catalog_ref)

    def _put(self, dataset_dict: dict[str, Any], key: str, value: Any) -> None:
        """Into the field of that name, in place of what an earlier profile made of it.

        Without a schema (a CKAN without ckanext-scheming) texts become extras.
        """
        extras = dataset_dict.get("extras", [])
        if self._dataset_schema and self._schema_field(key):
            dataset_dict["extras"] = [extra for extra in extras if extra["key"] != key]
            dataset_dict.pop(key, None)
            if value:
                dataset_dict[key] = value
        elif not self._dataset_schema and value and isinstance(value, str):
            dataset_dict["extras"] = [extra for extra in extras if extra["key"] != key]
            dataset_dict["extras"].append({"key": key, "value": value})
