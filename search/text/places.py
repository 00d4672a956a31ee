"""Places that are parts of others: who asks for a village also means its town, and the other way.

Read from the operator's ``config/organisations.yaml``: each organisation's ``short`` name, the
municipalities that belong to it (``parts``) and the villages of each (``localities``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from search.text import german
from search.text.synonyms import Other, Tokens

#: What a record of the town counts for its village, and one of a village for its union.
_WHOLE, _PART = 0.6, 0.5


#: The words of a place's name, folded, without those of no topic.
Name: TypeAlias = tuple[str, ...]


class Places:
    """The names of places and what lies in what.

    They are compared as they are written, but for umlauts and a genitive's "-s": by its stem, the
    village Burgen would be any castle.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Read an operator's list of organisations; without one no word is a place."""
        self._others: dict[Name, dict[Tokens, float]] = defaultdict(dict)
        if path is not None and path.exists():
            for organisation in yaml.safe_load(path.read_text("utf-8")) or ():
                self._add(organisation)
        self._last = {name[-1] for name in self._others}

    def _add(self, organisation: dict[str, Any]) -> None:
        if organisation.get("kind") == "landkreis":
            return  # everything lies in it
        whole = str(organisation.get("short") or organisation.get("title") or "")
        if not _name(whole):
            return
        self._others.setdefault(_name(whole), {})
        listed = (organisation.get(name) or () for name in ("parts", "localities"))
        for part in (str(part) for parts in listed for part in parts):
            if _name(part) and _name(part) != _name(whole):
                self._others[_name(part)][_tokens(whole)] = _WHOLE
                self._others[_name(whole)][_tokens(part)] = _PART

    def __contains__(self, name: str) -> bool:
        return self.holds(german.words(name))

    def holds(self, words: Sequence[str]) -> bool:
        """Tell whether lower-case words are a place's name."""
        return self._known(words) is not None

    def of(self, name: str) -> tuple[Other, ...]:
        """Return where else to look for what is in a place."""
        found = self._others.get(self._known(german.words(name)) or (), {})
        return tuple(Other(other, trust) for other, trust in found.items())

    def _known(self, words: Sequence[str]) -> Name | None:
        # Most words end no place's name, and each question asks for many.
        for ending in _endings(words[-1]) if words else ():
            if ending in self._last:
                topics = [word for word in words[:-1] if word not in german.STOP_WORDS]
                name = (*map(german.fold, topics), ending)
                if name in self._others:
                    return name
        return None


@lru_cache(maxsize=50_000)
def _endings(word: str) -> tuple[str, ...]:
    """Return a word folded, and what it would be without a genitive's "-s"."""
    folded = german.fold(word)
    return (folded, folded[:-1]) if folded.endswith("s") else (folded,)


def _name(text: str) -> Name:
    return tuple(map(german.fold, german.asked_words(text)))


def _tokens(text: str) -> Tokens:
    return tuple(german.asked_tokens(text))
