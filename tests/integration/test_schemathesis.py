"""The JSON API against its own description: schemathesis asks a running service of the test's own.

No answer may be a server error, and each must be one that ``/openapi.json`` describes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, free_port

pytest.importorskip("schemathesis")

pytestmark = pytest.mark.integration

_TOKEN = "geheim"
_RECORDS = [
    {
        "index_id": f"{number:032x}",
        "id": f"id-{number}",
        "name": f"datensatz-{number}",
        "title": f"{'Spielplatz' if number % 2 else 'Haushalt'} {number}",
        "notes": "Ein Satz. Noch ein Satz über Spielplätze.",
        "state": "active",
        "dataset_type": "dataset",
        "organization": f"o{number % 3}",
        "tags": ["a", "b"],
        "permission_labels": ["public"] if number % 3 else ["member-1"],
        "metadata_modified": f"2024-01-{number % 28 + 1:02d}T00:00:00Z",
        "bbox": "7,50,8,51",
    }
    for number in range(40)
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A search service with some records; its address."""
    folder = tmp_path_factory.mktemp("schemathesis")
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "search"],
            cwd=ROOT,
            env={
                **{name: text for name, text in os.environ.items() if not name.startswith("MYK_")},
                "MYK_SEARCH_PORT": str(port),
                "MYK_SEARCH_TOKEN": _TOKEN,
                "MYK_SEARCH_FOLDER": str(folder / "index"),
            },
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _fill(url, process, folder / "log")
        yield url
        assert process.poll() is None, (folder / "log").read_text()[-4000:]
    finally:
        process.terminate()
        process.wait(30)


def _fill(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    secret = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    secret.add_password(None, url, "ckan", _TOKEN)
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(secret))
    request = urllib.request.Request(
        f"{url}/solr/ckan/update",
        data=json.dumps(_RECORDS).encode(),
        headers={"Content-Type": "application/json"},
    )
    for _ in range(300):
        assert process.poll() is None, log.read_text()[-4000:]
        try:
            opener.open(request, timeout=10)
        except OSError as error:
            if "refused" not in str(error):
                raise
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the service did not start:\n{log.read_text()[-4000:]}")


@pytest.mark.parametrize("headers", [[], ["-H", f"Authorization: Bearer {_TOKEN}"]])
def test_the_description_holds(service: str, headers: list[str], tmp_path: Path) -> None:
    run = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", f"{service}/openapi.json",
            "--phases", "examples,coverage,fuzzing,stateful", "--max-examples",
            os.environ.get("SCHEMATHESIS_EXAMPLES", "25"), "--checks", "all", "--seed", "7",
            "--no-shrink", "--continue-on-failure", "--no-color", "--max-response-time", "5",
            "--suppress-health-check", "all", "--warnings", "off", *headers,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )  # fmt: skip
    assert run.returncode == 0, f"{run.stdout[-12000:]}\n{run.stderr[-2000:]}"
