"""OParl 1.0 and 1.1: the papers and meetings of councils, in full or what changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Any, ClassVar, Literal

from pydantic import Field

from harvesters import normalise, shape
from harvesters.errors import ConfigError, RecordError, SourceError
from harvesters.model import CatalogueInfo, RawRecord, Record, RecordRef
from harvesters.sources import documents
from harvesters.sources.base import Options, Source
from harvesters.sources.oparl import body as bodies
from harvesters.sources.oparl import meeting as meetings
from harvesters.sources.oparl import paper as papers
from harvesters.sources.oparl.body import Body
from harvesters.sources.oparl.reader import Reader
from harvesters.sources.oparl.references import References
from harvesters.sources.oparl.values import (
    address_of,
    changed_since,
    is_deleted,
    is_web,
    key,
    many,
)
from harvesters.sources.portals.json_values import text
from harvesters.sources.problems import Problems
from harvesters.text import web_address
from harvesters.weight import MOST, too_large

# Clocks differ, and some servers write times without a zone or days alone.
_OVERLAP = timedelta(days=1)
_EVENT = (
    shape.EVENT_TEXTS
    | shape.EVENT_LISTS
    | shape.EVENT_OBJECTS.keys()
    | {"tags", "groups", "resources", "harvest_unread"}
)

Kind = Literal["paper", "meeting"]


class OparlOptions(Options):
    """Options of an OParl source."""

    bodies: list[str] = Field(
        default_factory=list,
        description="read only these bodies (their ids, names, short names or official keys)",
    )
    meetings: bool = Field(True, description="also the meetings, as events")
    people: bool = Field(
        False, description="also the names of persons among the originators (personal data)"
    )
    license: str = Field(
        "", description="licence, an id or address of config/licenses.json; else the server's own"
    )
    full_every: int = Field(
        7,
        ge=0,
        le=365,
        description="days after which all is read again; in between only what changed (0: always)",
    )
    max_pages: int = Field(10_000, ge=1, description="stop after so many pages of one list")
    max_lookups: int = Field(
        2_000,
        ge=0,
        description="so many objects that others only refer to are asked for one by one",
    )


@dataclass(slots=True)
class _Handle:
    kind: Kind
    body: Body
    data: dict[str, Any] | str  # a text says why it cannot be had


class OparlSource(Source[OparlOptions]):
    """Papers as documents, meetings as events; known by the ids that the server gives them."""

    name: ClassVar[str] = "oparl"
    summary: ClassVar[str] = "Council information system (OParl 1.0, 1.1): papers and meetings"
    options_type: ClassVar[type[Options]] = OparlOptions

    _references: References
    _window: datetime | None
    _total: int | None = None

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """A System, a Body or a list of bodies."""
        return bodies.is_oparl(head)

    @property
    def total(self) -> int | None:
        """How many papers and meetings the server announced so far."""
        return self._total

    # -- discover --------------------------------------------------------------------------------

    def discover(self) -> Iterator[RecordRef]:
        """Papers, then meetings, of one body after the other; each once."""
        self._begin()
        reader = self._references.reader
        self._problems = Problems()
        self._taken: set[str] = set()
        self._errors: list[SourceError] = []
        for body in bodies.read(reader, self.options.bodies, self.options.license):
            yield from self._body(body)
        if reader.left_out:
            self._problems.say(
                f"{reader.left_out} references were not followed (option max_lookups: "
                f"{self.options.max_lookups})"
            )
        self.warnings += self._problems.notes()
        if self._errors:  # last of all: what could be read counts
            self.warnings += [str(error) for error in self._errors[1:]]
            raise self._errors[0]

    def _begin(self) -> None:
        """Decide what is read, and with what."""
        if not self.config.url or not web_address(self.config.url):
            raise ConfigError(
                f"source `{self.config.name}`: type {self.name} needs `url`, the address of the "
                "System, of a Body or of the bodies' list."
            )
        self._window = None
        age = datetime.now(UTC) - self.since if self.since else None
        if age is not None and age < timedelta(days=self.options.full_every):
            assert self.since is not None  # noqa: S101 - its age is known
            self._window = self.since - _OVERLAP
        self.incremental = self._window is not None
        self.complete = not self.incremental
        reader = Reader(
            self.fetcher,
            self.config.url,
            self.options.max_pages,
            self.options.max_lookups,
            self.cut,
            self.warnings,
            strict=self.incremental,
        )
        self._references = References(reader)

    def _body(self, body: Body) -> Iterator[RecordRef]:
        """The records of one body; a list that cannot be read at all is noted as an error."""
        self._organisations(body)
        with TemporaryFile("w+", encoding="utf-8") as spool:
            try:
                self._read_meetings(body, spool)
            except SourceError as error:
                self._cannot(body, "meetings", error)
            try:
                yield from self._papers(body)
            except SourceError as error:
                self._cannot(body, "papers", error)
            if self.incremental:
                yield from self._touched_papers(body, spool)
            if self.options.meetings:
                for data in _lines(spool):
                    yield from self._ref("meeting", body, data)

    def _organisations(self, body: Body) -> None:
        """All names at once; they are few, and change without those who refer to them."""
        try:
            for page in self._references.reader.pages(
                body.list_of("organization"), "organizations"
            ):
                for item in page.items:
                    if isinstance(item, dict) and not is_deleted(item):
                        self._references.note_organisation(item)
        except SourceError as error:
            self._problems.say(f"organizations of {body.name} could not be read: {error}")

    def _read_meetings(self, body: Body, spool: IO[str]) -> None:
        """Remember what papers need of the meetings; set the rest aside until papers are known."""
        for data in self._objects("meeting", body):
            if isinstance(data, str):
                self._problems.add("meetings that cannot be had", data)
                self.complete = False
                continue
            self._references.note_meeting(data)
            try:
                spool.write(json.dumps(data, ensure_ascii=False) + "\n")
            except RecursionError:
                self._problems.add("meetings that are nested too deeply", address_of(data))

    def _papers(self, body: Body) -> Iterator[RecordRef]:
        if "paper" not in body.data:
            self.cut(f"{body.name or body.uri} names no list of papers")
            return
        for data in self._objects("paper", body):
            if isinstance(data, dict):
                self._references.note_paper(data)
            yield from self._ref("paper", body, data)

    def _touched_papers(self, body: Body, spool: IO[str]) -> Iterator[RecordRef]:
        """Papers whose meeting changed: the server need not count that as a change of theirs."""
        reader = self._references.reader
        for data in _lines(spool):
            for item in many(data.get("agendaItem")):
                try:
                    found = reader.lookup(item) or {}
                    uri = self._references.paper_of(found.get("consultation"))
                    if not is_web(uri) or self._identity(uri) in self._taken:
                        continue
                    paper = reader.lookup(uri)
                except RecordError as error:
                    self._problems.say(f"papers of changed meetings were not all read: {error}")
                    return
                if paper and is_deleted(paper):
                    self._is_gone("paper", paper)
                elif paper:
                    yield from self._ref("paper", body, paper)

    def _objects(self, kind: Kind, body: Body) -> Iterator[dict[str, Any] | str]:
        """The objects of a list, without those that did not change.

        A text stands for one that cannot be had, and says why.
        """
        reader = self._references.reader
        announced = False
        for page in reader.pages(body.list_of(kind), f"{kind}s", self._window):
            if not announced and page.total is not None:
                self._total, announced = (self._total or 0) + page.total, True
            for entry in page.items:
                try:
                    item = reader.object(entry) if is_web(entry) else entry
                except SourceError as error:
                    yield f"{entry}: {error}"
                    continue
                if not isinstance(item, dict):
                    yield f"an entry of the list is no {kind}: {str(item)[:200]}"
                elif too_large(item):
                    yield f"{address_of(item)}: more than {MOST / 1e6:.0f} million characters"
                elif self._window is None or changed_since(item, self._window):
                    if is_deleted(item):
                        self._is_gone(kind, item)
                    else:
                        yield item

    def _is_gone(self, kind: Kind, item: dict[str, Any]) -> None:
        if address := address_of(item):
            self.gone.add(self._identity(address))
        else:
            self._problems.add(f"deleted {kind}s without an id", text(item.get("name")))

    def _ref(self, kind: Kind, body: Body, data: dict[str, Any] | str) -> Iterator[RecordRef]:
        """What is yielded for one object: nothing where it came before."""
        if isinstance(data, str):
            self.complete = False  # which one it was is not known
            identity, uri = f"unreadable:{key(data.split(': ')[0])}"[:300], ""
        else:
            uri = address_of(data)
            identity = self._identity(uri) or _makeshift(kind, data)
            if not uri:
                self._problems.add(f"{kind}s without an id", identity)
        if not identity:
            self.complete = False
        elif identity in self._taken:
            self._problems.add("objects that come twice", identity)
        else:
            self._taken.add(identity)
            yield RecordRef(identity, web_address(uri), _Handle(kind, body, data))

    def _identity(self, address: str) -> str:
        """The id as it stays when a server changes from http to https."""
        return re.sub(r"(?i)^http://", "https://", address)

    def _cannot(self, body: Body, what: str, error: SourceError) -> None:
        text = f"{what} of {body.name or body.uri} could not be read: {error}"
        if what == "meetings" and not self.options.meetings:
            self._problems.say(text)  # what papers need of them is asked for one by one
            return
        self.complete = False
        hint = " (option meetings: false reads only papers)" if what == "meetings" else ""
        self._errors.append(SourceError(text + hint))

    # -- fetch, normalise ------------------------------------------------------------------------

    def fetch(self, ref: RecordRef) -> RawRecord:
        """Find what the object refers to; mostly it is known already."""
        handle: _Handle = ref.handle
        if isinstance(handle.data, str):
            raise RecordError(handle.data[:300])
        found: papers.Paper | meetings.Meeting
        if handle.kind == "paper":
            found = papers.complete(
                handle.data, handle.body, self._references, people=self.options.people
            )
        else:
            found = meetings.complete(handle.data, handle.body, self._references)
        return RawRecord(ref, found)

    def normalise(self, raw: RawRecord) -> Record:
        """A document or an event."""
        origin = CatalogueInfo(publisher_name=raw.content.body.name)
        if isinstance(raw.content, papers.Paper):
            made = papers.fields(raw.content)
            record = documents.record(self, raw.ref, made, raw.content.notes, origin)
            if stages := papers.consultations(raw.content):
                record.package["consultations"] = stages
            return record
        own = meetings.own_fields(raw.content)
        fields = meetings.fields(raw.content)
        record = normalise.record(raw.ref, fields, self.vocabulary, raw.content.notes)
        shared = {name: value for name, value in record.package.items() if name in _EVENT}
        record.package = {**shared, **own, "type": "event"}
        record.organisation = normalise.organisation(record, self.config, origin, self.vocabulary)
        return record


def _makeshift(kind: Kind, data: dict[str, Any]) -> str:
    """What identifies an object whose server gave it no id."""
    names = ("reference", "name", "date") if kind == "paper" else ("name", "start")
    said = " ".join(filter(None, (text(data.get(name)) for name in names)))
    return f"{kind}:{said}"[:300] if said else ""


def _lines(spool: IO[str]) -> Iterator[dict[str, Any]]:
    """The objects that were set aside."""
    spool.seek(0)
    for line in spool:
        yield json.loads(line)
