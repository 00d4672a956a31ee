"""CKAN's own search tests, against the real search service, in both modes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from search.client import SearchClient, SearchUnavailable
from tests.conftest import Stack, free_port

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

TOKEN = "suite"

#: Tests that fail for a reason outside the search: data files that CKAN's wheel does not contain.
KNOWN = {"test_check_invalid_schema", "test_check_schema_with_wrong_version"}

_INI = """
[app:main]
testing = true
debug = false
SECRET_KEY = suite
ckan.site_id = test.ckan.net
ckan.site_title = CKAN
ckan.site_url = http://test.ckan.net
ckan.plugins =
ckan.locale_default = en
ckan.extra_resource_fields = alt_url
ckan.auth.create_unowned_dataset = true
ckan.auth.create_dataset_if_not_in_organization = true
ckan.auth.user_create_groups = true
ckan.auth.user_create_organizations = true
WTF_CSRF_ENABLED = false
"""


@pytest.fixture(params=["hybrid", "lexical"])
def configuration(request: pytest.FixtureRequest, stack: Stack, tmp_path: Path) -> Iterator[Path]:
    """A CKAN test configuration on a database and a search service of its own."""
    port = free_port()
    service = subprocess.Popen(
        [sys.executable, "-m", "search"],
        env={
            **os.environ,
            "MYK_SEARCH_PORT": str(port),
            "MYK_SEARCH_TOKEN": TOKEN,
            "MYK_SEARCH_FOLDER": str(tmp_path / "index"),
            "MYK_SEARCH_MODE": request.param,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    sockets = stack.home / "run" / "sockets"
    database = f"suite_{request.param}"
    connection = psycopg2.connect(
        host=str(sockets / "postgres"), user="postgres", dbname="postgres"
    )
    connection.autocommit = True
    connection.cursor().execute(f"CREATE DATABASE {database} OWNER ckan")
    connection.close()
    address = f"postgresql://ckan@/{database}?host={sockets / 'postgres'}"
    ini = tmp_path / "suite.ini"
    ini.write_text(
        f"{_INI}"
        f"sqlalchemy.url = {address}\n"
        f"ckan.redis.url = unix://{sockets / 'redis.sock'}?db=3\n"
        f"solr_url = http://127.0.0.1:{port}/solr/ckan\n"
        f"solr_user = ckan\nsolr_password = {TOKEN}\n"
        f"ckan.storage_path = {tmp_path / 'storage'}\n"
    )
    ckan = [sys.executable, str(Path(sys.executable).parent / "ckan"), "-c", str(ini)]
    client = SearchClient(f"http://127.0.0.1:{port}")
    for _ in range(100):
        try:
            client.ready()
            break
        except SearchUnavailable:
            time.sleep(0.1)
    subprocess.run([*ckan, "db", "upgrade"], check=True, capture_output=True)
    yield ini
    service.terminate()
    service.wait(20)


def test_ckans_search_tests(configuration: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        [
            sys.executable, "-m", "pytest", f"--ckan-ini={configuration}", "-c", os.devnull,
            "--rootdir", str(tmp_path), "-q", "-p", "no:cacheprovider", "-W", "ignore",
            "-p", "no:xdist", "--pyargs", "ckan.tests.lib.search",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=800,
    )  # fmt: skip
    failed = set(re.findall(r"^(?:FAILED|ERROR) \S*::(\w+)", run.stdout, re.MULTILINE))
    assert failed <= KNOWN, run.stdout[-6000:]
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed, run.stdout[-3000:] + run.stderr[-2000:]
    assert int(passed[1]) >= 125
