"""A writer and a killer: what was acknowledged survives ``kill -9`` at any instant."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import free_port

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

#: More rounds with MYK_TEST_ROUNDS=300; what runs on every change is short.
ROUNDS = int(os.environ.get("MYK_TEST_ROUNDS", "12"))
TOKEN = "rounds"


class Service:
    """A search service of its own, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MYK_")},
            "MYK_SEARCH_PORT": str(self.port),
            "MYK_SEARCH_TOKEN": TOKEN,
            "MYK_SEARCH_FOLDER": str(folder / "index"),
        }
        self.log = (folder / "log").open("ab")

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "search"], env=self.env, stdout=self.log, stderr=self.log
        )
        for _ in range(300):
            try:
                if requests.get(f"{self.url}/readyz", timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.02)
        raise AssertionError("the service does not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def records(self) -> dict[str, dict[str, Any]]:
        answer = requests.get(
            f"{self.url}/api/v1/records?fields=id,title,version",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=30,
        )
        return {record["id"]: record for record in answer.json()["records"]}


def _record(key: int, version: int) -> dict[str, Any]:
    return {
        "index_id": f"{key:032x}",
        "id": str(key),
        "title": f"Eintrag {key} Fassung {version}",
        "version": str(version),
        "state": "active",
        "permission_labels": ["public"],
    }


def _write(
    service: Service, chance: random.Random, state: dict[int, int], unsure: set[int]
) -> None:
    """Write until the service is gone; ``state`` holds what was acknowledged (0: removed)."""
    with requests.Session() as session:
        session.auth = ("ckan", TOKEN)
        while True:
            key = chance.randrange(40)
            version = state.get(key, 0) + 1 if chance.random() < 0.8 else 0
            unsure.add(key)
            try:
                if version:
                    body, kind = json.dumps([_record(key, version)]), "application/json"
                else:
                    body, kind = f'<delete><query>id:"{key}"</query></delete>', "text/xml"
                answer = session.post(
                    f"{service.url}/solr/ckan/update/", data=body, headers={"Content-Type": kind}
                )
            except requests.RequestException:
                return
            if answer.status_code != 200:
                return
            state[key] = version
            unsure.discard(key)


def test_nothing_acknowledged_is_lost_and_nothing_is_half_visible(tmp_path: Path) -> None:
    chance = random.Random(11)
    service = Service(tmp_path)
    service.start()
    state: dict[int, int] = {}
    acknowledged = 0
    for _ in range(ROUNDS):
        unsure: set[int] = set()
        writer = threading.Thread(target=_write, args=(service, chance, state, unsure))
        writer.start()
        time.sleep(chance.uniform(0.02, 0.6))
        service.kill()
        writer.join()
        service.start()
        found = service.records()
        for key, version in state.items():
            there = found.get(str(key))
            if key in unsure:
                # The one write in flight is there whole or not at all.
                if there:
                    assert there["title"] == f"Eintrag {key} Fassung {there['version']}"
                    version = int(there["version"])
                state[key] = version if there else 0
                continue
            assert (int(there["version"]) if there else 0) == version, (key, there)
            acknowledged += 1
        ready = requests.get(f"{service.url}/readyz", timeout=10).json()
        assert ready["records"] == ready["vectors"] == len(found)
    service.kill()
    assert acknowledged > ROUNDS
