"""Records (dictionaries of words) in, a DCAT-AP.de catalogue in Turtle out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rdflib import (
    DCAT,
    DCTERMS,
    FOAF,
    RDF,
    RDFS,
    SKOS,
    XSD,
    BNode,
    Graph,
    Literal,
    Namespace,
    URIRef,
)

ADMS = Namespace("http://www.w3.org/ns/adms#")
DCATAP = Namespace("http://data.europa.eu/r5r#")
DCATDE = Namespace("http://dcat-ap.de/def/dcatde/")
LOCN = Namespace("http://www.w3.org/ns/locn#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
EU = "http://publications.europa.eu/resource/authority/"
GEOCODING = "http://dcat-ap.de/def/politicalGeocoding/"
LICENCES = "http://dcat-ap.de/def/licenses/"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
GEO_JSON = URIRef(MEDIA_TYPES + "application/vnd.geo+json")
WKT = URIRef("http://www.opengis.net/ont/geosparql#wktLiteral")
HOME = "https://musterregion.myk.example"
CATALOG = URIRef(f"{HOME}/catalog")

SAMPLE_NOTE = (
    "Musterdaten: frei erfunden für die Musterregion des MYK Competence Hub, nicht amtlich."
)

# ending or name in a record: EU file type, IANA media type
FORMATS = {
    "csv": ("CSV", "text/csv"),
    "geojson": ("GEOJSON", "application/geo+json"),
    "json": ("JSON", "application/json"),
    "xlsx": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pdf": ("PDF", "application/pdf"),
    "txt": ("TXT", "text/plain"),
    "html": ("HTML", "text/html"),
    "ics": ("ICS", "text/calendar"),
    "gpx": ("GPX", "application/gpx+xml"),
    "zip": ("GTFS", "application/zip"),
    "xml": ("XML", "application/xml"),
    "wms": ("WMS_SRVC", None),
    "wfs": ("WFS_SRVC", None),
    "shp": ("SHP", "application/zip"),
    "ods": ("ODS", "application/vnd.oasis.opendocument.spreadsheet"),
    "jsonld": ("JSON_LD", "application/ld+json"),
    "gbfs": ("JSON", "application/json"),
    "rss": ("RSS", "application/rss+xml"),
}
LEVELS = {"landkreis": "administrativeDistrict", "stadt": "municipality"}


def turtle(
    records: Iterable[Mapping[str, Any]],
    organisations: Mapping[str, Mapping[str, Any]],
    places: Mapping[str, list[str]],
    sizes: Mapping[str, int],
) -> str:
    """The catalogue of all records; `sizes` are those of the files it may point at."""
    graph = Graph()
    for prefix, namespace in (("adms", ADMS), ("dcatap", DCATAP), ("dcatde", DCATDE)):
        graph.bind(prefix, namespace)
    for prefix, uri in (("locn", str(LOCN)), ("vcard", str(VCARD)), ("dct", str(DCTERMS))):
        graph.bind(prefix, uri, replace=True)
    _catalog(graph, organisations)
    for record in records:
        _dataset(graph, record, organisations, places, sizes)
    head = f"# {SAMPLE_NOTE}\n# Built by sample/build.py; change sample/records/ instead.\n"
    return head + graph.serialize(format="turtle").strip() + "\n"


def _catalog(graph: Graph, organisations: Mapping[str, Mapping[str, Any]]) -> None:
    add = graph.add
    add((CATALOG, RDF.type, DCAT.Catalog))
    add((CATALOG, DCTERMS.title, Literal("Musterregion Mayen-Koblenz (Musterdaten)", lang="de")))
    add((CATALOG, DCTERMS.title, Literal("Sample region Mayen-Koblenz (sample data)", lang="en")))
    about = (
        "Musterdaten: So könnten der Landkreis Mayen-Koblenz und seine zehn Mitglieder ihre Daten "
        "veröffentlichen. Alle Texte, Zahlen und Dateien sind für Vorführung und Tests erfunden "
        "und keine amtliche Auskunft; echt sind nur Namen, Schlüssel und Lage der Gemeinden."
    )
    add((CATALOG, DCTERMS.description, Literal(about, lang="de")))
    add((CATALOG, DCTERMS.language, URIRef(EU + "language/DEU")))
    add((CATALOG, DCTERMS.license, URIRef(LICENCES + "cc-zero")))
    add((CATALOG, DCTERMS.issued, Literal("2026-03-02", datatype=XSD.date)))
    add((CATALOG, DCTERMS.modified, Literal("2026-11-20", datatype=XSD.date)))
    add((CATALOG, FOAF.homepage, URIRef(HOME + "/")))
    add((URIRef(HOME + "/"), RDF.type, FOAF.Document))
    add((CATALOG, DCTERMS.publisher, URIRef(organisations["landkreis-mayen-koblenz"]["uri"])))
    for organisation in organisations.values():
        uri = URIRef(organisation["uri"])
        add((uri, RDF.type, FOAF.Organization))
        add((uri, RDF.type, FOAF.Agent))  # for readers without RDFS reasoning
        add((uri, RDF.type, DCTERMS.Location))  # the same key names the place
        add((uri, FOAF.name, Literal(organisation["title"], lang="de")))
        add((uri, SKOS.prefLabel, Literal(organisation["title"], lang="de")))
        add((uri, FOAF.mbox, URIRef(f"mailto:opendata@{organisation['name']}.example")))
        if organisation.get("homepage"):
            add((uri, FOAF.homepage, URIRef(organisation["homepage"])))
            add((URIRef(organisation["homepage"]), RDF.type, FOAF.Document))


def _date(text: str) -> Literal:
    """As precise as it is written: a year, a month, a day or a moment."""
    for pattern, datatype in (
        (r"\d{4}", XSD.gYear),
        (r"\d{4}-\d\d", XSD.gYearMonth),
        (r"\d{4}-\d\d-\d\d", XSD.date),
    ):
        if re.fullmatch(pattern, text):
            return Literal(text, datatype=datatype, normalize=False)
    return Literal(text, datatype=XSD.dateTime, normalize=False)


def _blank(graph: Graph, key: str, kind: URIRef) -> BNode:
    # Our own ids: rdflib's are new in each run, and the order of the output hangs on them.
    node = BNode(re.sub(r"\W", "", key))
    graph.add((node, RDF.type, kind))
    return node


def _dataset(
    graph: Graph,
    record: Mapping[str, Any],
    organisations: Mapping[str, Mapping[str, Any]],
    places: Mapping[str, list[str]],
    sizes: Mapping[str, int],
) -> None:
    add = graph.add
    slug = record["slug"]
    uri = URIRef(f"{HOME}/dataset/{slug}")
    publisher = organisations[record["publisher"]]
    lang = None if record.get("plain") else "de"  # some exports do not say the language of a text
    add((CATALOG, DCAT.dataset, uri))
    add((uri, RDF.type, DCAT.Dataset))
    add((uri, DCTERMS.title, Literal(record["title"], lang=lang)))
    add((uri, DCTERMS.description, Literal(record["text"].strip(), lang=lang)))
    if "title_en" in record:
        add((uri, DCTERMS.title, Literal(record["title_en"], lang="en")))
    if "text_en" in record:
        add((uri, DCTERMS.description, Literal(record["text_en"].strip(), lang="en")))
    add((uri, DCTERMS.identifier, Literal(slug)))
    identifier = _blank(graph, f"{slug}id", ADMS.Identifier)
    add((uri, ADMS.identifier, identifier))
    add((identifier, SKOS.notation, Literal(f"{HOME}/dataset/{slug}", datatype=XSD.anyURI)))
    add((uri, DCTERMS.publisher, URIRef(publisher["uri"])))
    add((uri, DCATDE.contributorID, URIRef("http://dcat-ap.de/def/contributors/musterregionMYK")))
    level = LEVELS.get(publisher["kind"], "municipality")
    add((uri, DCATDE.politicalGeocodingLevelURI, URIRef(f"{GEOCODING}Level/{level}")))
    note = _blank(graph, f"{slug}note", DCTERMS.ProvenanceStatement)
    add((uri, DCTERMS.provenance, note))
    add((note, RDFS.label, Literal(SAMPLE_NOTE, lang="de")))
    for keyword in [*record.get("keywords", []), "Musterdaten"]:
        add((uri, DCAT.keyword, Literal(keyword, lang=lang)))
    for theme in record.get("themes", []):
        add((uri, DCAT.theme, URIRef(f"{EU}data-theme/{theme}")))
    for name, predicate in (("issued", DCTERMS.issued), ("modified", DCTERMS.modified)):
        if name in record:
            add((uri, predicate, _date(record[name])))
    if "every" in record:
        add((uri, DCTERMS.accrualPeriodicity, URIRef(f"{EU}frequency/{record['every']}")))
    if "availability" in record:
        planned = f"{EU}planned-availability/{record['availability']}"
        add((uri, DCATAP.availability, URIRef(planned)))
    if "legal" in record:
        add((uri, DCATDE.legalBasis, Literal(record["legal"], lang="de")))
    if "page" in record:
        add((uri, FOAF.page, URIRef(record["page"])))
        add((URIRef(record["page"]), RDF.type, FOAF.Document))
    if not record.get("plain"):
        add((uri, DCTERMS.language, URIRef(f"{EU}language/DEU")))
    _period(graph, uri, record)
    _where(graph, uri, record, publisher, places)
    _contact(graph, uri, record, publisher)
    for number, item in enumerate(record.get("files", []), start=1):
        if isinstance(item, str):
            item = {"url" if "://" in item else "file": item}
        _distribution(graph, uri, number, item, record, publisher, sizes)


def _period(graph: Graph, uri: URIRef, record: Mapping[str, Any]) -> None:
    if "period" not in record:
        return
    start, end = [*record["period"], ""][:2]
    node = _blank(graph, f"{record['slug']}period", DCTERMS.PeriodOfTime)
    graph.add((uri, DCTERMS.temporal, node))
    if start:
        graph.add((node, DCAT.startDate, _date(start)))
    if end:
        graph.add((node, DCAT.endDate, _date(end)))


def _where(
    graph: Graph,
    uri: URIRef,
    record: Mapping[str, Any],
    publisher: Mapping[str, Any],
    places: Mapping[str, list[str]],
) -> None:
    """dct:spatial: the publisher's own key, or those of the places named; a box or point on top."""
    named = record.get("place", [])
    for name in [named] if isinstance(named, str) else named:
        key = URIRef(f"{GEOCODING}municipalityKey/{places[name][0]}")
        graph.add((uri, DCTERMS.spatial, key))
        graph.add((key, RDF.type, DCTERMS.Location))
        graph.add((key, SKOS.prefLabel, Literal(name, lang="de")))
    if not named:
        graph.add((uri, DCTERMS.spatial, URIRef(publisher["uri"])))
    if "bbox" in record:
        west, south, east, north = (float(n) for n in record["bbox"])
        ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        wkt = f"POLYGON (({', '.join(f'{x} {y}' for x, y in ring)}))"
        predicate, shape = DCAT.bbox, Literal(wkt, datatype=WKT)
    elif "point" in record:
        lon, lat = (float(n) for n in record["point"])
        predicate, shape = DCAT.centroid, Literal(f"POINT ({lon} {lat})", datatype=WKT)
    elif "geometry" in record:  # not as the profile wants it, but as many real exports have it
        coordinates = [float(n) for n in record["geometry"]]
        text = json.dumps({"type": "Point", "coordinates": coordinates})
        predicate, shape = LOCN.geometry, Literal(text, datatype=GEO_JSON)
    else:
        return
    node = _blank(graph, f"{record['slug']}where", DCTERMS.Location)
    graph.add((uri, DCTERMS.spatial, node))
    graph.add((node, predicate, shape))


