"""What the templates ask, each concern in a module of its own; this is the registry of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckanext.myk.helpers.dates import day, happens, period, when
from ckanext.myk.helpers.files import (
    file_action,
    file_kind,
    formats,
    host,
    short_address,
    size,
)
from ckanext.myk.helpers.filters import active_filters, facet_label, facets, sort_links, theme
from ckanext.myk.helpers.licences import licence
from ckanext.myk.helpers.page import is_ours, languages, logo, site_title, this_page
from ckanext.myk.helpers.records import choice, details, kind
from ckanext.myk.helpers.texts import extra, lang, language, markdown, summary, text


def all_helpers() -> dict[str, Callable[..., Any]]:
    """Return the helpers under the names that templates use."""
    functions = (
        active_filters, choice, day, details, extra, facet_label, facets, file_action, file_kind,
        formats, happens, host, is_ours, kind, lang, language, languages, licence, logo, markdown,
        period, short_address, site_title, size, sort_links, summary, text, theme, this_page, when,
    )  # fmt: skip
    return {f"myk_{function.__name__}": function for function in functions}
