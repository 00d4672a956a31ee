from __future__ import annotations

import gzip
import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpcore
import pytest

from harvesters.errors import AnswerError, RefusedError, SourceError
from harvesters.fetch import Fetcher, Limits
from harvesters.network import checked_addresses
from tests.unit.harvesters.conftest import FaultServer, body

LOCAL = frozenset({"127.0.0.1"})


def _fetch(url: str, limits: Limits, allow: frozenset[str] = LOCAL) -> bytes:
    with Fetcher(limits, allow=allow) as fetcher:
        return fetcher.get(url).content


def test_an_ordinary_answer(server: FaultServer, quick: Limits) -> None:
    assert _fetch(server.says("/a", body("Hallo")), quick) == b"Hallo"


def test_errors_pass(server: FaultServer, quick: Limits) -> None:
    url = server.says("/a", body("", 500), body("", 503, {"Retry-After": "0"}), body("gut"))
    assert _fetch(url, quick) == b"gut"
    assert len(server.requests) == 3


def test_errors_that_stay_are_one_line(server: FaultServer, quick: Limits) -> None:
    url = server.says("/a", body("<h1>Traceback</h1>", 500))
    with pytest.raises(SourceError, match=r"500 Internal Server Error. \(tried 3 times\)"):
        _fetch(url, quick)
    assert len(server.requests) == 3


def test_a_missing_page_is_not_tried_again(server: FaultServer, quick: Limits) -> None:
    with pytest.raises(AnswerError, match="404 Not Found"):
        _fetch(server.url + "/no", quick)
    assert len(server.requests) == 1


def test_retry_after_is_honoured_within_reason(server: FaultServer, quick: Limits) -> None:
    url = server.says("/a", body("", 429, {"Retry-After": "3600"}), body("gut"))
    began = time.monotonic()
    assert _fetch(url, quick) == b"gut"
    assert 0.15 < time.monotonic() - began < 3


def test_redirects_are_followed(server: FaultServer, quick: Limits) -> None:
    server.says("/b", body("da"))
    assert _fetch(server.says("/a", body("", 302, {"Location": "/b"})), quick) == b"da"


def test_redirects_in_a_circle(server: FaultServer, quick: Limits) -> None:
    url = server.says("/a", body("", 302, {"Location": "/a"}))
    with pytest.raises(SourceError, match="redirects more than 5 times"):
        _fetch(url, quick)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://127.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0x7f000001/",
        "http://017700000001/",
        "http://127。0。0。1/",
        "http://user:secret@127.0.0.1/",
        "http://[::]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[::ffff:0:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b:1::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fec0::1]/",
        "http://[fd00::1]/",
        "http://[ff02::1]/",
        "http://192.0.0.192/opc/v1/instance/",
        "http://localhost/",
        "http://LOCALHOST/",
    ],
)
def test_the_inside_is_refused(url: str, quick: Limits) -> None:
    with pytest.raises(RefusedError, match="MYK_HARVEST_ALLOW_HOSTS"):
        _fetch(url, quick, frozenset())


