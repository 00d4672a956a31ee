"""The door to this room: run a source, or look at it without writing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from harvesters import sources, vocabulary
from harvesters.cache import Cache
from harvesters.errors import HarvestError
from harvesters.fetch import Fetcher, Limits
from harvesters.identity import content_hash
from harvesters.model import Client, Progress, Record, Report, SourceConfig
from harvesters.pipeline import RECORD_SECONDS, Pipeline
from harvesters.portal import Patience, Portal

ROOT = Path(__file__).resolve().parent.parent


def harvest(
    source: SourceConfig,
    ckan: Client,
    *,
    dry_run: bool = False,
    accept_gone: bool = False,
    priorities: Mapping[str, int] | None = None,
    since: datetime | None = None,
    progress: Progress | None = None,
    config: Path | None = None,
    root: Path | None = None,
    allow_hosts: str | None = None,
    limits: Limits | None = None,
    patience: Patience | None = None,
    cache: Path | None = None,
    record_seconds: float = RECORD_SECONDS,
    seconds: float = math.inf,
) -> Report:
    """Bring the records of ``source`` into CKAN.

    ``ckan`` is a ckanapi client (see :class:`~harvesters.model.Client`); ``config`` the folder with
    licences, organisations and hubs; ``root`` what relative paths start from; ``allow_hosts`` hosts
    on the inside (comma-separated) in place of ``MYK_HARVEST_ALLOW_HOSTS``; ``accept_gone`` lets
    records vanish however many they are; ``priorities`` are those of the other sources, by name;
    ``since`` is when the last run began that saw the whole source and had no failures: kinds that
    can do so read only what changed; ``cache`` is a folder for this source's answers, so that its
    server can be asked whether they have changed; ``record_seconds`` is how long fetching and
    reading one record may take, ``seconds`` how long all of it.

    Returns the report, whatever the source and its records do. Raises ConfigError when the
    operator's configuration is wrong.
    """
    kept = Cache(cache) if cache and source.url and source.cache and not dry_run else None
    with _fetcher(source, limits, allow_hosts, kept) as fetcher:
        opened = _open(source, fetcher, config, root)
        opened.since = since
        portal = Portal(ckan, patience)
        return Pipeline(
            opened,
            portal,
            dry_run=dry_run,
            accept_gone=accept_gone,
            priorities=priorities,
            progress=progress,
            record_seconds=record_seconds,
            seconds=seconds,
        ).run()


def preview(
    source: SourceConfig,
    *,
    count: int = 5,
    config: Path | None = None,
    root: Path | None = None,
    allow_hosts: str | None = None,
    limits: Limits | None = None,
) -> tuple[list[Record | tuple[str, str]], int | None, list[str]]:
    """The first records as they would be written, without any CKAN.

    Returns the records (a pair of identity and reason for one that fails), how many the source
    says it has, and warnings. Raises SourceError when it cannot be read.
    """
    with _fetcher(source, limits, allow_hosts) as fetcher:
        opened = _open(source, fetcher, config, root)
        shown: list[Record | tuple[str, str]] = []
        for ref in islice(opened.discover(), count):
            try:
                record = opened.normalise(opened.fetch(ref))
                content_hash(record)
            except Exception as error:  # noqa: BLE001 - one bad record never stops the rest
                text = str(error) if isinstance(error, HarvestError) else repr(error)
                shown.append((ref.identity, text))
            else:
                shown.append(record)
        return shown, opened.total, opened.warnings


def _fetcher(
    source: SourceConfig,
    limits: Limits | None,
    allow_hosts: str | None,
    cache: Cache | None = None,
) -> Fetcher:
    allow = None
    if allow_hosts is not None:
        allow = frozenset(
            host.strip().casefold() for host in allow_hosts.split(",") if host.strip()
        )
    return Fetcher(limits, allow=allow, cache=cache, pause=source.pause)


def _open(
    source: SourceConfig, fetcher: Fetcher, config: Path | None, root: Path | None
) -> sources.Source[Any]:
    cls = sources.source_class(source.type)
    words = vocabulary.load(config or ROOT / "config")
    return cls(source, fetcher, words, root or ROOT)
