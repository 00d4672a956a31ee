"""German analysis."""

from __future__ import annotations

import time

import pytest

from search.text import german


@pytest.mark.parametrize(
    "same",
    [
        ["Ämter", "Aemter", "amter", "ÄMTER"],
        ["Spielplatz", "Spielplätze", "Spielplaetzen", "spielplatze"],
        ["Straße", "Strasse", "Straßen"],
        ["Müll", "Mull", "MUELL"],
        ["Rad", "Räder", "Rädern", "Raeder", "Rades"],
        ["Wald", "Wälder", "Waelder", "walder"],
        ["Häuser", "Haus", "Hauses", "haeuser"],
        ["Kinder", "Kind", "Kindern"],
        ["Park", "Parks"],
        # Who it is about is the same, whatever is put behind it.
        [
            "Bürger", "Bürgern", "Bürgers", "Bürgerin", "Bürgerinnen", "Bürger:innen",
            "Bürger*innen", "Bürger_innen", "Bürger·innen", "Bürger/innen", "Bürger/-innen",
            "Bürger(innen)", "BürgerInnen", "Bürger:in", "Buergerinnen", "burger",
        ],
        ["Gärtner", "Gärtnerin", "Gärtner:innen", "Gaertnerinnen"],
        ["Polizist", "Polizisten", "Polizistin", "Polizistinnen", "Polizist*innen"],
        ["Student", "Studentin", "Studentinnen", "Student:innen"],
        ["Ingenieur", "Ingenieurin", "Ingenieurinnen"],
        ["Autor", "Autorinnen", "Autor:innen"],
    ],
)  # fmt: skip
def test_forms_of_a_word_meet(same: list[str]) -> None:
    assert len({german.tokens(word)[0] for word in same}) == 1


@pytest.mark.parametrize("word", ["neue", "steuer", "bauer", "quelle", "aktuell"])
def test_vowels_that_only_look_like_umlauts_stay(word: str) -> None:
    assert german.fold(word) == word


def test_numbers_and_file_numbers_are_words() -> None:
    assert german.tokens("L 98, 2020/0140") == ["l", "98", "2020", "0140"]


def test_topics() -> None:
    assert not german.is_topic("Wo")
    assert german.is_topic("E-Auto")


_IRREGULAR = {
    "'-s' after a vowel, 'p' or 'w'": [
        "Kita Kitas", "Auto Autos", "Büro Büros Bueros buros", "Foto Fotos", "Oma Omas", "Zoo Zoos",
        "Handy Handys", "Taxi Taxis", "Tipp Tipps", "Workshop Workshops", "Azubi Azubis",
        "Elektroauto Elektroautos", "Bürgerbüro Bürgerbüros", "Umbau Umbaus",
    ],
    "an accent is left out": ["Café Cafe Cafés", "Exposé Expose", "Varieté Variete"],
    "'-in', with an umlaut or without": [
        "Arzt Ärztin Ärztinnen Aerztin", "Kunde Kundin Kundinnen", "Kollege Kollegin Kolleginnen",
        "Architekt Architektin Architektinnen", "Anwalt Anwältin", "Koch Köchin", "Chef Chefin",
        "Bauer Bäuerin Bäuerinnen", "Landrat Landrätin", "Stadtrat Stadträtin Stadträtinnen",
        "Tierarzt Tierärztin", "Nachbar Nachbarin", "Beamter Beamtin", "Schüler Schülerinnen",
    ],
    "an adjective in '-er', though there is a noun": [
        "alt alter alte alten", "frei freier freie freies", "jung junger junge", "schön schöner",
        "dunkel dunkle", "teuer teure", "modern moderne",
    ],
    "a plural in '-er' with an umlaut": [
        "Schloss Schlösser Schloesser", "Volk Völker", "Glas Gläser", "Mutter Mütter Muetter",
        "Vater Väter", "Tagesmutter Tagesmütter", "Kloster Klöster", "Land Länder",
    ],
    "a noun whose end the stemmer takes for an inflection": [
        "Kurs Kurse Kursen Kurses", "Tier Tiere Tieren", "Papier Papiere", "Problem Probleme",
        "Bus Busse Bussen", "Zins Zinsen", "See Seen", "Nachbar Nachbarn", "Feier Feiern",
    ],
    "a plural with another ending": [
        "Museum Museen", "Zentrum Zentren", "Gymnasium Gymnasien", "Thema Themen", "Firma Firmen",
        "Konto Konten", "Ministerium Ministerien", "Virus Viren",
    ],
}  # fmt: skip


