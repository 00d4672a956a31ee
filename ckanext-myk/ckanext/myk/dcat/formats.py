"""CKAN's file formats and the EU's file types, for the RDF that the portal writes."""

from __future__ import annotations

# Names that CKAN shows, upper case, where they differ from the EU's code.
_CODES = {
    "WMS": "WMS_SRVC", "WFS": "WFS_SRVC", "WMTS": "WMTS_SRVC", "WCS": "WCS_SRVC",
    "CSW": "CSW_SRVC", "JSON-LD": "JSON_LD", "TTL": "RDF_TURTLE", "RDF": "RDF_XML",
    "N-TRIPLES": "RDF_N_TRIPLES", "TAR.GZ": "TAR_GZ", "MDB": "MDB", "SPARQL": "SPARQLQ",
    "JPG": "JPEG", "TIF": "TIFF", "HTM": "HTML", "GEOTIFF": "TIFF",
}  # fmt: skip

# The EU's codes that occur in open data; anything else stays a word.
_KNOWN = frozenset({
    "ATOM", "AVI", "BMP", "CSV", "CSW_SRVC", "DBF", "DOC", "DOCX", "DWG", "DXF", "EPUB", "GDB",
    "GEOJSON", "GIF", "GML", "GPKG", "GPX", "GRID", "GTFS", "GZIP", "HDF", "HTML", "ICS", "JPEG",
    "JSON", "JSON_LD", "KML", "KMZ", "LAS", "LAZ", "MDB", "MP3", "MP4", "NETCDF", "ODB", "ODP",
    "ODS", "ODT", "OWL", "PDF", "PNG", "PPT", "PPTX", "PSD", "RAR", "RDF", "RDF_N_TRIPLES",
    "RDF_TURTLE", "RDF_XML", "RSS", "RTF", "SHP", "SPARQLQ", "SQL", "SVG", "TAR", "TAR_GZ", "TIFF",
    "TSV", "TXT", "WCS_SRVC", "WFS_SRVC", "WMS_SRVC", "WMTS_SRVC", "XHTML", "XLS", "XLSX", "XML",
    "XSD", "XSLT", "ZIP",
})  # fmt: skip


def file_type_code(label: str) -> str:
    """The EU's file-type code for CKAN's format name, or nothing when there is none."""
    word = label.strip().upper()
    code = _CODES.get(word, word)
    return code if code in _KNOWN else ""
