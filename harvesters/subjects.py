"""What a long document says about each thing, kept on the disk.

The statements of an RDF document come in any order: those about a dataset may stand at its begin,
those about its files at its end. They are kept by subject in a temporary database, which stays in
memory while it is small, so that what belongs to one dataset can be put together at any time.
"""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Iterable
from typing import Final

from harvesters.statements import Statement, Term

#: Statements that are gathered before they are written.
_AT_ONCE: Final = 50_000
#: Statements that are remembered once asked for: about what many datasets share.
_REMEMBERED: Final = 40_000
_CACHE_KIB: Final = 16_000

#: What is said about one subject: predicate and term.
About = dict[tuple[str, Term], None]


class Subjects:
    """Statements by subject. ``close`` it: what it holds is gone afterwards."""

    def __init__(self) -> None:
        # An empty name: a database of this connection alone, on the disk once it is large.
        self._database = sqlite3.connect("", isolation_level=None)
        for line in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}"):
            self._database.execute(f"PRAGMA {line}")
        self._database.execute("CREATE TABLE said (subject INTEGER, statements BLOB)")
        self._remembered: dict[str, About] = {}
        self._weight = 0

    def close(self) -> None:
        """Give the memory and the disk back."""
        self._database.close()

    def fill(self, statements: Iterable[Statement]) -> None:
        """Keep ``statements``, all of them before the first question."""
        self._database.execute("BEGIN")
        pending: dict[str, list[str | int]] = {}
        predicates: dict[str, str] = {}
        number = 0
        for subject, predicate, kind, value, extra in statements:
            known = predicates.setdefault(predicate, predicate)
            said = pending.get(subject)
            if said is None:
                said = pending[subject] = []
            said += (known, kind, value, extra)
            number += 1
            if number >= _AT_ONCE:
                self._write(pending)
                number = 0
                if len(predicates) > _AT_ONCE:
                    predicates.clear()
        self._write(pending)
        self._database.execute("COMMIT")
        self._database.execute("CREATE INDEX by_subject ON said (subject)")

    def _write(self, pending: dict[str, list[str | int]]) -> None:
        # Python's own hash: of 64 bits, and not to be foreseen by who writes the document.
        self._database.executemany(
            "INSERT INTO said VALUES (?, ?)",
            ((hash(subject), marshal.dumps((subject, said))) for subject, said in pending.items()),
        )
        pending.clear()

    def about(self, subject: str) -> About:
        """What is said about ``subject``, in the document's order, each statement once."""
        found = self._remembered.get(subject)
        if found is not None:
            return found
        found = {}
        for (blob,) in self._database.execute(
            "SELECT statements FROM said WHERE subject = ? ORDER BY rowid", (hash(subject),)
        ):
            # Written by this very process.
            name, said = marshal.loads(blob)  # noqa: S302
            if name == subject:
                parts = iter(said)
                for predicate, kind, value, extra in zip(parts, parts, parts, parts, strict=True):
                    found[predicate, Term(kind, value, extra)] = None
        self._weight += len(found) + 1
        if self._weight > _REMEMBERED:
            self._remembered.clear()
            self._weight = len(found) + 1
        self._remembered[subject] = found
        return found
