"""Which files are held, and in how many passages each word stands: a small SQLite file.

It alone decides which version of a file counts. Points of another version in the vector engine are
what a crash left; they are never shown, and are removed at the next start.
"""

from __future__ import annotations

import math
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from search.passages.model import FileState

_SCHEMA = """
create table if not exists files (
    file text primary key, record text not null, version text not null, passages integer not null
);
create index if not exists files_by_record on files (record);
create table if not exists words (word integer primary key, passages integer not null);
create table if not exists notes (name text primary key, value text not null);
"""


class Ledger:
    """The files and their words. One process; several threads may ask."""

    def __init__(self, path: Path) -> None:
        """Open the ledger, or begin an empty one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = full")
        self._database.executescript(_SCHEMA)
        self._files = {
            row[0]: FileState(*row)
            for row in self._database.execute("select file, record, version, passages from files")
        }
        self._words: Counter[int] = Counter(
            dict(self._database.execute("select word, passages from words"))
        )
        self._total = sum(state.passages for state in self._files.values())

    def put(self, state: FileState, words: Mapping[int, int], gone: Mapping[int, int]) -> None:
        """Note a file's new version: in how many more passages words stand, and in how many not."""
        self._write([state], [], words, gone)

    def remove(self, files: Iterable[str], gone: Mapping[int, int]) -> None:
        """Forget files, and their words."""
        self._write([], list(files), {}, gone)

    def _write(
        self,
        put: list[FileState],
        removed: list[str],
        more: Mapping[int, int],
        fewer: Mapping[int, int],
    ) -> None:
        change = Counter(more)
        change.subtract(fewer)
        rows = [(word, by) for word, by in change.items() if by]
        with self._lock, self._database as transaction:
            transaction.executemany(
                "insert into files values (?, ?, ?, ?) on conflict (file) do update set "
                "record = excluded.record, version = excluded.version, "
                "passages = excluded.passages",
                [(one.file, one.record, one.version, one.passages) for one in put],
            )
            transaction.executemany("delete from files where file = ?", [(f,) for f in removed])
            transaction.executemany(
                "insert into words values (?, max(0, ?)) on conflict (word) do update set "
                "passages = max(0, passages + ?)",
                [(word, by, by) for word, by in rows],
            )
        for state in put:
            self._total += state.passages - self._held(state.file)
            self._files[state.file] = state
        for file in removed:
            self._total -= self._held(file)
            self._files.pop(file, None)
        for word, by in rows:
            self._words[word] = max(0, self._words[word] + by)

    def _held(self, file: str) -> int:
        state = self._files.get(file)
        return state.passages if state else 0

    def state(self, file: str) -> FileState | None:
        """Return what is held of a file."""
        return self._files.get(file)

    def files(self, record: str | None = None) -> list[FileState]:
        """Return all files that are held, or those of a record."""
        found = list(self._files.values())
        return found if record is None else [one for one in found if one.record == record]

    def is_current(self, file: str, version: str) -> bool:
        """Tell whether this is the version of the file that counts."""
        state = self._files.get(file)
        return state is not None and state.version == version

    @property
    def total(self) -> int:
        """How many passages are held."""
        return self._total

    def idf(self, word: int) -> float:
        """BM25's inverse document frequency of a word (natural logarithm, above 0)."""
        found = min(self._words.get(word, 0), self._total)
        return math.log(1 + (self._total - found + 0.5) / (found + 0.5))

    def note(self, name: str, value: str) -> None:
        """Keep a small fact, such as the model that the vectors were made with."""
        with self._lock, self._database as transaction:
            transaction.execute(
                "insert into notes values (?, ?) on conflict (name) do update set "
                "value = excluded.value",
                (name, value),
            )

    def noted(self, name: str) -> str:
        """Return a fact that was kept; empty if there is none."""
        row = self._database.execute("select value from notes where name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def close(self) -> None:
        """Close the file."""
        self._database.close()
