"""What the random examples found, each as the smallest case: it cannot come back unseen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from search import ranking
from search.catalogue.index import Catalogue
from search.service import SearchService
from search.vectors.base import NoVectors
from tests.property.test_exactness import Hub


@pytest.fixture
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    service = SearchService(
        Catalogue(tmp_path_factory.mktemp("found") / "index"), NoVectors(), None
    )
    yield Hub(service)
    service.close()


def hold(hub: Hub, *records: dict[str, Any]) -> None:
    """Hold records with keys a, b, c …"""
    public = {"permission_labels": ["public"]}
    keyed = [{"index_id": chr(ord("a") + n), "id": f"{n}"} for n in range(len(records))]
    hub.hold([{**public, **key, **record} for key, record in zip(keyed, records, strict=True)])


def ask(hub: Hub, **params: Any) -> str:
    """Return the keys of the answer, in its order."""
    return "".join(hub.select(**{"q": "*:*", "q.op": "AND", "fl": "index_id", **params})[1])


@pytest.mark.parametrize(
    ("q", "records", "found"),
    [
        # A star stands for any character, a new line too.
        ("name:a*b", [{"name": "a\nb"}, {"name": "ab"}], "ab"),
        ("name:a?b", [{"name": "a\nb"}], "a"),
        ('title_ngram:"b c"', [{"title": "a\nb\nc"}], "a"),
        # Near spelling is of the value, not of the field's name.
        ("tagx:abc~1", [{"tagx": "abd"}, {"tagy": "abc"}], "a"),
        ("extras_ab:wort~1", [{"extras_ab": "worte"}, {"extras_ac": "wort"}], "a"),
        # What is no date lies in no range of dates.
        ("issued_date:[2024-01-01 TO *]", [{"issued_date": "unbekannt"}], ""),
        ("issued_date:[* TO 2024-12-31]", [{"issued_date": "ca. 1990"}], ""),
        # The first thousand years are written with four digits.
        ('issued_date:"0999-05-05"', [{"issued_date": "0999-05-05"}], "a"),
        ("issued_date:[0998-01-01 TO 2000-01-01]", [{"issued_date": "0999-05-05"}], "a"),
        # "nan", "inf" and "1_0" are words.
        ("name:[inf TO *]", [{"name": "inf"}, {"name": "z"}, {"name": "a"}], "ab"),
        ("name:[a TO nan]", [{"name": "b"}], "a"),
        ("name:[1_0 TO *]", [{"name": "b"}], "a"),
        # To the microsecond, without a detour over floating point.
        (
            "metadata_modified:{2004-08-15T10:56:24.685859Z TO *]",
            [{"metadata_modified": "2004-08-15T10:56:24.685860Z"}],
            "a",
        ),
    ],
)  # fmt: skip
def test_queries(hub: Hub, q: str, records: list[dict[str, Any]], found: str) -> None:
    hold(hub, *records)
    assert "".join(sorted(ask(hub, q=q))) == found


@pytest.mark.parametrize(
    ("sort", "records", "order"),
    [
        # The order of time, whatever the zone.
        (
            "issued_date asc",
            [{"issued_date": "2024-01-01T00:30:00+02:00"}, {"issued_date": "2023-12-31T23:00:00Z"}],
            "ab",
        ),
        # What is no date comes last, as what is missing does.
        ("issued_date asc", [{"issued_date": "1 v. Chr."}, {"issued_date": "2024-01-01"}], "ba"),
        ("issued_date desc", [{"issued_date": "unbekannt"}, {"issued_date": "2024-01-01"}], "ba"),
        # Ä beside A, also where the title is the second key.
        ("state asc, title_string asc", [{"title_string": "Zoo"}, {"title_string": "Ämter"}], "ba"),
        ("state asc, title_string asc", [{"title": "Zoo"}, {"title": "Amt"}], "ba"),
        ("views_total asc", [{"views_total": 10}, {}, {"views_total": 9}], "cab"),
    ],
)
def test_order(hub: Hub, sort: str, records: list[dict[str, Any]], order: str) -> None:
    hold(hub, *[{"state": "active", **record} for record in records])
    assert ask(hub, sort=sort) == order


@pytest.mark.parametrize(
    "value", ["2024-01-01T00:00:00.000Z", "2024-01-01T01:00:00+01:00", "2024-01-01T00:00:00Z"]
)
def test_a_text_that_looks_like_a_date_is_counted_as_it_is(hub: Hub, value: str) -> None:
    hold(hub, {"tags": [value]})
    params = {"facet": "true", "facet.field": "tags", "facet.mincount": 1}
    assert hub.select(q="*:*", **params)[2] == {"tags": [(value, 1)]}


def test_dates_of_the_first_thousand_years_are_counted_as_dates(hub: Hub) -> None:
    hold(hub, {"metadata_modified": "0999-05-05T00:00:00Z"})
    params = {"facet": "true", "facet.field": "metadata_modified"}
    ((value, count),) = hub.select(q="*:*", **params)[2]["metadata_modified"]
    assert value.startswith("0999-05-05T00:00:00")
    assert count == 1


@pytest.mark.parametrize("typed", ["wo Spielplatz ?", "wo ist ?", "Spielplatz – wo", "der !!!"])
def test_punctuation_alone_is_no_topic(hub: Hub, typed: str) -> None:
    """As if it were not there: French spacing before a question mark must not empty the answer."""
    hold(hub, {"title": "Wo ist der Spielplatz"})
    params = {"defType": "dismax", "qf": "title text", "mm": "100%"}
    assert ask(hub, q=typed, **params) == "a"


def test_hidden_records_do_not_decide_how_strictly_words_are_taken(hub: Hub) -> None:
    """Words are taken loosely where too few are found: too few of what the caller may see."""
    hidden = {"title": "Spielplatz Bendorf", "permission_labels": ["member-1"], "state": "active"}
    seen = {"title": "Spielplatz Mayen", "state": "active"}
    others = [{"title": "Haushalt der Stadt Bonn", "permission_labels": ["nobody"]}] * 30
    people = {"defType": "dismax", "qf": ranking.CKAN_FIELDS, "mm": "100%"}
    fq = '+permission_labels:("public") +state:active'
    answers = []
    for crowd in ([], [hidden] * 11):
        hold(hub, seen, *others, *crowd)
        answers.append(ask(hub, q="Spielplatz Bendorf", fq=fq, **people))
    assert answers == ["a", "a"]
