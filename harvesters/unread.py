"""Reading values with the promise that nothing unreadable is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from harvesters import dates, eu
from harvesters.localfiles import LOCAL_BASE, is_file_address
from harvesters.text import clean_email, clean_line, web_address

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_DANGEROUS = re.compile(r"(?i)^\s*(javascript|data|vbscript|file):")


def printable(value: Any) -> Any:
    """``value`` without control characters, at any depth; PostgreSQL and XML refuse them."""
    if isinstance(value, str):
        return _CONTROL.sub("", value)
    if isinstance(value, list):
        return [printable(item) for item in value]
    if isinstance(value, dict):
        return {_CONTROL.sub("", str(key)): printable(item) for key, item in value.items()}
    return value


class Unread:
    """Collects, by field, what could not be read; ``notes`` gets the same in plain words."""

    def __init__(self, notes: list[str]) -> None:
        self.values: dict[str, Any] = {}
        self._notes = notes

    def note(self, text: str) -> None:
        """Say ``text`` once in the report."""
        if text not in self._notes:
            self._notes.append(text)

    def keep(self, field: str, value: Any, why: str = "not readable") -> None:
        """Keep ``value`` and say so."""
        have = self.values.setdefault(field, [])
        if value not in have:
            have.append(value)
            self.note(f"{field} {why}: {value}"[:300])

    def date(self, field: str, value: Any) -> str:
        """ISO 8601, or nothing."""
        text = str(value or "").strip()
        read = dates.iso_date(text) if text else ""
        if text and not read:
            self.keep(field, text)
        return read

    def period(self, item: dict[str, Any]) -> dict[str, str]:
        """Start and end of a period; an end in the year 9999 means that it has none."""
        start = self.date("temporal_start", item.get("start"))
        end = self.date("temporal_end", item.get("end"))
        out = {"start": start, "end": "" if dates.is_open_end(end) else end}
        return {key: text for key, text in out.items() if text}

    def address(self, field: str, value: Any) -> str:
        """A web address, or nothing."""
        text = str(value or "").strip()
        read = web_address(text)
        if text and not read:
            self.keep(field, text.removeprefix(LOCAL_BASE), "is no web address")
        return read

    def choice(self, field: str, vocabulary: str, value: Any) -> str:
        """The vocabulary's IRI for ``value``, or nothing."""
        text = str(value or "").strip()
        read = eu.vocabulary_uri(vocabulary, text) if text else ""
        if text and not read:
            self.keep(field, text.removeprefix(LOCAL_BASE))
        return read

    def choices(self, field: str, vocabulary: str, values: Iterable[Any]) -> list[str]:
        """The vocabulary's IRIs for ``values``, those that are known."""
        found = [self.choice(field, vocabulary, value) for value in values]
        return list(dict.fromkeys(text for text in found if text))

    def values_of(self, field: str, value: Any) -> list[str]:
        """A list of texts or addresses from a list, a JSON text or one text."""
        if isinstance(value, str) and value.startswith("["):
            try:
                value = json.loads(value)
            except ValueError:
                value = [value]
        items = value if isinstance(value, list) else [value] if value else []
        out = []
        for item in items:
            text = clean_line(str(item))
            if _DANGEROUS.match(text):
                self.keep(field, text.removeprefix(LOCAL_BASE), "is no web address")
            elif text:
                out.append(text)
        return list(dict.fromkeys(out))


_EMAIL_IN_NAME = re.compile(r"(?i)\s*e-?mail:\s*(\S+@\S+)\s*$")


def agents(items: Any, keys: tuple[str, ...]) -> list[dict[str, str]]:
    """Bodies and contacts with clean names, e-mail addresses and links; empty ones are left out."""
    out: list[dict[str, str]] = []
    for item in items or []:
        agent = {key: clean_line(str(item.get(key) or "")) for key in keys}
        if "email" in keys:
            # Seen at Bremen: "Statistisches Landesamt Bremenemail: info@statistik.bremen.de".
            if match := _EMAIL_IN_NAME.search(agent["name"]):
                agent["name"] = agent["name"][: match.start()]
                agent["email"] = agent["email"] or match[1]
            agent["email"] = clean_email(agent["email"])
        if "url" in keys:
            agent["url"] = web_address(agent["url"])
        if is_file_address(agent.get("uri", "")) or _DANGEROUS.match(agent.get("uri", "")):
            agent["uri"] = ""
        filled = {key: text for key, text in agent.items() if text}
        if filled and filled not in out:
            out.append(filled)
    return out
