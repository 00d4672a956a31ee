from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
DE = "http://dcat-ap.de/def/licenses/"
THEME = "http://publications.europa.eu/resource/authority/data-theme/ENVI"


@pytest.fixture
def indexing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module with our schema and two licences, without a CKAN."""
    from ckanext.myk.dcat import indexing as module

    folder = ROOT / "ckanext-myk" / "ckanext" / "myk" / "schemas"
    presets = {
        preset["preset_name"]: preset["values"]
        for preset in yaml.safe_load((folder / "presets.yaml").read_text())["presets"]
    }

    def schema_of(name: str) -> dict[str, Any]:
        schema: dict[str, Any] = yaml.safe_load((folder / f"{name}.yaml").read_text())
        schema["dataset_fields"] = [
            presets.get(field.get("preset", ""), {}) | field for field in schema["dataset_fields"]
        ]
        return schema

    monkeypatch.setattr(module, "scheming_get_dataset_schema", schema_of)
    monkeypatch.setattr(
        module,
        "_licence_ids",
        lambda: {
            "dcat-ap.de/def/licenses/cc-zero": "cc-zero",
            "cc-zero": "cc-zero",
            "dcat-ap.de/def/licenses/dl-by-de/2.0": "dl-by-de-2.0",
        },
    )
    return module


def _index(indexing: Any, record: dict[str, Any], **flat: Any) -> dict[str, Any]:
    """What CKAN hands over: the record as JSON, and its fields as texts."""
    pkg_dict = {"type": "dataset", "validated_data_dict": json.dumps(record), **flat}
    return dict(indexing.index_fields(pkg_dict))


def test_lists_become_lists(indexing: Any) -> None:
    record = {"theme": [THEME], "legal_basis": ["UIG", "BauGB"]}
    stored = json.dumps(record["theme"])
    out = _index(indexing, record, theme=stored, extras_theme=stored, legal_basis="UIG BauGB")
    assert out["theme"] == [THEME]
    assert out["legal_basis"] == ["UIG", "BauGB"]


def test_objects_become_words(indexing: Any) -> None:
    record = {
        "publisher": [{"name": "Bauamt", "email": "a@b.de"}],
        "contact": [{"name": "Auskunft"}],
        "spatial_coverage": [{"text": "Maifeld"}, {"bbox": '{"type": "Polygon"}'}],
    }
    out = _index(indexing, record, publisher="[{'name': 'Bauamt'}]", extras_publisher="[…]")
    assert "publisher" not in out
    assert "extras_publisher" not in out
    assert out["publisher_name"] == ["Bauamt"]
    assert out["contact_name"] == ["Auskunft"]
    assert out["extras_publisher__email"] == "a@b.de"
    assert out["spatial_text"] == ["Maifeld"]
    assert out["spatial"] == '{"type": "Polygon"}'


@pytest.mark.parametrize(
    ("periods", "start", "end"),
    [
        ([{"start": "2020", "end": "2021-02"}], "2020-01-01T00:00:00Z", "2021-02-28T23:59:59Z"),
        (
            [{"start": "2022-05-01", "end": "2022-05-31"}, {"start": "2020", "end": "2020"}],
            "2020-01-01T00:00:00Z",
            "2022-05-31T23:59:59Z",
        ),
        ([{"start": "2020"}], "2020-01-01T00:00:00Z", None),
        ([{"start": "2020", "end": "2021"}, {"start": "2022"}], "2020-01-01T00:00:00Z", None),
        ([{"start": "gestern"}], None, None),
    ],
)
def test_periods(
    indexing: Any, periods: list[dict[str, str]], start: str | None, end: str | None
) -> None:
    out = _index(indexing, {"temporal_coverage": periods})
    assert (out.get("temporal_start"), out.get("temporal_end")) == (start, end)


@pytest.mark.parametrize(
    ("own", "files", "licences"),
    [
        ("cc-zero", [], ["cc-zero"]),
        ("cc-zero", [DE + "dl-by-de/2_0"], ["dl-by-de-2.0"]),
        ("cc-zero", [DE + "dl-by-de/2.0", None], ["cc-zero", "dl-by-de-2.0"]),
        (None, ["Nutzungsbedingungen"], ["Nutzungsbedingungen"]),
    ],
)
def test_licences_of_files(
    indexing: Any, own: str | None, files: list[str | None], licences: list[str]
) -> None:
    record = {"license_id": own, "resources": [{"license": licence} for licence in files]}
    assert _index(indexing, record)["res_license"] == licences


def test_machine_values_do_not_answer_a_search_for_words(indexing: Any) -> None:
    out = _index(
        indexing,
        {"theme": [THEME]},
        extras_theme=json.dumps([THEME]),
        extras_harvest_hash="abc",
        harvest_hash="abc",
        extras_frequency="http://publications.europa.eu/x",
        extras_geocoding_description="Ortskern",
    )
    assert "extras_theme" not in out
    assert "extras_harvest_hash" not in out
    assert "extras_frequency" not in out
    assert out["harvest_hash"] == "abc"
    assert out["extras_geocoding_description"] == "Ortskern"


def test_publisher_and_hubs_as_people_call_them(indexing: Any) -> None:
    record = {
        "organization": {"name": "vg-weissenthurm", "title": "Verbandsgemeinde Weißenthurm"},
        "groups": [{"name": "mobil-hub", "title": "Mobil Hub"}, {"name": "x", "title": ""}],
    }
    out = _index(indexing, record, organization="vg-weissenthurm", groups=["x", "mobil-hub"])
    assert out["organization_title"] == "Verbandsgemeinde Weißenthurm"
    assert out["group_titles"] == ["x", "Mobil Hub"]
    assert "group_titles" not in _index(indexing, {}, groups=[])


def test_nothing_that_an_index_cannot_take(indexing: Any) -> None:
    out = _index(indexing, {}, strange={"a": 1}, list=[{"b": 2}], fine=["x"])
    assert out["strange"] == '{"a": 1}'
    assert out["list"] == '[{"b": 2}]'
    assert out["fine"] == ["x"]


def test_a_record_that_is_not_there(indexing: Any) -> None:
    out = dict(indexing.index_fields({"type": "dataset", "theme": json.dumps([THEME])}))
    assert out["theme"] == [THEME]
