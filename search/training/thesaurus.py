"""Other names for the same: OpenThesaurus, and what OpenStreetMap calls things."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from search import encoder
from search.text import german, synonyms
from search.training.dictionary import MEANINGS_APART

_MOST_KINDS = 12
"""Of names that one search term of OpenStreetMap stands for, and the other way round."""
MOST_SYNONYMS = 6
"""Of one noun, the nearest: each costs time in every question that has the noun."""


def read_synonyms(path: Path) -> set[frozenset[str]]:
    """Return OpenThesaurus' sets of nouns of one word, broader and narrower terms left out."""
    sets = set()
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("-|"):
            continue
        nouns = set()
        for term in line[2:].split("|"):
            if "begriff)" in term or "(Antonym" in term or "(Assoziation" in term:
                continue
            bare = re.sub(r"\([^)]*\)", "", term).strip()
            if bare[:1].isupper() and len(bare) > 2 and bare.replace("-", "").isalpha():
                nouns.add(bare.lower())
        if len(nouns) > 1:
            sets.add(frozenset(nouns))
    return sets


def sort_synonyms(sets: set[frozenset[str]], model: encoder.Encoder) -> dict[str, list[str]]:
    """Return noun → nouns that mean the same, nearest first.

    A word with one meaning has all of its set. Of one with several ("Müll", the thing or the
    mole's regional name) the embedding model says which the others are near to.
    """
    senses: dict[str, int] = defaultdict(int)
    for nouns in sets:
        for noun in nouns:
            senses[noun] += 1
    known = sorted(senses)
    place = {noun: number for number, noun in enumerate(known)}
    vectors = model.passages(known)
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for nouns in sets:
        for one in nouns:
            for other in nouns - {one}:
                cosine = float(vectors[place[one]] @ vectors[place[other]])
                plain = senses[one] == 1 and senses[other] <= 2
                if cosine >= MEANINGS_APART or plain:
                    found[one][other] = cosine
    return {
        noun: sorted(others, key=lambda other: (-others[other], other))[:MOST_SYNONYMS]
        for noun, others in found.items()
    }


def read_presets(folder: Path) -> dict[str, set[str]]:
    """Return what OpenStreetMap calls a place or thing → what people look for it by, and back.

    Words that stand for many kinds ("Gebäude") are left out, and so are longer descriptions.
    """
    kinds = json.loads((folder / "de.json").read_text("utf-8"))["de"]["presets"]["presets"]
    found: dict[str, set[str]] = defaultdict(set)
    for kind in kinds.values():
        name = str(kind.get("name", ""))
        listed = f"{kind.get('aliases') or ''},{kind.get('terms') or ''}"
        for term in re.split(r"\s*[,\n]\s*", listed):
            if 0 < len(german.words(name)) <= 2 and 0 < len(german.words(term)) <= 2:
                found[name].add(term)
                found[term].add(name)
    return {name: others for name, others in found.items() if len(others) <= _MOST_KINDS}


def as_lines(
    names: Mapping[str, Iterable[str]], twins: set[str], most: int | None = None
) -> Iterator[str]:
    """Yield one line for each name, as tokens: "token+token:token token+token".

    Read in a tenth of the time. Of ``twins`` there also is a line with a mark of how each is
    written (``synonyms.spelling``). ``most``: of the others that are written.
    """
    lines: dict[str, dict[str, None]] = defaultdict(dict)
    for name, others in sorted(names.items()):
        left = "+".join(german.tokens(name))
        keys = [left, synonyms.spelling(name)] if german.normalise(name) in twins else [left]
        for right in ("+".join(german.tokens(other)) for other in others):
            if left and right and left != right:
                for key in keys:
                    lines[key].setdefault(right)
    for left, rights in lines.items():
        yield f"{left}:{' '.join(list(rights)[:most])}"


def find_twins(names: Iterable[str]) -> set[str]:
    """Return the words, in lower case, that differ from another by their umlauts alone."""
    written: dict[str, set[str]] = defaultdict(set)
    for name in map(german.normalise, names):
        if len(german.words(name)) == 1:
            written[german.fold(name)].add(name)
    return {name for several in written.values() if len(several) > 1 for name in several}
