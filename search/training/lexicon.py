"""``python -m search.training.lexicon``: the words that the German analysis knows, from Debian.

Reads the spelling dictionary igerman98 (``hunspell-de-de``) and OpenThesaurus (``mythes-de``) and
writes ``search/text/lexicon/``: what can begin a compound, what can end one, which words are no
compounds though they look like one or mean nothing of their parts, which forms of nouns the stemmer
does not know, and which nouns mean the same.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from search import encoder
from search.text import compounds, german, synonyms
from search.training import sources

_log = logging.getLogger(__name__)

#: What is cut from a word, what is added, and where (a pattern of its end).
Rule: TypeAlias = tuple[str, str, re.Pattern[str]]

PACKAGES = ("hunspell-de-de", "mythes-de")

#: Hunspell flags of igerman98: inflections of nouns, and of anything else.
_NOUN, _OTHER = frozenset("SNPETFpRq"), frozenset("AIXYDJWCO")
#: And those of verbs.
_VERB = frozenset("DIXY")
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
_OPAQUE = compounds.listed(
    """
    maßnahme maßnahmen massnahme massnahmen garderobe garderoben zeitschrift zeitschriften
    schwerpunkt schwerpunkte schwerpunkten hauptstadt hauptstädte grundlage grundlagen
    """
)
#: Endings behind which the stemmer leaves an "s" ("Kitas", "Tipps").
_BEFORE_S = ("a", "i", "o", "u", "y", "p", "w", "c")
#: Endings of which a plural has "-en" in their place ("Museum", "Museen").
_LATIN = ("um", "us", "a", "o", "on", "is")
#: Nouns that end so begin a compound with an "s" behind ("Nutzungsplan").
_LINKED = ("ung", "heit", "keit", "schaft", "tät", "ion", "ling")
_UMLAUTS = str.maketrans("aou", "äöü")
_FORMS = ("s", "es", "e", "en", "n")
_OPAQUE_BELOW, _OPAQUE_HEAD_BELOW = 0.12, 0.25
"""Cosines of a compound and of the nearest of its parts, below which it means none of them; and of
its head, if there also is a verb of it ("Haushalt, haushalten": the verb was not put together)."""
_SHORT_APART = 0.15
"""Cosine of a noun and its parts below which a short part is chance."""
_MEANINGS_APART = 0.39
"""Least cosine of two nouns of one synonym set where either has other meanings too, and of a noun
and what may be its plural."""
_REGULAR_APART = 0.3
"""The same of a noun and its regular plural."""
_MOST_KINDS = 12
"""Of names that one search term of OpenStreetMap stands for, and the other way round."""
_MOST_SYNONYMS = 6
"""Of one noun, the nearest: each costs time in every question that has the noun."""


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


def _inflected(word: str, flags: str, rules: Mapping[str, list[Rule]]) -> set[str]:
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
        if {"o", "z"} <= marks and marks & _NOUN and not marks & _OTHER:
            heads |= _inflected(word, flags, rules)
        if "h" not in marks and "o" not in marks:
            words |= _inflected(word, flags, rules)
            if capital:
                nouns |= _inflected(word, flags, rules)
    return heads, modifiers, nouns, words


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
    single = {word for word, flags, capital in entries if capital and (_NOUN - {"N"}) & set(flags)}
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
            forms = _inflected(word, "A", rules)
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
            forms = _inflected(word, "F", rules)
            found.feminines |= {form.removesuffix("in") for form in forms if form.endswith("in")}
        if "S" in flags:
            genitives.add(word)
        inflected |= _inflected(word, flags, rules) - {word}
        if not (word in verbs or word in adjectives or word.endswith("ieren") or "J" in flags):
            # "Main" is no dative of "Mai".
            left_out = {"F"} if len(word) > 3 or word.endswith("e") else {"F", "N"}
            kept = "".join(sorted(_NOUN & set(flags) - left_out))
            groups.append((word, _inflected(word, kept, rules) - single - (apart - {word})))
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
    return {word for word, cosine in zip(found, cosines, strict=True) if cosine < _MEANINGS_APART}


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
        if cosine >= (_MEANINGS_APART if rank else _REGULAR_APART):
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
    } | _OPAQUE


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
        if (model.passages(parts) @ vector).max() < _MEANINGS_APART:
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
                if cosine >= _MEANINGS_APART or plain:
                    found[one][other] = cosine
    return {
        noun: sorted(others, key=lambda other: (-others[other], other))[:_MOST_SYNONYMS]
        for noun, others in found.items()
    }


def main(arguments: list[str] | None = None) -> int:
    """Build the lexicon; return 1 when a source cannot be fetched."""
    parser = argparse.ArgumentParser(prog="python -m search.training.lexicon", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for what is downloaded")
    parser.add_argument("--out", type=Path, default=compounds.LEXICON, help="where to write")
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        tree = sources.fetch_debian(asked.work, PACKAGES) / "usr/share"
    except sources.SourceError as error:
        _log.error("%s", error)
        return 1
    model = encoder.load()
    thesaurus = read_synonyms(tree / "mythes/th_de_DE_v2.dat")
    listed = {noun for nouns in thesaurus for noun in nouns if noun.isalpha()}
    heads, modifiers, nouns, words = build_parts(tree / "hunspell")
    heads = usable_heads(heads, nouns)
    modifiers = {word for word in modifiers if len(word) > 2 and word not in compounds.PARTICLES}
    unusual = find_unusual(heads)
    splitter = compounds.Splitter(heads, modifiers, (), unusual)
    atoms = find_atoms(splitter, modifiers, nouns, words, listed, model)
    folded = compounds.Splitter(
        *(map(german.fold, one) for one in (heads, modifiers, atoms, unusual))
    )
    atoms |= find_robbed(splitter, folded, nouns | listed | words, model)
    # Of a compound of three parts, a modifier of the dictionary is two ("haushalts").
    bases = {word.removesuffix("s") for word in modifiers if word.endswith("s")}
    opaque = find_opaque(
        (heads, modifiers, atoms, unusual),
        nouns | listed | bases,
        {word for word in words - nouns if word.endswith("n")},
        model,
    )
    opaque |= {noun + form for noun in opaque for form in _FORMS}
    asked.out.mkdir(parents=True, exist_ok=True)
    # What is whole is whole in longer words too: "Waldorfschule", "Privathaushalt".
    heads |= opaque | _OPAQUE | {word for word in atoms & listed if len(word) > 5}
    _write(asked.out / "heads.txt.gz", sorted(heads))
    _write(asked.out / "modifiers.txt.gz", sorted(modifiers))
    _write(asked.out / "unusual.txt.gz", sorted(unusual))
    _write(asked.out / "atoms.txt.gz", sorted(atoms | opaque))
    forms = find_forms(tree / "hunspell", listed, model)
    others = (f"{form}:{token}" for form, token in sorted(forms.others.items()))
    changed = [
        _write(asked.out / "agents.txt.gz", sorted(forms.agents)),
        _write(asked.out / "feminines.txt.gz", sorted(forms.feminines)),
        _write(asked.out / "short.txt.gz", sorted(forms.short)),
        _write(asked.out / "forms.txt.gz", others),
    ]
    same = sort_synonyms(thesaurus, model)
    single = {noun: others for noun, others in same.items() if len(german.words(noun)) == 1}
    presets = sources.fetch_npm(asked.work) / "id-tagging-schema/dist/translations"
    kinds = {name: sorted(others) for name, others in read_presets(presets).items()}
    twins = find_twins([*single, *kinds])
    _write(asked.out / "synonyms.txt.gz", _as_lines(single, twins, _MOST_SYNONYMS))
    _write(asked.out / "presets.txt.gz", _as_lines(kinds, twins))
    counts = (len(heads), len(modifiers), len(atoms | opaque), len(same))
    _log.info("%d heads, %d modifiers, %d atoms, synonyms of %d nouns", *counts)
    if any(changed):
        _log.warning("forms of words have changed, and with them the analysis: run this once more")
    return 0


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


def _as_lines(
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


def _write(path: Path, lines: Iterable[str]) -> bool:
    """Write a list; tell whether it is another than before."""
    # No time in the file: the same words are the same bytes.
    made = gzip.compress("".join(f"{line}\n" for line in lines).encode(), 9, mtime=0)
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes(made)
    return made != before


if __name__ == "__main__":
    sys.exit(main())
