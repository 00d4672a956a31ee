"""Conditional requests: what is kept of a server's answers, and when it counts."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from harvesters import cache as cache_module
from harvesters.cache import Answer, Cache
from harvesters.fetch import Fetcher, Limits
from harvesters.model import Outcome, SourceConfig
from harvesters.portal import Patience
from harvesters.run import harvest
from tests.unit.harvesters.conftest import CATALOGUE, FakeCkan, FaultServer

LOCAL = frozenset({"127.0.0.1"})


@dataclass
class Page:
    """A page that knows its version, and answers 304 to who has it."""

    content: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"ETag": '"1"'})
    asked: list[dict[str, str]] = field(default_factory=list)
    sent: int = 0

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append({name.lower(): value for name, value in handler.headers.items()})
        etag, changed = self.headers.get("ETag"), self.headers.get("Last-Modified")
        same = etag is not None and handler.headers.get("If-None-Match") == etag
        same |= changed is not None and handler.headers.get("If-Modified-Since") == changed
        handler.send_response_only(304 if same else 200)
        for name, value in {"Content-Type": "text/turtle", **self.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(0 if same else len(self.content)))
        handler.end_headers()
        if not same:
            self.sent += 1
            handler.wfile.write(self.content)


def _get(server: FaultServer, folder: Path, quick: Limits, path: str = "/a") -> bytes:
    with Fetcher(quick, allow=LOCAL, cache=Cache(folder)) as fetcher:
        answer = fetcher.get(server.url + path)
        assert answer.content_type == "text/turtle"
        assert answer.url == server.url + path
        assert not answer.content or "etag" in answer.headers or "last-modified" in answer.headers
        return answer.content


def _file(folder: Path) -> Path:
    (file,) = folder.glob("*.answer")
    return file


def test_what_has_not_changed_is_not_sent_again(
    server: FaultServer, quick: Limits, tmp_path: Path
) -> None:
    page = Page(b"eins")
    server.says("/a", page)
    assert [_get(server, tmp_path, quick) for _ in range(3)] == [b"eins"] * 3
    assert page.sent == 1
    assert "if-none-match" not in page.asked[0]
    assert page.asked[1]["if-none-match"] == '"1"'
    page.content, page.headers = b"zwei", {"ETag": '"2"'}
    assert _get(server, tmp_path, quick) == b"zwei"
    assert _get(server, tmp_path, quick) == b"zwei"
    assert page.sent == 2


def _damage(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + b"X")


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:30])


@pytest.mark.parametrize(
    "harm", [_damage, _cut, lambda file: file.write_bytes(b""), lambda file: file.unlink()]
)
def test_what_is_damaged_is_fetched_again(
    server: FaultServer, quick: Limits, tmp_path: Path, harm: object
) -> None:
    page = Page(b"eins")
    server.says("/a", page)
    _get(server, tmp_path, quick)
    assert callable(harm)
    harm(_file(tmp_path))
    assert _get(server, tmp_path, quick) == b"eins"
    assert page.sent == 2
    assert "if-none-match" not in page.asked[1]
    _get(server, tmp_path, quick)
    assert page.sent == 2


def test_an_old_answer_is_fetched_whole(
    server: FaultServer, quick: Limits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that says 304 for ever, whatever it has, is not believed for ever."""
    page = Page(b"eins")
    server.says("/a", page)
    _get(server, tmp_path, quick)
    page.content = b"zwei"
    assert _get(server, tmp_path, quick) == b"eins"
    monkeypatch.setattr(cache_module, "LONGEST", 0.0)
    assert _get(server, tmp_path, quick) == b"zwei"


