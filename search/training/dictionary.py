"""The spelling dictionary igerman98: words, inflections, what can be part of a compound."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

#: What is cut from a word, what is added, and where (a pattern of its end).
Rule: TypeAlias = tuple[str, str, re.Pattern[str]]
#: Hunspell flags of igerman98: inflections of nouns, and of anything else.
NOUN, OTHER = frozenset("SNPETFpRq"), frozenset("AIXYDJWCO")
MEANINGS_APART = 0.39
"""Least cosine of two nouns of one synonym set where either has other meanings too, and of a noun
and what may be its plural."""


def read_words(folder: Path) -> Iterator[tuple[str, str, bool]]:
    """Yield each entry of the dictionary: word in lower case, its flags, is it capitalised."""
    for line in (folder / "de_DE.dic").read_text("utf-8").splitlines():
        if line and not line.startswith("\t"):
            word, _, flags = line.partition("/")
            yield word.lower(), flags.split()[0] if flags else "", word[0].isupper()


def read_endings(folder: Path) -> dict[str, list[Rule]]:
    """Return each flag's rules."""
    rules: dict[str, list[Rule]] = defaultdict(list)
    for line in (folder / "de_DE.aff").read_text("utf-8").splitlines():
        parts = line.split()
        if len(parts) < 5 or parts[0] != "SFX" or "-" in parts[3] or parts[1] == "j":
            continue
        cut, added = ("" if part == "0" else part.split("/")[0] for part in parts[2:4])
        rules[parts[1]].append((cut, added, re.compile(f"(?:{parts[4]})$")))
    return rules


def inflections(word: str, flags: str, rules: Mapping[str, list[Rule]]) -> set[str]:
    """Return a word in all forms that its flags stand for, its own among them."""
    found = {word}
    for flag in flags:
        for cut, added, where in rules.get(flag, ()):
            if where.search(word) and word.endswith(cut):
                found.add(word[: len(word) - len(cut)] + added)
    return found


def build_parts(folder: Path) -> tuple[set[str], set[str], set[str], set[str]]:
    """Return heads, modifiers, all nouns and all words, inflected, in lower case."""
    rules = read_endings(folder)
    heads: set[str] = set()
    modifiers: set[str] = set()
    nouns: set[str] = set()
    words: set[str] = set()
    for word, flags, capital in read_words(folder):
        marks = frozenset(flags)
        if "d" in marks or not word.isalpha():
            continue
        # k, and i with j: may begin a compound, in this very form ("abstimmungs").
        if "k" in marks or {"i", "j"} <= marks:
            modifiers.add(word)
        # o and z: may end one. Only nouns: "weit" and "führen" make no names of things.
        if {"o", "z"} <= marks and marks & NOUN and not marks & OTHER:
            heads |= inflections(word, flags, rules)
        if "h" not in marks and "o" not in marks:
            words |= inflections(word, flags, rules)
            if capital:
                nouns |= inflections(word, flags, rules)
    return heads, modifiers, nouns, words
