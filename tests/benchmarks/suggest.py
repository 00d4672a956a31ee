"""``python -m tests.benchmarks.suggest [SIZE …]``: how long suggestions take, as JSON.

In this process and on one thread. The records' words are compounds made of the lexicon's parts, so
that there are as many different ones as in a real catalogue of that size. ``typing``: what is sent
while words and titles are typed; ``mistyped``: whole words with one slip. ``cpu_…`` is the time
that the thread worked: what the clock says on a machine that has nothing else to do.
"""

from __future__ import annotations

import gzip
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from search import encoder
from search.catalogue.index import Catalogue
from search.suggest import completion
from search.text.compounds import LEXICON
from tests.conftest import ROOT

SIZES = (10_000, 100_000)
_BATCH = 2_000
_LETTERS = "abcdefghijklmnopqrstuvwxyzäöü"


def _lexicon(name: str) -> list[str]:
    words = gzip.decompress((LEXICON / f"{name}.txt.gz").read_bytes()).decode().split()
    return [word for word in words if 4 <= len(word) <= 12]


def vocabulary(number: int, source: random.Random) -> list[str]:
    """Return German nouns, most of them compounds; the first are the most frequent."""
    heads, modifiers = _lexicon("heads"), _lexicon("modifiers")
    made = [
        (source.choice(modifiers) if source.random() < 0.7 else "") + source.choice(heads)
        for _ in range(number)
    ]
    return list(dict.fromkeys(word.capitalize() for word in made))


def records(number: int, words: list[str], source: random.Random) -> Iterator[dict[str, Any]]:
    """Yield records as CKAN sends them; one in ten is not public."""
    region = yaml.safe_load((ROOT / "config" / "organisations.yaml").read_text("utf-8"))
    places = [part for one in region for part in one.get("parts", [])] or ["Bendorf"]
    tags = words[:: max(1, len(words) // 6_000)]

    def some(most: int) -> list[str]:
        return [words[min(len(words) - 1, int(source.paretovariate(0.35)))] for _ in range(most)]

    for place in range(number):
        publisher = source.choice(region)
        title = " ".join([*some(3), source.choice(places), str(2000 + source.randrange(25))])
        yield {
            "index_id": f"{place:032x}",
            "id": f"id-{place}",
            "name": f"record-{place}",
            "title": title,
            "title_string": title,
            "notes": " ".join(some(60)),
            "state": "active",
            "dataset_type": "dataset",
            "permission_labels": ["public"] if place % 10 else ["member-1"],
            "organization": publisher["name"],
            "organization_title": publisher["title"],
            "groups": ["mobil-hub"],
            "group_titles": ["Mobil Hub"],
            "tags": source.sample(tags, 4),
            "spatial_text": [source.choice(places)],
            "metadata_modified": "2026-01-01T00:00:00Z",
        }


def typing(titles: list[str], source: random.Random) -> list[str]:
    """Return what is sent while people type."""
    words = [source.choice(source.choice(titles).split()) for _ in range(120)]
    sent = [word[:end] for word in words for end in range(1, len(word) + 1, 2)]
    whole = [source.choice(titles)[:45] for _ in range(60)]
    return sent + [title[:end] for title in whole for end in range(3, len(title), 6)]


def mistyped(titles: list[str], source: random.Random) -> list[str]:
    """Return words with a letter lost, doubled, changed or swapped."""
    out = []
    for _ in range(400):
        word = source.choice(source.choice(titles).split()[:3])
        at = source.randrange(1, max(2, len(word) - 1))
        out.append(
            source.choice(
                [
                    word[:at] + word[at + 1 :],
                    word[:at] + word[at - 1 : at] + word[at:],
                    word[:at] + source.choice(_LETTERS) + word[at + 1 :],
                    word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
                ]
            )
        )
    return out


def timed(catalogue: Catalogue, knows: Any, sent: list[str]) -> dict[str, float]:
    """Ask for suggestions one after the other; return latencies in milliseconds."""
    took, worked = [], []
    for text in sent:
        began, busy = time.perf_counter(), time.thread_time()
        completion.suggest(catalogue, text, ("public",), 8, knows)
        worked.append((time.thread_time() - busy) * 1000)
        took.append((time.perf_counter() - began) * 1000)
    return {
        "requests": len(sent),
        "p50_ms": round(statistics.median(took), 2),
        "p95_ms": round(statistics.quantiles(took, n=20)[-1], 2),
        "cpu_p50_ms": round(statistics.median(worked), 2),
        "cpu_p95_ms": round(statistics.quantiles(worked, n=20)[-1], 2),
    }


def measure(number: int, folder: Path) -> dict[str, Any]:
    """Measure one size on an index of its own."""
    source = random.Random(7)
    catalogue = Catalogue(folder / str(number))
    batch: list[dict[str, Any]] = []
    titles: list[str] = []
    for record in records(number, vocabulary(number, source), source):
        batch.append(record)
        titles.append(record["title"])
        if len(batch) == _BATCH:
            catalogue.put(batch)
            batch = []
    catalogue.put(batch)
    knows = encoder.load().knows
    timed(catalogue, knows, titles[:50])
    result = {
        "records": number,
        "typing": timed(catalogue, knows, typing(titles, source)),
        "mistyped": timed(catalogue, knows, mistyped(titles, source)),
    }
    catalogue.close()
    return result


def main() -> None:
    """Measure the sizes that the command names, or all."""
    sizes = [int(word) for word in sys.argv[1:]] or list(SIZES)
    with tempfile.TemporaryDirectory(prefix="myk-suggest-") as folder:
        measured = [measure(number, Path(folder)) for number in sizes]
    sys.stdout.write(json.dumps(measured, indent=2) + "\n")


if __name__ == "__main__":
    main()
