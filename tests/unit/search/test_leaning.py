"""What is embedded: a question with what its form leans towards, records in plain text."""

from __future__ import annotations

import time

import numpy as np
import pytest

from search import encoder, leaning
from search.text import headings


@pytest.fixture(scope="module")
def model() -> encoder.Encoder:
    return encoder.load()


# -- headings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "context", "meant"),
    [
        ("Abfallwirtschaft: Container", "Abfallwirtschaft", "Container"),
        ("Anfrage: Westbad: Sanierung", "Anfrage: Westbad", "Sanierung"),
        ("Container", "", "Container"),
        # Nothing on one side, or nothing of a topic.
        ("Container: ", "", "Container: "),
        (": Container", "", ": Container"),
        ("Wo: Container", "", "Wo: Container"),
        ("", "", ""),
        # No heading's colon.
        ("https://example.org", "", "https://example.org"),
        ("Bus um 12:30", "", "Bus um 12:30"),
    ],
)
def test_a_heading_is_parted_at_its_last_colon(text: str, context: str, meant: str) -> None:
    assert headings.split(text) == (context, meant)


# -- questions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Wann wird der Müll abgeholt?", "Termine"),
        ("müll, wann?", "Termine"),
        ("Wo kann ich parken?", "Standorte"),
        ("Wie viele Leute wohnen hier und wo?", "Anzahl"),
        ("Wer ist für Hunde zuständig?", "Ansprechpartner"),
        ("When is the next council meeting?", "Termine"),
        ("How many people live here?", "Anzahl"),
        # No question word: only letters of one.
        ("Wohnung", ""),
        ("Wertstoffhof", ""),
        ("Müll", ""),
        # Nothing is asked for.
        ("Wo?", ""),
        ("", ""),
    ],
)
def test_a_question_word_asks_for_a_kind_of_record(text: str, kind: str) -> None:
    assert leaning.kind_of(text).startswith(kind)
    assert bool(leaning.kind_of(text)) is bool(kind)


def test_a_question_leans_towards_what_its_form_asks_for(model: encoder.Encoder) -> None:
    for text, towards in (
        ("Abfallwirtschaft: Container", "Container"),
        ("Wann wird der Müll abgeholt?", "Termine Kalender"),
    ):
        leant, plain = leaning.vector(model, text), model.query(text)
        assert leant @ model.query(towards) > plain @ model.query(towards) + 0.05
        assert np.linalg.norm(leant) == pytest.approx(1, abs=1e-5)
        # It stays the question that it is.
        assert leant @ plain > 0.9


def test_the_more_a_question_says_the_less_it_leans(model: encoder.Encoder) -> None:
    texts = (
        "Wann Müll?",
        "Wann Müll in Mayen?",
        "Wann Müll der Haushalte in der Altstadt von Mayen?",
    )
    kept = [leaning.vector(model, text) @ model.query(text) for text in texts]
    assert kept[0] < kept[1] < kept[2]
    longer = f"{texts[2]} Papier und Glas"
    assert np.array_equal(leaning.vector(model, longer), model.query(longer))


def test_other_questions_are_what_they_say(model: encoder.Encoder) -> None:
    assert np.array_equal(leaning.vector(model, "Spielplätze"), model.query("Spielplätze"))


def test_what_says_nothing_leans_nowhere(model: encoder.Encoder) -> None:
    assert not leaning.vector(model, "wann qkwjfhz").any()
    assert not leaning.vector(model, "xqzjk: qkwjfhz").any()


# -- texts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["Wochenmaerkte", "GRUENFLAECHEN", "Oeffnungszeiten", "Bäume"])
def test_umlauts_written_out_are_the_same_to_the_model(model: encoder.Encoder, word: str) -> None:
    pairs = {"ae": "ä", "oe": "ö", "ue": "ü"}
    written = word.lower()
    for out, umlaut in pairs.items():
        written = written.replace(out, umlaut)
    assert np.allclose(model.query(word), model.query(written), atol=1e-3)
    assert np.allclose(model.passages([f"Liste {word}"]), model.passages([f"Liste {written}"]))


@pytest.mark.parametrize("text", ["Neue Steuer der Bauern", "Poesie aktuell", "Israel", "x1ae2"])
def test_other_letters_side_by_side_stay(model: encoder.Encoder, text: str) -> None:
    assert encoder.spelling(encoder.pieces_of(model._backend))(text) == text


def test_a_record_is_embedded_without_markup() -> None:
    (beginning, _), (title, _) = encoder.record_texts(
        "Stadt Köln: Bäder &amp; Seen", "<p>Preis &lt; 5&nbsp;&euro;</p>&lt;br /&gt; a < b"
    )
    words = " ".join(beginning.split())
    assert words == "Stadt Köln: Bäder & Seen. Stadt Köln: Bäder & Seen. Preis < 5 € a < b"
    # What stands before the colon says only where.
    assert title == "Bäder & Seen"


def test_hostile_texts_cost_no_time(model: encoder.Encoder) -> None:
    began = time.perf_counter()
    for text in ("x" * 100_000, "xa" * 50_000, "ae" * 50_000, "<a " * 30_000, ": " * 50_000):
        encoder.record_texts(text, text)
        encoder.spelling(encoder.pieces_of(model._backend))(text)
        headings.split(text)
    assert time.perf_counter() - began < 2
