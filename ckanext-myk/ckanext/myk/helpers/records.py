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
        "harvested_at", "harvest_hash", "harvest_gone_since", "harvest_withdrawn",
        "harvest_keywords", "harvest_unread", "harvest_also",
        "access_services", "qualified_relation", "attribution",
    }
)  # fmt: skip


def kind(record: dict[str, Any]) -> str:
    """Return what kind of record it is, in a word."""
    words = {"dataset": toolkit._("Dataset")}
    name = str(record.get("type") or "dataset")
    return words.get(name) or name.replace("_", " ").capitalize()


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
