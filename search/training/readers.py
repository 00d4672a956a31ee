"""Readers of word lists and message catalogues: raw sources in, :class:`Pair` out."""

from __future__ import annotations

import json
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from search.training.pairs import Pair

_ANNOTATION = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]|\([^()]*\)|/[^/;|]{1,20}/")
_ABBREVIATIONS = (
    (re.compile(r"\betw\."), "etwas"), (re.compile(r"\bjdn\."), "jemanden"),
    (re.compile(r"\bjdm\."), "jemandem"), (re.compile(r"\bjds\."), "jemandes"),
    (re.compile(r"\bjd\."), "jemand"), (re.compile(r"\bsth\."), "something"),
    (re.compile(r"\bsb\."), "somebody"), (re.compile(r"\bsb\.'s"), "somebody's"),
)  # fmt: skip
_MAX_ALTERNATIVES = 3


def _alternatives(segment: str) -> list[str]:
    segment = _ANNOTATION.sub(" ", segment)
    for abbreviation, full in _ABBREVIATIONS:
        segment = abbreviation.sub(full, segment)
    return [word for part in segment.split(";") if (word := " ".join(part.split()))]


def read_dictionary(path: Path) -> Iterator[Pair]:
    """Read a Ding dictionary: ``de1; de2 | de3 :: en1; en2 | en3`` (``|`` parts correspond).

    Each German alternative becomes a pair with up to three English ones, joined by " ; ", so
    that the target is the meaning they share and not one word's other meanings.
    """
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#") or "::" not in line:
                continue
            german, english = line.split("::", 1)
            for left, right in zip(german.split("|"), english.split("|"), strict=False):
                meaning = " ; ".join(_alternatives(right)[:_MAX_ALTERNATIVES])
                for word in _alternatives(left):
                    yield Pair(word, meaning, "dictionary")


