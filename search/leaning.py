"""The vector of a question to the catalogue: what it says, and towards what its form leans.

A mean of words knows no order. Two things of a question's form say more than its words do: what
follows a colon is what is wanted, and what stands before it only where ("Abfallwirtschaft:
Container"); and a question word asks for a kind of record ("Wann" for dates, "Wo" for places).
Both are added to the question's own vector, as far as ``docs/relevance.md`` shows that it helps.
"""

from __future__ import annotations

import re

import numpy as np

from search import ranking
from search.encoder import Encoder
from search.text import german, headings
from search.vectors.base import Vector

#: Question words, and what records that answer them are called; the first that fits counts.
_KINDS = tuple(
    (re.compile(rf"\b(?:{asked})\b", re.IGNORECASE), kind)
    for asked, kind in (
        (r"wie ?viele?|wie (?:hoch|oft|groß)|how (?:many|much|often)", "Anzahl Statistik Zahlen"),
        (r"wann|when", "Termine Kalender Öffnungszeiten"),
        (r"wo|wohin|where", "Standorte Adressen Verzeichnis"),
        (r"wer|wen|wem|who", "Ansprechpartner Zuständigkeit Mitglieder"),
    )
)


def vector(model: Encoder, text: str) -> Vector:
    """Return the unit vector of a question, shape ``(dimension,)``; zeros if it says nothing."""
    asked = model.query(text)
    if not asked.any():
        return asked
    context, meant = headings.split(text)
    if context:
        asked = asked + ranking.BEHIND_COLON * model.query(meant)
    kind = kind_of(text)
    if kind:
        asked = asked + ranking.KIND / len(german.asked_words(text)) * model.query(kind)
    return asked / np.linalg.norm(asked)


def kind_of(text: str) -> str:
    """Return what records are called that answer a short question of this form, else nothing."""
    if not german.is_topic(text) or len(german.asked_words(text)) > ranking.KIND_WORDS:
        return ""
    return next((kind for asked, kind in _KINDS if asked.search(text)), "")
