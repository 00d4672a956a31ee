from __future__ import annotations

import pytest

from harvesters.text import clean_email, clean_keywords, clean_line, clean_text, slug, web_address


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>Hallo <b>Welt</b></p>", "Hallo **Welt**"),
        ("<ul><li>eins</li><li>zwei</li></ul>", "- eins\n- zwei"),
        ("<ol><li>eins</li><li>zwei</li></ol>", "1. eins\n2. zwei"),
        ('<a href="https://x.example">da</a>', "[da](https://x.example)"),
        ('<a href="javascript:alert(1)">da</a>', "da"),
        ("a<br>b", "a  \nb"),
        ("Müll &amp; Abfall", "Müll & Abfall"),
        ("<script>alert(1)</script>Text<style>p{}</style>", "Text"),
        ('<img src=x onerror="alert(1)">Bild', "Bild"),
        ("<h2>Titel</h2><p>Text</p>", "## Titel\n\nText"),
        ("1 < 2 und 3 > 2", "1 < 2 und 3 > 2"),
        ("nur\r\nText  ", "nur\nText"),
        ("eins\n        zwei", "eins\nzwei"),
    ],
)
def test_descriptions_become_markdown(html: str, markdown: str) -> None:
    assert clean_text(html) == markdown


def test_no_markup_survives_in_a_line() -> None:
    assert clean_line(" Ein <i>Titel</i>\n &amp; mehr\x00 ") == "Ein Titel & mehr"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Spielplätze in Müllheim", "spielplaetze-in-muellheim"),
        ("Straßen 2026–2030", "strassen-2026-2030"),
        ("Café Crème", "cafe-creme"),
        ("日本", ""),
        ("7", "7-0"),
    ],
)
def test_slugs(title: str, name: str) -> None:
    assert slug(title) == name


def test_a_long_slug_is_cut_at_a_word() -> None:
    made = slug("Wort " * 40)
    assert len(made) <= 80
    assert made.endswith("-wort")


def test_keywords_fit_ckan_and_the_originals_are_known() -> None:
    tags, changed = clean_keywords(["Bus", "bus", "Grün/Natur", "Müll, Abfall", "x", "C&A!"])
    assert tags == ["Bus", "Grün-Natur", "Müll", "Abfall", "C und A"]
    assert changed == ["Grün/Natur", "Müll, Abfall", "x", "C&A!"]


@pytest.mark.parametrize(
    "text",
    [
        "mailto:a.b@c.de",
        "<a.b@c.de>",
        "file:///.catalogue./a.b@c.de",
        "a.b@c.de",
        "Herr X a.b@c.de",
    ],
)
def test_email_addresses(text: str) -> None:
    assert clean_email(text) == "a.b@c.de"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("http://a.example/x y.csv", "http://a.example/x%20y.csv"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("//a.example", ""),
        ("http://[", ""),
        ("TODO:", ""),
    ],
)
def test_web_addresses(text: str, address: str) -> None:
    assert web_address(text) == address
