"""Stable ids and content hashes."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from harvesters.model import LocalFile, Record

# Fixed once and for all: a record's id is made from it, its source and its identity.
_NAMESPACE = uuid.UUID("6f0e6c3e-5f2b-5b57-9d5c-8d6a1b6c2f10")


def package_id(source: str, identity: str) -> str:
    """The CKAN id of a record: always the same one, whatever the index or the title says.

    That makes duplicates impossible: a second ``package_create`` is refused by the database.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{source}\n{identity}"))


def resource_id(package: str, key: str) -> str:
    """The CKAN id of a distribution, from its dataset's id and its own URI (or place)."""
    return str(uuid.uuid5(_NAMESPACE, f"{package}\n{key}"))


def short_hash(text: str, length: int = 6) -> str:
    """A few letters that tell two texts apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def content_hash(record: Record) -> str:
    """A hash of all that would be written.

    RDF has no order, and real exporters write their triples in a new one each time: lists are
    sorted before hashing, so that a catalogue that only reshuffled counts as unchanged.
    """
    content = {
        "package": record.package,
        "organisation": record.organisation.name,
        "files": _file_hashes(record.files.values()),
    }
    text = json.dumps(_sorted(content), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _file_hashes(files: Iterable[LocalFile]) -> list[str]:
    return [file.sha256 for file in files]


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return sorted((_sorted(item) for item in value), key=_key)
    return value


def _key(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
