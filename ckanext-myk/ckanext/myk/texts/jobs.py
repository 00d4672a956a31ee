"""The job that reads what waits, a little at a time: other jobs get their turn."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ckan.lib.uploader as uploader
from ckan import model
from ckan.plugins import toolkit
from ckanext.myk.texts.model import (
    MOST_TRIES,
    FileText,
    claim,
    now,
    of_file,
    release_abandoned,
)

from indexer import reading
from indexer.sandbox import SandboxError
from search.client import SearchClient, SearchRefused, SearchUnavailable

log = logging.getLogger(__name__)

QUEUE = "default"
#: Seconds after which a job hands over to the next.
_TURN = 20.0


def read_waiting() -> int:
    """Read files until none waits or the turn is over; return how many were dealt with."""
    config = toolkit.config
    search = SearchClient(
        str(config["ckanext.myk.search_url"]), str(config["ckanext.myk.search_token"]), timeout=120
    )
    hosts = str(config.get("ckanext.myk.harvest_allow_hosts") or "")
    done = 0
    until = time.monotonic() + _TURN
    try:
        with reading.FileReader(search, hosts) as reader:
            release_abandoned()
            _forget_gone(search)
            while time.monotonic() < until:
                one = claim()
                if one is None:
                    return done
                _read(one.file, reader)
                done += 1
    except (SearchUnavailable, SandboxError) as error:
        # All would fail alike: they keep waiting.
        model.Session.rollback()
        log.warning("files wait to be read: %s", error)
        return done
    finally:
        search.close()
    toolkit.enqueue_job(read_waiting, title="read files", queue=QUEUE)
    return done


def read_again(files: Sequence[str]) -> None:
    """Let files be read again, and start the job for all that wait."""
    if files:
        for one in model.Session.query(FileText).filter(FileText.file.in_(list(files))):
            one.state, one.version, one.tries = "waiting", "", 0
        model.Session.commit()
    toolkit.enqueue_job(read_waiting, title="read files", queue=QUEUE)


def _forget_gone(search: SearchClient) -> None:
    for one in model.Session.query(FileText).filter(FileText.state == "gone").limit(1_000):
        search.remove_document(one.file)
        model.Session.delete(one)
    model.Session.commit()


def _read(number: str, reader: reading.FileReader) -> None:
    """Read a file and note what became of it, unless its record was saved anew meanwhile."""
    one = of_file(number)
    resource: Any = model.Resource.get(number)
    if one is None:
        return
    if resource is None or resource.state != "active":
        one.state = "gone"
        model.Session.commit()
        return
    source = one.source
    file = reading.File(
        id=one.file,
        record=one.record,
        name=str(resource.url or "").split("?")[0].rsplit("/", 1)[-1],
        declared=str(resource.format or ""),
        path=_uploaded(resource),
        url=str(resource.url or ""),
        version=one.version,
    )
    model.Session.commit()  # reading takes its time, and nobody waits for it
    try:
        outcome = reader.read(file)
    except SearchRefused as error:
        outcome = reading.Outcome("failed", f"The search service does not take it: {error}")
    except (SearchUnavailable, SandboxError):
        _note(number, source, None)
        raise
    _note(number, source, outcome)


def _note(number: str, source: str, outcome: reading.Outcome | None) -> None:
    """Note what became of a file; ``None``: it is to be tried again, and that was no try."""
    model.Session.expire_all()
    one = of_file(number)
    if one is None:
        return
    if outcome is None:
        one.tries = max(0, one.tries - 1)
    if one.source != source or one.state != "reading" or outcome is None:
        # Another version waits by now, or none is wanted any more.
        if one.state == "reading":
            one.state = "waiting"
    elif outcome.state == "later":
        one.state = "waiting" if one.tries < MOST_TRIES else "failed"
        one.reason = outcome.reason
    elif outcome.unchanged:
        one.state = "partly" if one.reason else "read"
    else:
        one.state, one.reason, one.version = outcome.state, outcome.reason, outcome.version
        one.kind, one.language = outcome.kind, outcome.language
        one.pages, one.words, one.passages = outcome.pages, outcome.words, outcome.passages
        one.ocr = outcome.ocr
    one.changed = now()
    model.Session.commit()


def _uploaded(resource: Any) -> Path | None:
    if resource.url_type != "upload":
        return None
    return Path(uploader.get_resource_uploader({"id": resource.id}).get_path(resource.id))
