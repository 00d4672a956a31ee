"""Other words for the same: for each word or group of words what else to look for, and how far.

Four sources, the nearer one trusted more: the operator's ``config/synonyms.txt``, the short forms
of German offices that ship (``lexicon/abbreviations.txt``), a thesaurus of German nouns, and what
OpenStreetMap's places are looked for by (``synonyms`` and ``presets``, made by
``search.training.lexicon``).
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from search.text import compounds, german

Tokens: TypeAlias = tuple[str, ...]

#: What a hit by another word counts beside one by the word itself.
OPERATOR, SHIPPED, THESAURUS, PRESETS = 0.9, 0.9, 0.5, 0.3
#: The longest name of something that is looked up as one, in words.
LONGEST = 4
#: Marks of tokens: of words with umlauts, and of the same words without ("Müll", "Mull").
_WITH, _WITHOUT = "^", "-"
#: Of one word: each costs time in every question that has it.
_MOST = 12


@dataclass(frozen=True)
class Other:
    """Another name: its index tokens, all of which must be met, and its trust (0 to 1)."""

    tokens: Tokens
    trust: float


class SynonymError(ValueError):
    """A line of an operator's file cannot be read; the message says which."""


class Synonyms:
    """What else is called the same."""

    def __init__(self, own: Path | None = None) -> None:
        """Read what ships and, if it exists, an operator's file.

        :raises SynonymError: when that file or a line of it cannot be read.
        """
        self._others: dict[Tokens, dict[Tokens, float]] = defaultdict(dict)
        shipped = (compounds.LEXICON / "abbreviations.txt").read_text("utf-8").splitlines()
        self._add_lines(shipped, SHIPPED)
        if own is not None and own.exists():
            try:
                lines = own.read_text("utf-8").splitlines()
            except UnicodeDecodeError as error:
                raise SynonymError(f"{own} is not UTF-8: {error}") from None
            self._add_lines(lines, OPERATOR, own)

    def of(self, tokens: Tokens, written: str = "") -> tuple[Other, ...]:
        """Return the other names of one name, the most trusted first.

        ``written``: the name as it was asked. With it, what ships tells words apart that differ by
        their umlauts alone: "Müll" is not "Mull", though their token is the same.
        """
        found = dict(self._others.get(tokens, ()))
        for name, trust in (("synonyms", THESAURUS), ("presets", PRESETS)):
            for other in _shipped(name, tokens, written):
                found.setdefault(other, trust)
        ranked = sorted(found.items(), key=lambda item: -item[1])
        return tuple(Other(other, trust) for other, trust in ranked[:_MOST])

    def is_name(self, tokens: Tokens) -> bool:
        """Tell whether several words side by side are one name that has others."""
        return tokens in self._others or tokens in _listed("presets")

    def add(self, name: str, others: Iterable[str], trust: float) -> None:
        """Let a name also be looked for by others."""
        tokens = tuple(german.asked_tokens(name))
        for other in others:
            alternative = tuple(german.tokens(other))
            if tokens and alternative and alternative != tokens:
                known = self._others[tokens].get(alternative, 0.0)
                self._others[tokens][alternative] = max(known, trust)

    def _add_lines(self, lines: Sequence[str], trust: float, path: Path | None = None) -> None:
        for number, line in enumerate(lines, 1):
            bare = line.partition("#")[0].strip()
            if not bare:
                continue
            left, mark, right = bare.partition("=")
            names = _names(left)
            others = _names(right.removeprefix(">"))
            if not names or (mark and not others) or (not mark and len(names) < 2):
                raise SynonymError(
                    f"{path or 'synonyms'}, line {number}: '{bare[:60]}' is neither "
                    "'word, other word' nor 'word = what else to look for'"
                )
            for name in names:
                self.add(name, [*others, *(same for same in names if same != name)], trust)


def spelling(word: str) -> str:
    """Return a word's token with a mark that says whether it is written with umlauts."""
    word = german.normalise(word)
    umlauts = not word.isascii() or any(pair in word for pair in ("ae", "oe", "ue"))
    return f"{german.token(word)}{_WITH if umlauts else _WITHOUT}"


def _shipped(name: str, tokens: Tokens, written: str) -> tuple[Tokens, ...]:
    """Return the other names that a list has for one, as far as it is written (``Synonyms.of``)."""
    listed = _listed(name)
    found = listed.get(tokens, ())
    if found and written and len(tokens) == 1 and tokens[0] in _twins(name):
        return listed.get((spelling(written),), ())
    return found


@lru_cache
def _twins(name: str) -> frozenset[str]:
    """Return the tokens of which a list has marked ones."""
    marked = (tokens[0] for tokens in _listed(name) if tokens[0].endswith((_WITH, _WITHOUT)))
    return frozenset(token[:-1] for token in marked)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@lru_cache
def _listed(name: str) -> dict[Tokens, tuple[Tokens, ...]]:
    """Return a list that ships, tokens → the tokens of other names."""
    text = gzip.decompress((compounds.LEXICON / f"{name}.txt.gz").read_bytes()).decode()
    found: dict[Tokens, tuple[Tokens, ...]] = {}
    for line in text.splitlines():
        left, _, others = line.partition(":")
        found[tuple(left.split("+"))] = tuple(tuple(one.split("+")) for one in others.split())
    return found
