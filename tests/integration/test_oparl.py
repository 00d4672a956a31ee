"""A council information system, from its interface to the answer with its page."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import Stack, running_folder
from tests.unit.harvesters.oparl_server import Council, karlsruhe, serving

pytestmark = pytest.mark.integration

#: Of each kind: the whole sample takes minutes (docs/speed.md has its numbers).
_PAPERS, _MEETINGS = 120, 30


@pytest.fixture(scope="module")
def council(real_data: Path) -> Iterator[Council]:
    """The first papers and meetings of a real council."""
    made = karlsruhe(real_data / "oparl" / "karlsruhe")
    for kind, most in (("paper", _PAPERS), ("meeting", _MEETINGS)):
        del made.lists[kind][most:]
    with serving(made) as running:
        yield running


@pytest.fixture(scope="module")
def portal() -> Iterator[Stack]:
    for folder in running_folder("myk-rat-"):
        running = Stack(
            folder / "home",
            settings={"MYK_SAMPLE": "false", "MYK_HARVEST_ALLOW_HOSTS": "127.0.0.1"},
        )
        running.start()
        yield running
        if running.process and running.process.poll() is None:
            running.stop()


def harvest(portal: Stack, council: Council) -> tuple[int, ...]:
    done = portal.myk(
        "harvest", "run", council.system, "--name", "rat", "--type", "oparl", "--org", "stadt-mayen"
    )
    last = done.stdout.strip().splitlines()[-1]
    counts = re.fullmatch(
        r"added (\d+), changed (\d+), unchanged (\d+), gone (\d+), failed (\d+)", last
    )
    assert counts, done.stdout + done.stderr
    return tuple(map(int, counts.groups()))


def answer(portal: Stack, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{portal.search_url}{path}", timeout=60) as given:
        return dict(json.loads(given.read()))


def test_papers_and_meetings_are_records_of_their_types(portal: Stack, council: Council) -> None:
    assert harvest(portal, council) == (_PAPERS + _MEETINGS, 0, 0, 0, 0)
    counted = portal.action("package_search", **{"facet.field": ["dataset_type"], "rows": 0})
    assert counted["facets"]["dataset_type"] == {"document": _PAPERS, "event": _MEETINGS}
    paper = next(iter(council.objects.values()))
    found = portal.action("package_search", q=f'"{paper["reference"]}"')["results"][0]
    assert found["type"] == "document"
    assert found["title"] == paper["name"]
    assert found["reference"] == paper["reference"]
    files = [*paper.get("auxiliaryFile", []), *([paper["mainFile"]] if "mainFile" in paper else [])]
    assert len(found["resources"]) == len(files)
    status, page = portal.get(f"/document/{found['name']}")
    assert status == 200
    assert paper["reference"] in page
    meeting = portal.action("package_search", fq="dataset_type:event", rows=1)["results"][0]
    status, page = portal.get(f"/event/{meeting['name']}")
    assert status == 200
    assert "Tagesordnung" in page
    assert "Uhr" in page
    # Papers and meetings are no datasets for those who harvest the catalogue.
    assert "dcat:Dataset" not in portal.get("/catalog.ttl")[1].replace("dcat:dataset", "")


def test_a_second_run_reads_little_and_writes_nothing(portal: Stack, council: Council) -> None:
    def asked() -> int:
        return sum("downloadfiles" not in path for path in council.requests)

    before = asked()
    assert harvest(portal, council)[:2] == (0, 0)
    assert asked() - before < 15


def test_a_paper_is_found_by_what_its_files_say(portal: Stack, council: Council) -> None:
    until = time.monotonic() + 240
    while json.loads(portal.myk("index", "check", "--json").stdout)["files"]["waiting"]:
        assert time.monotonic() < until, "the files are not read"
        time.sleep(2)
    checked = json.loads(portal.myk("index", "check", "--json").stdout)
    assert checked["differences"] == 0
    assert checked["files"]["in_index"] > _PAPERS
    # A sentence out of the middle of a file leads to it.
    passages = answer(portal, "/api/v1/passages?limit=1&q=" + quote("Umbau der Haltestelle"))
    text = passages["results"][0]["text"]
    words = " ".join(text.split()[20:32])
    found = answer(portal, f"/api/v1/passages?limit=5&q={quote(words)}")["results"]
    assert text in [one["text"] for one in found]
    record = found[0]["record"]
    hits = answer(portal, f"/api/v1/search?limit=5&q={quote(words)}")["results"]
    assert record in [one["id"] for one in hits]
