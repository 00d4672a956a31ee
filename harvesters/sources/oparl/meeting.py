"""A meeting of a council or committee as an event, with its agenda and its papers' addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from harvesters import eu
from harvesters.sources.oparl import files, words
from harvesters.sources.oparl.body import Body, address_line, place
from harvesters.sources.oparl.references import References
from harvesters.sources.oparl.values import (
    address_of,
    day,
    german_day,
    is_deleted,
    is_web,
    many,
    moment,
)
from harvesters.sources.portals.json_values import text
from harvesters.text import clean_line, clean_text, web_address

#: More items than this on one agenda are not taken.
_MOST = 1_000


@dataclass(slots=True)
class Meeting:
    """A meeting with all that it refers to."""

    data: dict[str, Any]
    body: Body
    agenda: list[dict[str, str]] = field(default_factory=list)
    files: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    location: Any = None
    notes: list[str] = field(default_factory=list)


def complete(data: dict[str, Any], body: Body, references: References) -> Meeting:
    """Find what a meeting refers to. Raises RecordError when that fails for now."""
    meeting = Meeting(data, body, bodies=references.names_of(data.get("organization")))
    for role in ("invitation", "resultsProtocol", "verbatimProtocol", "auxiliaryFile"):
        _add_files(meeting, role, data.get(role), references)
    given = many(data.get("agendaItem"))
    if len(given) > _MOST:
        meeting.notes.append(f"more than {_MOST} items on the agenda: the rest was left out")
    found = [references.reader.lookup(entry) for entry in given[:_MOST]]
    items = [item for item in found if item and not is_deleted(item)]
    for item in sorted(items, key=_order):
        meeting.agenda.append(_agenda_item(item, references))
        _add_files(meeting, "resolutionFile", item.get("resolutionFile"), references)
        _add_files(meeting, "agendaFile", item.get("auxiliaryFile"), references)
    place_given: Any = next(iter(many(data.get("location"))), None)
    if is_web(place_given):
        place_given = references.reader.lookup(place_given)
    meeting.location = place_given
    return meeting


def _add_files(meeting: Meeting, role: str, given: Any, references: References) -> None:
    for entry in many(given)[: files.MOST + 1]:
        if found := references.reader.lookup(entry):
            meeting.files.append((role, found))


def _order(item: dict[str, Any]) -> int:
    order = item.get("order")
    return order if isinstance(order, int) else 0


def _agenda_item(item: dict[str, Any], references: References) -> dict[str, str]:
    public = item.get("public")
    consultation = item.get("consultation")
    values = {
        "number": clean_line(text(item.get("number"))),
        "title": clean_line(text(item.get("name"))),
        "public": str(public).lower() if isinstance(public, bool) else "",
        "result": clean_line(text(item.get("result"))),
        "resolution": clean_text(text(item.get("resolutionText"))),
        "paper_uri": web_address(references.paper_of(consultation)) if consultation else "",
        "uri": web_address(address_of(item)),
    }
    return {name: value for name, value in values.items() if value}


def fields(meeting: Meeting) -> dict[str, Any]:
    """The meeting in CKAN's words, as far as a dataset has the same fields."""
    data, body = meeting.data, meeting.body
    licence = text(data.get("license")) or body.licence
    where = place(meeting.location)
    date = day(data.get("start"))
    return {
        "title": _title(meeting, date),
        "notes": words.about_meeting(
            meeting.bodies, date, where.get("text", ""), len(meeting.agenda)
        ),
        "tags": [{"name": word} for one in many(data.get("keyword")) if (word := text(one))],
        "license_id": licence,
        "publisher": [body.publisher] if body.publisher else [],
        "contact": [body.contact] if body.contact else [],
        "issued": text(data.get("created")),
        "modified": text(data.get("modified")),
        "language": ["de"],
        "url": text(data.get("web")),
        "identifier": address_of(data),
        "uri": web_address(address_of(data)),
        "spatial_coverage": [where] if where.get("geom") else [body.area] if body.area else [],
        "theme": [f"{eu.EU}data-theme/GOVE"],
        "resources": files.resources(meeting.files, licence, meeting.notes),
    }


def own_fields(meeting: Meeting) -> dict[str, Any]:
    """What an event has and a dataset has not."""
    data = meeting.data
    start, end = (_time(data, name, meeting.notes) for name in ("start", "end"))
    results = any(item.get("result") for item in meeting.agenda)
    held = bool(results or many(data.get("resultsProtocol")) or many(data.get("verbatimProtocol")))
    cancelled = data.get("cancelled") is True
    values = {
        "event_kind": "meeting",
        "start": start,
        "end": end,
        "event_status": words.event_status(
            text(data.get("meetingState")), cancelled=cancelled, has_protocol=held
        ),
        **_place(meeting.location),
        "bodies": meeting.bodies,
        "agenda": meeting.agenda,
    }
    return {name: value for name, value in values.items() if value}


def _time(data: dict[str, Any], name: str, notes: list[str]) -> str:
    said = text(data.get(name))
    found = moment(said)
    if said and not found:
        notes.append(f"{name} not readable as a time: {said}"[:300])
    return found.isoformat() if found else ""


def _title(meeting: Meeting, date: str) -> str:
    """The meeting's name; with its day where nothing in it tells it from the next one."""
    name = clean_line(text(meeting.data.get("name"))) or ", ".join(meeting.bodies) or "Sitzung"
    return name if not date or re.search(r"\d", name) else f"{name}, {german_day(date)}"


def _place(location: Any) -> dict[str, str]:
    if isinstance(location, str):
        return {"place_name": clean_line(location)}
    if not isinstance(location, dict):
        return {}
    names = (clean_line(text(location.get(name))) for name in ("room", "description"))
    address = address_line(location)
    return {
        "place_name": ", ".join(dict.fromkeys(name for name in names if name)),
        "place_address": address,
    }
