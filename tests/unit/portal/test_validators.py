from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ckan.plugins import toolkit
from ckanext.myk import validators


@pytest.fixture
def no_translation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolkit, "_", lambda text: text)


@pytest.mark.parametrize(
    "value", ["https://a.example/x", "HTTP://A.example", "mailto:a@b.de", "/dataset/x", "", None]
)
def test_web_addresses(value: Any) -> None:
    assert validators.myk_web_address(value) == value


@pytest.mark.parametrize("value", ["javascript:alert(1)", "data:text/html,x", "//evil", "einfach"])
def test_no_web_addresses(no_translation: None, value: str) -> None:
    with pytest.raises(toolkit.Invalid, match="https://"):
        validators.myk_web_address(value)


def _keep(key: tuple[Any, ...], data: dict[Any, Any], package: Any) -> dict[Any, Any]:
    validators.myk_keep(key, data, {}, {"package": package} if package else {})
    return data


STORED = SimpleNamespace(
    extras={"harvest_source": "sample"},
    resources=[SimpleNamespace(id="r", hash="abc", extras={"uri": "https://x.example/r"})],
)


def test_a_hidden_field_is_kept() -> None:
    key = ("harvest_source",)
    assert _keep(key, {key: toolkit.missing}, STORED) == {key: "sample"}
    assert _keep(key, {}, STORED) == {key: "sample"}
    assert _keep(key, {key: ""}, STORED) == {key: ""}
    assert _keep(key, {key: "other"}, STORED) == {key: "other"}
    assert _keep(key, {key: toolkit.missing}, None) == {key: toolkit.missing}


def test_a_hidden_field_of_a_file_is_kept() -> None:
    base = {("resources", 0, "id"): "r"}
    uri, digest = ("resources", 0, "uri"), ("resources", 0, "hash")
    assert _keep(uri, {**base}, STORED)[uri] == "https://x.example/r"
    assert _keep(digest, {**base}, STORED)[digest] == "abc"
    assert uri not in _keep(uri, {("resources", 0, "id"): "new"}, STORED)
