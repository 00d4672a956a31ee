"""Licences in the free texts of German geodata: constraints, fees, conditions of use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

_DE = "http://dcat-ap.de/def/licenses/"
_CC = "https://creativecommons.org/"
_GERMAN_NAMES = {"namensnennung": "by", "zero": "zero"}

# Name of a licence in a text, and its address; \1, \2 are the groups.
_KNOWN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), address)
    for pattern, address in (
        (r"govdata\.de/dl-de/(by-nc|by|zero)-(\d)-(\d)", _DE + r"dl-\1-de/\2.\3"),
        (r"\bdl-de[-/ ](by-nc|by|zero)[-/ ](\d)[.-](\d)", _DE + r"dl-\1-de/\2.\3"),
        (r"\bdl-(by-nc|by|zero)-de[/ -](\d)[._](\d)", _DE + r"dl-\1-de/\2.\3"),
        (r"Datenlizenz\W{1,3}Deutschland\W{1,5}(Namensnennung|Zero)\W{1,5}(?:Version\W{1,3})?"
         r"(\d)\.(\d)", _DE + r"dl-\1-de/\2.\3"),
        (r"creativecommons\.org/licenses/(by(?:-nc|-sa|-nd)*)/(\d\.\d)/de\b",
         _CC + r"licenses/\1/\2/de/"),
        (r"creativecommons\.org/licenses/(by(?:-nc|-sa|-nd)*)/(\d\.\d)", _CC + r"licenses/\1/\2/"),
        (r"creativecommons\.org/publicdomain/(zero|mark)/1\.0", _CC + r"publicdomain/\1/1.0/"),
        (r"\bCC[ -](BY(?:-NC|-SA|-ND)*)[ /-](\d\.\d)", _CC + r"licenses/\1/\2/"),
        (r"\bCC[ -]?(?:0|Zero)\b", _CC + "publicdomain/zero/1.0/"),
        (r"\bgeonutz(?:-be)?[/-](\d{8})", _DE + r"geonutz/\1"),
        (r"\bGeoNutzV\b|gesetze-im-internet\.de/geonutzv", _DE + "geonutz/20130319"),
        (r"opendatacommons\.org/licenses/odbl|\bODbL\b",
         "https://opendatacommons.org/licenses/odbl/1.0/"),
    )
)  # fmt: skip
_NOTHING = re.compile(
    r"(?i)^\W*(none|keine?|n/?a|unbekannt|unknown|no ?conditions ?apply.{0,60}|no ?limitations?"
    r"|es gelten keine \w{0,30}|there are no .{0,60}|kostenfrei|kostenlos|free)?\W*$"
)
_OBJECT = re.compile(r"\{[^{}]{1,4000}\}")
_IN_OBJECT = re.compile(
    r"[\"“”„](id|url|name|quelle)[\"“”„]\s{0,9}:\s{0,9}[\"“”„]([^\"“”„]{1,500})"
)
_OWN_WORDS = 200  # a text up to this length may stand as the licence itself


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be done with data: an address or words of a licence, whom to name, all texts.

    ``free`` is what says that there are no terms ("keine"), which is no licence.
    """

    licence: str = ""
    attribution: str = ""
    rights: str = ""
    free: str = ""

    def apply(self, resources: Iterable[dict[str, object]]) -> None:
        """Write them into distributions, where DCAT has them."""
        for resource in resources:
            resource["license"] = self.licence
            resource["rights"] = self.rights
            resource["license_attribution_by_text"] = self.attribution


def read_terms(texts: Iterable[str], *, own_words: Iterable[str] = ()) -> Terms:
    """Terms from ``texts``.

    The JSON of GeoBund (``{"id": "dl-by-de/2.0", "quelle": …}``) goes before an address or name
    of a licence in a text; a short one of ``own_words`` is taken as it is if nothing else is there.
    """
    said_texts = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    kept = [text for text in said_texts if not _says_nothing(text)]
    licence = attribution = ""
    for text in kept:
        said = _json(text)
        licence = licence or _of_json(said)
        attribution = attribution or said.get("quelle", "")
    for text in kept:
        licence = licence or licence_in(text)
    for text in own_words:
        if not licence and not _says_nothing(text) and len(text) <= _OWN_WORDS:
            licence = re.sub(r"(?i)^nutzungsbedingungen:\s*", "", text.strip())
    rights = "\n\n".join(text for text in kept if not _is_json(text) and text != licence)
    free = "; ".join(text for text in said_texts if text not in kept)
    return Terms(licence, attribution, rights, free)


def licence_in(text: str) -> str:
    """The address of a licence that ``text`` names, or nothing.

    >>> licence_in("Datenlizenz Deutschland – Namensnennung – Version 2.0")
    'http://dcat-ap.de/def/licenses/dl-by-de/2.0'
    """
    for pattern, address in _KNOWN:
        if match := pattern.search(text):
            groups = [_GERMAN_NAMES.get(part.lower(), part.lower()) for part in match.groups()]
            for number, part in enumerate(groups, 1):
                address = address.replace(f"\\{number}", part)
            return address
    return ""


def _says_nothing(text: str) -> bool:
    return len(text) <= _OWN_WORDS and bool(_NOTHING.match(" ".join(text.split())))


def _of_json(said: dict[str, str]) -> str:
    identifier, url = said.get("id", ""), said.get("url", "")
    if known := licence_in(identifier) or licence_in(url):
        return known
    if re.fullmatch(r"[\w.-]+/[\w.-]+", identifier):
        return _DE + identifier
    return identifier or url or said.get("name", "")


def _json(text: str) -> dict[str, str]:
    """The JSON object in ``text``, also one with a typist's quotation marks."""
    for match in _OBJECT.finditer(text):
        try:
            data = json.loads(match[0])
        except ValueError:
            data = dict(_IN_OBJECT.findall(match[0]))
        if said := {str(k): str(v).strip() for k, v in data.items() if k in _NAMES and v}:
            return said
    return {}


_NAMES = frozenset({"id", "url", "name", "quelle"})


def _is_json(text: str) -> bool:
    return bool(_OBJECT.fullmatch(text)) and bool(_json(text))
