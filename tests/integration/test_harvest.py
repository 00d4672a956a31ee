"""The two real catalogues, through the command, into the running portal."""

from __future__ import annotations

import email
import fcntl
import json
import os
import re
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ckanapi import RemoteCKAN

from tests.conftest import ROOT, Stack

pytestmark = pytest.mark.integration

BREMEN, BRANDENBURG = "test-bremen", "test-brandenburg"
LAST_LINE = re.compile(r"added (\d+), changed (\d+), unchanged (\d+), gone (\d+), failed (\d+)\n$")


def _counts(done: subprocess.CompletedProcess[str]) -> tuple[int, ...]:
    assert "Traceback" not in done.stdout + done.stderr
    match = LAST_LINE.search(done.stdout)
    assert match, done.stdout[-500:] + done.stderr[-500:]
    return tuple(map(int, match.groups()))


def _found(stack: Stack, source: str) -> list[dict[str, Any]]:
    query = {"fq": f'harvest_source:"{source}"', "rows": 500}
    return list(stack.action("package_search", **query)["results"])


@pytest.fixture(scope="module")
def catalogues(stack: Stack, real_data: Path) -> dict[str, Path]:
    """Both catalogues harvested once."""
    files = {
        BREMEN: real_data / "dcat" / "bremen-catalog-original-input.rdf",
        BRANDENBURG: real_data / "dcat" / "brandenburg-catalog-original-input.ttl",
    }
    for name, file in files.items():
        done = stack.myk("harvest", "run", str(file), "--name", name)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return files


def test_all_records_are_found_with_all_they_say(stack: Stack, catalogues: dict[str, Path]) -> None:
    records = [record for name in catalogues for record in _found(stack, name)]
    assert len(records) == 265
    assert sum(len(record["resources"]) for record in records) == 237 + 212
    for record in records:
        assert record["title"]
        assert record["publisher"][0]["name"]
        assert record["uri"].startswith("http")
        assert record["harvest_source_url"] == record["uri"]
        assert record["organization"]["title"]
        for resource in record["resources"]:
            assert resource["uri"].startswith("http")
            assert resource["license"]
    assert sum(1 for record in records if record["notes"]) == 263  # two have none
    assert sum(1 for record in records if record["license_id"]) == 261  # four have none
    assert sum(1 for record in records if record.get("issued")) == 153


def test_a_second_run_writes_nothing(stack: Stack, catalogues: dict[str, Path]) -> None:
    before = {r["id"]: r["metadata_modified"] for name in catalogues for r in _found(stack, name)}
    for name, file in catalogues.items():
        done = stack.myk("harvest", "run", str(file), "--name", name)
        assert done.returncode == 0
        assert _counts(done)[:2] == (0, 0)
    after = {r["id"]: r["metadata_modified"] for name in catalogues for r in _found(stack, name)}
    assert before == after


def test_the_sample_region_is_unchanged_and_has_its_files(stack: Stack) -> None:
    done = stack.myk("harvest", "run", "sample", "--json")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    told = json.loads(done.stdout)
    assert (told["verdict"], told["counts"]["unchanged"] > 150) == ("succeeded", True)
    uploads = [
        resource
        for record in _found(stack, "sample")
        for resource in record["resources"]
        if resource.get("url_type") == "upload"
    ]
    assert len(uploads) > 20
    address = uploads[0]["url"].replace("localhost", "127.0.0.1")
    with urllib.request.urlopen(address, timeout=30) as answer:
        assert len(answer.read()) == uploads[0]["size"]


def test_what_staff_edit_keeps_its_tie_to_the_source(
    stack: Stack, token: str, catalogues: dict[str, Path]
) -> None:
    record = _found(stack, BRANDENBURG)[0]
    # As the form does it: everything but the fields that it does not show.
    hidden = ("harvest", "uri", "other_theme")
    shown = {key: value for key, value in record.items() if not key.startswith(hidden)}
    with RemoteCKAN(f"http://127.0.0.1:{stack.port}", apikey=token) as portal:
        portal.call_action("package_update", {**shown, "title": "Von Hand"})
    after = stack.action("package_show", id=record["id"])
    for key, value in record.items():
        if key.startswith(hidden):
            assert after[key] == value
    done = stack.myk("harvest", "run", str(catalogues[BRANDENBURG]), "--name", BRANDENBURG)
    assert _counts(done) == (0, 0, 112, 0, 0)
    assert stack.action("package_show", id=record["id"])["title"] == "Von Hand"