def read_mo(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (message, translation) of a compiled gettext catalogue, contexts cut off.

    Of a plural message both forms come. Raises ``ValueError`` where the file is no catalogue.
    """
    data = path.read_bytes()
    if len(data) < 20:
        raise ValueError(f"{path} is too short for a gettext catalogue")
    order = {0x950412DE: "<", 0xDE120495: ">"}.get(struct.unpack("<I", data[:4])[0])
    if order is None:
        raise ValueError(f"{path} is no gettext catalogue")
    count, originals, translations = struct.unpack(f"{order}3I", data[8:20])
    for number in range(count):
        texts = []
        for table in (originals, translations):
            length, offset = struct.unpack_from(f"{order}2I", data, table + 8 * number)
            texts.append(data[offset : offset + length].decode("utf-8", "replace"))
        message = texts[0].rsplit("\x04", 1)[-1]
        if message:
            yield from zip(message.split("\0"), texts[1].split("\0"), strict=False)


def read_catalogues(tree: Path) -> Iterator[Pair]:
    """Read every German gettext catalogue below *tree*; names of the world are their own group."""
    for path in sorted(tree.rglob("de/LC_MESSAGES/*.mo")):
        group = "names" if path.name.startswith("iso_") else "catalogues"
        for message, translation in read_mo(path):
            # KDE catalogues carry translators' credits and key names, which are no translations.
            if message not in ("Your names", "Your emails") and "@" not in message:
                yield Pair(translation, message, group)


def read_json_messages(tree: Path) -> Iterator[Pair]:
    """Read the message files ``i18n/**/de.json`` beside ``en.json`` (MediaWiki) below *tree*."""
    for german_path in sorted(tree.rglob("i18n/**/de.json")):
        english_path = german_path.with_name("en.json")
        if not english_path.exists():
            continue
        german = json.loads(german_path.read_text("utf-8"))
        english = json.loads(english_path.read_text("utf-8"))
        for key in sorted(german.keys() & english.keys()):
            if isinstance(german[key], str) and isinstance(english[key], str):
                yield Pair(german[key], english[key], "catalogues")


def _josm_strings(path: Path) -> list[str | None]:
    """Read the singular strings of a JOSM language file; ``None``: not translated."""
    data, position = path.read_bytes(), 0
    strings: list[str | None] = []
    while position + 2 <= len(data):
        (length,) = struct.unpack_from(">H", data, position)
        position += 2
        if length == 0xFFFF:  # the plural section starts
            break
        if length in (0, 0xFFFE):  # untranslated, or the same as in English
            strings.append(None)
            continue
        strings.append(data[position : position + length].decode("utf-8"))
        position += length
    return strings


def read_josm(tree: Path) -> Iterator[Pair]:
    """Read the map editor's texts, which name places and amenities as OpenStreetMap does."""
    folder = tree / "usr/share/josm/data"
    if (folder / "de.lang").exists():
        both = zip(
            _josm_strings(folder / "de.lang"), _josm_strings(folder / "en.lang"), strict=False
        )
        for german, english in both:
            if german and english:
                yield Pair(german, english, "catalogues")


def read_descriptions(lists: Path) -> Iterator[Pair]:
    """Read Debian package descriptions from apt's lists: the first line, then each paragraph.

    Paragraphs are paired only where both languages have equally many.
    """
    for german_path in sorted(lists.glob("*Translation-de")):
        english_path = Path(str(german_path).removesuffix("de") + "en")
        if not english_path.exists():
            continue
        english = dict(_stanzas(english_path))
        for key, german in _stanzas(german_path):
            other = english.get(key, [])
            if len(other) == len(german):
                yield from (Pair(g, e, "descriptions") for g, e in zip(german, other, strict=True))


def _stanzas(path: Path) -> Iterator[tuple[str, list[str]]]:
    for stanza in path.read_text("utf-8").split("\n\n"):
        key = re.search(r"^Description-md5: (\w+)", stanza, re.MULTILINE)
        text = re.search(r"^Description-(?:de|en): (.*(?:\n .*)*)", stanza, re.MULTILINE)
        if key and text:
            title, *body = text[1].split("\n")
            paragraphs = re.split(r"\n \.\n", "\n".join(body))
            yield key[1], [title, *(" ".join(p.split()) for p in paragraphs if p.strip())]


def _leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text of a JSON tree with its path; lists of texts are joined."""
    if isinstance(node, dict):
        for key in node:
            yield from _leaves(node[key], (*path, key))
    elif isinstance(node, list):
        yield path, ", ".join(part for part in node if isinstance(part, str))
    elif isinstance(node, str):
        yield path, node


def read_cldr(tree: Path) -> Iterator[Pair]:
    """Read names of languages, countries, units and signs that CLDR has in both languages."""
    for german_path in sorted(tree.glob("cldr-*/*/de/*.json")):
        english_path = german_path.parent.parent / "en" / german_path.name
        if not english_path.exists():
            continue
        english = {
            tuple("de" if key == "en" else key for key in path): text
            for path, text in _leaves(json.loads(english_path.read_text("utf-8")))
        }
        for path, text in _leaves(json.loads(german_path.read_text("utf-8"))):
            if path in english:
                yield Pair(text, english[path], "names")


def _terms(preset: dict[str, Any]) -> list[str]:
    """Return the search terms: one text with commas, or, in older editions, a list."""
    terms = preset.get("terms", "")
    parts = terms.split(",") if isinstance(terms, str) else terms
    return [term.strip() for term in parts if term.strip()]


def read_presets(folder: Path) -> Iterator[Pair]:
    """Read OpenStreetMap tagging presets from ``de.json`` and ``en.json`` in *folder*.

    Besides the names, each German search term is paired with the English name, and all terms of
    a kind with one another: "Bürgeramt" and "Stadtrat" lead to what a town hall is.
    """
    german, english = (
        json.loads((folder / f"{language}.json").read_text("utf-8"))[language]["presets"]
        for language in ("de", "en")
    )
    for key, preset in german["presets"].items():
        other = english["presets"].get(key, {})
        if "name" not in other or "name" not in preset:
            continue
        terms, other_terms = _terms(preset), _terms(other)
        yield Pair(preset["name"], other["name"], "presets")
        if terms:
            yield Pair(
                ", ".join([preset["name"], *terms[:8]]),
                ", ".join([other["name"], *other_terms[:8]]),
                "presets",
            )
        yield from (Pair(term, other["name"], "presets") for term in terms)
    fields = dict(_leaves(english["fields"]))
    for path, text in _leaves(german["fields"]):
        if path in fields:
            yield Pair(text, fields[path], "presets")


def read_tatoeba(path: Path) -> Iterator[Pair]:
    """Read the zipped, tab-separated sentences of Tatoeba: English, then German."""
    with zipfile.ZipFile(path) as packed, packed.open("deu.txt") as lines:
        for line in lines:
            columns = line.decode("utf-8").rstrip("\n").split("\t")
            if len(columns) >= 2:
                yield Pair(columns[1], columns[0], "tatoeba")


def read_stw(path: Path) -> Iterator[Pair]:
    """Read the thesaurus for economics: each German term with up to three English ones."""
    for concept in json.loads(path.read_text("utf-8")):
        if concept["en"]:
            meaning = " ; ".join(concept["en"][:_MAX_ALTERNATIVES])
            yield from (Pair(term, meaning, "stw") for term in concept["de"])


def read_places(path: Path) -> Iterator[Pair]:
    """Read the names of the district and its members: each name is its own translation.

    Without them a name falls into rubble that means something else ("ander|nach", "may|en").
    Short names are left out, as some are words as well ("Acht").
    """
    facts = json.loads(path.read_text("utf-8"))
    places = [*facts["kreis"], *facts["gemeindeverbaende"], *facts["datenguide"].values()]
    for name in sorted({place["name"].split(",")[0].strip() for place in places}):
        if len(name) >= 5:
            yield Pair(name, name, "places")
            yield Pair(f"in {name}, Deutschland", f"in {name}, Germany", "places")
