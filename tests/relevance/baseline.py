"""What the search reached when it was last measured on purpose."""

from __future__ import annotations

import json
import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
#: Collections in BEIR form; they are not part of the repository.
FOLDER = Path(os.environ.get("MYK_TEST_RELEVANCE") or _ROOT.parent / "shared" / "relevance")
BASELINE = Path(__file__).with_name("baseline.json")
TABLE = _ROOT / "docs" / "relevance.md"


def names() -> list[str]:
    """Return the names of the collections that are here."""
    return sorted(path.parent.name for path in FOLDER.glob("*/corpus.jsonl"))


def baseline() -> dict[str, dict[str, float]]:
    """Return collection → nDCG@10 (hybrid) and its standard error."""
    return dict(json.loads(BASELINE.read_text()))
