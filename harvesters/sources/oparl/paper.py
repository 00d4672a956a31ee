"""A paper of a council as a document: where it was discussed, by whom, with which result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from harvesters import eu
from harvesters.sources.oparl import files, words
from harvesters.sources.oparl.body import Body, place
from harvesters.sources.oparl.references import References
from harvesters.sources.oparl.values import address_of, day, is_deleted, is_web, many, moment
from harvesters.sources.portals.json_values import text
from harvesters.text import clean_line, web_address

#: More consultations than this in one paper are not taken.
_MOST = 500
_RELATED = ("relatedPaper", "superordinatedPaper", "subordinatedPaper")


@dataclass(slots=True)
class Stage:
    """One consultation, with what is known of its meeting and its place on the agenda."""

    values: dict[str, str]
    bodies: list[str]
    when: str  # for putting them in order
    authoritative: bool


@dataclass(slots=True)
class Paper:
    """A paper with all that it refers to."""

    data: dict[str, Any]
    body: Body
    stages: list[Stage] = field(default_factory=list)
    files: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    departments: list[str] = field(default_factory=list)
    places: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def complete(data: dict[str, Any], body: Body, references: References, *, people: bool) -> Paper:
    """Find what a paper refers to. Raises RecordError when that fails for now.

    ``people``: also the names of persons among the originators.
    """
    paper = Paper(data, body)
    given = many(data.get("consultation"))
    if len(given) > _MOST:
        paper.notes.append(f"more than {_MOST} consultations: the rest was left out")
    for entry in given[:_MOST]:
        found = references.consultation_of(entry)
        if found:
            paper.stages.append(_stage(found, references))
    paper.stages.sort(key=lambda stage: stage.when)
    for role in ("mainFile", "auxiliaryFile"):
        for entry in many(data.get(role))[: files.MOST + 1]:
            if found := references.reader.lookup(entry):
                paper.files.append((role, found))
    paper.authors = references.names_of(data.get("originatorOrganization"))
    if people:
        paper.authors += _people(data.get("originatorPerson"), references)
    paper.departments = references.names_of(data.get("underDirectionOf"))
    for entry in many(data.get("location")):
        found = references.reader.lookup(entry) if is_web(entry) else entry
        if found and (made := place(found)):
            paper.places.append(made)
    return paper


def _stage(item: dict[str, Any], references: References) -> Stage:
    given = item.get("meeting")
    meeting = references.meeting_of(given)
    # A meeting that is not shown does not show its agenda either.
    agenda = references.agenda_item_of(item.get("agendaItem"), ask=bool(meeting or not given))
    if agenda and not given:
        meeting = references.meeting_of(agenda.meeting)
    bodies = references.names_of(item.get("organization"))
    bodies = bodies or (list(meeting.bodies) if meeting else [])
    found = moment(meeting.start) if meeting else None
    values = {
        "date": day(meeting.start) if meeting else "",
        "body": ", ".join(bodies),
        "meeting": meeting.name if meeting else "",
        "meeting_uri": web_address(meeting.uri if meeting else address_of(item.get("meeting"))),
        "agenda_number": agenda.number if agenda else "",
        "agenda_uri": web_address(agenda.uri if agenda else address_of(item.get("agendaItem"))),
        "role": clean_line(text(item.get("role"))),
        "result": agenda.result if agenda else "",
        "resolution": agenda.resolution if agenda else "",
    }
    # Those without a day come last: they are still to be.
    when = found.isoformat() if found else "9"
    return Stage(values, bodies, when, item.get("authoritative") is True)


def _people(given: Any, references: References) -> list[str]:
    names = []
    for entry in many(given):
        found = references.reader.lookup(entry)
        if found and not is_deleted(found):
            names.append(clean_line(text(found.get("name"))))
    return list(dict.fromkeys(name for name in names if name))


def fields(paper: Paper) -> dict[str, Any]:
    """The paper in CKAN's words, those of a dataset and those of a document."""
    data, body = paper.data, paper.body
    paper_type = clean_line(text(data.get("paperType")))
    reference = clean_line(text(data.get("reference")))
    date = day(data.get("date"))
    licence = text(data.get("license")) or body.licence
    bodies = list(dict.fromkeys(name for stage in paper.stages for name in stage.bodies))
    outcome = _outcome(paper.stages)
    contacts = [{"name": name} for name in paper.departments]
    related = [address_of(one) for name in _RELATED for one in many(data.get(name))]
    return {
        "title": text(data.get("name")) or " ".join(filter(None, [paper_type, reference])),
        "notes": words.about_paper(
            paper_type, reference, date, paper.authors, paper.departments, bodies, outcome
        ),
        "tags": [{"name": word} for one in many(data.get("keyword")) if (word := text(one))],
        "license_id": licence,
        "publisher": [body.publisher] if body.publisher else [],
        "contact": [*contacts, *([body.contact] if body.contact else [])],
        "issued": date or text(data.get("created")),
        "modified": text(data.get("modified")),
        "language": ["de"],
        "url": text(data.get("web")),
        "identifier": address_of(data),
        "uri": web_address(address_of(data)),
        "spatial_coverage": paper.places or ([body.area] if body.area else []),
        "theme": [f"{eu.EU}data-theme/GOVE"],
        "related_resource": [one for one in related if one],
        "resources": files.resources(paper.files, licence, paper.notes),
        "document_kind": words.document_kind(paper_type),
        "document_date": date,
        "reference": reference,
        "bodies": bodies,
        "author": ", ".join(paper.authors),
        "outcome": outcome,
        "paper_type": paper_type,
    }


def consultations(paper: Paper) -> list[dict[str, str]]:
    """The way of the paper through the bodies, in the order of their meetings."""
    stages = ({k: v for k, v in stage.values.items() if v} for stage in paper.stages)
    return [stage for stage in stages if stage]


def _outcome(stages: list[Stage]) -> str:
    """The last result of the body that decides, else the last of any."""
    results = [stage for stage in stages if stage.values["result"]]
    deciding = [stage for stage in results if stage.authoritative] or results
    return deciding[-1].values["result"] if deciding else ""
