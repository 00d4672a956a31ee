"""All sources that there are: those of ``config/sources.yaml``, and those of the portal."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ckan.plugins import toolkit
from ckanext.myk.harvesting import model

from harvesters import config
from harvesters.errors import ConfigError
from harvesters.model import SourceConfig

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """A source, with what the portal knows of it.

    ``source`` is none when the portal's source cannot be used any more (its kind was removed, for
    example): ``problem`` says why, and ``data`` is what was entered.
    """

    name: str
    data: dict[str, Any]
    from_file: bool
    source: SourceConfig | None = None
    problem: str = ""
    row: model.ManagedSource | None = None

    @property
    def org(self) -> str:
        """The organisation that manages it; empty: the operator alone."""
        return str(self.data.get("org") or "")

    @property
    def paused(self) -> bool:
        """Whether it is not harvested by itself for now."""
        return bool(self.row and self.row.paused)


class _File:
    """``config/sources.yaml``, read again when it changes; a mistake leaves the last good one."""

    def __init__(self) -> None:
        self.stamp: tuple[str, int, int] | None = None
        self.sources: dict[str, SourceConfig] = {}
        self.problem = ""

    def read(self) -> dict[str, SourceConfig]:
        path = Path(str(toolkit.config.get("ckanext.myk.config_folder") or "")) / "sources.yaml"
        try:
            state = path.stat()
            stamp = (str(path), state.st_mtime_ns, state.st_size)
        except OSError:
            stamp = (str(path), 0, 0)
        if stamp == self.stamp:
            return self.sources
        try:
            self.sources, self.problem = config.load_sources(path), ""
        except ConfigError as error:
            self.problem = str(error)
            log.error("%s", error)
        self.stamp = stamp
        return self.sources


_file = _File()


def file_problem() -> str:
    """Return what is wrong with the configuration file; empty when nothing is."""
    _file.read()
    return _file.problem


def entries() -> dict[str, Entry]:
    """Return all sources by name: those of the file in its order, then the portal's.

    The operator's file wins where both have a name.
    """
    rows = {row.name: row for row in model.rows()}
    out = {
        name: Entry(name, source.model_dump(mode="json"), True, source, row=rows.get(name))
        for name, source in _file.read().items()
    }
    for name, row in rows.items():
        if name not in out and row.config is not None:
            out[name] = _portals(row)
    return out


def entry(name: str) -> Entry | None:
    """Return one source, if there is one of this name."""
    source = _file.read().get(name)
    row = model.row(name)
    if source is not None:
        return Entry(name, source.model_dump(mode="json"), True, source, row=row)
    return _portals(row) if row is not None and row.config is not None else None


def _portals(row: model.ManagedSource) -> Entry:
    data = {**(row.config or {}), "name": row.name}
    source, problems = config.check(data)
    if source is None:
        problem = "; ".join(one.message for one in problems)
        return Entry(row.name, data, False, None, problem, row)
    return Entry(row.name, source.model_dump(mode="json"), False, source, row=row)
