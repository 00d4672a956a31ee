"""What kind of record it is, and which of its fields are shown where."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit

#: Fields of the file page and the dataset page that stand elsewhere on it.
SHOWN_ELSEWHERE = frozenset(
    {
        "title", "name", "notes", "title_en", "notes_en", "tag_string", "owner_org", "license_id",
        "contact", "url", "description", "format", "license", "license_attribution_by_text",
        "issued", "modified", "size", "temporal_coverage",
        "document_kind", "document_date", "reference", "outcome", "valid_from", "valid_until",
        "event_kind", "start", "end", "event_status", "place_name", "place_address", "bodies",
        "agenda", "consultations",
    }
)  # fmt: skip

#: Fields for machines and editors: below, behind a disclosure.
TECHNICAL = frozenset(
    {
        "identifier", "alternate_identifier", "contributor_id", "uri", "other_theme", "dcat_type",
        "political_geocoding_level_uri", "political_geocoding_uri", "hash", "hash_algorithm",
        "mimetype", "compress_format", "package_format", "conforms_to", "status", "access_url",
        "download_url", "quality_process_uri", "version_notes", "spatial_coverage",
        "spatial_resolution_in_meters", "temporal_resolution", "applicable_legislation",
        "hvd_category", "language", "harvest_source", "harvest_source_id", "harvest_source_url",
        "harvested_at", "harvest_hash", "harvest_fingerprint", "harvest_gone_since",
        "harvest_withdrawn", "paper_type",
        "harvest_keywords", "harvest_unread", "harvest_also",
        "access_services", "qualified_relation", "attribution",
    }
)  # fmt: skip


def kind(record: dict[str, Any]) -> str:
    """Return what kind of record it is, in a word: what its type is, or the nearer kind of it."""
    name = str(record.get("type") or "dataset")
    nearer = record.get(f"{name}_kind")
    return (choice(name, f"{name}_kind", nearer) if nearer else "") or type_name(name)


def type_name(name: str) -> str:
    """Return a type of records in a word."""
    words = {
        "dataset": toolkit._("Dataset"),
        "document": toolkit._("Document"),
        "event": toolkit._("Event"),
    }
    return words.get(name) or name.replace("_", " ").capitalize()


def choice(record_type: str, field_name: str, value: Any) -> str:
    """Return the words for a value of a field with choices; empty if it is none of them."""
    schema = toolkit.h.scheming_get_dataset_schema(record_type) or {}
    for field in schema.get("dataset_fields", []):
        if field.get("field_name") == field_name:
            for offered in field.get("choices") or []:
                if offered.get("value") == value:
                    return str(toolkit.h.scheming_language_text(offered.get("label")))
    return ""


def details(record: dict[str, Any], fields: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Sort the schema's fields that this record fills into ``main`` and ``technical``."""
    out: dict[str, list[Any]] = {"main": [], "technical": []}
    for field in fields:
        name = field["field_name"]
        if (
            name in SHOWN_ELSEWHERE
            or field.get("display_snippet", "") is None
            or not _filled(record.get(name))
        ):
            continue
        out["technical" if name in TECHNICAL else "main"].append(field)
    return out


def _filled(value: Any) -> bool:
    if isinstance(value, list):
        return any(_filled(item) for item in value)
    if isinstance(value, dict):
        return any(_filled(item) for item in value.values())
    return value not in (None, "")
