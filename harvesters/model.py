"""The few shapes that the whole pipeline shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from harvesters import schedule

DEFAULT_PRIORITY = 50


class SourceConfig(BaseModel):
    """One entry of ``config/sources.yaml``, or a path or URL of the command line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,98}$",
        description="short name, part of every record's provenance; never changed once in use",
    )
    type: str = Field(description="kind of source, as `myk harvest list` shows them")
    url: str | None = Field(None, description="address of the source")
    path: Path | None = Field(None, description="file or folder, relative to the project's folder")
    title: dict[str, str] = Field(
        default_factory=dict, description="shown name by language, {de: …, en: …}"
    )
    org: str | None = Field(
        None, description="CKAN organisation that owns the records; else found by their publisher"
    )
    contact: str | None = Field(
        None,
        pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$",
        description="e-mail address of who is told when it fails repeatedly, and when it is well",
    )
    gone_share: float = Field(
        0.2,
        ge=0,
        le=1,
        description="if more than this share of its records vanishes at once, none is marked or "
        "withdrawn, and the run says so",
    )
    enabled: bool = Field(True, description="part of `myk harvest run --all`")
    schedule: str | None = Field(
        None, description="when to harvest it by itself: a cron expression, in local time"
    )
    priority: int = Field(
        DEFAULT_PRIORITY,
        ge=0,
        le=100,
        description="of several sources with the same dataset the one with the highest has it",
    )
    pause: float = Field(
        0.0, ge=0, le=60, description="seconds between two requests to the same host"
    )
    cache: bool = Field(
        True,
        description="ask its server only for what has changed since the last run (ETag, "
        "Last-Modified), where the server can tell",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="options of this kind of source"
    )

    @field_validator("schedule")
    @classmethod
    def _cron(cls, given: str | None) -> str | None:
        return None if given is None else schedule.check(given)

    @model_validator(mode="after")
    def _one_location(self) -> SourceConfig:
        if (self.url is None) == (self.path is None):
            raise ValueError("needs either `url` or `path`, and not both")
        return self

    @property
    def location(self) -> str:
        """The address or path, for messages."""
        return self.url or str(self.path)

    def label(self, language: str = "de") -> str:
        """The title in ``language``, else any title, else the name."""
        return self.title.get(language) or next(iter(self.title.values()), self.name)


class Outcome(StrEnum):
    """What became of one record."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    GONE = "gone"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"
    SKIPPED = "skipped"


class Verdict(StrEnum):
    """What became of the run."""

    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(slots=True)
class RecordRef:
    """A record that a source has, before its content is fetched.

    ``identity`` is unique within the source and stays the same between runs; ``uri`` is the
    record's own IRI, if it has one; ``handle`` is whatever the source needs to fetch it.
    ``fingerprint`` changes whenever the record would: where the source can tell that cheaply, a
    record with the same one is neither fetched nor normalised. Empty: it cannot.
    """

    identity: str
    uri: str = ""
    handle: Any = None
    fingerprint: str = ""


@dataclass(slots=True)
class RawRecord:
    """What a source said about one record, in the source's own terms."""

    ref: RecordRef
    content: Any
    origin: CatalogueInfo | None = None


@dataclass(slots=True)
class CatalogueInfo:
    """The catalogue that a record comes from; names the organisation when nothing else does."""

    title: str = ""
    publisher_name: str = ""
    publisher_uri: str = ""


@dataclass(slots=True)
class LocalFile:
    """A file of the source that CKAN shall keep (an upload)."""

    path: Path
    sha256: str
    size: int


@dataclass(slots=True)
class Organisation:
    """The CKAN organisation that owns a record; made from these words if it does not exist."""

    name: str
    title: str = ""
    description: str = ""


@dataclass(slots=True)
class Record:
    """A normalised record, ready for CKAN.

    ``package`` is what ``package_create`` takes, without ``owner_org``, ``name`` and the
    ``harvest_*`` fields; ``slug`` the wished-for CKAN name; ``files`` the uploads by position in
    ``package["resources"]``; ``notes`` what could not be read as it should, in plain words;
    ``fingerprint`` that of its RecordRef.
    """

    identity: str
    package: dict[str, Any]
    slug: str
    organisation: Organisation
    uri: str = ""
    files: dict[int, LocalFile] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    fingerprint: str = ""


@dataclass(slots=True)
class RecordResult:
    """One line of a report."""

    identity: str
    outcome: Outcome
    title: str = ""
    name: str = ""
    reason: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """The truth about one run. ``error`` is set when the source itself failed."""

    source: str
    started: datetime
    finished: datetime | None = None
    dry_run: bool = False
    results: list[RecordResult] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: str = ""
    #: Records that vanished from the source, but too many at once to believe it.
    held_back: int = 0
    #: Whether something was in the way of seeing the whole source (a page that failed).
    cut_short: bool = False
    #: Whether the portal, and not the source, was why the run failed.
    portal_failed: bool = False
    #: Whether the run saw the whole source; an incremental or broken-off one did not.
    complete: bool = False

    def count(self, outcome: Outcome) -> int:
        """How many records ended with ``outcome``."""
        return sum(1 for result in self.results if result.outcome is outcome)

    @property
    def verdict(self) -> Verdict:
        """Failed if the source failed or no record came through.

        Partial if some failed, if not all could be seen, or if too many vanished at once.
        """
        if self.error:
            return Verdict.FAILED
        failed = self.count(Outcome.FAILED)
        if not failed:
            wanting = self.held_back or self.cut_short
            return Verdict.PARTIAL if wanting else Verdict.SUCCEEDED
        good = (Outcome.ADDED, Outcome.CHANGED, Outcome.UNCHANGED)
        return Verdict.PARTIAL if any(self.count(o) for o in good) else Verdict.FAILED


class Progress(Protocol):
    """Called after each record: how many are done, how many there are (None while unknown)."""

    def __call__(self, done: int, total: int | None) -> None:
        """Show it, or not."""


class Client(Protocol):
    """What is used of ``ckanapi.LocalCKAN`` and ``ckanapi.RemoteCKAN``.

    A client that shares one database session between calls (LocalCKAN) should also have a method
    ``rollback()``: it is called after a refused write, so that nothing half-written is saved with
    the next record. It may have ``create_together(packages)``, which creates many new records in
    one transaction: all of them, or none.
    """

    call_action: Callable[..., Any]