def _date(before: float) -> str:
    return formatdate(time.time() - before, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({"Last-Modified": _date(100), "Date": _date(0)}, True),
        # Within the same second it may change once more.
        ({"Last-Modified": _date(0), "Date": _date(0)}, False),
        ({"Last-Modified": _date(100)}, False),
        ({"Last-Modified": "gestern", "Date": _date(0)}, False),
        ({"ETag": 'W/"1"'}, True),
        ({"ETag": '"1"', "Cache-Control": "private, no-store"}, False),
        ({"ETag": '"1"', "Vary": "*"}, False),
        ({"X-Nothing": "x"}, False),
    ],
)
def test_what_may_be_kept(
    server: FaultServer, quick: Limits, tmp_path: Path, headers: dict[str, str], kept: bool
) -> None:
    page = Page(b"eins", headers)
    server.says("/a", page)
    for _ in range(2):
        with Fetcher(quick, allow=LOCAL, cache=Cache(tmp_path)) as fetcher:
            assert fetcher.get(server.url + "/a").content == b"eins"
    assert page.sent == (1 if kept else 2)


def test_what_is_asked_with_a_password_is_not_kept(
    server: FaultServer, quick: Limits, tmp_path: Path
) -> None:
    server.says("/a", Page(b"geheim"))
    with Fetcher(quick, allow=LOCAL, cache=Cache(tmp_path)) as fetcher:
        fetcher.request("GET", server.url + "/a", headers={"Authorization": "Basic eDp5"})
    assert list(tmp_path.iterdir()) == []


def test_the_oldest_gives_way(tmp_path: Path) -> None:
    cache = Cache(tmp_path, size=3000)
    for number in range(4):
        cache.keep(f"u{number}", "*/*", Answer(b"x" * 700, "a/b", {"etag": str(number)}))
        if number == 2:
            assert cache.find("u0", "*/*")  # so that u1 is the one not used for longest
    kept = [number for number in range(4) if cache.find(f"u{number}", "*/*")]
    assert kept == [0, 2, 3]
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 3000
    cache.keep("large", "*/*", Answer(b"x" * 5000, "a/b", {"etag": "1"}))
    assert cache.find("large", "*/*") is None
    assert len(list(tmp_path.iterdir())) == 3
    # A smaller limit holds for what is there already.
    assert len(Cache(tmp_path, size=1000)._sizes) == 1


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    old, new = tmp_path / "x.part", tmp_path / "y.part"
    for file in (old, new):
        file.write_bytes(b"x")
    os.utime(old, (0, 0))
    Cache(tmp_path)
    assert list(tmp_path.iterdir()) == [new]


def test_a_folder_that_cannot_be_written_is_no_failure(
    server: FaultServer, quick: Limits, tmp_path: Path
) -> None:
    page = Page(b"eins")
    server.says("/a", page)
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert _get(server, blocked, quick) == b"eins"
    folder = tmp_path / "cache"
    with Fetcher(quick, allow=LOCAL, cache=Cache(folder)) as fetcher:
        folder.rmdir()
        assert fetcher.get(server.url + "/a").content == b"eins"
        assert fetcher.get(server.url + "/a").content == b"eins"


def test_a_run_is_the_same_with_and_without(
    server: FaultServer, quick: Limits, tmp_path: Path, config: Path
) -> None:
    page = Page(CATALOGUE.encode())
    source = SourceConfig(name="dorf", type="dcat", url=server.says("/catalog.ttl", page))

    def run(ckan: FakeCkan, cache: Path | None, **options: bool) -> list[tuple[str, Outcome]]:
        report = harvest(
            source, ckan, config=config, allow_hosts="127.0.0.1", limits=quick, cache=cache,
            patience=Patience(0.3, 0.01, 0.05), **options,
        )  # fmt: skip
        assert report.error == "" and report.complete
        return [(one.identity, one.outcome) for one in report.results]

    with_cache, without = FakeCkan(), FakeCkan()
    folder = tmp_path / "cache" / "dorf"
    run(with_cache, folder, dry_run=True)
    assert not folder.exists()
    for number in range(4):
        if number == 2:
            page.content = page.content.replace(b"Wann sie fahren.", b"Wann und wo.")
            page.headers = {"ETag": '"2"'}
        assert run(with_cache, folder) == run(without, None)
        for found in (with_cache, without):
            for package in found.packages.values():
                package.pop("harvested_at", None)
        assert with_cache.packages == without.packages
    assert page.sent == 1 + 2 + 4
    source = source.model_copy(update={"cache": False})
    run(with_cache, folder)
    assert page.sent == 1 + 2 + 4 + 1
