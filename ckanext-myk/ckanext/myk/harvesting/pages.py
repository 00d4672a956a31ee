"""What the pages about harvest sources say: moments, counts, and a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from babel.dates import format_datetime
from ckan.plugins import toolkit
from ckanext.myk.harvesting import auth, words
from ckanext.myk.helpers.texts import language

#: What a spreadsheet takes for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_COUNTED = ("added", "changed", "unchanged", "gone", "withdrawn", "failed", "skipped")


def moment(value: Any) -> str:
    """Return a moment as people write it: ``24.11.2026, 14:30``; what is none stays as it is."""
    if not value:
        return ""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    german = language() == "de"
    return str(
        format_datetime(
            aware.astimezone(toolkit.h.get_display_timezone()),
            "dd.MM.yyyy, HH:mm" if german else "d MMM yyyy, HH:mm",
            locale="de" if german else "en_GB",
        )
    )


def counts(run: dict[str, Any]) -> str:
    """Return a run's counts in words, without the zeros."""
    found = run.get("counts") or {}
    parts = [
        f"{toolkit.h.localised_number(found[outcome])} {words.outcome(outcome)}"
        for outcome in _COUNTED
        if found.get(outcome)
    ]
    return ", ".join(parts) or str(toolkit._("no records"))


def said(run: dict[str, Any]) -> str:
    """Return a run in one line: when, and what became of it."""
    return f"{moment(run['started'])}: {words.verdict(run['verdict'])} – {counts(run)}"


def label(source: dict[str, Any]) -> str:
    """Return a source's title in the visitor's language, else any title, else its name."""
    titles = source.get("title") or {}
    return str(titles.get(language()) or next(iter(titles.values()), "") or source["name"])


def may(org: str) -> bool:
    """Tell whether the visitor may manage the sources of an organisation."""
    user = toolkit.current_user
    return bool(user.is_authenticated and auth.may_manage(user.name, org))


def table(run: dict[str, Any]) -> str:
    """Return the records of a run as CSV, for a spreadsheet as it is set up in Germany."""
    buffer = io.StringIO()
    buffer.write("\ufeff")  # so that umlauts are read as such
    writer = csv.writer(buffer, delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writerow(["outcome", "title", "name", "identity", "reason", "notes"])
    for one in run["records"]:
        notes = "; ".join(str(note) for note in one.get("notes") or [])
        cells = (*(one.get(key) for key in ("outcome", "title", "name", "identity", "reason")),)
        writer.writerow(_cells((*cells, notes)))
    return buffer.getvalue()


def _cells(values: Iterable[Any]) -> list[str]:
    """Return cells that no spreadsheet takes for a formula: they come from strangers."""
    texts = [str(value or "") for value in values]
    return [f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text for text in texts]


def all_helpers() -> dict[str, Callable[..., Any]]:
    """Return what the templates ask."""
    return {
        "myk_harvest_counts": counts,
        "myk_harvest_label": label,
        "myk_harvest_may": may,
        "myk_harvest_moment": moment,
        "myk_harvest_outcome": words.outcome,
        "myk_harvest_said": said,
        "myk_harvest_sentence": words.sentence,
        "myk_harvest_verdict": words.verdict,
    }
