"""The form of a kind of source, made from what the kind says of its options."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ckan.plugins import toolkit
from ckanext.myk.harvesting import words

from harvesters.model import SourceConfig
from harvesters.sources import registry

#: Fields of a source that the form shows by itself, in words of its own.
OWN = {"name", "type", "url", "path", "title", "org", "enabled", "options", "schedule", "contact"}

#: Times to choose from: cron expression → words.
_NIGHTLY = "30 3 * * *"


@dataclass(frozen=True)
class Field:
    """One field: ``key`` in the form, ``widget`` (text, number, yesno, lines, choice, choices)."""

    key: str
    name: str
    label: str
    widget: str
    choices: tuple[str, ...] = ()
    default: Any = None
    least: float | None = None
    most: float | None = None
    whole: bool = False
    required: bool = False
    for_operators: bool = False


def schedules() -> list[tuple[str, str]]:
    """Return the times that most sources are read at: cron expression and words."""
    _ = toolkit._
    return [
        ("", str(_("not by itself"))),
        ("0 * * * *", str(_("every hour"))),
        ("0 */6 * * *", str(_("every six hours"))),
        (_NIGHTLY, str(_("every night"))),
        ("30 3 * * 1", str(_("every week, on Monday night"))),
        ("30 3 1 * *", str(_("every month, on the first"))),
    ]


def kind(name: str) -> dict[str, Any]:
    """Return a kind of source: name, summary, and its options as JSON schema."""
    cls = registry.source_class(name)
    return {
        "name": name,
        "summary": cls.summary,
        "options": cls.options_type.model_json_schema(),
    }


def option_fields(kind_name: str) -> list[Field]:
    """Return the fields of a kind's options."""
    return _fields(registry.source_class(kind_name).options_type.model_json_schema(), "option-")


def further_fields() -> list[Field]:
    """Return the fields of what every source has beside its options."""
    schema = SourceConfig.model_json_schema()
    schema["properties"] = {k: v for k, v in schema["properties"].items() if k not in OWN}
    return _fields(schema, "")


def _fields(schema: dict[str, Any], prefix: str) -> list[Field]:
    defs, needed = schema.get("$defs", {}), set(schema.get("required", ()))
    return [
        _field(name, prefix, _plain(part, defs), name in needed)
        for name, part in schema.get("properties", {}).items()
    ]


def _plain(part: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """Return a property without references, and without the "or nothing" of optional ones."""
    if "$ref" in part:
        part = {**defs.get(part["$ref"].rsplit("/", 1)[-1], {}), **part}
    several = [one for one in part.get("anyOf", ()) if one.get("type") != "null"]
    if several:
        part = {**_plain(several[0], defs), **{k: v for k, v in part.items() if k != "anyOf"}}
    if "items" in part:
        part = {**part, "items": _plain(part["items"], defs)}
    return part


def _field(name: str, prefix: str, part: dict[str, Any], required: bool) -> Field:
    type_, items = part.get("type"), part.get("items") or {}
    choices = part.get("enum") or ([part["const"]] if "const" in part else items.get("enum")) or ()
    if type_ == "array":
        widget = "choices" if choices else "lines"
    elif choices:
        widget = "choice"
    elif type_ == "object":
        widget = "json"
    else:
        plain = {"boolean": "yesno", "integer": "number", "number": "number"}
        widget = plain.get(str(type_), "text")
    return Field(
        prefix + name,
        name,
        words.sentence(str(part.get("description") or name.replace("_", " "))),
        widget,
        tuple(str(choice) for choice in choices),
        part.get("default"),
        part.get("minimum", part.get("exclusiveMinimum")),
        part.get("maximum", part.get("exclusiveMaximum")),
        type_ == "integer",
        required,
        bool(part.get("for_operators")),
    )


# -- what was entered ------------------------------------------------------------------------------


def read(form: Mapping[str, Any], lists: Any, kind_name: str) -> dict[str, Any]:
    """Return the source that a form holds, to be validated.

    ``form``: the first value of each field, ``lists``: a function that returns all of them.
    """
    data: dict[str, Any] = {
        key: str(form.get(key) or "").strip()
        for key in ("name", "url", "org", "contact")
        if str(form.get(key) or "").strip()
    }
    data["type"] = kind_name
    data["title"] = {
        language: text
        for language in ("de", "en")
        if (text := str(form.get(f"title-{language}") or "").strip())
    }
    chosen = str(form.get("schedule") or "")
    own = str(form.get("schedule-own") or "").strip()
    if chosen == "own":
        data["schedule"] = own
    elif chosen:
        data["schedule"] = chosen
    for one in further_fields():
        _put(data, one, form, lists)
    options: dict[str, Any] = {}
    for one in option_fields(kind_name):
        _put(options, one, form, lists)
    data["options"] = options
    return data


def _put(target: dict[str, Any], one: Field, form: Mapping[str, Any], lists: Any) -> None:
    """Put what was entered into ``target``; an empty field is left out (the default counts)."""
    text = str(form.get(one.key) or "").strip()
    if one.widget == "yesno":
        target[one.name] = bool(text)
    elif one.widget == "choices":
        target[one.name] = [str(value) for value in lists(one.key)]
    elif one.widget == "lines":
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if lines or one.default:
            target[one.name] = lines
    elif not text:
        return
    elif one.widget == "number":
        target[one.name] = _number(text)
    elif one.widget == "json":
        try:
            target[one.name] = json.loads(text)
        except ValueError:
            target[one.name] = text
    else:
        target[one.name] = text


def _number(text: str) -> Any:
    """Return a number as Germans and others write it; what is none is left to the validation."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return text
    return int(value) if value.is_integer() else value
