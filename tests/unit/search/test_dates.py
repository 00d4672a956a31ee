"""Solr's dates and date math."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from search.query import QueryError
from search.solr import dates

NOW = datetime(2024, 3, 31, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NOW", "2024-03-31T12:30:15.123456Z"),
        ("NOW/DAY", "2024-03-31T00:00:00.000000Z"),
        ("NOW-1MONTH/DAY", "2024-02-29T00:00:00.000000Z"),
        ("NOW-1YEAR+2DAYS/YEAR", "2023-01-01T00:00:00.000000Z"),
        ("NOW/MONTH", "2024-03-01T00:00:00.000000Z"),
        ("2024-01-01T00:00:00Z+1HOUR", "2024-01-01T01:00:00.000000Z"),
        ("2024", "2024-01-01T00:00:00.000000Z"),
        ("2024-05", "2024-05-01T00:00:00.000000Z"),
    ],
)
def test_resolve(text: str, expected: str) -> None:
    assert dates.resolve(text, now=NOW) == expected


@pytest.mark.parametrize("text", ["gestern", "NOW-1", "NOW-1FORTNIGHT", "NOW+999999YEARS", "NOWX"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(QueryError):
        dates.resolve(text, now=NOW)


def test_solr_prints_milliseconds_only_where_there_are_any() -> None:
    assert dates.solr("2014-06-10T08:24:12.782257Z") == "2014-06-10T08:24:12.782Z"
    assert dates.solr("2014-06-10T08:24:10") == "2014-06-10T08:24:10Z"
