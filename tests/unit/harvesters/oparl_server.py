"""A council information system on this machine: OParl objects, paged lists, filters, and faults."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

LISTS = ("paper", "meeting", "organization")
SCHEMA = "https://schema.oparl.org/1.1"

Fault = Callable[[str, dict[str, str]], "tuple[int, Any] | None"]


@dataclass
class Council:
    """One system with one body. ``objects`` are known by their address; lists hold addresses.

    Addresses in objects begin with ``@``, which stands for the server's own address.
    """

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in LISTS})
    texts: dict[str, str] = field(default_factory=dict)
    page_size: int = 100
    filters: bool = True
    #: May answer in the place of what is there: a status and a document (or bytes).
    fault: Fault = lambda _path, _query: None
    requests: list[str] = field(default_factory=list)
    url: str = ""
    body: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.body = {
            "id": "@/body/1",
            "type": f"{SCHEMA}/Body",
            "name": "Stadt Andernach",
            "shortName": "Andernach",
            "ags": "07137003",
            "license": "http://dcat-ap.de/def/licenses/dl-by-de/2_0",
            "contactEmail": "rat@andernach.example",
            "contactName": "Sitzungsdienst",
            **{name: f"@/body/1/{name}" for name in LISTS},
        } | self.body

    @property
    def system(self) -> str:
        return f"{self.url}/system"

    def add(self, kind: str, item: dict[str, Any], *, listed: bool = True) -> dict[str, Any]:
        """Serve an object by its id, and in the list of its kind."""
        self.objects[_path(item["id"])] = item
        if listed:
            self.lists[kind].append(item)
        return item

    def count(self, part: str) -> int:
        """How many requests had ``part`` in their address."""
        return sum(part in request for request in self.requests)

    # -- answering -------------------------------------------------------------------------------

    def answer(self, target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        path, query = unquote(parts.path), dict(parse_qsl(parts.query))
        if fault := self.fault(path, query):
            return fault
        if path == "/system":
            return 200, {
                "id": "@/system",
                "type": f"{SCHEMA}/System",
                "oparlVersion": f"{SCHEMA}/",
                "body": "@/bodies",
            }
        if path == "/bodies":
            return 200, {"data": [self.body], "links": {}, "pagination": {}}
        if path == "/body/1":
            return 200, self.body
        for name in LISTS:
            if path == f"/body/1/{name}":
                return 200, self.page(name, path, query)
        if path in self.objects:
            return 200, self.objects[path]
        if path in self.texts:
            return 200, self.texts[path].encode()
        return 404, {"error": "there is nothing"}

    def page(self, name: str, path: str, query: dict[str, str]) -> dict[str, Any]:
        items = self.lists[name]
        since = query.get("modified_since", "") if self.filters else ""
        if since:
            items = [item for item in items if not isinstance(item, dict) or _newer(item, since)]
        number = int(query.get("page", "1"))
        last = max(1, -(-len(items) // self.page_size))
        start = (number - 1) * self.page_size
        links = {"self": f"@{path}?page={number}"}
        if number < last:
            kept = {"modified_since": since} if since else {}
            links["next"] = f"@{path}?{urlencode({**kept, 'page': number + 1})}"
        return {
            "data": items[start : start + self.page_size],
            "pagination": {"totalElements": len(items), "currentPage": number, "totalPages": last},
            "links": links,
        }


def _newer(item: dict[str, Any], since: str) -> bool:
    return str(item.get("modified", "9")) >= since


def _path(address: str) -> str:
    return unquote(urlsplit(address.removeprefix("@")).path)


@contextlib.contextmanager
def serving(council: Council) -> Iterator[Council]:
    """Serve a council on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            council.requests.append(self.path)
            status, found = council.answer(self.path)
            data = found if isinstance(found, bytes) else json.dumps(found).encode()
            data = data.replace(b'"@/', f'"{council.url}/'.encode())
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(data)

        def log_message(self, *_args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    council.url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield council
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


_KARLSRUHE = "https://web1.karlsruhe.de/oparl/"


def karlsruhe(folder: Path, **options: Any) -> Council:
    """The papers and meetings of a real council; ``folder`` is ``oparl/karlsruhe`` of the data.

    Its files are served as plain text, under the addresses that the objects give.
    """
    council = Council(
        body={"name": "Stadt Karlsruhe", "shortName": "Karlsruhe", "ags": "08212000"}, **options
    )
    for kind, name in (("paper", "papers"), ("meeting", "meetings")):
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                council.add(kind, json.loads(line.replace(_KARLSRUHE, "@/")))
    found = (folder / "organizations.json").read_text("utf-8").replace(_KARLSRUHE, "@/")
    for item in json.loads(found):
        council.add("organization", item)
    with gzip.open(folder / "file_texts.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            name = f"{int(told['file_id']):08}.pdf"
            council.texts[f"/bodies/0001/downloadfiles/{name}"] = told["text"]
    return council
