"""Forms, words, pictures and tables about harvest sources, without a running portal."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

import pytest
from ckan.plugins import toolkit
from ckanext.myk.harvesting import forms, pages, preview, words
from ckanext.myk.harvesting.chart import HEIGHT, MOST, WIDTH, chart
from pydantic import Field

from harvesters import config
from harvesters.sources import registry
from harvesters.sources.base import FOR_OPERATORS, Options


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolkit, "_", lambda text: text)
    helpers = SimpleNamespace(lang=lambda: "en", localised_number=str)
    monkeypatch.setattr(toolkit, "h", helpers)


class _Options(Options):
    words: list[str] = Field([], description="words to `look` for")
    formats: list[Literal["CSV", "GML"]] = Field(["CSV"], description="formats")
    mode: Literal["all", "new"] = Field("all", description="what is read")
    pages: int = Field(10, ge=1, le=20, description="pages at most")
    share: float | None = Field(None, description="a share")
    deep: bool = Field(True, description="also below")
    start: str = Field(description="where it begins")
    key: str = Field("", description="name of a secret", json_schema_extra=FOR_OPERATORS)


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> str:
    class Kind:
        name: ClassVar[str] = "pretended"
        summary: ClassVar[str] = "a kind"
        options_type = _Options

    monkeypatch.setattr(registry, "source_class", lambda _name: Kind)
    return "pretended"


def test_a_form_is_made_of_what_a_kind_declares(kind: str) -> None:
    fields = {one.name: one for one in forms.option_fields(kind)}
    assert {name: one.widget for name, one in fields.items()} == {
        "words": "lines", "formats": "choices", "mode": "choice", "pages": "number",
        "share": "number", "deep": "yesno", "start": "text", "key": "text",
    }  # fmt: skip
    assert fields["words"].label == "Words to look for"
    assert fields["formats"].choices == ("CSV", "GML")
    assert (fields["pages"].least, fields["pages"].most, fields["pages"].whole) == (1, 20, True)
    assert fields["start"].required
    assert [name for name, one in fields.items() if one.for_operators] == ["key"]


def test_every_installed_kind_has_a_form() -> None:
    for name in registry.names():
        for one in forms.option_fields(name):
            assert one.widget != "json", f"{name}: {one.name} has no field of its own"
            assert one.label


def test_what_was_entered_is_read_as_it_is_meant(kind: str) -> None:
    lists = {"option-formats": ["GML"]}
    entered = {
        "url": " https://x.example ", "title-de": "Titel", "schedule": "own",
        "schedule-own": "0 3 * * *", "option-words": "eins\n\n zwei ", "option-pages": "5",
        "option-share": "0,5", "option-start": "", "priority": "viel",
    }  # fmt: skip
    data = forms.read(entered, lambda key: lists.get(key, []), kind)
    assert data["options"] == {
        "words": ["eins", "zwei"], "formats": ["GML"], "pages": 5, "share": 0.5, "deep": False,
    }  # fmt: skip
    assert (data["url"], data["type"]) == ("https://x.example", kind)
    assert (data["title"], data["schedule"]) == ({"de": "Titel"}, "0 3 * * *")
    assert data["priority"] == "viel", "what cannot be read is left to the validation"
    assert "contact" not in data


@pytest.mark.parametrize(
    ("entry", "field", "said"),
    [
        ({"priority": 101}, "priority", "Please enter at most 100."),
        ({"priority": "viel"}, "priority", "Please enter a whole number."),
        ({"gone_share": -1}, "gone_share", "Please enter at least 0."),
        ({"contact": "amt"}, "contact", "Please enter one e-mail address"),
        ({"schedule": "immer"}, "schedule", "This is no time: five fields"),
        ({"name": "Ä"}, "name", "Only lower-case letters"),
        ({"type": "dcta"}, "type", "There is no such kind of source."),
        ({"prioritty": 3}, "prioritty", "There is no such option. Did you mean priority?"),
        ({"options": {"max_pagse": 3}}, "options.max_pagse", "Did you mean max_pages?"),
        ({"options": {"max_pages": 0}}, "options.max_pages", "Please enter at least 1."),
        ({"type": "arcgis", "options": {"feed": "x"}}, "options.feed", "one of these: auto, dcat"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(entry: dict[str, Any], field: str, said: str) -> None:
    source, problems = config.check(
        {"name": "kreis", "type": "dcat", "url": "https://x.example"} | entry
    )
    assert source is None
    (problem,) = problems
    assert ".".join(problem.where) == field
    assert said in words.problem(problem)


def _run(number: int, verdict: str = "succeeded", **counts: int) -> dict[str, Any]:
    return {
        "started": f"2026-03-{number:02d}T03:30:00+00:00", "finished": "x", "verdict": verdict,
        "counts": counts,
    }  # fmt: skip


def test_the_picture_of_the_runs() -> None:
    assert chart([], str) is None
    assert chart([_run(1, added=3)], str) is None
    running = {**_run(4), "finished": None}
    runs = [running, _run(3, "failed"), _run(2, unchanged=90, failed=10), _run(1, added=50)]
    made = chart(runs, lambda run: run["started"][:10])
    assert made is not None
    assert made.top == 100
    first, second, third = made.bars
    assert (first.title, third.title) == ("2026-03-01", "2026-03-03")
    assert first.x == 0
    assert third.x + third.width == pytest.approx(WIDTH)
    assert [part.kind for part in second.parts] == ["same", "bad"]
    assert first.parts[0].height == pytest.approx(second.parts[0].height * 50 / 90, rel=0.01)
    assert sum(part.height for part in second.parts) <= HEIGHT
    assert third.failed
    assert not third.parts
    many = chart([_run(n % 28 + 1, added=n) for n in range(200)], str)
    assert many is not None
    assert len(many.bars) == MOST


@pytest.mark.parametrize("wicked", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\r=1"])
def test_no_cell_is_taken_for_a_formula(wicked: str) -> None:
    record = {"outcome": "added", "title": wicked, "identity": wicked, "notes": [wicked, "x"]}
    text = pages.table({"records": [record]})
    (row,) = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=";")
    assert row["title"] == row["identity"] == f"'{wicked}"
    assert row["notes"] == f"'{wicked}; x"
    assert row["reason"] == ""


def test_a_preview_tells_in_short_what_would_be_written(tmp_path: Any) -> None:
    file = tmp_path / "k.ttl"
    file.write_text(
        "<https://x.example/1> a <http://www.w3.org/ns/dcat#Dataset> ;"
        f' <http://purl.org/dc/terms/title> "{"lang" * 500}" .'
    )
    source = {"name": "probe", "type": "dcat", "path": str(file)}
    asked = {"source": source, "config": "", "allow_hosts": ""}
    (record,) = preview.look(asked)["result"]["records"]
    assert len(record["title"]) <= 600
    assert "package" not in record
    file.write_text("<html>")
    assert "HTML" in preview.look(asked)["error"]
