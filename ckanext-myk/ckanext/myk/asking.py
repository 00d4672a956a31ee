"""Help with asking: suggestions, corrected questions, records about the same.

All of it comes from the search service, asked with the visitor's permission labels. It is help and
no more: when the service does not answer at once, the page does without, and nobody waits for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from ckan.authz import has_user_permission_for_some_org
from ckan.lib.plugins import get_permission_labels
from ckan.plugins import toolkit
from ckanext.myk import search_away
from ckanext.myk.helpers.filters import facet_label
from ckanext.myk.helpers.page import page_address
from ckanext.myk.helpers.records import type_name
from ckanext.myk.helpers.texts import by_name, plain_notes, text
from flask import Response, jsonify
from markupsafe import Markup
from werkzeug.routing import BuildError

from search.client import SearchClient, SearchRefused, SearchUnavailable

log = logging.getLogger(__name__)

#: Seconds that somebody who types, or who opens a page, waits for help.
_TYPING, _READING, _ANSWERING = 0.3, 1.0, 3.0

#: Nobody types further before he chooses; what is longer is a question to be sent.
_LONGEST = 200
_LINES, _SIMILAR = 8, 5
#: Passages that are asked for a page of results, and shown of one.
_PASSAGES, _OF_A_RECORD = 60, 2
#: Characters that a result's sentences may take together, unless the first is longer.
_ROOM = 300

#: Filters of the search page → parameters of the search service.
_FILTERS = {
    "organization": "org", "groups": "hub", "tags": "tag", "res_format": "format",
    "license_id": "license", "dataset_type": "type",
}  # fmt: skip


@lru_cache(maxsize=4)
def _client(url: str, token: str, timeout: float) -> SearchClient:
    return SearchClient(url, token, timeout=timeout)


def _asked(seconds: float, ask: Callable[[SearchClient, list[str]], Any]) -> Any:
    """Return what the service answers to this visitor; ``None`` when it does not, or refuses."""
    if search_away.known_away():
        return None
    config = toolkit.config
    url, token = str(config["ckanext.myk.search_url"]), str(config["ckanext.myk.search_token"])
    try:
        return ask(_client(url, token, seconds), _labels())
    except (SearchUnavailable, SearchRefused):
        # Not a word of what was asked: the service's log says why.
        log.info("the search service did not help with a question")
        return None


def _labels() -> list[str]:
    user = toolkit.current_user
    known = user if user.is_authenticated else None
    return list(get_permission_labels().get_user_dataset_labels(known))


# -- while typing --------------------------------------------------------------------------


def suggest() -> Response:
    """Answer the search box: lines to choose from, and what a screen reader says of them."""
    typed = toolkit.request.args.get("q", "").strip()[:_LONGEST]
    found = None
    if typed:
        found = _asked(
            _TYPING, lambda client, labels: client.suggest(typed, labels=labels, limit=_LINES)
        )
    lines = [line for line in map(_line, found or []) if line]
    said = toolkit.ungettext("%(num)s suggestion", "%(num)s suggestions", len(lines))
    response = jsonify(
        suggestions=lines, said=said % {"num": len(lines)} if lines else toolkit._("No suggestions")
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _line(suggestion: dict[str, Any]) -> dict[str, str] | None:
    kind, text, name = suggestion["kind"], suggestion["text"], suggestion["name"]
    url_parts = str(suggestion.get("url") or "").rstrip("/").split("/")
    shown = {
        "title": type_name(url_parts[-2] if len(url_parts) > 1 else "dataset"),
        "tag": toolkit._("Keyword"),
        "organisation": toolkit._("Publisher"),
        "place": toolkit._("Place"),
        "group": toolkit._("Hub"),
    }
    url = _address(kind, name, text, suggestion.get("url", ""))
    if not url or kind not in shown:
        return None
    if kind in ("organisation", "group"):
        text = facet_label("organization" if kind == "organisation" else "groups", name, text)
    count = suggestion.get("count")
    number = str(toolkit.h.localised_number(count)) if count else ""
    return {"text": text, "kind": kind, "label": shown[kind], "count": number, "url": url}


def _address(kind: str, name: str, text: str, url: str) -> str:
    link = toolkit.h.url_for
    if kind == "title":
        return record_address(url.rstrip("/").split("/")[-2] if "/" in url else "", name)
    if kind == "organisation":
        return str(link("organization.read", id=name))
    if kind == "group":
        return str(link("group.read", id=name))
    return str(link("dataset.search", **({"tags": name} if kind == "tag" else {"q": text})))


def record_address(kind: str, name: str) -> str:
    """Return the address of a record's page; empty when there is no page for its type."""
    try:
        return str(toolkit.h.url_for(f"{kind}.read", id=name))
    except BuildError:
        return ""


