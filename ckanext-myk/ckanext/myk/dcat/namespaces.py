"""Namespaces of DCAT-AP.de 3.0, and the spellings of them that real catalogues use."""

from __future__ import annotations

import re

from rdflib import Namespace, URIRef

DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCATDE = Namespace("http://dcat-ap.de/def/dcatde/")
DCATAP = Namespace("http://data.europa.eu/r5r/")
# DCAT-AP.de's own SHACL shapes write the namespace of DCAT-AP with "#".
DCATAP_HASH = Namespace("http://data.europa.eu/r5r#")
DCT = Namespace("http://purl.org/dc/terms/")
GEODCATAP = Namespace("http://data.europa.eu/930/")
LOCN = Namespace("http://www.w3.org/ns/locn#")
PROV = Namespace("http://www.w3.org/ns/prov#")
SCHEMA = Namespace("http://schema.org/")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")

POLITICAL_GEOCODING = "http://dcat-ap.de/def/politicalGeocoding/"
FILE_TYPE = "http://publications.europa.eu/resource/authority/file-type/"
LANGUAGE = "http://publications.europa.eu/resource/authority/language/"
MEDIA_TYPE = "https://www.iana.org/assignments/media-types/"

# …/dcatde/, …/dcatde/1.0/, …/dcatde/1_0/, …/dcatde/1.0.1/, and Brandenburg's …/dcatde/1_0 and
# …/dcatde/1 without a slash, which its exporter glues to the property's name.
_DCATDE = re.compile(
    r"^https?://(?:www\.)?dcat-ap\.de/def/dcatde(?:/|#)(?:\d[\d._]*)?[/#]?(?P<name>[A-Za-z]\w*)$"
)


def dcatde_name(predicate: URIRef) -> str:
    """The local name of a property of DCAT-AP.de in any spelling of its namespace, or nothing."""
    match = _DCATDE.match(str(predicate))
    return match["name"] if match else ""
