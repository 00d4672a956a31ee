"""German analysis, in one place: the same for records and for queries.

A text becomes a list of tokens: NFKC, words broken at a line's end joined, gender forms to their
plain form, lower case, words and numbers, Snowball's German stem, umlauts folded so that
``Ämter``, ``Aemter`` and ``amter`` meet. Parts of compounds (``compounds``), words that mean the
same (``synonyms``) and places (``places``) join in the ranking of questions (``search.question``).
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import tantivy

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_STEM = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(
    tantivy.Filter.stemmer("german")
)
_STEMMER = _STEM.build()
_FOLD = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
# "ae", "oe", "ue" are umlauts written out, but not in "neue", "Steuer", "Bauer", "Aktuelles":
# "ue" after a vowel or q stays, and so does the ending of "aktuell".
_WRITTEN_OUT = re.compile(r"ae|oe|(?<![aeiouqäöü])ue(?!ll(?:e[mnrs]?)?$)")
_UMLAUTS = {"ae": "ä", "oe": "ö", "ue": "ü"}
#: Letters with accents, in lower case; umlauts and "ß" are letters of their own.
_ACCENTED = re.compile(r"[à-ãåç-õø-ûý-ɏ]")
#: What a noun with an "-s" behind it ends with, of those that the stemmer leaves.
_SHORT_PLURAL = tuple(f"{letter}s" for letter in "aiouypwcäöü")
#: Letters of a compound before a listed word, and of that.
_LEAST_BEFORE, _LEAST_LISTED = 3, 4
_MAX_WORD = 120
#: Characters of a text that is worth remembering.
_SHORT = 2_000
#: "Bürger:innen", "Bürger*innen", "Bürger/-innen", "Bürger(innen)", "BürgerInnen".
_GENDER = re.compile(r"(?<=[a-zäöüß]{3})(?:(?:[:*_·]|/-?|\()(?:innen|in)\b\)?|Innen\b)")
#: "Bürgerinnen", "Polizistin": who it is about is the same. Not "beginnen", "Termin", "Berlin".
_FEMININE = re.compile(r"(?<=er|or)innen$|(?<=ist|ent|ant|eur|log|nom)(?:innen|in)$|(?<=.{4}er)in$")
#: "Bürgerbeteili-\ngung", "Bürgerbeteili- gung"; not "Haupt- und Nebenstraße".
_BROKEN = re.compile(
    r"(?<=[^\W\d_]{2})(?:\u00ad|-\s+(?!(?:und|oder|bzw|sowie|bis|als|noch|u)\b)(?=[a-zäöüß]{2}))"
)

#: Between two tokens that stand side by side, in one term.
_BESIDE = "_"
# From a word's first letter: from each of them it would take a page of letters squared.
_HYPHENED = re.compile(r"(?<![^\W_])[^\W_]+(?:-[^\W_]+){1,3}")
#: A road, a room, a bus line: few letters and a number.
_NUMBERED = re.compile(r"\b[^\W\d_]{1,2}[ -]\d{1,4}\b")

#: Words that carry no topic. Only questions are rid of them (records keep every word), and only
#: while a word with a topic remains.
STOP_WORDS = frozenset((Path(__file__).parent / "stopwords.txt").read_text("utf-8").split())
#: "Tagesmütter und -väter": what is left out stands before, nothing is to be without it.
_LEFT_OUT = re.compile(r"((?:\b(?:und|oder|bzw\.?|sowie)|[,/&])\s*)-(?=[^\W\d_])")


def normalise(text: str) -> str:
    """Return the text in NFKC and lower case (``ß`` stays, umlauts stay)."""
    return unicodedata.normalize("NFKC", text).lower()


def words(text: str) -> list[str]:
    """Split a text into its lower-case words and numbers, unstemmed."""
    return list(_words(text) if len(text) <= _SHORT else _words.__wrapped__(text))


# A record's texts go into several columns: each is split once.
@lru_cache(maxsize=2_000)
def _words(text: str) -> tuple[str, ...]:
    return tuple(word[:_MAX_WORD] for word in _WORD.findall(normalise(mended(text))))


def mended(text: str) -> str:
    """Join words that a line's end broke, and take gender forms for the plain ones."""
    if "-" in text or "\u00ad" in text:
        text = _LEFT_OUT.sub(r"\1", _BROKEN.sub("", text))
    return _GENDER.sub("", text)


@lru_cache(maxsize=200_000)
def token(word: str) -> str:
    """Return the index token of one lower-case word."""
    if not word.isascii():
        word = _without_accents(word)
    if word.endswith(("in", "innen")):
        word = _masculine(word)
    if word.endswith(("er", "ern", "ers")):
        agent = _agent(word)
        if agent:
            return agent
    elif word.endswith(_SHORT_PLURAL) and _is_listed(fold(word[:-1]), _BEFORE_S):
        word = word[:-1]
    return _FORMS.get(word) or stem(word)