@pytest.mark.parametrize("same", [same for several in _IRREGULAR.values() for same in several])
def test_irregular_forms_of_a_word_meet(same: str) -> None:
    assert len(set(german.tokens(same))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bürger", "Burg"), ("Bürger", "Burgen"), ("Fahrer", "Fahrt"), ("Berlin", "Berl"),
        ("Termin", "Term"), ("Benzin", "Benz"), ("Magazin", "Magazine X"),
        ("Innenstadt", "Stadt"), ("Straße", "Stroh"), ("Müll", "Mühle"),
        # No "-in" or "-innen" of anybody.
        ("Medizin", "Mediz"), ("Vitamin", "Vitam"), ("Harlekin", "Harlek"), ("Keratin", "Karat"),
        ("Verein", "Vere"), ("beginnen", "Beg"), ("Spinnen", "Spann"), ("Rosmarin", "Rosmar"),
        # No plural in "-s".
        ("Haus", "Hau"), ("Kreis", "Krei"), ("Gas", "Ga"), ("Preis", "Prei"), ("Glas", "Gla"),
        ("Ausweis", "Auswei"), ("Mais", "Mai"), ("Atlas", "Atla"), ("Campus", "Campu"),
        # Two nouns, or a noun and what only ends like its plural.
        ("Glaser", "Glas"), ("Schlosser", "Schloss"), ("Main", "Mai"), ("Daten", "Datum"),
        ("Ballen", "Ballon"), ("Rosen", "Rosa"), ("Kassen", "Kassa"),
    ],
)  # fmt: skip
def test_words_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert german.tokens(one) != german.tokens(other)


@pytest.mark.parametrize(
    "broken",
    [
        "Friedhofs-\nverwaltung", "Friedhofs-  \r\n  verwaltung", "Friedhofs- verwaltung",
        "Friedhofs\u00adverwaltung", "Fried\u00adhofs\u00adver\u00adwaltung",
    ],
)  # fmt: skip
def test_a_word_that_a_line_broke_is_one(broken: str) -> None:
    assert german.tokens(broken) == german.tokens("Friedhofsverwaltung")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # What a hyphen leaves out is no broken word, and nothing is to be without it.
        ("Haupt- und Nebenstraßen", "haupt und nebenstraßen"),
        ("Vor- oder Nachmittag", "vor oder nachmittag"),
        ("Ein- bis Zweifamilienhaus", "ein bis zweifamilienhaus"),
        ("Tagesmütter und -väter", "tagesmütter und väter"),
        ("Wasserpreise, -gebühren", "wasserpreise gebühren"),
        ("Ost-/Westseite", "ost westseite"),
        # A dash between words.
        ("Wald - eine Karte", "wald eine karte"),
        ("Rhein-\nMosel", "rhein mosel"),
        ("§ 5- b", "5 b"),
    ],
)
def test_words(text: str, words: str) -> None:
    assert german.words(text) == words.split()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("B-Plan", ["bplan"]), ("E-Mail-Adresse", ["emailadress"]), ("L 98", ["l98"]),
        ("L-98", ["l98"]), ("die K 12 und der Bus 370", ["k12"]), ("Open-Data", ["opendata"]),
        ("Ost-West", [german.token("ostwest")]),
        # Nothing is written in pieces here.
        ("BPlan", []), ("L98", []), ("Zimmer 12", []), ("Wald - Karte", []), ("5-", []), ("", []),
        # No longer than anybody would write it as one.
        ("a-b-c-d-e-f", ["abcd", "ef"]),
    ],
)  # fmt: skip
def test_what_others_write_as_one_word(text: str, found: list[str]) -> None:
    assert list(dict.fromkeys(german.joined(text))) == found


@pytest.mark.parametrize(
    "text",
    [
        "x" * 300_000 + " a-b", "ab-" + " " * 300_000, "ab- " * 75_000, "und " * 75_000 + "-",
        "," * 300_000 + "-", ":innen" * 50_000, "a-" * 150_000, "Bürger(" * 40_000,
        "\u00ad" * 300_000, "a 1" * 100_000,
    ],
    ids=lambda text: ascii(text[:12]),
)  # fmt: skip
def test_any_text_is_read_in_bounded_time(text: str) -> None:
    """A megabyte of letters with one hyphen once took hours."""
    began = time.process_time()
    german.tokens(text)
    german.joined(text)
    assert time.process_time() - began < 3.0


@pytest.mark.parametrize(
    ("tokens", "pairs"),
    [(["a", "b", "c"], ["a_b", "b_c"]), (["a"], []), ([], [])],
)
def test_pairs(tokens: list[str], pairs: list[str]) -> None:
    assert german.pairs(tokens) == pairs
