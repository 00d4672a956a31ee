"""Where German sentences end."""

from __future__ import annotations

import pytest

from indexer.sentences import spans, split


@pytest.mark.parametrize(
    "sentence",
    [
        "Gem. § 5 Abs. 2 Nr. 3 GemO tagt der Rat am 12. Mai 2026 um 18.00 Uhr.",
        "Die Kosten, z. B. für Wege, betragen ca. 1,2 Mio. Euro bzw. 3 v. H. des Haushalts.",
        "Herr Dr. Müller (CDU) und Frau Prof. Weber fragen nach dem 3. Nachtrag zum Vertrag.",
        "Das II. Quartal und der 1. Bauabschnitt der Koblenzer Str. 12 sind fertig.",
        "Der Verein i. S. d. § 21 BGB, d.h. der e. V. Mayen, u.a. Träger der Kita, zahlt.",
        "Siehe Anl. 4, S. 12 ff. und Art. 28 Abs. 2 GG.",
        "Am 3. Oktober ist frei!",
    ],
)
def test_one_sentence(sentence: str) -> None:
    assert split(sentence) == [sentence]


def test_sentences_end() -> None:
    text = (
        "Das war im Jahr 2024. Danach wurde gebaut usw. Die Stadt zahlt. Was kostet das? „Nichts!“ "
        "Wer fragt? Ein Satz ohne Punkt\nNeue Zeile."
    )
    assert split(text) == [
        "Das war im Jahr 2024.", "Danach wurde gebaut usw.", "Die Stadt zahlt.", "Was kostet das?",
        "„Nichts!“", "Wer fragt?", "Ein Satz ohne Punkt", "Neue Zeile.",
    ]  # fmt: skip


def test_nothing_is_lost() -> None:
    text = "Eins. Zwei! Drei?\n\nVier … Fünf. "
    assert "".join(text[start:end] for start, end in spans(text)) == text
    assert split("") == []
