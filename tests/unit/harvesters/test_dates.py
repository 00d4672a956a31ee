from __future__ import annotations

import pytest

from harvesters.dates import is_open_end, iso_date


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2021-01-28 GMT 01:51:03.34919300", "2021-01-28T01:51:03.349193+00:00"),
        ("2021-01-28 GMT 01:51:03", "2021-01-28T01:51:03+00:00"),
        ("2021-01-28", "2021-01-28"),
        ("2021-1-8", "2021-01-08"),
        ("2021", "2021"),
        ("2021-01", "2021-01"),
        ("2021-01-28T10:00:00Z", "2021-01-28T10:00:00+00:00"),
        ("2021-01-28T10:00:00+0200", "2021-01-28T10:00:00+02:00"),
        ("2021-01-28 10:00", "2021-01-28T10:00:00"),
        ("28.01.2021", "2021-01-28"),
        ("28.1.2021, 14:30 Uhr", "2021-01-28T14:30:00"),
        ("01.2021", "2021-01"),
        ("1. Mai 2020", "2020-05-01"),
        ("März 2020", "2020-03"),
        ("2020-02-31", ""),
        ("2020-13-01", ""),
        ("gestern", ""),
        ("", ""),
    ],
)
def test_dates_of_real_catalogues(written: str, iso: str) -> None:
    assert iso_date(written) == iso


def test_the_year_9999_is_no_end() -> None:
    assert is_open_end("9999-01-01")
    assert not is_open_end("2026-12-31")
    assert not is_open_end("")
