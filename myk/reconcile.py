"""Database and index compared, and mended. PostgreSQL is the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import psycopg2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from myk.ckan import CkanUnavailable, ckan_environment
from myk.settings import Settings
from myk.stack.services import Stack
from search.client import SearchClient


@dataclass(frozen=True)
class Comparison:
    """How database and index differ, by record id."""

    in_database: int
    in_index: int
    missing: list[str]
    outdated: list[str]
    phantom: list[str]

    @property
    def differences(self) -> int:
        """How many records differ."""
        return len(self.missing) + len(self.outdated) + len(self.phantom)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON would have it."""
        return {**asdict(self), "differences": self.differences}


def compare(settings: Settings) -> Comparison:
    """Compare by id and date of modification (the revision).

    :raises CkanUnavailable: when the database does not answer.
    :raises search.client.SearchUnavailable: when the search service does not.
    """
    stack = Stack.of(settings)
    truth = _in_database(stack.database_url)
    client = SearchClient(settings.search_url, stack.search_token, timeout=120.0)
    try:
        indexed = {
            str(record["id"]): str(record.get("metadata_modified", "")).rstrip("Z")
            for record in client.records(("id", "metadata_modified", "state"))
            # CKAN can be told to keep deleted records in the index, for those who restore them.
            if record.get("state") != "deleted"
        }
    finally:
        client.close()
    return Comparison(
        in_database=len(truth),
        in_index=len(indexed),
        missing=sorted(truth.keys() - indexed.keys()),
        outdated=sorted(
            key for key in truth.keys() & indexed.keys() if not _same(truth[key], indexed[key])
        ),
        phantom=sorted(indexed.keys() - truth.keys()),
    )


def _same(database: str, index: str) -> bool:
    # CKAN leaves out a fraction of zero.
    return database.removesuffix(".000000") == index.removesuffix(".000000")


def _in_database(url: str) -> dict[str, str]:
    """Return id → modification of every record that belongs into the index."""
    try:
        connection = psycopg2.connect(url, connect_timeout=5)
    except psycopg2.OperationalError:
        raise CkanUnavailable(
            "the database does not answer; is the portal running? Start it with: make up"
        ) from None
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, to_char(metadata_modified, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') "
                "FROM package WHERE state <> 'deleted'"
            )
            return {str(key): str(modified) for key, modified in cursor.fetchall()}
    except psycopg2.errors.UndefinedTable:
        return {}
    finally:
        connection.close()


def repair(settings: Settings, found: Comparison) -> None:
    """Index what is missing or outdated, remove what is phantom, and nothing else."""
    with ckan_environment(settings):
        from ckan.lib.search import index_for

        _index([*found.missing, *found.outdated])
        for key in found.phantom:
            index_for("package").delete_package({"id": key})


def rebuild(settings: Settings) -> int:
    """Index every record again and remove phantoms; return how many records there are."""
    found = compare(settings)
    with ckan_environment(settings):
        from ckan.lib.search import index_for

        stack = Stack.of(settings)
        everything = sorted(_in_database(stack.database_url))
        _index(everything)
        for key in found.phantom:
            index_for("package").delete_package({"id": key})
    return len(everything)


def _index(ids: Iterable[str]) -> None:
    """Index records by id, with CKAN's own code, so that every plugin has its say."""
    from ckan import model
    from ckan.logic import index_update_package

    wanted = list(ids)
    with Progress(
        "indexing",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=len(wanted) < 20,
    ) as progress:
        task = progress.add_task("", total=len(wanted))
        for number, key in enumerate(wanted, 1):
            index_update_package({"ignore_auth": True}, key)
            progress.advance(task)
            if number % 100 == 0:
                model.Session.expunge_all()
