"""Generations of the index: the one that is served, and the one that is built beside it.

Each generation is a folder with both engines' files and ``built.json`` (what its vectors were made
with). The file ``current`` names the one that is served, ``next`` the one that is being built; both
are replaced atomically. While one is built, every write goes to both; when it is complete it takes
over between two requests. A generation in which something is damaged or made by another layout is
never served.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import shutil
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from search import encoder, query
from search.catalogue import documents, index
from search.journal import Journal
from search.passages.service import Passages
from search.question import Reader
from search.service import SearchService
from search.settings import SearchSettings
from search.vectors import optimise
from search.vectors.base import NoVectors, VectorStore
from search.vectors.edge import EdgeStore
from search.vectors.waiting import WaitingStore

log = logging.getLogger(__name__)

#: Seconds that a generation which was replaced stays open for the requests that still read it.
_GRACE = 30.0


#: The folder of the passages, beside those of the generations.
_PASSAGES = "passages"

_NONE_BUILT = "no index is being built; begin with: myk index rebuild"


class RebuildError(RuntimeError):
    """A rebuild cannot be begun, filled or finished now; the message says why."""


@dataclass(frozen=True)
class Built:
    """What a generation's vectors were made with, and where they lie (empty: in its folder)."""

    model: str
    qdrant_url: str = ""

    @classmethod
    def read(cls, folder: Path) -> Built | None:
        """Return what the folder says, or ``None`` when it says nothing readable."""
        try:
            return cls(**json.loads((folder / "built.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, folder: Path) -> None:
        """Write it into the folder."""
        _replace(folder / "built.json", json.dumps(self.__dict__))


class Index:
    """What the interfaces ask: the served generation, and the one being built, if there is one."""

    def __init__(
        self,
        live: SearchService,
        settings: SearchSettings | None = None,
        model: encoder.Encoder | None = None,
        name: str = "",
        passages: Passages | None = None,
    ) -> None:
        """Serve ``live``. Without ``settings`` there is nothing on disk to rebuild (tests)."""
        self.live = live
        self.next: SearchService | None = None
        #: The served generation lacks records or vectors: it was started afresh, or another model
        #: or vector engine is configured now.
        self.needs_rebuild = False
        self._settings = settings
        self._model = model
        self._name = name
        self._next_name = ""
        self._next_keys: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False
        #: Of files; they belong to no generation, and each asks them.
        self.passages = passages
        live.passages = passages

    # -- opening ---------------------------------------------------------------------------

    @classmethod
    def open(cls, settings: SearchSettings) -> Index:
        """Open the served generation, and go on with one that was being built.

        :raises encoder.ModelError: when the model cannot be loaded.
        """
        model = encoder.load(settings.model or None) if settings.search_mode == "hybrid" else None
        folder = settings.search_folder
        folder.mkdir(parents=True, exist_ok=True)
        name = _pointer(folder / "current")
        live = _open_served(folder / name, settings, model) if name else None
        damaged = bool(name) and live is None
        if live is None:
            name = _new_name()
            live = _create(folder / name, settings, model, _wanted(settings, model))
            _replace(folder / "current", name)
        reader = Reader(settings.config)
        passages = Passages.open(folder / _PASSAGES, model, reader)
        opened = cls(live, settings, model, name, passages)
        opened.needs_rebuild = damaged or live.model is not model
        opened._resume(folder)
        opened._tidy(folder)
        return opened

    def _resume(self, folder: Path) -> None:
        name = _pointer(folder / "next")
        built = Built.read(folder / name) if name else None
        if not name or built is None or built.model != _wanted(self._need(), self._model).model:
            (folder / "next").unlink(missing_ok=True)
            return
        try:
            self._set_next(name, _open(folder / name, self._need(), self._model, built))
        except (index.LayoutError, OSError, RuntimeError) as error:
            log.warning("the index that was being built is damaged and begun anew: %s", error)
            (folder / "next").unlink(missing_ok=True)

    def _tidy(self, folder: Path) -> None:
        for item in folder.iterdir():
            if item.is_dir() and item.name not in (self._name, self._next_name, _PASSAGES):
                shutil.rmtree(item, ignore_errors=True)

    def _set_next(self, name: str, service: SearchService) -> None:
        self.next, self._next_name = service, name
        service.passages = self.passages
        self._next_keys = {
            documents.key_of(record) for record in service.records(frozenset({"index_id", "id"}))
        }

    # -- writing ---------------------------------------------------------------------------

    def put(self, records: Sequence[documents.Record]) -> None:
        """Add or replace records in every generation; durable when this returns.

        :raises documents.RecordError: when one cannot be indexed; nothing is written then.
        """
        with self._lock:
            self.live.put(records)
            if self.next is not None:
                self.next.put(records)
                self._next_keys.update(documents.key_of(record) for record in records)

    def remove(self, node: query.Node) -> int:
        """Remove all records that match, from every generation; return how many were served."""
        with self._lock:
            removed = self.live.remove(node)
            if self.next is not None:
                self._next_keys.difference_update(self.next.catalogue.keys(node))
                self.next.remove(node)
            return removed

    # -- rebuilding ------------------------------------------------------------------------

    def begin(self, qdrant_url: str | None = None) -> None:
        """Begin a generation beside the served one, or go on with the one that was begun.

        ``qdrant_url``: where its vectors shall lie, if not where the settings say.

        :raises RebuildError: when there is no index on disk.
        """
        with self._lock:
            settings = self._need()
            if qdrant_url is not None:
                settings = settings.model_copy(update={"qdrant_url": qdrant_url})
            built = _wanted(settings, self._model)
            folder = settings.search_folder
            if self.next is not None:
                if Built.read(folder / self._next_name) == built:
                    return
                self._drop_next()
            name = _new_name()
            try:
                service = _create(folder / name, settings, self._model, built)
            except Exception as error:
                # A server that does not answer, or no server: its client raises many things.
                shutil.rmtree(folder / name, ignore_errors=True)
                raise RebuildError(f"a new index cannot be made there: {error}") from error
            _replace(folder / "next", name)
            self._set_next(name, service)

    def fill(self, records: Sequence[documents.Record]) -> int:
        """Add to the new generation those records that it does not have yet; return how many.

        What was written meanwhile is newer than what a rebuild has read, so it is left alone.
        Durable only after :meth:`finish`, or when a later write is.

        :raises RebuildError: when none is being built.
        """
        service = self.next
        if service is None:
            raise RebuildError(_NONE_BUILT)
        # Several may prepare at once.
        prepared = service.prepare(records)
        with self._lock:
            if self.next is not service:
                raise RebuildError(_NONE_BUILT)
            new = prepared.without(self._next_keys)
            service.write(new, durable=False)
            self._next_keys.update(key for key, _ in new.words)
            return len(new.words)

    def finish(self) -> None:
        """Let the new generation take over; the old one is removed when nobody reads it any more.

        :raises RebuildError: when none is being built.
        """
        self._optimise_next()
        with self._lock:
            if self.next is None:
                raise RebuildError(_NONE_BUILT)
            folder = self._need().search_folder
            self.next.commit()
            _replace(folder / "current", self._next_name)
            (folder / "next").unlink(missing_ok=True)
            old, old_folder = self.live, folder / self._name
            self.live, self._name = self.next, self._next_name
            self.next, self._next_name, self._next_keys = None, "", set()
            self.needs_rebuild = False
        threading.Thread(target=_retire, args=(old, old_folder), daemon=True).start()

    def _optimise_next(self) -> None:
        """Build the new generation's neighbour graph; writes meanwhile wait and are handed over."""
        with self._lock:
            service = self.next
            if service is None or not isinstance(service.vectors, EdgeStore):
                return
            if service.vectors.unindexed() < optimise.WORTH_IT:
                return
            folder = service.vectors.folder
            mark = folder.with_name("optimising")
            mark.touch()
            service.vectors.close()
            waiting = WaitingStore()
            service.vectors = waiting
        if not optimise.in_a_process_of_its_own(folder):
            log.warning("the neighbour graph could not be built; the vectors are scanned instead")
        with self._lock:
            if self.next is not service or service.model is None:
                return
            vectors = _edge(folder, service.model.traits.dimension)
            waiting.hand_over(vectors)
            service.vectors = vectors
            mark.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Drop the generation that is being built, if there is one."""
        with self._lock:
            self._drop_next()

    def _drop_next(self) -> None:
        if self.next is None:
            return
        folder = self._need().search_folder
        (folder / "next").unlink(missing_ok=True)
        self.next.drop()
        shutil.rmtree(folder / self._next_name, ignore_errors=True)
        self.next, self._next_name, self._next_keys = None, "", set()

    def _need(self) -> SearchSettings:
        if self._settings is None:
            raise RebuildError("this index lies in no folder")
        return self._settings

    def close(self) -> None:
        """Write everything out and let go of the files; a second time does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self.next is not None:
                self.next.commit()
                self.next.close()
            self.live.close()
            if self.passages is not None:
                self.passages.close()


def _retire(service: SearchService, folder: Path) -> None:
    time.sleep(_GRACE)
    service.drop()
    shutil.rmtree(folder, ignore_errors=True)
    _give_back_memory()


def _give_back_memory() -> None:
    """Hand back to the system what a rebuild needed; the C library would keep it for the next."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # glibc has it
        trim(0)


def _wanted(settings: SearchSettings, model: encoder.Encoder | None) -> Built:
    if model is None:
        return Built("")
    return Built(model.traits.identity, settings.qdrant_url)


def _open_served(
    folder: Path, settings: SearchSettings, model: encoder.Encoder | None
) -> SearchService | None:
    """Open a generation to be served; ``None`` when it cannot be.

    Of another model it is served by words alone, until the rebuild that is due has taken over.
    """
    built = Built.read(folder)
    if built is None:
        log.warning("the index is damaged and built anew from the database: %s", folder.name)
        return None
    fitting = model
    if built != _wanted(settings, model):
        log.warning(
            "the index was built with another model or place of vectors; words alone answer "
            "until it is rebuilt"
        )
        fitting = None
    try:
        return _open(folder, settings, fitting, built)
    except (index.LayoutError, OSError) as error:
        log.warning("the index cannot be served and is built anew from the database: %s", error)
        return None


def _create(
    folder: Path, settings: SearchSettings, model: encoder.Encoder | None, built: Built
) -> SearchService:
    folder.mkdir(parents=True)
    built.write(folder)
    return _open(folder, settings, model, built)


def _open(
    folder: Path, settings: SearchSettings, model: encoder.Encoder | None, built: Built
) -> SearchService:
    """Open both engines of a generation.

    :raises index.LayoutError, OSError, RuntimeError: when one cannot be opened.
    """
    catalogue = index.Catalogue(folder / "catalogue")
    vectors: VectorStore
    if model is None:
        vectors = NoVectors()
    elif built.qdrant_url:
        from search.vectors.server import ServerStore

        vectors = ServerStore(
            built.qdrant_url,
            f"{settings.qdrant_collection}-{folder.name}",
            model.traits.dimension,
            api_key=settings.qdrant_api_key or None,
            shards=settings.qdrant_shards,
            replicas=settings.qdrant_replicas,
        )
    else:
        if (folder / "optimising").exists():
            # Stopped there, with writes that waited: all vectors are made again.
            shutil.rmtree(folder / "vectors", ignore_errors=True)
            (folder / "optimising").unlink()
        vectors = _edge(folder / "vectors", model.traits.dimension)
    service = SearchService(
        catalogue,
        vectors,
        model,
        mode=settings.search_mode,
        journal=Journal(folder / "journal.json"),
        reader=Reader(settings.config),
    )
    completed = service.complete()
    if completed:
        log.info("completed %d vectors that a stop had left open", completed)
    return service


def _edge(folder: Path, dimension: int) -> EdgeStore:
    try:
        return EdgeStore(folder, dimension)
    except Exception as error:  # noqa: BLE001 (the engine raises plain exceptions of many kinds)
        # Vectors can always be made again from the catalogue.
        log.warning("the vectors are damaged and made anew: %s", error)
        shutil.rmtree(folder, ignore_errors=True)
        return EdgeStore(folder, dimension)


def _new_name() -> str:
    return uuid.uuid4().hex[:12]


def _pointer(path: Path) -> str:
    try:
        name = path.read_text().strip()
    except OSError:
        return ""
    return name if name.isalnum() and (path.parent / name).is_dir() else ""


def _replace(path: Path, text: str) -> None:
    """Replace a small file so that a crash leaves the old or the new one, never a part."""
    draft = path.with_name(path.name + ".new")
    with draft.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
