"""``python -m tests.benchmarks.harvest``: how fast and how small a harvest is. Prints JSON.

Two questions. How long do the real catalogues of Bremen and Brandenburg take into a CKAN, the first
time and again unchanged, beside ckanext-harvest (in one process, as its ``run_test`` does) in the
same CKAN, one after the other? And what does a feed of many records cost to read and compare, when
nothing has changed, in time and in memory? For the second one the portal's answers come from a
file: what is measured is the harvester. Each measurement is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from harvesters import vocabulary
from harvesters.fetch import Fetcher, Limits
from harvesters.model import Outcome, SourceConfig
from harvesters.run import harvest
from harvesters.sources.dcat import DcatSource
from harvesters.writer import Writer
from tests.conftest import ROOT, Stack, data_folder, running_folder

CATALOGUES = ("bremen", "brandenburg")
PAGE = 1_000
THEIRS = "ckanext-harvest==1.6.3"
_PREFIXES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "hydra": "http://www.w3.org/ns/hydra/core#",
}
_LICENCE = "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
_EU = "http://publications.europa.eu/resource/authority"


def main() -> None:
    """Measure all, or what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000, help="of the long feed")
    parser.add_argument("--only", choices=("feed", "catalogues"))
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        children: dict[str, Callable[..., Any]] = {
            "note": _note, "unchanged": _unchanged, "ours": _ours, "theirs": _theirs,
        }  # fmt: skip
        print(json.dumps(children[chosen.child[0]](*chosen.child[1:])))
        return
    told: dict[str, Any] = {}
    if chosen.only != "catalogues":
        told["feed"] = _feeds(chosen.records)
    if chosen.only != "feed":
        told["catalogues"] = _catalogues()
    print(json.dumps(told, indent=2))


