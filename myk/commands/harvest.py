"""``myk harvest``: import records from sources."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from types import FrameType
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from harvesters import config as source_config
from harvesters import history as histories
from harvesters import report as reports
from harvesters import run as harvesting
from harvesters.alarm import alarm
from harvesters.errors import ConfigError, HarvestError, Stopped
from harvesters.fetch import Fetcher
from harvesters.model import Outcome, Record, Report, SourceConfig, Verdict
from harvesters.suggest import did_you_mean
from myk import settings as settings_module
from myk.ckan import CkanUnavailable, local_ckan
from myk.runs import Runs, RunsUnavailable, source_of
from myk.settings import ROOT, Settings
from myk.stack.lock import AlreadyRunning, Lock
from myk.watch import Watch

_BAR_AFTER = 2.0  # seconds


@click.group()
def harvest() -> None:
    """Import records from sources.

    A source is a NAME of config/sources.yaml or of the portal, or the PATH or URL of a catalogue.
    """


@harvest.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_sources(as_json: bool) -> None:
    """List the sources: those of config/sources.yaml, and those of the portal if it runs."""
    settings = settings_module.load()
    with _one_line_errors():
        configured = _configured(settings)
    try:
        with _client(settings, None) as client:
            told = {one["name"]: one for one in Runs(client).sources()}
    except (CkanUnavailable, RunsUnavailable):
        told = {}
    sources = {
        **configured,
        **{name: source for name, one in told.items() if (source := source_of(one))},
    }
    if as_json:
        rows = [
            {**source.model_dump(mode="json"), **_state(told.get(name))}
            for name, source in sources.items()
        ]
        click.echo(json.dumps(rows))
        return
    if not sources:
        click.echo("No sources are configured (config/sources.yaml).")
    width = max((len(name) for name in sources), default=0)
    for name, source in sources.items():
        paused = told.get(name, {}).get("paused")
        state = "paused" if paused else "on" if source.enabled else "off"
        click.echo(f"{name:<{width}}  {state:<6}  {source.type:<11}  {source.label('en')}")
        click.echo(f"{'':<{width}}          {source.location}")
    if not told:
        click.echo("The portal does not run: its own sources are not listed.", err=True)


def _state(told: dict[str, Any] | None) -> dict[str, Any]:
    keys = ("from_file", "paused", "state", "last_run", "next_run")
    return {key: told.get(key) for key in keys} if told else {"from_file": True}


@harvest.command("run")
@click.argument("sources", nargs=-1, metavar="[NAME|PATH|URL]...")
@click.option("--all", "all_", is_flag=True, help="All enabled sources that are not paused.")
@click.option("--type", "type_", help="Kind of source, for a PATH or URL.")
@click.option("--org", help="CKAN organisation that shall own the records.")
@click.option("--name", help="Name of the source, for a PATH or URL (else made from it).")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@click.option(
    "--accept-gone", is_flag=True, help="Records may vanish from the source, however many."
)
@click.option("--ckan-url", help="Another CKAN to write to; its token in MYK_CKAN_TOKEN.")
@click.option("-v", "--verbose", is_flag=True, help="Also list records that are unchanged.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def run(
    sources: tuple[str, ...],
    all_: bool,
    type_: str | None,
    org: str | None,
    name: str | None,
    dry_run: bool,
    accept_gone: bool,
    ckan_url: str | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Import records. A second run writes only what has changed.

    Exit code 0 when all went well, 1 when a source or a record failed, 2 for wrong use. The last
    line counts the records: added, changed, unchanged, gone, failed.
    """
    settings = settings_module.load()
    _check_words(sources, all_, name)
    with _one_line_errors():
        configured = _configured(settings)
        done: list[Report] = []
        with _client(settings, ckan_url) as client:
            # What another portal's sources are is its own business.
            portals = cache(lambda: {} if ckan_url else _portals(client))
            chosen = _chosen(settings, configured, portals, sources, all_, type_, org, name)
            known = {**configured, **{name: one for name, (one, _on) in portals().items()}}
            priorities = {one.name: one.priority for one in known.values()}
            for source in chosen:
                report = _harvest(
                    settings,
                    source,
                    client,
                    dry_run=dry_run,
                    accept_gone=accept_gone,
                    priorities=priorities,
                )
                done.append(report)
                if not as_json:
                    _print(report, heading=len(chosen) > 1, verbose=verbose)
    if as_json:
        click.echo(json.dumps(_summary(done), ensure_ascii=False))
    elif len(done) > 1:
        total = Report("", done[0].started, results=[r for one in done for r in one.results])
        click.echo(f"all {len(done)} sources")
        click.echo(reports.last_line(total))
    sys.exit(0 if all(report.verdict is Verdict.SUCCEEDED for report in done) else 1)


