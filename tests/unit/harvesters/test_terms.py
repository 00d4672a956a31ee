"""Licences in free texts, and official keys of places."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harvesters.sources.geo import common as geo
from harvesters.sources.geo.terms import licence_in, read_terms
from harvesters.vocabulary import load

WORDS = load(Path(__file__).resolve().parents[3] / "config")


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ('{"id":"dl-by-de/2.0","name":"x","url":"https://y.de"}', "dl-by-de-2.0"),
        ('{"id":"dl-zero-de/2.0"}', "dl-zero-de-2.0"),
        ("{ “id”: “cc-by/4.0”, “quelle”: “A” }", "cc-by-4.0"),
        ('{"name": "CC BY", "url": "https://www.govdata.de/dl-de/by-2-0 "}', "dl-by-de-2.0"),
        ('{"id":"geoNutz/20130319"}', "geonutz-20130319"),
        ('{"id":"officialWork"}', "officialwork"),
        ("Datenlizenz Deutschland – Namensnennung – Version 2.0", "dl-by-de-2.0"),
        ("Nutzung nach Datenlizenz Deutschland Zero 2.0.", "dl-zero-de-2.0"),
        ("https://creativecommons.org/licenses/by-sa/4.0/deed.de", "cc-by-sa-4.0"),
        ("https://creativecommons.org/licenses/by/3.0/de/", "cc-by-de-3.0"),
        ("CC-BY-4.0", "cc-by-4.0"),
        ("CC0-1.0", "cc-zero"),
        ("Lizenz: ODbL", "odbl"),
        ("Es gilt die GeoNutzV.", "geonutz-20130319"),
    ],
)
def test_licences_are_recognised(text: str, licence: str) -> None:
    found = read_terms([text]).licence
    assert WORDS.licence(found) == licence or found.lower() == licence


@pytest.mark.parametrize("text", ["none", "keine", "Es gelten keine Bedingungen.", "kostenfrei"])
def test_no_terms_are_no_licence(text: str) -> None:
    terms = read_terms([text], own_words=[text])
    assert (terms.licence, terms.rights, terms.free) == ("", "", text)


def test_the_rest_is_kept() -> None:
    said = json.dumps({"id": "dl-by-de/2.0", "quelle": "© Kreis"})
    terms = read_terms(["Bitte anrufen.", said + " Und mehr.", ""], own_words=["Bitte anrufen."])
    assert terms.attribution == "© Kreis"
    assert terms.rights == f"Bitte anrufen.\n\n{said} Und mehr."
    assert read_terms([], own_words=["x" * 300]).licence == ""
    assert licence_in("{" * 100_000 + "Datenlizenz Deutschland " * 10_000) == ""


@pytest.mark.parametrize(
    ("code", "said", "key"),
    [
        ("071370003003", "", "regionalKey/071370003003"),
        ("07137 0003003", "", "regionalKey/071370003003"),
        ("071375001000", "", "municipalAssociationKey/071375001"),
        ("071370000000", "", "districtKey/07137"),
        ("070000000000", "", "stateKey/07"),
        ("07137003", "", "municipalityKey/07137003"),
        ("07137", "Regionalschlüssel", "districtKey/07137"),
        ("07137", "", ""),
        ("01067", "Dresden", ""),
        ("56727", "Amtlicher Schlüssel", ""),
        ("Mayen", "", ""),
    ],
)
def test_official_keys(code: str, said: str, key: str) -> None:
    base = "http://dcat-ap.de/def/politicalGeocoding/"
    assert geo.political_key(code, said) == (base + key if key else "")


def test_what_is_no_box() -> None:
    assert geo.box("7", "50", "8", "51") == (7.0, 50.0, 8.0, 51.0)
    for sides in (("x", 1, 2, 3), (8, 50, 7, 51), (7, 50, float("nan"), 51), (7, 50, 10**400, 51)):
        assert geo.box(*sides) is None
    assert geo.box(7, 91, 8, 92) is None
    assert "Point" in geo.box_place((7, 50, 7, 50))["centroid"]
