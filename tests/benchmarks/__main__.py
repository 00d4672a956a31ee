"""``make bench``: the search service through Solr's wire, and the rebuild of its index from CKAN.

The service is asked as CKAN's dataset page asks it. Records are made from the sample region's
titles and descriptions with varied facets; no two texts and no two questions are the same. The
service runs as a process of its own; ten clients ask at once. The rebuild is measured beside CKAN's
own (``tests/benchmarks/rebuild.py``). Prints tables and writes ``bench.json``.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import requests
from rdflib import DCAT, DCTERMS, RDF, Graph

from search import query
from search.generations import Index
from search.settings import SearchSettings
from search.text import german
from tests.benchmarks import rebuild
from tests.conftest import ROOT, free_port

SIZES = (1_000, 10_000, 100_000)
#: CKAN's own loop, beside which the rebuild is measured, takes minutes beyond this.
MOST_REBUILT = 10_000
CLIENTS = 10
QUERIES_PER_CLIENT = 60
_TOKEN = "bench"
_FACETS = ["organization", "groups", "tags", "res_format", "license_id"]


def texts() -> list[tuple[str, str]]:
    """Return the sample region's titles and descriptions."""
    graph = Graph().parse(ROOT / "sample" / "catalog.ttl")
    return sorted(
        (str(graph.value(item, DCTERMS.title)), str(graph.value(item, DCTERMS.description)))
        for item in graph.subjects(RDF.type, DCAT.Dataset)
    )


def records(number: int) -> list[dict[str, Any]]:
    """Return records as CKAN sends them; the same for the same number."""
    source = random.Random(7)
    material = texts()
    made = []
    for index in range(number):
        title, notes = material[index % len(material)]
        # No two records say the same: what is remembered of a text must not help.
        notes = f"{notes} {_some(source, source.choice(material)[1], 30)} {index}"
        record = {
            "index_id": f"{index:032x}",
            "id": f"id-{index}",
            "name": f"record-{index}",
            "title": f"{title} {index // len(material) or ''}".strip(),
            "title_string": title,
            "notes": notes,
            "state": "active",
            "site_id": "bench",
            "entity_type": "package",
            "dataset_type": "dataset",
            "permission_labels": ["public"] if index % 10 else ["member-1"],
            "organization": f"publisher-{source.randrange(40)}",
            "groups": [f"hub-{source.randrange(5)}"],
            "tags": [f"tag-{source.randrange(800)}" for _ in range(4)],
            "res_format": source.sample(["CSV", "PDF", "GeoJSON", "WMS", "XLSX"], 2),
            "license_id": f"licence-{source.randrange(8)}",
            "metadata_modified": f"2024-{index % 12 + 1:02d}-{index % 28 + 1:02d}T00:00:00Z",
        }
        record["validated_data_dict"] = json.dumps(record)
        record["data_dict"] = record["validated_data_dict"]
        made.append(record)
    return made


def _some(source: random.Random, text: str, most: int) -> str:
    """Return some words of a text, in their order."""
    words = text.split()
    taken = source.randint(1, min(len(words), most))
    return " ".join(words[place] for place in sorted(source.sample(range(len(words)), taken)))


def questions(number: int) -> list[str]:
    """Return different questions: one to five words each of the sample region's titles."""
    source = random.Random(11)
    words = [
        " ".join(word for word in re.findall(r"[\w-]{3,}", title) if german.is_topic(word))
        for title, _ in texts()
    ]
    found: dict[str, None] = {}
    while len(found) < number:
        found[_some(source, f"{source.choice(words)} {source.choice(words)}", 5)] = None
    return list(found)


def ask(session: requests.Session, url: str, text: str) -> float:
    """Ask as a dataset page does; return the seconds it took."""
    began = time.perf_counter()
    answer = session.get(
        f"{url}/select/",
        params={
            "q": text, "defType": "dismax" if text != "*:*" else "lucene", "tie": "0.1",
            "mm": "2<-1 5<80%", "qf": "name^4 title^4 tags^2 groups^2 text", "q.op": "AND",
            "fq": ['+site_id:"bench"', "+state:active", '+permission_labels:("public")'],
            "facet": "true", "facet.field": _FACETS, "facet.limit": 50, "facet.mincount": 1,
            "fl": "id validated_data_dict", "rows": 21, "wt": "json",
            "sort": "score desc, metadata_modified desc",
        },
    )  # fmt: skip
    answer.raise_for_status()
    return time.perf_counter() - began


def load(url: str, asked: list[str]) -> dict[str, float]:
    """Ask with all clients at once; return queries per second and latencies (milliseconds)."""
    took: list[float] = []

    def client(number: int) -> None:
        with requests.Session() as session:
            session.auth = ("ckan", _TOKEN)
            start = number * QUERIES_PER_CLIENT
            for text in itertools.islice(itertools.cycle(asked), start, start + QUERIES_PER_CLIENT):
                took.append(ask(session, url, text))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    return {"queries_per_s": round(len(took) / seconds, 1), **_quantiles(took)}


