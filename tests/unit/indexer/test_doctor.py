"""``myk doctor`` tells whether scanned pages can be read, and what adds it."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from myk import checks, settings


@pytest.mark.parametrize(
    ("languages", "state", "found"),
    [("deu\\neng", "good", "tesseract"), ("eng\\nosd", "optional", "without German")],
)
def test_tesseract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, languages: str, state: str, found: str
) -> None:
    program = tmp_path / "tesseract"
    program.write_text(f'#!{sys.executable} -I\nprint("List of languages:\\n{languages}")\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    told = checks._tesseract(settings.load())
    assert told.state == state
    assert found in told.found


def test_without_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    told = checks._tesseract(settings.load())
    assert told.state == "optional"
    assert "tesseract-ocr-deu" in told.cure
