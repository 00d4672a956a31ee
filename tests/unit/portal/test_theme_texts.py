"""The portal's texts and looks, checked in their sources: words, hosts, contrast."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tools import translations

EXTENSION = translations.EXTENSION
TEMPLATES = sorted((EXTENSION / "templates").rglob("*.html"))
STYLES = sorted((EXTENSION / "assets/css").glob("*.css"))

#: Names that are the same in every language.
NAMES = {"JSON", "CSV", "RDF", "Turtle", "XML", "JSON-LD", "RDF/XML"}


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{\w*\}|%\(\w+\)s|%s|%r|%d", text))


def _strings(value: str | tuple[str, ...] | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def test_every_text_has_a_german_translation() -> None:
    catalog = translations.read("de", translations.DOMAIN)
    missing = [
        str(message.id)
        for message in translations.collect()
        if message.id and (message.id not in catalog or not catalog[message.id].string)
    ]
    doubtful = [str(message.id) for message in translations.untranslated(catalog)]
    assert not missing + doubtful, "run `make translations` and translate: " + ", ".join(missing)


@pytest.mark.parametrize("language", translations.languages())
def test_the_compiled_catalogue_is_current(language: str) -> None:
    compiled = EXTENSION / f"i18n/{language}/LC_MESSAGES/{translations.DOMAIN}.mo"
    assert compiled.read_bytes() == translations.compiled(language), "run `make translations`"


@pytest.mark.parametrize("language", translations.languages())
def test_translations_keep_their_placeholders(language: str) -> None:
    for message in translations.merged(language):
        if not message.id:
            continue
        allowed = set().union(*(_placeholders(text) for text in _strings(message.id)))
        for text in _strings(message.string):
            # A message may leave a value out, but an unknown one would be an error on the page.
            assert _placeholders(text) <= allowed, (message.id, text)


@pytest.mark.parametrize("word", ["Ressource", "Organisation", r"\b[Dd]u\b", r"\b[Dd]ein"])
def test_german_texts_use_citizens_words(word: str) -> None:
    found = [
        text
        for message in translations.merged("de")
        if message.id
        for text in _strings(message.string)
        if re.search(word, text)
    ]
    assert not found


def _visible(source: str) -> str:
    """What a template says by itself: without Jinja, tags, scripts and styles."""
    classes = r"\{% block wrapper_class %\}.*?\{% endblock %\}"
    for pattern in (r"\{#.*?#\}", classes, r"<(script|style)\b.*?</\1>", r"<code>.*?</code>"):
        source = re.sub(pattern, " ", source, flags=re.DOTALL)
    source = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", source, flags=re.DOTALL)
    return re.sub(r"<[^>]*>|&\w+;", " ", source, flags=re.DOTALL)


def _spoken_attributes(source: str) -> list[str]:
    found = re.findall(r'\b(?:aria-label|placeholder|title|alt)="([^"]*)"', source)
    return [re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", value) for value in found]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(EXTENSION)))
def test_templates_hold_no_untranslated_words(path: Path) -> None:
    source = path.read_text("utf-8")
    spoken = " ".join([_visible(source), *_spoken_attributes(source)])
    words = set(re.findall(r"[^\W\d_]{2}[\w/-]*", spoken)) - NAMES
    assert not words


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(EXTENSION)))
def test_templates_trust_no_record(path: Path) -> None:
    source = path.read_text("utf-8")
    assert not re.search(r"\|\s*safe\b", source)
    # Messages come from CKAN's own code; CKAN escapes what users said in them.
    if "render_markdown(" in source:
        # The operator's own texts may show pictures; a record's may not (myk_markdown).
        assert path.parent.name in ("home", "myk")
    assert "h.mail_to(" not in source  # its attribute has no quotation marks
    assert "literal(" not in source.replace("h.literal(message)", "")


def test_nothing_is_loaded_from_other_hosts() -> None:
    for path in STYLES:
        source = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert "@import" not in source
        for address in re.findall(r"url\(([^)]*)\)", source):
            assert not re.match(r"[\"']?(\w+:|//)", address), (path.name, address)
    for path in TEMPLATES:
        source = path.read_text("utf-8")
        assert not re.search(r"<(script|img|iframe|source)\b[^>]*\bsrc=\"(https?:)?//", source)
        assert not re.search(r"<link\b[^>]*\bhref=\"(https?:)?//", source)


def test_fonts_are_here_with_their_licence() -> None:
    folder = EXTENSION / "public/myk/fonts"
    source = (EXTENSION / "assets/css/fonts.css").read_text("utf-8")
    for name in re.findall(r"fonts/([\w.-]+woff2)", source):
        assert (folder / name).read_bytes()[:4] == b"wOF2"
    assert "SIL Open Font License" in (folder / "OFL.txt").read_text("utf-8")


def _tokens(dark: bool) -> dict[str, str]:
    source = (EXTENSION / "assets/css/tokens.css").read_text("utf-8")
    light_part, dark_part = source.split("@media (prefers-color-scheme: dark)", 1)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light_part))
    if dark:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark_part.split("@media", 1)[0]))
    return found


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        ("basalt", "paper", 7.0),
        ("basalt", "card", 7.0),
        ("slate", "paper", 4.5),
        ("slate", "card", 4.5),
        ("slate", "tint", 4.5),
        ("rhine", "paper", 4.5),
        ("rhine", "card", 4.5),
        ("rhine-deep", "tint", 4.5),
        ("on-rhine", "rhine", 4.5),
        ("on-rhine", "rhine-deep", 4.5),
        ("moss", "paper", 4.5),
        ("clay", "paper", 4.5),
        ("line-strong", "paper", 3.0),
        ("line-strong", "card", 3.0),
    ],
)
def test_colours_have_enough_contrast(text: str, ground: str, least: float, dark: bool) -> None:
    tokens = _tokens(dark)
    assert _contrast(tokens[text], tokens[ground]) >= least
