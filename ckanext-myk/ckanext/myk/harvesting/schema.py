"""What may be entered for a source of the portal.

The same rules as for ``config/sources.yaml`` (``harvesters.config.check``), and a few more, since
here others than the operator enter it: an organisation that the person may edit, an address rather
than a file of the server, no priority over what the operator set up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ckan import authz
from ckan import model as ckan_model
from ckan.lib.munge import munge_title_to_name
from ckan.plugins import toolkit
from ckanext.myk.harvesting import book, forms, model, words

from harvesters import config
from harvesters.errors import ConfigError
from harvesters.model import DEFAULT_PRIORITY, SourceConfig
from harvesters.sources import registry

#: What ``myk_harvest_source_show`` adds to a source; given back, it is let pass.
STATE = frozenset(
    {
        "from_file", "paused", "state", "run_requested_at", "run_requested_by", "running",
        "last_run", "runs", "next_run", "created", "modified", "created_by", "problem", "records",
    }
)  # fmt: skip

_NAME_LENGTH = 60


def kinds() -> list[str]:
    """Return the kinds of sources that can be read from an address."""
    return [name for name in registry.names() if _takes_address(name)]


def _takes_address(kind: str) -> bool:
    try:
        # A kind that reads nothing but files of the server says so.
        return not registry.source_class(kind).local_only
    except (ConfigError, ImportError, AttributeError):
        return False


def validate(user: str, data: Mapping[str, Any], before: book.Entry | None = None) -> SourceConfig:
    """Return the source that was entered; ``before``: what it was, if it is changed.

    :raises toolkit.ValidationError: with all that is wrong, by field (``options.NAME``).
    """
    _ = toolkit._
    given = {key: value for key, value in data.items() if key not in STATE and value is not None}
    errors: dict[str, list[str]] = {}
    if given.pop("path", None):
        _say(errors, "url", _("A source of the portal has an address, not a file of the server."))
    if given.pop("enabled", True) in (False, "false", "False"):
        _say(errors, "enabled", _("Please pause the source instead."))
    given["name"] = before.name if before else _name(given)
    if before and given.get("type") not in (None, before.data.get("type")):
        _say(errors, "type", _("The kind of a source cannot be changed; please make a new one."))
    for key in ("type", "url", "org"):
        if not str(given.get(key) or "").strip():
            _say(errors, key, _("This is needed."))
            given.pop(key, None)
    if given.get("url"):
        given["url"] = str(given["url"]).strip()
        if not _is_address(given["url"]):
            _say(errors, "url", _("Please enter an address that begins with https:// or http://."))
    _organisation(errors, given)
    source, problems = config.check(given)
    for one in problems:
        key = ".".join(one.where[:2] if one.where[:1] == ("options",) else one.where[:1])
        if key and key not in errors:
            _say(errors, key, words.problem(one))
    if given.get("type") and "type" not in errors and given["type"] not in kinds():
        _say(errors, "type", _("This kind of source is for files of the server."))
    if source is not None:
        _priority(errors, user, source, before)
        _operators(errors, user, source, before)
    if before is None and "name" not in errors:
        _free(errors, str(given.get("name") or ""), str(given.get("org") or ""))
    if errors or source is None:
        raise toolkit.ValidationError(errors or {"name": [_("This source cannot be read.")]})
    return source


def stored(source: SourceConfig) -> dict[str, Any]:
    """Return what is kept of a source: what differs from the defaults."""
    kept: dict[str, Any] = source.model_dump(mode="json", exclude_defaults=True)
    options = registry.source_class(source.type).options_type.model_validate(source.options)
    kept["options"] = options.model_dump(mode="json", exclude_defaults=True)
    return {key: value for key, value in kept.items() if value not in (None, {}, "")}


def _say(errors: dict[str, list[str]], key: str, text: Any) -> None:
    errors.setdefault(key, []).append(str(text))


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in url
    except ValueError:
        return False


def _name(given: Mapping[str, Any]) -> str:
    """Return the name that was entered, else a free one made from the title."""
    if str(given.get("name") or "").strip():
        return str(given["name"]).strip()
    title = given.get("title")
    texts = [str(text) for text in title.values() if text] if isinstance(title, dict) else []
    made = munge_title_to_name(texts[0])[:_NAME_LENGTH].strip("-_") if texts else ""
    if not made:
        return ""
    taken = book.entries()
    number, name = 1, made
    while name in taken or model.row(name) is not None or model.is_known(name):
        number += 1
        name = f"{made}-{number}"
    return name


def _organisation(errors: dict[str, list[str]], given: dict[str, Any]) -> None:
    """Put the organisation's name in place of its id, or say that there is none."""
    if not given.get("org"):
        return
    group = ckan_model.Group.get(str(given["org"]))
    if group is None or not group.is_organization or group.state != "active":
        _say(errors, "org", toolkit._("There is no such publisher in the portal."))
    else:
        given["org"] = group.name


def _priority(
    errors: dict[str, list[str]], user: str, source: SourceConfig, before: book.Entry | None
) -> None:
    """Only sysadmins may let a source take records from others; what they set may stay."""
    most = max(DEFAULT_PRIORITY, int(before.data.get("priority") or 0) if before else 0)
    if source.priority > most and not authz.is_sysadmin(user):
        text = toolkit._("Please enter at most {limit}; only administrators may set more.")
        _say(errors, "priority", str(text).format(limit=most))


def _operators(
    errors: dict[str, list[str]], user: str, source: SourceConfig, before: book.Entry | None
) -> None:
    """Let nobody but sysadmins use what reaches into the server, such as the name of a password.

    Nor change a source that uses it: another address would get to know the password.
    """
    if authz.is_sysadmin(user):
        return
    held = (before.data.get("options") or {}) if before else {}
    for one in forms.option_fields(source.type):
        if one.for_operators and (source.options.get(one.name) or held.get(one.name)):
            text = toolkit._("Only administrators may set this, or change a source that has it.")
            _say(errors, f"options.{one.name}", text)


def _free(errors: dict[str, list[str]], name: str, org: str) -> None:
    """See to it that a new source takes over neither records nor runs of another one."""
    if not name:
        return
    taken = book.entry(name) is not None or model.is_known(name)
    if taken or _owners(name) - {org}:
        _say(errors, "name", toolkit._("This name is in use already; please choose another one."))


def _owners(name: str) -> set[str]:
    """Return the organisations that have records of a source of this name."""
    found = toolkit.get_action("package_search")(
        {"ignore_auth": True},
        {
            "fq": f'harvest_source:"{name}"', "rows": 0, "facet.field": ["organization"],
            "facet.limit": -1, "include_private": True, "include_drafts": True,
            "include_deleted": True,
        },
    )  # fmt: skip
    owners = set(found["facets"].get("organization", {}))
    return owners or ({""} if found["count"] else set())
