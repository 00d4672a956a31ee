"""``python -m tests.benchmarks.extract``: how fast files are read and split, as JSON.

PDFs are made anew: council papers with headings, tables, two columns, running headers. They are
read through the sandbox with two workers, and once in this process for the time that one worker
works (``cpu``: what the clock says on a machine that has nothing else to do). The real texts are
those of the tests (``MYK_TEST_DATA``); without them that part is left out.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from indexer import passages
from indexer.extract import extract
from indexer.sandbox import Sandbox
from tests.conftest import data_folder
from tests.unit.indexer import papers

_FILES, _PAGES = 8, 50
_LARGE = 1000
_WORKERS = 2


def pdfs() -> dict[str, Any]:
    """Read born-digital PDFs."""
    files = [papers.council_paper(_PAGES, seed) for seed in range(_FILES)]
    pages = _FILES * _PAGES
    with Sandbox(_WORKERS) as sandbox, ThreadPoolExecutor(_WORKERS) as threads:
        list(threads.map(lambda _: sandbox.extract(b"Text.", "a.txt"), range(_WORKERS)))
        began = time.perf_counter()
        read = list(threads.map(lambda content: sandbox.extract(content, "a.pdf"), files))
        took = time.perf_counter() - began
        memory = max(map(_peak_mb, psutil.Process().children()))
    assert all(len(result.pages) == _PAGES and result.state == "read" for result in read)
    busy = time.process_time()
    for content in files:
        extract(content, "a.pdf")
    busy = time.process_time() - busy
    return {
        "files": _FILES,
        "pages": pages,
        "words": sum(result.words for result in read),
        "workers": _WORKERS,
        "pages_per_s": round(pages / took),
        "cpu_pages_per_s_one_worker": round(pages / busy),
        "worker_peak_mb": memory,
    }


def large() -> dict[str, Any]:
    """Read one PDF of a thousand pages."""
    content = papers.council_paper(_LARGE)
    with Sandbox(1) as sandbox:
        sandbox.extract(b"Text.", "a.txt")
        began = time.perf_counter()
        result = sandbox.extract(content, "a.pdf")
        took = time.perf_counter() - began
        memory = max(map(_peak_mb, psutil.Process().children()))
    return {
        "pages": len(result.pages), "state": result.state, "s": round(took, 1),
        "worker_peak_mb": memory,
    }  # fmt: skip


def _peak_mb(process: psutil.Process) -> int:
    """What a process held in memory at most."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return round(int(line.split()[1]) / 1000)


def real_texts() -> dict[str, Any] | None:
    """Read and split the texts of real council papers."""
    path = data_folder() / "oparl" / "karlsruhe" / "file_texts.jsonl.gz"
    if not path.exists():
        return None
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"].encode() for line in lines]
    began, busy = time.perf_counter(), time.process_time()
    read = [extract(text, "a.txt", "text/plain") for text in texts]
    reading, reading_cpu = time.perf_counter() - began, time.process_time() - busy
    began, busy = time.perf_counter(), time.process_time()
    made = [
        passage for number, result in enumerate(read)
        for passage in passages.split(result, str(number))
    ]  # fmt: skip
    splitting, splitting_cpu = time.perf_counter() - began, time.process_time() - busy
    words = sorted(passage.words for passage in made)
    return {
        "files": len(texts),
        "read_s": round(reading, 1),
        "read_cpu_s": round(reading_cpu, 1),
        "split_s": round(splitting, 2),
        "split_cpu_s": round(splitting_cpu, 2),
        "passages": len(made),
        "passages_per_s": round(len(made) / splitting),
        "words_median": words[len(words) // 2],
        "words_p95": words[int(len(words) * 0.95)],
        "words_most": words[-1],
        "german": sum(result.language == "de" for result in read),
    }


def main() -> None:
    """Measure everything; each process alone."""
    measured = {"pdf": pdfs(), "large_pdf": large(), "council_texts": real_texts()}
    sys.stdout.write(json.dumps(measured, indent=2) + "\n")


if __name__ == "__main__":
    main()
