"""German analysis."""

from __future__ import annotations

import pytest

from search.text import german


@pytest.mark.parametrize(
    "same",
    [
        ["Ämter", "Aemter", "amter", "ÄMTER"],
        ["Spielplatz", "Spielplätze", "Spielplaetzen", "spielplatze"],
        ["Straße", "Strasse", "Straßen"],
        ["Müll", "Mull", "MUELL"],
    ],
)
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
