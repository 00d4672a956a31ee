"""Database and index compared, and mended. PostgreSQL is the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import click
import psycopg2
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TimeRemainingColumn,
)
from rich.text import Text

from myk.ckan import CkanUnavailable, ckan_environment
from myk.settings import Settings
from myk.stack.services import Stack
from search.client import SearchClient

_FIELDS = ("id", "metadata_modified", "state")
#: How often a rebuild looks for records that came while it read the others.
_ROUNDS = 5
#: How many of the records that had to be indexed one by one are named.
_SAID = 10
#: Seconds within which a batch must be taken (CKAN's own limit is for one record).
_PATIENCE = 300


@dataclass(frozen=True)
class Files:
    """How the texts of files differ, by file id.

    ``waiting`` ones are still to be read, ``later`` ones could not be had and are tried again.
    """

    in_database: int
    in_index: int
    waiting: int
    later: int
    missing: list[str]
    phantom: list[str]


@dataclass(frozen=True)
class Comparison:
    """How database and index differ, by record id."""

    in_database: int
    in_index: int
    missing: list[str]
    outdated: list[str]
    phantom: list[str]
    files: Files

    @property
    def differences(self) -> int:
        """How many records and files differ."""
        records = len(self.missing) + len(self.outdated) + len(self.phantom)
        return records + len(self.files.missing) + len(self.files.phantom)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON would have it."""
        return {**asdict(self), "differences": self.differences}


def compare(settings: Settings) -> Comparison:
    """Compare by id and date of modification (the revision).

    :raises CkanUnavailable: when the database does not answer.
    :raises search.client.SearchUnavailable: when the search service does not.
    """
    stack = Stack.of(settings)
    with _client(stack) as client:
        found = _compared(stack, client)
        client.note_drift(found.differences)
        return found


def _compared(stack: Stack, client: SearchClient) -> Comparison:
    records = _compare(_in_database(stack.database_url), client.records(_FIELDS))
    return replace(records, files=_compare_files(stack.database_url, client))


def needs_rebuild(settings: Settings) -> bool:
    """Tell whether the index was begun afresh, or is of another model than the configured one.

    :raises search.client.SearchUnavailable: when the search service does not answer.
    """
    with _client(Stack.of(settings)) as client:
        return bool(client.ready().get("needs_rebuild"))


@contextmanager
def _client(stack: Stack) -> Iterator[SearchClient]:
    client = SearchClient(stack.settings.search_url, stack.search_token, timeout=300.0)
    try:
        yield client
    finally:
        client.close()


def _compare(truth: dict[str, str], records: Iterable[dict[str, Any]]) -> Comparison:
    indexed = {
        str(record["id"]): str(record.get("metadata_modified", "")).rstrip("Z")
        for record in records
        # CKAN can be told to keep deleted records in the index, for those who restore them.
        if record.get("state") != "deleted"
    }
    return Comparison(
        in_database=len(truth),
        in_index=len(indexed),
        missing=sorted(truth.keys() - indexed.keys()),
        outdated=sorted(
            key for key in truth.keys() & indexed.keys() if not _same(truth[key], indexed[key])
        ),
        phantom=sorted(indexed.keys() - truth.keys()),
        files=Files(0, 0, 0, 0, [], []),
    )


def _compare_files(url: str, client: SearchClient) -> Files:
    truth = {
        str(file): str(version)
        for file, version in _rows(
            url,
            "SELECT file, version FROM myk_file_text "
            "WHERE state IN ('read', 'partly') AND passages > 0",
        )
    }
    open_ends = _rows(
        url,
        "SELECT state = 'waiting' AND tries > 0, count(*) FROM myk_file_text "
        "WHERE state IN ('waiting', 'reading', 'gone') GROUP BY 1",
    )
    counted = {bool(later): int(count) for later, count in open_ends}
    held = {str(one["file"]): str(one["version"]) for one in client.documents()}
    unread = {str(row[0]) for row in _rows(url, "SELECT file FROM myk_file_text")}
    return Files(
        in_database=len(truth),
        in_index=len(held),
        waiting=counted.get(False, 0),
        later=counted.get(True, 0),
        missing=sorted(file for file, version in truth.items() if held.get(file) != version),
        phantom=sorted(held.keys() - unread),
    )


