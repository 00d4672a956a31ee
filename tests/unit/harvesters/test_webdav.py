"""A WebDAV folder: listed politely, linked or copied, and not trusted."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

import pytest

from harvesters.errors import ConfigError, HostDownError, RefusedError, SourceError
from harvesters.fetch import Limits
from harvesters.model import Record, SourceConfig
from harvesters.run import harvest
from harvesters.sources.files.dav import Share
from harvesters.sources.files.webdav import WebdavSource
from tests.unit.harvesters.conftest import FakeCkan
from tests.unit.harvesters.json_answers import opened, read
from tests.unit.harvesters.test_folder import make_pdf
from tests.unit.harvesters.web_server import Reply, Site, serving

QUICK = Limits(seconds=5, connect=1, read=1, attempts=2, first_wait=0.01, longest_wait=0.05)


def response(href: str, *, folder: bool = False, size: int = 0, etag: str = "") -> str:
    kind = "<d:collection/>" if folder else ""
    return (
        f"<d:response><d:href>{escape(href)}</d:href><d:propstat><d:prop>"
        f"<d:resourcetype>{kind}</d:resourcetype><d:getetag>{escape(etag)}</d:getetag>"
        "<d:getlastmodified>Tue, 05 Mar 2024 06:07:08 GMT</d:getlastmodified>"
        f"<d:getcontentlength>{size}</d:getcontentlength></d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop><d:x/></d:prop>"
        "<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>"
    )


def multistatus(*responses: str) -> Reply:
    text = (
        f'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">{"".join(responses)}</d:multistatus>'
    )
    return Reply(text.encode(), 207, {"Content-Type": "application/xml"})


class Cloud:
    """A small WebDAV server: ``files`` by path below ``top``."""

    def __init__(self, site: Site, top: str = "/dav/") -> None:
        self.site, self.top = site, top
        self.files: dict[str, bytes] = {}
        self.login: tuple[str, str] | None = None
        site.otherwise = self.answer

    def answer(self, method: str, path: str, headers: dict[str, str]) -> Reply | None:
        path = unquote(path)
        if not path.startswith(self.top):
            return None
        if self.login:
            pair = base64.b64encode(":".join(self.login).encode()).decode()
            if headers.get("Authorization") != f"Basic {pair}":
                return Reply(b"", 401)
        path = path.removeprefix(self.top)
        if method == "PROPFIND":
            assert headers["Depth"] == "1"
            return self.listing(path)
        content = self.files.get(path)
        return Reply(content) if content is not None and method == "GET" else None

    def listing(self, folder: str) -> Reply:
        inside: dict[str, str] = {}
        for path, content in self.files.items():
            if path.startswith(folder):
                name, parted, _rest = path.removeprefix(folder).partition("/")
                href = quote(f"{self.top}{folder}{name}") + ("/" if parted else "")
                etag = f'"{hashlib.md5(content).hexdigest()}"'
                inside[name] = response(href, folder=bool(parted), size=len(content), etag=etag)
        return multistatus(response(quote(self.top + folder), folder=True), *inside.values())


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


def _read(
    site: Site, config: Path, path: str = "/dav", **options: Any
) -> tuple[dict[str, Record], dict[str, str], WebdavSource]:
    with opened(WebdavSource, config, QUICK, url=site.url + path, options=options) as source:
        records, failures = read(source)
        return records, failures, source


def test_files_are_linked_and_not_downloaded(site: Site, config: Path) -> None:
    cloud = Cloud(site)
    cloud.files = {
        "Straße & Weg/Hundesteuersatzung_vom_12.03.2020.pdf": b"x" * 10,
        "Straße & Weg/.versteckt.pdf": b"x",
        "Straße & Weg/tief/ns #1.odt": b"x",
        "bild.jpg": b"x",
        "_folder.yaml": b"license_id: dl-by-de-2.0",
        "Bericht.docx": b"x",
        "Bericht.docx.yaml": b"title: Bericht 2020\n",
    }
    records, failures, source = _read(site, config)
    assert not failures
    assert source.complete
    assert list(records) == [
        "Bericht.docx", "Straße & Weg/Hundesteuersatzung_vom_12.03.2020.pdf",
        "Straße & Weg/tief/ns #1.odt",
    ]  # fmt: skip
    package = list(records.values())[1].package
    assert package["title"] == "Hundesteuersatzung vom 12.03.2020"
    assert package["document_kind"] == "statute"
    assert package["document_date"] == "2020-03-12"
    assert package["modified"] == "2024-03-05T06:07:08+00:00"
    assert package["license_id"] == "dl-by-de-2.0"
    assert package["harvest_unread"]["etag"].startswith('"')
    (resource,) = package["resources"]
    assert resource["url"] == (
        f"{site.url}/dav/Stra%C3%9Fe%20%26%20Weg/Hundesteuersatzung_vom_12.03.2020.pdf"
    )
    assert (resource["format"], resource["size"]) == ("PDF", 10)
    assert records["Bericht.docx"].package["title"] == "Bericht 2020"
    assert set(site.got()) == {"/dav/_folder.yaml", "/dav/Bericht.docx.yaml"}
    linked = _read(site, config, link="https://stadt.example/dateien/")[0]
    assert linked["Straße & Weg/tief/ns #1.odt"].package["resources"][0]["url"] == (
        "https://stadt.example/dateien/Stra%C3%9Fe%20%26%20Weg/tief/ns%20%231.odt"
    )


def test_runs(site: Site, config: Path, ckan: FakeCkan) -> None:
    cloud = Cloud(site)
    cloud.files = {"a.pdf": b"eins", "b.pdf": b"zwei"}
    where = SourceConfig(name="wolke", type="webdav", url=f"{site.url}/dav/")
    common = {"config": config, "allow_hosts": "127.0.0.1", "limits": QUICK}
    first = harvest(where, ckan, **common)
    assert [str(r.outcome) for r in first.results] == ["added", "added"], first
    assert [str(r.outcome) for r in harvest(where, ckan, **common).results] == ["unchanged"] * 2
    cloud.files["a.pdf"] = b"neun"  # another etag, all else the same
    del cloud.files["b.pdf"]
    third = harvest(where, ckan, **common)
    assert [str(r.outcome) for r in third.results] == ["changed", "gone"]
    assert not site.got()


def test_files_are_copied(site: Site, config: Path, tmp_path: Path, ckan: FakeCkan) -> None:
    content = make_pdf(tmp_path / "x.pdf", Title="Friedhofssatzung").read_bytes()
    cloud = Cloud(site)
    cloud.login = ("amt", "gehäim")
    cloud.files = {"ä/1.pdf": content, "ä/2.pdf": b"<html>", "n" * 240 + ".pdf": content}
    where = SourceConfig(
        name="wolke", type="webdav", url=f"{site.url}/dav/",
        options={"upload": True, "user_env": "MYK_SOURCE_USER", "password_env": "MYK_SOURCE_PW"},
    )  # fmt: skip
    common = {"config": config, "allow_hosts": "127.0.0.1", "limits": QUICK}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MYK_SOURCE_USER", "amt")
        patch.setenv("MYK_SOURCE_PW", "gehäim")
        report = harvest(where, ckan, **common)
    outcomes = {r.identity: (str(r.outcome), r.reason) for r in report.results}
    assert outcomes.pop("ä/2.pdf") == ("failed", "the file is no PDF, whatever its name says")
    assert {outcome for outcome, _ in outcomes.values()} == {"added"}
    package = ckan.by_name("friedhofssatzung")
    assert package["document_kind"] == "statute"
    assert package["resources"][0]["content"] == content
    assert package["resources"][0]["url"].endswith(".pdf")


def test_what_is_unchanged_is_not_downloaded_again(
    site: Site, config: Path, tmp_path: Path, ckan: FakeCkan
) -> None:
    content = make_pdf(tmp_path / "x.pdf", Title="Friedhofssatzung").read_bytes()
    cloud = Cloud(site)
    cloud.files = {"x/a.pdf": content, "x/b.pdf": content, "_folder.yaml": b"publisher: Amt"}
    common = {"config": config, "allow_hosts": "127.0.0.1", "limits": QUICK}

    def run(**options: Any) -> tuple[list[str], list[str]]:
        site.asked.clear()
        where = SourceConfig(
            name="wolke", type="webdav", url=f"{site.url}/dav/", options={"upload": True, **options}
        )
        report = harvest(where, ckan, **common)
        return [str(r.outcome) for r in report.results], site.got()

    everything = ["/dav/_folder.yaml", "/dav/x/a.pdf", "/dav/x/b.pdf"]
    outcomes, asked = run()
    assert outcomes == ["added", "added"]
    assert sorted(asked) == everything
    assert run() == (["unchanged", "unchanged"], [])
    cloud.files["x/b.pdf"] = make_pdf(tmp_path / "x.pdf", Title="Neu").read_bytes()
    assert run() == (["unchanged", "changed"], ["/dav/_folder.yaml", "/dav/x/b.pdf"])
    cloud.files["_folder.yaml"] = b"publisher: Rat"
    outcomes, asked = run()
    assert outcomes == ["changed", "changed"]
    assert sorted(asked) == everything
    outcomes, asked = run(kind="report")
    assert outcomes == ["changed", "changed"]
    assert sorted(asked) == everything


def test_a_login_is_needed(site: Site, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud(site)
    cloud.login = ("amt", "geheim")
    cloud.files = {"a.pdf": b"x"}
    names = {"user_env": "MYK_SOURCE_USER", "password_env": "MYK_SOURCE_PW"}
    with pytest.raises(SourceError, match="it needs a user and a password"):
        _read(site, config)
    with pytest.raises(ConfigError, match=r"MYK_SOURCE_USER .* is not set or empty"):
        _read(site, config, **names)
    monkeypatch.setenv("MYK_SOURCE_USER", "amt")
    monkeypatch.setenv("MYK_SOURCE_PW", "falsch")
    with pytest.raises(SourceError, match="user or password are wrong"):
        _read(site, config, **names)
    monkeypatch.setenv("MYK_SOURCE_PW", "geheim")
    records, _failures, source = _read(site, config, **names)
    assert len(records) == 1
    assert any("set `upload: true`, or `link`" in text for text in source.warnings)
    monkeypatch.setenv("MYK_CKAN_TOKEN", "geheim")
    with pytest.raises(ConfigError, match="must name an environment variable MYK_SOURCE_"):
        _read(site, config, user_env="MYK_CKAN_TOKEN")
    with (
        opened(WebdavSource, config, url="https://amt:geheim@x.example/") as source,
        pytest.raises(ConfigError, match="the address holds a user or password") as raised,
    ):
        list(source.discover())
    assert "geheim" not in str(raised.value)


def test_a_login_goes_to_its_own_host_alone(
    site: Site, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYK_SOURCE_USER", "amt")
    monkeypatch.setenv("MYK_SOURCE_PW", "geheim")
    sent: list[str] = []
    with serving() as other:

        def listen(_method: str, _path: str, headers: dict[str, str]) -> Reply:
            sent.append(headers.get("Authorization", ""))
            return multistatus()

        other.otherwise = listen
        site.otherwise = lambda *_: Reply(b"", 302, {"Location": f"{other.url}/dav/"})
        names = {"user_env": "MYK_SOURCE_USER", "password_env": "MYK_SOURCE_PW"}
        _read(site, config, **names)
    assert sent == [""]


def test_a_public_share_of_a_newer_cloud(site: Site, config: Path) -> None:
    cloud = Cloud(site, "/cloud/public.php/dav/files/AbC123/")
    cloud.files = {"x/ä.pdf": b"1"}
    records, _failures, _source = _read(site, config, "/cloud/index.php/s/AbC123")
    package = records["x/ä.pdf"].package
    assert package["url"] == f"{site.url}/cloud/s/AbC123?path=%2Fx"
    assert package["resources"][0]["url"] == (
        f"{site.url}/cloud/s/AbC123/download?path=%2Fx&files=%C3%A4.pdf"
    )


def test_a_public_share_of_an_older_cloud(
    site: Site, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud(site, "/public.php/webdav/")
    cloud.login = ("AbC123", "")
    cloud.files = {"a.pdf": b"1"}
    assert list(_read(site, config, "/s/AbC123")[0]) == ["a.pdf"]
    cloud.login = ("AbC123", "geheim")
    monkeypatch.setenv("MYK_SOURCE_PW", "geheim")
    assert list(_read(site, config, "/s/AbC123", password_env="MYK_SOURCE_PW")[0]) == ["a.pdf"]
    with pytest.raises(SourceError, match="does not let us in"):
        _read(site, config, "/s/AbC123")


def test_what_is_a_share() -> None:
    assert Share.of("https://x.example/c/s/tokeN1/") == Share("https://x.example/c", "tokeN1")
    assert Share.of("https://x.example/remote.php/dav/files/amt/") is None


def test_names_that_lead_elsewhere(site: Site, config: Path) -> None:
    hrefs = [
        "/dav/", "/dav/gut.pdf", "/dav/../a.pdf", "/dav/%2e%2e/b.pdf", "/dav/x%2Fy.pdf", "/c.pdf",
        "/dav/x/../d.pdf", "http://else.example/dav/e.pdf", "/dav/..%5Cf.pdf", "http://[",
        "/dav/%00.pdf", "/dav/tief/g.pdf", "relativ.pdf", "", "/dav/gut.pdf", "/dav/%2e%2e",
    ]  # fmt: skip
    replies = [response(href) for href in hrefs]
    site.otherwise = lambda *_: multistatus(*replies)
    records, failures, source = _read(site, config)
    assert list(records) == ["gut.pdf", "relativ.pdf"]
    assert not failures
    assert len(source.warnings) == 3
    site.otherwise = lambda *_: multistatus(response(f"{site.url}/dav/gut.pdf"))
    assert list(_read(site, config)[0]) == ["gut.pdf"]


def test_folders_without_end(site: Site, config: Path) -> None:
    site.otherwise = lambda _m, path, _h: multistatus(
        response(path), response(f"{path}a/", folder=True), response(f"{path}f.pdf")
    )
    records, _failures, source = _read(site, config, depth=5)
    assert len(records) == 6
    assert len(site.asked) == 6
    assert not source.complete
    records, _failures, source = _read(site, config, max_files=3)
    assert (len(records), source.complete) == (3, False)


def test_a_folder_that_fails(site: Site, config: Path) -> None:
    cloud = Cloud(site)
    cloud.files = {"a.pdf": b"1", "b/c.pdf": b"1", "d/e.pdf": b"1"}

    def answer(method: str, path: str, headers: dict[str, str]) -> Reply | None:
        return Reply(b"", 403) if path == "/dav/b/" else cloud.answer(method, path, headers)

    site.otherwise = answer
    records, _failures, source = _read(site, config)
    assert list(records) == ["a.pdf", "d/e.pdf"]
    assert not source.complete
    assert source.cut_short
    assert any("folders that could not be read" in text for text in source.warnings)


def test_a_host_that_goes_down(site: Site, config: Path) -> None:
    cloud = Cloud(site)
    cloud.files = {f"{letter}/x.pdf": b"1" for letter in "abcdefgh"}

    def answer(method: str, path: str, headers: dict[str, str]) -> Reply | None:
        return cloud.answer(method, path, headers) if path == "/dav/" else Reply(b"", 503)

    site.otherwise = answer
    with pytest.raises(HostDownError):
        _read(site, config)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (lambda: Reply(b"<html>", 200), "is cut off"),
        (lambda: Reply(b"<html></html>", 200), "is no WebDAV folder: it answers with a page"),
        (lambda: Reply(b"", 207), "is empty"),
        (lambda: Reply(b"", 405), "is no WebDAV folder"),
        (lambda: Reply(b"", 404), "is no WebDAV folder"),
        (lambda: Reply(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 207), "defines XML entities"),
        (lambda: Reply(b"<a>" * 1000, 207), "nested too deeply"),
        (lambda: Reply(b"<d>" + b" " * 53_000_000, 207), "more than 52 MB"),
        (lambda: Reply(b"", 302, {"Location": "/dav"}), "redirects more than 5 times"),
    ],
)
def test_answers_that_are_none(
    site: Site, config: Path, reply: Callable[[], Reply], reason: str
) -> None:
    answer = reply()
    site.otherwise = lambda *_: answer
    with pytest.raises(SourceError, match=reason):
        _read(site, config)


def test_a_redirect_inward_is_refused(site: Site, config: Path) -> None:
    site.otherwise = lambda *_: Reply(b"", 302, {"Location": "http://10.0.0.1/dav/"})
    with pytest.raises(RefusedError, match="is inside the network"):
        _read(site, config)
