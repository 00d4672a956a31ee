"""A table: what became of reading each file. It is the queue, too: what waits is to be read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit
from sqlalchemy.orm import Mapped, mapped_column

#: A file that the search service could not take so often is left.
MOST_TRIES = 5
#: Longer than any file takes.
ABANDONED = timedelta(minutes=15)
#: Between two tries, times their number.
PAUSE = timedelta(minutes=20)


def now() -> datetime:
    """Return this moment, with its time zone."""
    return datetime.now(UTC)


class FileText(toolkit.BaseModel):
    """What is known of a file's text.

    ``state``: ``waiting``, ``reading``, ``read``, ``partly``, ``failed``, or ``gone`` (to be
    forgotten). ``source``: what of the record says
    which file it is (address and date); ``version``: of what the search service holds.
    """

    __tablename__ = "myk_file_text"

    file: Mapped[str] = mapped_column(sa.UnicodeText, primary_key=True)
    record: Mapped[str] = mapped_column(sa.UnicodeText, index=True)
    source: Mapped[str] = mapped_column(sa.UnicodeText)
    state: Mapped[str] = mapped_column(sa.UnicodeText, index=True)
    reason: Mapped[str] = mapped_column(sa.UnicodeText, default="")
    version: Mapped[str] = mapped_column(sa.UnicodeText, default="")
    kind: Mapped[str] = mapped_column(sa.UnicodeText, default="")
    language: Mapped[str] = mapped_column(sa.UnicodeText, default="")
    pages: Mapped[int] = mapped_column(default=0)
    words: Mapped[int] = mapped_column(default=0)
    passages: Mapped[int] = mapped_column(default=0)
    ocr: Mapped[bool] = mapped_column(default=False)
    tries: Mapped[int] = mapped_column(default=0)
    changed: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), default=now)

    def told(self) -> dict[str, Any]:
        """Return it as plain data."""
        out = {column.name: getattr(self, column.name) for column in self.__table__.columns}
        return {**out, "changed": self.changed.astimezone(UTC).isoformat()}


def of_records(records: Iterable[str]) -> list[FileText]:
    """Return what is known of the files of records."""
    query = model.Session.query(FileText).filter(FileText.record.in_(list(records)))
    return list(query)


def of_file(file: str) -> FileText | None:
    """Return what is known of a file."""
    found: FileText | None = model.Session.get(FileText, file)
    return found


def claim() -> FileText | None:
    """Return the file that has waited longest, claimed for this process.

    Nothing stays locked: who saves its record meanwhile waits for nobody.
    """
    found: FileText | None = (
        model.Session.query(FileText)
        .filter(
            FileText.state == "waiting",
            FileText.tries < MOST_TRIES,
            # One that could not be had is tried again later, and later still.
            sa.or_(FileText.tries == 0, FileText.changed < now() - FileText.tries * PAUSE),
        )
        .order_by(FileText.tries, FileText.changed)
        .limit(1)
        .with_for_update(skip_locked=True)
        .one_or_none()
    )
    if found is not None:
        found.state, found.changed = "reading", now()
        found.tries += 1
    model.Session.commit()
    return found


def release_abandoned() -> None:
    """Let files wait again whose reading somebody began and never ended."""
    model.Session.query(FileText).filter(
        FileText.state == "reading", FileText.changed < now() - ABANDONED
    ).update({"state": "waiting"})
    model.Session.commit()


def counts() -> dict[str, int]:
    """Return how many files are in each state."""
    query = sa.select(FileText.state, sa.func.count()).group_by(FileText.state)
    return {state: int(number) for state, number in model.Session.execute(query)}
