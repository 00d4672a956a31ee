"""Validators that the dataset schema names; the plugin registers the dictionary at the end."""

from __future__ import annotations

import re
from typing import Any

from ckan.plugins import toolkit

_ADDRESS = re.compile(r"(?i)^(https?|ftps?)://[^\s/?#]+|^(mailto|tel):[^\s]+$|^/[^/]")


def myk_web_address(value: Any) -> Any:
    """Refuse what a browser would not open safely as a link (``javascript:``, ``data:`` …).

    Empty values pass. Raises Invalid otherwise.
    """
    if value and not _ADDRESS.match(str(value).strip()):
        raise toolkit.Invalid(
            toolkit._("This is not a web address. It should begin with https:// or http://")
        )
    return value


def myk_keep(key: tuple[Any, ...], data: dict[Any, Any], errors: Any, context: Any) -> None:
    """Keep the stored value of a hidden field that an update does not mention.

    The form does not show these fields, and CKAN's update drops what is not sent: without this,
    a member of staff who corrects a title would cut the record from its source. An empty value that
    *is* sent clears the field.
    """
    if data.get(key) is not toolkit.missing and key in data:
        return
    package = context.get("package")
    if package is None:
        return
    if len(key) == 1:
        stored = (package.extras or {}).get(key[0])
    else:
        stored = _of_resource(package, data.get((*key[:-1], "id")), key[-1])
    if stored not in (None, ""):
        data[key] = stored


def _of_resource(package: Any, resource_id: Any, name: str) -> Any:
    for resource in package.resources:
        if resource.id == resource_id:
            core = getattr(resource, name, None)
            return core if core else (resource.extras or {}).get(name)
    return None


myk_validators = {"myk_web_address": myk_web_address, "myk_keep": myk_keep}