def _same(database: str, index: str) -> bool:
    # CKAN leaves out a fraction of zero.
    return database.removesuffix(".000000") == index.removesuffix(".000000")


def _in_database(url: str, *, deleted: bool = False) -> dict[str, str]:
    """Return id → modification of every record that is not deleted, or of those that are."""
    rows = _rows(
        url,
        "SELECT id, to_char(metadata_modified, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') "
        "FROM package WHERE (state = 'deleted') = %s",
        deleted,
    )
    return {str(key): str(modified) for key, modified in rows}


def _rows(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return what a statement selects; nothing where its table does not exist yet."""
    try:
        connection = psycopg2.connect(url, connect_timeout=5)
    except psycopg2.OperationalError:
        raise CkanUnavailable(
            "the database does not answer; is the portal running? Start it with: make up"
        ) from None
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    except psycopg2.errors.UndefinedTable:
        return []
    finally:
        connection.close()


def repair(settings: Settings, found: Comparison) -> None:
    """Index what is missing or outdated, remove what is phantom, and nothing else."""
    stack = Stack.of(settings)
    with _client(stack) as client, ckan_environment(settings):
        _mend(stack, client, found)
        _mend_files(client, found.files)


def _mend_files(client: SearchClient, found: Files) -> None:
    """Let files be read again whose passages are not held; forget those of no file."""
    for file in found.phantom:
        client.remove_document(file)
    if found.missing or found.waiting or found.later:
        from ckanext.myk.texts import jobs

        jobs.read_again(found.missing)


def _mend(stack: Stack, client: SearchClient, found: Comparison) -> None:
    """Mend what differs, and what was changed by others while that was read and sent."""
    from ckan.lib.search import index_for

    for _ in range(_ROUNDS):
        if not found.differences:
            return
        _index([*found.missing, *found.outdated])
        for key in found.phantom:
            index_for("package").delete_package({"id": key})
        found = _compare(_in_database(stack.database_url), client.records(_FIELDS))


def rebuild(settings: Settings, *, qdrant_url: str | None = None, afresh: bool = False) -> int:
    """Build a new index beside the served one and let it take over; return how many records.

    A rebuild that was stopped goes on where it was, unless ``afresh``. ``qdrant_url``: where the
    new index's vectors shall lie, if not where the settings say.
    """
    stack = Stack.of(settings)
    with _client(stack) as client, ckan_environment(settings):
        from ckan.common import config

        if afresh:
            client.rebuild_abandon()
        client.rebuild_begin(qdrant_url)
        # CKAN's own code indexes, only into the other index.
        config["solr_url"] = f"{settings.search_url}/solr/rebuild"
        for _ in range(_ROUNDS):
            truth = _in_database(stack.database_url)
            found = _compare(truth, client.rebuild_records())
            if not found.missing:
                break
            _index(found.missing)
        if not config["ckan.search.remove_deleted_packages"]:
            # An operator can keep them findable, for those who restore them.
            _index(_in_database(stack.database_url, deleted=True))
        client.rebuild_finish()
        # What was changed or removed while it was read is mended in the index now served.
        config["solr_url"] = f"{settings.search_url}/solr/ckan"
        found = _compare(_in_database(stack.database_url), client.records(_FIELDS))
        _mend(stack, client, found)
    return found.in_database


class _Rate(ProgressColumn):
    """Records per second."""

    def render(self, task: Task) -> Text:
        """Return the rate of the last while."""
        return Text(f"{task.speed:.0f}/s" if task.speed else "")


def _index(ids: Iterable[str]) -> None:
    """Index records by id, as CKAN would."""
    from ckan.common import config

    from myk.reindexing import processes

    config["solr_timeout"] = _PATIENCE
    wanted = list(ids)
    said: list[str] = []
    with Progress(
        "indexing",
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=len(wanted) < 20,
        # After each batch; a thread for it would be inherited by the processes.
        auto_refresh=False,
    ) as progress:
        task = progress.add_task("", total=len(wanted))
        for done, told in processes.index(wanted):
            progress.update(task, advance=done, refresh=True)
            said += told
    if said:
        click.echo(f"{len(said)} records had to be indexed one by one; the first:", err=True)
        for line in said[:_SAID]:
            click.echo(f"  {line}", err=True)
