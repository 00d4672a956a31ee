"""Harvest sources in the portal: who manages them, previews, runs, history, and the pages."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from ckanapi import RemoteCKAN
from ckanapi.errors import NotAuthorized, NotFound, ValidationError

from tests.conftest import ROOT, Stack, running_folder

pytestmark = pytest.mark.integration

ORG, OTHER = "stadt-mayen", "stadt-bendorf"


def until(seen: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What ``seen`` returns as soon as it is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := seen():
            return found
        time.sleep(0.5)
    raise AssertionError("it did not happen in time")


def catalogue(*titles: str) -> str:
    """Datasets that no other catalogue has."""
    place = secrets.token_hex(4)
    head = (
        "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n"
    )
    return head + "".join(
        f"<https://{place}.example/{number}> a dcat:Dataset ; dct:title {json.dumps(title)} .\n"
        for number, title in enumerate(titles)
    )


class Site:
    """A web server on the inside, whose answers the test decides."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.asked: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.hold.wait(60)
                text = site.pages.get(self.path)
                self.send_response(404 if text is None else 200)
                self.send_header("Content-Type", "text/turtle; charset=utf-8")
                self.end_headers()
                self.wfile.write((text or "").encode())

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def portal() -> Iterator[Stack]:
    """A stack of its own: sources on the inside are allowed there, and its processes die."""
    for folder in running_folder("myk-harvest-"):
        allowed = {"MYK_HARVEST_ALLOW_HOSTS": "127.0.0.1", "MYK_SAMPLE": "false"}
        running = Stack(folder / "home", settings=allowed)
        running.start()
        yield running
        if running.process and running.process.poll() is None:
            running.stop()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.hold.set()
    made.server.shutdown()
    made.server.server_close()


class Person:
    """Somebody with an account, a token, and a password."""

    def __init__(self, stack: Stack, admin: RemoteCKAN, role: str, org: str) -> None:
        self.name = f"{role}-{secrets.token_hex(4)}"
        self.password = secrets.token_hex(12)
        self._stack = stack
        admin.action.user_create(
            name=self.name, email=f"{self.name}@ort.example", password=self.password
        )
        admin.action.organization_member_create(id=org, username=self.name, role=role)
        token = admin.action.api_token_create(user=self.name, name="test")["token"]
        self.api = RemoteCKAN(f"http://127.0.0.1:{stack.port}", apikey=token)

    def __call__(self, action: str, /, **data: Any) -> Any:
        return self.api.call_action(f"myk_harvest_{action}", data)

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        """Signed in, as by the form."""
        client = httpx.Client(base_url=self._stack.url, follow_redirects=True, timeout=60)
        with client:
            page = client.get("/user/login").text
            client.post(
                "/user/login",
                data={"login": self.name, "password": self.password, "_csrf_token": csrf(page)},
            )
            yield client


