"""One collection through the product's own pipeline: index, search in each mode, measure."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from search import encoder, query, ranking
from search.catalogue.index import Catalogue
from search.evaluation import metrics
from search.evaluation.collection import Collection
from search.service import SearchService
from search.vectors.edge import EdgeStore

MODES: tuple[query.Mode, ...] = ("lexical", "semantic", "hybrid")
_DEPTH = 100
_BATCH = 500

Measures = dict[str, float]


def evaluate(
    collection: Collection, model: encoder.Encoder, tick: Callable[[], None] = lambda: None
) -> dict[str, Measures]:
    """Return each mode's mean measures and latencies (milliseconds) on a throw-away index.

    ``tick`` is called once per query and mode.
    """
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
            return {mode: _measure(service, collection, mode, tick) for mode in MODES}
        finally:
            service.close()


def _measure(
    service: SearchService, collection: Collection, mode: query.Mode, tick: Callable[[], None]
) -> Measures:
    per_query: dict[str, list[float]] = {
        name: [] for name in ("ndcg@10", "recall@100", "mrr@10", "hit@1", "no_answer")
    }
    took: list[float] = []
    for key, text in collection.queries.items():
        grades = collection.judgements.get(key)
        if not grades:
            continue
        began = time.perf_counter()
        found = _ranking(service, text, mode)
        took.append((time.perf_counter() - began) * 1000)
        per_query["ndcg@10"].append(metrics.ndcg(found, grades))
        per_query["recall@100"].append(metrics.recall(found, grades))
        per_query["mrr@10"].append(metrics.reciprocal_rank(found, grades))
        per_query["hit@1"].append(metrics.hit(found, grades))
        per_query["no_answer"].append(float(not found))
        tick()
    measures = {
        name: round(statistics.fmean(values), 4) if values else 0.0
        for name, values in per_query.items()
    }
    measures["queries"] = float(len(took))
    measures["p50_ms"], measures["p95_ms"] = _percentiles(took)
    return measures


def _ranking(service: SearchService, text: str, mode: query.Mode) -> list[str]:
    result = service.search(
        query.Search(
            query=query.People(text, ranking.PEOPLE_FIELDS, tie=ranking.TIE, relax=True),
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
