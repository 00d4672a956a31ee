from __future__ import annotations

import gzip
import time
from http.server import BaseHTTPRequestHandler

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
        "http://localhost/",
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
