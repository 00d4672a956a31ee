"""A CKAN in memory, a small catalogue, and a web server that misbehaves."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ckanapi.errors import NotAuthorized, NotFound, SearchIndexError, ValidationError

from harvesters.fetch import Limits
from harvesters.model import Report, SourceConfig
from harvesters.portal import Patience
from harvesters.run import harvest


@dataclass
class FakeCkan:
    """What the harvester uses of CKAN's action API, with CKAN's errors."""

    packages: dict[str, dict[str, Any]] = field(default_factory=dict)
    organisations: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: set[str] = field(default_factory=lambda: {"competence-hub", "mobil-hub"})
    calls: list[str] = field(default_factory=list)
    refuse: Callable[[str, dict[str, Any]], Exception | None] = lambda _action, _data: None
    index_is_stale: bool = False
    phantoms: list[dict[str, Any]] = field(default_factory=list)  # in the index alone
    may_choose_ids: bool = True
    may_make_organisations: bool = True
    rollbacks: int = 0

    WRITES = (
        "package_create", "package_update", "package_patch", "package_delete",
        "organization_create",
    )  # fmt: skip

    @property
    def writes(self) -> list[str]:
        return [action for action in self.calls if action in self.WRITES]

    def call_action(self, action: str, data: dict[str, Any], **_kwargs: Any) -> Any:
        self.calls.append(action)
        if error := self.refuse(action, data):
            raise error
        return deepcopy(getattr(self, f"_{action}")(data))

    def rollback(self) -> None:
        self.rollbacks += 1

    def by_name(self, name: str) -> dict[str, Any]:
        return next(p for p in self.packages.values() if p["name"] == name)

    def _find(self, id_or_name: str) -> dict[str, Any]:
        for package in self.packages.values():
            if id_or_name in (package["id"], package["name"]):
                return package
        raise NotFound("Not found")

    def _package_search(self, data: dict[str, Any]) -> dict[str, Any]:
        field, _, value = data["fq"].partition(":")
        found = [
            package
            for package in sorted(self.packages.values(), key=lambda p: p["id"])
            if package.get(field) == value.strip('"') and package["state"] == "active"
        ]
        phantoms = self.phantoms if field == "harvest_source" else []
        found = [] if self.index_is_stale else [*found, *phantoms]
        start = data.get("start", 0)
        return {"count": len(found), "results": found[start : start + data["rows"]]}

    def _package_list(self, _data: dict[str, Any]) -> list[str]:
        """From the database: what is public and not deleted."""
        return [
            package["name"]
            for package in self.packages.values()
            if package["state"] == "active" and not package.get("private")
        ]

    def _package_show(self, data: dict[str, Any]) -> dict[str, Any]:
        return self._find(data["id"])

    def _package_create(self, data: dict[str, Any]) -> dict[str, Any]:
        problems: dict[str, Any] = {}
        if "id" in data and not self.may_choose_ids:
            problems["id"] = ["The input field id was not expected."]
        elif data.get("id") in self.packages:
            problems["id"] = ["Dataset id already exists"]
        if any(p["name"] == data["name"] for p in self.packages.values()):
            problems["name"] = ["That URL is already in use."]
        if problems:
            raise ValidationError(problems)
        made = {"id": f"made-{len(self.packages)}", "state": "active", **_stored(data)}
        self.packages[made["id"]] = made
        return made

    def _package_update(self, data: dict[str, Any]) -> dict[str, Any]:
        old = self._find(data["id"])
        self.packages[old["id"]] = {"state": "active", **_stored(data)}
        return self.packages[old["id"]]

    def _package_patch(self, data: dict[str, Any]) -> dict[str, Any]:
        old = self._find(data["id"])
        old.update(_stored(data))
        return old

    def _package_delete(self, data: dict[str, Any]) -> None:
        self._find(data["id"])["state"] = "deleted"

    def _organization_show(self, data: dict[str, Any]) -> dict[str, Any]:
        if data["id"] not in self.organisations:
            raise NotFound("Not found")
        return self.organisations[data["id"]]

    def _organization_create(self, data: dict[str, Any]) -> dict[str, Any]:
        if not self.may_make_organisations:
            raise NotAuthorized("no")
        self.organisations[data["name"]] = data
        return data

    def _group_list(self, _data: dict[str, Any]) -> list[str]:
        return sorted(self.groups)


def _stored(data: dict[str, Any]) -> dict[str, Any]:
    """As CKAN keeps it: an uploaded file becomes its content and an address."""
    data = dict(data)
    for resource in data.get("resources") or []:
        if "upload" in resource:
            resource["content"] = resource.pop("upload").stream.read()
            resource["url"] = f"http://portal/download/{resource['url']}"
    return {key: value for key, value in data.items() if value != ""} | {
        key: "" for key, value in data.items() if value == "" and not key.startswith("harvest_")
    }


def search_is_down(*actions: str) -> Callable[[str, dict[str, Any]], Exception | None]:
    """A ``refuse`` for FakeCkan: these actions fail as they do while the search service is down."""
    return lambda action, _data: SearchIndexError("Solr") if action in actions else None


@pytest.fixture
def ckan() -> FakeCkan:
    return FakeCkan()


CATALOGUE = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix theme: <http://publications.europa.eu/resource/authority/data-theme/> .

<https://dorf.example/catalog> a dcat:Catalog ;
    dct:title "Offene Daten des Dorfes"@de, "Open data of the village"@en ;
    dct:publisher [ a foaf:Organization ; foaf:name "Dorf" ] ;
    dcat:dataset <https://dorf.example/baeume>, <https://dorf.example/busse> .

<https://dorf.example/baeume> a dcat:Dataset ;
    dct:title "Bäume im Dorf"@de, "Trees in the village"@en ;
    dct:description "<p>Alle <b>Bäume</b>.</p><script>alert(1)</script>" ;
    dct:identifier "baeume-1" ;
    dct:issued "2021-01-28 GMT 01:51:03" ; dct:modified "gestern" ;
    dcat:keyword "Bäume", "Grün/Natur" ;
    dcat:distribution <https://dorf.example/baeume#csv> .
<https://dorf.example/baeume#csv> a dcat:Distribution ;
    dcat:accessURL <https://dorf.example/baeume.csv> ;
    dct:license <http://dcat-ap.de/def/licenses/dl-by-de/2_0> ;
    dct:format <http://publications.europa.eu/resource/authority/file-type/CSV> .

<https://dorf.example/busse> a dcat:Dataset ;
    dct:title "Busse" ; dct:description "Wann sie fahren." ; dcat:theme theme:TRAN ;
    dct:publisher <http://dcat-ap.de/def/politicalGeocoding/municipalityKey/07137003> .
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An operator's folder with one licence, one organisation, two hubs."""
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "licenses.json").write_text(
        '[{"id": "dl-by-de-2.0", "title": "Datenlizenz", "title_en": "Data licence",'
        ' "url": "http://dcat-ap.de/def/licenses/dl-by-de/2.0", "aliases": ["dl-de-by-2.0"]}]'
    )
    (folder / "organisations.yaml").write_text(
        "- name: stadt-andernach\n  title: Stadt Andernach\n  short: Andernach\n"
        "  uri: http://dcat-ap.de/def/politicalGeocoding/municipalityKey/07137003\n"
        "  description: {de: Am Rhein., en: On the Rhine.}\n"
    )
    (folder / "hubs.yaml").write_text(
        "- name: mobil-hub\n  themes: [TRAN]\n  keywords: [bus]\n"
        "- name: competence-hub\n  themes: []\n  keywords: [bäume]\n"
    )
    return folder


