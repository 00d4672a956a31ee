"""What people write beside their files: ``NAME.yaml`` or ``NAME.json``, ``_folder.yaml``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from harvesters.dates import iso_date
from harvesters.errors import RecordError
from harvesters.sources.documents import Kind
from harvesters.suggest import did_you_mean
from harvesters.text import web_address

ENDINGS = (".yaml", ".yml", ".json")
FOLDER = "_folder"
SIZE = 100_000  # bytes
_MANY = 200  # of a list


class Words(BaseModel):
    """A document's details. What is not there is read from the file, or guessed from its name."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    title: str = Field("", max_length=500)
    notes: str = Field("", max_length=50_000)
    tags: list[str] = Field(default_factory=list, max_length=_MANY)
    license_id: str = Field("", max_length=500)
    document_kind: Kind = ""
    document_date: str = ""
    issued: str = ""
    modified: str = ""
    valid_from: str = ""
    valid_until: str = ""
    reference: str = Field("", max_length=200)
    author: str = Field("", max_length=500)
    bodies: list[str] = Field(default_factory=list, max_length=_MANY)
    outcome: str = Field("", max_length=500)
    paper_type: str = Field("", max_length=200)
    language: list[str] = Field(default_factory=list, max_length=20)
    publisher: str = Field("", max_length=500)
    theme: list[str] = Field(default_factory=list, max_length=20)
    url: str = Field("", max_length=2000)

    @field_validator("tags", "bodies", "language", "theme", mode="before")
    @classmethod
    def _one_or_many(cls, given: Any) -> Any:
        return [given] if isinstance(given, str) else given

    @field_validator("document_date", "issued", "modified", "valid_from", "valid_until")
    @classmethod
    def _day(cls, given: str) -> str:
        if given and not iso_date(given):
            raise ValueError(f"{given!r:.40} is no date such as 2020-03-12")
        return given

    @field_validator("url")
    @classmethod
    def _address(cls, given: str) -> str:
        if given and not web_address(given):
            raise ValueError("must begin with http:// or https://")
        return given

    def over(self, general: Words) -> Words:
        """These words, and those of the folder where there are none."""
        return Words.model_construct(
            **{name: getattr(self, name) or getattr(general, name) for name in Words.model_fields}
        )


NONE = Words()


def parse(content: bytes, name: str) -> Words:
    """The words of the file ``name``. Raises RecordError that names file and key."""
    if len(content) > SIZE:
        raise RecordError(f"{name} is larger than {SIZE // 1000} kB; it should hold a few lines")
    try:
        text = content.decode("utf-8-sig")
        data = json.loads(text) if name.endswith(".json") else _yaml(text, name)
    except UnicodeDecodeError as error:
        raise RecordError(f"{name} is not in UTF-8; save it with that encoding") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{name} is not valid JSON: {error}") from error
    if data in (None, ""):
        return NONE
    if not isinstance(data, Mapping):
        raise RecordError(f"{name} must hold lines such as `title: …`")
    try:
        words = Words.model_validate({str(key): value for key, value in data.items()})
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            hint = did_you_mean(key, Words.model_fields)
            raise RecordError(f"{name}: unknown key `{key[:60]}`.{hint}") from error
        message = first["msg"].removeprefix("Value error, ")
        raise RecordError(f"{name}: {key}: {message}") from error
    if name.rsplit("/", 1)[-1].startswith(f"{FOLDER}.") and words.title:
        raise RecordError(f"{name}: a title is that of one file; write it beside that file")
    return words


def _yaml(text: str, name: str) -> Any:
    """All values as they are written: a date stays a text."""
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise RecordError(f"{name} uses YAML's aliases (*…); write the words out")
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - knows texts, lists and maps
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise RecordError(f"{name} is not valid YAML: {problem}{line}") from error
