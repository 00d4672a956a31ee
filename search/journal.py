"""Which records a write is about, noted before it and crossed out after it.

A crash between the two engines leaves the note: at the next start just those records are made the
same in both, without comparing everything.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path


class Journal:
    """A small file in a generation's folder. One writer at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, keys: Sequence[str]) -> None:
        """Write down what is about to be written."""
        self._path.write_text(json.dumps(list(keys)))

    def clear(self) -> None:
        """Cross it out: both engines have it."""
        self._path.write_text("")

    def open_keys(self) -> list[str] | None:
        """Return what a crash left open; ``None`` when the note itself is damaged."""
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            return []
        try:
            return [str(key) for key in json.loads(text)] if text else []
        except ValueError:
            return None
