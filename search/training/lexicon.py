"""``python -m search.training.lexicon``: the words that the German analysis knows, from Debian.

Reads the spelling dictionary igerman98 (``hunspell-de-de``) and OpenThesaurus (``mythes-de``) and
writes ``search/text/lexicon/``: what can begin a compound, what can end one, which words are no
compounds though they look like one, and which nouns mean the same.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from search import encoder
from search.text import compounds, german
from search.training import sources

_log = logging.getLogger(__name__)

PACKAGES = ("hunspell-de-de", "mythes-de")

#: Hunspell flags of igerman98: inflections of nouns, and of anything else.
_NOUN, _OTHER = frozenset("SNPETFpRq"), frozenset("AIXYDJWCO")
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
_MEANINGS_APART = 0.39
"""Least cosine of two nouns of one synonym set where either has other meanings too."""
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


def read_endings(folder: Path) -> dict[str, list[tuple[str, str, re.Pattern[str]]]]:
    """Return each flag's rules: what is cut, what is added, where (a pattern at the end)."""
    rules: dict[str, list[tuple[str, str, re.Pattern[str]]]] = defaultdict(list)
    for line in (folder / "de_DE.aff").read_text("utf-8").splitlines():
        parts = line.split()
        if len(parts) < 5 or parts[0] != "SFX" or "-" in parts[3] or parts[1] in "jq":
            continue
        cut, added = ("" if part == "0" else part.split("/")[0] for part in parts[2:4])
        rules[parts[1]].append((cut, added, re.compile(f"(?:{parts[4]})$")))
    return rules


def build_parts(folder: Path) -> tuple[set[str], set[str], set[str], set[str]]:
    """Return heads, modifiers, all nouns and all words, inflected, in lower case."""
    rules = read_endings(folder)

    def inflected(word: str, flags: str) -> set[str]:
        found = {word}
        for flag in flags:
            for cut, added, where in rules.get(flag, ()):
                if where.search(word) and word.endswith(cut):
                    found.add(word[: len(word) - len(cut)] + added)
        return found

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
            heads |= inflected(word, flags)
        if "h" not in marks and "o" not in marks:
            words |= inflected(word, flags)
            if capital:
                nouns |= inflected(word, flags)
    return heads, modifiers, nouns, words


def find_agents(folder: Path) -> set[str]:
    """Return the nouns in "-er" of which that is a part ("Bürger", not "Kinder"), folded.

    The stemmer cuts it, and without its umlaut "Bürger" would be "Burg".
    """
    rules = read_endings(folder)
    bases: set[str] = set()
    inflected: set[str] = set()
    for word, flags, capital in read_words(folder):
        if not capital or "d" in flags or "h" in flags or not word.isalpha():
            continue
        # S: they have a genitive, as no plural does ("Räder" is an entry of its own).
        if word.endswith("er") and len(word) > 4 and "S" in flags:
            bases.add(word)
        for flag in flags:
            for cut, added, where in rules.get(flag, ()):
                if added and where.search(word) and word.endswith(cut):
                    inflected.add(word[: len(word) - len(cut)] + added)
    return {german.fold(word) for word in bases - inflected}


def usable_heads(heads: Iterable[str], nouns: Iterable[str]) -> set[str]:
    """Return what a compound may end with."""
    return {
        head
        for head in {*heads, *nouns}
        if head.isalpha()
        and head not in _SUFFIXES
        and head not in german.STOP_WORDS
        and (len(head) > 3 or head in _SHORT_HEADS)
    }


def find_atoms(splitter: compounds.Splitter, nouns: set[str], words: set[str]) -> set[str]:
    """Return the words of the dictionary that could be split but are no compounds.

    Verbs and adjectives are left whole ("verbrennen" is no "verb" and "rennen"), nouns of which a
    part is so short that it is more likely chance, and forms of a noun that is none itself
    ("Ministern" is no "mini" and "Stern").
    """
    splits = {word: splitter.split(word) for word in words | nouns}
    simple = {german.token(noun) for noun in nouns if len(noun) > 5 and not splits[noun]}
    return {
        word
        for word, found in splits.items()
        if found
        and (word not in nouns or not all(map(_is_solid, found)) or german.token(word) in simple)
    } | _OPAQUE


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
    heads, modifiers, nouns, words = build_parts(tree / "hunspell")
    heads = usable_heads(heads, nouns)
    modifiers = {word for word in modifiers if len(word) > 2 and word not in compounds.PARTICLES}
    atoms = find_atoms(compounds.Splitter(heads, modifiers, ()), nouns, words)
    asked.out.mkdir(parents=True, exist_ok=True)
    _write(asked.out / "heads.txt.gz", sorted(heads))
    _write(asked.out / "modifiers.txt.gz", sorted(modifiers))
    _write(asked.out / "atoms.txt.gz", sorted(atoms))
    _write(asked.out / "agents.txt.gz", sorted(find_agents(tree / "hunspell")))
    same = sort_synonyms(read_synonyms(tree / "mythes/th_de_DE_v2.dat"), encoder.load())
    _write(asked.out / "synonyms.txt.gz", _as_tokens(same))
    presets = sources.fetch_npm(asked.work) / "id-tagging-schema/dist/translations"
    _write(asked.out / "presets.txt.gz", _as_lines(read_presets(presets)))
    counts = (len(heads), len(modifiers), len(atoms), len(same))
    _log.info("%d heads, %d modifiers, %d atoms, synonyms of %d nouns", *counts)
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


def _as_lines(names: dict[str, set[str]]) -> Iterator[str]:
    """Yield one line for each name of several tokens: "token+token:token token+token"."""
    lines: dict[str, dict[str, None]] = defaultdict(dict)
    for name, others in sorted(names.items()):
        left = "+".join(german.tokens(name))
        for other in sorted(others):
            right = "+".join(german.tokens(other))
            if left != right:
                lines[left].setdefault(right)
    for left, rights in lines.items():
        yield f"{left}:{' '.join(rights)}"


def _as_tokens(same: dict[str, list[str]]) -> Iterator[str]:
    """Yield one line for each token: "token: token token+token". Read in a tenth of the time."""
    lines: dict[str, dict[str, None]] = defaultdict(dict)
    for noun, others in sorted(same.items()):
        tokens = german.tokens(noun)
        if len(tokens) != 1:
            continue
        for other in others:
            alternative = "+".join(german.tokens(other))
            if alternative != tokens[0]:
                lines[tokens[0]].setdefault(alternative)
    for token, alternatives in lines.items():
        yield f"{token}:{' '.join(list(alternatives)[:_MOST_SYNONYMS])}"


def _write(path: Path, lines: Iterable[str]) -> None:
    # No time in the file: the same words are the same bytes.
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode(), 9, mtime=0))


if __name__ == "__main__":
    sys.exit(main())
