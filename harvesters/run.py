"""The door to this room: run a source, or look at it without writing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from harvesters import sources, vocabulary
from harvesters.errors import HarvestError
from harvesters.fetch import Fetcher, Limits
from harvesters.identity import content_hash
from harvesters.model import Client, Progress, Record, Report, SourceConfig
from harvesters.pipeline import Pipeline
from harvesters.portal import Patience, Portal

ROOT = Path(__file__).resolve().parent.parent


def harvest(
    source: SourceConfig,
    ckan: Client,
    *,
    dry_run: bool = False,
    accept_gone: bool = False,
    priorities: Mapping[str, int] | None = None,
    progress: Progress | None = None,
    config: Path | None = None,
    root: Path | None = None,
    allow_hosts: str | None = None,
    limits: Limits | None = None,
    patience: Patience | None = None,
) -> Report:
    """Bring the records of ``source`` into CKAN.

    ``ckan`` is a ckanapi client (see :class:`~harvesters.model.Client`); ``config`` the folder with
    licences, organisations and hubs; ``root`` what relative paths start from; ``allow_hosts`` hosts
    on the inside (comma-separated) in place of ``MYK_HARVEST_ALLOW_HOSTS``; ``accept_gone`` lets
    records vanish however many they are; ``priorities`` are those of the other sources, by name.

    Returns the report, whatever the source and its records do. Raises ConfigError when the
    operator's configuration is wrong.
    """
    with _fetcher(limits, allow_hosts) as fetcher:
        opened = _open(source, fetcher, config, root)
        portal = Portal(ckan, patience)
        return Pipeline(
            opened,
            portal,
            dry_run=dry_run,
            accept_gone=accept_gone,
            priorities=priorities,
            progress=progress,
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
    with _fetcher(limits, allow_hosts) as fetcher:
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


def _fetcher(limits: Limits | None, allow_hosts: str | None) -> Fetcher:
    allow = None
    if allow_hosts is not None:
        allow = frozenset(
            host.strip().casefold() for host in allow_hosts.split(",") if host.strip()
        )
    return Fetcher(limits, allow=allow)


def _open(
    source: SourceConfig, fetcher: Fetcher, config: Path | None, root: Path | None
) -> sources.Source[Any]:
    cls = sources.source_class(source.type)
    words = vocabulary.load(config or ROOT / "config")
    return cls(source, fetcher, words, root or ROOT)
