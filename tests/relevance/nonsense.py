"""``python -m tests.relevance.nonsense [--json]``: does the search tell what it cannot answer?

Asks the questions of ``nonsense.yaml`` on an index of the sample region, in a temporary folder and
through the product's own service. Prints how well "there is an answer" (at least one result) is
decided, as Markdown or as JSON; writes nothing.
"""

from __future__ import annotations

import hashlib
import html
import json
import math
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from rdflib import DCAT, DCTERMS, RDF, Graph, Literal
from rdflib.term import Node

from search import encoder, query, ranking
from search.catalogue.index import Catalogue
from search.question import Reader
from search.service import SearchService
from search.vectors.edge import EdgeStore
from tests.conftest import ROOT

QUESTIONS = Path(__file__).with_name("nonsense.yaml")
HALVES = ("development", "held out")
#: The kinds of questions; only the first has answers.
KINDS = ANSWERABLE, *_OTHERS = ("answerable", "foreign", "nonsense")
_PAGE = 10


@dataclass(frozen=True)
class Question:
    """A question, of which kind and part of the file; ``right``: the records that answer it."""

    text: str
    kind: str
    part: str
    right: frozenset[str] = frozenset()

    @property
    def half(self) -> str:
        """Which half it is in, by its text alone."""
        return HALVES[hashlib.sha256(self.text.encode()).digest()[0] % 2]


@dataclass(frozen=True)
class Outcome:
    """What a question found: how many, whether a right record is on the first page, how sure.

    ``sureness`` is that of the records near in meaning; minus infinity where there are none.
    """

    question: Question
    count: int
    hit: bool
    sureness: float


def questions(path: Path = QUESTIONS) -> list[Question]:
    """Read the questions."""
    found = []
    for kind, parts in yaml.safe_load(path.read_text("utf-8")).items():
        for part, asked in parts.items():
            right = asked if isinstance(asked, dict) else {}
            found += [
                Question(text, kind, part, frozenset(right.get(text, "").split())) for text in asked
            ]
    return found


# -- asking ------------------------------------------------------------------------------------


def records() -> Iterator[dict[str, Any]]:
    """Yield the sample region's records: what the index of the portal finds by its words."""
    graph = Graph().parse(ROOT / "sample" / "catalog.ttl")
    for number, dataset in enumerate(sorted(graph.subjects(RDF.type, DCAT.Dataset), key=str)):
        files = sorted(graph.objects(dataset, DCAT.distribution), key=str)
        publishers = graph.objects(dataset, DCTERMS.publisher)
        yield {
            "index_id": f"{number:032x}",
            "id": _name(dataset),
            "name": _name(dataset),
            "title": _texts(graph, dataset, DCTERMS.title),
            "notes": _texts(graph, dataset, DCTERMS.description),
            "extras_title_en": _texts(graph, dataset, DCTERMS.title, "en"),
            "extras_notes_en": _texts(graph, dataset, DCTERMS.description, "en"),
            "extras_provenance": _texts(graph, next(graph.objects(dataset, DCTERMS.provenance))),
            "state": "active",
            "dataset_type": "dataset",
            "permission_labels": [query.PUBLIC_LABEL],
            "organization": [text for one in publishers for text in _texts(graph, one)],
            "tags": _texts(graph, dataset, DCAT.keyword),
            "res_name": [text for file in files for text in _texts(graph, file, DCTERMS.title)],
        }


def _name(node: Node) -> str:
    return str(node).rpartition("/")[2]


def _texts(
    graph: Graph, node: Node, predicate: Node | None = None, language: str = "de"
) -> list[str]:
    """The texts of a node in one language, or in none that is named, without their markup."""
    found = sorted(set(graph.objects(node, predicate)), key=str)
    return [
        html.unescape(re.sub(r"<[^>]+>", " ", text))
        for text in found
        if isinstance(text, Literal) and (text.language or "de") == language
    ]


@contextmanager
def region() -> Iterator[SearchService]:
    """A search service that holds the sample region."""
    model = encoder.load()
    with tempfile.TemporaryDirectory(prefix="myk-nonsense-") as folder:
        catalogue = Catalogue(Path(folder) / "catalogue")
        vectors = EdgeStore(Path(folder) / "vectors", model.traits.dimension)
        service = SearchService(catalogue, vectors, model, reader=Reader(ROOT / "config"))
        try:
            service.put(list(records()))
            yield service
        finally:
            service.close()


