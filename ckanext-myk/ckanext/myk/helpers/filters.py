"""Filters, counts and sort orders of a search page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ckan.plugins import toolkit
from ckanext.myk.helpers.licences import licence
from ckanext.myk.helpers.page import page_address
from ckanext.myk.helpers.records import choice, type_name
from ckanext.myk.helpers.texts import by_name, text

#: The order in which pages list records when nobody asks for another.
NEWEST_FIRST = "current_date desc, metadata_modified desc"


def facet_label(facet: str, value: str, shown: str = "") -> str:
    """Return a value of a filter in words."""
    if facet == "dataset_type":
        return type_name(value)
    if facet == "theme":
        return theme(value)
    if facet in ("license_id", "res_license"):
        return licence(value)["title"] or shown or value
    if facet in ("organization", "groups"):
        known = by_name().get(value)
        return text(known, "title") if known else shown or value
    return shown or value


def theme(uri: Any) -> str:
    """Return the name of an EU theme, from the schema's choices; else the address's last part."""
    return choice("dataset", "theme", uri) or str(uri or "").rstrip("/").rsplit("/", 1)[-1]


def facets(titles: dict[str, str], found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the filters of a search page, with counts and addresses, active values first."""
    out = []
    for name, title in titles.items():
        if toolkit.h.get_facet_items_dict(name, found or {}):
            items = [_facet_item(name, item) for item in _items(name, found or {})]
            items.sort(key=lambda item: (not item["active"], -item["count"], item["label"].lower()))
            out.append(
                {
                    "name": name,
                    "title": title,
                    "items": items,
                    "active": any(item["active"] for item in items),
                    "more": _more(name, found or {}),
                }
            )
    return out


def _items(name: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = toolkit.h.get_facet_items_dict(name, found)
    # An active value must stay removable, even where it is not among the most frequent.
    shown = {item["name"] for item in items}
    for item in found.get(name, {}).get("items", []):
        if item["name"] not in shown and item["name"] in toolkit.request.args.getlist(name):
            items.append({**item, "active": True})
    return items


def _facet_item(facet: str, item: dict[str, Any]) -> dict[str, Any]:
    active = bool(item.get("active"))
    here = page_address()
    if active:
        url = toolkit.h.remove_url_param(facet, item["name"], alternative_url=here)
    else:
        url = toolkit.h.add_url_param(new_params={facet: item["name"]}, alternative_url=here)
    return {
        "label": facet_label(facet, item["name"], item.get("display_name", "")),
        "count": int(item.get("count", 0)),
        "active": active,
        "url": url,
    }


def _more(name: str, found: dict[str, Any]) -> dict[str, str] | None:
    parameter = f"_{name}_limit"
    here = page_address()
    if toolkit.h.has_more_facets(name, found):
        url = toolkit.h.remove_url_param(parameter, replace="0", alternative_url=here)
        return {"url": f"{url}#filter-{name}", "label": toolkit._("Show all")}
    if parameter in toolkit.request.args:
        url = toolkit.h.remove_url_param(parameter, alternative_url=here)
        return {"url": f"{url}#filter-{name}", "label": toolkit._("Show fewer")}
    return None


def active_filters(
    fields: Iterable[tuple[str, str]], titles: dict[str, str], found: dict[str, Any] | None
) -> list[dict[str, str]]:
    """Return the filters in force: what they are and the address without each."""
    out = []
    for name, value in fields:
        items = (found or {}).get(name, {}).get("items", [])
        shown = next((item["display_name"] for item in items if item["name"] == value), "")
        out.append(
            {
                "facet": str(titles.get(name, name)),
                "label": facet_label(name, value, shown),
                "url": toolkit.h.remove_url_param(name, value, alternative_url=page_address()),
            }
        )
    return out


def sort_links(chosen: str | None, query: str | None) -> list[dict[str, Any]]:
    """Return the sort orders of a search page; by relevance only where there are words."""
    orders = [
        (toolkit._("Best match"), "score desc, metadata_modified desc"),
        (toolkit._("Newest first"), NEWEST_FIRST),
        (toolkit._("A to Z"), "title_string asc"),
    ]
    if not query:
        orders = orders[1:]
    current = toolkit.request.args.get("sort") or chosen or ""
    known = [value for _label, value in orders]
    return [
        {
            "label": label,
            "url": toolkit.h.remove_url_param(
                "sort", replace=value, alternative_url=page_address()
            ),
            "active": value == current or (current not in known and value == known[0]),
        }
        for label, value in orders
    ]
