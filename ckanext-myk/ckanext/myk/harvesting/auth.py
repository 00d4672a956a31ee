"""Who may manage a source: editors and administrators of its organisation, and sysadmins.

Nobody else sees a source's options, its contact or its errors.
"""

from __future__ import annotations

from typing import Any

from ckan import authz
from ckan.plugins import toolkit
from ckanext.myk.harvesting import book, model

_ALLOWED, _DENIED = {"success": True}, {"success": False}


def may_manage(user: str, org: str) -> bool:
    """Tell whether somebody may manage the sources of an organisation (name or id)."""
    if not user:
        return False
    if authz.is_sysadmin(user):
        return True
    return bool(org and authz.has_user_permission_for_group_or_org(org, user, "update_dataset"))


def _answer(allowed: bool) -> dict[str, Any]:
    if allowed:
        return dict(_ALLOWED)
    return {**_DENIED, "msg": toolkit._("You may not manage this source.")}


def _user(context: dict[str, Any]) -> str:
    return str(context.get("user") or "")


def _signed_in(context: dict[str, Any], _data: dict[str, Any]) -> dict[str, Any]:
    """Whoever is signed in: the answer holds what that person may manage."""
    return dict(_ALLOWED) if _user(context) else _answer(False)


def _of_source(context: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    found = book.entry(str(data.get("name") or ""))
    return _answer(bool(found) and may_manage(_user(context), found.org if found else ""))


def _of_organisation(context: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """For a new source: whoever may manage those of the organisation that is named."""
    return _answer(may_manage(_user(context), str(data.get("org") or "")))


def _of_changed_source(context: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """The organisation that has it, and the one that shall have it."""
    held = _of_source(context, data)
    return _of_organisation(context, data) if held["success"] and data.get("org") else held


def _check(context: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    if book.entry(str(data.get("name") or "")):
        return _of_changed_source(context, data)
    return _of_organisation(context, data)


def _of_run(context: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    found = model.run(str(data.get("id") or ""))
    return _of_source(context, {"name": found.source}) if found else _answer(False)


def _operator(_context: dict[str, Any], _data: dict[str, Any]) -> dict[str, Any]:
    """Sysadmins alone, whom CKAN does not ask: the process that harvests."""
    return _answer(False)


def functions() -> dict[str, Any]:
    """Return the auth functions by the name of the action."""
    out: dict[str, Any] = {
        "myk_harvest_kind_list": _signed_in,
        "myk_harvest_source_list": _signed_in,
        "myk_harvest_source_create": _of_organisation,
        "myk_harvest_source_update": _of_changed_source,
        "myk_harvest_source_check": _check,
        "myk_harvest_check_show": _signed_in,
        "myk_harvest_run_show": _of_run,
        "myk_harvest_run_begin": _operator,
        "myk_harvest_run_end": _operator,
    }
    for name in ("source_show", "source_delete", "source_run", "source_pause", "source_resume"):
        out[f"myk_harvest_{name}"] = _of_source
    out["myk_harvest_run_list"] = _of_source
    return out
