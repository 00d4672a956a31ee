"""What OParl objects refer to, by small maps: names, days, numbers and results, no whole objects.

Papers name their consultations, these a meeting and an item of its agenda, and all of them
organisations. The lists of meetings and organisations are read first, so that hardly anything has
to be asked for one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from harvesters.sources.oparl.reader import Reader
from harvesters.sources.oparl.values import (
    address_of,
    is_deleted,
    is_web,
    key,
    many,
)
from harvesters.sources.portals.json_values import text
from harvesters.text import clean_line, clean_text

#: A resolution longer than this is cut in the maps; the meeting's own record has all of it.
_RESOLUTION = 10_000


@dataclass(slots=True)
class Meeting:
    """What papers need of a meeting."""

    uri: str
    name: str
    start: str
    bodies: tuple[str, ...]


@dataclass(slots=True)
class AgendaItem:
    """What papers need of an item of an agenda; ``meeting`` is a reference."""

    uri: str
    number: str
    result: str
    resolution: str
    meeting: str


@dataclass(slots=True)
class References:
    """The maps of one run, and the way to what is not in them."""

    reader: Reader
    organisations: dict[str, str] = field(default_factory=dict)
    meetings: dict[str, Meeting] = field(default_factory=dict)
    agenda: dict[str, AgendaItem] = field(default_factory=dict)
    #: Which paper a consultation is about.
    papers: dict[str, str] = field(default_factory=dict)

    # -- filling ---------------------------------------------------------------------------------

    def note_organisation(self, item: dict[str, Any]) -> str:
        """Remember an organisation's name, and return it."""
        name = clean_line(text(item.get("name")) or text(item.get("shortName")))
        if (address := address_of(item)) and name:
            self.organisations[key(address)] = name
        return name

    def note_meeting(self, item: dict[str, Any]) -> None:
        """Remember a meeting and its agenda. Asks for nothing."""
        address = address_of(item)
        bodies = (self._known_name(one) for one in many(item.get("organization")))
        if address:
            self.meetings[key(address)] = Meeting(
                address,
                clean_line(text(item.get("name"))),
                text(item.get("start")),
                tuple(dict.fromkeys(name for name in bodies if name)),
            )
        for entry in many(item.get("agendaItem")):
            if isinstance(entry, dict) and not is_deleted(entry):
                self.note_agenda_item(entry, address)

    def note_agenda_item(self, item: dict[str, Any], meeting: str = "") -> AgendaItem:
        """Remember an item of an agenda, and return what is remembered."""
        made = AgendaItem(
            address_of(item),
            clean_line(text(item.get("number"))),
            clean_line(text(item.get("result"))),
            clean_text(text(item.get("resolutionText"))[:_RESOLUTION]),
            meeting or address_of(item.get("meeting")),
        )
        if made.uri:
            self.agenda[key(made.uri)] = made
        self.note_consultation(item.get("consultation"))
        return made

    def note_paper(self, item: dict[str, Any]) -> None:
        """Remember which consultations are about a paper."""
        if address := address_of(item):
            for entry in many(item.get("consultation")):
                if consultation := address_of(entry):
                    self.papers[key(consultation)] = address

    def note_consultation(self, item: Any) -> None:
        """Remember what a consultation that is not a mere reference is about."""
        if isinstance(item, dict) and address_of(item) and address_of(item.get("paper")):
            self.papers[key(address_of(item))] = address_of(item["paper"])

    # -- asking (RecordError where it fails for now) -----------------------------------------------

    def name_of(self, organisation: Any) -> str:
        """An organisation's name, or nothing."""
        if known := self._known_name(organisation):
            return known
        found = self._lookup(organisation)
        name = self.note_organisation(found) if found and not is_deleted(found) else ""
        if not name and isinstance(organisation, str) and not is_web(organisation):
            return clean_line(organisation)  # the name itself, where an address was expected
        return name

    def names_of(self, organisations: Any) -> list[str]:
        """The names of one or many organisations, each once."""
        names = (self.name_of(one) for one in many(organisations))
        return list(dict.fromkeys(name for name in names if name))

    def meeting_of(self, meeting: Any) -> Meeting | None:
        """What is known of a meeting."""
        address = address_of(meeting)
        if known := self.meetings.get(key(address)):
            return known
        found = self._lookup(meeting)
        if not found or is_deleted(found):
            return None
        self.note_meeting(found)
        return self.meetings.get(key(address_of(found)))

    def agenda_item_of(self, item: Any, *, ask: bool = True) -> AgendaItem | None:
        """What is known of an item of an agenda; ``ask``: look it up if nothing is."""
        if known := self.agenda.get(key(address_of(item))):
            return known
        found = self._lookup(item) if ask or isinstance(item, dict) else None
        return self.note_agenda_item(found) if found and not is_deleted(found) else None

    def consultation_of(self, consultation: Any) -> dict[str, Any] | None:
        """A consultation as an object."""
        found = self._lookup(consultation)
        if not found or is_deleted(found):
            return None
        self.note_consultation(found)
        return found

    def paper_of(self, consultation: Any) -> str:
        """The address of the paper that a consultation is about, or nothing."""
        self.note_consultation(consultation)
        address = address_of(consultation)
        if known := self.papers.get(key(address)):
            return known
        if isinstance(consultation, dict):
            return address_of(consultation.get("paper"))
        found = self.consultation_of(consultation)
        return address_of(found.get("paper")) if found else ""

    # -- parts -----------------------------------------------------------------------------------

    def _known_name(self, organisation: Any) -> str:
        if isinstance(organisation, dict):
            return self.note_organisation(organisation) or self.organisations.get(
                key(address_of(organisation)), ""
            )
        return self.organisations.get(key(address_of(organisation)), "")

    def _lookup(self, reference: Any) -> dict[str, Any] | None:
        if isinstance(reference, dict) and not reference.keys() - {"id", "type"}:
            reference = address_of(reference)  # an object that says no more than a reference
        return self.reader.lookup(reference)