def _child(*words: str, **env: str) -> Any:
    """What a process of its own measured."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.harvest", "--child", *words],
        cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1:]}
    return json.loads(done.stdout.strip().splitlines()[-1])


# -- a long feed ---------------------------------------------------------------------------------


def _dataset(number: int, syntax: str) -> str:
    """One dataset with two files and a contact: 27 statements."""
    base = f"https://daten.example/{number}"
    if syntax == "xml":
        files = "".join(
            f'<dcat:distribution><dcat:Distribution rdf:about="{base}#{kind}"><dct:title>Stand '
            f"{number} als {kind}</dct:title><dcat:accessURL "
            f'rdf:resource="{base}.{kind}"/><dct:format rdf:resource="{_EU}/file-type/{kind}"/>'
            f'<dct:license rdf:resource="{_LICENCE}"/></dcat:Distribution></dcat:distribution>\n'
            for kind in ("CSV", "JSON")
        )
        return (
            f'<dcat:Dataset rdf:about="{base}"><dct:title xml:lang="de">Zählung {number} der '
            f"Gemeinde</dct:title><dct:description>{_text(number)}</dct:description>"
            f"<dct:identifier>z-{number}</dct:identifier><dct:issued>2021-01-28</dct:issued>"
            f"<dct:modified>2024-03-0{number % 9 + 1}</dct:modified>"
            + "".join(f"<dcat:keyword>Wort {number * step % 997}</dcat:keyword>" for step in (1, 7))
            + f'<dcat:theme rdf:resource="{_EU}/data-theme/GOVE"/>'
            f'<dct:publisher rdf:resource="https://daten.example/amt/{number % 40}"/>'
            "<dcat:contactPoint><vcard:Organization><vcard:fn>Amt für Zählungen</vcard:fn>"
            f'<vcard:hasEmail rdf:resource="mailto:amt{number % 40}@daten.example"/>'
            f"</vcard:Organization></dcat:contactPoint>\n{files}</dcat:Dataset>\n"
        )
    files = ", ".join(f"<{base}#{kind}>" for kind in ("CSV", "JSON"))
    return (
        f'<{base}> a dcat:Dataset ; dct:title "Zählung {number} der Gemeinde"@de ;'
        f' dct:description "{_text(number)}" ; dct:identifier "z-{number}" ;'
        f' dct:issued "2021-01-28" ; dct:modified "2024-03-0{number % 9 + 1}" ;'
        f' dcat:keyword "Wort {number % 997}", "Wort {number * 7 % 997}" ;'
        f" dcat:theme <{_EU}/data-theme/GOVE> ;"
        f" dct:publisher <https://daten.example/amt/{number % 40}> ;"
        ' dcat:contactPoint [ a vcard:Organization ; vcard:fn "Amt für Zählungen" ;'
        f" vcard:hasEmail <mailto:amt{number % 40}@daten.example> ] ; dcat:distribution {files} .\n"
        + "".join(
            f'<{base}#{kind}> a dcat:Distribution ; dct:title "Stand {number} als {kind}" ;'
            f" dcat:accessURL <{base}.{kind}> ; dct:format <{_EU}/file-type/{kind}> ;"
            f" dct:license <{_LICENCE}> .\n"
            for kind in ("CSV", "JSON")
        )
    )


def _text(number: int) -> str:
    return f"Die Zählung {number} nennt alle Stellen, an denen gezählt wurde, mit Tag und Ort. " * 4


def _document(numbers: range, syntax: str, following: str = "") -> Iterator[str]:
    """A catalogue in pieces; ``following`` is the address of the next page."""
    catalogue = "https://daten.example/katalog"
    if syntax == "xml":
        names = " ".join(f'xmlns:{name}="{iri}"' for name, iri in _PREFIXES.items())
        yield f'<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF {names}>\n'
        yield f'<dcat:Catalog rdf:about="{catalogue}"><dct:title>Zählungen</dct:title>\n'
        for number in numbers:
            yield f"<dcat:dataset>{_dataset(number, syntax)}</dcat:dataset>"
        yield "</dcat:Catalog>\n"
        if following:
            yield (
                f'<hydra:PagedCollection rdf:about="{catalogue}#page">'
                f"<hydra:nextPage>{following}</hydra:nextPage></hydra:PagedCollection>"
            )
        for number in range(40):
            yield (
                f'<foaf:Organization rdf:about="https://daten.example/amt/{number}"><foaf:name>'
                f"Amt {number}</foaf:name></foaf:Organization>\n"
            )
        yield "</rdf:RDF>"
        return
    yield "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in _PREFIXES.items())
    yield f'<{catalogue}> a dcat:Catalog ; dct:title "Zählungen" .\n'
    for number in numbers:
        yield f"<{catalogue}> dcat:dataset <https://daten.example/{number}> .\n"
        yield _dataset(number, syntax)
    if following:
        yield f'<{catalogue}#page> a hydra:PagedCollection ; hydra:nextPage "{following}" .\n'
    for number in range(40):
        yield (
            f"<https://daten.example/amt/{number}> a foaf:Organization ;"
            f' foaf:name "Amt {number}" .\n'
        )


def _write(path: Path, pieces: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(pieces)


def _feeds(records: int) -> dict[str, Any]:
    """The same feed as one file and in pages, in both syntaxes."""
    told: dict[str, Any] = {"records": records}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        handler = partial(_Quiet, directory=name)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            for syntax, suffix in (("xml", "rdf"), ("turtle", "ttl")):
                whole = folder / f"whole.{suffix}"
                _write(whole, _document(range(records), syntax))
                for page in range(0, records, PAGE):
                    end = min(page + PAGE, records)
                    following = f"page-{end}.{suffix}" if end < records else ""
                    path = folder / f"page-{page}.{suffix}"
                    _write(path, _document(range(page, end), syntax, following))
                paged = f"http://127.0.0.1:{server.server_port}/page-0.{suffix}"
                for how, where in (("one file", str(whole)), ("pages", paged)):
                    store = str(folder / f"{how}.{suffix}.sqlite")
                    _child("note", where, store)
                    told[f"{syntax}, {how}"] = _child("unchanged", where, store)
                told[f"{syntax}, MB"] = round(whole.stat().st_size / 1e6)
        finally:
            server.shutdown()
            server.server_close()
    return told


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Nothing."""


