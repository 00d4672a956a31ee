"""A web server for the tests of websites and WebDAV: pages, files, and what goes wrong."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """One answer; a HEAD gets the same without the body."""

    content: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def page(body: str, head: str = "", **headers: str) -> Reply:
    text = (
        f"<!DOCTYPE html><html lang=de><head><title>T</title>{head}</head>"
        f"<body>{body}</body></html>"
    )
    return Reply(text.encode(), headers={"Content-Type": "text/html; charset=utf-8", **headers})


def file(content: bytes = b"%PDF-1.4", kind: str = "application/pdf", **headers: str) -> Reply:
    return Reply(content, headers={"Content-Type": kind, **headers})


@dataclass
class Site:
    """``routes`` by path with query; else ``otherwise`` is asked; else 404."""

    url: str = ""
    routes: dict[str, Reply] = field(default_factory=dict)
    otherwise: Callable[[str, str, dict[str, str]], Reply | None] = lambda *_: None
    asked: list[str] = field(default_factory=list)  # "GET /path"
    agents: set[str] = field(default_factory=set)

    def reply(self, method: str, path: str, headers: dict[str, str]) -> Reply:
        if method != "PROPFIND" and path in self.routes:
            return self.routes[path]
        return self.otherwise(method, path, headers) or Reply(b"no such page", 404)

    def got(self, method: str = "GET") -> list[str]:
        return [line.split(" ", 1)[1] for line in self.asked if line.startswith(f"{method} ")]


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            site.asked.append(f"{self.command} {self.path}")
            site.agents.add(self.headers.get("User-Agent", ""))
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = site.reply(self.command, self.path, dict(self.headers))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply.content)

        do_GET = do_HEAD = do_PROPFIND = _answer

        def log_message(self, *_args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield site
    httpd.shutdown()
    thread.join()
    httpd.server_close()