# -- on pages ------------------------------------------------------------------------------


def did_you_mean(
    text: str, fields: Iterable[tuple[str, str]] = (), page: int = 1
) -> dict[str, str] | None:
    """Return a better spelling of a question and its address, or nothing.

    The filters in force stay, if the service knows them all: what is proposed finds something.
    """
    if not text or page != 1:
        return None
    filters = _filters(fields)
    found = _asked(
        _READING,
        lambda client, labels: client.search(
            text, labels=labels, limit=0, mode="lexical", **(filters or {})
        ),
    )
    better = found["did_you_mean"] if found else None
    if not better:
        return None
    if filters is None:
        url = toolkit.h.url_for("dataset.search", q=better)
    else:
        url = toolkit.h.remove_url_param("q", replace=better, alternative_url=page_address())
    return {"text": better, "url": str(url)}


def _filters(fields: Iterable[tuple[str, str]]) -> dict[str, list[str]] | None:
    """Return what this page narrows a search down to; ``None`` when the service cannot."""
    out: dict[str, list[str]] = {}
    place, chosen = str(toolkit.request.blueprint or ""), list(fields)
    if place in ("organization", "group"):
        name = (toolkit.request.view_args or {}).get("id")
        if name not in by_name():
            return None
        chosen.append(("organization" if place == "organization" else "groups", str(name)))
    elif not toolkit.config.get("ckan.search.show_all_types"):
        out["type"] = [place]
    for name, value in chosen:
        if name not in _FILTERS:
            return None
        out.setdefault(_FILTERS[name], []).append(value)
    return out


