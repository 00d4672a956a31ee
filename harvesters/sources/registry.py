"""The kinds of sources that are installed (entry points of the group ``myk.harvest.sources``)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any

from harvesters.errors import ConfigError
from harvesters.sources.base import Source
from harvesters.suggest import did_you_mean

GROUP = "myk.harvest.sources"


@lru_cache(maxsize=1)
def _entry_points() -> dict[str, Any]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def names() -> list[str]:
    """Names of the installed kinds."""
    return sorted(_entry_points())


def source_class(name: str) -> type[Source[Any]]:
    """The class for ``type: name``. Raises ConfigError that lists the known kinds."""
    entry = _entry_points().get(name)
    if entry is None:
        known = ", ".join(names()) or "none"
        raise ConfigError(
            f"there is no source type `{name}`.{did_you_mean(name, names())} Known types: {known}."
        )
    loaded: type[Source[Any]] = entry.load()
    return loaded


def recognise(location: str, head: bytes) -> str:
    """The kind that says it can read ``location``, or nothing."""
    found = (cls.name for cls in _classes() if cls.recognises(location, head))
    return next(found, "")


def _classes() -> Iterator[type[Source[Any]]]:
    return (source_class(name) for name in names())
