"""The vocabularies that DCAT-AP.de uses, and how real catalogues misspell them."""

from __future__ import annotations

import re

EU = "http://publications.europa.eu/resource/authority/"
POLITICAL_GEOCODING = "http://dcat-ap.de/def/politicalGeocoding/"

THEMES = frozenset(
    f"{EU}data-theme/{code}"
    for code in (
        "AGRI", "ECON", "EDUC", "ENER", "ENVI", "GOVE", "HEAL", "INTR", "JUST", "REGI", "SOCI",
        "TECH", "TRAN",
    )
)  # fmt: skip

# GovData's categories before DCAT-AP.de; some CKAN portals still have them.
_THEME_WORDS = {
    "bevoelkerung": "SOCI", "bildung_wissenschaft": "EDUC", "gesetze_justiz": "JUST",
    "gesundheit": "HEAL", "infrastruktur_bauen_wohnen": "REGI",
    "kultur_freizeit_sport_tourismus": "EDUC", "politik_wahlen": "GOVE", "soziales": "SOCI",
    "transport_verkehr": "TRAN", "umwelt_klima": "ENVI", "verwaltung": "GOVE",
    "wirtschaft_arbeit": "ECON",
}  # fmt: skip


def theme_uri(value: str) -> str:
    """The EU's IRI for a theme (an IRI, a code, a category of the old GovData), or nothing.

    >>> theme_uri("envi")
    'http://publications.europa.eu/resource/authority/data-theme/ENVI'
    """
    word = re.sub(r"^https?://\S*/data-theme/", "", value.strip())
    uri = f"{EU}data-theme/{_THEME_WORDS.get(word.lower(), word.upper())}"
    return uri if uri in THEMES else ""


# What stands for the EU's code, lower case; codes themselves need no entry.
_FREQUENCY = {
    "irregular": "IRREG", "asneeded": "AS_NEEDED", "continual": "UPDATE_CONT",
    "annually": "ANNUAL", "jährlich": "ANNUAL", "yearly": "ANNUAL", "monatlich": "MONTHLY",
    "täglich": "DAILY", "wöchentlich": "WEEKLY", "unregelmäßig": "IRREG",
    "semiannual": "ANNUAL_2", "fortnightly": "BIWEEKLY", "notplanned": "NOT_PLANNED",
    # Repeating intervals of ISO 8601 (R/P1Y), of which the last part is looked at.
    "p10y": "DECENNIAL", "p4y": "QUADRENNIAL", "p3y": "TRIENNIAL", "p2y": "BIENNIAL",
    "p1y": "ANNUAL", "p12m": "ANNUAL", "p0.5y": "ANNUAL_2", "p6m": "ANNUAL_2", "p4m": "ANNUAL_3",
    "p3m": "QUARTERLY", "p2m": "BIMONTHLY", "p1m": "MONTHLY", "p0.5m": "MONTHLY_2",
    "p0.33m": "MONTHLY_3", "p2w": "BIWEEKLY", "p14d": "BIWEEKLY", "p1w": "WEEKLY", "p7d": "WEEKLY",
    "p0.5w": "WEEKLY_2", "p3.5d": "WEEKLY_2", "p0.33w": "WEEKLY_3", "p1d": "DAILY",
    "pt12h": "DAILY_2", "pt1h": "HOURLY", "pt1s": "UPDATE_CONT",
}  # fmt: skip
_LANGUAGE = {
    "de": "DEU", "ger": "DEU", "deutsch": "DEU", "german": "DEU", "en": "ENG", "englisch": "ENG",
    "english": "ENG", "fr": "FRA", "fre": "FRA", "nl": "NLD", "dut": "NLD", "lb": "LTZ",
    "it": "ITA", "es": "SPA", "pt": "POR", "pl": "POL", "cs": "CES", "cze": "CES", "da": "DAN",
    "sv": "SWE", "ro": "RON", "rum": "RON", "bg": "BUL", "hr": "HRV", "hu": "HUN", "el": "ELL",
    "gre": "ELL", "tr": "TUR", "uk": "UKR", "ru": "RUS", "ar": "ARA", "fa": "FAS", "per": "FAS",
}  # fmt: skip
_AVAILABILITY = {"": ""}
_STATUS = {"underdevelopment": "DEVELOP"}
_ACCESS = {"nonpublic": "NON_PUBLIC", "öffentlich": "PUBLIC", "nicht öffentlich": "NON_PUBLIC"}
_ALIASES = {
    "frequency": _FREQUENCY,
    "language": _LANGUAGE,
    "planned-availability": _AVAILABILITY,
    "distribution-status": _STATUS,
    "access-right": _ACCESS,
}
_CODES = {
    "planned-availability": {"AVAILABLE", "STABLE", "TEMPORARY", "EXPERIMENTAL"},
    "distribution-status": {
        "COMPLETED", "DEVELOP", "DEPRECATED", "DISCONT", "OP_DATPRO", "WITHDRAWN",
    },
    "access-right": {"PUBLIC", "RESTRICTED", "NON_PUBLIC", "SENSITIVE", "CONFIDENTIAL"},
}  # fmt: skip


