"""A report for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harvesters.model import Outcome, Record, RecordResult, Report

_COUNTED = (Outcome.ADDED, Outcome.CHANGED, Outcome.UNCHANGED, Outcome.GONE, Outcome.FAILED)


def last_line(report: Report) -> str:
    """Exactly ``added A, changed C, unchanged U, gone G, failed F``; withdrawn ones are gone."""
    counts = {outcome: report.count(outcome) for outcome in Outcome}
    counts[Outcome.GONE] += counts[Outcome.WITHDRAWN]
    return ", ".join(f"{outcome} {counts[outcome]}" for outcome in _COUNTED)


def lines(report: Report, *, verbose: bool = False) -> Iterator[str]:
    """The report as text, the counts last; unchanged records only if ``verbose``."""
    for result in report.results:
        if verbose or result.outcome is not Outcome.UNCHANGED:
            yield _line(result)
    yield from (f"warning: {text}" for text in report.warnings)
    if skipped := report.count(Outcome.SKIPPED):
        yield f"skipped {skipped} (see above)"
    if report.error:
        yield f"failed: {report.error}"
    if report.dry_run:
        yield "dry run: nothing was written"
    yield last_line(report)


def _line(result: RecordResult) -> str:
    text = f"{result.outcome:<9} {result.title or result.identity}"
    if result.name:
        text += f" [{result.name}]"
    elif result.title:
        text += f" [{result.identity}]"
    if result.reason:
        text += f": {result.reason}"
    if result.notes:
        text += f" ({'; '.join(result.notes)})"
    return text


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain data for ``--json``."""
    return {
        "source": report.source,
        "verdict": str(report.verdict),
        "dry_run": report.dry_run,
        "started": report.started.isoformat(),
        "finished": report.finished.isoformat() if report.finished else None,
        "counts": {str(outcome): report.count(outcome) for outcome in Outcome},
        "error": report.error or None,
        "held_back": report.held_back,
        "complete": report.complete,
        "portal_failed": report.portal_failed,
        "warnings": report.warnings,
        "records": [
            {
                "identity": result.identity,
                "outcome": str(result.outcome),
                "title": result.title,
                "name": result.name,
                "reason": result.reason or None,
                "notes": result.notes,
            }
            for result in report.results
        ],
    }


def preview_as_json(
    source: str,
    shown: list[Record | tuple[str, str]],
    total: int | None,
    warnings: list[str],
) -> dict[str, Any]:
    """What :func:`harvesters.run.preview` found, as plain data.

    A record that cannot be read has ``failed``, the reason, in place of its fields.
    """
    records: list[dict[str, Any]] = []
    for item in shown:
        if isinstance(item, Record):
            records.append(
                {
                    "identity": item.identity,
                    "name": item.slug,
                    "organisation": item.organisation.name,
                    "files_to_upload": [file.path.name for file in item.files.values()],
                    "notes": item.notes,
                    "package": item.package,
                }
            )
        else:
            records.append({"identity": item[0], "failed": item[1]})
    return {"source": source, "total": total, "warnings": warnings, "records": records}
