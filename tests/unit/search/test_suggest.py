"""Suggestions while typing, corrected questions, records about the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient

from search import encoder
from search.app import create_app
from search.catalogue.index import Catalogue
from search.service import SearchService
from search.settings import SearchSettings
from search.suggest import completion, nearness, spelling, terms
from search.vectors.base import NoVectors
from search.vectors.edge import EdgeStore

TOKEN = "geheim"
STAFF = {"Authorization": f"Bearer {TOKEN}", "X-Myk-Labels": "public, member-1"}

_PLACES = ("Bendorf", "Weißenthurm", "Mülheim-Kärlich")


def record(number: int, title: str, **more: Any) -> dict[str, Any]:
    """Return a record as CKAN sends it."""
    return {
        "index_id": f"{number:032x}",
        "id": f"id-{number}",
        "name": f"record-{number}",
        "title": title,
        "title_string": title,
        "state": "active",
        "dataset_type": "dataset",
        "permission_labels": ["public"],
        "metadata_modified": "2026-01-01T00:00:00Z",
        **more,
    }


RECORDS = [
    record(
        1, "Freiwillige Feuerwehr Bendorf", tags=["Feuerwehr", "Freiwillige Feuerwehr"],
        spatial_text=["Bendorf"], organization="stadt-bendorf",
        organization_title="Stadt Bendorf", groups=["mobil-hub"], group_titles=["Mobil Hub"],
        notes="Einsätze der Feuerwehr und des Katastrophenschutzes.",
    ),
    record(
        2, "Spielplätze und Bolzplätze", tags=["Spielplatz", "Kinder"],
        spatial_text=["Weißenthurm"], organization="vg-weissenthurm",
        organization_title="Verbandsgemeinde Weißenthurm",
        notes="Kinder finden hier jeden Spielplatz.",
    ),
    record(
        3, "Müllabfuhr: Abfuhrkalender 2026", tags=["Abfall", "Müllabfuhr"],
        spatial_text=["Mülheim-Kärlich"], organization="vg-weissenthurm",
        organization_title="Verbandsgemeinde Weißenthurm", notes="Wann wird der Müll geholt?",
    ),
    record(4, "Straßenverzeichnis", tags=["Straßen"], spatial_text=["Bendorf"]),
    record(
        5, "Haushaltsplan 2026",
        tags=["Haushalt", "Feuerwehr"], notes="Ein Bebauungsplan liegt aus.",
    ),
    record(6, "Gebührensatzung Friedhof", tags=["Friedhof"], notes="Gebühren der Stadt Bendorf."),
    record(
        7, "Rettungswache Geheimhausen", tags=["Rettungswache"], spatial_text=["Geheimhausen"],
        permission_labels=["member-1"], notes="Feuerwehr",
    ),
    record(8, "Feuerwehrhaus gelöscht", tags=["Feuerwehrhaus"], state="deleted"),
    record(9, "Hallenbäder", tags=["Schwimmen", "Feuerwehr"], organization="stadt-ohne-titel"),
]  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchService]:
    made = SearchService(Catalogue(tmp_path_factory.mktemp("suggest") / "index"), NoVectors(), None)
    made.put(RECORDS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(service: SearchService) -> FlaskClient:
    return create_app(service, SearchSettings(search_token=TOKEN)).test_client()


def suggest(
    client: FlaskClient, q: str, headers: dict[str, str] | None = None, limit: int = 8
) -> Any:
    answer = client.get("/api/v1/suggest", query_string={"q": q, "limit": limit}, headers=headers)
    assert answer.status_code == 200, answer.get_data(True)
    assert answer.json is not None
    return answer.json["suggestions"]


def lines(client: FlaskClient, q: str, **more: Any) -> list[tuple[str, str]]:
    return [(line["kind"], line["text"]) for line in suggest(client, q, **more)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Feuerw", ("tag", "Feuerwehr")),
        ("Feuerwer", ("tag", "Feuerwehr")),
        ("feuerwer", ("title", "Freiwillige Feuerwehr Bendorf")),
        ("Freiwillige Feu", ("title", "Freiwillige Feuerwehr Bendorf")),
        ("bend", ("place", "Bendorf")),
        ("bend", ("organisation", "Stadt Bendorf")),
        ("Bendrof", ("place", "Bendorf")),
        ("Kinderspeilplatz", ("tag", "Spielplatz")),
        ("Spielpletze", ("title", "Spielplätze und Bolzplätze")),
        ("bolz", ("title", "Spielplätze und Bolzplätze")),
        ("strasse", ("tag", "Straßen")),
        ("STRASSENV", ("title", "Straßenverzeichnis")),
        ("straße", ("tag", "Straßen")),
        ("muell", ("tag", "Müllabfuhr")),
        ("müll", ("title", "Müllabfuhr: Abfuhrkalender 2026")),
        ("weissent", ("place", "Weißenthurm")),
        ("verbandsgem", ("organisation", "Verbandsgemeinde Weißenthurm")),
        ("vg weiss", ("organisation", "Verbandsgemeinde Weißenthurm")),
        ("kärlich", ("place", "Mülheim-Kärlich")),
        ("mobil", ("group", "Mobil Hub")),
        ("stadt ohne", ("organisation", "stadt-ohne-titel")),
        ("haushalt 20", ("title", "Haushaltsplan 2026")),
        ("feuerwehr bendo", ("title", "Freiwillige Feuerwehr Bendorf")),
    ],
)  # fmt: skip
def test_what_is_suggested(client: FlaskClient, typed: str, expected: tuple[str, str]) -> None:
    assert expected in lines(client, typed)


@pytest.mark.parametrize("typed", ["", " ", "…", "?", "xqzwv", "\x00", "a\x1fb", "-" * 2_000])
def test_nothing_to_suggest(client: FlaskClient, typed: str) -> None:
    assert suggest(client, typed) == []


def test_a_line_says_what_it_is(client: FlaskClient) -> None:
    by_kind = {line["kind"]: line for line in suggest(client, "bend")}
    assert by_kind["place"] == {"text": "Bendorf", "kind": "place", "name": "Bendorf", "count": 2}
    assert by_kind["organisation"]["name"] == "stadt-bendorf"
    assert by_kind["title"]["name"] == "record-1"
    assert by_kind["title"]["url"].endswith("/dataset/record-1")
    assert "count" not in by_kind["title"]


def test_what_begins_so_comes_before_what_goes_on_so(client: FlaskClient) -> None:
    tags = [text for kind, text in lines(client, "feuer") if kind == "tag"]
    assert tags == ["Feuerwehr", "Freiwillige Feuerwehr"]


def test_not_more_than_asked_and_no_line_twice(client: FlaskClient) -> None:
    assert len(suggest(client, "fe", limit=2)) == 2
    texts = [text for _, text in lines(client, "feuerwehr", limit=50)]
    assert len(texts) == len(set(texts))


def test_only_what_the_caller_sees(client: FlaskClient) -> None:
    assert suggest(client, "geheimhausen") == []
    assert suggest(client, "Geheimhuasen") == []
    assert suggest(client, "rettungsw") == []
    assert ("place", "Geheimhausen") in lines(client, "geheimh", headers=STAFF)
    nobody = {**STAFF, "X-Myk-Labels": ""}
    assert suggest(client, "feuerwehr", headers=nobody) == []
    assert ("tag", "Feuerwehrhaus") not in lines(client, "feuerwehr", headers=STAFF)
    refused = client.get("/api/v1/suggest?q=a", headers={"X-Myk-Labels": "member-1"})
    assert refused.status_code == 401


def test_counts_are_the_callers_and_follow_each_write(
    service: SearchService, client: FlaskClient
) -> None:
    def count() -> int | None:
        found = [line for line in suggest(client, "feuerwehr") if line["text"] == "Feuerwehr"]
        return found[0]["count"] if found else None

    assert count() == 3
    hidden = {**RECORDS[4], "permission_labels": ["member-1"]}
    service.put([hidden])
    assert count() == 2
    assert "Haushaltsplan 2026" not in [text for _, text in lines(client, "haushalt")]
    service.put([RECORDS[4]])
    assert count() == 3


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "limit=x", "q=" + "a" * 2_001])
def test_bad_requests_are_told_why(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/v1/suggest?{query}")
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["detail"]["query"]


# -- did you mean ------------------------------------------------------------------------------


def meant(client: FlaskClient, q: str, headers: dict[str, str] | None = None, **params: Any) -> Any:
    answer = client.get("/api/v1/search", query_string={"q": q, **params}, headers=headers)
    assert answer.status_code == 200, answer.get_data(True)
    assert answer.json is not None
    return answer.json["did_you_mean"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("Feuerwer", "Feuerwehr"),
        ("Feurwehr Bendorf", "Feuerwehr Bendorf"),
        ("Feuerwehr in Bendrof", "Feuerwehr in Bendorf"),
        ("Müllabfur", "Müllabfuhr"),
        ("Muellabfur", "Müllabfuhr"),
        ("Haushallt", "Haushalt"),
        ("Bebaungsplahn", "Bebauungsplan"),
        ("Strassenverzeichniss", "Straßenverzeichnis"),
        ("Friethof +Gebühren", "Friedhof +Gebühren"),
        ("+Freidhof", "+Friedhof"),
        # Meant as they stand: quoted, excluded, too short, numbers, words of no topic.
        ('"Feuerwer"', None),
        ("-Feuerwer Friedhof", None),
        ("Abf", None),
        ("20266", None),
        ("wo ist der", None),
        ("Feuerwehr", None),
        ("", None),
        ("xqzwv", None),
    ],
)
def test_did_you_mean(client: FlaskClient, asked: str, expected: str | None) -> None:
    assert meant(client, asked) == expected


def test_a_compound_is_put_right_by_its_parts(client: FlaskClient) -> None:
    better = meant(client, "Kinderspeilplatz")
    assert better is not None
    assert "spielplatz" in better.lower()
    found = client.get("/api/v1/search", query_string={"q": better}).json
    assert found is not None
    assert found["count"] > 0


def test_nothing_is_proposed_that_then_finds_nothing(client: FlaskClient) -> None:
    assert meant(client, "Müllabfur", org="vg-weissenthurm") == "Müllabfuhr"
    assert meant(client, "Müllabfur", org="stadt-bendorf") is None


def test_no_word_that_only_others_see(client: FlaskClient) -> None:
    assert meant(client, "Rettungswahce") is None
    assert meant(client, "Rettungswahce", headers=STAFF) == "Rettungswache"
    assert meant(client, "Rettungswahce", headers={**STAFF, "X-Myk-Labels": ""}) is None


def test_a_word_that_the_model_knows_is_no_slip() -> None:
    model = encoder.load()
    assert model.knows("Baden")
    assert not model.knows("Bendrof")
    assert spelling.known_to(None)("Baden") is False


@pytest.mark.parametrize(
    ("typed", "word", "edits", "near"),
    [
        ("feuerwer", "feuerwehr", 1, True),
        ("speilplatz", "spielplatz", 1, True),
        ("bebaungsplahn", "bebauungsplan", 2, True),
        ("bebaungsplahn", "bebauungsplan", 1, False),
        ("haus", "maus", 1, True),
        ("haus", "hausen", 1, False),
        ("haus", "haus", 1, True),
    ],
)
def test_nearness(typed: str, word: str, edits: int, near: bool) -> None:
    assert (nearness.Typed(typed, edits).cost(word) is not None) is near


def test_common_slips_count_less() -> None:
    def cost(typed: str, word: str) -> float:
        found = nearness.Typed(typed, 1).cost(word)
        assert found is not None
        return found

    assert cost("feuerwer", "feuerwehr") < cost("feuerwer", "feuerwerk")
    assert cost("haushallt", "haushalt") < cost("haushaltx", "haushalt")
    assert nearness.Typed("feuerwer", 1, typing=True).cost("feuerwehrhaus") is not None


def test_terms_of_a_record() -> None:
    found = terms.columns({"title": ["Ämter"], "tags": ["A–Z Liste", "—"], "name": ["x"]})
    assert found["title_words"] == {"amter"}
    assert found["words"] == {"amter", "a", "z", "liste"}
    assert {terms.offer(term) for term in found["offers"]} == {
        (typed, terms.Value("tag", "A–Z Liste", "A–Z Liste"))
        for typed in ("a z liste", "z liste", "liste")
    }
    assert terms.offer("a\x1fb") is None
    assert terms.columns({"name": ["allein"]})["title_words"] == {"allein"}


# -- records about the same --------------------------------------------------------------------

_ABOUT: Sequence[tuple[str, str, list[str]]] = (
    ("Radverkehrszählung Nettetal", "Wie viele Fahrräder am Tag vorbeifahren.", ["public"]),
    ("Dauerzählstelle Radverkehr", "Gezählte Fahrräder je Stunde am Radweg.", ["public"]),
    ("Verkehrszählung Radwege, intern", "Gezählte Fahrräder am Radweg, Rohdaten.", ["member-1"]),
    ("Wahl des Seniorenbeirats 2025", "Stimmen und Sitze.", ["public"]),
    ("Hundesteuersatzung Kruft", "Was ein Hund im Jahr kostet.", ["public"]),
)


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("similar")
    model = encoder.load()
    made = SearchService(
        Catalogue(folder / "index"), EdgeStore(folder / "vectors", model.traits.dimension), model
    )
    made.put(
        [
            record(number, title, notes=notes, permission_labels=labels, organization="kreis")
            for number, (title, notes, labels) in enumerate(_ABOUT)
        ]
        + [record(90, "Radverkehrszählung 2020", notes="Fahrräder am Tag", state="deleted")]
    )
    yield create_app(made, SearchSettings(search_token=TOKEN)).test_client()
    made.close()


def similar(client: FlaskClient, id: str, headers: dict[str, str] | None = None) -> list[str]:
    answer = client.get(f"/api/v1/similar/{id}", headers=headers)
    assert answer.status_code == 200, answer.get_data(True)
    assert answer.json is not None
    return [result["id"] for result in answer.json["results"]]


def test_similar_are_near_and_not_itself(hybrid: FlaskClient) -> None:
    assert similar(hybrid, "id-0") == ["id-1"]
    assert similar(hybrid, "record-0") == ["id-1"]
    assert sorted(similar(hybrid, "id-0", STAFF)) == ["id-1", "id-2"]
    assert similar(hybrid, "id-4") == []


def test_similar_says_what_a_reader_needs(hybrid: FlaskClient) -> None:
    answer = hybrid.get("/api/v1/similar/id-0?limit=1").json
    assert answer is not None
    (result,) = answer["results"]
    assert result["title"] == "Dauerzählstelle Radverkehr"
    assert result["organization"] == "kreis"
    assert result["url"].endswith("/dataset/record-1")
    assert 0.5 < result["score"] <= 1


@pytest.mark.parametrize("id", ["id-2", "id-90", "gibt-es-nicht", "record-2"])
def test_what_one_does_not_see_has_no_neighbours(hybrid: FlaskClient, id: str) -> None:
    answer = hybrid.get(f"/api/v1/similar/{id}")
    assert answer.status_code == 404
    assert answer.json is not None
    assert "no such record" in answer.json["message"]


def test_without_a_model_shared_words_decide(client: FlaskClient, service: SearchService) -> None:
    twins = [
        record(70 + n, f"Bebauungsplan Nordhafen Teil {n}", tags=["Nordhafen"]) for n in range(2)
    ]
    service.put(twins)
    assert similar(client, "id-70") == ["id-71"]
    assert similar(client, "id-4") == []


def test_the_lists_of_kinds_agree() -> None:
    from search.api import schemas

    assert set(terms.VALUES) | {"title"} == set(schemas.KINDS) == set(completion._ORDER)