def vocabulary_uri(vocabulary: str, value: str) -> str:
    """The EU's IRI for ``value`` (an IRI, a code, a word), or nothing when it is not known.

    ``vocabulary`` is the last part of the EU's address, such as ``frequency`` or ``language``.

    >>> vocabulary_uri("language", "http://id.loc.gov/vocabulary/iso639-1/de")
    'http://publications.europa.eu/resource/authority/language/DEU'
    """
    base = f"{EU}{vocabulary}/"
    word = re.split(r"[/#]", value.strip().rstrip("/"))[-1]
    if vocabulary == "language":
        word = re.sub(r"(?i)^([a-z]{2,3})[-_][a-z]{2}$", r"\1", word)  # de-DE
    known = _ALIASES[vocabulary].get(word.lower())
    if known:
        return base + known
    code = word.upper()
    if codes := _CODES.get(vocabulary):
        return base + code if code in codes else ""
    if value.startswith(base):
        return base + code
    return base + code if vocabulary == "language" and re.fullmatch(r"[A-Z]{3}", code) else ""


# EU file types whose usual name differs from the code; all others are shown as they are.
_FORMATS = {
    "WMS_SRVC": "WMS", "WFS_SRVC": "WFS", "WMTS_SRVC": "WMTS", "WCS_SRVC": "WCS",
    "CSW_SRVC": "CSW", "GEOJSON": "GeoJSON", "JSON_LD": "JSON-LD", "RDF_XML": "RDF",
    "RDF_TURTLE": "TTL", "RDF_N_TRIPLES": "N-Triples", "TAR_GZ": "TAR.GZ", "SPARQLQ": "SPARQL",
    "GML_ZIP": "GML", "MSACCESS": "MDB", "JPEG": "JPEG", "GTIFF_": "GeoTIFF",
    "SHP": "SHP", "TIFF": "TIFF", "ATOM": "Atom", "OCTET": "BIN", "EXE": "EXE", "GPKG": "GPKG",
}  # fmt: skip
_FORMAT_WORDS = {
    "text/csv": "CSV", "application/json": "JSON", "application/pdf": "PDF", "text/html": "HTML",
    "application/zip": "ZIP", "application/xml": "XML", "text/xml": "XML", "text/plain": "TXT",
    "application/geo+json": "GeoJSON", "application/vnd.geo+json": "GeoJSON",
    "application/gml+xml": "GML", "application/vnd.ms-excel": "XLS",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
    "application/vnd.oasis.opendocument.spreadsheet": "ODS", "application/ld+json": "JSON-LD",
    "application/rdf+xml": "RDF", "text/turtle": "TTL", "text/calendar": "ICS",
    "application/gpx+xml": "GPX", "application/vnd.google-earth.kml+xml": "KML",
    "application/rss+xml": "RSS", "application/atom+xml": "Atom",
    "geojson": "GeoJSON", "json-ld": "JSON-LD", "jsonld": "JSON-LD", "turtle": "TTL",
    "shape": "SHP", "shapefile": "SHP", "esri shapefile": "SHP", "excel": "XLS",
    "wms_srvc": "WMS", "wfs_srvc": "WFS", "webseite": "HTML", "website": "HTML",
    "web page": "HTML", "ogc wms": "WMS", "ogc wfs": "WFS",
    "arcgis geoservices rest api": "ArcGIS REST",
}  # fmt: skip


def format_label(value: str) -> str:
    """The usual name of a file format: ``…/file-type/WMS_SRVC`` is ``WMS``, ``text/csv`` ``CSV``.

    Unknown words come back as they are, at most 50 characters.
    """
    value = value.strip()
    if value.startswith(f"{EU}file-type/") or re.match(r"^https?://\S+/file-type/", value):
        code = value.rsplit("/", 1)[-1]
        return _FORMATS.get(code, code)
    word = media_type(value) or value
    known = _FORMAT_WORDS.get(word.lower())
    if known:
        return known
    if re.match(r"^https?://", word):
        word = word.rstrip("/").rsplit("/", 1)[-1]
    word = word.lstrip(".")
    return (word.upper() if re.fullmatch(r"[a-z0-9.+-]{1,8}", word) else word)[:50]


def media_type(value: str) -> str:
    """``text/csv`` from itself or from IANA's address, or nothing for what is no media type."""
    value = re.sub(r"^https?://www\.iana\.org/assignments/media-types/", "", value.strip())
    return value.lower() if re.fullmatch(r"[\w.+-]+/[\w.+-]+", value) else ""
