"""The rebuild of the index from PostgreSQL, beside CKAN's own loop, in one run on one catalogue.

``measure`` starts a portal of its own with the sample region and copies its records, rows and all,
until there are as many as wanted. Then, in one process with CKAN loaded and a search service that
does nothing in place of the real one, CKAN's ``ckan.lib.search.rebuild`` and what ``myk index
rebuild`` does take turns over the whole catalogue, ours with the real service too. At the end
``myk index rebuild`` runs as it is, from its start to the new index in use.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import psycopg2

from search.client import SearchClient
from tests.conftest import ROOT, Stack, running_folder

#: Turns of both, for the median; fewer where one takes minutes.
_TURNS = 5
_RECORDS_IN_ALL = 10_000

_COPIES = """
CREATE TEMP TABLE copied ON COMMIT DROP AS
  SELECT id AS old, gen_random_uuid()::text AS new, number
  FROM package, generate_series(1, %(most)s) AS number
  WHERE state = 'active' ORDER BY number, id LIMIT %(wanted)s
"""
#: Table: its column that names the record, and what else a copy must not share.
_PARTS = {
    "package": (
        "id", {"name": "left(name, 80) || '-' || left(new, 8)", "title": "title || ' ' || number"},
    ),
    "resource": ("package_id", {"id": "gen_random_uuid()::text"}),
    "package_tag": ("package_id", {"id": "gen_random_uuid()::text"}),
    "member": ("table_id", {"id": "gen_random_uuid()::text"}),
}  # fmt: skip


def measure(number: int) -> dict[str, Any]:
    """Measure on a catalogue of ``number`` records."""
    for folder in running_folder("myk-bench-"):
        stack = Stack(folder / "home")
        stack.start()
        try:
            told = subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.rebuild", str(number)],
                cwd=ROOT, env=stack.env, check=True, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            measured: dict[str, Any] = json.loads(told.stdout)
            began = time.perf_counter()
            done = stack.myk("index", "rebuild", "--afresh", timeout=3600)
            if done.returncode:
                raise SystemExit(done.stderr)
            measured["command_per_s"] = round(number / (time.perf_counter() - began), 1)
            return measured
        finally:
            stack.stop()
    raise AssertionError("unreachable")


def grow(url: str, number: int) -> None:
    """Copy the catalogue's records until there are ``number``."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM package")
        wanted = number - cursor.fetchone()[0]
        if wanted <= 0:
            return
        cursor.execute(_COPIES, {"most": wanted, "wanted": wanted})
        for table, (record, changed) in _PARTS.items():
            cursor.execute(
                "SELECT column_name FROM information_schema.columns "
                "WHERE table_name = %s AND table_schema = 'public'",
                (table,),
            )
            columns = [name for (name,) in cursor.fetchall()]
            values = [{record: "new", **changed}.get(name, f'part."{name}"') for name in columns]
            names = ", ".join(f'"{name}"' for name in columns)
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} "
                f'FROM {table} AS part JOIN copied ON part."{record}" = copied.old'
            )
    with psycopg2.connect(url) as connection:
        connection.autocommit = True
        connection.cursor().execute("ANALYZE")


class _Nothing:
    """A search service that does nothing."""

    def add(self, docs: list[dict[str, Any]], **_: Any) -> None: ...

    def delete(self, **_: Any) -> None: ...

    def commit(self, **_: Any) -> None: ...


def _rate(work: Callable[[], Any], number: int) -> float:
    began = time.perf_counter()
    work()
    return number / (time.perf_counter() - began)


def compare(number: int) -> dict[str, Any]:
    """Let both index the whole catalogue, in turns; return their rates and ratios."""
    from myk import settings as settings_module
    from myk.ckan import ckan_environment
    from myk.stack.services import Stack as Services

    settings = settings_module.load()
    services = Services.of(settings)
    grow(services.database_url, number)
    client = SearchClient(settings.search_url, services.search_token, timeout=300.0)
    with ckan_environment(settings):
        from ckan import model
        from ckan.common import config
        from ckan.lib import search
        from ckan.lib.search import index as search_index

        from myk.reindexing import documents, processes

        config["solr_url"] = f"{settings.search_url}/solr/rebuild"
        config["solr_timeout"] = 300
        connection = search_index.make_connection
        ids = [key for (key,) in model.Session.query(model.Package.id)]

        def one_process() -> None:
            for start in range(0, len(ids), documents.BATCH):
                documents.index(ids[start : start + documents.BATCH])

        def with_service() -> None:
            client.rebuild_begin()
            search_index.make_connection = connection
            list(processes.index(ids))

        runs: dict[str, Callable[[], Any]] = {
            "ckan": lambda: search.rebuild(package_ids=ids, quiet=True, defer_commit=True),
            "one_process": one_process,
            "rebuild": lambda: list(processes.index(ids)),
            "with_service": with_service,
        }
        rates: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(max(1, min(_TURNS, _RECORDS_IN_ALL // number))):
            client.rebuild_abandon()
            for name, work in runs.items():
                search_index.make_connection = lambda *_, **__: _Nothing()
                rates[name].append(_rate(work, len(ids)))
                model.Session.remove()
        client.rebuild_abandon()

    def ratio(name: str) -> float:
        pairs = zip(rates[name], rates["ckan"], strict=True)
        return round(statistics.median(ours / theirs for ours, theirs in pairs), 2)

    return {
        "records": len(ids),
        **{f"{name}_per_s": round(statistics.median(each), 1) for name, each in rates.items()},
        "ratio": ratio("rebuild"),
        "ratio_with_service": ratio("with_service"),
    }


if __name__ == "__main__":
    print(json.dumps(compare(int(sys.argv[1]))))
