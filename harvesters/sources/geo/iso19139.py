"""One metadata record of ISO 19115/19119 in the XML of ISO 19139, as CKAN fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from harvesters import eu, safexml
from harvesters.identity import short_hash
from harvesters.safexml import find, find_all, href
from harvesters.sources.geo import common as geo
from harvesters.sources.geo.iso_links import Links, related
from harvesters.sources.geo.iso_text import Languages, agents, code, parties, value, values
from harvesters.sources.geo.terms import Terms, read_terms

ROOTS = frozenset({"MD_Metadata", "MI_Metadata"})

_INSPIRE = "http://inspire.ec.europa.eu/metadata-codelist/"
_HVD = "http://data.europa.eu/bna/"
_LAW = "http://data.europa.eu/eli/"

# Topics of ISO 19115 with a plain counterpart among the EU's themes.
_THEMES = {
    "farming": "AGRI", "biota": "ENVI", "boundaries": "REGI", "economy": "ECON", "health": "HEAL",
    "climatologyMeteorologyAtmosphere": "ENVI", "environment": "ENVI", "inlandWaters": "ENVI",
    "oceans": "ENVI", "geoscientificInformation": "ENVI", "planningCadastre": "REGI",
    "society": "SOCI", "transportation": "TRAN",
}  # fmt: skip
TOPICS = frozenset(_THEMES) | {
    "elevation", "imageryBaseMapsEarthCover", "intelligenceMilitary", "location", "structure",
    "utilitiesCommunication", "extraTerrestrial", "disaster",
}  # fmt: skip
_FREQUENCY = {
    "continual": "UPDATE_CONT", "daily": "DAILY", "weekly": "WEEKLY", "fortnightly": "BIWEEKLY",
    "monthly": "MONTHLY", "quarterly": "QUARTERLY", "biannually": "ANNUAL_2",
    "annually": "ANNUAL", "asNeeded": "AS_NEEDED", "irregular": "IRREG",
    "notPlanned": "NOT_PLANNED", "unknown": "UNKNOWN",
}  # fmt: skip
_METRES = {"m": 1.0, "meter": 1.0, "metre": 1.0, "metres": 1.0, "km": 1000.0, "cm": 0.01}


class MetadataRecord:
    """Reads one ``gmd:MD_Metadata`` (or ``gmi:MI_Metadata``)."""

    def __init__(self, node: etree._Element) -> None:
        self._node = node
        self._info = find(node, "identificationInfo/*")
        self._citation = find(self._info, "citation/CI_Citation")
        self._languages = Languages(node)

    @property
    def identity(self) -> str:
        """The file's identifier, else the resource's, else one made from the title."""
        return (
            value(self._node, "fileIdentifier")
            or next(iter(self._identifiers()), "")
            or f"untitled:{short_hash(value(self._citation, 'title'), 16)}"
        )

    @property
    def uri(self) -> str:
        """The resource's own IRI, if one of its identifiers is an address."""
        found = (text for text in self._identifiers() if re.match(r"https?://\S+$", text))
        return next(found, "")

    def fields(self) -> dict[str, Any]:
        """The record in the layout of ckanext-dcat's profiles."""
        info, citation = self._info, self._citation
        title, title_en = self._languages.both(citation, "title")
        notes, notes_en = self._languages.both(info, "abstract")
        links = Links(self._node, info)
        terms, access = self._terms()
        terms.apply(links.resources)
        dates = self._dates()
        keywords = self._keywords()
        identifier = value(self._node, "fileIdentifier")
        series = value(self._node, "parentIdentifier")
        is_address = series.startswith(("http://", "https://"))
        # A service says in its own namespace (srv:extent) what data say in gmd:extent.
        extents = find_all(info, "extent/EX_Extent")
        return {
            "title": title, "title_en": title_en, "notes": notes, "notes_en": notes_en,
            "identifier": identifier or self.identity,
            "uri": self.uri,
            "alternate_identifier": [i for i in self._identifiers() if i != identifier],
            "license_id": terms.licence,
            "access_rights": access,
            "issued": dates.pop("publication", ""), "modified": dates.pop("revision", ""),
            "version": value(citation, "edition"),
            "provenance": self._languages.both(
                self._node, "dataQualityInfo/DQ_DataQuality/lineage/LI_Lineage/statement"
            )[0],
            "frequency": self._frequency(),
            "language": [
                code(item, ".") or value(item)
                for path in ("language/LanguageCode", "language")
                for item in find_all(info, path)
                if path != "language" or find(item, "LanguageCode") is None
            ],
            "tags": geo.tags(word for word, _ in keywords),
            **self._themes(keywords),
            **self._places(extents),
            "temporal_coverage": list(_periods(extents)),
            "spatial_resolution_in_meters": self._metres(),
            "conforms_to": list(self._systems()),
            "dcat_type": self._type(),
            "url": next(iter(links.pages), ""), "documentation": links.pages[1:],
            "related_resource": related(info),
            "series": [series] if is_address else [],
            "resources": links.resources,
            **self._agents(),
            "extras": geo.extras(
                created=dates.pop("creation", ""),
                metadata_date=value(self._node, "dateStamp"),
                parent_identifier="" if is_address else series,
                alternate_title=value(citation, "alternateTitle"),
                purpose=value(info, "purpose"),
                supplemental_information=value(info, "supplementalInformation"),
                status=code(info, "status/MD_ProgressCode"),
                scale_denominator=values(
                    info, "spatialResolution/MD_Resolution/equivalentScale"
                    "/MD_RepresentativeFraction/denominator"
                ),
                graphic_overview=values(info, "graphicOverview/MD_BrowseGraphic/fileName"),
                use_constraints="" if links.resources else terms.rights,
                no_conditions=terms.free,
                conformity=list(self._conformity()),
                online_resource=links.unusable,
                other_dates=dates,
            ),
        }  # fmt: skip

    # -- parts -----------------------------------------------------------------------------------

    def _identifiers(self) -> list[str]:
        out = []
        for node in find_all(self._citation, "identifier/*"):
            text = href(node, "code/Anchor") or value(node, "code")
            space = value(node, "codeSpace")
            if space and text and not text.startswith(("http:", "https:")):
                text = f"{space.rstrip('/#')}/{text}" if "/" in space else f"{space}:{text}"
            out.append(text)
        return list(dict.fromkeys(filter(None, out)))

    def _dates(self) -> dict[str, str]:
        """The citation's dates by kind; of several of a kind the latest."""
        out: dict[str, str] = {}
        for node in find_all(self._citation, "date/CI_Date"):
            kind, moment = code(node, "dateType/CI_DateTypeCode"), value(node, "date")
            if moment:
                out[kind] = max(out.get(kind, ""), moment)
        return out

    def _keywords(self) -> list[tuple[str, str]]:
        """Keywords with the addresses of those that have one."""
        return [
            (self._languages.both(node, ".")[0], href(node, "Anchor"))
            for node in find_all(self._info, "descriptiveKeywords/MD_Keywords/keyword")
        ]

    def _themes(self, keywords: list[tuple[str, str]]) -> dict[str, list[str]]:
        topics = find_all(self._info, "topicCategory/MD_TopicCategoryCode")
        return theme_fields(
            [text for node in topics if (text := safexml.text(node))],
            [address for _, address in keywords if address.startswith("http")],
        )

    def _terms(self) -> tuple[Terms, str]:
        """Licence and conditions of use; and whether the data are public."""
        use: list[str] = []
        other: list[str] = []
        access = ""
        for node in find_all(self._info, "resourceConstraints/*"):
            for item in find_all(node, "otherConstraints"):
                address = href(item, "Anchor")
                if "/LimitationsOnPublicAccess/" in address:
                    public = address.rstrip("/").endswith("noLimitations")
                    access = f"{eu.EU}access-right/{'PUBLIC' if public else 'RESTRICTED'}"
                # An anchor's address goes before its text, which may be any words.
                if find(node, "accessConstraints") is not None and "/licen" not in address:
                    other.append(value(item))
                elif "ConditionsApplyingToAccessAndUse" not in address:
                    use += [address, value(item)]
            other += values(node, "useLimitation")
        use = [text for text in use if text]
        return read_terms([*use, *other], own_words=use), access

    def _frequency(self) -> str:
        said = code(
            self._info,
            "resourceMaintenance/MD_MaintenanceInformation/maintenanceAndUpdateFrequency"
            "/MD_MaintenanceFrequencyCode",
        )
        known = _FREQUENCY.get(said)
        return f"{eu.EU}frequency/{known}" if known else said

    def _places(self, extents: list[etree._Element]) -> dict[str, Any]:
        places: list[dict[str, str]] = []
        keys: list[str] = []
        for extent in extents:
            for node in find_all(extent, "geographicElement/EX_GeographicBoundingBox"):
                sides = [value(node, f"{side}BoundL{rest}") for side, rest in _SIDES]
                corners = geo.box(*sides)
                # What is no box stays as it is and is reported as unreadable.
                places.append(geo.box_place(corners) if corners else {"bbox": ", ".join(sides)})
            for node in find_all(
                extent, "geographicElement/EX_GeographicDescription/geographicIdentifier/*"
            ):
                name, said = value(node, "code"), safexml.text(node)
                address = href(node, "code/Anchor")
                if key := geo.political_key(address, said) or geo.political_key(name, said):
                    keys.append(key)
                elif name or address:
                    places.append({"text": name, "uri": address})
            if text := value(extent, "description"):
                places.append({"text": text})
        keys += [a for _, a in self._keywords() if a.startswith(eu.POLITICAL_GEOCODING)]
        return {"spatial_coverage": places, "political_geocoding_uri": keys}

    def _metres(self) -> str:
        """The finest distance that the record gives."""
        found = []
        for node in find_all(self._info, "spatialResolution/MD_Resolution/distance/Distance"):
            unit = re.split(r"[#/:]", node.get("uom", ""))[-1].lower()
            try:
                found.append(float(safexml.text(node)) * _METRES[unit])
            except (ValueError, KeyError):
                continue
        return f"{min(found):g}" if found else ""

    def _systems(self) -> Iterator[str]:
        """Reference systems, as the addresses that OGC gives them."""
        for node in find_all(
            self._node, "referenceSystemInfo/MD_ReferenceSystem/referenceSystemIdentifier/*"
        ):
            text = href(node, "code/Anchor") or value(node, "code")
            if match := re.search(r"(?i)EPSG\D{0,30}?(?:0/|::?|[ /]|\b)(\d{4,6})\b", text):
                yield f"http://www.opengis.net/def/crs/EPSG/0/{match[1]}"
            elif text.startswith("http"):
                yield text

    def _conformity(self) -> Iterator[str]:
        for node in find_all(self._node, "dataQualityInfo/DQ_DataQuality/report/*/result/*"):
            title = value(node, "specification/CI_Citation/title")
            if title and (passed := value(node, "pass")):
                yield f"{title}: {passed}"

    def _type(self) -> str:
        level = code(self._node, "hierarchyLevel/MD_ScopeCode")
        known = level in ("dataset", "series", "service")
        return f"{_INSPIRE}ResourceType/{level}" if known else level

    def _agents(self) -> dict[str, list[dict[str, str]]]:
        places = ("pointOfContact", "citation/CI_Citation/citedResponsibleParty")
        found = parties([node for path in places for node in find_all(self._info, path)])
        found += parties(find_all(self._node, "distributionInfo//distributorContact"))
        fields = agents(found)
        own = agents(parties(find_all(self._node, "contact")))
        for name in ("contact", "publisher"):
            if not fields.get(name):
                fields[name] = own.get(name, [])
        return fields


