from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harvesters import eu, shape
from myk.stack import ckan_ini

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = ROOT / "ckanext-myk" / "ckanext" / "myk" / "schemas"
PRESETS = {
    preset["preset_name"]: preset["values"]
    for preset in yaml.safe_load((SCHEMAS / "presets.yaml").read_text())["presets"]
}
TYPES = ("dataset", "document", "event")


def _schema(name: str) -> dict[str, Any]:
    """A type's schema, with the portal's own presets filled in as ckanext-scheming does."""
    schema: dict[str, Any] = yaml.safe_load((SCHEMAS / f"{name}.yaml").read_text())
    for part in ("dataset_fields", "resource_fields"):
        schema[part] = [PRESETS.get(one.get("preset", ""), {}) | one for one in schema[part]]
    return schema


# CKAN's own, which the harvester sets in other ways than as a field.
CORE = {"dataset_fields": {"name", "tag_string", "owner_org"}, "resource_fields": set()}


def _fields(part: str, name: str = "dataset") -> dict[str, dict[str, Any]]:
    return {field["field_name"]: field for field in _schema(name)[part]}


def _all() -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in TYPES:
        for part in ("dataset_fields", "resource_fields"):
            for field in _schema(kind)[part]:
                yield f"{kind}.{part}.{field['field_name']}", field
                for subfield in field.get("repeating_subfields", []):
                    name = f"{kind}.{part}.{field['field_name']}.{subfield['field_name']}"
                    yield name, subfield


def test_every_type_is_known_to_the_stack() -> None:
    assert ckan_ini.TYPES == TYPES
    assert {path.stem for path in SCHEMAS.glob("*.yaml")} == {*TYPES, "presets"}
    for name in TYPES:
        assert _schema(name)["dataset_type"] == name
        named = [field["field_name"] for field in _schema(name)["dataset_fields"]]
        assert len(named) == len(set(named))


@pytest.mark.parametrize(
    ("name", "part", "texts", "lists", "objects"),
    [
        (
            "dataset",
            "dataset_fields",
            shape.TEXTS | shape.PROVENANCE,
            shape.LISTS,
            shape.OBJECTS,
        ),
        (
            "document",
            "dataset_fields",
            shape.DOCUMENT_TEXTS | shape.PROVENANCE,
            shape.DOCUMENT_LISTS,
            shape.DOCUMENT_OBJECTS,
        ),
        (
            "event",
            "dataset_fields",
            shape.EVENT_TEXTS | shape.PROVENANCE,
            shape.EVENT_LISTS,
            shape.EVENT_OBJECTS,
        ),
        *(
            (
                name,
                "resource_fields",
                shape.RESOURCE_TEXTS,
                shape.RESOURCE_LISTS,
                shape.RESOURCE_OBJECTS,
            )
            for name in TYPES
        ),
    ],
)
def test_the_harvester_knows_the_same_fields(
    name: str,
    part: str,
    texts: frozenset[str],
    lists: frozenset[str],
    objects: dict[str, tuple[str, ...]],
) -> None:
    fields = _fields(part, name)
    is_list = {
        name
        for name, field in fields.items()
        if "scheming_multiple_text" in field.get("validators", "")
    }
    nested = {
        name: {subfield["field_name"] for subfield in field["repeating_subfields"]}
        for name, field in fields.items()
        if "repeating_subfields" in field
    }
    assert is_list == lists
    assert nested == {name: set(subfields) for name, subfields in objects.items()}
    assert set(fields) - is_list - set(nested) - CORE[part] == texts


def test_labels_and_help_in_both_languages() -> None:
    for name, field in _all():
        texts = [field["label"]]
        texts += [field[key] for key in ("help_text", "repeating_label") if key in field]
        texts += [choice["label"] for choice in field.get("choices", [])]
        for text in texts:
            assert set(text) == {"de", "en"}, (name, text)
            assert text["de"].strip(), name
            assert text["en"].strip(), name


def test_plain_german() -> None:
    for name, field in _all():
        german = json.dumps([field["label"], field.get("help_text")], ensure_ascii=False)
        for word in ("Ressource", "Du ", "Metadatum", "Distribution"):
            assert word not in german, name


def test_the_thirteen_themes() -> None:
    choices = {choice["value"] for choice in _fields("dataset_fields")["theme"]["choices"]}
    assert choices == eu.THEMES


def test_choices_are_what_the_harvester_makes() -> None:
    fields = _fields("dataset_fields")
    for field, vocabulary in (
        ("frequency", "frequency"),
        ("access_rights", "access-right"),
        ("availability", "planned-availability"),
        ("language", "language"),
    ):
        for choice in fields[field]["choices"]:
            assert eu.vocabulary_uri(vocabulary, choice["value"]) == choice["value"]


def test_hidden_fields_survive_an_edit() -> None:
    for name, field in _all():
        hidden = "form_snippet" in field and field["form_snippet"] is None
        # mimetype and size are CKAN's own to find out.
        if hidden and not name.endswith((".mimetype", ".size")):
            assert field["validators"].startswith("myk_keep"), name


def test_only_the_portals_own_validators_are_new() -> None:
    known = {"myk_keep", "myk_web_address"}
    used = {
        word
        for _name, field in _all()
        for word in field.get("validators", "").split()
        if word.startswith("myk_")
    }
    assert used == known


def test_the_licence_list() -> None:
    licences = json.loads((ROOT / "config" / "licenses.json").read_text())
    ids = [licence["id"] for licence in licences]
    assert len(ids) == len(set(ids))
    assert {"dl-zero-de-2.0", "dl-by-de-2.0", "cc-zero", "cc-by-4.0", "other-closed"} <= set(ids)
    for licence in licences:
        assert licence["url"].startswith("http://dcat-ap.de/def/licenses/")
        assert licence["title"]
        assert licence["title_en"]
        assert licence["status"] == "active"
    choices = {c["value"] for c in _fields("resource_fields")["license"]["choices"]}
    assert choices == {licence["url"] for licence in licences}