def _source(where: str) -> SourceConfig:
    if where.startswith("http"):
        return SourceConfig(name="feed", type="dcat", url=where)
    return SourceConfig(name="feed", type="dcat", path=Path(where))


def _note(where: str, store: str) -> dict[str, int]:
    """Keep what a portal would know after a first run, in a file."""
    database = sqlite3.connect(store)
    database.execute("CREATE TABLE known (number INTEGER PRIMARY KEY, record TEXT)")
    config = _source(where)
    with Fetcher(Limits(), allow=frozenset({"127.0.0.1"})) as fetcher:
        source = DcatSource(config, fetcher, vocabulary.load(ROOT / "config"), ROOT)
        writer = Writer(None, config.name, None)  # type: ignore[arg-type]
        number = 0
        for number, ref in enumerate(source.discover(), start=1):
            record = {
                "id": f"{number:036}",
                "name": f"zaehlung-{number}-der-gemeinde",
                "title": f"Zählung {number} der Gemeinde",
                "harvest_source_id": ref.identity,
                "harvest_hash": f"{number:064}",
                "harvest_fingerprint": writer._fingerprint(ref.fingerprint),
            }
            database.execute("INSERT INTO known VALUES (?, ?)", (number, json.dumps(record)))
    database.commit()
    return {"noted": number}


class _Portal:
    """Answers the three questions that an unchanged run asks, from the file."""

    def __init__(self, store: str) -> None:
        self._database = sqlite3.connect(store)

    def call_action(self, action: str, data: dict[str, Any], **_: Any) -> Any:
        if action == "group_list":
            return []
        asked = self._database.execute
        if action == "package_list":
            rows = asked("SELECT json_extract(record, '$.name') FROM known")
            return [name for (name,) in rows]
        if action != "package_search":
            raise AssertionError(f"{action}: an unchanged run writes nothing")
        (count,) = asked("SELECT count(*) FROM known").fetchone()
        rows = asked(
            "SELECT record FROM known ORDER BY number LIMIT ? OFFSET ?",
            (data["rows"], data["start"]),
        )
        return {"count": count, "results": [json.loads(record) for (record,) in rows]}


def _unchanged(where: str, store: str) -> dict[str, Any]:
    before = _memory()
    began = time.perf_counter()
    report = harvest(_source(where), _Portal(store), allow_hosts="127.0.0.1")
    seconds = time.perf_counter() - began
    unchanged = report.count(Outcome.UNCHANGED)
    return {
        "unchanged": unchanged,
        "others": len(report.results) - unchanged,
        "error": report.error,
        "seconds": round(seconds, 1),
        "processor seconds": round(time.process_time(), 1),
        "records/s": round(unchanged / seconds),
        "most memory, MB": _memory(),
        "of it before, MB": before,
    }


