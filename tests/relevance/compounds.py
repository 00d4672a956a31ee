"""``python -m tests.relevance.compounds``: is a word found in all its German forms, and only then?

Asks the questions of ``compounds.yaml`` on an index of its records, in a temporary folder and
through the product's own service; prints what was missed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from search import encoder, query
from search.catalogue.index import Catalogue
from search.evaluation import metrics
from search.question import Reader
from search.service import SearchService
from search.vectors.edge import EdgeStore

DATA = Path(__file__).with_name("compounds.yaml")
_PAGE = 10
_ALL = 1_000


@dataclass(frozen=True)
class Questions:
    """A catalogue (name → title and note) and what it is asked.

    ``right``: kind → question → the records that answer it. ``accidents``: word → the record that
    only seems to hold it.
    """

    records: dict[str, tuple[str, str]]
    right: dict[str, dict[str, frozenset[str]]]
    accidents: dict[str, str]


@dataclass
class Outcome:
    """What was found: the recall of each question (0 to 1), and which accidents were."""

    recall: dict[str, dict[str, float]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    accidents: list[str] = field(default_factory=list)

    @property
    def mean(self) -> float:
        """The mean recall of all questions."""
        values = [value for one in self.recall.values() for value in one.values()]
        return sum(values) / len(values)


def read(path: Path = DATA) -> Questions:
    """Read the records and questions."""
    given: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    records = {name: (title, note) for name, (title, note) in given["records"].items()}
    names = {word: f"accident-{word.lower()}" for word in given["accidents"]}
    records |= {names[word]: (title, "") for word, title in given["accidents"].items()}
    right = {
        kind: {str(text): frozenset(names.split()) for text, names in asked.items()}
        for kind, asked in given["questions"].items()
    }
    return Questions(records, right, names)


@contextmanager
def indexed(questions: Questions) -> Iterator[SearchService]:
    """A search service that holds the records, with what ships alone."""
    model = encoder.load()
    with tempfile.TemporaryDirectory(prefix="myk-compounds-") as folder:
        catalogue = Catalogue(Path(folder) / "catalogue")
        vectors = EdgeStore(Path(folder) / "vectors", model.traits.dimension)
        service = SearchService(catalogue, vectors, model, reader=Reader())
        try:
            service.put(
                [
                    {
                        "index_id": name,
                        "id": name,
                        "title": title,
                        "notes": note,
                        "state": "active",
                        "permission_labels": [query.PUBLIC_LABEL],
                    }
                    for name, (title, note) in questions.records.items()
                ]
            )
            yield service
        finally:
            service.close()


def ask(questions: Questions, mode: query.Mode = "hybrid") -> Outcome:
    """Ask everything; accidents by words alone."""
    outcome = Outcome()
    with indexed(questions) as service:
        for kind, asked in questions.right.items():
            for text, right in asked.items():
                found = _found(service, text, mode, _PAGE)
                recall = metrics.recall(found, dict.fromkeys(right, 1), _PAGE)
                outcome.recall.setdefault(kind, {})[text] = recall
                if recall < 1:
                    lacking = ", ".join(sorted(right - set(found)))
                    outcome.missed.append(f"{kind}: {text}: no {lacking} in {found}")
        for word, name in questions.accidents.items():
            if name in _found(service, word, "lexical", _ALL):
                outcome.accidents.append(f"{word}: {questions.records[name][0]}")
    return outcome


def _found(service: SearchService, text: str, mode: query.Mode, rows: int) -> list[str]:
    search = query.Search(
        query.Question(text),
        labels=(query.PUBLIC_LABEL,),
        sort=(query.Sort("score", True),),
        rows=rows,
        meaning=query.meaning(text),
        mode=mode,
    )
    return [hit.key for hit in service.search(search, frozenset({"id"})).hits]


def main() -> None:
    """Measure and print."""
    questions = read()
    for mode in ("hybrid", "lexical"):
        outcome = ask(questions, mode)
        print(f"{mode}: recall@{_PAGE} {outcome.mean:.3f}")
        for kind, values in outcome.recall.items():
            print(f"  {kind}: {sum(values.values()) / len(values):.3f} of {len(values)}")
        print(*outcome.missed, sep="\n")
    print(f"by accident ({len(outcome.accidents)} of {len(questions.accidents)}):")
    print(*outcome.accidents, sep="\n")


if __name__ == "__main__":
    main()
