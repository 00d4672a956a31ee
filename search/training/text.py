"""The one normalisation that training, the shipped tokenizer and the tests share.

The shipped ``tokenizer.json`` carries the same steps as a normaliser
(:func:`search.training.tokenizer.build_tokenizer`), so that every reader of the model applies them.
"""

from __future__ import annotations

import html
import re
import unicodedata

_NOT_ALPHANUMERIC = re.compile(r"[^\w]|_")
_SPACES = re.compile(r"\s+")
_TAG = re.compile(r"<[^<>]{1,200}>")
_PLACEHOLDER = re.compile(
    r"%\(\w+\)[sdif]|%\d*\$?[-+0 ]?\d*(?:\.\d+)?l{0,2}[sdifuxcgeqQ](?![A-Za-zÄÖÜäöü])|%[0-9L]\d?"
    r"|\$\{?\w+\}?|\{\{[^{}]*\}\}|\{[^{}]{0,40}\}|\[\[|\]\]|'{2,3}|\\[ntr]"
)


def normalise(text: str) -> str:
    """Return *text* as the tokenizer sees it: NFKC, lower case, ``ß`` as ``ss``, words by spaces.

    >>> normalise("Straßen-Café Nr. 7")
    'strassen café nr 7'
    """
    folded = unicodedata.normalize("NFKC", text).lower().replace("ß", "ss")
    return " ".join(_NOT_ALPHANUMERIC.sub(" ", folded).split())


def plain(text: str) -> str:
    """Return *text* without markup: tags, entities, placeholders and keyboard accelerators go.

    >>> plain("<b>&amp;Datei</b> %s \\n öffnen")
    'Datei öffnen'
    """
    text = html.unescape(_TAG.sub(" ", html.unescape(text)))
    text = _PLACEHOLDER.sub(" ", text)
    # An accelerator sits before or inside a word ("_Datei", "&Öffnen"); a lone "&" means "and".
    text = re.sub(r"[_&~](?=\w)", "", text)
    return _SPACES.sub(" ", text).strip()
