"""Files of records are read: found by what they say, shown to those who may see their record."""

from __future__ import annotations

import json
import time
import urllib.request
import uuid
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import Stack

pytestmark = pytest.mark.integration

#: Nobody else says this.
SAID = "Der Quastenflosser im Laacher See wird jeden Herbst um 14 Uhr gefüttert."


def upload(stack: Stack, token: str, record: str, name: str, content: bytes) -> dict[str, Any]:
    """Add a file to a record, as a browser would."""
    border = uuid.uuid4().hex
    parts = {"package_id": record, "name": name, "format": name.rsplit(".", 1)[-1]}
    body = b"".join(
        f'--{border}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in parts.items()
    )
    body += (
        f'--{border}\r\nContent-Disposition: form-data; name="upload"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    body += content + f"\r\n--{border}--\r\n".encode()
    request = urllib.request.Request(
        f"{stack.url}/api/3/action/resource_create",
        data=body,
        headers={
            "Authorization": token,
            "Content-Type": f"multipart/form-data; boundary={border}",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return dict(json.loads(answer.read())["result"])


def answers(stack: Stack, question: str) -> dict[str, Any]:
    with urllib.request.urlopen(
        f"{stack.search_url}/api/v1/answer?q={quote(question)}", timeout=30
    ) as answer:
        return dict(json.loads(answer.read()))


def soon(ask: Any, seconds: float = 60.0) -> Any:
    """Ask until the answer is true; the last answer."""
    until = time.monotonic() + seconds
    while True:
        found = ask()
        if found or time.monotonic() > until:
            return found
        time.sleep(0.3)


def test_the_sample_files_are_read_and_nothing_differs(stack: Stack) -> None:
    def read() -> dict[str, Any] | None:
        told = json.loads(stack.myk("index", "check", "--json").stdout)["files"]
        return told if not told["waiting"] else None

    files = soon(read, 120)
    assert files is not None
    assert files["in_database"] == files["in_index"] > 50
    assert files["missing"] == files["phantom"] == []


def test_a_question_is_answered_from_a_pdf(stack: Stack) -> None:
    found = soon(lambda: answers(stack, "Wie viel Steuer kostet ein Hund in Kruft?")["answers"])
    assert any("60,00" in one["sentence"] for one in found)
    assert all(one["passage"]["page"] > 0 for one in found)
    status, page = stack.get("/fragen?q=" + quote("Wie viel Steuer kostet ein Hund in Kruft?"))
    assert status == 200
    assert "Seite 1" in page
    assert "60,00" in page
    status, page = stack.get("/fragen?q=" + quote("Qwxyz plomf?"))
    assert status == 200
    assert "in keinem Dokument" in page


def test_what_a_file_says_follows_its_record(stack: Stack, token: str) -> None:
    name = f"fuetterung-{uuid.uuid4().hex[:8]}"
    record = stack.action(
        "package_create", token, name=name, title="Aushang", notes="Ein Aushang", type="document",
        owner_org="stadt-bendorf", document_kind="notice",
    )  # fmt: skip
    question = "Wann wird der Quastenflosser gefüttert?"
    file = upload(stack, token, name, "aushang.txt", SAID.encode())
    found = soon(lambda: answers(stack, question)["answers"])
    assert [one["sentence"] for one in found] == [SAID]
    assert found[0]["passage"]["url"].endswith(f"/document/{name}")
    by_file = stack.action("package_search", q="Quastenflosser")
    assert [one["name"] for one in by_file["results"]] == [name]
    # The list shows the sentence, and its link leads to the passage.
    page = stack.get("/dataset/?q=Quastenflosser")[1]
    assert "Quastenflosser</mark>" in page
    passage = found[0]["passage"]["id"]
    page = stack.get(f"/document/{name}/resource/{file['id']}?passage={passage}")[1]
    assert SAID in page
    # Hidden at once, and shown again at once.
    stack.action("package_patch", token, id=record["id"], private=True)
    assert answers(stack, question)["answers"] == []
    assert stack.action("package_search", q="Quastenflosser")["count"] == 0
    stack.action("package_patch", token, id=record["id"], private=False)
    assert answers(stack, question)["answered"]
    # Gone with the file.
    stack.action("resource_delete", token, id=file["id"])
    assert soon(lambda: not answers(stack, question)["answered"])
    stack.action("package_delete", token, id=record["id"])


def test_a_file_that_cannot_be_read_says_so(stack: Stack, token: str) -> None:
    name = f"kaputt-{uuid.uuid4().hex[:8]}"
    stack.action(
        "package_create", token, name=name, title="Kaputtes", notes="Kaputt", type="document",
        owner_org="stadt-bendorf",
    )  # fmt: skip
    file = upload(stack, token, name, "kaputt.pdf", b"%PDF-1.7\nthis is none")
    shown = soon(
        lambda: "ließ sich nicht lesen" in stack.get(f"/document/{name}/resource/{file['id']}")[1]
    )
    assert shown
    stack.action("package_delete", token, id=name)


def test_passages_that_were_lost_are_made_again(stack: Stack, token: str) -> None:
    headers = {"Authorization": f"Bearer {stack.secrets['search_token']}"}
    listed = urllib.request.Request(f"{stack.search_url}/api/v1/documents", headers=headers)
    with urllib.request.urlopen(listed, timeout=30) as answer:
        file = json.loads(answer.read())["documents"][0]["file"]
    urllib.request.urlopen(
        urllib.request.Request(
            f"{stack.search_url}/api/v1/documents/{file}", headers=headers, method="DELETE"
        ),
        timeout=30,
    ).close()
    checked = stack.myk("index", "check", "--json")
    assert checked.returncode == 1
    assert json.loads(checked.stdout)["files"]["missing"] == [file]
    stack.myk("index", "check", "--repair")
    assert soon(lambda: stack.myk("index", "check").returncode == 0, 60)
