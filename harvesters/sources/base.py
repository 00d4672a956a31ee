"""What a kind of source has to say and do; each is one small class in this folder.

A source turns what a municipality already runs (a catalogue, a council information system, a
timetable, a website) into normalised records. It knows nothing of CKAN. The pipeline calls, in
this order:

* ``discover()`` yields what there is, as cheaply as the source allows, page by page;
* ``fetch(ref)`` gets the content of one record (a no-op where ``discover`` already had it);
* ``normalise(raw)`` makes a :class:`~harvesters.model.Record` of it.

The last two may raise :class:`~harvesters.errors.RecordError` (or any error): that record fails,
the others go on. ``discover`` raises :class:`~harvesters.errors.SourceError` when the source as a
whole cannot be read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from harvesters.errors import ConfigError, SourceError
from harvesters.fetch import Fetcher
from harvesters.model import RawRecord, Record, RecordRef, SourceConfig
from harvesters.suggest import did_you_mean
from harvesters.vocabulary import Vocabulary

#: Marks an option that reaches into the server (``json_schema_extra=FOR_OPERATORS``): in the portal
#: only administrators may set it, or change a source that has it.
FOR_OPERATORS: dict[str, JsonValue] = {"for_operators": True}


class Options(BaseModel):
    """Options of a kind of source; each field has a description, which forms and docs show."""

    model_config = ConfigDict(extra="forbid", frozen=True)


OptionsT = TypeVar("OptionsT", bound=Options)


class Source(ABC, Generic[OptionsT]):
    """One kind of source. Registered as an entry point of the group ``myk.harvest.sources``."""

    #: Short name, as in ``type: dcat``.
    name: ClassVar[str]
    #: One line for lists and forms.
    summary: ClassVar[str]
    #: The options that this kind takes.
    options_type: ClassVar[type[Options]] = Options
    #: Whether it reads nothing but files of the server: those are the operator's, so that such a
    #: source can stand in ``config/sources.yaml`` alone.
    local_only: ClassVar[bool] = False

    #: False once ``discover`` could not, or did not mean to, see all records (a page that failed,
    #: an incremental run): then no record counts as gone.
    complete: bool = True

    #: When the last run began that saw all and had no failures; a source may read only what
    #: changed since. Set by the pipeline's caller before ``discover``.
    since: datetime | None = None
    #: True once something was in the way of seeing all: the run is then partial.
    cut_short: bool = False
    #: True once ``discover`` reads only what changed: that there is nothing is then no failure.
    incremental: bool = False

    def __init__(
        self,
        config: SourceConfig,
        fetcher: Fetcher,
        vocabulary: Vocabulary,
        root: Path,
    ) -> None:
        """``root`` is the folder that relative paths of the configuration start from."""
        self.config = config
        self.fetcher = fetcher
        self.vocabulary = vocabulary
        self.root = root
        self.options: OptionsT = self._options()
        #: What is wrong with the source as a whole, in plain words, for the report.
        self.warnings: list[str] = []
        #: Identities that the source itself says are gone; they count also if not all was seen.
        self.gone: set[str] = set()

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """Whether ``location`` (URL or path) with this beginning is of this kind."""
        return False

    @abstractmethod
    def discover(self) -> Iterator[RecordRef]:
        """The records that the source has."""

    @abstractmethod
    def fetch(self, ref: RecordRef) -> RawRecord:
        """The content of one of them."""

    @abstractmethod
    def normalise(self, raw: RawRecord) -> Record:
        """The same in CKAN's words."""

    @property
    def total(self) -> int | None:
        """How many records there are, if the source said so; for the progress bar."""
        return None

    def cut(self, warning: str) -> None:
        """End early, against one's will: what was not seen does not count as gone."""
        self.complete = False
        self.cut_short = True
        self.warnings.append(warning)

    def read_file(self) -> bytes:
        """The content of the file that is configured (``path``). Raises as ``open_file`` does."""
        with self.open_file() as stream:
            try:
                return stream.read()
            except OSError as error:
                raise SourceError(
                    f"{self.config.path} cannot be read: {error.strerror}."
                ) from error

    def open_file(self) -> BinaryIO:
        """The file that is configured (``path``), opened.

        Raises ConfigError for a folder, SourceError when it cannot be read.
        """
        assert self.config.path is not None  # noqa: S101 - the model has either path or url
        path = self.root / self.config.path
        if path.is_dir():
            raise ConfigError(f"{self.config.path} is a folder; give the catalogue's file.")
        try:
            return path.open("rb")
        except FileNotFoundError as error:
            raise SourceError(f"{self.config.path} does not exist.") from error
        except OSError as error:
            raise SourceError(f"{self.config.path} cannot be read: {error.strerror}.") from error

    def _options(self) -> OptionsT:
        try:
            return self.options_type.model_validate(self.config.options)  # type: ignore[return-value]
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            if first["type"] == "extra_forbidden":
                text = f"there is no option `{key}` for sources of type {self.name}."
                text += did_you_mean(key, self.options_type.model_fields)
            else:
                text = f"option `{key}`: {first['msg']}."
            raise ConfigError(f"source `{self.config.name}`: {text}") from error