def measure(number: int, folder: Path) -> dict[str, Any]:
    """Run one size on a service and index of its own."""
    service = Service(folder / str(number))
    try:
        made = records(number)
        began = time.perf_counter()
        service.post("/api/v1/rebuild", {})
        with ThreadPoolExecutor(2) as senders:  # as `myk index rebuild` has
            sent = [
                senders.submit(service.post, "/solr/rebuild/update/", made[start : start + 500])
                for start in range(0, number, 500)
            ]
            for one in sent:
                one.result()
        indexing = number / (time.perf_counter() - began)
        began = time.perf_counter()
        service.post("/api/v1/rebuild/finish", {})
        swap = time.perf_counter() - began
        one = []
        for index in range(10):
            began = time.perf_counter()
            service.post("/solr/ckan/update/", [made[index]])
            one.append(time.perf_counter() - began)
        asked = questions(2 * CLIENTS * QUERIES_PER_CLIENT)
        url = f"{service.url}/solr/ckan"
        load(url, asked[CLIENTS * QUERIES_PER_CLIENT :])
        measured = {
            "records": number,
            "indexed_per_s": round(indexing),
            "swap_s": round(swap, 2),
            "one_save_ms": round(statistics.median(one) * 1000, 1),
            "free_text": load(url, asked),
            # The same questions again: a page further, another facet, what many ask.
            "again": load(url, asked[: CLIENTS * QUERIES_PER_CLIENT // 2]),
            "everything": load(url, ["*:*"]),
            # Just built, with the one before not yet let go; and as it runs otherwise.
            "memory_after_rebuild_mb": service.memory_mb(),
        }
        measured["start_s"] = round(service.restart(), 2)
        load(f"{service.url}/solr/ckan", asked)
        measured["memory_mb"] = service.memory_mb()
    finally:
        service.stop()
    return measured | legs(service.folder, asked[:300])


def legs(folder: Path, asked: list[str]) -> dict[str, Any]:
    """Ask each engine alone, in this process and one question at a time (milliseconds)."""
    index = Index.open(SearchSettings(search_folder=folder, search_token=_TOKEN))
    service = index.live
    model = service.model
    if model is None:
        raise SystemExit("there is no model to embed questions with")
    public = query.Term("permission_labels", "public")
    took: dict[str, list[float]] = {"reading": [], "lexical_leg": [], "dense_leg": []}
    for text in asked:
        began = time.perf_counter()
        question = query.Question(text, concepts=service.reader.read(text))
        vector = model.query(text)
        took["reading"].append(time.perf_counter() - began)
        began = time.perf_counter()
        service.catalogue.snapshot().best(query.Search(question, (public,)), 100)
        took["lexical_leg"].append(time.perf_counter() - began)
        began = time.perf_counter()
        only = {"permission_labels": ["public"], "state": ["active"]}
        service.vectors.nearest(vector, limit=100, threshold=0.0, only=only)
        took["dense_leg"].append(time.perf_counter() - began)
    index.close()
    return {name: _quantiles(times) for name, times in took.items()}


def _quantiles(seconds: list[float]) -> dict[str, float]:
    return {
        "p50_ms": round(statistics.median(seconds) * 1000, 2),
        "p95_ms": round(statistics.quantiles(seconds, n=20)[-1] * 1000, 2),
    }


class Service:
    """A search service of the benchmark's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.session = requests.Session()
        self._start()

    def _start(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "search"],
            cwd=ROOT,
            env={
                **os.environ,
                "MYK_SEARCH_PORT": str(port),
                "MYK_SEARCH_TOKEN": _TOKEN,
                "MYK_SEARCH_FOLDER": str(self.folder),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        for _ in range(600):
            try:
                if self.session.get(f"{self.url}/readyz", timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise SystemExit("the search service does not start")

    def post(self, path: str, body: Any) -> None:
        """Send something with the secret."""
        if path.startswith("/solr"):
            answer = self.session.post(f"{self.url}{path}", json=body, auth=("ckan", _TOKEN))
        else:
            headers = {"Authorization": f"Bearer {_TOKEN}"}
            answer = self.session.post(f"{self.url}{path}", json=body, headers=headers)
        answer.raise_for_status()

    def memory_mb(self) -> int:
        """Return what the service holds in memory."""
        return round(psutil.Process(self.process.pid).memory_info().rss / 1e6)

    def restart(self) -> float:
        """Stop and start again; return the seconds until it answers."""
        self.stop()
        began = time.perf_counter()
        self._start()
        return time.perf_counter() - began

    def stop(self) -> None:
        """Stop the service."""
        self.process.terminate()
        self.process.wait(60)


def main() -> None:
    """Measure the sizes that the command names, or all."""
    sizes = [int(word) for word in sys.argv[1:]] or list(SIZES)
    measured = []
    titles = ("records", "indexed/s", "save ms", "queries/s", "p50 ms", "p95 ms")
    print(" ".join(f"{title:>10}" for title in titles))
    with tempfile.TemporaryDirectory(prefix="myk-bench-") as folder:
        for number in sizes:
            result = measure(number, Path(folder))
            measured.append(result)
            text = result["free_text"]
            print(
                f"{number:>10} {result['indexed_per_s']:>10} {result['one_save_ms']:>10} "
                f"{text['queries_per_s']:>10} {text['p50_ms']:>10} {text['p95_ms']:>10}"
            )
    rebuilt = []
    titles = (
        "records", "CKAN/s", "1 process/s", "rebuild/s", "service/s", "ratio", "with it",
        "command/s",
    )  # fmt: skip
    print("\n" + " ".join(f"{title:>11}" for title in titles))
    for number in sizes:
        if number <= MOST_REBUILT:
            rebuilt.append(rebuild.measure(number))
            print(" ".join(f"{value:>11}" for value in rebuilt[-1].values()))
    told = {"search": measured, "rebuild": rebuilt}
    Path("bench.json").write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
