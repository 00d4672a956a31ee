"""The catalogue on Tantivy: one result set, whatever is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from search.catalogue.index import Catalogue, LayoutError
from search.catalogue.translate import minimum_should_match
from search.query import All, Facet, Node, People, QueryError, Result, Search, Sort
from search.solr import lucene

RECORDS: list[dict[str, Any]] = [
    {
        "index_id": f"{number:032x}",
        "id": f"id-{number}",
        "name": f"name-{number}",
        "title": f"{'Spielplatz' if number % 2 else 'Ämter'} {number}",
        "notes": "Die Straßen der Stadt",
        "tags": ["a", "b"] if number % 3 else ["c"],
        "organization": f"o{number % 4}",
        "metadata_modified": f"2024-01-{number % 28 + 1:02d}T00:00:00Z",
        "extras_depth": str(number - 5),
        "permission_labels": ["public"] if number % 5 else ["member-1"],
        "state": "active",
        "with.dot": "x y",
        "data_dict": "{}",
    }
    for number in range(60)
]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    made = Catalogue(tmp_path_factory.mktemp("catalogue") / "index")
    made.put(RECORDS)
    yield made
    made.close()


def ask(catalogue: Catalogue, node: Node | str, **asked: Any) -> Result:
    tree = lucene.parse(node, operator="AND") if isinstance(node, str) else node
    return catalogue.snapshot().search(Search(tree, **asked), tree, scored=isinstance(tree, People))


def ids(result: Result) -> list[int]:
    return [int(hit.key, 16) for hit in result.hits]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("spielplätze", lambda n: n % 2 == 1),
        ("title:spielplatz AND tags:c", lambda n: n % 2 == 1 and n % 3 == 0),
        ("-tags:a", lambda n: n % 3 == 0),
        ("extras_depth:[-5 TO 5]", lambda n: n <= 10),
        ("extras_depth:{0 TO *]", lambda n: n > 5),
        ("metadata_modified:[2024-01-02 TO 2024-01-03]", lambda n: n % 28 in (1, 2)),
        ("name:name-1*", lambda n: str(n).startswith("1")),
        ("name:name-?", lambda n: n < 10),
        ("title:spiel*", lambda n: n % 2 == 1),
        ('title_ngram:"latz 5"', lambda n: n % 2 == 1 and "5" in str(n)),
        ("nirgends:*", lambda n: False),
        ("with.dot:*", lambda n: True),
        ('with.dot:"x y"', lambda n: True),
        ('"der stadt"', lambda n: True),
        ('"stadt der"', lambda n: False),
        ("organization:[o1 TO o2]", lambda n: n % 4 in (1, 2)),
        ("*:* -organization:o1", lambda n: n % 4 != 1),
    ],
)  # fmt: skip
def test_queries(catalogue: Catalogue, text: str, wanted: Any) -> None:
    result = ask(catalogue, text, rows=100)
    expected = {number for number in range(60) if wanted(number)}
    assert set(ids(result)) == expected
    assert result.count == len(expected)


def test_facets_count_the_result_set_not_the_page(catalogue: Catalogue) -> None:
    result = ask(catalogue, "spielplatz", rows=1, facets=(Facet("tags"), Facet("with.dot")))
    assert result.facets["tags"] == [("a", 20), ("b", 20), ("c", 10)]
    assert result.facets["with.dot"] == [("x y", 30)]


def test_labels_hide_records_counts_and_facet_values(catalogue: Catalogue) -> None:
    facets = (Facet("name", -1, 0),)
    result = ask(catalogue, All(), labels=("public",), rows=100, facets=facets)
    assert result.count == 48
    assert {name for name, _ in result.facets["name"]} == {
        f"name-{number}" for number in range(60) if number % 5
    }
    assert ask(catalogue, All(), labels=(), rows=100).count == 0


def test_labels_are_never_returned(catalogue: Catalogue) -> None:
    assert "permission_labels" not in ask(catalogue, All(), rows=1).hits[0].record


def test_pages_of_a_sort_with_ties_are_exact(catalogue: Catalogue) -> None:
    sort = (Sort("metadata_modified", True), Sort("extras_depth"))
    expected = sorted(
        range(60),
        key=lambda n: (-(n % 28), str(n - 5)),
    )
    found = [
        number
        for start in range(0, 60, 7)
        for number in ids(ask(catalogue, All(), sort=sort, start=start, rows=7))
    ]
    assert found == expected


def test_umlauts_sort_as_germans_expect(catalogue: Catalogue) -> None:
    first = ask(catalogue, All(), sort=(Sort("title_string"),), rows=1).hits[0]
    assert str(first.record["title"]).startswith("Ämter")


def test_unknown_sort_fields_are_no_error(catalogue: Catalogue) -> None:
    assert ask(catalogue, All(), sort=(Sort("view_recent", True),), rows=5).count == 60


def test_a_record_replaces_itself_and_can_be_removed(tmp_path: Path) -> None:
    made = Catalogue(tmp_path / "index")
    made.put(RECORDS[:2])
    made.put([{**RECORDS[0], "title": "Neu"}])
    assert len(made) == 2
    assert ask(made, "title:neu").count == 1
    made.remove(made.keys(lucene.parse("title:neu")))
    assert len(made) == 1
    made.close()


def test_an_index_of_another_layout_is_not_served(tmp_path: Path) -> None:
    Catalogue(tmp_path / "index").close()
    (tmp_path / "index" / "layout.json").write_text('{"layout": 0}')
    with pytest.raises(LayoutError):
        Catalogue(tmp_path / "index")


def test_a_damaged_index_is_not_served(tmp_path: Path) -> None:
    made = Catalogue(tmp_path / "index")
    made.put(RECORDS)
    made.close()
    for part in (tmp_path / "index" / "tantivy").glob("*.store"):
        part.write_bytes(b"\0" * part.stat().st_size)
    with pytest.raises(LayoutError):
        Catalogue(tmp_path / "index")


@pytest.mark.parametrize(
    ("expression", "clauses", "least"),
    [
        ("2<-1 5<80%", 1, 1), ("2<-1 5<80%", 2, 2), ("2<-1 5<80%", 3, 2), ("2<-1 5<80%", 5, 4),
        ("2<-1 5<80%", 10, 8), ("100%", 3, 3), ("1", 4, 1), ("-25%", 4, 3), ("0", 3, 0),
    ],
)  # fmt: skip
def test_minimum_should_match(expression: str, clauses: int, least: int) -> None:
    assert minimum_should_match(expression, clauses) == least


def test_a_wrong_minimum_is_named() -> None:
    with pytest.raises(QueryError, match="mm"):
        minimum_should_match("viele", 3)
