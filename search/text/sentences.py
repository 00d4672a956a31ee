"""Sentences of a German or English text."""

from __future__ import annotations

import re

#: A full stop behind a word, a year or a bracket; not "am 1. Januar", "z. B.", "Nr. 5".
_END = re.compile(
    r"(?:(?<=[^\W\d_]{2}[.!?…])|(?<=\d{4}[.!?])|(?<=[)“\"][.!?]))\s+(?=[A-ZÄÖÜ„»(\"])|\n+"
)
#: Short words with a full stop that does not end a sentence.
_SHORTENED = re.compile(
    r"\b(?:Nr|Abs|Art|Bd|bzw|ca|Dr|etc|evtl|ff|gem|ggf|Hr|inkl|Kap|Mio|Mrd|Prof|rd|sog|St|Str|Tel|"
    r"usw|vgl|zzgl|zB|Mr|Mrs|No|vs)\.$",
    re.IGNORECASE,
)


def split(text: str) -> list[str]:
    """Return a text's sentences, each on one line; empty ones are left out."""
    found: list[str] = []
    for piece in _END.split(text):
        sentence = " ".join(piece.split())
        if not sentence:
            continue
        if found and _SHORTENED.search(found[-1]):
            found[-1] = f"{found[-1]} {sentence}"
        else:
            found.append(sentence)
    return found
