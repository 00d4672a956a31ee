"""While the search service hangs or is gone: 503 within seconds, records all the same, recovery."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message

import pytest

from tests.conftest import Stack

pytestmark = pytest.mark.integration

#: ``solr_timeout`` (5 s), one look (1 s), and what a busy machine adds.
SECONDS = 15.0

GERMAN = "Die Suche antwortet gerade nicht"
ENGLISH = "The search is not answering just now"

#: Pages that need the search, and what they say without it; the others' readers are programs.
AWAY = {
    "/": GERMAN,
    "/en/": ENGLISH,
    "/dataset/": GERMAN,
    "/en/dataset/?q=playground": ENGLISH,
    "/organization/": GERMAN,
    "/organization/stadt-bendorf": GERMAN,
    "/group/": GERMAN,
    "/en/group/mobil-hub": ENGLISH,
    "/feeds/dataset.atom": "",
    "/feeds/organization/stadt-mayen.atom": "",
    "/catalog.ttl": "",
}


@contextmanager
def hanging(stack: Stack) -> Iterator[None]:
    """The search service stands still, as on a disk that does not answer."""
    pid = stack.processes()["search"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
        recovered(stack)
        # It now carries out what CKAN has given up: the index is brought back to the database.
        assert stack.myk("index", "check", "--repair").returncode == 0


def recovered(stack: Stack, seconds: float = 60.0) -> None:
    """Wait until each of CKAN's processes finds again."""
    until = time.monotonic() + seconds
    in_a_row = 0
    while in_a_row < 8:
        status, _ = stack.get("/dataset/?q=Spielplatz")
        in_a_row = in_a_row + 1 if status == 200 else 0
        assert time.monotonic() < until, f"still {status} after {seconds:.0f} s"
        time.sleep(0.1)


def ask(stack: Stack, path: str, token: str = "", body: object = None) -> tuple[int, Message, str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": token, "Content-Type": "application/json"} if token else {},
    )
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=70) as answer:
            status, headers, text = answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, headers, text = error.code, error.headers, error.read().decode()
    took = time.monotonic() - began
    assert took < SECONDS, f"{path} took {took:.1f} s"
    assert "Traceback" not in text
    assert stack.secrets["search_token"] not in text
    return status, headers, text


def test_a_hanging_service(stack: Stack, token: str) -> None:
    record = stack.action("package_search", q="Spielplatz", rows=1)["results"][0]
    name, file = record["name"], record["resources"][0]["id"]
    with hanging(stack):
        began = time.monotonic()
        for path, says in AWAY.items():
            status, headers, text = ask(stack, path)
            assert status == 503, path
            assert int(headers["Retry-After"]) > 0, path
            assert says in text, path
        # Only the first in each process has waited.
        assert time.monotonic() - began < 4 * SECONDS

        for path in (f"/dataset/{name}", f"/en/dataset/{name}", f"/dataset/{name}/resource/{file}"):
            status, _, text = ask(stack, path)
            assert status == 200, path
            assert record["title"].split()[0] in text
        for path in (f"/dataset/{name}.ttl", "/about", "/user/login"):
            assert ask(stack, path)[0] == 200, path

        api = "/api/3/action"
        for action in ("package_search?q=x", "organization_list?all_fields=true"):
            status, headers, text = ask(stack, f"{api}/{action}")
            assert status == 503, action
            assert headers["Retry-After"]
            assert json.loads(text)["error"]["__type"] == "Search Connection Error"
        assert ask(stack, f"{api}/organization_list")[0] == 200
        status, _, text = ask(stack, f"{api}/package_show?id={name}")
        assert json.loads(text)["result"]["title"] == record["title"]

        # What cannot be indexed is not saved, and the answer says so.
        for number in range(2):
            change = {"id": name, "notes": f"nicht gespeichert {number}"}
            status, headers, text = ask(stack, f"{api}/package_patch", token, change)
            assert status == 503
            assert headers["Retry-After"]
            assert json.loads(text)["success"] is False

    assert stack.action("package_show", id=name)["notes"] == record["notes"]
    for path in AWAY:
        status, text = stack.get(path)
        assert status == 200, path
        assert GERMAN not in text
        assert ENGLISH not in text


def test_a_killed_service(stack: Stack) -> None:
    name = stack.action("package_search", q="Spielplatz", rows=1)["results"][0]["name"]
    for _ in range(2):
        os.kill(stack.processes()["search"], signal.SIGKILL)
        began = time.monotonic()
        seen = set()
        while time.monotonic() - began < 3:
            status, _, _ = ask(stack, "/dataset/?q=Spielplatz")
            seen.add(status)
            assert ask(stack, f"/dataset/{name}")[0] == 200
        assert 503 in seen, "the search cannot answer while it is started again"
        assert seen <= {200, 503}
        recovered(stack)


def test_an_unreadable_question_is_no_outage(stack: Stack) -> None:
    status, _, text = ask(stack, "/dataset/?q=--included")
    assert status == 200
    assert "Die Suche ließ sich nicht ausführen" in text
    assert ask(stack, "/dataset/?sort=quer")[0] == 400
    assert ask(stack, "/api/3/action/package_search?q=--included")[0] == 409
    assert ask(stack, "/feeds/custom.atom?q=--included")[0] == 400