def theme_fields(topics: list[str], addresses: list[str]) -> dict[str, list[str]]:
    """Fields for topics of ISO 19115 and for keywords that are addresses, each where it belongs."""
    apart = (_HVD, _LAW, eu.POLITICAL_GEOCODING)
    return {
        "theme": [
            *(f"{eu.EU}data-theme/{_THEMES[topic]}" for topic in topics if topic in _THEMES),
            *(address for address in addresses if address in eu.THEMES),
        ],
        "other_theme": [
            *(f"{_INSPIRE}TopicCategory/{topic}" for topic in topics),
            *(a for a in addresses if not a.startswith(apart) and a not in eu.THEMES),
        ],
        "hvd_category": [a for a in addresses if a.startswith(_HVD)],
        "applicable_legislation": [a for a in addresses if a.startswith(_LAW)],
    }


_SIDES = (("west", "ongitude"), ("south", "atitude"), ("east", "ongitude"), ("north", "atitude"))


def _periods(extents: list[etree._Element]) -> Iterator[dict[str, str]]:
    for extent in extents:
        for node in find_all(extent, "temporalElement/*/extent/*"):
            if safexml.local(node) == "TimeInstant":
                moment = safexml.text(node, "timePosition")
                yield {"start": moment, "end": moment}
                continue
            period = {}
            for key, name in (("start", "begin"), ("end", "end")):
                period[key] = safexml.text(node, f"{name}Position") or safexml.text(
                    node, f"{name}/TimeInstant/timePosition"
                )
            if any(period.values()):
                yield period
