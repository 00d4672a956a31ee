"""Help with asking, through the whole portal: it follows each write, and shows nobody more."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.parse
import uuid
from typing import Any

import pytest
from ckanapi import RemoteCKAN

from search.client import SearchClient, SearchRefused
from tests.conftest import Stack

pytestmark = pytest.mark.integration


def suggested(stack: Stack, typed: str, token: str = "", prefix: str = "") -> list[dict[str, Any]]:
    """Return what the portal suggests to somebody who types."""
    headers = {"Authorization": token} if token else {}
    path = f"{prefix}/suggest?q={urllib.parse.quote(typed)}"
    status, text = stack.get(path, headers)
    assert status == 200
    return list(json.loads(text)["suggestions"])


def test_suggestions_lead_to_pages(stack: Stack) -> None:
    for typed in ("bend", "feuerw", "mobil"):
        lines = suggested(stack, typed)
        assert lines, typed
        for line in lines:
            assert stack.get(line["url"])[0] == 200, line
    kinds = {line["kind"] for line in suggested(stack, "bend")}
    assert {"organisation", "title"} <= kinds
    (english, *_) = suggested(stack, "mobil", prefix="/en")
    assert english["url"].startswith("/en/group/")
    assert any("Feuerwehr" in line["text"] for line in suggested(stack, "Feuerwer"))
    assert any("Weißenthurm" in line["text"] for line in suggested(stack, "weissent"))


def test_the_next_request_knows_of_each_write(stack: Stack, token: str) -> None:
    ckan = RemoteCKAN(stack.url, apikey=token)
    word = f"quaxel{uuid.uuid4().hex[:6].translate(str.maketrans('0123456789', 'ghijklmnop'))}"
    made = ckan.action.package_create(
        name=word, title=f"Bericht {word}", notes="Ein Versuch.", owner_org="stadt-mayen",
        private=True, tags=[{"name": f"Marke {word}"}],
    )  # fmt: skip
    mistyped = word[:6] + word[7:]
    staff = SearchClient(stack.search_url, stack.secrets["search_token"])
    labels = [f"member-{made['owner_org']}"]
    try:
        assert suggested(stack, word) == []
        assert suggested(stack, mistyped) == []
        public = SearchClient(stack.search_url)
        assert public.suggest(word) == []
        assert public.search(mistyped, limit=0)["did_you_mean"] is None
        with pytest.raises(SearchRefused, match="no such record"):
            public.similar(made["id"])
        kinds = {line["kind"] for line in staff.suggest(word, labels=labels)}
        assert kinds == {"tag", "title"}
        staff.similar(made["id"], labels=labels)

        ckan.action.package_patch(id=made["id"], private=False)
        assert {line["kind"] for line in suggested(stack, word)} == {"tag", "title"}
        better = public.search(mistyped, limit=0)["did_you_mean"]
        assert better == word
        status, page = stack.get(f"/dataset/?q={mistyped}")
        assert status == 200
        assert f'<a href="/dataset/?q={word}" rel="nofollow">{word}</a>?' in page

        ckan.action.package_patch(id=made["id"], private=True)
        assert suggested(stack, word) == []
        ckan.action.package_patch(id=made["id"], private=False)
        ckan.action.package_delete(id=made["id"])
        assert suggested(stack, word) == []
        assert public.search(mistyped, limit=0)["did_you_mean"] is None
    finally:
        ckan.action.dataset_purge(id=made["id"])


def test_what_matched_is_marked_in_the_list(stack: Stack, token: str) -> None:
    word = "<mark>Spielpl"
    assert word in stack.get("/dataset/?q=spielplaetze")[1]
    assert "<mark>" not in stack.get("/dataset/")[1]
    ckan = RemoteCKAN(stack.url, apikey=token)
    made = ckan.action.package_create(
        name="scheune", title="Scheune <img src=x onerror=alert(1)>", owner_org="stadt-mayen",
        title_en="A barn & its owls",
        notes="**Fett** & Eulen. <script>alert(1)</script> Scheunentore",
        notes_en="Owls live in a barn.",
    )  # fmt: skip
    try:
        page = stack.get("/dataset/?q=Scheune")[1]
        assert "<mark>Scheune</mark> &lt;img src=x onerror=alert(1)&gt;" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "A <mark>barn</mark> &amp; its owls" in stack.get("/en/dataset/?q=barn")[1]
    finally:
        ckan.action.dataset_purge(id=made["id"])


def test_similar_records_stand_on_a_records_page(stack: Stack) -> None:
    record = stack.action("package_search", q="Radverkehr", rows=1)["results"][0]
    found = SearchClient(stack.search_url).similar(record["name"])
    assert found
    assert record["id"] not in [one["id"] for one in found]
    status, page = stack.get(f"/dataset/{record['name']}")
    assert status == 200
    assert "Ähnliche Einträge" in page
    assert all(f"/dataset/{one['name']}" in page for one in found)
    assert "Similar records" in stack.get(f"/en/dataset/{record['name']}")[1]


def test_nobody_waits_for_help(stack: Stack) -> None:
    pid = stack.processes()["search"]
    name = stack.action("package_search", q="Radverkehr", rows=1)["results"][0]["name"]
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert suggested(stack, "feuer") == []
        assert time.monotonic() - began < 5
    finally:
        os.kill(pid, signal.SIGCONT)
    until = time.monotonic() + 30
    while time.monotonic() < until and not suggested(stack, "feuer"):
        time.sleep(0.5)
    assert suggested(stack, "feuer")
    status, page = stack.get(f"/dataset/{name}")
    assert status == 200
    assert "Ähnliche Einträge" in page
