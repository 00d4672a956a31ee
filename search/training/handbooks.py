"""Readers of handbooks that exist in both languages, aligned by identifier or by paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from search.training.pairs import Pair
from search.training.text import plain

_WITH_ID = re.compile(r"<(p|h\d)\b[^>]*\bid=\"([^\"]+)\"[^>]*>(.*?)</\1>", re.DOTALL)
_BLOCK = re.compile(r"<(p|h[1-6]|title|dt|desc|td|th|caption)\b[^>]*(?<!/)>(.*?)</\1>", re.DOTALL)
_NOT_TEXT = re.compile(r"<(pre|script|style|code|info|head|screen|nav|footer)\b.*?</\1>", re.DOTALL)


def _same_length(german: Sequence[str], english: Sequence[str], source: str) -> Iterator[Pair]:
    """Pair the paragraphs of two versions, but only where both have equally many.

    Nothing else tells that a paragraph was added or left out in one of them.
    """
    if len(german) == len(english):
        yield from (Pair(g, e, source) for g, e in zip(german, english, strict=True))


def read_office_help(tree: Path) -> Iterator[Pair]:
    """Read LibreOffice's help: its paragraphs and headings bear the same identifier in both."""
    root = tree / "usr/share/libreoffice/help"
    for german_path in sorted((root / "de").rglob("*.html")):
        english_path = root / "en-US" / german_path.relative_to(root / "de")
        if not english_path.exists():
            continue
        english = {
            match[2]: match[3]
            for match in _WITH_ID.finditer(english_path.read_text("utf-8", "replace"))
        }
        for match in _WITH_ID.finditer(german_path.read_text("utf-8", "replace")):
            if match[2] in english:
                yield Pair(match[3], english[match[2]], "office-help")


def blocks(markup: str) -> list[str]:
    """Return the plain text blocks (paragraphs, headings, cells) of HTML, Mallard or DocBook."""
    texts = (plain(match[2]) for match in _BLOCK.finditer(_NOT_TEXT.sub(" ", markup)))
    return [text for text in texts if text]


def _twins(tree: Path) -> Iterator[tuple[Path, Path]]:
    """Yield (German, English) files of handbooks that lie side by side."""
    help_root = tree / "usr/share/help"
    for path in sorted((help_root / "de").rglob("*.page")):
        yield path, help_root / "C" / path.relative_to(help_root / "de")
    for path in sorted((tree / "usr/share").rglob("*.html")):
        text = str(path)
        if "/libreoffice/" in text:
            continue
        for mark, other in (
            (".de.html", ".en.html"), ("/de-DE/", "/en-US/"), ("/de/", "/en/"), ("/de/", "/"),
            ("-de/", "-en/"), ("-de/", "/"),
        ):  # fmt: skip
            if mark in text:
                english = Path(text.replace(mark, other).replace("/FAQ/de/", "/FAQ/"))
                if english.exists() and english != path:
                    yield path, english
                    break


def read_handbooks(tree: Path) -> Iterator[Pair]:
    """Read Mallard pages and HTML handbooks below *tree*."""
    for german_path, english_path in _twins(tree):
        if english_path.exists():
            german, english = (
                blocks(german_path.read_text("utf-8", "replace")),
                blocks(english_path.read_text("utf-8", "replace")),
            )
            yield from _same_length(german, english, "handbooks")
