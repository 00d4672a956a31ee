"""What sources of JSON have in common: reading it from untrusted hands, page by page."""

from __future__ import annotations

import json
import math
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from harvesters import normalise
from harvesters.errors import ConfigError, RecordError, SourceError
from harvesters.identity import short_hash
from harvesters.model import CatalogueInfo, RawRecord, Record, RecordRef
from harvesters.sources.base import OptionsT, Source
from harvesters.unread import printable

ACCEPT = "application/json, application/vnd.api+json;q=0.9, */*;q=0.1"

CursorT = TypeVar("CursorT")


@dataclass(slots=True)
class Page(Generic[CursorT]):
    """One page: its entries, how many there are in all, and where the next page is."""

    items: list[Any]
    total: int | None
    following: CursorT | None


@dataclass(slots=True)
class Names:
    """What a dataset is called: ``identities`` best first, and its own address."""

    identities: list[str]
    uri: str = ""


class JsonSource(Source[OptionsT]):
    """A source whose datasets are JSON objects. A subclass says where they are and what they mean.

    An entry that is no object, or could not be fetched, is a record that fails.
    """

    _total: int | None = None

    @property
    def total(self) -> int | None:
        """What the source says, or what its only page holds."""
        return self._total

    # -- what a subclass says --------------------------------------------------------------------

    @abstractmethod
    def _items(self) -> Iterator[Any]:
        """The datasets, page by page; a text stands for one that cannot be had, and says why."""

    @abstractmethod
    def _names(self, item: dict[str, Any]) -> Names:
        """What identifies a dataset."""

    @abstractmethod
    def _is_public(self, item: dict[str, Any]) -> bool:
        """Whether it is a dataset for everybody; all others are left out."""

    @abstractmethod
    def _fields(self, item: dict[str, Any], ref: RecordRef, notes: list[str]) -> dict[str, Any]:
        """The dataset as CKAN fields; what has no field of its own goes to ``extras``."""

    def _key(self, item: Any) -> str:
        """Tells two entries apart: the same key means that one dataset came twice."""
        try:
            return short_hash(json.dumps(item, sort_keys=True), 32)
        except RecursionError:
            return f"nested-too-deeply-{id(item)}"

    # -- the three steps -------------------------------------------------------------------------

    def discover(self) -> Iterator[RecordRef]:
        """Each dataset once. The second one with an identifier is known by its address."""
        taken: set[str] = set()  # identities
        seen: set[str] = set()  # keys
        for item in self._items():
            key = printable(self._key(item))
            if key in seen:
                continue
            seen.add(key)
            if not isinstance(item, dict):
                self.complete = False  # what it was is not known, so nothing counts as gone
                yield RecordRef(f"unreadable:{key}", "", item)
            elif self._is_public(item):
                names = self._names(item)
                identities = [name for known in names.identities if (name := printable(known))]
                identities.append(f"untitled:{key}")
                identity = next((name for name in identities if name not in taken), key)
                if identity != identities[0]:
                    self.warnings.append(
                        f"{identities[0]} is the identifier of two datasets, also {identity}"
                    )
                taken.add(identity)
                yield RecordRef(identity, printable(names.uri), item)

    def fetch(self, ref: RecordRef) -> RawRecord:
        """Nothing to fetch: the dataset is in the page that announced it."""
        if isinstance(ref.handle, dict):
            return RawRecord(ref, printable(ref.handle))
        if isinstance(ref.handle, str) and ref.handle:
            raise RecordError(ref.handle[:300])
        raise RecordError(f"the entry is no dataset: {json.dumps(ref.handle)[:200]}")

    def normalise(self, raw: RawRecord) -> Record:
        """Clean what the subclass read, and find its organisation."""
        notes: list[str] = []
        fields = self._fields(raw.content, raw.ref, notes)
        record = normalise.record(raw.ref, fields, self.vocabulary, notes)
        origin = CatalogueInfo(title=self.config.label() if self.config.title else "")
        record.organisation = normalise.organisation(record, self.config, origin, self.vocabulary)
        return record

    # -- reading ---------------------------------------------------------------------------------

    def _paged(
        self, load: Callable[[CursorT], Page[CursorT]], first: CursorT, max_pages: int
    ) -> Iterator[Any]:
        """All entries; stops, with a warning, where a page fails or paging does not end."""
        cursor, visited, keys = first, {first}, set[str]()
        for number in range(1, max_pages + 1):
            try:
                page = load(cursor)
            except SourceError as error:
                if number == 1:
                    raise
                self._stop(f"page {number} could not be read: {error}")
                return
            known = len(keys)
            self._total = page.total if page.total is not None else self._total
            for item in page.items:
                keys.add(self._key(item))
                yield item
            if page.following is None:
                break
            if page.following in visited:
                self._stop(f"paging goes in circles: page {number} leads back to an earlier one")
                return
            if len(keys) == known:
                self._stop(f"paging does not end: page {number} brought nothing new")
                return
            cursor = page.following
            visited.add(cursor)
        else:
            self._stop(f"stopped after {max_pages} pages (option max_pages)")
            return
        if self._total is not None and len(keys) < self._total:
            self._stop(
                f"the source announced {self._total} datasets, but {len(keys)} different ones "
                "came; it may have changed while it was read"
            )

    def _stop(self, warning: str) -> None:
        self.cut(warning)

    def _address(self) -> str:
        if self.config.url is None:
            raise ConfigError(f"a source of type {self.name} needs an address (url), not a file.")
        return self.config.url

    def _json(self, address: str) -> Any:
        """The JSON at ``address``. Raises SourceError if it is none."""
        return self._parse(self.fetcher.get(address, accept=ACCEPT).content, address)

    def _parse(self, content: bytes, where: str) -> Any:
        return parse(content, where, self.warnings)


def parse(content: bytes, where: str, warnings: list[str]) -> Any:
    """JSON from untrusted hands. Raises SourceError that says why it is none."""
    if not content.strip():
        raise SourceError(f"{where} is empty.")
    try:
        text = content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
        warning = "what the source sends is not UTF-8, as JSON has to be; read as Windows-1252"
        if warning not in warnings:
            warnings.append(warning)
    if text.lstrip().startswith("<"):
        raise SourceError(f"{where} is a web page (HTML) or XML, not JSON.")
    try:
        return json.loads(text, parse_constant=_nothing, parse_float=_finite)
    except RecursionError as error:
        raise SourceError(f"{where} is nested too deeply.") from error
    except json.JSONDecodeError as error:
        if not error.doc[error.pos :].strip() or error.msg.startswith("Unterminated string"):
            raise SourceError(f"{where} is cut off: the JSON ends too early.") from error
        raise SourceError(f"{where} is not valid JSON: {error}.") from error
    except ValueError as error:  # a number with thousands of digits
        raise SourceError(f"{where} is not usable JSON: {error}.") from error


def _nothing(_constant: str) -> None:
    """NaN and Infinity are no JSON, and PostgreSQL refuses them."""


def _finite(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def count(value: Any) -> int | None:
    """A number of records that another side states, if it is one."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
