"""``python -m tests.relevance``: measure all development collections; write table and baseline."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from search import encoder
from search.evaluation import collection, run
from search.evaluation.collection import Collection
from tests.relevance.baseline import BASELINE, FOLDER, TABLE, names

_BEGIN, _END = "<!-- measured -->", "<!-- /measured -->"


def main() -> int:
    """Return 1 when the collections are not here."""
    if not FOLDER.is_dir():
        print(f"the collections are not here ({FOLDER}); set MYK_TEST_RELEVANCE", file=sys.stderr)
        return 1
    model = encoder.load()
    rows = []
    baseline: dict[str, dict[str, float]] = {}
    for name in names():
        whole = collection.read(FOLDER / name)
        runs = run.evaluate(whole, model)
        for part in _parts(whole):
            for mode, one in runs.items():
                measured = _only(one, part).measures(part)
                rows.append((part.name, mode, measured))
                if mode == "hybrid" and part is whole:
                    baseline[name] = {
                        "ndcg@10": measured["ndcg@10"],
                        "noise": round((measured["ndcg@10_high"] - measured["ndcg@10_low"]) / 4, 4),
                    }
    BASELINE.write_text(json.dumps(baseline, indent=2) + "\n")
    _write(TABLE, rows)
    return 0


def _parts(whole: Collection) -> Iterator[Collection]:
    """Yield a collection, and its German and English queries where their ids say which is which."""
    yield whole
    for ending, language in (("-de", "German"), ("-en", "English")):
        judged = {key: grades for key, grades in whole.judgements.items() if key.endswith(ending)}
        if judged:
            yield replace(whole, name=f"{whole.name}, {language}", judgements=judged)


def _only(one: run.Run, part: Collection) -> run.Run:
    keys = [key for key in one.found if key in part.judgements]
    return run.Run({key: one.found[key] for key in keys}, {key: one.took[key] for key in keys})


def _write(path: Path, rows: list[tuple[str, str, run.Measures]]) -> None:
    lines = [
        "| collection | mode | nDCG@10 | 95 % | recall@100 | MRR@10 | hit@1 | without answer |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, mode, one in rows:
        lines.append(
            f"| `{name}` | {mode} | {one['ndcg@10']:.3f} "
            f"| {one['ndcg@10_low']:.3f} – {one['ndcg@10_high']:.3f} | {one['recall@100']:.3f} "
            f"| {one['mrr@10']:.3f} | {one['hit@1']:.3f} | {one['no_answer']:.3f} |"
        )
    text = path.read_text(encoding="utf-8")
    before, after = text.partition(_BEGIN)[0], text.partition(_END)[2]
    path.write_text(f"{before}{_BEGIN}\n" + "\n".join(lines) + f"\n{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
