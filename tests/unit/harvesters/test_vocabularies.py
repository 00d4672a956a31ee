from __future__ import annotations

from pathlib import Path

import pytest

from harvesters.errors import ConfigError
from harvesters.eu import format_label, media_type, theme_uri, vocabulary_uri
from harvesters.vocabulary import load, named_after

EU = "http://publications.europa.eu/resource/authority/"
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("vocabulary", "value", "code"),
    [
        ("language", "http://id.loc.gov/vocabulary/iso639-1/de", "DEU"),
        ("language", EU + "language/GER", "DEU"),
        ("language", "en", "ENG"),
        ("language", "de-DE", "DEU"),
        ("language", "en_US", "ENG"),
        ("frequency", "R/P1Y", "ANNUAL"),
        ("frequency", "R/PT1S", "UPDATE_CONT"),
        ("frequency", "R/P3.5D", "WEEKLY_2"),
        ("frequency", EU + "frequency/ANNUAL", "ANNUAL"),
        ("frequency", EU + "frequency/IRREGULAR", "IRREG"),
        (
            "planned-availability",
            "http://dcat-ap.de/def/plannedAvailability/available",
            "AVAILABLE",
        ),
        ("distribution-status", "http://purl.org/adms/status/Completed", "COMPLETED"),
        ("access-right", "public", "PUBLIC"),
    ],
)
def test_values_become_the_eus(vocabulary: str, value: str, code: str) -> None:
    assert vocabulary_uri(vocabulary, value) == f"{EU}{vocabulary}/{code}"


@pytest.mark.parametrize(
    ("vocabulary", "value"),
    [("language", "TODO:"), ("frequency", "manchmal"), ("access-right", "vielleicht")],
)
def test_unknown_values_are_not_guessed(vocabulary: str, value: str) -> None:
    assert vocabulary_uri(vocabulary, value) == ""


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (EU + "file-type/CSV", "CSV"),
        (EU + "file-type/WMS_SRVC", "WMS"),
        (EU + "file-type/GEOJSON", "GeoJSON"),
        ("text/csv", "CSV"),
        ("https://www.iana.org/assignments/media-types/application/gml+xml", "GML"),
        ("geojson", "GeoJSON"),
        ("shp", "SHP"),
        ("Kartenviewer", "Kartenviewer"),
    ],
)
def test_format_labels(value: str, label: str) -> None:
    assert format_label(value) == label


def test_media_types() -> None:
    assert media_type("https://www.iana.org/assignments/media-types/text/csv") == "text/csv"
    assert media_type("CSV") == ""


LICENCES = "http://dcat-ap.de/def/licenses/"


@pytest.mark.parametrize(
    ("uri", "id_"),
    [
        (LICENCES + "dl-by-de/2.0", "dl-by-de-2.0"),
        (LICENCES + "dl-by-de/2_0", "dl-by-de-2.0"),
        ("https://dcat-ap.de/def/licenses/dl-zero-de/2.0/", "dl-zero-de-2.0"),
        (LICENCES + "cc-by-nc-de/4_0", "cc-by-nc-4.0"),
        ("https://creativecommons.org/licenses/by/4.0/", "cc-by-4.0"),
        ("http://creativecommons.org/licenses/by/4.0/deed.de", "cc-by-4.0"),
        (LICENCES + "geoNutz/20130319", "geonutz-20130319"),
        ("Datenlizenz Deutschland – Zero – Version 2.0", "dl-zero-de-2.0"),
        ("Nutzungsbedingungen der LHP", ""),
    ],
)
def test_the_shipped_licence_list(uri: str, id_: str) -> None:
    assert load(ROOT / "config").licence(uri) == id_


def test_organisations_are_found_by_uri_and_name(config: Path) -> None:
    words = load(config)
    uri = "http://dcat-ap.de/def/politicalGeocoding/municipalityKey/07137003"
    for key in (uri, "Stadt Andernach", "andernach"):
        found = words.organisation(key)
        assert found is not None
        assert found.name == "stadt-andernach"
        assert found.description == "Am Rhein."
    assert words.organisation("Bendorf", "") is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("tran", "TRAN"),
        ("http://publications.europa.eu/resource/authority/data-theme/ENVI", "ENVI"),
        ("umwelt_klima", "ENVI"),
        ("https://other.example/ENVI", ""),
        ("Verkehr", ""),
        ("", ""),
    ],
)
def test_themes(value: str, code: str) -> None:
    assert theme_uri(value) == (f"{EU}data-theme/{code}" if code else "")


def test_hubs_by_theme_and_keyword(config: Path) -> None:
    words = load(config)
    assert words.hubs([EU + "data-theme/TRAN"], ["Bäume"]) == ["competence-hub", "mobil-hub"]
    assert words.hubs([], ["Steine"]) == []


def test_no_files_is_no_error_a_broken_one_is(tmp_path: Path) -> None:
    assert load(tmp_path).licence("x") == ""
    (tmp_path / "hubs.yaml").write_text("- name: [")
    with pytest.raises(ConfigError, match=r"hubs\.yaml"):
        load(tmp_path)


def test_an_organisation_is_named_after_the_first_usable_title() -> None:
    assert named_after("", "日本", "Größe GmbH").name == "groesse-gmbh"
    assert named_after("").name == "unbekannt"