@harvest.command("check")
@click.argument("sources", nargs=-1, metavar="[NAME|PATH|URL]...")
@click.option("--all", "all_", is_flag=True, help="All enabled sources that are not paused.")
@click.option("--type", "type_", help="Kind of source, for a PATH or URL.")
@click.option("--org", help="CKAN organisation that shall own the records.")
@click.option("--count", type=click.IntRange(1, 1000), default=5, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(
    sources: tuple[str, ...],
    all_: bool,
    type_: str | None,
    org: str | None,
    count: int,
    as_json: bool,
) -> None:
    """Look at the first records of a source, and at what is wrong with them; write nothing.

    The portal need not run, unless it is a source of the portal.
    """
    settings = settings_module.load()
    good = True
    told: list[dict[str, Any]] = []
    with _one_line_errors():
        _check_words(sources, all_, None)
        portals = cache(lambda: _portals_if_there(settings))
        configured = _configured(settings)
        for source in _chosen(settings, configured, portals, sources, all_, type_, org, None):
            shown, total, warnings = harvesting.preview(
                source,
                count=count,
                config=settings.config_folder,
                root=ROOT,
                allow_hosts=settings.harvest_allow_hosts,
            )
            good = good and bool(shown) and all(isinstance(item, Record) for item in shown)
            told.append(reports.preview_as_json(source.name, shown, total, warnings))
            if not as_json:
                _print_preview(told[-1])
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    sys.exit(0 if good else 1)


@harvest.command("watch")
def watch() -> None:
    """Harvest the sources when they are due or asked for in the portal, until stopped.

    `myk up` starts it; by itself it is for a portal in several parts.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    Watch(settings_module.load()).forever()


@harvest.command("history")
@click.argument("source", metavar="NAME")
@click.option("--runs", type=click.IntRange(1, 200), default=10, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with each record that failed.")
def history(source: str, runs: int, as_json: bool) -> None:
    """Show what became of a source's runs, the latest first."""
    settings = settings_module.load()
    with _one_line_errors(), _client(settings, None) as client:
        kept = Runs(client)
        found = kept.of(source, runs)
        if as_json:
            found = [kept.whole(run["id"]) for run in found]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    elif not found:
        click.echo(f"There was no run of {source} yet.")
    for run in [] if as_json else found:
        counts = {str(outcome): run["counts"].get(outcome, 0) for outcome in Outcome}
        gone = counts["gone"] + counts["withdrawn"]
        click.echo(
            f"{run['started'][:16].replace('T', ' ')} UTC  {run['verdict'] or 'running':<9}  "
            f"added {counts['added']}, changed {counts['changed']}, "
            f"unchanged {counts['unchanged']}, gone {gone}, failed {counts['failed']}"
        )
        if run["error"]:
            click.echo(f"  {run['error']}")


# -- sources -------------------------------------------------------------------------------------


def _configured(settings: Settings) -> dict[str, SourceConfig]:
    return source_config.load_sources(settings.config_folder / "sources.yaml")


#: The portal's own sources by name, each with whether it is part of ``--all``.
_Portals = Callable[[], Mapping[str, tuple[SourceConfig, bool]]]


def _portals(client: Any) -> dict[str, tuple[SourceConfig, bool]]:
    """Return what the portal knows of all sources; none where it knows of no harvesting."""
    try:
        told = Runs(client).sources()
    except RunsUnavailable:
        return {}
    return {
        one["name"]: (source, source.enabled and not one["paused"])
        for one in told
        if (source := source_of(one))
    }


def _portals_if_there(settings: Settings) -> dict[str, tuple[SourceConfig, bool]]:
    try:
        with _client(settings, None) as client:
            return _portals(client)
    except CkanUnavailable:
        return {}


def _check_words(words: tuple[str, ...], all_: bool, name: str | None) -> None:
    if bool(words) == all_:
        raise click.UsageError("Name at least one source, or give --all.")
    if name and len(words) != 1:
        raise click.UsageError("--name is for one PATH or URL.")


def _chosen(
    settings: Settings,
    configured: dict[str, SourceConfig],
    portals: _Portals,
    words: tuple[str, ...],
    all_: bool,
    type_: str | None,
    org: str | None,
    name: str | None,
) -> list[SourceConfig]:
    if all_:
        told = portals()
        sources = {**configured, **{name: source for name, (source, _on) in told.items()}}
        chosen = [
            source
            for name, source in sources.items()
            if (told[name][1] if name in told else source.enabled)
        ]
        if not chosen:
            raise click.UsageError("No source is enabled in config/sources.yaml or the portal.")
    else:
        allow = frozenset(h for h in settings.harvest_allow_hosts.split(",") if h)
        with Fetcher(allow=allow) as fetcher:
            chosen = [_source(word, configured, portals, type_, name, fetcher) for word in words]
    return [source.model_copy(update={"org": org}) if org else source for source in chosen]


def _source(
    word: str,
    configured: dict[str, SourceConfig],
    portals: _Portals,
    type_: str | None,
    name: str | None,
    fetcher: Fetcher,
) -> SourceConfig:
    if word in configured and not (type_ or name):
        return configured[word]
    plain = not source_config.is_address(word) and not os.path.exists(word)  # noqa: PTH110
    if plain and "/" not in word and "." not in word:
        told = portals()
        if word in told and not (type_ or name):
            return told[word][0]
        names = [*configured, *(one for one in told if one not in configured)]
        known = ", ".join(names) or "none"
        raise ConfigError(
            f"there is no source `{word}`, and no such file.{did_you_mean(word, names)} "
            f"Known sources: {known}."
        )
    return source_config.from_location(word, type_=type_, name=name, fetcher=fetcher)


def _harvest(
    settings: Settings, source: SourceConfig, client: Any, *, dry_run: bool, **options: Any
) -> Report:
    began = datetime.now(UTC)
    signal.signal(signal.SIGTERM, _stop)
    try:
        with _alone(settings, source, dry_run=dry_run), _noted(client, source, dry_run) as noted:
            with _progress(source) as progress:
                noted.report = harvesting.harvest(
                    source,
                    client,
                    dry_run=dry_run,
                    progress=progress,
                    since=noted.since,
                    config=settings.config_folder,
                    root=ROOT,
                    allow_hosts=settings.harvest_allow_hosts,
                    cache=settings.harvests / "cache" / source.name,
                    seconds=60.0 * settings.harvest_minutes,
                    **options,
                )
            return noted.report
    except AlreadyRunning as error:
        by = f"process {error.holder.get('pid', '?')}"
        said = f"it is being harvested already ({by}); nothing was done"
        return Report(source.name, began, datetime.now(UTC), dry_run=dry_run, error=said)


@dataclass
class _Noted:
    """A run in the portal's database: what came before it, and what becomes of it."""

    since: datetime | None = None
    report: Report | None = None


@contextmanager
def _noted(client: Any, source: SourceConfig, dry_run: bool) -> Iterator[_Noted]:
    """Note in the portal that a run begins, and what became of it, however it ends.

    A portal elsewhere may keep no runs; that is no reason not to harvest into it.
    """
    noted, runs, id_ = _Noted(), Runs(client), ""
    if dry_run:
        yield noted
        return
    try:
        before = runs.of(source.name, 200)
        noted.since = histories.since(before)
        id_ = runs.begin(source.name)
    except RunsUnavailable as error:
        click.echo(f"warning: the portal does not keep what becomes of this run: {error}", err=True)
    error_ = "it ended before its end; the portal's log tells more"
    try:
        yield noted
    except HarvestError as error:
        error_ = str(error)
        raise
    finally:
        if id_:
            moment = datetime.now(UTC)
            report = noted.report or Report(source.name, moment, moment, error=error_)
            _note_end(runs, id_, report, source)


def _note_end(runs: Runs, id_: str, report: Report, source: SourceConfig) -> None:
    try:
        runs.end(id_, histories.told(report))
        _tell(source, runs.of(source.name, 10))
    except RunsUnavailable as error:
        click.echo(f"warning: what became of the run could not be kept: {error}", err=True)


def _tell(source: SourceConfig, runs: list[dict[str, Any]]) -> None:
    """Write to who looks after a source, if there is something to tell and a CKAN at hand."""
    kind = alarm(runs)
    if kind is None or not source.contact:
        return
    from flask import has_app_context

    if not has_app_context():  # another machine's portal
        return
    from ckanext.myk.harvesting import mail

    problem = mail.send(source.contact, source.label(), kind, runs[0])
    if problem:
        click.echo(f"warning: {source.contact} could not be told: {problem}", err=True)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


@contextmanager
def _alone(settings: Settings, source: SourceConfig, *, dry_run: bool) -> Iterator[None]:
    """See to it that a source is not harvested twice at once; looking at it is no harvest.

    The system lets go of the lock when this process dies, however it does.

    :raises AlreadyRunning: when it is being harvested.
    """
    if dry_run:
        yield
        return
    folder = settings.folder / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    lock = Lock(folder / f"harvest-{source.name}.lock")
    lock.take({"source": source.name})
    try:
        yield
    finally:
        lock.release()


# -- the portal ----------------------------------------------------------------------------------


@contextmanager
def _client(settings: Settings, ckan_url: str | None) -> Iterator[Any]:
    # CKAN logs a refused write with its whole trace, stamina each retry; the report says it in a
    # line.
    disabled = logging.root.manager.disable
    try:
        if ckan_url:
            logging.disable(logging.CRITICAL)
            with _remote(ckan_url) as client:
                yield client
        else:
            with local_ckan(settings) as client:
                logging.disable(logging.CRITICAL)
                yield client
    finally:
        logging.disable(disabled)


def _remote(url: str) -> Any:
    from ckanapi import RemoteCKAN

    token = os.environ.get("MYK_CKAN_TOKEN", "")
    if not token:
        raise click.UsageError("--ckan-url needs an API token in MYK_CKAN_TOKEN.")
    return RemoteCKAN(url, apikey=token)


# -- output --------------------------------------------------------------------------------------


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except ConfigError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except (HarvestError, RunsUnavailable) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


class _Bar:
    """A bar on stderr that appears when the run has lasted a while and someone looks."""

    def __init__(self, label: str) -> None:
        self._console = Console(stderr=True)
        self._began = time.monotonic()
        self._label = label
        self._bar: Progress | None = None
        self._task: Any = None

    def __call__(self, done: int, total: int | None) -> None:
        if self._bar is None:
            if not self._console.is_terminal or time.monotonic() - self._began < _BAR_AFTER:
                return
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(self._label, total=total)
        self._bar.update(self._task, completed=done, total=total)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def _progress(source: SourceConfig) -> Iterator[_Bar]:
    bar = _Bar(source.label())
    try:
        yield bar
    finally:
        bar.close()


def _print(report: Report, *, heading: bool, verbose: bool) -> None:
    if heading:
        click.echo(f"source {report.source}")
    for line in reports.lines(report, verbose=verbose):
        click.echo(line)


def _summary(done: list[Report]) -> dict[str, Any]:
    order = [Verdict.SUCCEEDED, Verdict.PARTIAL, Verdict.FAILED]
    worst = max((report.verdict for report in done), key=order.index)
    counts = {str(o): sum(report.count(o) for report in done) for o in Outcome}
    return {
        "verdict": str(worst),
        "counts": counts,
        "reports": [reports.as_json(report) for report in done],
    }


def _print_preview(told: dict[str, Any]) -> None:
    total = f" of {told['total']}" if told["total"] is not None else ""
    click.echo(f"source {told['source']}: {len(told['records'])}{total} records")
    for record in told["records"]:
        if "failed" in record:
            click.echo(f"  failed  {record['identity']}: {record['failed']}")
            continue
        package = record["package"]
        click.echo(f"  {package['title']} [{record['name']}]")
        formats = ", ".join(r.get("format") or "?" for r in package["resources"]) or "none"
        click.echo(f"    publisher: {record['organisation']}; files: {formats}")
        click.echo(f"    licence: {package['license_id'] or 'none'}")
        for note in record["notes"]:
            click.echo(f"    note: {note}")
    for warning in told["warnings"]:
        click.echo(f"  warning: {warning}")
