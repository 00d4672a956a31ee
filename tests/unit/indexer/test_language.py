"""Languages are recognised, and doubt is told as doubt."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from indexer.language import recognise

TEXTS = {
    "de": "Der Rat der Stadt beschließt, dass die Gebühren für das Freibad nicht erhöht werden.",
    "en": "The council decided that the fees for the swimming pool will not be raised this year.",
    "fr": "Le conseil municipal a décidé que les tarifs de la piscine ne seront pas augmentés.",
    "nl": "De gemeenteraad heeft besloten dat de tarieven van het zwembad niet worden verhoogd.",
    "it": "Il consiglio comunale ha deciso che le tariffe della piscina non saranno aumentate.",
    "es": "El consejo municipal decidió que las tarifas de la piscina no se aumentarán este año.",
    "pl": "Rada miasta zdecydowała, że opłaty za basen nie zostaną podniesione w tym roku.",
    "pt": "O conselho municipal decidiu que as taxas da piscina não serão aumentadas este ano.",
    "tr": "Belediye meclisi bu yıl yüzme havuzu ücretlerinin artırılmaması için karar verdi ve bir"
    " komisyon kurdu.",
    "uk": "Міська рада вирішила, що плата за басейн цього року не буде підвищена.",
    "ru": "Городской совет решил, что плата за бассейн в этом году не будет повышена.",
    "ar": "قرر المجلس البلدي عدم رفع رسوم المسبح هذا العام",
}


@pytest.mark.parametrize(("language", "text"), TEXTS.items())
def test_languages(language: str, text: str) -> None:
    assert recognise(text) == language


@pytest.mark.parametrize(
    "text", ["", "12 34", "Mayen Koblenz Andernach Bendorf Polch", "x y z a b c d"]
)
def test_doubt(text: str) -> None:
    assert recognise(text) == ""


def test_ten_real_sentences_at_a_time(real_data: Path) -> None:
    with zipfile.ZipFile(real_data / "training" / "tatoeba_deu-eng.zip") as archive:
        name = next(name for name in archive.namelist() if name.endswith("deu.txt"))
        with archive.open(name) as stream:
            rows = [line.split("\t") for line in io.TextIOWrapper(stream, "utf-8")]
    rows = rows[50_000:60_000]  # the list begins with sentences of one word
    for column, language in ((0, "en"), (1, "de")):
        samples = [
            " ".join(row[column] for row in rows[at : at + 10]) for at in range(0, len(rows), 10)
        ]
        right = sum(recognise(sample) == language for sample in samples)
        assert right >= 0.99 * len(samples)