@dataclass
class Village:
    """The small catalogue as a file, and runs of it against a FakeCkan."""

    file: Path
    config: Path

    def run(
        self, ckan: FakeCkan, *, name: str = "dorf", priority: int = 50, **options: Any
    ) -> Report:
        source = SourceConfig(name=name, type="dcat", path=self.file, priority=priority)
        options.setdefault("patience", Patience(0.3, 0.01, 0.05))
        return harvest(source, ckan, config=self.config, **options)

    def change(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))


@pytest.fixture
def village(tmp_path: Path, config: Path) -> Village:
    folder = tmp_path / "village"
    folder.mkdir()
    file = folder / "catalog.ttl"
    file.write_text(CATALOGUE)
    return Village(file, config)


@dataclass
class FaultServer:
    """Answers as told: ``answers[path]`` is a list of answers, the last one for good."""

    url: str = ""
    answers: dict[str, list[Callable[[BaseHTTPRequestHandler], None]]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def says(self, path: str, *answers: Callable[[BaseHTTPRequestHandler], None]) -> str:
        self.answers[path] = list(answers)
        return self.url + path


def body(
    content: str | bytes, status: int = 200, headers: dict[str, str] | None = None
) -> Callable[[BaseHTTPRequestHandler], None]:
    """An ordinary answer."""
    data = content.encode() if isinstance(content, str) else content

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


@pytest.fixture
def server() -> Iterator[FaultServer]:
    faults = FaultServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            faults.requests.append(self.path)
            answers = faults.answers.get(self.path) or [body("no such page", 404)]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                answer(self)

        def log_message(self, *_args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    faults.url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield faults
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def quick() -> Limits:
    """Limits that do not keep a test waiting."""
    return Limits(
        size=200_000, seconds=5, connect=1, read=1, attempts=3, first_wait=0.02, longest_wait=0.2
    )
