"""The ranking: its rules one by one, and what they come to in a small town's catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from search import query, ranking
from search.catalogue.index import Catalogue
from search.question import Reader
from search.service import SearchService
from search.vectors.base import NoVectors

# -- the rules ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "best", "evidence", "worth"),
    [
        (0.8, 0.8, 1.0, True),
        # Half of what the best one holds, not less.
        (0.4, 0.8, 1.0, True),
        (0.39, 0.8, 1.0, False),
        # A fifth of the question, or what says much by itself.
        (0.2, 0.2, 0.5, True),
        (0.19, 0.2, 0.5, False),
        (0.19, 0.2, 4.0, True),
        (0.01, 0.01, 4.0, False),
        (0.0, 0.0, 4.0, False),
    ],
)
def test_worth_showing(
    monkeypatch: pytest.MonkeyPatch, held: float, best: float, evidence: float, worth: bool
) -> None:
    for name, value in {"_AS_GOOD": 0.5, "_COVERED": 0.2, "_TELLING": 0.7}.items():
        monkeypatch.setattr(ranking, name, value)
    assert ranking.worth_showing(held, best, evidence) is worth


def test_one_that_stands_out_is_surer_than_one_of_a_crowd() -> None:
    alone = [0.6] + [0.2] * 40
    among_others = [0.6] + [0.55] * 40
    assert ranking.sureness(alone, 0.0) > ranking.sureness(among_others, 0.0)


def test_who_is_near_and_the_far_are_not_the_crowd() -> None:
    crowd = [0.3] * 20
    near, far = [0.6, *[0.5] * 9], [0.0] * 20
    assert ranking.sureness(near + crowd + far, 0.0) == ranking.sureness([0.6] * 10 + crowd, 0.0)


def test_nearer_is_surer_and_so_is_more_of_the_question_in_words() -> None:
    crowd = [0.3] * 30
    assert ranking.sureness([0.7, *crowd], 0.0) > ranking.sureness([0.6, *crowd], 0.0)
    assert ranking.sureness([0.6, *crowd], 0.5) > ranking.sureness([0.6, *crowd], 0.0)


def test_a_catalogue_too_small_for_a_crowd_is_judged_by_the_nearest() -> None:
    assert len({ranking.sureness([0.6] * number, 0.0) for number in (1, 2, 10)}) == 1
    assert ranking.sureness([0.7], 0.0) > ranking.sureness([0.6], 0.0)


def test_neighbours_are_near_the_nearest_and_the_threshold() -> None:
    least = ranking.least_similarity(0.9, 0.0, 0.5)
    assert 0.5 < least < 0.9
    # The nearest is far away: no farther than so much below the threshold.
    assert ranking.least_similarity(0.5, 0.0, 0.5) == 0.5 - ranking.NEIGHBOUR_FLOOR


def test_who_asks_in_a_records_own_words_gets_little_beside_it() -> None:
    by_coverage = [ranking.least_similarity(0.9, coverage / 10, 0.1) for coverage in range(11)]
    assert by_coverage == sorted(by_coverage)
    assert by_coverage[0] < by_coverage[-1] < 0.9


def test_words_are_trusted_the_more_they_hold_and_say() -> None:
    assert ranking.trust(0.0, 5.0) == 0.0
    assert ranking.trust(0.5, 0.0) == 0.0
    assert ranking.trust(0.4, 1.0) < ranking.trust(0.8, 1.0) < ranking.trust(0.8, 4.0)


# -- a small town's catalogue ------------------------------------------------------------------

_PLACES = """
- {name: bendorf, short: Bendorf, kind: stadt, localities: [Sayn]}
- {name: mayen, short: Mayen, kind: stadt}
- {name: auental, short: Auental, kind: verbandsgemeinde, parts: [Altdorf, Bad Auen]}
"""


class Town:
    """A service whose catalogue also holds what every town publishes."""

    def __init__(self, service: SearchService) -> None:
        self.service = service

    def holds(self, *records: str | dict[str, Any]) -> None:
        self.service.remove(query.All())
        usual = [f"Satzung über den Winterdienst {year}" for year in range(1980, 2020)]
        self.service.put([_record(n, one) for n, one in enumerate((*records, *usual))])

    def finds(self, text: str) -> list[str]:
        """Return the titles that a question finds, best first."""
        score = (query.Sort("score", True),)
        search = query.Search(query.Question(text), sort=score, rows=20, mode="lexical")
        return [str(hit.record["title"]) for hit in self.service.search(search).hits]


def _record(number: int, given: str | dict[str, Any]) -> dict[str, Any]:
    made = {
        "index_id": f"{number:032x}",
        "id": f"kennung-{number}",
        "name": f"name-{number}",
        "state": "active",
        "permission_labels": ["public"],
        **({"title": given} if isinstance(given, str) else given),
    }
    return {"title_string": made["title"], **made}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    (folder / "organisations.yaml").write_text(_PLACES, "utf-8")
    service = SearchService(Catalogue(folder / "index"), NoVectors(), None, reader=Reader(folder))
    yield Town(service)
    service.close()


def test_the_thing_in_the_place_comes_first(town: Town) -> None:
    others = ["Haushalt Bendorf", "Friedhof Bendorf", "Feuerwehr Bendorf"]
    town.holds("Spielplätze Mayen", *others, "Spielplatz am Rheinufer Bendorf", "Spielplätze")
    found = town.finds("Spielplätze in Bendorf")
    assert found[0] == "Spielplatz am Rheinufer Bendorf"
    assert set(found) <= {*others, "Spielplätze Mayen", "Spielplätze", found[0]}


def test_a_place_is_what_people_do_not_do_without(town: Town) -> None:
    """Of two records with one of two equally rare words."""
    town.holds("Sommerkonzert Mayen", "Winterfest Bendorf")
    assert town.finds("Sommerkonzert Bendorf")[0] == "Winterfest Bendorf"


def test_a_villages_things_may_be_its_unions(town: Town) -> None:
    town.holds("Wasserpreise Auental", "Wasserpreise Altdorf", "Wasserpreise Mayen", "Bad Mayen")
    assert town.finds("Wasserpreise in Altdorf")[:2] == [
        "Wasserpreise Altdorf",
        "Wasserpreise Auental",
    ]
    assert "Wasserpreise Altdorf" in town.finds("Wasserpreise Auental")
    assert town.finds("Wasserpreise in Bad Auen")[0] == "Wasserpreise Auental"


@pytest.mark.parametrize(
    "asked",
    ["Bäume im Park", "BÄUME IM PARK", "baeume im park", "Baume im Park", " Bäume im Park "],
)
def test_what_is_called_so_comes_first(town: Town, asked: str) -> None:
    more = {"title": "Park: Bäume, Bäume im Park, alle Bäume", "notes": "Bäume im Park " * 20}
    town.holds(more, "Bäume im Park", "Der Park und die Bäume im Park")
    assert town.finds(asked)[0] == "Bäume im Park"


@pytest.mark.parametrize("field", ["id", "name"])
def test_an_identifier_comes_first(town: Town, field: str) -> None:
    wanted = {"title": "Etwas anderes", field: "wald-2024"}
    town.holds({"title": "Wald 2024", "notes": "Wald 2024 " * 9}, wanted, "wald 2024 wald-2024")
    assert town.finds("wald-2024")[0] == "Etwas anderes"


def test_a_phrase_comes_first(town: Town) -> None:
    both = {"title": "Brücke, Umbau", "notes": "Der alte Plan für die Brücke wird umgebaut. Alte."}
    town.holds(both, "Umbau: die alte Brücke am Markt", "Alte Pläne: Umbau ohne Brücke")
    assert town.finds('Umbau "alte Brücke"')[0] == "Umbau: die alte Brücke am Markt"
    assert town.finds('"alte Brücke"') == ["Umbau: die alte Brücke am Markt"]


def test_words_side_by_side_come_before_words_apart(town: Town) -> None:
    town.holds(
        "Brücke, Markt, Alte und Junge", "Junge Brücke, alte Halle", "Die alte Brücke, Halle"
    )
    assert town.finds("alte Brücke")[0] == "Die alte Brücke, Halle"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Kita", "Kindertageseinrichtungen der Stadt"),
        ("Kita", "Tageseinrichtungen für Kinder"),
        ("Müll", "Abfallwirtschaft"),
        ("Radweg", "Wege für Räder"),
        ("Hallenbad", "Hallenbäder"),
        ("hallenbaeder", "Hallenbad"),
        ("Konzert", "Sommerkonzerte"),
        ("Gärtnerinnen", "Gärtner:innen gesucht"),
        ("BPlan", "B-Plan Nr. 5"),
        ("B-Plan", "BPlan Nr. 5"),
        ("B-Plan", "Bebauungsplan Nr. 5"),
        ("L98", "Ausbau der L 98"),
        ("Opendata", "Open-Data"),
        ("öffentlicher Nahverkehr", "Linien des ÖPNV"),
    ],
)
def test_other_words_for_it_find_it(town: Town, asked: str, found: str) -> None:
    town.holds("Theater", found, "Strandkörbe")
    assert town.finds(asked) == [found]


@pytest.mark.parametrize(
    ("asked", "no"),
    [
        ("Strom", "Ångström und Angstrom"),
        ("Strom", "Maelstrom"),
        ("Rat", "Literatur"),
        ("Bürger", "Burgen am Rhein"),
        ("Ern", "Ministern"),
        ("Ein", "Vereine"),
        ("Kreuz", "Kreuzungen"),
        ("Stern", "Ostern"),
        ("Gang", "Vorgänge"),
    ],
)
def test_part_of_a_word_is_no_word(town: Town, asked: str, no: str) -> None:
    town.holds("Theater", no, "Strandkörbe")
    assert town.finds(asked) == []


@pytest.mark.parametrize(
    ("asked", "no"),
    [
        ("Haus", "Haushalt 2024"), ("Halt", "Doppelhaushalt"), ("Samt", "Standesamt"),
        ("Samt", "Kreisordnungsamt"), ("Rauch", "Wasserverbrauch"), ("Raucher", "Verbraucher"),
        ("Riff", "Zugriffe"), ("Burger", "Burgen"), ("Glaser", "Leere Gläser"),
        ("Schlosser", "Alte Schlösser"),
    ],
)  # fmt: skip
def test_a_budget_is_no_house(town: Town, asked: str, no: str) -> None:
    town.holds("Theater", no, "Strandkörbe")
    assert town.finds(asked) == []


@pytest.mark.parametrize("asked", ["L 98", "L98", "l-98", "L 98?"])
@pytest.mark.parametrize("title", ["Ausbau der L98", "Ausbau der L 98", "Ausbau (L-98)"])
def test_a_road_is_found_however_it_is_written(town: Town, asked: str, title: str) -> None:
    town.holds("Theater", title, "Strandkörbe")
    assert town.finds(asked) == [title]


def test_what_it_stands_for_comes_before_what_shares_a_part(town: Town) -> None:
    town.holds("Haushaltsplan", "Bebauungsplan Nr. 5", "B-Plan Nr. 6", "Stellenplan")
    found = town.finds("B-Plan")
    assert found[0] == "B-Plan Nr. 6"
    assert "Haushaltsplan" not in found[:2]


def test_the_word_itself_comes_before_its_parts_and_other_names(town: Town) -> None:
    town.holds("Plätze, wo Kinder spielen", "Tummelplätze", "Spielplatz", "Kinderspielplatz")
    found = town.finds("Spielplätze")
    assert found[0] == "Spielplatz"
    assert "Plätze, wo Kinder spielen" in found


def test_the_title_says_what_it_is(town: Town) -> None:
    town.holds({"title": "Bericht", "notes": "Von Fröschen und Teichen"}, "Von Fröschen im Mai")
    assert town.finds("Frösche") == ["Von Fröschen im Mai", "Bericht"]


def test_rare_words_count_more(town: Town) -> None:
    town.holds("Satzung über den Froschteich", "Winterdienst im Mai")
    assert town.finds("Winterdienst Froschteich")[0] == "Satzung über den Froschteich"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Frosch +Teich", {"Frosch Teich"}),
        ("Frosch Otter +Teich", {"Frosch Teich"}),
        ("Frosch -Teich", {"Frosch"}),
        ("-Satzung", {"Frosch", "Teich", "Frosch Teich"}),
        ('-"Frosch Teich" Teich', {"Teich"}),
        ("+Frosch +Teich", {"Frosch Teich"}),
        # Without one number is not without all of a year.
        ("Frosch -2017/0140", {"Frosch", "Frosch Teich"}),
        ("Frosch -Frosch-Teich", {"Frosch"}),
    ],
)
def test_signs(town: Town, asked: str, found: set[str]) -> None:
    town.holds({"title": "Frosch", "notes": "2017"}, "Teich", "Frosch Teich")
    assert set(town.finds(asked)) == found


def test_with_enough_that_hold_it_no_other_joins(town: Town) -> None:
    """And with one less they do."""
    both = [f"Frosch im Teich {number}" for number in range(ranking.ENOUGH)]
    town.holds(*both, "Frosch im Glas")
    assert set(town.finds("Frosch Teich")) == set(both)
    town.holds(*both[1:], "Frosch im Glas")
    assert set(town.finds("Frosch Teich")) == {*both[1:], "Frosch im Glas"}


@pytest.mark.parametrize("asked", ["", "!!!", '""', "-", "+ –"])
def test_who_asks_for_nothing_finds_nothing(town: Town, asked: str) -> None:
    town.holds("Frosch")
    assert town.finds(asked) == []


def test_records_written_again_turn_nothing_round(town: Town) -> None:
    """The engine counts what was replaced for a while: a word of every record counted below 0."""
    town.holds()
    for number in range(35):
        town.service.put([_record(number, f"Satzung über den Winterdienst {1980 + number}")])
    concepts = town.service.reader.read("Winterdienst")
    search = query.Search(query.Question("Winterdienst", concepts=concepts))
    best = town.service.catalogue.snapshot().best(search, 50)
    assert len(best.hits) == 40
    assert best.evidence > 0
    assert all(0 < score < 2 for _, score in best.hits)
    assert town.finds("Winterdienst Satzung 1999")[0] == "Satzung über den Winterdienst 1999"