def test_what_vanishes_is_withdrawn_after_a_second_run(stack: Stack, tmp_path: Path) -> None:
    def catalogue(*names: str) -> str:
        file = tmp_path / "ort.ttl"
        head = (
            "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n"
            "@prefix dct: <http://purl.org/dc/terms/> .\n"
        )
        file.write_text(head + "".join(
            f'<https://ort.example/{name}> a dcat:Dataset ; dct:title "Vergehend {name}" .\n'
            for name in names
        ))  # fmt: skip
        return str(file)

    def harvested(*names: str) -> tuple[int, ...]:
        return _counts(
            stack.myk(
                "harvest", "run", catalogue(*names), "--name", "test-ort", "--org", "stadt-mayen"
            )
        )

    address = "/dataset/vergehend-eins"
    assert harvested("eins", "zwei", "drei") == (3, 0, 0, 0, 0)
    assert stack.get(address)[0] == 200
    assert harvested("zwei", "drei") == (0, 0, 2, 1, 0)
    assert "führt diesen Eintrag nicht mehr" in stack.get(address)[1]
    assert harvested("zwei", "drei") == (0, 0, 2, 1, 0)
    assert stack.get(address)[0] == 404
    assert harvested("zwei", "drei") == (0, 0, 2, 0, 0)
    assert harvested("eins", "zwei", "drei") == (0, 1, 2, 0, 0)
    status, page = stack.get(address)
    assert status == 200
    assert "führt diesen Eintrag nicht mehr" not in page
    assert len(_found(stack, "test-ort")) == 3
    held = stack.myk(
        "harvest", "run", catalogue("eins"), "--name", "test-ort", "--org", "stadt-mayen"
    )
    assert held.returncode == 1
    assert "2 of 3 records are no longer in the source" in held.stdout
    assert len(_found(stack, "test-ort")) == 3


class _Mailbox(socketserver.StreamRequestHandler):
    """A mail server that keeps what it gets."""

    received: ClassVar[list[str]] = []

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline().strip().upper():
            if line.startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (text := self.rfile.readline().rstrip(b"\r\n")) != b".":
                    lines.append(text)
                self.received.append(b"\n".join(lines).decode())
            self.wfile.write(b"221 bye\r\n" if line == b"QUIT" else b"250 ok\r\n")
            if line == b"QUIT":
                return


def test_who_looks_after_a_source_is_told(stack: Stack, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    catalogue = tmp_path / "weg.ttl"
    source = {
        "name": "test-weg", "type": "dcat", "path": str(catalogue), "org": "stadt-mayen",
        "title": {"de": "Daten des Ortes"}, "contact": "amt@ort.example",
    }  # fmt: skip
    (tmp_path / "config" / "sources.yaml").write_text(json.dumps([source]))
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mailbox) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.settings |= {
            "MYK_CONFIG": str(tmp_path / "config"),
            "CKAN_SMTP_SERVER": f"127.0.0.1:{server.server_address[1]}",
            "CKAN_SMTP_MAIL_FROM": "portal@kreis.example",
        }
        try:
            for _ in range(4):
                assert stack.myk("harvest", "run", "test-weg").returncode == 1
            catalogue.write_text(
                "<https://weg.example/1> a <http://www.w3.org/ns/dcat#Dataset> ;"
                ' <http://purl.org/dc/terms/title> "Wieder da" .'
            )
            assert stack.myk("harvest", "run", "test-weg").returncode == 0
            server.shutdown()
            server.server_close()
            catalogue.unlink()
            for _ in range(3):
                done = stack.myk("harvest", "run", "test-weg")
            assert "amt@ort.example could not be told" in done.stderr
            assert "Traceback" not in done.stderr
        finally:
            for name in ("MYK_CONFIG", "CKAN_SMTP_SERVER", "CKAN_SMTP_MAIL_FROM"):
                del stack.settings[name]
    failing, again = (email.message_from_string(one) for one in _Mailbox.received)
    assert failing["To"].endswith("<amt@ort.example>")
    subjects = [str(make_header(decode_header(one["Subject"]))) for one in (failing, again)]
    assert subjects == [
        "Import schlägt fehl: Daten des Ortes",
        "Import läuft wieder: Daten des Ortes",
    ]
    body = failing.get_payload(decode=True).decode()
    assert "does not exist" in body
    assert "myk harvest history test-weg" in body


