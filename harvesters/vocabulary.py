"""The operator's own words: licences, organisations and hubs of ``config/``."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harvesters.errors import ConfigError
from harvesters.model import Organisation
from harvesters.text import slug


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What names of other catalogues mean here."""

    licences: Mapping[str, str] = field(default_factory=dict)  # folded URI, id or alias: id
    organisations: Mapping[str, Organisation] = field(default_factory=dict)  # folded key: it
    hubs_by_theme: Mapping[str, frozenset[str]] = field(default_factory=dict)  # EU code: names
    hubs_by_keyword: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def digest(self) -> str:
        """A hash of all of it: records may be read otherwise once it changes."""
        told = {
            "licences": dict(self.licences),
            "organisations": {
                key: [one.name, one.title] for key, one in self.organisations.items()
            },
            "themes": {key: sorted(hubs) for key, hubs in self.hubs_by_theme.items()},
            "keywords": {key: sorted(hubs) for key, hubs in self.hubs_by_keyword.items()},
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def licence(self, value: str) -> str:
        """The CKAN licence id for a licence's URI, id or title, or nothing when not known."""
        return self.licences.get(_fold_licence(value), "")

    def organisation(self, *keys: str) -> Organisation | None:
        """The configured organisation that one of ``keys`` (URIs, names, titles) stands for."""
        found = (self.organisations.get(_fold(key)) for key in keys if key)
        return next((organisation for organisation in found if organisation), None)

    def hubs(self, themes: Iterable[str], keywords: Iterable[str]) -> list[str]:
        """Names of the CKAN groups for a record with these theme URIs and keywords."""
        names: set[str] = set()
        for theme in themes:
            names |= self.hubs_by_theme.get(theme.rsplit("/", 1)[-1], frozenset())
        for keyword in keywords:
            names |= self.hubs_by_keyword.get(keyword.casefold().strip(), frozenset())
        return sorted(names)


def load(config: Path) -> Vocabulary:
    """Read ``licenses.json``, ``organisations.yaml`` and ``hubs.yaml`` of the folder ``config``.

    A missing file is an empty list. Raises ConfigError with the file's name.
    """
    by_theme, by_keyword = _hubs(_read(config / "hubs.yaml"))
    return Vocabulary(
        licences=_licences(_read(config / "licenses.json")),
        organisations=_organisations(_read(config / "organisations.yaml")),
        hubs_by_theme=by_theme,
        hubs_by_keyword=by_keyword,
    )


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        data = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(data or [], list) or not all(isinstance(item, dict) for item in data or []):
        raise ConfigError(f"{path} must be a list of entries.")
    return data or []


def _fold(value: str) -> str:
    value = re.sub(r"^https?://(www\.)?", "", value.strip().casefold())
    return " ".join(value.rstrip("/").split())


def _fold_licence(value: str) -> str:
    # Variants seen in the wild: …/dl-by-de/2_0, https for http, "deed.de" at the end.
    value = re.sub(r"(?<=/)(\d)_(\d)$", r"\1.\2", value.strip().rstrip("/"))
    return re.sub(r"/(deed|legalcode)(\.\w+)?$", "", _fold(value))


def _licences(entries: list[dict[str, Any]]) -> dict[str, str]:
    out: dict[str, str] = {}
    # Aliases last: a licence's own names win over another's alias.
    for keys in (("url", "id"), ("title", "title_en"), ("aliases",)):
        for entry in entries:
            for key in keys:
                value = entry.get(key) or []
                for name in [value] if isinstance(value, str) else value:
                    out.setdefault(_fold_licence(name), entry["id"])
    return out


def _organisations(entries: list[dict[str, Any]]) -> dict[str, Organisation]:
    out: dict[str, Organisation] = {}
    for keys in (("name", "uri"), ("title",), ("homepage", "short")):
        for entry in entries:
            about = entry.get("description") or ""
            organisation = Organisation(
                name=entry["name"],
                title=entry.get("title", ""),
                description=about.get("de", "") if isinstance(about, dict) else about,
            )
            for key in keys:
                if value := entry.get(key):
                    out.setdefault(_fold(value), organisation)
    return out


def _hubs(
    entries: list[dict[str, Any]],
) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    by_theme: dict[str, frozenset[str]] = {}
    by_keyword: dict[str, frozenset[str]] = {}
    for entry in entries:
        hub = frozenset({entry["name"]})
        for theme in entry.get("themes") or []:
            by_theme[theme] = by_theme.get(theme, frozenset()) | hub
        for keyword in entry.get("keywords") or []:
            folded = str(keyword).casefold()
            by_keyword[folded] = by_keyword.get(folded, frozenset()) | hub
    return by_theme, by_keyword


def named_after(*titles: str) -> Organisation:
    """An organisation for records whose publisher nobody configured: the first usable title."""
    for title in titles:
        if name := slug(title):
            return Organisation(name=name, title=title.strip())
    return Organisation(name="unbekannt", title="Unbekannt")
