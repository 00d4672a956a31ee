"""To RDF: what DCAT-AP.de asks for and ckanext-dcat does not write."""

from __future__ import annotations

import json
import re
from typing import Any

from ckan.plugins import toolkit
from ckanext.dcat.profiles import CleanedURIRef, URIRefOrLiteral
from ckanext.dcat.utils import resource_uri
from ckanext.myk.dcat.formats import file_type_code
from ckanext.myk.dcat.namespaces import (
    DCAT,
    DCATAP,
    DCATDE,
    DCT,
    FILE_TYPE,
    GEODCATAP,
    LANGUAGE,
    MEDIA_TYPE,
    PROV,
    VCARD,
)
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import FOAF, RDF

# Field, property, and whether its values are IRIs.
_LISTS = (
    ("contributor_id", DCATDE.contributorID, True),
    ("political_geocoding_level_uri", DCATDE.politicalGeocodingLevelURI, True),
    ("legal_basis", DCATDE.legalBasis, False),
    ("other_theme", DCAT.theme, True),
    ("references", DCT.references, True),
    ("series", DCAT.inSeries, True),
)
_TEXTS = (
    ("geocoding_description", DCATDE.geocodingDescription, False),
    ("quality_process_uri", DCATDE.qualityProcessURI, True),
    ("availability", DCATAP.availability, True),
)
# 3.0 took these over from GeoDCAT-AP; the older names are still what most readers look for.
_AGENTS = (
    ("originator", (GEODCATAP.originator, DCATDE.originator)),
    ("custodian", (GEODCATAP.custodian, DCATDE.maintainer)),
    ("contributor", (DCT.contributor,)),
)
_LANGUAGES = {"de": "DEU", "en": "ENG", "fr": "FRA", "nl": "NLD"}


