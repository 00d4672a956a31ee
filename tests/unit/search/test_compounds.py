"""German compounds: split where they are some, left whole where they only look like it."""

from __future__ import annotations

import random
import string
import time

import pytest

from search.text import compounds, german


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("apfelbaum", "Apfel Baum"),
        ("tiefgarage", "tief Garage"),
        ("laternenfest", "Laternen Fest"),
        # Linking letters: es, s, n, en, e; and a plural that is none.
        ("liebesbrief", "Liebe Brief"),
        ("geburtsurkunde", "Geburt Urkunde"),
        ("sonnenblumenfeld", "Sonne Blume Feld"),
        ("schwanenteich", "Schwan Teich"),
        ("hundewiese", "Hund Wiese"),
        ("weihnachtsmarkt", "Weihnacht Markt"),
        ("büchereiausweis", "Bücherei Ausweis"),
        # Inflected.
        ("apfelbäumen", "Apfel Bäume"),
        ("tageszeitungen", "Tag Zeitung"),
        # Long ones.
        ("hochwasserschutzmauer", "hoch Wasser Schutz Mauer"),
        ("donaudampfschiff", "Donau Dampf Schiff"),
        (
            "donaudampfschifffahrtsgesellschaftskapitän",
            "Donau Dampf Schifffahrt Gesellschaft Kapitän",
        ),
    ],
)
def test_parts(word: str, parts: str) -> None:
    assert compounds.parts(word) == tuple(german.tokens(parts))


@pytest.mark.parametrize(
    "same",
    [
        ["grünfläche", "gruenflaeche", "grunflache"],
        ["gänsemarkt", "gaensemarkt", "gansemarkt"],
        ["brückenbau", "brueckenbau", "bruckenbau"],
        ["sperrmüllabholung", "sperrmuellabholung", "sperrmullabholung"],
        ["straßenlaterne", "strassenlaterne"],
        ["fußballplatz", "fussballplatz"],
        ["kläranlagen", "klaeranlagen", "klaranlagen"],
    ],
)
def test_umlauts_and_sharp_s_however_they_are_written(same: list[str]) -> None:
    assert len({compounds.parts(word) for word in same}) == 1
    assert len(compounds.parts(same[0])) > 1


@pytest.mark.parametrize(
    "word",
    [
        # A word of which some letters are another word.
        "ångström", "angstrom", "angström", "potato", "verein", "vereine", "restaurant",
        "restaurants", "generation", "generationen", "kreuzung", "kreuzungen", "karneval",
        "artikel", "adresse", "toilette", "parkett", "elefant", "schokolade", "pokal", "quartal",
        # Inflected, it is still none.
        "minister", "ministern", "ministerin", "ministerium",
        "fenster", "kloster", "november", "orchester", "kataster", "kalender", "theater",
        # Something before a noun that makes another noun of it.
        "vorgang", "umgang", "auftrag", "vertrag", "beitrag", "gebäude", "urkunde", "verwaltung",
        # Names.
        "berlin", "bendorf", "koblenz",
        # No words.
        "", "ab", "baum", "12345678", "apfelbaum2", "apfel-baum", "xqzwvkjh",
    ],
)  # fmt: skip
def test_no_compounds(word: str) -> None:
    assert compounds.parts(word) == ()


def test_one_that_can_be_read_in_two_ways_is_read_in_one() -> None:
    """A basin that dams up, or one of dust's corners: the words alone do not say."""
    assert compounds.parts("staubecken") == ("staub", "eck")


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        # An "s" that links, not one that begins "Samt".
        ("standesamt", "Stand Amt"),
        ("landesamt", "Land Amt"),
        ("bundesamt", "Bund Amt"),
        ("gesundheitsamt", "Gesund Amt"),
        ("ordnungsamtes", "Ordnung Amt"),
        # Short nouns in the middle, and before a long one.
        ("schwimmbadöffnungszeiten", "schwimm Bad Öffnung Zeit"),
        ("freibadkasse", "frei Bad Kasse"),
        ("gemeinderatsitzung", "Gemeinde Rat Sitzung"),
        ("stadttorsanierung", "Stadt Tor Sanierung"),
        ("badsanierung", "Bad Sanierung"),
        ("talbrücke", "Tal Brücke"),
        # Of more parts, one of them a compound that means nothing of its own parts.
        ("haushaltsplan", "Haushalt Plan"),
        ("privathaushalte", "privat Haushalt"),
        ("stromverbrauch", "Strom Verbrauch"),
        # Plurals that double their "s".
        ("wahlergebnisse", "Wahl Ergebnis"),
        ("schulbusse", "Schul Bus"),
    ],
)
def test_compounds_of_a_town(word: str, parts: str) -> None:
    assert compounds.parts(word) == tuple(german.tokens(parts))


