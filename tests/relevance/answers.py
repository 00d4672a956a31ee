"""``python -m tests.relevance.answers``: how often the marked sentence answers; prints JSON.

The questions and passages are those of the collection ``xquad-dev`` (``MYK_TEST_RELEVANCE`` names
its folder). What the answer is was read and written down for 238 of its German questions, letter
for letter as in the passage (``answers.jsonl``); an English question has the answer of its German
twin. A question that nothing answers is one whose passage, and the five before and behind it (its
article), are out of sight; and the questions of other collections.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from search import encoder
from search.passages import answering
from search.passages.model import FileState, Passage
from search.passages.service import Passages
from search.question import Reader
from tests.relevance.baseline import FOLDER

_LABELS = Path(__file__).with_name("answers.jsonl")
_ARTICLE = 5
_OTHERS = ("mdk-dev", "council-dev", "paraphrase-dev")
_ASKED = 500


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def measure(relevance: Path, home: Path) -> dict[str, Any]:
    """Return the shares of right, wrong and missing answers, and the time they take."""
    collection = relevance / "xquad-dev"
    texts = {one["_id"]: one["text"] for one in _lines(collection / "corpus.jsonl")}
    questions = {one["_id"]: one["text"] for one in _lines(collection / "queries.jsonl")}
    rows = (collection / "qrels" / "test.tsv").read_text().splitlines()[1:]
    place = {question: passage for question, passage, _ in (row.split("\t") for row in rows)}
    model = encoder.load()
    passages = Passages.open(home, model, Reader())
    for number, text in texts.items():
        passages.put(FileState(number, number, "1", 1), [Passage(number, number, "1", 0, text)])
    took: list[float] = []

    def answer(question: str, without: Collection[str] = ()) -> str | None:
        began = time.perf_counter()
        considered = passages.consider(
            question, lambda ids: [one for one in ids if one not in without], answering.READ
        )
        found = answering.answers(question, considered, model, 1)
        took.append(time.perf_counter() - began)
        return found[0].sentence if found else None

    out: dict[str, Any] = {}
    labelled = list(_lines(_LABELS))
    for language in ("de", "en"):
        right = wrong = 0
        for one in labelled:
            said = answer(questions[one["id"].removesuffix("de") + language])
            right += said is not None and one["answer"] in said
            wrong += said is not None and one["answer"] not in said
        total = len(labelled)
        out[language] = {
            "questions": total,
            "right": round(right / total, 3),
            "wrong": round(wrong / total, 3),
            "none": round(1 - (right + wrong) / total, 3),
        }
        order = sorted(texts)
        chosen = sorted(question for question in questions if question.endswith(language))
        random.Random(1).shuffle(chosen)
        refused = 0
        for question in chosen[:_ASKED]:
            at = order.index(place[question])
            article = set(order[max(0, at - _ARTICLE) : at + _ARTICLE + 1])
            refused += answer(questions[question], article) is None
        out[language]["without its article, refused"] = round(refused / _ASKED, 3)
    others = [one["text"] for name in _OTHERS for one in _lines(relevance / name / "queries.jsonl")]
    refused = sum(answer(text) is None for text in others)
    out["other collections' questions, refused"] = round(refused / len(others), 3)
    took.sort()
    out["ms"] = {
        "p50": round(1000 * statistics.median(took), 1),
        "p95": round(1000 * took[int(len(took) * 0.95)], 1),
    }
    passages.close()
    return out


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home:
        json.dump(measure(FOLDER, Path(home)), sys.stdout, indent=1)
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
