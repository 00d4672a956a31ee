"""How large a record is, without writing it down."""

from __future__ import annotations

from typing import Any

#: Characters of a record's fields. Real ones stay below one million, with the outline of a state.
MOST = 10_000_000


def too_large(value: Any, most: int = MOST) -> bool:
    """Whether the texts in ``value`` (mappings, lists, texts) have more than ``most`` characters.

    What is nested counts a little too, so that millions of empty lists are not small. Things of any
    other kind have no weight.
    """
    weight, pending = 0, [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str | bytes):
            weight += len(item)
        elif isinstance(item, dict):
            weight += 8 * len(item)
            pending += item.keys()
            pending += item.values()
        elif isinstance(item, list | tuple):
            weight += 8 * len(item)
            pending += item
        if weight > most:
            return True
    return False
