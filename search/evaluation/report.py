"""What went wrong with each query of a collection, for a person to read."""

from __future__ import annotations

from collections.abc import Iterator

from search.evaluation.collection import Collection
from search.evaluation.run import Run

_SHOWN, _TITLE = 5, 80


def lines(collection: Collection, runs: dict[str, Run], mode: str) -> Iterator[str]:
    """Yield a report in Markdown, the worst answered query first.

    For each: its nDCG@10 by mode, what came first, and at which place the right records came.
    """
    by_mode = {name: run.values(collection, "ndcg@10") for name, run in runs.items()}
    found = runs[mode].found
    yield f"# {collection.name}, {mode}"
    for key in sorted(by_mode[mode], key=lambda one: (by_mode[mode][one], one)):
        scores = ", ".join(f"{name} {values[key]:.2f}" for name, values in by_mode.items())
        yield f"\n## {collection.queries[key]}\n\n{scores}\n"
        right = collection.judgements[key]
        for place, record in enumerate(found[key][:_SHOWN], 1):
            yield f"{place}. {'**right** ' if right.get(record) else ''}{_name(collection, record)}"
        if not found[key]:
            yield "Nothing was found."
        for record, grade in sorted(right.items()):
            place = found[key].index(record) + 1 if record in found[key] else 0
            if grade and (not place or place > _SHOWN):
                where = f"came as number {place}" if place else "was not found"
                yield f"- {where}: {_name(collection, record)}"


def _name(collection: Collection, key: str) -> str:
    title, text = collection.documents.get(key, ("", ""))
    return " ".join((title or text or key).split())[:_TITLE]
