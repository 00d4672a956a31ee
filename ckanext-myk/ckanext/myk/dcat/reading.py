"""From RDF: what DCAT-AP.de says about a dataset and its distributions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ckanext.myk.dcat.namespaces import (
    DCAT,
    DCATAP,
    DCATAP_HASH,
    DCT,
    GEODCATAP,
    LOCN,
    POLITICAL_GEOCODING,
    PROV,
    SCHEMA,
    VCARD,
    dcatde_name,
)
from ckanext.myk.dcat.values import Values, filled, unique
from rdflib import Literal, URIRef
from rdflib.namespace import FOAF, RDFS, SKOS
from rdflib.term import Node

ADMS = "http://www.w3.org/ns/adms#"

# Fields that euro_dcat_ap_3 fills with a blank node's number where the value has parts of its own,
# or with its label where the value is an IRI of a vocabulary.
_VALUES = {
    "frequency": DCT.accrualPeriodicity,
    "provenance": DCT.provenance,
    "dcat_type": DCT.type,
    "access_rights": DCT.accessRights,
}
_LISTS = {
    "alternate_identifier": URIRef(ADMS + "identifier"),
    "documentation": FOAF.page,
    "conforms_to": DCT.conformsTo,
    "related_resource": DCT.relation,
    "source": DCT.source,
    "references": DCT.references,
    "is_referenced_by": DCT.isReferencedBy,
    "series": DCAT.inSeries,
    "language": DCT.language,
}
_RESOURCE_VALUES = {
    "license": DCT.license,
    "rights": DCT.rights,
    "status": URIRef(ADMS + "status"),
    "compress_format": DCAT.compressFormat,
    "package_format": DCAT.packageFormat,
}
_RESOURCE_LISTS = {"documentation": FOAF.page, "conforms_to": DCT.conformsTo}
_HVD_CATEGORY = (DCATAP.hvdCategory, DCATAP_HASH.hvdCategory)
_AVAILABILITY = (DCATAP.availability, DCATAP_HASH.availability)


class Reader(Values):
    """Reads datasets and distributions of one graph."""

    # -- a dataset -------------------------------------------------------------------------------

    def dataset(self, ref: Node) -> dict[str, Any]:
        """The fields that this profile knows, empty where the graph says nothing."""
        german = self._dcatde(ref)
        out: dict[str, Any] = {
            "title_en": self.text(self.g.objects(ref, DCT.title), only="en"),
            "notes_en": self.text(self.g.objects(ref, DCT.description), only="en"),
            "publisher": self._agents(self.g.objects(ref, DCT.publisher)),
            "creator": self._agents(self.g.objects(ref, DCT.creator)),
            "contributor": self._agents(self.g.objects(ref, DCT.contributor)),
            "originator": self._agents(
                [*self.g.objects(ref, GEODCATAP.originator), *german["originator"]]
            ),
            "custodian": self._agents(
                [*self.g.objects(ref, GEODCATAP.custodian), *german["maintainer"]]
            ),
            "attribution": self._attributions(ref),
            "contact": self._contacts(ref),
            "contributor_id": self.values(german["contributorID"]),
            "geocoding_description": self.text(german["geocodingDescription"]),
            "legal_basis": self.values(german["legalBasis"]),
            "quality_process_uri": self.text(german["qualityProcessURI"]),
            "availability": self._availability(ref, german),
            "hvd_category": self.values(self.objects_of(ref, _HVD_CATEGORY)),
            "political_geocoding_level_uri": self.values(
                [*german["politicalGeocodingLevelURI"], *german["politicalGeocodingLevel"]]
            ),
        }
        places, keys = self._places(ref)
        out["spatial_coverage"] = places
        out["political_geocoding_uri"] = unique(
            [*self.values(german["politicalGeocodingURI"]), *keys]
        )
        for key, predicate in _VALUES.items():
            out[key] = self.text(self.g.objects(ref, predicate), iri_first=True)
        for key, predicate in _LISTS.items():
            out[key] = self.values(self.g.objects(ref, predicate))
        return out

    def defaults(self, ref: Node) -> dict[str, str]:
        """Licence and credit of the whole dataset, for files without their own.

        DCAT-AP.de has both at the distribution; real catalogues also write them at the dataset.
        """
        return filled(
            {
                "license": self.text(self.g.objects(ref, DCT.license), iri_first=True),
                "license_attribution_by_text": self.text(
                    self._dcatde(ref)["licenseAttributionByText"]
                ),
            }
        )

    # -- a distribution --------------------------------------------------------------------------

    def distribution(self, ref: Node, name: str) -> Node | None:
        """The distribution of ``ref`` that ckanext-dcat remembers as ``name``."""
        found = (node for node in self.g.objects(ref, DCAT.distribution) if str(node) == name)
        return next(found, None)

    def resource(self, ref: Node) -> dict[str, Any]:
        """The fields of a distribution that this profile knows, those with a value only."""
        german = self._dcatde(ref)
        out: dict[str, Any] = {
            "license_attribution_by_text": self.text(german["licenseAttributionByText"]),
            "availability": self._availability(ref, german),
        }
        for key, predicate in _RESOURCE_VALUES.items():
            out[key] = self.text(self.g.objects(ref, predicate), iri_first=True)
        for key, predicate in _RESOURCE_LISTS.items():
            out[key] = self.values(self.g.objects(ref, predicate))
        return {key: value for key, value in out.items() if value}

    # -- parts -----------------------------------------------------------------------------------

    def _dcatde(self, ref: Node) -> defaultdict[str, list[Node]]:
        out: defaultdict[str, list[Node]] = defaultdict(list)
        for predicate, value in self.g.predicate_objects(ref):
            if name := dcatde_name(URIRef(str(predicate))):
                out[name].append(value)
        return out

    def _availability(self, ref: Node, german: defaultdict[str, list[Node]]) -> str:
        values = self.objects_of(ref, _AVAILABILITY)
        return self.text([*values, *german["plannedAvailability"]], iri_first=True)

    def _agents(self, nodes: Iterable[Node]) -> list[dict[str, str]]:
        return unique([agent for node in nodes if any((agent := self._agent(node)).values())])

    def _agent(self, node: Node) -> dict[str, str]:
        if isinstance(node, Literal):  # seen at Potsdam: a bare word in place of an agent
            return {"name": str(node)}
        email = self.first(node, FOAF.mbox, VCARD.hasEmail)
        return filled(
            {
                "uri": str(node) if isinstance(node, URIRef) else "",
                "name": self.first(
                    node, FOAF.name, VCARD.fn, SKOS.prefLabel, RDFS.label, DCT.title
                ),
                "email": email.removeprefix("mailto:"),
                "url": self.first(node, FOAF.homepage, VCARD.hasURL),
                "type": self.text(self.g.objects(node, DCT.type), iri_first=True),
                "identifier": self.first(node, DCT.identifier),
            }
        )

    def _contacts(self, ref: Node) -> list[dict[str, str]]:
        nodes = [*self.g.objects(ref, DCAT.contactPoint)]
        nodes = nodes or [*self.g.objects(ref, URIRef(ADMS + "contactPoint"))]
        contacts = []
        for node in nodes:
            phone = self.first(node, VCARD.hasTelephone, VCARD.tel)
            email = self.first(node, VCARD.hasEmail, VCARD.email)
            contact = filled(
                {
                    "uri": str(node) if isinstance(node, URIRef) else "",
                    "name": self.first(node, VCARD.fn, VCARD.hasFN, VCARD["organization-name"]),
                    "email": email.removeprefix("mailto:"),
                    "telephone": phone.removeprefix("tel:"),
                    "address": self._address(node),
                    "url": self.first(node, VCARD.hasURL, VCARD.url),
                    "identifier": self.first(node, VCARD.hasUID),
                }
            )
            if contact:
                contacts.append(contact)
        return unique(contacts)

    def _address(self, node: Node) -> str:
        holder = next(self.g.objects(node, VCARD.hasAddress), node)

        def part(name: str) -> str:
            with_has = "has" + "".join(word.capitalize() for word in name.split("-"))
            return self.first(holder, VCARD[with_has], VCARD[name])

        town = " ".join(filter(None, [part("postal-code"), part("locality")]))
        return ", ".join(filter(None, [part("street-address"), town]))

    def _attributions(self, ref: Node) -> list[dict[str, str]]:
        out = []
        for node in self.g.objects(ref, PROV.qualifiedAttribution):
            for agent in self._agents(self.g.objects(node, PROV.agent)):
                role = self.text(self.g.objects(node, DCAT.hadRole), iri_first=True)
                kept = {key: agent.get(key, "") for key in ("name", "uri")}
                out.append(filled({**kept, "role": role}))
        return unique(out)

    def _places(self, ref: Node) -> tuple[list[dict[str, str]], list[str]]:
        """Places with a name or shape, and keys of the political geocoding."""
        places: list[dict[str, str]] = []
        keys: list[str] = []
        for node in self.g.objects(ref, DCT.spatial):
            place = self._place(node)
            for predicate in (LOCN.adminUnitL2, LOCN.adminUnitL1):
                for unit in self.g.objects(node, predicate):
                    if str(unit).startswith(POLITICAL_GEOCODING):
                        keys.append(str(unit))
                    elif "text" not in place:
                        place["text"] = self.named(unit)
            if place.get("uri", "").startswith(POLITICAL_GEOCODING):
                keys.append(place["uri"])
                if len(place) == 1:
                    continue  # only the key: nothing more to say
            if place:
                places.append(place)
        return unique(places), unique(keys)

    def _place(self, node: Node) -> dict[str, str]:
        if isinstance(node, Literal):
            return {"text": str(node)}
        return filled(
            {
                "uri": str(node) if isinstance(node, URIRef) else "",
                "text": self.first(
                    node, SKOS.prefLabel, RDFS.label, LOCN.geographicName, SCHEMA.name
                ),
                "geom": self.geometry(node, LOCN.geometry),
                "bbox": self.geometry(node, DCAT.bbox),
                "centroid": self.geometry(node, DCAT.centroid),
            }
        )
