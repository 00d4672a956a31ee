"""The fields of a record, as ``ckanext-myk``'s dataset schema has them.

This room does not import the extension; the two lists are held together by a test. They also tell
ckanext-dcat's profiles, which ask for a ckanext-scheming schema, how to lay out what they read, so
that a catalogue is read the same way with and without a CKAN at hand.
"""

from __future__ import annotations

from typing import Any

# Lists of texts.
LISTS = frozenset({
    "theme", "other_theme", "political_geocoding_level_uri", "political_geocoding_uri", "language",
    "documentation", "legal_basis", "applicable_legislation", "hvd_category", "conforms_to",
    "references", "is_referenced_by", "related_resource", "source", "series", "has_version",
    "is_version_of", "alternate_identifier", "contributor_id", "harvest_keywords", "harvest_also",
})  # fmt: skip

_AGENT = ("name", "email", "url", "type", "identifier", "uri")

# Lists of objects, with the objects' fields.
OBJECTS: dict[str, tuple[str, ...]] = {
    "publisher": _AGENT,
    "creator": _AGENT,
    "originator": _AGENT,
    "custodian": _AGENT,
    "contributor": _AGENT,
    "contact": ("name", "email", "telephone", "address", "url", "identifier", "uri"),
    "attribution": ("name", "uri", "role"),
    "temporal_coverage": ("start", "end"),
    "spatial_coverage": ("text", "uri", "geom", "bbox", "centroid"),
    "qualified_relation": ("relation", "role", "uri"),
}

TEXTS = frozenset({
    "title", "notes", "title_en", "notes_en", "license_id", "access_rights", "issued", "modified",
    "frequency", "availability", "temporal_resolution", "geocoding_description",
    "spatial_resolution_in_meters", "url", "version", "version_notes", "provenance",
    "quality_process_uri", "dcat_type", "identifier", "uri",
})  # fmt: skip

PROVENANCE = frozenset({
    "harvest_source", "harvest_source_id", "harvest_source_url", "harvest_hash",
    "harvest_fingerprint", "harvested_at", "harvest_gone_since", "harvest_withdrawn",
    "harvest_unread",
})  # fmt: skip

# A document of an office or a council, and something that takes place. What they share with the
# dataset means the same.
_SHARED_TEXTS = frozenset({
    "title", "notes", "license_id", "issued", "modified", "url", "identifier", "uri",
})  # fmt: skip
_SHARED_LISTS = frozenset({
    "theme", "language", "related_resource", "bodies", "other_theme", "harvest_keywords",
    "harvest_also",
})  # fmt: skip

DOCUMENT_TEXTS = _SHARED_TEXTS | {
    "document_kind", "document_date", "reference", "author", "outcome", "valid_from", "valid_until",
    "geocoding_description", "paper_type",
}  # fmt: skip
DOCUMENT_LISTS = _SHARED_LISTS | {"references", "alternate_identifier"}
DOCUMENT_OBJECTS: dict[str, tuple[str, ...]] = {
    **{name: OBJECTS[name] for name in ("publisher", "contact", "spatial_coverage")},
    "consultations": (
        "date", "body", "meeting", "agenda_number", "role", "result", "resolution", "meeting_uri",
        "agenda_uri",
    ),
}  # fmt: skip

EVENT_TEXTS = _SHARED_TEXTS | {
    "event_kind", "start", "end", "event_status", "place_name", "place_address",
}  # fmt: skip
EVENT_LISTS = _SHARED_LISTS
EVENT_OBJECTS: dict[str, tuple[str, ...]] = {
    **{name: OBJECTS[name] for name in ("publisher", "contact", "spatial_coverage")},
    "agenda": ("number", "title", "public", "result", "resolution", "paper_uri", "uri"),
}

RESOURCE_LISTS = frozenset({
    "language", "documentation", "conforms_to", "applicable_legislation",
})  # fmt: skip
RESOURCE_TEXTS = frozenset({
    "url", "name", "description", "format", "license", "license_attribution_by_text", "issued",
    "modified", "availability", "status", "rights", "mimetype", "size", "compress_format",
    "package_format", "temporal_resolution", "spatial_resolution_in_meters", "hash",
    "hash_algorithm", "access_url", "download_url", "uri",
})  # fmt: skip
RESOURCE_OBJECTS: dict[str, tuple[str, ...]] = {
    "access_services": (
        "title", "endpoint_url", "endpoint_description", "description", "license",
        "access_rights", "conforms_to", "uri",
    ),
}  # fmt: skip


def scheming_schema() -> dict[str, Any]:
    """The same as a ckanext-scheming schema, as far as ckanext-dcat's profiles look at it."""
    return {
        "dataset_fields": _fields(TEXTS, LISTS, OBJECTS),
        "resource_fields": _fields(RESOURCE_TEXTS, RESOURCE_LISTS, RESOURCE_OBJECTS),
    }


def _fields(
    texts: frozenset[str], lists: frozenset[str], objects: dict[str, tuple[str, ...]]
) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = [{"field_name": name} for name in sorted(texts)]
    fields += [
        {"field_name": name, "validators": "ignore_missing scheming_multiple_text"}
        for name in sorted(lists)
    ]
    fields += [
        {
            "field_name": name,
            "repeating_subfields": [{"field_name": subfield} for subfield in subfields],
        }
        for name, subfields in objects.items()
    ]
    return fields
