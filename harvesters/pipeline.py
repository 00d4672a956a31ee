"""Discover, fetch, normalise, write: one run of one source.

States of a run: *reading the portal* → *record after record* → *marking what is gone* → done.
It ends early when the source cannot be read, no longer answers, or takes too long (the report's
``error``), or when the portal has refused so many records in a row that it is plainly away: then
the rest is reported as failed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from harvesters import weight
from harvesters.deadline import TimeUpError, within
from harvesters.errors import (
    HarvestError,
    PortalError,
    PortalUnavailableError,
    RecordError,
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
#: Seconds that fetching and reading one record may take.
RECORD_SECONDS = 300.0
_WARNINGS = 100

#: New records that are created together, where the portal can do that.
TOGETHER = 50

_NOT_TRIED = "not tried: the portal did not take the records before it"

T = TypeVar("T")


class Pipeline:
    """One run. ``progress`` is called after each record.

    ``accept_gone``: records may vanish however many they are. ``priorities``: of the other sources,
    by name. ``record_seconds``: how long fetching and reading one record may take; ``seconds``: how
    long the run may.
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
        record_seconds: float = RECORD_SECONDS,
        seconds: float = math.inf,
    ) -> None:
        self._source = source
        self._portal = portal
        twins = Twins(portal, source.config, priorities or {})
        self._writer = Writer(portal, source.config.name, twins, dry_run=dry_run)
        self._accept_gone = accept_gone
        self._progress = progress
        self._record_seconds = record_seconds
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self._report = Report(source.config.name, datetime.now(UTC), dry_run=dry_run)
        self._refused = 0  # records in a row
        self._seen: set[str] = set()
        self._waiting: list[Record] = []  # new ones, until there are enough of them

    def run(self) -> Report:
        """Run to the end; never raises for what a source, a record or the portal does wrong."""
        report = self._report
        try:
            self._writer.prepare()
            self._records()
            self._gone()
        except PortalUnavailableError as error:
            report.error = f"{error}; is the portal running? (myk status)"
            report.portal_failed = True
        except HarvestError as error:
            report.error = str(error)
        except Stopped:
            report.error = "it was stopped before its end; the next run goes on where it was"
        report.warnings += _few(self._source.warnings)
        report.complete = self._source.complete and not report.error
        report.cut_short = self._source.cut_short
        report.portal_failed |= self._refused >= GIVE_UP_AFTER
        report.finished = datetime.now(UTC)
        return report

    # -- records ---------------------------------------------------------------------------------

    def _records(self) -> None:
        for ref in self._discovered():
            if self._refused >= GIVE_UP_AFTER:
                self._add(_failed(ref, _NOT_TRIED))
                continue
            result = self._one(ref)
            if result is not None:
                self._add(result)
            if len(self._waiting) >= TOGETHER:
                self._create_waiting()
            if self._is_over():
                break
        self._create_waiting()
        if self._report.error or self._is_over():
            return
        if not self._report.results and self._writer.known and not self._source.incremental:
            self._report.error = (
                f"the source has no records, but had {len(self._writer.known)}; nothing was changed"
            )

    def _discovered(self) -> Iterator[RecordRef]:
        """What the source has; where it breaks off in the middle, the records before it count."""
        found = iter(self._source.discover())
        while True:
            try:
                ref = self._within(math.inf, lambda: next(found, None))
            except TimeUpError:
                return  # the run's time
            except SourceError as error:
                self._end(str(error))
                return
            except HarvestError:
                raise
            except Exception as error:  # noqa: BLE001 - a source's answers are not to be trusted
                self._end(f"the source cannot be read: {_text(error)}")
                return
            if ref is None:
                return
            yield ref

    def _within(self, seconds: float, work: Callable[[], T]) -> T:
        """``work``, in time. Raises TimeUpError after ``seconds``, or when the run's are over."""
        fetcher, now = self._source.fetcher, time.monotonic()
        fetcher.deadline = min(now + seconds, self._until)
        try:
            return within(fetcher.deadline - now, work)
        finally:
            fetcher.deadline = math.inf

    def _is_over(self) -> bool:
        """Tell, and note, that the source is not to be asked any more."""
        reason = self._source.fetcher.breaker.reason
        if not reason and time.monotonic() >= self._until:
            reason = f"stopped: not finished after {self._seconds / 60:.0f} minutes"
        if not reason:
            return False
        self._end(f"{reason}; what was read before counts, and the next run goes on")
        return True

    def _end(self, error: str) -> None:
        self._source.complete = False
        self._report.error = error

    def _one(self, ref: RecordRef) -> RecordResult | None:
        """What became of a record; None if it waits to be created with others."""
        if ref.identity in self._seen:
            return RecordResult(ref.identity, Outcome.SKIPPED, reason="the source has it twice")
        self._seen.add(ref.identity)
        if (unchanged := self._writer.unchanged(ref)) is not None:
            return unchanged
        try:
            record = self._within(self._record_seconds, lambda: self._read(ref))
        except TimeUpError:
            return _failed(ref, f"not read within {self._record_seconds:.0f} seconds")
        except Exception as error:  # noqa: BLE001 - one bad record never stops the rest
            return _failed(ref, _text(error))
        if self._writer.is_for_many(record):
            self._waiting.append(record)
            return None
        return self._write(record)

    def _create_waiting(self) -> None:
        """Create the records that wait: together, else one by one, which tells what is wrong."""
        records, self._waiting = self._waiting, []
        results: dict[str, RecordResult] = {}
        try:
            if records:
                results = self._writer.write_together(records)
        except Exception:  # noqa: BLE001 - one bad record never stops the rest
            self._portal.rollback()
        if results:
            self._refused = 0
        for record in records:
            if record.identity in results:
                self._add(results[record.identity])
            elif self._refused >= GIVE_UP_AFTER:
                self._add(_refused(record, _NOT_TRIED))
            else:
                self._add(self._write(record))

    def _read(self, ref: RecordRef) -> Record:
        raw = self._source.fetch(ref)
        _check_size(raw.content)
        record = self._source.normalise(raw)
        record.fingerprint = ref.fingerprint
        _check_size(record.package)
        return record

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
        """Mark what the source no longer has, if it was seen whole; withdraw what was marked.

        What the source itself says is gone counts in any case.
        """
        if self._report.error:
            return
        known_ones = set(self._writer.known)
        if not self._source.complete:
            known_ones &= self._source.gone
        missing = sorted(known_ones - self._seen)
        if self._too_many(len(missing)):
            return
        for identity in missing:
            known = self._writer.known[identity]
            if self._refused >= GIVE_UP_AFTER:
                self._add(
                    RecordResult(identity, Outcome.FAILED, known.title, known.name, _NOT_TRIED)
                )
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


def _few(warnings: list[str]) -> list[str]:
    """What fits into a report: a source can be wrong a hundred thousand times."""
    left_out = len(warnings) - _WARNINGS
    more = [f"{left_out} more warnings were left out"] if left_out > 0 else []
    return [*(text[:1000] for text in warnings[:_WARNINGS]), *more]


def _check_size(content: Any) -> None:
    if weight.too_large(content):
        raise RecordError(f"has more than {weight.MOST / 1e6:.0f} million characters")


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