def test_the_same_dataset_through_two_sources_is_one_record(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "doppelt.ttl"
    file.write_text(
        "<https://doppelt.example/1> a <http://www.w3.org/ns/dcat#Dataset> ;"
        ' <http://purl.org/dc/terms/title> "Zweimal da" .'
    )
    common = ("harvest", "run", str(file), "--org", "stadt-mayen", "--name")
    assert _counts(stack.myk(*common, "test-nah")) == (1, 0, 0, 0, 0)
    second = stack.myk(*common, "test-fern")
    assert _counts(second) == (0, 0, 0, 0, 0)
    assert "the portal has it from test-nah, which is nearer" in second.stdout
    (found,) = stack.action("package_search", q='"Zweimal da"')["results"]
    assert found["harvest_source"] == "test-nah"
    assert found["harvest_also"] == ["test-fern: https://doppelt.example/1"]
    assert _counts(stack.myk(*common, "test-nah")) == (0, 0, 1, 0, 0)


def test_a_source_is_never_harvested_twice_at_once(stack: Stack) -> None:
    locks = stack.home / "locks"
    locks.mkdir(exist_ok=True)
    with (locks / "harvest-sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = stack.myk("harvest", "run", "sample")
        assert done.returncode == 1
        assert "it is being harvested already" in done.stdout
        assert stack.myk("harvest", "run", "sample", "--dry-run").returncode == 0
    assert stack.myk("harvest", "run", "sample").returncode == 0


def test_a_source_is_harvested_when_it_is_due(stack: Stack, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    catalogue = tmp_path / "takt.ttl"
    catalogue.write_text(
        '<https://takt.example/1> a <http://www.w3.org/ns/dcat#Dataset> ;'
        ' <http://purl.org/dc/terms/title> "Im Takt" .'
    )  # fmt: skip
    source = {
        "name": "test-takt", "type": "dcat", "path": str(catalogue), "org": "stadt-mayen",
        "schedule": "* * * * *",
    }  # fmt: skip
    (tmp_path / "config" / "sources.yaml").write_text(json.dumps([source]))
    env = {**stack.env, "MYK_CONFIG": str(tmp_path / "config")}
    command = [sys.executable, "-m", "myk", "harvest", "watch"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as watch:
        try:
            until = time.monotonic() + 100
            while time.monotonic() < until and not _found(stack, "test-takt"):
                time.sleep(0.5)
            assert [one["title"] for one in _found(stack, "test-takt")] == ["Im Takt"]
        finally:
            watch.terminate()
        told, _ = watch.communicate(timeout=60)
    assert watch.returncode == 0
    assert "test-takt: started" in told
    runs = json.loads(stack.myk("harvest", "history", "test-takt", "--json").stdout)
    assert runs[0]["counts"]["added"] + runs[0]["counts"]["unchanged"] == 1
    assert "added 1" in stack.myk("harvest", "history", "test-takt").stdout


def test_the_search_service_dies_in_the_middle(stack: Stack, real_data: Path) -> None:
    file = real_data / "dcat" / "rdf_catalog.xml"
    command = [sys.executable, "-m", "myk", "harvest", "run", str(file), "--name", "test-kill"]
    running = subprocess.Popen(
        command, cwd=ROOT, env=stack.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while len(_found(stack, "test-kill")) < 3 and time.monotonic() < deadline:
        time.sleep(0.2)
    os.kill(stack.processes()["search"], signal.SIGKILL)
    out, err = running.communicate(timeout=200)
    assert LAST_LINE.search(out), out + err
    assert "Traceback" not in out + err
    second = stack.myk("harvest", "run", str(file), "--name", "test-kill")
    assert second.returncode == 0, second.stdout
    added, changed, unchanged, _gone, failed = _counts(second)
    assert (added + changed + unchanged, failed) == (38, 0)
    assert json.loads(stack.myk("index", "check", "--json").stdout)["differences"] == 0
    assert len(_found(stack, "test-kill")) == 38


def test_a_run_is_killed_in_the_middle(stack: Stack, tmp_path: Path) -> None:
    """The next run has all records once, and leaves alone what the killed one had written."""
    count = 400
    file = tmp_path / "many.ttl"
    file.write_text(
        "\n".join(
            f"<https://viele.example/{number}> a <http://www.w3.org/ns/dcat#Dataset> ;"
            f' <http://purl.org/dc/terms/title> "Eins von vielen {number}" .'
            for number in range(count)
        )
    )
    words = ["harvest", "run", str(file), "--name", "test-killed", "--org", "stadt-mayen"]
    with subprocess.Popen(
        [sys.executable, "-m", "myk", *words],
        cwd=ROOT, env=stack.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as running:  # fmt: skip
        deadline = time.monotonic() + 90
        while not _saved(stack, "eins-von-vielen") and time.monotonic() < deadline:
            time.sleep(0.05)
        running.kill()
        assert running.wait(30) == -signal.SIGKILL
    # The index may be ahead of the database, for the moment between the two.
    saved = _saved(stack, "eins-von-vielen")
    found = [one for one in _all(stack, "test-killed") if one["name"] in saved]
    before = {one["id"]: one["harvested_at"] for one in found}
    assert len(before) == len(saved)
    assert 0 < len(before) < count, "it was done before it could be killed"
    second = stack.myk(*words)
    assert second.returncode == 0, second.stdout[-2000:] + second.stderr
    added, changed, unchanged, _gone, failed = _counts(second)
    assert (added + changed + unchanged, failed) == (count, 0)
    assert unchanged >= len(before)
    after = _all(stack, "test-killed")
    assert len(after) == len({one["harvest_source_id"] for one in after}) == count
    assert before.items() <= {one["id"]: one["harvested_at"] for one in after}.items()
    assert json.loads(stack.myk("index", "check", "--json").stdout)["differences"] == 0


def _saved(stack: Stack, start: str) -> set[str]:
    """Names of records, from the database."""
    return {name for name in stack.action("package_list") if name.startswith(start)}


def _some(stack: Stack, source: str) -> int:
    query = {"fq": f'harvest_source:"{source}"', "rows": 0}
    return int(stack.action("package_search", **query)["count"])


def _all(stack: Stack, source: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for start in range(0, _some(stack, source), 500):
        query = {"fq": f'harvest_source:"{source}"', "rows": 500, "start": start, "sort": "id asc"}
        found += stack.action("package_search", **query)["results"]
    return found


def test_the_portals_own_catalogue_can_be_read(stack: Stack) -> None:
    """Our own export, page by page over HTTP, from an address on the inside that is allowed."""
    stack.settings["MYK_HARVEST_ALLOW_HOSTS"] = "localhost"
    try:
        url = f"{stack.url}/catalog.ttl"
        done = stack.myk("harvest", "run", url, "--dry-run", "--json")
    finally:
        del stack.settings["MYK_HARVEST_ALLOW_HOSTS"]
    (report,) = json.loads(done.stdout)["reports"]
    public = stack.action("package_search", rows=0)["count"]
    # What came from elsewhere keeps its address, and is recognised by it.
    counts = report["counts"]
    assert counts["added"] + counts["skipped"] + counts["changed"] == public
    assert report["warnings"] == []
    refused = stack.myk("harvest", "run", url)
    assert refused.returncode == 1
    assert "MYK_HARVEST_ALLOW_HOSTS" in refused.stdout + refused.stderr


@pytest.fixture(scope="module")
def wrong_input(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "page.html").write_text("<!DOCTYPE html><html><body>Wartung</body></html>")
    (folder / "cut.rdf").write_text('<rdf:RDF xmlns:rdf="http://www.w3.org/x#"><rdf:Desc')
    (folder / "empty.ttl").write_text("")
    return folder


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["{}/missing.ttl"], 1, "does not exist"),
        (["{}/page.html"], 1, "is a web page (HTML)"),
        (["{}/cut.rdf"], 1, "cut off"),
        (["{}/empty.ttl"], 1, "is empty"),
        (["{}/page.html", "--type", "taube"], 2, "there is no source type `taube`"),
        (["sampel"], 2, "Did you mean `sample`?"),
        ([], 2, "Name at least one source"),
        (["http://127.0.0.1:9/catalog.rdf"], 1, "inside the network"),
    ],
)
def test_wrong_input_is_one_clear_line(
    stack: Stack, wrong_input: Path, words: list[str], code: int, message: str
) -> None:
    done = stack.myk("harvest", "run", *[word.format(wrong_input) for word in words])
    assert done.returncode == code
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_check_and_list_need_no_portal(stack: Stack, wrong_input: Path) -> None:
    assert "sample" in stack.myk("harvest", "list").stdout
    told = json.loads(stack.myk("harvest", "check", "sample", "--count", "2", "--json").stdout)
    assert len(told[0]["records"]) == 2
    assert stack.myk("harvest", "check", str(wrong_input / "cut.rdf")).returncode == 1
