"""Places that are parts of others: who asks for a village also means its town, and the other way.

Read from the operator's ``config/organisations.yaml``: each organisation's ``short`` name, the
municipalities that belong to it (``parts``) and the villages of each (``localities``).
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from search.text import german
from search.text.synonyms import Other, Tokens

#: What a record of the town counts for its village, and one of a village for its union.
_WHOLE, _PART = 0.6, 0.5


class Places:
    """The names of places and what lies in what."""

    def __init__(self, path: Path | None = None) -> None:
        """Read an operator's list of organisations; without one no word is a place."""
        self._others: dict[Tokens, dict[Tokens, float]] = defaultdict(dict)
        if path is not None and path.exists():
            for organisation in yaml.safe_load(path.read_text("utf-8")) or ():
                self._add(organisation)

    def _add(self, organisation: dict[str, Any]) -> None:
        if organisation.get("kind") == "landkreis":
            return  # everything lies in it
        whole = _tokens(str(organisation.get("short") or organisation.get("title") or ""))
        if not whole:
            return
        self._others.setdefault(whole, {})
        listed = (organisation.get(name) or () for name in ("parts", "localities"))
        for part in (part for parts in listed for part in parts):
            tokens = _tokens(str(part))
            if tokens and tokens != whole:
                self._others[tokens][whole] = _WHOLE
                self._others[whole][tokens] = _PART

    def __contains__(self, tokens: Tokens) -> bool:
        return tokens in self._others

    def of(self, tokens: Tokens) -> tuple[Other, ...]:
        """Return where else to look for what is in a place."""
        found = self._others.get(tokens, {})
        return tuple(Other(other, trust) for other, trust in found.items())


def _tokens(name: str) -> Tokens:
    return tuple(german.asked_tokens(name))
