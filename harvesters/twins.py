"""The same dataset through several sources: one record, owned by the nearer source.

A district's dataset comes a second time through the state's catalogue. Both name it by the same
address (``dct:identifier`` and titles are not unique across sources, a URI is). The source with the
higher priority owns the record; the others are kept in it as references.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harvesters.model import DEFAULT_PRIORITY, Record, SourceConfig
from harvesters.portal import Portal


class Twins:
    """Finds records that another source has brought."""

    def __init__(self, portal: Portal, source: SourceConfig, priorities: Mapping[str, int]) -> None:
        """``priorities``: of the other sources, by name."""
        self._portal = portal
        self._source = source
        self._priorities = priorities

    def of(self, record: Record) -> dict[str, Any] | None:
        """Return another source's record of the same dataset, as the database has it."""
        if not record.uri.startswith(("http://", "https://")):
            return None
        address = record.uri.replace("\\", "\\\\").replace('"', '\\"')
        asked = {
            "q": "*:*",
            "fq": f'uri:"{address}"',
            "fl": "id,harvest_source",
            "rows": 10,
            "include_private": True,
        }
        for found in self._portal.call("package_search", asked)["results"]:
            other = found.get("harvest_source")
            if other and other != self._source.name:
                package = self._portal.show(found["id"])
                if package and package.get("state") == "active" and package.get("id"):
                    return package
        return None

    def is_nearer_than_us(self, twin: Mapping[str, Any]) -> bool:
        """Tell whether the source of a twin has the record; among equals who came first has it."""
        theirs = self._priorities.get(str(twin.get("harvest_source")), DEFAULT_PRIORITY)
        return theirs >= self._source.priority


def reference(source: str, address: str) -> str:
    """Return how a record says that a further source has it."""
    return f"{source}: {address}"


def with_reference(package: Mapping[str, Any], added: str, removed: str = "") -> list[str]:
    """Return a record's references with one more, and without one of the owner's own."""
    known = [one for one in package.get("harvest_also") or [] if not one.startswith(f"{removed}: ")]
    return known if added in known else [*known, added]
