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
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from harvesters.errors import ConfigError, SourceError
from harvesters.fetch import Fetcher
from harvesters.model import RawRecord, Record, RecordRef, SourceConfig
from harvesters.suggest import did_you_mean
from harvesters.vocabulary import Vocabulary


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

    #: False once ``discover`` could not, or did not mean to, see all records (a page that failed,
    #: an incremental run): then no record counts as gone.
    complete: bool = True

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

    def read_file(self) -> bytes:
        """The content of the file that is configured (``path``).

        Raises ConfigError for a folder, SourceError when it cannot be read.
        """
        assert self.config.path is not None  # noqa: S101 - the model has either path or url
        path = self.root / self.config.path
        if path.is_dir():
            raise ConfigError(f"{self.config.path} is a folder; give the catalogue's file.")
        try:
            return path.read_bytes()
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