def csrf(page: str) -> str:
    found = re.search(r'name="_csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def admin(portal: Stack) -> RemoteCKAN:
    made = subprocess.run(
        [
            str(Path(sys.executable).parent / "ckan"),
            "-c", str(portal.home / "run" / "ckan.ini"),
            "user", "token", "add", "admin", "tests", "-q",
        ],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    token = made.stdout.strip().splitlines()[-1].strip()
    return RemoteCKAN(f"http://127.0.0.1:{portal.port}", apikey=token)


@pytest.fixture(scope="module")
def editor(portal: Stack, admin: RemoteCKAN) -> Person:
    return Person(portal, admin, "editor", ORG)


@pytest.fixture(scope="module")
def stranger(portal: Stack, admin: RemoteCKAN) -> Person:
    """An administrator, but of another publisher."""
    return Person(portal, admin, "admin", OTHER)


def entered(**more: Any) -> dict[str, Any]:
    name = f"quelle-{secrets.token_hex(4)}"
    return {
        "name": name, "title": {"de": f"Daten {name}"}, "type": "dcat", "org": ORG,
        "url": "https://daten.ort.example/catalog.ttl", **more,
    }  # fmt: skip


def ran(person: Person, name: str, after: int = 0) -> dict[str, Any]:
    """The latest run, as soon as there are more than ``after`` that have ended."""

    def seen() -> Any:
        ended = [run for run in person("run_list", name=name) if run["finished"]]
        return ended if len(ended) > after else None

    return dict(until(seen, 120)[0])


def test_only_its_publishers_editors_manage_a_source(
    portal: Stack, editor: Person, stranger: Person
) -> None:
    source = entered(contact="amt@ort.example", options={"max_pages": 7})
    made = editor("source_create", **source)
    name = made["name"]
    assert made["options"] == {"max_pages": 7}
    assert made["state"] == "waiting"
    assert name in [one["name"] for one in editor("source_list")]
    nobody = RemoteCKAN(f"http://127.0.0.1:{portal.port}")
    for action in ("show", "run", "pause", "resume", "delete", "update", "check"):
        data = {**source, "records": "keep"} if action in ("delete", "update") else {"name": name}
        with pytest.raises(NotAuthorized):
            stranger(f"source_{action}", **data)
        with pytest.raises(NotAuthorized):
            nobody.call_action(f"myk_harvest_source_{action}", data)
    with pytest.raises(NotAuthorized):
        stranger("run_list", name=name)
    assert name not in [one["name"] for one in stranger("source_list")]
    with pytest.raises(NotAuthorized):
        nobody.call_action("myk_harvest_source_list")
    # Neither may one put a source into another's house, nor move it there.
    with pytest.raises(NotAuthorized):
        editor("source_create", **entered(org=OTHER))
    with pytest.raises(NotAuthorized):
        editor("source_update", **{**source, "org": OTHER})
    # What the process that harvests notes is not for anybody to note.
    with pytest.raises(NotAuthorized):
        editor("run_begin", source=name)
    page = httpx.get(f"{portal.url}/harvest/source/{name}", follow_redirects=False)
    assert page.status_code in (302, 403)
    assert "max_pages" not in page.text
    editor("source_delete", name=name, records="keep")
    with pytest.raises(NotFound):
        editor("source_show", name=name)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"path": "/etc/passwd"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": ""}, "url"),
        ({"type": "pigeon"}, "type"),
        ({"options": {"max_page": 3}}, "options.max_page"),
        ({"options": {"max_pages": "viele"}}, "options.max_pages"),
        ({"options": {"max_pages": 0}}, "options.max_pages"),
        ({"schedule": "täglich"}, "schedule"),
        ({"contact": "niemand"}, "contact"),
        ({"priority": 60}, "priority"),
        ({"name": "sample"}, "name"),
        ({"name": "Große Quelle"}, "name"),
        ({"enabled": False}, "enabled"),
        ({"colour": "blau"}, "colour"),
        ({"type": "folder"}, "type"),
        ({"type": "webdav", "options": {"user_env": "MYK_SOURCE_X"}}, "options.user_env"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(
    editor: Person, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        editor("source_create", **{**entered(), **wrong})
    told = {key: value for key, value in refused.value.error_dict.items() if key != "__type"}
    assert list(told) == [field]


def test_a_source_is_changed_but_not_renamed(editor: Person, admin: RemoteCKAN) -> None:
    source = entered()
    editor("source_create", **source)
    changed = editor("source_update", **{**source, "schedule": "0 3 * * *", "gone_share": 0.5})
    assert changed["next_run"].endswith("+00:00")
    assert changed["gone_share"] == 0.5
    # What an administrator set stays when somebody else saves the rest.
    admin.call_action("myk_harvest_source_update", {**changed, "priority": 80})
    again = editor("source_update", **{**editor("source_show", name=source["name"]), "org": ORG})
    assert again["priority"] == 80
    with pytest.raises(ValidationError):
        editor("source_update", **{**source, "type": "ckan"})
    assert editor("source_pause", name=source["name"])["next_run"] is None
    resumed = editor("source_resume", name=source["name"])
    assert resumed["state"] == "waiting"
    editor("source_delete", name=source["name"], records="keep")


def test_kinds_tell_their_options(editor: Person) -> None:
    kinds = {one["name"]: one for one in editor("kind_list")}
    assert {"dcat", "ckan", "csw", "gtfs"} <= set(kinds)
    assert kinds["dcat"]["options"]["properties"]["max_pages"]["type"] == "integer"


def test_from_the_preview_to_the_history(portal: Stack, editor: Person, site: Site) -> None:
    site.pages["/k.ttl"] = catalogue("Bäume", "Bänke", "=cmd|'/c calc'!A1")
    source = entered(url=f"{site.url}/k.ttl")
    name = source["name"]
    # Looking writes nothing, not even the source.
    asked = editor("source_check", **source)
    assert asked["state"] == "waiting"
    looked = until(lambda: _ended(editor, asked["id"]))
    assert looked["state"] == "done", looked
    assert [one["title"] for one in looked["result"]["records"]][:2] == ["Bäume", "Bänke"]
    assert [one["known"] for one in looked["result"]["records"]] == [None] * 3
    assert portal.action("package_search", fq=f'harvest_source:"{name}"')["count"] == 0
    with pytest.raises(NotFound):
        editor("source_show", name=name)

    editor("source_create", **source)
    before = time.monotonic()
    assert editor("source_run", name=name)["state"] == "requested"
    run = ran(editor, name)
    assert time.monotonic() - before < 60
    assert (run["verdict"], run["counts"]["added"], run["complete"]) == ("succeeded", 3, True)
    assert portal.action("package_search", fq=f'harvest_source:"{name}"')["count"] == 3
    state = editor("source_show", name=name)
    assert (state["state"], state["last_run"]["id"]) == ("waiting", run["id"])

    # The command knows the portal's sources, too.
    done = portal.myk("harvest", "run", name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "unchanged 3" in done.stdout
    listed = {
        one["name"]: one for one in json.loads(portal.myk("harvest", "list", "--json").stdout)
    }
    assert listed[name]["from_file"] is False
    assert listed["sample"]["from_file"] is True
    assert portal.myk("harvest", "check", name).returncode == 0
    told = json.loads(portal.myk("harvest", "history", name, "--json").stdout)
    assert [one["counts"]["unchanged"] for one in told] == [3, 0]
    assert len(told[1]["records"]) == 3
    assert "unchanged 3" in portal.myk("harvest", "history", name).stdout

    # A second preview knows what is there already.
    again = until(lambda: _ended(editor, editor("source_check", name=name)["id"]))
    assert all(one["known"] for one in again["result"]["records"])

    shown = editor("run_show", id=run["id"], outcome="added")
    assert {one["outcome"] for one in shown["records"]} == {"added"}
    assert editor("run_show", id=run["id"], outcome="failed")["records"] == []

    # The same name for somebody else would be the way to these records.
    editor("source_delete", name=name, records="keep")
    assert portal.action("package_search", fq=f'harvest_source:"{name}"')["count"] == 3


def _ended(person: Person, check: str) -> Any:
    return until(
        lambda: found if (found := person("check_show", id=check))["state"] != "waiting" else None
    )


def test_nobody_takes_over_what_a_deleted_source_left(
    portal: Stack, editor: Person, stranger: Person, site: Site
) -> None:
    site.pages["/k.ttl"] = catalogue("Eins", "Zwei")
    source = entered(url=f"{site.url}/k.ttl")
    name = source["name"]
    editor("source_create", **source)
    editor("source_run", name=name)
    ran(editor, name)
    editor("source_delete", name=name, records="keep")
    with pytest.raises(ValidationError) as refused:
        stranger("source_create", **{**source, "org": OTHER})
    assert "name" in refused.value.error_dict
    # Its own publisher may set it up again, and then take the records out with it.
    editor("source_create", **source)
    assert editor("run_list", name=name) == []
    with pytest.raises(ValidationError):
        editor("source_delete", name=name)
    editor("source_delete", name=name, records="withdraw")
    until(lambda: portal.action("package_search", fq=f'harvest_source:"{name}"')["count"] == 0)


def test_a_source_that_cannot_be_read_says_why(editor: Person, site: Site) -> None:
    source = entered(url=f"{site.url}/nichts.ttl")
    looked = _ended(editor, editor("source_check", **source)["id"])
    assert looked["state"] == "failed"
    assert "404" in looked["error"]
    editor("source_create", **source)
    editor("source_run", name=source["name"])
    run = ran(editor, source["name"])
    assert run["verdict"] == "failed"
    assert "404" in run["error"]
    editor("source_delete", name=source["name"], records="keep")


def test_a_killed_run_is_told_and_the_next_one_goes_on(
    portal: Stack, editor: Person, site: Site
) -> None:
    site.pages["/k.ttl"] = catalogue("Langsam")
    source = entered(url=f"{site.url}/k.ttl")
    name = source["name"]
    editor("source_create", **source)
    site.hold.clear()
    editor("source_run", name=name)
    until(lambda: site.asked)
    assert editor("source_show", name=name)["state"] == "running"
    with pytest.raises(ValidationError):
        editor("source_delete", name=name, records="keep")
    lock = json.loads((portal.home / "locks" / f"harvest-{name}.lock").read_text())
    os.kill(lock["pid"], signal.SIGKILL)
    site.hold.set()
    run = ran(editor, name)
    assert (run["verdict"], run["error"]) == ("failed", "it was cut off before its end")
    editor("source_run", name=name)
    assert ran(editor, name, after=1)["counts"]["added"] == 1
    editor("source_delete", name=name, records="withdraw")


def test_the_process_outlives_its_database(portal: Stack, editor: Person, site: Site) -> None:
    site.pages["/k.ttl"] = catalogue("Danach")
    source = entered(url=f"{site.url}/k.ttl")
    editor("source_create", **source)
    processes = portal.processes()
    os.kill(processes["postgres"], signal.SIGKILL)
    until(lambda: portal.answers("/api/3/action/status_show"), 90)
    until(lambda: _quietly(lambda: editor("source_run", name=source["name"])), 90)
    assert ran(editor, source["name"])["counts"]["added"] == 1
    assert portal.processes()["harvests"] == processes["harvests"]
    editor("source_delete", name=source["name"], records="withdraw")


def _quietly(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception:
        return None


def test_the_pages(portal: Stack, editor: Person, stranger: Person, site: Site) -> None:
    site.pages["/k.ttl"] = catalogue("Bäume", "=1+1")
    name = f"quelle-{secrets.token_hex(4)}"
    with editor.browser() as browser:
        assert "Datenquellen" in browser.get(f"/organization/{ORG}").text
        assert "Quelle hinzufügen" in browser.get("/harvest/").text
        assert "DCAT-AP.de" in browser.get("/harvest/new").text
        form = browser.get("/harvest/new?type=dcat").text
        filled = {
            "type": "dcat", "url": "ftp://x", "title-de": "Quelle der Stadt", "org": ORG,
            "name": name, "schedule": "30 3 * * *", "option-max_pages": "zehn", "priority": "50",
            "gone_share": "0,3",
        }  # fmt: skip
        # Without the token nothing is done.
        assert browser.post("/harvest/new", data=filled).status_code == 400
        filled["_csrf_token"] = csrf(form)
        wrong = browser.post("/harvest/new", data=filled)
        assert wrong.status_code == 422
        assert "Bitte geben Sie eine Adresse ein" in wrong.text
        assert "Bitte geben Sie eine ganze Zahl ein." in wrong.text
        assert "ftp://x" in wrong.text, "what was entered is still there"
        filled |= {"url": f"{site.url}/k.ttl", "option-max_pages": "10", "look": "1"}
        looking = browser.post("/harvest/new", data=filled)
        assert "/harvest/check/" in str(looking.url)
        page = until(lambda: _settled(browser, str(looking.url)))
        assert "Bäume" in page
        assert "wäre neu" in page
        path = str(looking.url.path)
        saved = browser.post(f"{path}/save", data={"_csrf_token": csrf(page)})
        assert str(saved.url.path) == f"/harvest/source/{name}"
        assert "Die Quelle ist gespeichert." in saved.text
        assert editor("source_show", name=name)["gone_share"] == 0.3
        for number in range(2):
            token = csrf(browser.get(f"/harvest/source/{name}").text)
            ran_page = browser.post(f"/harvest/source/{name}/run", data={"_csrf_token": token})
            assert ran_page.status_code == 200
            run = ran(editor, name, after=number)
        page = browser.get(f"/harvest/source/{name}").text
        assert '<svg viewBox="0 0 800 160"' in page
        first = editor("run_list", name=name)[-1]["id"]
        page = browser.get(f"/harvest/run/{first}?outcome=added").text
        assert "Bäume" in page
        assert (
            "Zu keinem Datensatz gibt es etwas zu sagen"
            in browser.get(f"/harvest/run/{run['id']}").text
        )
        table = browser.get(f"/harvest/run/{first}.csv")
        assert table.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(table.text.lstrip("\ufeff")), delimiter=";"))
        assert {row["title"] for row in rows} == {"Bäume", "'=1+1"}
        for path in ("edit", "delete"):
            assert browser.get(f"/harvest/source/{name}/{path}").status_code == 200
        for path in ("/harvest/run/nichts", "/harvest/source/nichts", "/harvest/check/nichts"):
            assert browser.get(path).status_code == 404
        assert "Harvest sources" in browser.get("/en/harvest/").text
    with stranger.browser() as other:
        assert name not in other.get("/harvest/").text
        for path in (f"source/{name}", f"source/{name}/edit", f"run/{first}", f"run/{first}.csv"):
            assert other.get(f"/harvest/{path}").status_code == 403
    with editor.browser() as browser:
        address = f"/harvest/source/{name}/delete"
        token = csrf(browser.get(address).text)
        assert browser.post(address, data={"_csrf_token": token}).status_code == 422
        done = browser.post(address, data={"_csrf_token": token, "records": "withdraw"})
        assert "Die Quelle ist gelöscht." in done.text


def _settled(browser: httpx.Client, url: str) -> str | None:
    page = browser.get(url).text
    return None if 'http-equiv="refresh"' in page else page


def test_a_source_of_the_file_is_run_and_paused_but_not_changed(
    portal: Stack, admin: RemoteCKAN, editor: Person
) -> None:
    def call(action: str, **data: Any) -> Any:
        return admin.call_action(f"myk_harvest_{action}", data)

    assert "sample" not in [one["name"] for one in editor("source_list")]
    shown = call("source_show", name="sample")
    assert shown["from_file"]
    assert shown["path"] == "sample/catalog.ttl"
    for action in ("source_update", "source_delete"):
        with pytest.raises(ValidationError):
            call(action, **{**shown, "records": "keep"})
    assert call("source_pause", name="sample")["paused"]
    assert not call("source_resume", name="sample")["paused"]


def test_what_earlier_versions_kept_in_files_is_taken_over(portal: Stack) -> None:
    folder = portal.home / "harvests"
    folder.mkdir(exist_ok=True)
    name = f"alt-{secrets.token_hex(4)}"
    old = {
        "source": name, "verdict": "partial", "started": "2026-01-02T03:04:05+00:00",
        "finished": "2026-01-02T03:05:05+00:00", "counts": {"added": 3, "failed": 1},
        "error": None, "records": [{"identity": "x", "outcome": "failed"}],
    }  # fmt: skip
    (folder / f"{name}.jsonl").write_text(json.dumps(old) + '\n{"cut off\n')
    script = (
        "from myk.runs import Desk, take_over; from myk.settings import load; s = load()\n"
        "print(Desk(s).ask(lambda runs: take_over(runs, s.harvests)))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=ROOT, env=portal.env, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-1] == "1"
    assert not (folder / f"{name}.jsonl").exists()
    (run,) = json.loads(portal.myk("harvest", "history", name, "--json").stdout)
    assert (run["started"], run["counts"]["added"]) == (old["started"], 3)
    assert run["records"][0]["identity"] == "x"