def ask(service: SearchService, asked: Sequence[Question]) -> list[Outcome]:
    """Ask all questions as somebody who may see what is public."""
    return [_ask(service, question) for question in asked]


def _ask(service: SearchService, question: Question) -> Outcome:
    search = query.Search(
        query.Question(question.text),
        labels=(query.PUBLIC_LABEL,),
        rows=_PAGE,
        meaning=query.meaning(question.text),
    )
    worked_out = [-math.inf]
    decide = ranking.sureness

    def noted(*args: Any) -> float:
        worked_out.append(decide(*args))
        return worked_out[-1]

    with mock.patch.object(ranking, "sureness", noted):
        result = service.search(search, frozenset({"id"}))
    found = {str(hit.record["id"]) for hit in result.hits}
    return Outcome(question, result.count, bool(found & question.right), worked_out[-1])


# -- measuring ---------------------------------------------------------------------------------


def measures(outcomes: Sequence[Outcome], half: str) -> dict[str, float]:
    """Return how well the questions of one half are told apart (shares are 0 to 1).

    ``precision``: of the questions that get results, those that have an answer. ``recall``: of
    those that have one, those that get results. ``right@10``: those with a right record on the
    first page. ``auc``: how often a question with an answer is surer than one without.
    """
    kinds = {
        kind: [one for one in outcomes if (one.question.half, one.question.kind) == (half, kind)]
        for kind in KINDS
    }
    ours = kinds[ANSWERABLE]
    others = [one for kind in _OTHERS for one in kinds[kind]]
    out: dict[str, float] = {f"{kind} asked": len(asked) for kind, asked in kinds.items()}
    out["precision"] = _precision(ours, others)
    out["recall"] = _answered(ours)
    out["right@10"] = _share([one.hit for one in ours])
    for kind in _OTHERS:
        out[f"{kind} without results"] = round(1 - _answered(kinds[kind]), 3)
        out[f"precision beside {kind}"] = _precision(ours, kinds[kind])
        out[f"auc beside {kind}"] = _auc(ours, kinds[kind])
    return out


def parts(outcomes: Sequence[Outcome]) -> list[tuple[str, str, str, int, float, float | None]]:
    """Return kind, part, half, how many were asked, answered (share), right within 10 (share)."""
    rows = []
    for kind, part in dict.fromkeys((one.question.kind, one.question.part) for one in outcomes):
        for half in HALVES:
            these = [
                one
                for one in outcomes
                if (one.question.kind, one.question.part, one.question.half) == (kind, part, half)
            ]
            right = _share([one.hit for one in these]) if kind == ANSWERABLE else None
            rows.append((kind, part, half, len(these), _answered(these), right))
    return rows


def _share(values: Sequence[bool]) -> float:
    return round(sum(values) / len(values), 3) if values else 0.0


def _answered(outcomes: Sequence[Outcome]) -> float:
    return _share([one.count > 0 for one in outcomes])


def _precision(ours: Sequence[Outcome], others: Sequence[Outcome]) -> float:
    return _share([True for one in ours if one.count] + [False for one in others if one.count])


def _auc(ours: Sequence[Outcome], others: Sequence[Outcome]) -> float:
    """The area under the receiver's curve; a tie is half a success."""
    wins = sum(
        (one.sureness > other.sureness) + (one.sureness == other.sureness) / 2
        for one in ours
        for other in others
    )
    pairs = len(ours) * len(others)
    return round(wins / pairs, 3) if pairs else 0.0


# -- showing -----------------------------------------------------------------------------------


def table(outcomes: Sequence[Outcome]) -> str:
    """Return all of it as two Markdown tables."""
    by_half = {half: measures(outcomes, half) for half in HALVES}
    lines = [f"| | {' | '.join(HALVES)} |", "|---" * (1 + len(HALVES)) + "|"]
    for name in by_half[HALVES[0]]:
        lines.append(f"| {name} | {' | '.join(f'{by_half[half][name]:g}' for half in HALVES)} |")
    lines += ["", "| kind | part | half | asked | with results | right@10 |", "|---" * 6 + "|"]
    for kind, part, half, asked, answered, right in parts(outcomes):
        shown = "" if right is None else f"{right:.2f}"
        lines.append(f"| {kind} | {part} | {half} | {asked} | {answered:.2f} | {shown} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    with region() as service:
        outcomes = ask(service, questions())
    if "--json" in sys.argv[1:]:
        print(json.dumps({half: measures(outcomes, half) for half in HALVES}, indent=2))
    else:
        print(table(outcomes))


if __name__ == "__main__":
    main()
