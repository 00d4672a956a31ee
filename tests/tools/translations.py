"""Collect the texts of ``ckanext-myk`` and compile its German catalogue: ``make translations``.

``ckanext-myk.po`` holds the extension's own texts: this command adds new ones (to be translated by
hand) and drops those that are gone. ``ckan-words.po`` holds better words for CKAN's own texts
("Datei" for "Ressource"); it is edited by hand alone. Both are compiled into ``ckanext-myk.mo``.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from ckanext.myk.harvesting.forms import OWN

from harvesters.model import SourceConfig
from harvesters.sources import registry

EXTENSION = Path(__file__).resolve().parents[2] / "ckanext-myk/ckanext/myk"
I18N = EXTENSION / "i18n"
DOMAIN = "ckanext-myk"
WORDS = "ckan-words"

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_METHODS = [
    ("templates/**.html", "ckan.lib.extract:extract_ckan"),
    ("**.py", "python"),
]
_KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "ungettext": (1, 2),
}


def languages() -> list[str]:
    """Return the languages that have a folder."""
    return sorted(path.name for path in I18N.iterdir() if (path / "LC_MESSAGES").is_dir())


def collect() -> Catalog:
    """Return the texts of templates and Python files, untranslated."""
    catalog = Catalog(project=DOMAIN, charset="utf-8")
    found = extract_from_dir(
        str(EXTENSION), method_map=_METHODS, keywords=_KEYWORDS, comment_tags=("TRANSLATORS:",)
    )
    places: dict[str | tuple[str, ...], set[str]] = {}
    comments: dict[str | tuple[str, ...], list[str]] = {}
    for file, _line, message, notes, _context in found:
        places.setdefault(message, set()).add(Path(file).as_posix())
        comments.setdefault(message, []).extend(notes)
    for text, place in _harvesters():
        places.setdefault(text, set()).add(place)
        comments.setdefault(text, [])
    for message in sorted(places, key=str):
        # Files without line numbers: a moved line is not a change of the translation.
        catalog.add(
            message,
            locations=[(file, None) for file in sorted(places[message])],  # type: ignore[misc]
            auto_comments=list(dict.fromkeys(comments[message])),
        )
    return catalog


def _harvesters() -> Iterator[tuple[str, str]]:
    """Yield what the kinds of sources say of themselves in the portal's forms, and where."""
    shown = {name: one for name, one in SourceConfig.model_fields.items() if name not in OWN}
    fields = [(shown, "harvesters/model.py")]
    for name in registry.names():
        kind = registry.source_class(name)
        yield kind.summary, f"harvesters/sources ({name})"
        fields.append((kind.options_type.model_fields, f"harvesters/sources ({name})"))
    for known, place in fields:
        for field in known.values():
            if field.description:
                yield field.description, place


def read(language: str, domain: str) -> Catalog:
    """Return a catalogue; an empty one where there is no file."""
    path = I18N / language / "LC_MESSAGES" / f"{domain}.po"
    if not path.exists():
        return Catalog(locale=language, domain=domain)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=domain)


def untranslated(catalog: Catalog) -> list[Message]:
    """Return the messages that have no translation, or a doubtful one."""
    return [message for message in _messages(catalog) if not _filled(message) or message.fuzzy]


def update(language: str) -> Catalog:
    """Bring a language's catalogue up to date with the source, and write it."""
    catalog = read(language, DOMAIN)
    catalog.update(collect(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    _write(catalog, language)
    return catalog


def merged(language: str) -> Catalog:
    """Return our own texts and the better words for CKAN's, as one catalogue."""
    # No dates in the header: the same texts give the same file.
    out = Catalog(
        locale=language,
        domain=DOMAIN,
        charset="utf-8",
        fuzzy=False,
        creation_date=_EPOCH,
        revision_date=_EPOCH,
    )
    for domain in (DOMAIN, WORDS):  # our own word for a text goes before the one for CKAN's pages
        for message in _messages(read(language, domain)):
            if _filled(message) and not message.fuzzy and message.id not in out:
                out.add(message.id, message.string)
    return out


def compiled(language: str) -> bytes:
    """Return the binary catalogue."""
    buffer = io.BytesIO()
    write_mo(buffer, merged(language))
    return buffer.getvalue()


def _messages(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def _filled(message: Message) -> bool:
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(strings) and bool(strings)


def _write(catalog: Catalog, language: str) -> None:
    path = I18N / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=110, sort_output=True, omit_header=True)
    header = f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n'
    header += f'"Plural-Forms: {catalog.plural_forms}\\n"\n'
    header += '"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    path.write_text(header + buffer.getvalue().decode("utf-8"), "utf-8")


def main() -> int:
    """Update and compile all languages; 1 when a German text is missing."""
    missing = 0
    for language in languages():
        if (I18N / language / "LC_MESSAGES" / f"{DOMAIN}.po").exists():
            catalog = update(language)
            for message in untranslated(catalog):
                missing += 1
                sys.stdout.write(f"{language}: not translated: {message.id!r}\n")
        target = I18N / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
        target.write_bytes(compiled(language))
        sys.stdout.write(f"{language}: {len(list(_messages(merged(language))))} texts compiled\n")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
