"""Letters as they were meant: NFC, ligatures, soft hyphens, words broken at a line's end."""

from __future__ import annotations

import re
import unicodedata

_LIGATURES = {
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl",
    "\ufb05": "st", "\ufb06": "st",
}  # fmt: skip
_BULLETS = dict.fromkeys("\uf0b7\uf0a7\uf0d8\uf0fc\uf02d●▪▫‣⁃", "•")
_SPACES = dict.fromkeys("\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008", " ")
_SPACES |= dict.fromkeys("\u2009\u200a\u202f\u205f\u3000\t\x0b\x0c\r", " ")
# Hyphens that look like "-"; the soft hyphen and letters without width go.
_MAP = str.maketrans(
    _LIGATURES
    | _BULLETS
    | _SPACES
    | {"\u2010": "-", "\u2011": "-", "\u00ad": "", "\u200b": "", "\u200c": "", "\u2060": ""}
    | {"\ufeff": "", "\u200e": "", "\u200f": ""}
)
#: Control characters, lone surrogates, letters for private use, noncharacters.
_CONTROL = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
_RUNS = re.compile(r" {2,}")
#: Dots to a page's number, lines to write on.
_LEADERS = re.compile(r"(?:\s?[.·]){5,}|_{4,}")

#: After these a hyphen at a line's end belongs to the word: "Energie- und Wasserversorgung".
_JOINERS_TEXT = """
    und oder sowie bzw bis noch als wie an auf in bei mit zu von and or to
"""
_JOINERS = frozenset(_JOINERS_TEXT.split())
_BROKEN_END = re.compile(r"(\w+)-$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")


def clean(text: str) -> str:
    """One line of text without anything that is not meant to be read; newlines stay."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_MAP)
    text = _CONTROL.sub("", text.replace("\t", " ").replace("\r", " "))
    if "...." in text or ". . ." in text or "__" in text:
        text = _LEADERS.sub(" … ", text)
    return _RUNS.sub(" ", text).strip(" ")


def join_lines(lines: list[str]) -> str:
    """Lines of one paragraph to one line; words that were broken at a line's end are whole again.

    "Abfall-" and "wirtschaft" become Abfallwirtschaft; "Energie-" and "und" stay apart, and
    "Rhein-" before "Mosel" keeps its hyphen.
    """
    joined = ""
    for line in lines:
        line = line.strip()
        if not line:
            continue
        joined = _join(joined, line) if joined else line
    return joined


def _join(before: str, line: str) -> str:
    if before.endswith("\u00ad"):  # a soft hyphen that was printed is always a broken word
        return before[:-1] + line
    broken = _BROKEN_END.search(before)
    if not broken:
        return f"{before}{'' if before.endswith('/') else ' '}{line}"
    first = _FIRST_WORD.match(line)
    if first is None:  # "A-" and "61": "B9-Ausbau" breaks after its hyphen
        return f"{before}{line}" if line[0].isdigit() else f"{before} {line}"
    word = first[0]
    if word.casefold() in _JOINERS and word[0].islower():
        return f"{before} {line}"
    if word[0].islower() and broken[1][-1].isalpha():
        return before[:-1] + line
    # Before a capital the hyphen belongs to the name: "Mayen-" "Koblenz"; inside capitals it
    # was only a break: "BESCHLUSS-" "VORLAGE".
    if broken[1].isupper() and len(broken[1]) > 3 and word.isupper() and len(word) > 3:
        return before[:-1] + line
    return before + line


def letters_share(text: str) -> float:
    """The share of letters and digits that are those of a language, 0 to 1; 1 for no text.

    Fonts without a table of letters give codes of their own: such a page was not read.
    """
    seen = [letter for letter in text if not letter.isspace()]
    if not seen:
        return 1.0
    bad = sum(
        1 for letter in seen
        if letter == "\ufffd" or unicodedata.category(letter) in ("Cc", "Co", "Cn", "Cs")
    )  # fmt: skip
    return 1.0 - bad / len(seen)
