"""Words that are no compounds though they look like one, or mean nothing of their parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from search import encoder
from search.text import compounds, german
from search.training.dictionary import MEANINGS_APART

#: Endings of words that the dictionary also knows as nouns ("Ration", "Ende", "Losen").
_SUFFIXES = compounds.listed(
    """
    ard bar ben ellen elle en ende enden ent enten er ern eur gen haft heit in innen ion
    ionen keit lich ling los mal male ration rationen ren rich rinne rinnen rung schaft
    schaften tische nische nischen ung ungen weise
    """
)
#: Heads of three letters that compounds do end with; others are mostly chance.
_SHORT_HEADS = compounds.listed(
    """
    amt arm arzt art bad bau bus eis fee gas hof hut not öle ort rad rat rehe see tag tal
    tee tor tür uhr wal weg zug zoo
    """
)
#: Compounds that mean nothing of their parts any more, or never were any.
OPAQUE = compounds.listed(
    """
    maßnahme maßnahmen massnahme massnahmen garderobe garderoben zeitschrift zeitschriften
    schwerpunkt schwerpunkte schwerpunkten hauptstadt hauptstädte grundlage grundlagen
    """
)
#: Nouns that end so begin a compound with an "s" behind ("Nutzungsplan").
_LINKED = ("ung", "heit", "keit", "schaft", "tät", "ion", "ling")
_UMLAUTS = str.maketrans("aou", "äöü")
_OPAQUE_BELOW, _OPAQUE_HEAD_BELOW = 0.12, 0.25
"""Cosines of a compound and of the nearest of its parts, below which it means none of them; and of
its head, if there also is a verb of it ("Haushalt, haushalten": the verb was not put together)."""
_SHORT_APART = 0.15
"""Cosine of a noun and its parts below which a short part is chance."""


def usable_heads(heads: Iterable[str], nouns: Iterable[str]) -> set[str]:
    """Return what a compound may end with."""
    return {
        head
        for head in {*heads, *nouns}
        if head.isalpha()
        # Without its umlaut, "Schäften" ends what "-schaften" does.
        and not {head, german.fold(head)} & _SUFFIXES
        and head not in german.STOP_WORDS
        and (len(head) > 3 or head in _SHORT_HEADS)
    }


def find_unusual(heads: set[str]) -> set[str]:
    """Return the heads that hardly begin a compound in their form.

    The dative of a noun whose plural has an umlaut ("Stande", not "Stände"), and what needs an "s"
    behind ("Nutzung").
    """
    found = {head for head in heads if head.endswith(_LINKED)}
    for head in heads:
        if head.endswith("e") and len(head) > 3:
            vowel = re.search(r"[aou](?=[^aouäöü]*$)|a(?=u[^aouäöü]*$)", head)
            if vowel and _with_umlaut(head, vowel) in heads:
                found.add(head)
    return found


def _with_umlaut(word: str, vowel: re.Match[str]) -> str:
    return word[: vowel.start()] + vowel.group().translate(_UMLAUTS) + word[vowel.end() :]


def find_opaque(
    parts: tuple[set[str], set[str], set[str], set[str]],
    nouns: set[str],
    verbs: set[str],
    model: encoder.Encoder,
) -> set[str]:
    """Return the nouns that read as two parts and mean neither: "Schildkröte", "Haushalt".

    ``parts``: what a splitter is made of. What can be read in two ways is left as it is: the model
    tells the meanings of parts that may be the wrong ones.
    """
    splitter = compounds.Splitter(*parts)
    splits = {noun: two for noun in sorted(nouns) if len(two := splitter.split(noun)) == 2}
    whole, modifier, head = (
        model.passages(words)
        for words in (
            list(splits),
            [first for first, _ in splits.values()],
            [last for _, last in splits.values()],
        )
    )
    to_modifier, to_head = (whole * modifier).sum(axis=1), (whole * head).sum(axis=1)
    found = set()
    for noun, one, other in zip(splits, to_modifier, to_head, strict=True):
        verb = {f"{noun}en", f"{noun}n"} & verbs
        far = max(one, other) < _OPAQUE_BELOW or (verb and other < _OPAQUE_HEAD_BELOW)
        if far and not _reads_otherwise(noun, splits[noun][1], parts):
            found.add(noun)
    return found


def _reads_otherwise(
    noun: str, head: str, parts: tuple[set[str], set[str], set[str], set[str]]
) -> bool:
    heads, *others = parts
    return bool(compounds.Splitter(heads - {head}, *others).split(noun))


def find_atoms(
    splitter: compounds.Splitter,
    modifiers: set[str],
    nouns: set[str],
    words: set[str],
    listed: set[str],
    model: encoder.Encoder,
) -> set[str]:
    """Return the words that could be split but are no compounds.

    Verbs and adjectives are left whole ("verbrennen" is no "verb" and "rennen"), nouns of which a
    part is so short that it is more likely chance ("Walnuss", "Neurose"), and forms of a noun that
    is none itself ("Ministern" is no "mini" and "Stern"). ``listed``: the nouns of the thesaurus.
    """
    splits = {word: found for word in words | nouns | listed if (found := splitter.split(word))}
    whole = {german.token(word) for word in nouns - splits.keys() if len(word) > 5}
    named = nouns | listed
    by_chance = find_chance(
        {word: splits[word] for word in splits.keys() & named}, modifiers, model
    )
    return {
        word
        for word in splits
        if word not in named or word in by_chance or german.token(word) in whole
    } | OPAQUE


def find_robbed(
    splitter: compounds.Splitter,
    folded: compounds.Splitter,
    known: set[str],
    model: encoder.Encoder,
) -> set[str]:
    """Return the words that are a compound only if they were robbed of umlauts, and were not.

    "Torturen" are no "Tor" and "Türen". What means one of its parts is a compound all the same.
    """
    splits = {
        word: read
        for word in sorted(known)
        if word.isascii() and not splitter.split(word) and (read := folded.split(word))
    }
    found = set()
    for (word, parts), vector in zip(splits.items(), model.passages(list(splits)), strict=True):
        if (model.passages(parts) @ vector).max() < MEANINGS_APART:
            found.add(word)
    return found


def find_chance(
    splits: Mapping[str, tuple[str, ...]], modifiers: set[str], model: encoder.Encoder
) -> set[str]:
    """Return the nouns that have a short part and mean nothing of it.

    Of a part that is marked as a modifier the noun may mean any other part instead.
    """
    found = {word for word, parts in splits.items() if not _is_solid(parts[-1])}
    short = [word for word in sorted(splits) if any(len(part) < 4 for part in splits[word][:-1])]
    for word, vector in zip(short, model.passages(short), strict=True):
        parts = splits[word]
        cosines = dict(zip(parts, model.passages(parts) @ vector, strict=True))
        for part in parts[:-1]:
            nearest = max(cosines.values()) if part in modifiers else cosines[part]
            if len(part) < 4 and nearest < _SHORT_APART:
                found.add(word)
    return found


def _is_solid(part: str) -> bool:
    return len(part) > 3 or part in _SHORT_HEADS