def test_the_environment_allows_hosts(
    server: FaultServer, quick: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYK_HARVEST_ALLOW_HOSTS", "geo.kreis.example, 127.0.0.1")
    with Fetcher(quick) as fetcher:
        assert fetcher.get(server.says("/a", body("x"))).content == b"x"


def test_a_redirect_to_the_inside_is_refused(server: FaultServer, quick: Limits) -> None:
    # localhost is allowed here, 127.0.0.1 is not, though it is the same machine.
    inside = server.says("/secret", body("secret"))
    server.says("/a", body("", 302, {"Location": inside}))
    url = server.url.replace("127.0.0.1", "localhost") + "/a"
    with pytest.raises(RefusedError, match=r"127\.0\.0\.1 is inside the network"):
        _fetch(url, quick, frozenset({"localhost"}))
    assert server.requests == ["/a"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://x.example/", "gopher://x/"])
def test_other_schemes_are_refused(server: FaultServer, quick: Limits, target: str) -> None:
    url = server.says("/a", body("", 302, {"Location": target}))
    for address in (target, url):
        with pytest.raises(RefusedError, match="only http and https"):
            _fetch(address, quick)


def test_one_forbidden_address_among_several_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: answer)
    with pytest.raises(RefusedError):
        checked_addresses("evil.example", 80, frozenset())
    assert len(checked_addresses("evil.example", 80, frozenset({"evil.example"}))) == 2


@pytest.mark.parametrize("host", ["0177.0.0.1", "①②⑦.⓪.⓪.①", "localhost.", "127.0.0.1."])
def test_odd_spellings_of_the_inside_lead_nowhere(
    server: FaultServer, quick: Limits, host: str
) -> None:
    """Refused, or no address at all, as the system's resolver sees it."""
    server.says("/a", body("secret"))
    with pytest.raises(SourceError, match=r"inside the network|not a usable address|is not known"):
        _fetch(server.url.replace("127.0.0.1", host) + "/a", quick, frozenset())
    assert server.requests == []


@pytest.mark.parametrize("address", ["8.8.8.8", "64:ff9b::808:808", "2002:808:808::", "2a00::1"])
def test_the_outside_is_not_refused(address: str) -> None:
    assert checked_addresses(address, 80, frozenset()) == [address]


def test_a_name_that_changes_its_address(
    server: FaultServer, quick: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public when it is checked, this machine when it is connected to: there is one look-up only.

    192.88.99.1 is an outside address where nothing answers.
    """
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host != "rebind.example":
            return real(host, port, *args, **options)
        asked.append(host)
        address = "192.88.99.1" if len(asked) % 2 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    connected: list[str] = []
    connect = httpcore.SyncBackend.connect_tcp

    def watched(self: Any, host: str, *args: Any, **options: Any) -> Any:
        connected.append(host)
        return connect(self, host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", watched)
    server.says("/a", body("secret"))
    url = server.url.replace("127.0.0.1", "rebind.example") + "/a"
    limits = Limits(connect=0.3, attempts=1)
    with pytest.raises(SourceError, match=r"cannot be reached|in time"):
        _fetch(url, limits, frozenset())
    assert asked == ["rebind.example"]
    assert connected == ["192.88.99.1"]
    # The second time the name says that it is this machine, and that is refused.
    with pytest.raises(RefusedError, match=r"rebind\.example is inside the network"):
        _fetch(url, limits, frozenset())
    assert connected == ["192.88.99.1"]
    assert server.requests == []


def test_a_password_in_headers_stays_with_its_host(server: FaultServer, quick: Limits) -> None:
    seen: list[str | None] = []

    def secret(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers.get("Authorization"))
        body("x")(handler)

    target = server.says("/b", secret)
    url = server.says("/a", body("", 302, {"Location": target.replace("127.0.0.1", "localhost")}))
    with Fetcher(quick, allow=frozenset({"127.0.0.1", "localhost"})) as fetcher:
        fetcher.request("GET", target, headers={"Authorization": "Basic eDp5"})
        fetcher.request("GET", url, headers={"Authorization": "Basic eDp5"})
    assert seen == ["Basic eDp5", None]


@pytest.mark.parametrize("status", [300, 302, 304])
def test_a_redirect_that_leads_nowhere(server: FaultServer, quick: Limits, status: int) -> None:
    with pytest.raises(AnswerError, match=f"answers with an error: {status}"):
        _fetch(server.says("/a", body("", status)), quick)
    assert len(server.requests) == 1


@pytest.mark.parametrize("packed", ["br", "zstd", "gzip, gzip", "compress"])
def test_what_could_unpack_to_anything_is_refused(
    server: FaultServer, quick: Limits, packed: str
) -> None:
    url = server.says("/a", body(b"x", headers={"Content-Encoding": packed}))
    with pytest.raises(SourceError, match="that is refused"):
        _fetch(url, quick)


def test_a_large_body_is_refused(server: FaultServer, quick: Limits) -> None:
    url = server.says("/a", body(b"x" * 300_000))
    with pytest.raises(SourceError, match="more than 0 MB"):
        _fetch(url, quick)


def test_a_large_body_that_does_not_say_so(server: FaultServer, quick: Limits) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(10_000):
            handler.wfile.write(b"x" * 10_000)

    with pytest.raises(SourceError, match="more than"):
        _fetch(server.says("/a", endless), quick)


def test_a_gzip_bomb(server: FaultServer, quick: Limits) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    assert len(bomb) < quick.size
    url = server.says("/a", body(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SourceError, match="more than"):
        _fetch(url, quick)


def test_broken_gzip(server: FaultServer, quick: Limits) -> None:
    url = server.says("/a", body(b"no gzip", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SourceError, match="cannot be decompressed"):
        _fetch(url, quick)


def test_slow_bytes(server: FaultServer) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(30):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)

    limits = Limits(seconds=0.5, read=1, attempts=1)
    with pytest.raises(SourceError, match="too slow"):
        _fetch(server.says("/a", drip), limits)


def test_a_connection_that_breaks_off(server: FaultServer, quick: Limits) -> None:
    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"half")
        handler.close_connection = True

    url = server.says("/a", half, body("whole"))
    assert _fetch(url, quick) == b"whole"


def test_nobody_there(quick: Limits) -> None:
    with pytest.raises(SourceError, match="cannot be reached"):
        _fetch("http://127.0.0.1:9/", quick)
    with pytest.raises(SourceError, match=r"the name no\.such\.invalid is not known"):
        _fetch("http://no.such.invalid/", quick)


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://x:99999/", "https:///x"])
def test_addresses_that_are_none(url: str, quick: Limits) -> None:
    with pytest.raises(SourceError, match="not a usable address"):
        _fetch(url, quick)
