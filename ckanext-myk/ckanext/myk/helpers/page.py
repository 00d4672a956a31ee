"""This page: its address, languages, visitor and portal."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import flask
from ckan.plugins import toolkit
from ckanext.myk.helpers.texts import language


def this_page() -> str:
    """Return this page's address in the visitor's language, with its query."""
    query = urlencode(list(toolkit.request.args.items(multi=True)))
    return f"{page_address()}?{query}" if query else page_address()


def languages() -> list[dict[str, str]]:
    """Return the other languages of this page: code, name in itself, address of this page in it."""
    current = str(toolkit.h.lang())
    path = _path()
    query = urlencode(list(toolkit.request.args.items(multi=True)))
    out = []
    for offered in toolkit.h.get_available_locales():
        code = offered.short_name
        if code == current:
            continue
        # The default language has no prefix: each page has one address in each language.
        own = "default" if code == toolkit.config.get("ckan.locale_default") else code
        url = toolkit.h.url_for(path, locale=own)
        out.append(
            {
                "code": code.replace("_", "-"),
                "name": (offered.display_name or code).capitalize(),
                "url": f"{url}?{query}" if query else url,
            }
        )
    return out


def page_address() -> str:
    """Return this page's address in the visitor's language, without its query."""
    return str(toolkit.h.url_for(_path()))


def _path() -> str:
    """The path of this page, without language and query."""
    path = str(toolkit.request.environ.get("CKAN_CURRENT_URL", "/")).split("?")[0]
    # One slash: "//host/…" would be another site's address in a link.
    return "/" + quote(path.lstrip("/\\"))


def is_page() -> bool:
    """Say whether a page of the portal asks, not the API or a job."""
    pages = ("dataset", "organization", "group")
    return bool(flask.has_request_context()) and toolkit.request.blueprint in pages


def is_ours() -> bool:
    """Say whether the visitor is signed in (staff see tools that others do not need)."""
    return bool(toolkit.current_user.is_authenticated)


def logo() -> str:
    """Return the operator's logo; empty while CKAN's own stands there."""
    chosen = str(toolkit.config.get("ckan.site_logo") or "")
    return "" if "ckan-logo" in chosen else chosen


def site_title() -> str:
    """Return the portal's name in the visitor's language."""
    own = toolkit.config.get("ckanext.myk.site_title_en") if language() == "en" else ""
    return str(own or toolkit.config.get("ckan.site_title") or "CKAN")
