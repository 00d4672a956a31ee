"""A file from where it lies to its passages, with a search service that only listens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer import reading
from indexer.extract import kinds
from search.client import SearchClient, SearchUnavailable


class Listening(SearchClient):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}
        self.removed: list[str] = []

    def put_document(self, file: str, record: str, version: str, passages: Any) -> None:
        self.told[file] = (record, version, list(passages))

    def remove_document(self, file: str) -> None:
        self.removed.append(file)


@pytest.fixture
def search() -> Listening:
    return Listening()


@pytest.fixture
def reader(search: Listening) -> Iterator[reading.FileReader]:
    with reading.FileReader(search) as made:
        yield made


def file(path: Path | None, **more: Any) -> reading.File:
    return reading.File("f", "r", name=path.name if path else "", path=path, **more)


def test_an_upload_is_read(reader: reading.FileReader, search: Listening, tmp_path: Path) -> None:
    path = tmp_path / "aushang.txt"
    path.write_text("Der Markt findet am Samstag statt. Es gibt Obst und Gemüse aus der Region.")
    outcome = reader.read(file(path))
    assert (outcome.state, outcome.passages, outcome.language) == ("read", 1, "de")
    record, version, passages = search.told["f"]
    assert (record, version) == ("r", outcome.version)
    assert "Obst und Gemüse" in passages[0]["text"]
    assert passages[0]["page"] == 0  # a text has no pages to turn to


def test_the_same_file_is_not_read_again(
    reader: reading.FileReader, search: Listening, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Der Markt findet am Samstag statt.")
    first = reader.read(file(path))
    search.told.clear()
    again = reader.read(file(path, version=first.version))
    assert again.unchanged
    assert search.told == {}
    path.write_text("Der Markt fällt aus.")
    changed = reader.read(file(path, version=first.version))
    assert not changed.unchanged
    assert changed.version != first.version


def test_what_cannot_be_read_is_not_held(
    reader: reading.FileReader, search: Listening, tmp_path: Path
) -> None:
    path = tmp_path / "kaputt.pdf"
    path.write_bytes(b"%PDF-1.7\nthis is none")
    outcome = reader.read(file(path))
    assert outcome.state == "failed"
    assert outcome.reason.endswith(".")
    assert search.removed == ["f"]
    missing = reader.read(file(tmp_path / "weg.pdf"))
    assert missing.state == "failed"
    assert "not there" in missing.reason


def test_a_link_into_the_inside_is_refused(reader: reading.FileReader, search: Listening) -> None:
    outcome = reader.read(file(None, url="http://127.0.0.1:9/geheim.pdf"))
    assert outcome.state == "failed"
    assert search.told == {}


def test_a_service_that_is_away_is_told_on(tmp_path: Path) -> None:
    class Away(Listening):
        def put_document(self, file: str, record: str, version: str, passages: Any) -> None:
            raise SearchUnavailable("away")

    path = tmp_path / "a.txt"
    path.write_text("Der Markt findet am Samstag statt.")
    with reading.FileReader(Away()) as reader, pytest.raises(SearchUnavailable):
        reader.read(file(path))


@pytest.mark.parametrize("declared", ["text/plain", "PDF", "application/pdf", ""])
def test_a_text_that_is_named_as_a_pdf(declared: str) -> None:
    assert kinds.recognise(b"Der Gemeinderat tagt.", "00590277.pdf", declared) == "text"
    assert kinds.recognise(b"\x00\x01\x02\x03 Rest", "00590277.pdf", declared) in ("pdf", "other")
