"""Texts of records and groups in the visitor's language."""

from __future__ import annotations

import html
import re
from typing import Any

import nh3
from ckan import model
from ckan.plugins import toolkit
from markupsafe import Markup

_SENTENCE = re.compile(r"(.+?[^\W\d_]{2}[)»“\"]?[.!?…])\s+(?=[A-ZÄÖÜ„»(\"])", re.DOTALL)

#: Languages as the EU's vocabulary writes them in a record's field ``language``.
_CODES = {
    "deu": "de", "ger": "de", "eng": "en", "fra": "fr", "fre": "fr", "nld": "nl", "dut": "nl",
    "ltz": "lb", "ukr": "uk", "tur": "tr", "ara": "ar", "pol": "pl", "rus": "ru",
}  # fmt: skip


def language() -> str:
    """Return the visitor's language, two letters."""
    return str(toolkit.h.lang()).split("_")[0]


def text(record: dict[str, Any], field: str) -> str:
    """Return a text of a record, organisation or hub in the visitor's language, else as it is.

    Texts in other languages stand beside the German one, as ``title_en``: as a field of a dataset,
    as an extra of an organisation or hub.
    """
    wanted = f"{field}_{language()}"
    value = record.get(wanted) or extra(record, wanted)
    if not value and field == "title":
        return str(record.get("title") or record.get("display_name") or record.get("name") or "")
    return str(value or record.get(field) or extra(record, field) or "")


def extra(record: dict[str, Any], key: str) -> str:
    """Return an extra of an organisation or hub, or an empty text."""
    extras = record.get("extras") or []
    if isinstance(extras, dict):
        return str(extras.get(key) or "")
    for item in extras:
        if isinstance(item, dict) and item.get("key") == key:
            return str(item.get("value") or "")
    return ""


def lang(record: dict[str, Any], field: str = "") -> Markup:
    """Return the attribute ``lang`` for a text that is not in the visitor's language, else nothing.

    Without a field: for what has no translations, such as the names of the record's files.
    """
    own = language()
    translated = field and (record.get(f"{field}_{own}") or extra(record, f"{field}_{own}"))
    spoken = own if translated else _language_of(record)
    return Markup("") if spoken == own else Markup(' lang="{}"').format(spoken)


def _language_of(record: dict[str, Any]) -> str:
    """The language that a record says it is in; the portal's, where it says none or several."""
    named = record.get("language") or []
    named = [named] if isinstance(named, str) else named
    if len(named) == 1:
        code = str(named[0]).rstrip("/").rsplit("/", 1)[-1].lower()
        code = _CODES.get(code, code)
        if re.fullmatch("[a-z]{2}", code):
            return code
    return str(toolkit.config.get("ckan.locale_default") or "de").split("_")[0]


def by_name() -> dict[str, dict[str, Any]]:
    """Return all active organisations and hubs with their extras, read once per request.

    Straight from the table: CKAN's listing actions read every extra and count of every group, which
    is too slow for something that every page shows. Names and titles of groups are public in CKAN.
    """
    found: dict[str, dict[str, Any]] | None = getattr(toolkit.g, "myk_groups", None)
    if found is None:
        columns = (
            model.Group.name,
            model.Group.title,
            model.Group.description,
            model.Group.extras,
            model.Group.is_organization,
        )
        rows = model.Session.query(*columns).filter(model.Group.state == "active")
        found = {
            name: {
                "name": name,
                "title": title or name,
                "description": description or "",
                "extras": dict(extras or {}),
                "is_organization": bool(is_organization),
            }
            for name, title, description, extras, is_organization in rows
        }
        toolkit.g.myk_groups = found
    return found


def plain_notes(record: dict[str, Any]) -> str:
    """Return a description as it reads: without Markdown, on one line."""
    extracted = toolkit.h.markdown_extract(text(record, "notes"), 0)
    return " ".join(html.unescape(str(extracted)).split())


def summary(record: dict[str, Any], length: int = 220) -> str:
    """Return the first sentence of a description as plain text, cut at a word if it is long."""
    plain = plain_notes(record)
    sentence = _SENTENCE.match(plain)
    if sentence and len(sentence[1]) > 30:
        plain = sentence[1]
    if len(plain) <= length:
        return plain
    return plain[:length].rsplit(" ", 1)[0].rstrip(",;:–- ") + " …"


def markdown(source: Any) -> Markup:
    """Render a record's description: CKAN's safe Markdown, and no pictures.

    A picture would be fetched from wherever the record says, by everyone who reads it.
    """
    rendered = str(toolkit.h.render_markdown(str(source or "")))
    return Markup(nh3.clean(rendered, tags=nh3.ALLOWED_TAGS - {"img"}))  # noqa: S704 (just cleaned)
