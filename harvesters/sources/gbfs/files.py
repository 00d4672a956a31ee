"""The files of GBFS 1.x, 2.x and 3.x: what differs between the versions is settled here."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urljoin

from harvesters.errors import SourceError

_LANGUAGES = ("de", "en")  # in the order of preference
_FEEDS = 50  # of one system; GBFS knows some fifteen


def parse(content: bytes, where: str) -> dict[str, Any]:
    """A GBFS file. Raises SourceError, one line, when it is none."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        page = content.lstrip()[:1] == b"<"
        what = "is a web page or XML, not JSON" if page else f"is no JSON: {error}"
        raise SourceError(f"{where} {what}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("data"), dict):
        raise SourceError(f"{where} is no GBFS file: it has no object `data`.")
    return document


def version(document: dict[str, Any]) -> str:
    """The version that a file says it has; files before 1.1 say nothing."""
    text = str(document.get("version") or "1.0").strip()
    return text if re.fullmatch(r"[\w.-]{1,20}", text) else "1.0"


def text(value: Any) -> str:
    """A text, of which version 3 has one for each language."""
    if isinstance(value, list):
        found: dict[str, str] = {}
        for item in value:
            if isinstance(item, dict) and str(item.get("text") or "").strip():
                language = str(item.get("language") or "").lower().split("-")[0]
                found.setdefault(language, str(item["text"]).strip())
        return _preferred(found) or ""
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value).strip() if plain else ""


def _preferred(found: dict[str, Any]) -> Any:
    """What is there in German, else in English, else in any language."""
    for language in _LANGUAGES:
        if language in found:
            return found[language]
    return next(iter(found.values()), None)


def items(document: dict[str, Any], *keys: str) -> list[dict[str, Any]]:
    """The objects of the first list in ``data`` that is there under one of ``keys``."""
    for key in keys:
        value = document["data"].get(key)
        if isinstance(value, list):
            return [item for item in value if isinstance(item, dict)]
    return []


def feeds(document: dict[str, Any], base: str) -> tuple[dict[str, str], list[str]]:
    """The addresses of a system's files by name, and the languages that it has them in.

    Up to version 2 there is a list for each language, from version 3 on a single one.
    """
    data = document["data"]
    languages: list[str] = []
    found = data.get("feeds")
    if not isinstance(found, list):
        lists = {
            str(language).lower().split("-")[0]: value["feeds"]
            for language, value in data.items()
            if isinstance(value, dict) and isinstance(value.get("feeds"), list)
        }
        languages = list(lists)
        found = _preferred(lists)
    addresses: dict[str, str] = {}
    for feed in found or []:
        if isinstance(feed, dict) and feed.get("name") and feed.get("url"):
            try:
                address = urljoin(base, str(feed["url"]).strip())
            except ValueError:  # a bracket where an IPv6 address would be
                continue
            if len(addresses) < _FEEDS:
                addresses.setdefault(str(feed["name"]), address)
    return addresses, languages


def is_manifest(document: dict[str, Any]) -> bool:
    """Whether the file lists systems (manifest.json) rather than the files of one."""
    return isinstance(document["data"].get("datasets"), list)


def newest(dataset: dict[str, Any], base: str) -> str:
    """The address of a manifest's system in its newest version; releases before candidates."""
    found = []
    for entry in dataset.get("versions") or []:
        if isinstance(entry, dict) and entry.get("url"):
            word = str(entry.get("version") or "")
            numbers = [int(number) for number in re.findall(r"\d{1,4}", word.split("-")[0])]
            found.append(("-" not in word, numbers, str(entry["url"])))
    try:
        return urljoin(base, max(found)[2]) if found else ""
    except ValueError:
        return ""
