"""New records created together, in a real CKAN with its search service."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Stack

pytestmark = pytest.mark.integration

_HEAD = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<https://menge.example/> a dcat:Catalog ; dct:title "Menge" .
"""


def _catalogue(folder: Path, number: int) -> Path:
    file = folder / "menge.ttl"
    file.write_text(
        _HEAD
        + "".join(
            f'<https://menge.example/{i}> a dcat:Dataset ; dct:title "Vielerlei {i % 70}" ;'
            f' dct:description "Eines von vielen: {i}." ; dcat:keyword "vielerlei" .\n'
            for i in range(number)
        )
    )
    return file


def _found(stack: Stack) -> int:
    return int(stack.action("package_search", q="tags:vielerlei", rows=0)["count"])


def test_they_are_found_at_once_and_left_alone_afterwards(
    stack: Stack, token: str, tmp_path: Path
) -> None:
    file = str(_catalogue(tmp_path, 130))  # titles that come twice within one batch and beyond
    run = ("harvest", "run", file, "--type", "dcat", "--name", "menge", "--json")
    told = json.loads(stack.myk(*run).stdout)
    assert told["counts"]["added"] == 130
    assert _found(stack) == 130
    shown = stack.action("package_show", id="vielerlei-1")
    assert shown["harvest_source"] == "menge"
    assert shown["harvest_hash"]
    assert shown["harvest_fingerprint"]
    asked = {"id": "vielerlei-1", "include_hidden_activity": True}  # it is the site user's
    activity = stack.action("package_activity_list", token, **asked)
    assert [one["activity_type"] for one in activity] == ["new package"]
    counts = json.loads(stack.myk(*run).stdout)["counts"]
    assert counts["unchanged"] == 130
    assert stack.action("package_show", id="vielerlei-1") == shown
    assert stack.myk("index", "check").returncode == 0


_REFUSED = """
import json, sys, uuid
from myk import settings
from myk.ckan import local_ckan

packages = [
    {"id": str(uuid.uuid4()), "name": f"zusammen-{i}", "title": "Zusammen", "notes": "z",
     "owner_org": sys.argv[1]}
    for i in range(3)
]
told = []
with local_ckan(settings.load()) as client:
    from ckan import model
    from ckan.common import config

    def attempt():
        try:
            client.create_together(packages)
        except Exception as error:
            told.append(f"{type(error).__name__}: {error}")
        model.Session.remove()
        told.append(model.Session.query(model.Package).filter_by(title="Zusammen").count())

    right, config["solr_url"] = config["solr_url"], "http://127.0.0.1:9/solr/ckan"
    attempt()
    config["solr_url"], packages[2]["name"] = right, "zusammen-1"
    attempt()
    packages[2]["name"] = "zusammen-2"
    attempt()
print(json.dumps(told))
"""


def test_all_or_none(stack: Stack) -> None:
    """Neither without the search service, nor when one of them is refused, is anything saved."""
    organisation = stack.action("organization_list")[0]
    done = subprocess.run(
        [sys.executable, "-c", _REFUSED, organisation],
        cwd=ROOT, env=stack.env, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.strip().splitlines()[-1])
    away, after_it, refused, after_that, made = told
    assert away.startswith(("SolrError", "SearchIndexError")), away
    assert refused.startswith("ValidationError"), refused
    assert "name" in refused
    assert (after_it, after_that, made) == (0, 0, 3)
    assert stack.action("package_search", q="name:zusammen-*", rows=0)["count"] == 3