def similar(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the records about the same that the visitor may see: as a list shows them."""
    if record.get("state") != "active":
        return []
    found = _asked(
        _READING,
        lambda client, labels: client.similar(record["id"], labels=labels, limit=_SIMILAR),
    )
    lines = []
    for one in found or []:
        url = record_address(one["type"], one["name"])
        publisher = one.get("organization") or ""
        if url:
            lines.append(
                {
                    "title": one["title"],
                    "url": url,
                    "publisher": facet_label("organization", publisher, publisher),
                }
            )
    return lines


def marks(records: Iterable[dict[str, Any]], question: str) -> dict[str, dict[str, Markup]]:
    """Return for each result's id its title, and the sentences that answer, with what matched.

    In the visitor's language, as the list shows them. ``text`` is missing where no sentence of the
    description has to do with the question.
    """
    listed = list(records)
    if not (question and listed):
        return {}
    shown = [(text(one, "title")[:1_000], plain_notes(one)[:20_000]) for one in listed[:100]]
    found = _asked(_READING, lambda client, _labels: client.highlights(question[:2_000], shown))
    out: dict[str, dict[str, Markup]] = {}
    for one, marked in zip(listed, found or [], strict=False):
        # The service escapes everything but its own <mark>.
        out[str(one["id"])] = {"title": Markup(marked["title"])}  # noqa: S704
        sentences = _short(marked["sentences"])
        if sentences:
            out[str(one["id"])]["text"] = Markup(sentences)  # noqa: S704
    return out


def passages(records: Iterable[dict[str, Any]], question: str) -> dict[str, list[dict[str, Any]]]:
    """Return for each result's id the passages of its files that answer, the best first.

    Each as a list shows it: ``html`` (sentences with what matched), ``where``, ``url``.
    """
    listed = {str(one["id"]): one for one in list(records)[:100]}
    if not (question and listed):
        return {}
    found = _asked(
        _READING,
        lambda client, labels: client.passages(
            question[:2_000], labels=labels, records=list(listed), limit=_PASSAGES
        ),
    )
    out: dict[str, list[dict[str, Any]]] = {}
    for one in found or []:
        kept = out.setdefault(one["record"], [])
        sentences = _short(one["highlights"])
        if sentences and len(kept) < _OF_A_RECORD:
            # The service escapes everything but its own <mark>.
            html = Markup(sentences)  # noqa: S704
            record = listed[one["record"]]
            kept.append({"html": html, "where": where(one, record), "url": place(one, record)})
    return out


def where(passage: dict[str, Any], record: dict[str, Any]) -> str:
    """Return where a passage stands, in words: file and page."""
    files = record.get("resources") or []
    named = [file for file in files if file.get("id") == passage["file"]]
    # The only file of a record is named by its record.
    name = str(named[0].get("name") or "") if named and len(files) > 1 else ""
    page = toolkit._("page {number}").format(number=passage["page"]) if passage["page"] else ""
    return ", ".join(filter(None, (name, page)))


def place(passage: dict[str, Any], record: dict[str, Any]) -> str:
    """Return the address of a passage: its file's page in the portal."""
    kind = str(record.get("type") or "dataset")
    try:
        url = toolkit.h.url_for(
            f"{kind}_resource.read", id=record["name"], resource_id=passage["file"]
        )
    except BuildError:
        return record_address(kind, str(record["name"]))
    return f"{url}?passage={passage['id']}#passage"


def passage(number: str, file: str) -> list[dict[str, Any]]:
    """Return a passage of a file with those around it, in their order; ``chosen`` is it."""
    if not number:
        return []
    found = _asked(_READING, lambda client, labels: client.passage(number, labels=labels, around=1))
    return [{**one, "chosen": one["id"] == number} for one in found or [] if one["file"] == file]


def answers(question: str) -> list[dict[str, Any]] | None:
    """Return the sentences that answer a question, each with its source; ``None``: not reached."""
    found = _asked(_ANSWERING, lambda client, labels: client.answer(question, labels=labels))
    if found is None:
        return None
    out = []
    for one in found:
        record = _record(one["passage"]["record"])
        if record is not None:
            out.append(
                {
                    # The service escapes everything but its own <mark>.
                    "html": Markup(one["html"]),  # noqa: S704
                    "before": one["before"],
                    "after": one["after"],
                    "record": record,
                    "where": where(one["passage"], record),
                    "headings": one["passage"]["headings"],
                    "url": place(one["passage"], record),
                }
            )
    return out


def _record(number: str) -> dict[str, Any] | None:
    """Return a record as the visitor may see it."""
    context = {"user": toolkit.current_user.name, "auth_user_obj": toolkit.current_user}
    try:
        return dict(toolkit.get_action("package_show")(context, {"id": number}))
    except (toolkit.ObjectNotFound, toolkit.NotAuthorized):
        return None


def _short(sentences: Iterable[str]) -> str:
    """Join as many sentences as a list has room for."""
    kept: list[str] = []
    for sentence in sentences:
        if kept and sum(map(len, kept)) + len(sentence) > _ROOM:
            break
        kept.append(sentence)
    return " … ".join(kept)


def why(records: Iterable[dict[str, Any]], text: str) -> dict[str, list[str]]:
    """Return for each result's id why it is one, in sentences: for members of a publisher alone."""
    ids = [str(record["id"]) for record in records]
    user = toolkit.current_user
    if not (text and ids and user.is_authenticated and _is_member(user)):
        return {}
    found = _asked(
        _READING,
        lambda client, labels: client.search(
            text, labels=labels, id=ids, limit=min(len(ids), 100), explain="true"
        ),
    )
    return {one["id"]: _reasons(one["why"]) for one in (found or {}).get("results", [])}


def _is_member(user: Any) -> bool:
    return bool(user.sysadmin or has_user_permission_for_some_org(user.name, "read"))


def _reasons(why: dict[str, Any]) -> list[str]:
    places = {
        "title": toolkit._("title"),
        "tags": toolkit._("keywords"),
        "organisation": toolkit._("publisher"),
        "groups": toolkit._("hubs"),
        "place": toolkit._("place"),
        "files": toolkit._("files"),
        "notes": toolkit._("description"),
        "name": toolkit._("address"),
    }
    words: dict[str, tuple[list[str], list[str]]] = {}
    for one in why["words"]:
        fields, written = words.setdefault(one["word"], ([], []))
        fields.append(places.get(one["field"], one["field"]))
        written.extend(word for word in one["written"] if word.lower() != one["word"].lower())
    lines = []
    for word, (fields, written) in words.items():
        named = ", ".join(fields)
        if written:
            forms = ", ".join(dict.fromkeys(written))
            line = toolkit._("“{word}”, there “{forms}”, in: {places}")
            lines.append(line.format(word=word, forms=forms, places=named))
        else:
            lines.append(toolkit._("“{word}” in: {places}").format(word=word, places=named))
    if not lines:
        lines.append(toolkit._("None of the words is in it"))
    if why["meaning"] is not None:
        near = toolkit._("Nearness in meaning: {percent} %")
        lines.append(near.format(percent=max(0, round(100 * why["meaning"]))))
    if why["score"] is not None:
        lines.append(
            toolkit._("Score: {score}").format(
                score=toolkit.h.localised_number(round(why["score"], 2))
            )
        )
    return lines


def all_helpers() -> dict[str, Callable[..., Any]]:
    """Return the helpers of this module under the names that templates use."""
    functions = (did_you_mean, marks, passage, passages, similar, why)
    return {f"myk_{function.__name__}": function for function in functions}
