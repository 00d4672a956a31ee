"""Indexing by several processes: one reads and validates while another waits or sends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from ckan import model

from myk.reindexing import NotIndexed, documents

#: The search service takes one batch at a time: more than these would wait for it.
_MOST = 4


def index(ids: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Index records by id; yield after each batch how many, and what was done CKAN's way and why.

    :raises NotIndexed: when a record cannot be indexed, or a process was killed.
    """
    batches = [
        ids[start : start + documents.BATCH] for start in range(0, len(ids), documents.BATCH)
    ]
    workers = min(_cores(), _MOST, len(batches))
    if workers < 2 or "fork" not in multiprocessing.get_all_start_methods():
        for batch in batches:
            yield len(batch), documents.index(batch)
        return
    # What the processes inherit must hold no connection: two would speak on it at once.
    model.Session.remove()
    model.meta.engine.dispose()
    pool = ProcessPoolExecutor(
        workers,
        # They inherit CKAN, which takes seconds to load.
        mp_context=multiprocessing.get_context("fork"),
        initializer=_prepare,
        initargs=(os.getpid(),),
    )
    try:
        tasks = {pool.submit(documents.index, batch): len(batch) for batch in batches}
        for task in as_completed(tasks):
            yield tasks[task], task.result()
    except BrokenProcessPool:
        raise NotIndexed("a process that indexed was killed; is there enough memory?") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _prepare(parent: int) -> None:
    # Ctrl-C reaches all of them; the first stops the others in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End when the process that began this one was killed: nobody waits for the rest."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
