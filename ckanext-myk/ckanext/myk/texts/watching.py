"""What a saved record means for its files: new and changed ones wait to be read.

Noted in the transaction of the save itself: a save that is rolled back leaves nothing, and what
was saved is not forgotten, whatever stops in between.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import sqlalchemy
from ckan import model
from ckan.plugins import toolkit
from ckanext.myk.texts import jobs
from ckanext.myk.texts.model import FileText, now, of_records

log = logging.getLogger(__name__)

#: Formats (as records name them) whose files hold text for people.
_READ = frozenset({
    "pdf", "docx", "odt", "pptx", "odp", "xlsx", "ods", "csv", "tsv", "html", "htm", "xhtml", "txt",
    "text", "md", "markdown", "eml", "zip", "doc", "rtf",
})  # fmt: skip
#: Of a dataset, pages and archives that are linked are rarely its text.
_NOT_OF_DATASETS = frozenset({"html", "htm", "xhtml", "zip"})
_TOLD = ("url", "url_type", "format", "hash", "last_modified")


def after_save(record: str) -> None:
    """Note which files of a record (id or name) wait to be read, and which are gone."""
    if not _has_table():
        return
    package: Any = model.Package.get(record)
    if package is None:
        return
    record = package.id
    wanted: dict[str, dict[str, Any]] = {}
    if package.state == "active":
        for resource in package.resources:
            file = {name: getattr(resource, name, None) for name in _TOLD}
            file["modified"] = (resource.extras or {}).get("modified")
            if is_read(file, str(package.type or "dataset")):
                wanted[resource.id] = file
    known = {one.file: one for one in of_records([record])}
    waiting = False
    for number, file in wanted.items():
        source = source_of(file)
        one = known.get(number)
        if one is None:
            one = FileText(file=number, record=record, source=source, state="waiting")
            model.Session.add(one)
            waiting = True
        elif one.source != source or one.state == "gone":
            one.source, one.state, one.tries, one.changed = source, "waiting", 0, now()
            waiting = True
    for number in known.keys() - wanted.keys():
        if known[number].state != "gone":
            known[number].state, known[number].tries, known[number].changed = "gone", 0, now()
            waiting = True
    if waiting:
        _after_commit()


def _has_table() -> bool:
    """Tell whether the table is there: records are saved without it too (an older database)."""
    global _found_table
    if not _found_table:
        connection = model.Session.connection()
        _found_table = bool(sqlalchemy.inspect(connection).has_table(FileText.__tablename__))
    return _found_table


_found_table = False


def is_read(file: Mapping[str, Any], record_type: str) -> bool:
    """Tell whether a file is one to be read: of a format with text, and to be had."""
    named = str(file.get("format") or "").strip().lower().removeprefix(".")
    address = str(file.get("url") or "").split("?")[0].split("#")[0]
    ending = address.rsplit(".", 1)[-1].lower() if "." in address.rsplit("/", 1)[-1] else ""
    short = named.rsplit("/", 1)[-1] if named else ending
    if record_type == "dataset" and file.get("url_type") != "upload" and short in _NOT_OF_DATASETS:
        return False
    is_file = file.get("url_type") == "upload" or address.startswith(("http://", "https://"))
    return is_file and (short in _READ or ending in _READ - _NOT_OF_DATASETS)


def source_of(file: Mapping[str, Any]) -> str:
    """Return what changes when a record's file does."""
    parts = (file.get("url"), file.get("hash"), file.get("last_modified"), file.get("modified"))
    return "\n".join(str(part or "") for part in parts)


def _after_commit() -> None:
    """Start the job once what it is to read is there for it to see."""
    session = model.Session()
    if session.info.get("myk_reading"):
        return
    session.info["myk_reading"] = True

    def start(_session: Any) -> None:
        session.info.pop("myk_reading", None)
        try:
            toolkit.enqueue_job(jobs.read_waiting, title="read files", queue=jobs.QUEUE)
        except Exception as error:  # noqa: BLE001 - the next save, or the next start, starts it
            log.warning("files wait to be read, but no job could be started: %s", error)

    sqlalchemy.event.listen(session, "after_commit", start, once=True)