def stem(word: str) -> str:
    """Return what is left of a word by the stemmer's general rules, folded."""
    # Stem first: Snowball's German rules know umlauts and treat them as vowels of their own.
    stems = _STEMMER.analyze(word)
    return fold(stems[0] if stems else word)


def _masculine(word: str) -> str:
    """Return a noun without a feminine "-in" or "-innen"; other words as they are."""
    bare = with_umlauts(word[: -5 if word.endswith("innen") else -2])
    # "Ärzt-in": the masculine has no umlaut, or its token has none anyway.
    if _is_listed(bare, _BEFORE_IN_FOLDED if bare.isascii() else _BEFORE_IN):
        return fold(bare)
    return _FEMININE.sub("", word)


def with_umlauts(word: str) -> str:
    """Return a word with the umlauts that are written out in it."""
    return _WRITTEN_OUT.sub(lambda match: _UMLAUTS[match.group()], word) if "e" in word else word


def _is_listed(word: str, words: frozenset[str]) -> bool:
    """Tell whether a list has a word, or one that it ends with: "Elektroauto" as "Auto"."""
    ends = range(_LEAST_BEFORE, len(word) - (_LEAST_LISTED if word.isascii() else 3) + 1)
    return word in words or any(word[start:] in words for start in ends)


def _agent(word: str) -> str:
    """Return a listed noun in "-er" without its inflection, folded; else nothing.

    With umlauts, however they are written, it is another word than without: "Gläser" are not a
    "Glaser". Who leaves them out may mean either.
    """
    written = with_umlauts(word)
    agents = _AGENTS_FOLDED if written.isascii() else _AGENTS
    for ending in ("", "n", "s"):
        base = written.removesuffix(ending)
        if base in agents:
            return fold(base)
        # "Tagesmütter" are listed as "Tagesmutter" and "Mütter".
        if agents is _AGENTS and fold(base) in _AGENTS_FOLDED and _is_listed(base, _AGENTS):
            return fold(base)
    return ""


def _without_accents(word: str) -> str:
    """Return a word without accents; umlauts and ``ß`` stay. "Café" is written "Cafe" too."""
    if not _ACCENTED.search(word):
        return word
    return _ACCENTED.sub(lambda match: _unaccented(match.group()), word)


def _unaccented(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def fold(word: str) -> str:
    """Fold umlauts, however they are written, and other accents into plain letters."""
    if not word.isascii():
        word = word.translate(_FOLD)
    if "e" in word:
        word = _WRITTEN_OUT.sub(lambda match: match.group()[0], word)
    return word if word.isascii() else _unaccented(word)


def _listed(name: str) -> list[str]:
    path = Path(__file__).parent / f"lexicon/{name}.txt.gz"
    return gzip.decompress(path.read_bytes()).decode().split()


#: Words whose forms the stemmer does not know (see ``search.training.lexicon``): nouns in "-er"
#: that keep it, words before a feminine "-in", nouns that take an "-s" (folded), and forms with
#: their token.
_AGENTS, _BEFORE_IN = frozenset(_listed("agents")), frozenset(_listed("feminines"))
_AGENTS_FOLDED, _BEFORE_IN_FOLDED = (frozenset(map(fold, one)) for one in (_AGENTS, _BEFORE_IN))
_BEFORE_S = frozenset(map(fold, _listed("short")))
_FORMS = dict(line.split(":") for line in _listed("forms"))


def tokens(text: str) -> list[str]:
    """Return the index tokens of a text, in order."""
    return list(map(token, words(text)))


def pairs(of: Sequence[str]) -> list[str]:
    """Return one index term for each two tokens side by side."""
    return list(map(_BESIDE.join, pairwise(of)))


def joined(text: str) -> list[str]:
    """Return the tokens of what a text writes in pieces and others as one word.

    "Open-Data-Konzept", "B-Plan", "L 98": openDataKonzept, bplan, l98.
    """
    found = [match.group() for match in _HYPHENED.finditer(text)] if "-" in text else []
    found += [match.group() for match in _NUMBERED.finditer(text)]
    return [token(normalise(re.sub(r"[-\s]", "", piece))[:_MAX_WORD]) for piece in found]


def asked_words(name: str) -> list[str]:
    """Return a name's lower-case words as a question has them: without those of no topic."""
    found = words(name)
    return [word for word in found if word not in STOP_WORDS] or found


def asked_tokens(name: str) -> list[str]:
    """Return a name's tokens as a question has them: without the words of no topic."""
    return list(map(token, asked_words(name)))


def is_numbered(text: str) -> bool:
    """Tell whether a text is few letters and a number: "L 98" is one thing in two words."""
    return _NUMBERED.fullmatch(text) is not None


def is_topic(word: str) -> bool:
    """Tell whether a word of a question carries a topic."""
    found = words(word)
    return bool(found) and any(part not in STOP_WORDS for part in found)