class Writer:
    """Adds to one graph."""

    def __init__(self, graph: Graph) -> None:
        self.g = graph
        graph.bind("dcatde", DCATDE)
        graph.bind("dcatap", DCATAP)
        graph.bind("geodcatap", GEODCATAP)

    def dataset(self, package: dict[str, Any], ref: URIRef) -> None:
        """Everything of the dataset but its files."""
        for key, predicate in (("title_en", DCT.title), ("notes_en", DCT.description)):
            if package.get(key):
                self.g.add((ref, predicate, Literal(package[key], lang="en")))
        for key, predicate, iri in _LISTS:
            for value in _list(package.get(key)):
                self._add(ref, predicate, value, iri=iri)
        for key, predicate, iri in _TEXTS:
            self._add(ref, predicate, package.get(key), iri=iri)
        for value in _list(package.get("political_geocoding_uri")):
            # 3.0 writes the key as dct:spatial; the old property is what readers before 3.0 know.
            place = CleanedURIRef(value)
            self.g.add((ref, DCATDE.politicalGeocodingURI, place))
            self.g.add((ref, DCT.spatial, place))
            self.g.add((place, RDF.type, DCT.Location))
        for key, predicates in _AGENTS:
            for agent in _list(package.get(key)):
                self._agent(ref, predicates, agent)
        if not package.get("resources"):
            # DCAT-AP has the licence at the distribution; without one it would be lost.
            self._add(ref, DCT.license, package.get("license_url"), iri=True)
        self._attributions(ref, _list(package.get("attribution")))
        self._contacts(ref, _list(package.get("contact")))

    def resource(self, package: dict[str, Any], resource: dict[str, Any]) -> None:
        """One file: credit, licence, availability, and vocabulary IRIs for its formats."""
        ref = CleanedURIRef(resource_uri(resource))
        credit = resource.get("license_attribution_by_text")
        self._add(ref, DCATDE.licenseAttributionByText, credit)
        self._add(ref, DCATAP.availability, resource.get("availability"), iri=True)
        if (ref, DCT.license, None) not in self.g:
            self._add(ref, DCT.license, package.get("license_url"), iri=True)
        if resource.get("url_type") == "upload" and (ref, DCAT.downloadURL, None) not in self.g:
            self.g.add((ref, DCAT.downloadURL, CleanedURIRef(resource["url"])))
        if (ref, DCAT.accessURL, None) not in self.g and resource.get("url"):
            self.g.add((ref, DCAT.accessURL, CleanedURIRef(resource["url"])))
        for value in list(self.g.objects(ref, DCT["format"])):
            if isinstance(value, Literal) and (code := file_type_code(str(value))):
                self._replace(ref, DCT["format"], value, URIRef(FILE_TYPE + code))
        for value in list(self.g.objects(ref, DCAT.mediaType)):
            if isinstance(value, Literal) and re.fullmatch(r"[\w.+-]+/[\w.+-]+", str(value)):
                self._replace(ref, DCAT.mediaType, value, URIRef(MEDIA_TYPE + str(value)))

    def catalog(self, ref: URIRef) -> None:
        """Language as an IRI, and the publisher that DCAT-AP requires: the site itself."""
        for value in list(self.g.objects(ref, DCT.language)):
            code = _LANGUAGES.get(str(value).split("_")[0])
            if isinstance(value, Literal) and code:
                self._replace(ref, DCT.language, value, URIRef(LANGUAGE + code))
        if (ref, DCT.publisher, None) not in self.g:
            publisher = BNode()
            self.g.add((ref, DCT.publisher, publisher))
            self.g.add((publisher, RDF.type, FOAF.Agent))
            name = toolkit.config.get("ckan.site_title") or "CKAN"
            self.g.add((publisher, FOAF.name, Literal(name)))
        if (ref, DCT.description, None) not in self.g:
            title = next(self.g.objects(ref, DCT.title), Literal("CKAN"))
            self.g.add((ref, DCT.description, Literal(str(title))))

    # -- parts -----------------------------------------------------------------------------------

    def _add(
        self, ref: URIRef | BNode, predicate: URIRef, value: Any, *, iri: bool = False
    ) -> None:
        if value:
            node = URIRefOrLiteral(value) if iri else Literal(value)
            self.g.add((ref, predicate, node))

    def _replace(self, ref: URIRef, predicate: URIRef, old: Literal, new: URIRef) -> None:
        self.g.remove((ref, predicate, old))
        self.g.add((ref, predicate, new))

    def _agent(
        self, ref: URIRef | BNode, predicates: tuple[URIRef, ...], agent: dict[str, Any]
    ) -> None:
        if not any(agent.values()):
            return
        node = CleanedURIRef(agent["uri"]) if agent.get("uri") else BNode()
        for predicate in predicates:
            self.g.add((ref, predicate, node))
        self.g.add((node, RDF.type, FOAF.Agent))
        self._add(node, FOAF.name, agent.get("name"))
        self._add(node, FOAF.homepage, agent.get("url"), iri=True)
        self._add(node, DCT.type, agent.get("type"), iri=True)
        self._add(node, DCT.identifier, agent.get("identifier"))
        if agent.get("email"):
            self.g.add((node, FOAF.mbox, CleanedURIRef(f"mailto:{agent['email']}")))

    def _attributions(self, ref: URIRef, attributions: list[dict[str, Any]]) -> None:
        for item in attributions:
            if any(item.values()):
                node = BNode()
                self.g.add((ref, PROV.qualifiedAttribution, node))
                self.g.add((node, RDF.type, PROV.Attribution))
                self._add(node, DCAT.hadRole, item.get("role"), iri=True)
                self._agent(node, (PROV.agent,), {key: item.get(key) for key in ("name", "uri")})

    def _contacts(self, ref: URIRef, contacts: list[dict[str, Any]]) -> None:
        """Telephone and address, on the contact that ckanext-dcat made from the same entry."""
        for contact in contacts:
            node = self._contact_node(ref, contact)
            if node is None:
                continue
            self.g.add((node, RDF.type, VCARD.Kind))
            if contact.get("telephone"):
                number = re.sub(r"[^\d+]", "", contact["telephone"])
                self.g.add((node, VCARD.hasTelephone, URIRef(f"tel:{number}")))
            if contact.get("address"):
                address = BNode()
                self.g.add((node, VCARD.hasAddress, address))
                self._address(address, contact["address"])

    def _address(self, node: BNode, text: str) -> None:
        match = re.match(r"^(?:(?P<street>.*),\s*)?(?P<code>\d{5})\s+(?P<town>[^,]+)$", text)
        if match:
            self._add(node, VCARD["street-address"], match["street"])
            self._add(node, VCARD["postal-code"], match["code"])
            self._add(node, VCARD.locality, match["town"])
        else:
            self._add(node, VCARD["street-address"], text)

    def _contact_node(self, ref: URIRef, contact: dict[str, Any]) -> URIRef | BNode | None:
        for node in self.g.objects(ref, DCAT.contactPoint):
            if contact.get("uri") and str(node) == contact["uri"]:
                return node  # type: ignore[return-value]
            names = {str(name) for name in self.g.objects(node, VCARD.fn)}
            if not contact.get("uri") and contact.get("name", "") in names:
                return node  # type: ignore[return-value]
        return None


def _list(value: Any) -> list[Any]:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return [value]
    if isinstance(value, list):
        return [item for item in value if item]
    return [value] if value else []