def _memory() -> int:
    """The most that this process has needed so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


# -- the real catalogues -------------------------------------------------------------------------


def _file(name: str) -> Path:
    return data_folder() / "dcat" / f"{name}-catalog-original-input.rdf"


def _catalogues() -> dict[str, Any]:
    if not _file(CATALOGUES[0]).exists():
        return {"failed": "the real catalogues are not here; set MYK_TEST_DATA"}
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as target:
        installed = subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target, THEIRS],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        for folder in running_folder("myk-bench-"):
            stack = Stack(folder / "home", settings={"MYK_SAMPLE": "false"})
            stack.start()
            try:
                told["ours"] = _child("ours", **_env(stack))
                if installed.returncode:
                    told[THEIRS] = {"failed": "it could not be installed"}
                else:
                    told[THEIRS] = _child("theirs", target, **_env(stack))
            finally:
                stack.stop()
    for run in ("first", "second"):
        if "failed" not in told["ours"] and "failed" not in told[THEIRS]:
            ratio = told["ours"][run]["records/s"] / told[THEIRS][run]["records/s"]
            told[f"{run}: times as fast"] = round(ratio, 1)
    return told


def _env(stack: Stack) -> dict[str, str]:
    return {name: value for name, value in stack.env.items() if name.startswith("MYK_")}


def _ours() -> dict[str, Any]:
    from myk import settings
    from myk.ckan import local_ckan

    told: dict[str, Any] = {}
    with local_ckan(settings.load()) as client:
        for run in ("first", "second"):
            began, number = time.perf_counter(), 0
            outcomes: dict[str, int] = {}
            for name in CATALOGUES:
                source = SourceConfig(name=f"bench-{name}", type="dcat", path=_file(name))
                report = harvest(source, client)
                number += len(report.results)
                for result in report.results:
                    outcomes[result.outcome] = outcomes.get(result.outcome, 0) + 1
            told[run] = _told(number, began, outcomes)
    return told


def _theirs(target: str) -> dict[str, Any]:
    """ckanext-harvest's stages one after the other in this process, as its ``run_test`` does."""
    sys.path.append(target)
    import ckanext

    ckanext.__path__.append(f"{target}/ckanext")
    from myk import settings
    from myk.stack.layout import Layout

    ini = Layout(settings.load().folder).ckan_ini
    own = ini.with_name("harvest.ini")
    text = ini.read_text()
    plugins = next(line for line in text.splitlines() if line.startswith("ckan.plugins"))
    own.write_text(text.replace(plugins, f"{plugins} harvest dcat_rdf_harvester"))
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Quiet, directory=str(_file("bremen").parent))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        return _their_runs(own, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()


def _their_runs(ini: Path, address: str) -> dict[str, Any]:
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    app = make_app(CKANConfigLoader(str(ini)).get_config())
    told: dict[str, Any] = {}
    with getattr(app, "_wsgi_app", app).test_request_context():
        from ckan import model
        from ckan.cli.db import _run_migrations
        from ckan.plugins import toolkit
        from ckanext.harvest import queue
        from ckanext.harvest.model import HarvestJob

        _run_migrations("harvest", None, True)
        user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})["name"]

        def call(action: str, **data: Any) -> Any:
            return toolkit.get_action(action)({"user": user, "ignore_auth": True}, data)

        call("organization_create", name="bench", title="Bench")
        sources = [
            call(
                "harvest_source_create", name=f"their-{name}", title=name, owner_org="bench",
                url=f"{address}/{_file(name).name}", source_type="dcat_rdf",
            )["id"]
            for name in CATALOGUES
        ]  # fmt: skip
        for run in ("first", "second"):
            began, number = time.perf_counter(), 0
            states: dict[str, int] = {}
            for source in sources:
                job = HarvestJob.get(call("harvest_job_create", source_id=source, run=False)["id"])
                harvester = queue.get_harvester("dcat_rdf")
                _their_job(queue, job, harvester)
                for made in job.objects:
                    number += 1
                    states[made.state] = states.get(made.state, 0) + 1
                job.status = "Finished"
                model.Session.commit()
            told[run] = _told(number, began, states)
    return told


def _their_job(queue: Any, job: Any, harvester: Any) -> None:
    """As ``ckanext.harvest.tests.lib.run_harvest_job``, without what it needs for testing."""
    from ckanext.harvest.model import HarvestObject

    job.status = "Running"
    job.save()
    for identifier in queue.gather_stage(harvester, job) or []:
        made = HarvestObject.get(identifier)
        queue.fetch_and_import_stages(harvester, made)


def _told(number: int, began: float, outcomes: dict[str, int]) -> dict[str, Any]:
    seconds = time.perf_counter() - began
    return {
        "records": number,
        "seconds": round(seconds, 2),
        "records/s": round(number / seconds, 1),
        "outcomes": outcomes,
    }


if __name__ == "__main__":
    main()
