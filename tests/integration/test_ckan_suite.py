"""CKAN's own search tests against the real search service; `make suites` runs all that it has."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.ckan_suites.suites import MODES
from tests.conftest import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


def test_ckans_search_tests() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.ckan_suites", "--only", "quick", "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=800,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-3000:]
    runs = json.loads(run.stdout)["runs"]
    assert [(one["mode"], one["passed"]) for one in runs] == [(mode, 125) for mode in MODES]