def _contact(
    graph: Graph, uri: URIRef, record: Mapping[str, Any], publisher: Mapping[str, Any]
) -> None:
    contact = record.get("contact", "Open Data <opendata>")
    if contact == "none":
        return
    match = re.fullmatch(r"(.+) <(.+)>", contact)
    if not match:
        raise ValueError(f"{record['slug']}: contact is not 'Name <mailbox>': {contact}")
    node = _blank(graph, f"{record['slug']}contact", VCARD.Organization)
    graph.add((node, RDF.type, VCARD.Kind))  # for readers without RDFS reasoning
    graph.add((uri, DCAT.contactPoint, node))
    graph.add((node, VCARD.fn, Literal(f"{publisher['title']}, {match[1]}", lang="de")))
    graph.add((node, VCARD.hasEmail, URIRef(f"mailto:{match[2]}@{publisher['name']}.example")))


def _distribution(
    graph: Graph,
    dataset: URIRef,
    number: int,
    item: Mapping[str, str],
    record: Mapping[str, Any],
    publisher: Mapping[str, Any],
    sizes: Mapping[str, int],
) -> None:
    add = graph.add
    uri = URIRef(f"{dataset}#{number}")
    add((dataset, DCAT.distribution, uri))
    add((uri, RDF.type, DCAT.Distribution))
    if "file" in item:
        name = item["file"]
        target = URIRef(f"files/{name}")
        add((uri, DCAT.byteSize, Literal(sizes[name], datatype=XSD.nonNegativeInteger)))
        add((uri, DCAT.accessURL, target))
        add((uri, DCAT.downloadURL, target))
    else:
        target = URIRef(item["url"])
        name = item["url"]
        add((uri, DCAT.accessURL, target))
    kind = item.get("format") or name.rsplit(".", 1)[-1].lower()
    file_type, media_type = FORMATS[kind]
    add((uri, DCTERMS["format"], URIRef(f"{EU}file-type/{file_type}")))
    if media_type and not record.get("plain"):
        add((uri, DCAT.mediaType, URIRef(MEDIA_TYPES + media_type)))
    title = item.get("title") or f"{record['title']} ({kind.upper()})"
    add((uri, DCTERMS.title, Literal(title, lang="de")))
    if "text" in item:
        add((uri, DCTERMS.description, Literal(item["text"], lang="de")))
    licence = item.get("license") or record.get("license", "dl-by-de/2.0")
    add((uri, DCTERMS.license, URIRef(LICENCES + licence)))
    if "by" in licence.split("/")[0]:
        credit = Literal(f"{publisher['title']} (Musterdaten)", lang="de")
        add((uri, DCATDE.licenseAttributionByText, credit))
    if "modified" in record:
        add((uri, DCTERMS.modified, _date(record["modified"])))
