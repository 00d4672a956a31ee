"""Words whose forms the stemmer does not know: agents, feminines, plurals in "-s", Latin ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from search import encoder
from search.text import german
from search.training.dictionary import (
    MEANINGS_APART,
    NOUN,
    inflections,
    read_endings,
    read_words,
)

#: Hunspell flags of verbs.
_VERB = frozenset("DIXY")
#: Endings behind which the stemmer leaves an "s" ("Kitas", "Tipps").
_BEFORE_S = ("a", "i", "o", "u", "y", "p", "w", "c")
#: Endings of which a plural has "-en" in their place ("Museum", "Museen").
_LATIN = ("um", "us", "a", "o", "on", "is")
_REGULAR_APART = 0.3
"""The same of a noun and its regular plural."""


@dataclass
class Forms:
    """Words whose forms the stemmer does not know, in lower case.

    ``agents`` end in "-er", which is a part of them ("Bürger", not "Kinder" nor "alter");
    ``feminines`` are what stands before their "-in" ("Ärzt", "Kund"); ``short`` take an "s" that
    the stemmer leaves ("Auto", "Tipp"). ``others``: form → token ("Kurse", "freies", "Museen").
    """

    agents: set[str] = field(default_factory=set)
    feminines: set[str] = field(default_factory=set)
    short: set[str] = field(default_factory=set)
    others: dict[str, str] = field(default_factory=dict)


def find_forms(folder: Path, listed: set[str], model: encoder.Encoder) -> Forms:
    """Read from the dictionary's inflections which words are of which kind.

    ``listed``: further nouns, those of the thesaurus.
    """
    rules = read_endings(folder)
    entries = [
        entry
        for entry in read_words(folder)
        if not {"d", "h"} & set(entry[1]) and entry[0].isalpha()
    ]
    nouns = {word for word, _, capital in entries if capital}
    # What has no inflection but the dative's "-n" may be another entry's plural ("Papiere").
    single = {word for word, flags, capital in entries if capital and (NOUN - {"N"}) & set(flags)}
    in_s = {word for word in nouns | listed if word.endswith("s")}
    apart = find_apart({word for word in in_s if word[:-1] in nouns | listed}, "s", model)
    verbs = {word for word, flags, capital in entries if not capital and _VERB & set(flags)}
    found = Forms()
    genitives: set[str] = set()
    no_genitive: set[str] = set()
    groups: list[tuple[str, set[str]]] = []
    inflected: set[str] = set()
    for word, flags, capital in entries:
        if not capital and "A" in flags:
            forms = inflections(word, "A", rules)
            inflected |= forms
            # "Alter" and "Freier" are nouns too, but more often this.
            groups.append((word, {form for form in forms if form.endswith("er")} | forms - nouns))
    adjectives = set(inflected)
    for word, flags, capital in entries:
        if not capital:
            continue
        if word.endswith("er") and len(word) > 4:
            # S: a genitive, as no plural has ("Räder" is an entry of its own).
            if "S" in flags:
                found.agents.add(word)
            # "Kammer": without one, it is feminine or a plural.
            elif "N" in flags and german.fold(word) == word:
                no_genitive.add(word)
        if "F" in flags:
            forms = inflections(word, "F", rules)
            found.feminines |= {form.removesuffix("in") for form in forms if form.endswith("in")}
        if "S" in flags:
            genitives.add(word)
        inflected |= inflections(word, flags, rules) - {word}
        if not (word in verbs or word in adjectives or word.endswith("ieren") or "J" in flags):
            # "Main" is no dative of "Mai".
            left_out = {"F"} if len(word) > 3 or word.endswith("e") else {"F", "N"}
            kept = "".join(sorted(NOUN & set(flags) - left_out))
            groups.append((word, inflections(word, kept, rules) - single - (apart - {word})))
    # "Bretter" are of "Brett".
    plurals = {word for word in no_genitive if word.removesuffix("er") in nouns}
    found.agents |= no_genitive - (plurals - find_apart(plurals, "er", model))
    found.agents -= inflected
    # "Mütter" are of "Mutter", "Gläser" not of "Glaser" but of "Glas".
    for word in nouns:
        plain = german.fold(word)
        if plain != word and plain in found.agents and plain.removesuffix("er") not in nouns:
            found.agents.add(word)
    found.feminines = {word for word in found.feminines if len(word) > 2}
    for word in genitives | listed:
        if word.endswith(_BEFORE_S) and len(word) > 2 and f"{word}s" not in apart:
            found.short.add(word)
    found.others = _apart(groups, found.agents, found.short)
    plurals = {word for word, _, _ in read_words(folder)} | inflected
    for plural, word in find_latin(nouns | listed, plurals - verbs - adjectives, model):
        found.others[plural] = german.fold(word)
        found.others.setdefault(word, german.fold(word))
    return found


def find_apart(words: set[str], ending: str, model: encoder.Encoder) -> set[str]:
    """Return the words that are another one and an ending but no form of it: "Mais" and "Mai"."""
    found = sorted(words)
    bases = [word.removesuffix(ending) for word in found]
    cosines = (model.passages(found) * model.passages(bases)).sum(axis=1)
    return {word for word, cosine in zip(found, cosines, strict=True) if cosine < MEANINGS_APART}


def find_latin(
    nouns: set[str], plurals: set[str], model: encoder.Encoder
) -> Iterator[tuple[str, str]]:
    """Yield the plurals that have an ending in place of another: "Museen", with "Museum".

    Not "Ballen", "Rosen" and "Daten": they are something else than "Ballon", "Rosa" and "Datum".
    """
    candidates = [
        (f"{word.removesuffix(ending)}en", word, rank)
        for word in nouns
        for rank, ending in enumerate(_LATIN, 1)
        if word.endswith(ending) and len(word) > len(ending) + 2
    ]
    candidates += [(f"{word.removesuffix('e')}en", word, 0) for word in nouns if len(word) > 2]
    irregular = {plural for plural, _, rank in candidates if rank} & plurals
    asked = sorted(one for one in candidates if one[0] in irregular)
    of_plural = model.passages([plural for plural, _, _ in asked])
    cosines = (of_plural * model.passages([word for _, word, _ in asked])).sum(axis=1)
    found: dict[str, tuple[int, str]] = {}
    for (plural, word, rank), cosine in zip(asked, cosines, strict=True):
        # "Kassen" are of "Kasse" though "Kassa" is as near.
        if cosine >= (MEANINGS_APART if rank else _REGULAR_APART):
            found[plural] = min(found.get(plural, (rank, word)), (rank, word))
    for plural, (rank, word) in sorted(found.items()):
        if rank:
            yield plural, word


def _apart(
    groups: Iterable[tuple[str, set[str]]], agents: set[str], short: set[str]
) -> dict[str, str]:
    """Return form → token of those words that the stemmer takes for several.

    Left out are ``short``, which are recognised otherwise, and what is a form of several words.
    """

    def token(form: str) -> str:
        known = {form, form.removesuffix("n"), form.removesuffix("s")} & agents
        return german.fold(min(known)) if known else german.stem(form)

    tokens: dict[str, set[str]] = defaultdict(set)
    for word, forms in groups:
        if word not in short and len({token(form) for form in {word, *forms}}) > 1:
            for form in {word, *forms}:
                tokens[form].add(german.fold(word))
    return {form: one for form, found in tokens.items() if len(found) == 1 for one in found}
