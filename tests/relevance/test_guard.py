"""The search does not get worse at finding what is meant, beyond what chance can do."""

from __future__ import annotations

import pytest

from search import encoder
from search.evaluation import collection, run
from tests.relevance.baseline import FOLDER, baseline


@pytest.mark.parametrize("name", sorted(baseline()))
def test_no_collection_drops(name: str) -> None:
    folder = FOLDER / name
    if not folder.is_dir():
        pytest.skip(f"the collection is not here ({folder}); set MYK_TEST_RELEVANCE")
    read = collection.read(folder)
    measured = {
        mode: one.measures(read) for mode, one in run.evaluate(read, encoder.load()).items()
    }
    before = baseline()[name]
    # The same queries are asked again: half a standard error is more than a rounding can do.
    assert measured["hybrid"]["ndcg@10"] >= before["ndcg@10"] - before["noise"] / 2
    # Together at least as good as the better one alone.
    parts = max(measured[mode]["ndcg@10"] for mode in ("lexical", "semantic"))
    assert measured["hybrid"]["ndcg@10"] >= parts - before["noise"] / 2
