"""Discover, fetch, normalise, write: one run of one source.

States of a run: *reading the portal* → *record after record* → *marking what is gone* → done.
It ends early when the source cannot be read (the report's ``error``), or when the portal has
refused so many records in a row that it is plainly away: then the rest is reported as failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from harvesters.errors import (
    HarvestError,
    PortalError,
    PortalUnavailableError,
    SourceError,
    Stopped,
)
from harvesters.model import Outcome, Progress, Record, RecordRef, RecordResult, Report
from harvesters.portal import Portal
from harvesters.sources.base import Source
from harvesters.twins import Twins
from harvesters.writer import Writer

#: So many records in a row that the portal did not take, each after patient retries, end the run.
GIVE_UP_AFTER = 3


class Pipeline:
    """One run. ``progress`` is called after each record.

    ``accept_gone``: records may vanish however many they are. ``priorities``: of the other sources,
    by name.
    """

    def __init__(
        self,
        source: Source[Any],
        portal: Portal,
        *,
        dry_run: bool = False,
        accept_gone: bool = False,
        priorities: Mapping[str, int] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._source = source
        self._portal = portal
        twins = Twins(portal, source.config, priorities or {})
        self._writer = Writer(portal, source.config.name, twins, dry_run=dry_run)
        self._accept_gone = accept_gone
        self._progress = progress
        self._report = Report(source.config.name, datetime.now(UTC), dry_run=dry_run)
        self._refused = 0  # records in a row
        self._seen: set[str] = set()

    def run(self) -> Report:
        """Run to the end; never raises for what a source, a record or the portal does wrong."""
        report = self._report
        try:
            self._writer.prepare()
            self._records()
            self._gone()
        except PortalUnavailableError as error:
            report.error = f"{error}; is the portal running? (myk status)"
        except HarvestError as error:
            report.error = str(error)
        except Stopped:
            report.error = "it was stopped before its end; the next run goes on where it was"
        report.warnings += self._source.warnings
        report.finished = datetime.now(UTC)
        return report

    # -- records ---------------------------------------------------------------------------------

    def _records(self) -> None:
        for ref in self._discovered():
            if self._refused >= GIVE_UP_AFTER:
                self._add(_failed(ref, "not tried: the portal did not take the records before it"))
                continue
            self._add(self._one(ref))
        if self._report.error:
            return
        if not self._report.results and self._writer.known:
            self._report.error = (
                f"the source has no records, but had {len(self._writer.known)}; nothing was changed"
            )

    def _discovered(self) -> Iterator[RecordRef]:
        """What the source has; where it breaks off in the middle, the records before it count."""
        found = self._source.discover()
        while True:
            try:
                ref = next(found)
            except StopIteration:
                return
            except SourceError as error:
                self._source.complete = False
                self._report.error = str(error)
                return
            yield ref

    def _one(self, ref: RecordRef) -> RecordResult:
        if ref.identity in self._seen:
            return RecordResult(ref.identity, Outcome.SKIPPED, reason="the source has it twice")
        self._seen.add(ref.identity)
        try:
            record = self._source.normalise(self._source.fetch(ref))
        except Exception as error:  # noqa: BLE001 - one bad record never stops the rest
            return _failed(ref, _text(error))
        return self._write(record)

    def _write(self, record: Record) -> RecordResult:
        try:
            result = self._portal.patiently(lambda: self._writer.write(record))
        except PortalUnavailableError as error:
            self._refused += 1
            return _refused(record, str(error))
        except Exception as error:  # noqa: BLE001 - one bad record never stops the rest
            self._portal.rollback()
            return _refused(record, _text(error))
        self._refused = 0
        return result

    # -- gone ------------------------------------------------------------------------------------

    def _gone(self) -> None:
        """Mark what the source no longer has, if it was seen whole; withdraw what was marked."""
        if self._report.error or not self._source.complete:
            return
        missing = sorted(set(self._writer.known) - self._seen)
        if self._too_many(len(missing)):
            return
        for identity in missing:
            known = self._writer.known[identity]
            if self._refused >= GIVE_UP_AFTER:
                reason = "not tried: the portal did not take the records before it"
                self._add(RecordResult(identity, Outcome.FAILED, known.title, known.name, reason))
                continue
            try:
                result = self._portal.patiently(lambda known=known: self._writer.gone(known))  # type: ignore[misc]
            except PortalError as error:
                self._refused += isinstance(error, PortalUnavailableError)
                result = RecordResult(identity, Outcome.FAILED, known.title, known.name, str(error))
            self._add(result)

    def _too_many(self, missing: int) -> bool:
        """Tell, and note, that more is missing at once than anybody takes out on purpose."""
        known, share = len(self._writer.known), self._source.config.gone_share
        if self._accept_gone or missing <= max(1, share * known):
            return False
        self._report.held_back = missing
        self._report.warnings.append(
            f"{missing} of {known} records are no longer in the source, more than the {share:.0%} "
            "that may vanish at once: none was marked or withdrawn. If it is meant so: "
            "--accept-gone"
        )
        return True

    def _add(self, result: RecordResult) -> None:
        self._report.results.append(result)
        if self._progress:
            self._progress(len(self._report.results), self._source.total)


def _text(error: Exception) -> str:
    text = " ".join(str(error).split())[:500]
    return text if isinstance(error, HarvestError) else f"{type(error).__name__}: {text}"


def _failed(ref: RecordRef, reason: str) -> RecordResult:
    return RecordResult(ref.identity, Outcome.FAILED, reason=reason)


def _refused(record: Record, reason: str) -> RecordResult:
    title = str(record.package.get("title", ""))
    return RecordResult(
        record.identity, Outcome.FAILED, title, reason=reason, notes=list(record.notes)
    )
