"""The catalogue on disk: opened, written, searched. Owned by one process at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import tantivy
from tantivy import Query as Engine

from search import query
from search.catalogue import documents, schema
from search.catalogue.snapshot import Snapshot, contained
from search.catalogue.view import View

#: What is held in memory before a part of the index is written (bytes): fewer and larger parts are
#: searched faster (by a tenth at 100,000 records, beside half as much).
_HEAP = 128_000_000


#: Records by key, ready to be written.
Prepared: TypeAlias = list[tuple[str, tantivy.Document]]


def prepared(records: Sequence[documents.Record]) -> Prepared:
    """Return records as they are written: most of the work, and no part of the index.

    :raises documents.RecordError: when one has no key.
    """
    return [(documents.key_of(record), documents.document(record)) for record in records]


class LayoutError(RuntimeError):
    """The index on disk was made by another version and must be rebuilt."""


class Catalogue:
    """Records by word, filter, facet and sort, exact and complete.

    Every write is durable and visible when the call returns: one commit, one reload.
    """

    def __init__(self, folder: Path) -> None:
        """Open the index in ``folder``, or make an empty one.

        :raises LayoutError: when what is there has another layout or cannot be read.
        """
        self.folder = folder
        self.schema = schema.build()
        self._lock = threading.Lock()
        self._closed = False
        layout = {"layout": schema.LAYOUT}
        stated = folder / "layout.json"
        if stated.exists():
            try:
                found = json.loads(stated.read_text())
            except ValueError:
                raise LayoutError("the index does not say how it was built") from None
            if found != layout:
                raise LayoutError(f"the index was built as {found}, this is {layout}")
        elif folder.exists() and any(folder.iterdir()):
            raise LayoutError("the index does not say how it was built")
        tantivy_folder = folder / "tantivy"
        tantivy_folder.mkdir(parents=True, exist_ok=True)
        try:
            self.index = tantivy.Index(self.schema, path=str(tantivy_folder))
            self._writer = self.index.writer(_HEAP, 1)
        except ValueError as error:
            raise LayoutError(f"the index cannot be opened: {error}") from error
        self._applied = int(self._writer.commit_opstamp)
        self._reload()
        self._probe()
        stated.write_text(json.dumps(layout))

    def _probe(self) -> None:
        """Read a little from every part, so that damage shows now and not in a search."""
        searcher = self.index.searcher()
        for column in ("created", "sort_id"):
            try:
                hits = searcher.search(Engine.all_query(), limit=10, order_by_field=column).hits
                for _, address in hits:
                    documents.stored_record(searcher.doc(address))
                searcher.aggregate(
                    Engine.all_query(), {"n": {"terms": {"field": "facets.state", "size": 1}}}
                )
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt | SystemExit):
                    raise
                raise LayoutError(f"the index cannot be read: {error}") from None

    # -- writing ---------------------------------------------------------------------------

    def put(self, records: Sequence[documents.Record], *, durable: bool = True) -> None:
        """Add or replace records, all of them or none.

        Not ``durable``: they become durable and visible with the next :meth:`commit` or write.

        :raises documents.RecordError: when one has no key; nothing is written then.
        """
        self.write(prepared(records), durable=durable)

    def write(self, prepared: Prepared, *, durable: bool = True) -> None:
        """Do the same with records that are prepared."""
        with self._lock:
            try:
                for key, doc in prepared:
                    self._writer.delete_documents_by_term("key", key)
                    self._writer.add_document(doc)
            except BaseException:
                self._writer.rollback()
                raise
            if durable:
                self._commit()

    def commit(self) -> None:
        """Make everything durable and visible that was put without."""
        with self._lock:
            self._commit()

    def _commit(self) -> None:
        try:
            self._applied = int(self._writer.commit())
        except BaseException:
            self._writer.rollback()
            raise
        self._reload()

    def _reload(self) -> None:
        self.index.reload()
        self.forget()

    def forget(self) -> None:
        """Forget what was worked out from the present state."""
        self._snapshot = Snapshot(self.schema, self.index.searcher())

    def remove(self, keys: Iterable[str]) -> None:
        """Remove records by key; unknown keys are no error."""
        with self._lock:
            for key in keys:
                self._writer.delete_documents_by_term("key", key)
            self._commit()

    def close(self) -> None:
        """Finish writing and let go of the folder; a second time does nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._writer.wait_merging_threads()

    # -- reading ---------------------------------------------------------------------------

    def __len__(self) -> int:
        return int(self.index.searcher().num_docs)

    @property
    def applied(self) -> int:
        """The number of the last change that is applied here: how far this copy is."""
        return self._applied

    def keys(self, node: query.Node) -> list[str]:
        """Return the keys of all records that match."""
        return self.snapshot().keys(node)

    def records(
        self, wanted: frozenset[str], keys: Sequence[str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the wanted stored fields of every record (or of these) of the snapshot.

        For the service itself: fields that are never handed out are among them.
        """
        searcher = self.index.searcher()
        these = Engine.all_query()
        if keys is not None:
            these = Engine.term_set_query(self.schema, "key", list(keys))
        hits = searcher.search(these, limit=max(1, searcher.num_docs), count=False).hits
        for _, address in hits:
            yield documents.stored_record(searcher.doc(address), wanted, guarded=True)

    def snapshot(self) -> Snapshot:
        """Return the catalogue as it stands now, to be asked several things."""
        return self._snapshot

    @contextmanager
    def view(self, labels: Sequence[str]) -> Iterator[View]:
        """Lend what a caller with these labels may see of one snapshot, to be asked several times.

        :raises query.QueryError: when something in it cannot be searched for.
        """
        with contained():
            yield self.snapshot().view(labels)
