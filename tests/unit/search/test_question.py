"""How a person's question is read: what it asks for, with which sign, and by which other words."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from search import query, ranking
from search.catalogue.index import Catalogue
from search.question import MAX_CONCEPTS, Reader, chunks, pairs
from search.service import SearchService
from search.text import german
from search.vectors.base import NoVectors


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    folder = tmp_path_factory.mktemp("config")
    (folder / "organisations.yaml").write_text(
        "- {short: Birkenthal, parts: [Bad Auen, Altdorf, Au am Wald]}", "utf-8"
    )
    (folder / "synonyms.txt").write_text("Haus der Musik, Musikschule", "utf-8")
    return Reader(folder)


def tokens(text: str) -> tuple[str, ...]:
    return tuple(german.tokens(text))


# -- pieces ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Wald Wiese", ["Wald", "Wiese"]),
        ("+Wald -Wiese", ["+Wald", "-Wiese"]),
        ('"Wald und Wiese"', ["'Wald und Wiese'"]),
        ('+"alter Wald" -"neue Wiese" Feld', ["+'alter Wald'", "-'neue Wiese'", "Feld"]),
        # Without words of no topic, unless there are no others or they have a sign or marks.
        ("Wo ist der Wald?", ["Wald?"]),
        ("wo ist der", ["wo", "ist", "der"]),
        ("Wald +der", ["Wald", "+der"]),
        ('"der" Wald', ["'der'", "Wald"]),
        ("Wald – !!! ?", ["Wald"]),
        # A hyphen inside, behind, or after a mark is no sign; nor is a sign alone.
        ("Wald-Wiese", ["Wald-Wiese"]),
        ('"Wald"-Wiese', ["'Wald'", "-Wiese (no sign)"]),
        ("Wald - Wiese", ["Wald", "Wiese"]),
        ('Wald-"Wiese"', ["Wald-Wiese"]),
        # A mark that nothing closes is none.
        ('Wald "Wiese', ["Wald", "Wiese"]),
        ('Wald" Wiese', ["Wald", "Wiese"]),
        ("", []),
        ("   ", []),
    ],
)
def test_pieces(text: str, found: list[str]) -> None:
    written = [
        f"{one.sign}'{one.text}'"
        if one.phrase
        else f"{one.sign}{one.text}{' (no sign)' if not one.sign and one.text[0] in '+-' else ''}"
        for one in chunks(text)
    ]
    if text.startswith('Wald-"'):
        written = [one.replace('"', "") for one in written]
    assert written == found


# -- things asked for --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wholes"),
    [
        ("Wald Wiese", ["wald", "wies"]),
        ("Wälder wald WALD", ["wald"]),
        ("+Wald -Wiese Feld", ["+wald", "-wies", "feld"]),
        ('"Alten Wald" Wiese', ['"alt wald"', "wies"]),
        # The same with another sign, or as a phrase, is another thing.
        ('Wald +Wald -Wald "Wald"', ["wald", "+wald", "-wald", '"wald"']),
        # One name of several words, the longest that there is.
        ("öffentlicher Nahverkehr am Abend", ["offentlichernahverkehr", "abend"]),
        ("Haus der Musik", [german.token("hausmusik")]),
        ("Haus und Hof", ["haus", "hof"]),
        ("Brot in Bad Auen", ["brot", "badau"]),
        ("+öffentlicher Nahverkehr", ["+offent", "nahverkehr"]),
        ('öffentlicher "Nahverkehr"', ["offent", '"nahverkehr"']),
        # In pieces with a hyphen: one thing if a piece is a letter, else one each.
        ("B-Plan", ["bplan"]),
        ("E-Bike", ["ebik"]),
        ("Wald-Wiese", ["wald", "wies"]),
        ("+Wald-Wiese", ["+wald", "+wies"]),
        ("-Wald-Wiese", ["-waldwies"]),
        ("7/2024", ["72024"]),
        ("17/2024", ["17", "2024"]),
        ("L98", ["l98"]),
        # Gender forms and broken words are read before anything is split.
        ("Bürger:innen -Gärtnerinnen", ["burger", "-gartner"]),
        ("Wald-\nwege", ["waldweg"]),
        ("Wiesen und -wege", ["wies", "weg"]),
        # Nothing is asked for.
        ("", []), ("!!!", []), ('""', []), ("+ - –", []), ("-", []),
    ],
)  # fmt: skip
def test_things(reader: Reader, text: str, wholes: list[str]) -> None:
    written = [
        f'{one.sign}"{one.whole}"' if one.phrase else one.sign + one.whole
        for one in reader.read(text)
    ]
    assert written == wholes


def test_a_compound_is_met_by_its_parts(reader: Reader) -> None:
    (concept,) = reader.read("Waldspielplatz")
    assert concept.parts == tokens("Wald Spiel Platz")


def test_what_is_one_name_is_met_by_its_words_or_as_one(reader: Reader) -> None:
    (concept,) = reader.read("B-Plan")
    assert (concept.whole, concept.parts) == ("bplan", ("b", "plan"))
    assert (tokens("Bebauungsplan"), 0.9) in concept.others


def test_things_in_pieces_are_also_met_together(reader: Reader) -> None:
    for concept in reader.read("Open-Data"):
        assert ("opendata",) in [other for other, _ in concept.others]


def test_a_place_counts_more_and_is_met_by_its_union(reader: Reader) -> None:
    village, union, wood = reader.read("Altdorf Birkenthal Wald")
    assert village.weight == union.weight == ranking.PLACE > wood.weight == 1.0
    assert [other for other, _ in village.others] == [tokens("Birkenthal")]
    assert {tokens("Bad Auen"), tokens("Altdorf")} < {other for other, _ in union.others}


def test_what_stands_before_a_colon_counts_less(reader: Reader) -> None:
    def weights(text: str) -> list[float]:
        return [concept.weight for concept in reader.read(text)]

    assert weights("Abfall: Container") == [ranking.CONTEXT, 1.0]
    # A name of several words, what is in pieces, and several colons.
    assert weights("öffentlicher Nahverkehr: Linien") == [ranking.CONTEXT, 1.0]
    assert weights("CDU-Antrag: Altdorf: Wald") == [
        ranking.CONTEXT, ranking.CONTEXT, ranking.CONTEXT * ranking.PLACE, 1.0,
    ]  # fmt: skip
    # What is said again behind it is meant.
    assert weights("Wald: Wiese Wald") == [1.0, 1.0]
    # No heading: nothing follows, or no space does.
    assert weights("Abfall Container:") == weights("Abfall Container") == [1.0, 1.0]
    assert weights("abfall:container") == [1.0, 1.0]


def test_a_phrase_is_met_by_nothing_else(reader: Reader) -> None:
    (concept,) = reader.read('"Kita Altdorf"')
    assert (concept.phrase, concept.parts, concept.others) == (True, (), ())


def test_a_long_question_needs_no_other_names(reader: Reader) -> None:
    few, many = "Kita " + "Wald{} " * 11, "Kita " + "Wald{} " * 12
    (kita, *_), (same, *_) = (reader.read(text.format(*range(12))) for text in (few, many))
    assert kita.others
    assert not same.others


@pytest.mark.parametrize(
    ("text", "wholes"),
    [
        ("L 98", ["l98"]), ("l 98?", ["l98"]), ("Ausbau (B 42)", ["ausbau", "b42"]),
        ("K 12 und K 13", ["k12", "k13"]), ("die A 61, die B 9", ["a61", "b9"]),
        ("Linie S 1", ["lini", "s1"]),
        # Too long for a road's letters or number, or not only that.
        ("Raum 12", ["raum", "12"]), ("B 12345", ["b", "12345"]), ("L98 5", ["l98", "5"]),
        ("+L 98", ["+l", "98"]), ("2024 L", ["2024", "l"]),
    ],
)  # fmt: skip
def test_a_road_in_two_words_is_one_thing(reader: Reader, text: str, wholes: list[str]) -> None:
    assert [one.sign + one.whole for one in reader.read(text)] == wholes


def test_a_road_in_two_words_is_met_however_it_is_written(reader: Reader) -> None:
    (road,) = reader.read("L 98")
    assert (road.whole, road.parts) == ("l98", ("l", "98"))


@pytest.mark.parametrize("text", ["Haus der Musik", "das Haus der Musik?", "haus musik"])
def test_a_name_with_a_word_of_no_topic_in_it(reader: Reader, text: str) -> None:
    (school,) = reader.read(text)
    assert (tokens("Musikschule"), 0.9) in school.others


def test_a_place_with_a_word_of_no_topic_in_it(reader: Reader) -> None:
    fair, place = reader.read("Kirmes in Au am Wald")
    assert (fair.weight, place.weight) == (1.0, ranking.PLACE)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Feuerwehr, -Bendorf", "feuerwehr -bendorf"),
        ("feuerwehr, -bendorf", "feuerwehr -bendorf"),
        ("Feuerwehr,-Bendorf", "feuerwehr -bendorf"),
        ("Bäume, -Park, -Wald", "baum -park -wald"),
        ("Schulen, -Gebühren", "schul -gebuhr"),
        # What the compound before it begins with is left out.
        ("Wasserpreise, -gebühren", "wasserpreis gebuhr"),
        ("Wasserpreise, -gebühren, -kosten und -tarife", "wasserpreis gebuhr kost tarif"),
        ("wasserpreise, -gebühren, -bendorf", "wasserpreis gebuhr -bendorf"),
        ("Tagesmütter und -väter", "tagesmutt vater"),
        ("Ostseite, -West", "ostseit -west"),
    ],
)
def test_a_minus_after_a_comma(reader: Reader, text: str, read: str) -> None:
    assert [one.sign + one.whole for one in reader.read(text)] == read.split()


def test_records_keep_what_is_left_out_after_a_comma() -> None:
    assert german.words("Feuerwehr, -Bendorf") == ["feuerwehr", "bendorf"]


def test_words_that_differ_by_their_umlauts_have_other_names(reader: Reader) -> None:
    """Rubbish and gauze, citizens and burgers: one token, but who asks says which."""

    def others(text: str) -> set[str]:
        (concept,) = reader.read(text)
        return {token for tokens, _ in concept.others for token in tokens}

    for one, other in (("Müll", "Mull"), ("Bürger", "Burger")):
        (first,), (second,) = reader.read(one), reader.read(other)
        assert first.whole == second.whole
    assert tokens("Abfall")[0] in others("Müll") & others("Muell")
    assert not others("Müll") & others("Mull")
    assert "hamburg" not in others("Bürger") and "einwohner" in others("Bürger")
    assert "einwohner" not in others("Burger")


# -- long ones ---------------------------------------------------------------------------------


def test_a_question_ends_after_so_many_things(reader: Reader) -> None:
    read = reader.read(" ".join(f"Wald{number}" for number in range(200)))
    assert len(read) == MAX_CONCEPTS
    assert read[0].whole == "wald0"


def test_one_thing_has_so_many_parts_at_most(reader: Reader) -> None:
    (concept,) = reader.read("a-" + "-".join(f"w{number}" for number in range(10_000)))
    assert len(concept.parts) <= MAX_CONCEPTS
    assert len(concept.whole) < 10 * MAX_CONCEPTS


_LONG = {
    "words": "wort " * 20_000,
    "different words": " ".join(f"wort{number}" for number in range(12_000)),
    "one word": "x" * 100_000,
    "a compound": "kinder" * 16_000,
    "compounds": "Donaudampfschifffahrtsgesellschaftskapitän " * 2_400,
    "letters and hyphens": "a-" * 50_000,
    "words and hyphens": "ab-" * 33_000,
    "one thing of many parts": "a-" + "-".join(f"w{number}" for number in range(15_000)),
    "marks": '"' * 100_000,
    "a mark": '"' + "wort " * 20_000,
    "a phrase": '"' + "wort " * 20_000 + '"',
    "phrases": '"wort amt" ' * 10_000,
    "signs": "+-" * 50_000,
    "signed words": "-wort +amt " * 9_000,
    "names": "öffentlicher Nahverkehr " * 4_000,
    "no topic": "der " * 25_000,
    "commas": "," * 100_000,
    "gender": "Bürger:innen " * 7_500,
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, reader: Reader) -> Iterator[SearchService]:
    folder = tmp_path_factory.mktemp("index") / "index"
    made = SearchService(Catalogue(folder), NoVectors(), None, reader=reader)
    made.put(
        [
            {"index_id": f"{n}", "id": f"{n}", "title": f"Wort Amt {n}", "state": "active",
             "permission_labels": ["public"], "notes": f"wort{n} w{n} ab Kinder"}
            for n in range(100)
        ]
    )  # fmt: skip
    yield made
    made.close()


@pytest.mark.parametrize("text", _LONG.values(), ids=_LONG)
def test_a_hundred_kilobytes_are_read_quickly(
    reader: Reader, service: SearchService, text: str
) -> None:
    """And answered. Processor seconds: the machine may be busy with something else."""
    reader.read("Wald")
    began = time.process_time()
    read = reader.read(text)
    pairs(text)
    assert time.process_time() - began < 1.5
    assert len(read) <= MAX_CONCEPTS
    service.search(query.Search(query.Question(text)))
    assert time.process_time() - began < 4.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("alten Wald am Fluss", ["alt_wald", "wald_am", "am_fluss"]),
        ('"alten Wald" +Fluss', ["alt_wald", "wald_fluss"]),
        ("Wald", []),
        ("", []),
        ("Wald Wald Wald", ["wald_wald"]),
    ],
)
def test_words_side_by_side(text: str, found: list[str]) -> None:
    assert pairs(text) == found
