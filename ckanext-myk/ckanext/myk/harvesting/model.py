"""Two tables: the sources that are managed in the portal, and the runs of all sources."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

#: Runs that are kept of a source.
KEPT = 200

_MOMENT = sa.DateTime(timezone=True)


def now() -> datetime:
    """Return this moment, with its time zone."""
    return datetime.now(UTC)


class ManagedSource(toolkit.BaseModel):
    """A source of the portal, or what the portal knows of one of the configuration file.

    ``config``: the source as ``config/sources.yaml`` would have it; none for one that is there.
    """

    __tablename__ = "myk_harvest_source"

    name: Mapped[str] = mapped_column(sa.UnicodeText, primary_key=True)
    config: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    paused: Mapped[bool] = mapped_column(default=False)
    run_requested_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    run_requested_by: Mapped[str | None] = mapped_column(sa.UnicodeText)
    created: Mapped[datetime] = mapped_column(_MOMENT, default=now)
    modified: Mapped[datetime] = mapped_column(_MOMENT, default=now)
    created_by: Mapped[str | None] = mapped_column(sa.UnicodeText)


class RecordedRun(toolkit.BaseModel):
    """A run; while it has no end it is going on.

    ``report``: as ``harvesters.history.told`` makes it.
    """

    __tablename__ = "myk_harvest_run"

    id: Mapped[str] = mapped_column(
        sa.UnicodeText, primary_key=True, default=lambda: str(uuid.uuid4())
    )
    source: Mapped[str] = mapped_column(sa.UnicodeText)
    started: Mapped[datetime] = mapped_column(_MOMENT, default=now)
    finished: Mapped[datetime | None] = mapped_column(_MOMENT)
    verdict: Mapped[str | None] = mapped_column(sa.UnicodeText)
    counts: Mapped[dict[str, int] | None] = mapped_column(JSONB)
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


sa.Index("myk_harvest_run_source", RecordedRun.source, RecordedRun.started.desc())

#: A run without its records: those can be a megabyte.
_BRIEF = (
    RecordedRun.id,
    RecordedRun.source,
    RecordedRun.started,
    RecordedRun.finished,
    RecordedRun.verdict,
    RecordedRun.counts,
    RecordedRun.report.op("-")("records").label("report"),
)


def _brief(row: Any) -> dict[str, Any]:
    report = row.report or {}
    return {
        "id": row.id,
        "source": row.source,
        "started": row.started.astimezone(UTC).isoformat(),
        "finished": row.finished.astimezone(UTC).isoformat() if row.finished else None,
        "verdict": row.verdict,
        "counts": row.counts or {},
        "error": report.get("error"),
        "warnings": report.get("warnings") or [],
        "held_back": report.get("held_back") or 0,
        "complete": bool(report.get("complete")),
        "portal_failed": bool(report.get("portal_failed")),
        "records_left_out": report.get("records_left_out") or 0,
    }


def runs(source: str, limit: int = KEPT, offset: int = 0) -> list[dict[str, Any]]:
    """Return a source's runs without their records, the latest first."""
    query = (
        model.Session.query(*_BRIEF)
        .filter(RecordedRun.source == source)
        .order_by(RecordedRun.started.desc(), RecordedRun.id)
    )
    return [_brief(row) for row in query.limit(limit).offset(offset)]


def latest(names: Iterable[str], each: int) -> dict[str, list[dict[str, Any]]]:
    """Return the last runs of several sources, ``each`` of a source, the latest first."""
    place = (
        sa.func.row_number()
        .over(partition_by=RecordedRun.source, order_by=RecordedRun.started.desc())
        .label("place")
    )
    inner = (
        sa.select(*_BRIEF, place).where(RecordedRun.source.in_(list(names))).subquery("numbered")
    )
    rows = model.Session.execute(
        sa.select(inner).where(inner.c.place <= each).order_by(inner.c.source, inner.c.place)
    )
    out: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        out.setdefault(row.source, []).append(_brief(row))
    return out


def run(id_: str) -> RecordedRun | None:
    """Return a run with its records."""
    found: RecordedRun | None = model.Session.get(RecordedRun, id_)
    return found


def with_records(found: RecordedRun) -> dict[str, Any]:
    """Return a run as plain data, with the records that something is said of."""
    return {**_brief(found), "records": (found.report or {}).get("records") or []}


def close_unfinished(source: str, error: str) -> None:
    """Note of runs that nobody ended that they were cut off."""
    for one in model.Session.query(RecordedRun).filter(
        RecordedRun.source == source, RecordedRun.finished.is_(None)
    ):
        one.finished, one.verdict, one.counts = now(), "failed", {}
        one.report = {"source": source, "error": error, "complete": False, "records": []}


def prune(source: str) -> None:
    """Forget the oldest runs of a source."""
    old = (
        sa.select(RecordedRun.id)
        .where(RecordedRun.source == source)
        .order_by(RecordedRun.started.desc(), RecordedRun.id)
        .offset(KEPT)
    )
    model.Session.execute(sa.delete(RecordedRun).where(RecordedRun.id.in_(old)))


def forget(source: str) -> None:
    """Forget all runs of a source."""
    model.Session.execute(sa.delete(RecordedRun).where(RecordedRun.source == source))


def is_known(source: str) -> bool:
    """Tell whether there is a run of a source."""
    return bool(model.Session.query(sa.exists().where(RecordedRun.source == source)).scalar())


def row(name: str) -> ManagedSource | None:
    """Return what the portal has of a source."""
    found: ManagedSource | None = model.Session.get(ManagedSource, name)
    return found


def rows() -> list[ManagedSource]:
    """Return what the portal has of all sources."""
    return list(model.Session.query(ManagedSource).order_by(ManagedSource.name))
