"""German analysis, in one place: the same for records and for queries.

A text becomes a list of tokens: NFKC, lower case, words and numbers, umlauts folded so that
``Ämter``, ``Aemter`` and ``amter`` meet, Snowball's German stem. Compound splitting, synonyms and
abbreviations join here (they have an issue of their own).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
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
_WRITTEN_OUT = re.compile(r"ae|oe|(?<![aeiouq])ue(?!ll(?:e[mnrs]?)?$)")
_MAX_WORD = 120

#: Words that carry no topic. Only questions are rid of them (records keep every word), and only
#: while a word with a topic remains.
STOP_WORDS = frozenset((Path(__file__).parent / "stopwords.txt").read_text("utf-8").split())


def normalise(text: str) -> str:
    """Return the text in NFKC and lower case (``ß`` stays, umlauts stay)."""
    return unicodedata.normalize("NFKC", text).lower()


def words(text: str) -> list[str]:
    """Split a text into its lower-case words and numbers, unstemmed."""
    return [word[:_MAX_WORD] for word in _WORD.findall(normalise(text))]


@lru_cache(maxsize=200_000)
def token(word: str) -> str:
    """Return the index token of one lower-case word."""
    # Stem first: Snowball's German rules know umlauts and treat them as vowels of their own.
    stems = _STEMMER.analyze(word)
    return fold(stems[0] if stems else word)


def fold(word: str) -> str:
    """Fold umlauts, however they are written, and other accents into plain letters."""
    word = _WRITTEN_OUT.sub(lambda match: match.group()[0], word.translate(_FOLD))
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def tokens(text: str) -> list[str]:
    """Return the index tokens of a text, in order."""
    return [token(word) for word in words(text)]


def is_topic(word: str) -> bool:
    """Tell whether a word of a question carries a topic."""
    found = words(word)
    return bool(found) and any(part not in STOP_WORDS for part in found)
