"""Database and index stay the same, and are mended when they are not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid

import psycopg2
import pysolr
import pytest

from search.client import SearchClient
from tests.conftest import ROOT, Stack

pytestmark = pytest.mark.integration


def _check(stack: Stack, *words: str) -> dict[str, object]:
    return dict(json.loads(stack.myk("index", "check", "--json", *words).stdout))


def test_no_differences_after_the_first_start(stack: Stack) -> None:
    told = _check(stack)
    assert told["differences"] == 0
    assert told["in_database"] == told["in_index"]
    assert int(str(told["in_database"])) > 150


def test_missing_phantom_and_outdated_are_named_and_mended(stack: Stack) -> None:
    solr = pysolr.Solr(
        f"{stack.search_url}/solr/ckan".replace("//", f"//ckan:{stack.secrets['search_token']}@")
    )
    ids = sorted(record["id"] for record in stack.action("package_search", rows=3)["results"])
    missing, outdated = ids[:2]
    solr.delete(q=f'id:"{missing}"')
    record = dict(solr.search(f'id:"{outdated}"').docs[0])
    solr.add([{**record, "metadata_modified": "2001-01-01T00:00:00Z"}])
    solr.add([{**record, "index_id": "f" * 32, "id": "gibt-es-nicht", "name": "gibt-es-nicht"}])
    told = _check(stack)
    assert (told["missing"], told["outdated"], told["phantom"]) == (
        [missing], [outdated], ["gibt-es-nicht"],
    )  # fmt: skip
    assert _check(stack, "--repair")["differences"] == 0


def test_rebuild_indexes_everything(stack: Stack) -> None:
    told = stack.myk("index", "rebuild")
    assert told.returncode == 0, told.stderr
    assert _check(stack)["differences"] == 0


def test_searches_and_writes_during_a_rebuild_are_answered_and_kept(
    stack: Stack, token: str
) -> None:
    rebuild = subprocess.Popen(
        [sys.executable, "-m", "myk", "index", "rebuild", "--afresh"],
        cwd=ROOT, env=stack.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    least = stack.action("package_search")["count"]
    made = []
    while rebuild.poll() is None:
        assert stack.action("package_search")["count"] >= least
        name = f"waehrend-{uuid.uuid4().hex[:12]}"
        record = {"name": name, "title": name, "owner_org": "stadt-mayen"}
        made.append(stack.action("package_create", token, **record)["id"])
        assert stack.action("package_search", q=f'"{name}"')["count"] == 1
    try:
        assert rebuild.returncode == 0, rebuild.communicate()[0]
        assert made
        told = _check(stack)
        assert told["differences"] == 0, told
    finally:
        for key in made:
            stack.action("dataset_purge", token, id=key)


def test_a_killed_rebuild_changes_nothing_and_goes_on(stack: Stack) -> None:
    rebuild = subprocess.Popen(
        [sys.executable, "-m", "myk", "index", "rebuild"],
        cwd=ROOT, env=stack.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    client = SearchClient(stack.search_url, stack.secrets["search_token"])
    while rebuild.poll() is None and not client.ready()["rebuilding"]:
        time.sleep(0.05)
    time.sleep(0.5)
    rebuild.kill()
    rebuild.wait()
    assert _check(stack)["differences"] == 0
    assert stack.myk("index", "rebuild").returncode == 0
    assert not client.ready()["rebuilding"]
    assert _check(stack)["differences"] == 0


def test_a_save_that_cannot_be_indexed_is_rolled_back(stack: Stack, token: str) -> None:
    before = _check(stack)
    os.kill(stack.processes()["search"], signal.SIGKILL)
    with pytest.raises(OSError, match="HTTP Error"):
        stack.action(
            "package_create", token, name="nicht-gespeichert", title="x", owner_org="stadt-mayen"
        )
    while stack.myk("status").returncode:
        time.sleep(0.5)
    # Each process of the portal has a view of its own of whether the service is away.
    assert [stack.get("/")[0] for _ in range(8)] == [200] * 8
    after = _check(stack)
    assert after["differences"] == 0
    assert after["in_database"] == before["in_database"]


def test_database_is_reachable_only_through_its_closed_socket(stack: Stack) -> None:
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect("postgresql://ckan@127.0.0.1:5432/ckan", connect_timeout=2)
    sockets = stack.home / "run" / "sockets" / "postgres"
    assert sockets.stat().st_mode & 0o077 == 0