@pytest.mark.parametrize(
    "word",
    [
        # They mean nothing of what they were put together of.
        "haushalt", "haushalte", "hochzeit", "schildkröte", "zaunkönig", "frühstück",
        # A prefix before a noun: no "Verb" and "Rauch", no "Zug" and "Riff".
        "verbrauch", "verbraucher", "verbleib", "verbindung", "zugriff", "zugriffe", "gegendruck",
        # Read so they would be chance.
        "plantage", "walnuss", "waldorf", "generations", "cantor", "ortschaften",
    ],
)  # fmt: skip
def test_compounds_that_mean_nothing_of_their_parts(word: str) -> None:
    assert compounds.parts(word) == ()


# -- with a lexicon of one's own ---------------------------------------------------------------

_SPLITTER = compounds.Splitter(
    heads=["haus", "baum", "garten", "tor", "gang", "stern", "zeit", "stande", "samt", "amt"],
    modifiers=["obst", "haus", "arbeits", "standes", "verb"],
    atoms=["baumhaus"],
    unusual=["stande"],
)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("obstbaum", ("obst", "baum")),
        ("obstgarten", ("obst", "garten")),
        ("obstbaumhaus", ("obst", "baum", "haus")),
        # Linked as other words are, though not listed in this form.
        ("sternenhaus", ("sternen", "haus")),
        ("gartenstor", ("gartens", "tor")),
        ("arbeitszeit", ("arbeits", "zeit")),
        # "Gang" makes "Vorgang", which can end compounds; "vor" begins none.
        ("obstvorgang", ("obst", "vorgang")),
        ("vorgang", ()),
        # A form that begins no compound, unless nothing else is left.
        ("standesamt", ("standes", "amt")),
        ("standehaus", ("stande", "haus")),
        # A short noun that is not listed as a modifier needs more behind it.
        ("torgarten", ("tor", "garten")),
        ("torhaus", ()),
        # "Ver-baum": such a prefix is nothing else.
        ("verbaum", ()),
        # All of the word, or none of it.
        ("obstbaumx", ()),
        ("xobstbaum", ()),
        ("obst", ()),
        ("obsthaus" * 8, ()),
        # Said to be none.
        ("baumhaus", ()),
    ],
)
def test_a_splitter(word: str, parts: tuple[str, ...]) -> None:
    assert _SPLITTER.split(word) == parts


# -- time --------------------------------------------------------------------------------------


def _seconds(words: list[str]) -> float:
    compounds.parts("apfelbaum")  # the lexicon is read once
    began = time.process_time()
    for word in words:
        compounds.parts(word)
    return time.process_time() - began


@pytest.mark.parametrize(
    "pieces",
    [
        list(string.ascii_lowercase + "äöüß"),
        ["kinder", "tages", "spiel", "platz", "haus", "stadt", "rat", "wege", "bau", "en", "s"],
        ["a"],
        ["ei", "er"],
    ],
    ids=["nonsense", "what could be words", "one letter", "two letters"],
)
def test_sixty_letters_take_about_a_millisecond(pieces: list[str]) -> None:
    chance = random.Random(7)
    words = ["".join(chance.choices(pieces, k=60))[:60] for _ in range(300)]
    assert _seconds(words) < 1.5


def test_longer_words_are_not_looked_at() -> None:
    words = ["kinder" * 11, "haus" * 25_000, "x" * 100_000]
    assert all(compounds.parts(word) == () for word in words)
    assert _seconds(words) < 0.5
