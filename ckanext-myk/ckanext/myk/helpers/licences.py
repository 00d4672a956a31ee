"""Licences in words: what one may do."""

from __future__ import annotations

import re
from typing import Any

from ckan import model
from ckan.plugins import toolkit
from ckanext.myk.helpers.texts import language


def licence(licence_id: Any, title: Any = "", url: Any = "") -> dict[str, str]:
    """Return a licence in words: ``words`` (what one may do), its ``title`` and its ``url``."""
    entry = _licence_entry(str(licence_id or ""))
    name = entry.get(f"title_{language()}") or entry.get("title") or title or licence_id or ""
    return {
        "words": _permission(str(entry.get("id") or licence_id or ""), entry),
        "title": str(name),
        "url": str(entry.get("text_url") or entry.get("url") or url or ""),
    }


def _licence_entry(wanted: str) -> dict[str, Any]:
    """The register's entry for an id or, as files have it, a URI."""
    if not wanted:
        return {}
    register = model.Package.get_license_register()
    if wanted in register:
        return dict(register[wanted].license_dictize())
    folded = wanted.rstrip("/").casefold()
    for known in register.values():
        data = known.license_dictize()
        names = [data.get("url"), *(data.get("aliases") or [])]
        if folded in {str(name).rstrip("/").casefold() for name in names if name}:
            return dict(data)
    return {}


def _permission(licence_id: str, entry: dict[str, Any]) -> str:
    parts = set(re.split(r"[-_/.]", licence_id.lower()))
    if not licence_id:
        return toolkit._("No licence is given. Please ask the publisher before you use the data.")
    if not entry or parts & {"closed", "commercial", "freeware"}:
        return toolkit._("Use is restricted. Please ask the publisher.")
    if "nc" in parts:
        return toolkit._("Free to use for non-commercial purposes if you name the source.")
    if "nd" in parts:
        return toolkit._("Free to pass on unchanged if you name the source.")
    if parts & {"sa", "odbl", "gfdl", "gpl"}:
        return toolkit._(
            "Free to use if you name the source and share what you make under the same terms."
        )
    if parts & {"zero", "pddl", "odcpddl", "ccpdm", "officialwork", "pdm"}:
        return toolkit._("Free to use, without conditions.")
    if parts & {"by", "odby", "geonutz"}:
        return toolkit._("Free to use if you name the source.")
    return toolkit._("Free to use under the terms of its licence.")
