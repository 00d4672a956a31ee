"""What the home page shows: hubs, newest records, publishers, a question to begin with."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from ckan.lib.search import SearchError
from ckan.lib.search.common import SolrConnectionError
from ckan.plugins import toolkit
from ckanext.myk.helpers.filters import NEWEST_FIRST
from ckanext.myk.helpers.texts import by_name, extra, language

log = logging.getLogger(__name__)

#: The keyword of records that are made up for trying out.
SAMPLE_KEYWORD = "Musterdaten"

_NEWEST = 6
_ORDER = ("landkreis", "kreisfreie_stadt", "stadt", "gemeinde", "verbandsgemeinde")


def hubs() -> list[dict[str, Any]]:
    """Return the hubs, in the order of the operator's list where there is one."""
    order = _configured_order()
    found = [group for group in by_name().values() if not group["is_organization"]]
    return sorted(found, key=lambda hub: (order.get(hub["name"], len(order)), hub["title"]))


def publishers() -> list[dict[str, Any]]:
    """Return the region's members: the district first, then towns, then the others by name.

    Publishers that came with harvested records and belong to no region are left out, unless there
    are no others.
    """
    found = [group for group in by_name().values() if group["is_organization"]]
    members = [group for group in found if group["extras"].get("kind")]
    return sorted(members or found, key=_rank)


def in_order(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return organisations or hubs in the order of the home page, then the others."""
    known = [group["name"] for group in (*hubs(), *publishers())]
    place = {name: number for number, name in enumerate(known)}
    return sorted(groups, key=lambda group: place.get(group["name"], len(place)))


def _rank(publisher: dict[str, Any]) -> tuple[int, str]:
    kind = publisher["extras"].get("kind", "")
    place = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return place, _sortable(publisher["extras"].get("short") or publisher["title"])


def _sortable(name: str) -> str:
    folded = name.casefold()
    for umlaut, plain in (("ä", "a"), ("ö", "o"), ("ü", "u"), ("ß", "ss")):
        folded = folded.replace(umlaut, plain)
    return folded


def publisher_kind(publisher: dict[str, Any]) -> str:
    """Return what kind of body a publisher is, in words."""
    kind = extra(publisher, "kind")
    words = {
        "landkreis": toolkit._("District"),
        "kreisfreie_stadt": toolkit._("City"),
        "stadt": toolkit._("Town"),
        "gemeinde": toolkit._("Municipality"),
        "verbandsgemeinde": toolkit._("Union of municipalities"),
    }
    return words.get(kind, kind.replace("_", " ").capitalize())


def _configured_order() -> dict[str, int]:
    """Places of the hubs in ``hubs.yaml``; nothing where it cannot be read."""
    path = _config_folder() / "hubs.yaml"
    try:
        return _order_in(path, path.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}


@lru_cache(maxsize=4)
def _order_in(path: Path, _changed: int) -> dict[str, int]:
    listed = yaml.safe_load(path.read_text("utf-8"))
    names = [hub.get("name") for hub in listed or [] if isinstance(hub, dict)]
    return {str(name): place for place, name in enumerate(names)}


def _config_folder() -> Path:
    return Path(str(toolkit.config.get("ckanext.myk.config_folder") or "config"))


def page_text(name: str) -> str:
    """Return an operator's text (Markdown) from ``pages/NAME.LANGUAGE.md``; empty if there is none.

    A page that exists in German only is shown in German to everyone: better than nothing.
    """
    folder = _config_folder() / "pages"
    for code in dict.fromkeys((language(), str(toolkit.config.get("ckan.locale_default", "de")))):
        try:
            return (folder / f"{name}.{code}.md").read_text("utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError):
            log.exception("cannot read %s", folder / f"{name}.{code}.md")
    return ""


def content() -> dict[str, Any]:
    """Return what the home page needs; without search it shows the rest."""
    context = {"user": toolkit.current_user.name}
    try:
        search = toolkit.get_action("package_search")
        # One search brings the numbers beside hubs and publishers, and that of sample records.
        counted = search(
            dict(context),
            {"rows": 0, "facet.field": ["organization", "groups", "tags"], "facet.limit": 500},
        )
        newest = _newest(search, context)
        question = _question(search, context)
    except (SearchError, SolrConnectionError, toolkit.ValidationError):
        log.warning("the home page does without the search service")
        return {"count": None, "counts": {}, "publishers_count": 0, "newest": [], "samples": 0}
    counts = {
        name: number
        for facet in ("organization", "groups")
        for name, number in counted["facets"].get(facet, {}).items()
    }
    return {
        "count": counted["count"],
        "counts": counts,
        "publishers_count": len(counted["facets"].get("organization", {})),
        "newest": newest,
        "question": question,
        "samples": counted["facets"].get("tags", {}).get(SAMPLE_KEYWORD, 0),
        "sample_keyword": SAMPLE_KEYWORD,
    }


def _newest(search: Any, context: dict[str, Any]) -> list[dict[str, Any]]:
    found = search(dict(context), {"rows": _NEWEST, "sort": NEWEST_FIRST})["results"]
    return list(found)


def _question(search: Any, context: dict[str, Any]) -> str:
    """Today's example question, of those that the catalogue can answer."""
    questions = _questions()
    if not questions:
        return ""
    start = datetime.now(UTC).timetuple().tm_yday % len(questions)
    for question in questions[start:] + questions[:start]:
        if search(dict(context), {"q": question.rstrip("?"), "rows": 0})["count"]:
            return question
    return ""


def _questions() -> list[str]:
    option = f"ckanext.myk.questions_{'de' if language() == 'de' else 'en'}"
    own = str(toolkit.config.get(option) or "")
    given = [line.strip() for line in re.split(r"[\n|]", own) if line.strip()]
    return given or [
        toolkit._("Where are playgrounds?"),
        toolkit._("When does the bus run?"),
        toolkit._("Where can I charge an electric car?"),
        toolkit._("Where can I hire a room?"),
        toolkit._("How high is the dog tax?"),
    ]


def all_helpers() -> dict[str, Callable[..., Any]]:
    """Return the helpers of this module under the names that templates use."""
    functions = (hubs, in_order, page_text, publisher_kind, publishers)
    return {f"myk_{function.__name__}": function for function in functions}
