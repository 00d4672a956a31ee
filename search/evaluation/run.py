"""One collection through the product's own pipeline: index, search in each mode, measure."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from search import encoder, query
from search.catalogue.index import Catalogue
from search.evaluation import metrics
from search.evaluation.collection import Collection
from search.service import SearchService
from search.vectors.edge import EdgeStore

MODES: tuple[query.Mode, ...] = ("lexical", "semantic", "hybrid")
_DEPTH = 100
_BATCH = 500

Measures = dict[str, float]

#: Each measure of one query: a ranking of record keys and the judged grades → 0 to 1.
MEASURES: dict[str, Callable[[list[str], Mapping[str, int]], float]] = {
    "ndcg@10": metrics.ndcg,
    "recall@100": metrics.recall,
    "mrr@10": metrics.reciprocal_rank,
    "hit@1": metrics.hit,
    "no_answer": lambda found, grades: float(not found),
}


@dataclass
class Run:
    """What one mode gave: the first records found for each query, and how long it took (ms)."""

    found: dict[str, list[str]] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)

    def values(self, collection: Collection, measure: str) -> dict[str, float]:
        """Return a measure of each query."""
        of_one = MEASURES[measure]
        return {key: of_one(found, collection.judgements[key]) for key, found in self.found.items()}

    def measures(self, collection: Collection) -> Measures:
        """Return the means, with the bounds of their 95 % interval, and latencies."""
        out: Measures = {}
        for name in MEASURES:
            values = list(self.values(collection, name).values())
            out[name] = round(statistics.fmean(values), 4) if values else 0.0
        low, high = metrics.interval(list(self.values(collection, "ndcg@10").values()))
        out["ndcg@10_low"], out["ndcg@10_high"] = round(low, 4), round(high, 4)
        out["queries"] = float(len(self.took))
        out["p50_ms"], out["p95_ms"] = _percentiles(list(self.took.values()))
        return out


def evaluate(
    collection: Collection, model: encoder.Encoder, tick: Callable[[], None] = lambda: None
) -> dict[str, Run]:
    """Return what each mode gives on a throw-away index.

    ``tick`` is called once per query and mode.
    """
    with _index(collection, model) as service:
        return {mode: _run(service, collection, mode, tick) for mode in MODES}


@contextmanager
def _index(collection: Collection, model: encoder.Encoder) -> Iterator[SearchService]:
    with tempfile.TemporaryDirectory(prefix="myk-eval-") as folder:
        catalogue = Catalogue(Path(folder) / "catalogue")
        vectors = EdgeStore(Path(folder) / "vectors", model.traits.dimension)
        service = SearchService(catalogue, vectors, model)
        try:
            records = [
                {
                    "index_id": key,
                    "id": key,
                    "title": title,
                    "notes": text,
                    "permission_labels": [query.PUBLIC_LABEL],
                }
                for key, (title, text) in collection.documents.items()
            ]
            for start in range(0, len(records), _BATCH):
                service.put(records[start : start + _BATCH])
            yield service
        finally:
            service.close()


def _run(
    service: SearchService, collection: Collection, mode: query.Mode, tick: Callable[[], None]
) -> Run:
    run = Run()
    for key, text in collection.queries.items():
        if not collection.judgements.get(key):
            continue
        began = time.perf_counter()
        run.found[key] = _ranking(service, text, mode)
        run.took[key] = (time.perf_counter() - began) * 1000
        tick()
    return run


def _ranking(service: SearchService, text: str, mode: query.Mode) -> list[str]:
    result = service.search(
        query.Search(
            query=query.Question(text),
            labels=(query.PUBLIC_LABEL,),
            rows=_DEPTH,
            meaning=query.meaning(text),
            mode=mode,
        ),
        frozenset({"id"}),
    )
    return [hit.key for hit in result.hits]


def _percentiles(took: list[float]) -> tuple[float, float]:
    if len(took) < 2:
        return (round(took[0], 2), round(took[0], 2)) if took else (0.0, 0.0)
    cuts = statistics.quantiles(took, n=20, method="inclusive")
    return round(statistics.median(took), 2), round(cuts[-1], 2)
