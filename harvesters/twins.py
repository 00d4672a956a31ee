"""The same dataset through several sources: one record, owned by the nearer source.

A district's dataset comes a second time through the state's catalogue. Both name it by the same
address (``dct:identifier`` and titles are not unique across sources, a URI is). The source with the
higher priority owns the record; the others are kept in it as references.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        for found in self._found([record.uri]):
            package = self._portal.show(found["id"])
            if package and package.get("state") == "active" and package.get("id"):
                return package
        return None

    def addresses(self, records: Sequence[Record]) -> set[str]:
        """Return which of the addresses (URIs) of ``records`` another source seems to have."""
        return {str(found.get("uri")) for found in self._found([one.uri for one in records])}

    def _found(self, addresses: Sequence[str]) -> list[dict[str, Any]]:
        """Records of other sources with one of ``addresses``, as the index has them."""
        asked = [one for one in addresses if one.startswith(("http://", "https://"))]
        if not asked:
            return []
        wanted = " OR ".join(
            '"' + one.replace("\\", "\\\\").replace('"', '\\"') + '"' for one in asked
        )
        query = {
            "q": "*:*",
            "fq": f"uri:{wanted}" if len(asked) == 1 else f"uri:({wanted})",
            "fl": "id,uri,harvest_source",
            "rows": 10 * len(asked),
            "include_private": True,
        }
        found = self._portal.call("package_search", query)["results"]
        return [
            one
            for one in found
            if one.get("harvest_source") and one["harvest_source"] != self._source.name
        ]

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
