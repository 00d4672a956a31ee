"""What the templates ask: dates, sizes, licences and sentences in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from ckan import model
from ckan.lib import helpers as ckan_helpers
from ckan.plugins import toolkit
from ckanext.myk import helpers, home
from ckanext.myk.helpers import dates, files, licences, texts


@pytest.fixture(autouse=True)
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    """Helpers as on a German page, without a running portal."""
    import zoneinfo

    monkeypatch.setattr(toolkit, "_", lambda text: text)
    few = SimpleNamespace(
        lang=lambda: "de",
        get_display_timezone=lambda: zoneinfo.ZoneInfo("Europe/Berlin"),
        markdown_extract=ckan_helpers.markdown_extract,
        render_markdown=lambda text: ckan_helpers.render_markdown(text, auto_link=False),
    )
    monkeypatch.setattr(toolkit, "h", few)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-11-24", "24. November 2026"),
        ("2026-11", "November 2026"),
        ("2026", "2026"),
        ("2026-03-01T23:30:00", "2. März 2026"),  # UTC, as CKAN stores it
        ("2026-03-01T23:30:00+01:00", "1. März 2026"),
        (datetime(2026, 5, 9, 12, tzinfo=UTC), "9. Mai 2026"),
        (date(2026, 5, 9), "9. Mai 2026"),
        ("Sommer 2026", "Sommer 2026"),
        ("2026-13", "2026-13"),
        ("", ""),
        (None, ""),
    ],
)
def test_dates_as_people_write_them(value: Any, shown: str) -> None:
    assert dates.day(value) == shown


def test_english_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolkit.h, "lang", lambda: "en")
    assert dates.day("2026-11-24") == "24 November 2026"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (596, "1 KB"), (2900, "3 KB"), ("12000", "12 KB"), (1_400_000, "1,4 MB"),
        (999_600, "1 MB"), (250_000_000, "250 MB"), (3_200_000_000, "3,2 GB"), ("groß", "groß"),
        (None, ""),
    ],
)  # fmt: skip
def test_sizes(value: Any, shown: str) -> None:
    assert files.size(value) == shown


@pytest.mark.parametrize(
    ("notes", "shown"),
    [
        ("Bilanz gem. § 108 GemO, festgestellt am 11.12.2025. Mit Anhang.",
         "Bilanz gem. § 108 GemO, festgestellt am 11.12.2025. Mit Anhang."),
        ("Standorte der **Ladesäulen** im ganzen Kreis. Stand: Oktober.",
         "Standorte der Ladesäulen im ganzen Kreis."),
        ("<script>alert(1)</script>Kurz", "Kurz"),
        ("", ""),
    ],
)  # fmt: skip
def test_first_sentence(notes: str, shown: str) -> None:
    assert texts.summary({"notes": notes}) == shown


def test_descriptions_fetch_nothing_and_run_nothing() -> None:
    shown = texts.markdown(
        '**fett** ![x](https://tracker.example/p.png) <img alt="><script>alert(1)</script>" src=x>'
        " [link](javascript:alert(1)) [gut](https://a.example/)"
    )
    assert "<strong>fett</strong>" in shown
    assert 'href="https://a.example/"' in shown
    for bad in ("<img", "<script", "javascript:", "tracker.example"):
        assert bad not in shown


def test_a_long_sentence_is_cut_at_a_word() -> None:
    shown = texts.summary({"notes": "Wort " * 100})
    assert len(shown) < 225
    assert shown.endswith("Wort …")


def test_texts_in_the_visitors_language(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = {"name": "h", "title": "Titel", "extras": [{"key": "title_en", "value": "Title"}]}
    assert texts.text(hub, "title") == "Titel"
    monkeypatch.setattr(toolkit.h, "lang", lambda: "en")
    assert texts.text(hub, "title") == "Title"
    assert texts.text({"title": "Titel", "extras": {"line": "Zeile"}}, "line") == "Zeile"
    assert texts.text({"title": "Nur deutsch"}, "title") == "Nur deutsch"


def test_the_language_of_a_text_is_said_where_it_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(toolkit, "config", {"ckan.locale_default": "de"})
    authority = "http://publications.europa.eu/resource/authority/language"
    german = {"title": "Titel", "language": [f"{authority}/DEU"]}
    english = {"title": "Title", "language": [f"{authority}/ENG"]}
    assert texts.lang(german, "title") == ""
    assert texts.lang(english, "title") == ' lang="en"'
    monkeypatch.setattr(toolkit.h, "lang", lambda: "en")
    assert texts.lang(german, "title") == ' lang="de"'
    assert texts.lang(german) == ' lang="de"'
    assert texts.lang({**german, "title_en": "Title"}, "title") == ""
    assert texts.lang(english, "title") == ""
    # A slip in the record is no language, and several are none in particular.
    assert texts.lang({"language": ['x"><script>']}, "title") == ' lang="de"'
    assert texts.lang({"language": ["de", "en"]}, "title") == ' lang="de"'
    hub = {"title": "Hub", "extras": [{"key": "line_en", "value": "A line"}]}
    assert texts.lang(hub, "line") == ""
    assert texts.lang(hub, "description") == ' lang="de"'


@pytest.mark.parametrize(
    ("licence_id", "words"),
    [
        ("dl-zero-de-2.0", "without conditions"), ("cc-zero", "without conditions"),
        ("dl-by-de-2.0", "if you name the source."), ("cc-by-4.0", "if you name the source."),
        ("cc-by-sa-4.0", "same terms"), ("odbl", "same terms"), ("cc-by-nc", "non-commercial"),
        ("cc-by-nd", "unchanged"), ("other-closed", "restricted"), ("other-open", "its licence"),
        ("unbekannt", "restricted"), ("", "No licence"),
    ],
)  # fmt: skip
def test_licences_in_words(licence_id: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    from tests.conftest import ROOT

    listed = json.loads((ROOT / "config/licenses.json").read_text("utf-8"))
    register = {
        entry["id"]: SimpleNamespace(license_dictize=lambda entry=entry: entry) for entry in listed
    }
    monkeypatch.setattr(model.Package, "get_license_register", lambda: register)
    assert words in licences.licence(licence_id)["words"]
    if licence_id == "dl-by-de-2.0":
        by_uri = licences.licence("http://dcat-ap.de/def/licenses/dl-by-de/2.0")
        assert by_uri == licences.licence(licence_id)


def test_the_date_for_the_index_is_not_in_the_future() -> None:
    later = (date.today() + timedelta(days=40)).isoformat()
    assert dates.current_date({"modified": later, "issued": "2024-05"}) == "2024-05-01T00:00:00Z"
    assert dates.current_date({"modified": "2026-02-16T10:00:00Z"}) == "2026-02-16T00:00:00Z"
    assert dates.current_date({"modified": "bald"}) == ""


@pytest.mark.parametrize(
    ("file", "verb"),
    [
        ({"format": "WMS"}, "Open the service"),
        ({"format": "CSV"}, "Download"),
        ({"format": "HTML"}, "Open"),
        ({"format": "HTML", "url_type": "upload"}, "Download"),
    ],
)
def test_buttons_say_what_they_do(file: dict[str, Any], verb: str) -> None:
    assert files.file_action(file) == verb


def test_publishers_are_in_the_order_of_the_region(monkeypatch: pytest.MonkeyPatch) -> None:
    def body(name: str, kind: str) -> dict[str, Any]:
        extras = {"kind": kind, "short": name} if kind else {}
        return {"name": name, "title": name, "extras": extras, "is_organization": True}

    bodies = [
        body("fremd", ""), body("Weißenthurm", "verbandsgemeinde"), body("Mayen", "stadt"),
        body("Ährental", "verbandsgemeinde"), body("Kreis", "landkreis"),
    ]  # fmt: skip
    monkeypatch.setattr(home, "by_name", lambda: {entry["name"]: entry for entry in bodies})
    names = [entry["name"] for entry in home.publishers()]
    assert names == ["Kreis", "Mayen", "Ährental", "Weißenthurm"]


def test_an_operators_page(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/imprint.de.md").write_text("# Impressum\n\nKreis", "utf-8")
    config = {"ckanext.myk.config_folder": str(tmp_path), "ckan.locale_default": "de"}
    monkeypatch.setattr(toolkit, "config", config)
    monkeypatch.setattr(home, "language", lambda: "en")
    assert home.page_text("imprint").startswith("# Impressum")
    assert home.page_text("privacy") == ""


def test_every_helper_has_one_name() -> None:
    ours, homes = helpers.all_helpers(), home.all_helpers()
    assert not set(ours) & set(homes)
    assert all(name.startswith("myk_") for name in {**ours, **homes})


@pytest.mark.parametrize("number", [0, 3])
def test_the_home_page_knows_of_sample_records(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def search(_context: Any, data: dict[str, Any]) -> dict[str, Any]:
        asked.append(data)
        tags = {"Musterdaten": number} if number else {"Wein": 4}
        return {"count": 4, "facets": {"tags": tags, "groups": {"hub": 4}}, "results": []}

    monkeypatch.setattr(toolkit, "get_action", lambda _name: search)
    monkeypatch.setattr(toolkit, "current_user", SimpleNamespace(name=""))
    monkeypatch.setattr(home, "_questions", list)
    found = home.content()
    assert found["samples"] == number
    assert found["counts"] == {"hub": 4}
    assert len(asked) == 2, "no search of its own for the note"
