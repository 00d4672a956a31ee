"""Words united with meaning: the hybrid answer is one result set too, and facets narrow it.

The model is a small deterministic stand-in (each word is a fixed direction), the vectors lie in the
real embedded engine.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from search import encoder, query, ranking
from search.catalogue.index import Catalogue
from search.service import SearchService
from search.text import german
from search.vectors.edge import EdgeStore
from tests.property import drawing, reference
from tests.property.reference import Record, matches
from tests.property.test_exactness import (
    ENOUGH,
    PEOPLE,
    Hub,
    check_facets,
    check_pages,
    folder,
    relaxed,
    visible,
)

_DIMENSION = 16
_THRESHOLD = 0.45
#: Closer to a limit than this, single precision decides.
_ROUNDING = 1e-3
#: What says by whom and in which catalogue a question is asked; anything else is a choice, and
#: narrows. The state is in neither: CKAN adds it to every search, so what is deleted may or may not
#: count as seen here (see the last test).
_UNIVERSE = ("permission_labels", "site_id", "state", "entity_type")


class Directions:
    """A stand-in for a model: a text points where its words point together."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([self._one(text) for text in texts], dtype=np.float32)

    def _one(self, text: str) -> np.ndarray:
        vector = np.zeros(_DIMENSION)
        for token in german.tokens(text):
            seed = int.from_bytes(hashlib.sha256(token.encode()).digest()[:4])
            vector += np.random.default_rng(seed).normal(size=_DIMENSION)
        return vector


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    base = folder(tmp_path_factory)
    traits = encoder.Traits("directions", _DIMENSION, threshold=_THRESHOLD)
    model = encoder.Encoder(Directions(), traits)
    vectors = EdgeStore(base.with_name("vectors"), _DIMENSION)
    service = SearchService(Catalogue(base), vectors, model, mode="hybrid")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "ENOUGH", ENOUGH)
        # Narrow, so that in small catalogues some neighbours are left out for nearer ones.
        patch.setattr(ranking, "NEIGHBOUR_MARGIN", 0.1)
        yield Hub(service)
    service.close()
    shutil.rmtree(base.parent, ignore_errors=True)


def neighbours(text: str, seen: Sequence[Record]) -> list[Record]:
    """Return what is near enough among what the caller may see: an exhaustive scan."""
    meaning = query.meaning(text)
    if meaning is None:
        return []
    backend = Directions()
    asked = backend.encode([meaning])[0]
    if not asked.any():
        return []
    near: list[tuple[float, Record]] = []
    for record in seen:
        title = " ".join(reference.values(record, "title") or reference.values(record, "name"))
        notes = " ".join(reference.values(record, "notes"))
        vector = backend.encode([encoder.record_text(title, notes)])[0]
        lengths = float(np.linalg.norm(asked) * np.linalg.norm(vector))
        cosine = float(asked @ vector) / lengths if lengths else 0.0
        assume(abs(cosine - _THRESHOLD) > _ROUNDING)
        if cosine > _THRESHOLD:
            near.append((cosine, record))
    nearest = max((cosine for cosine, _ in near), default=0.0)
    limit = nearest - ranking.NEIGHBOUR_MARGIN
    assume(all(abs(cosine - limit) > _ROUNDING for cosine, _ in near))
    return [record for cosine, record in near if cosine >= limit]


def chosen_filters(draw: Any) -> tuple[query.Node, ...]:
    """Draw what a person chooses beside a question; of facets, also the one that guards vectors."""
    facet = st.builds(
        query.Term,
        st.sampled_from(["dataset_type", "organization", "res_format"]),
        st.sampled_from(["dataset", "harvest", "document", "CSV"]),
    )
    leaf = drawing.leaves().filter(lambda node: getattr(node, "field", "") not in _UNIVERSE)
    return tuple(draw(st.lists(st.one_of(facet, facet, leaf), max_size=2), "filters"))


@given(data=st.data(), records=drawing.catalogues())
def test_words_and_meaning_are_one_result_set(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    hub.hold(records)
    for _ in range(3):
        labels = data.draw(drawing.callers, "labels")
        mode = data.draw(st.sampled_from(["hybrid", "hybrid", "hybrid", "semantic", "lexical"]))
        seen = visible(records, labels)
        question = data.draw(drawing.questions(PEOPLE))
        text = drawing.typed(question)
        filters = chosen_filters(data.draw)
        facets, sorts = data.draw(drawing.facets, "facets"), data.draw(drawing.sorts, "sort")
        near = neighbours(text, seen) if mode != "lexical" else []
        words = [record for record in seen if matches(relaxed(question, seen), record)]
        if mode == "semantic" and query.meaning(text):
            words = []
        union = [record for record in seen if record in near or record in words]
        expected = [record for record in union if all(matches(node, record) for node in filters)]
        event(f"neighbours that the words do not find: {any(hit not in words for hit in near)}")

        people = query.People(text, ranking.PEOPLE_FIELDS, tie=ranking.TIE, relax=True)
        search = query.Search(
            people, filters, labels, sorts, rows=3, facets=facets, meaning=query.meaning(text),
            mode=mode,
        )  # fmt: skip
        answer = hub.service.search(search)
        assert answer.count == len(expected)
        check_facets(answer.facets, facets, expected, seen, filtered=bool(filters))
        size = data.draw(st.integers(1, 5), "page")
        check_pages(partial(hub.searched, search), records, expected, sorts, size)
        by_score = replace(search, sort=(query.Sort("score", True), *sorts))
        scores = [hit.score or 0.0 for hit in hub.service.search(replace(by_score, rows=99)).hits]
        assert scores == sorted(scores, reverse=True)
        check_pages(partial(hub.searched, by_score), records, expected, (), size)


@given(data=st.data(), records=drawing.catalogues())
def test_choosing_a_facet_only_narrows(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    """What a facet promises is what choosing it shows: the same records, and as many."""
    hub.hold(records)
    text = drawing.typed(data.draw(drawing.questions(PEOPLE)))
    people = query.People(text, ranking.PEOPLE_FIELDS, tie=ranking.TIE, relax=True)
    names = ("dataset_type", "organization", "res_format", "tags")
    search = query.Search(
        people,
        labels=data.draw(drawing.callers, "labels"),
        rows=100,
        facets=tuple(query.Facet(name, -1, 1) for name in names),
        meaning=query.meaning(text),
    )
    for _ in range(3):
        before = hub.service.search(search)
        shown = {hit.key for hit in before.hits}
        offered = [
            (name, value, count)
            for name, values in before.facets.items()
            for value, count in values
        ]
        if not offered:
            return
        name, value, count = data.draw(st.sampled_from(offered), "chosen")
        search = replace(search, filters=(*search.filters, query.Term(name, value)))
        after = hub.service.search(search)
        assert after.count == count
        assert {hit.key for hit in after.hits} <= shown


def test_a_facet_that_guards_vectors_narrows_too(hub: Hub) -> None:
    """The nearest record sets how far others may be, whichever kind of record is chosen."""
    common = {"permission_labels": ["public"], "state": "active"}
    hub.hold(
        [
            {**common, "index_id": "0", "id": "0", "dataset_type": "dataset",
             "title": "Spielplatz Bendorf"},
            {**common, "index_id": "1", "id": "1", "dataset_type": "document",
             "title": "Spielplatz Bendorf Amt Öl"},
        ]
    )  # fmt: skip
    # By meaning alone, as the words find both.
    search = query.Search(query.All(), meaning="Spielplatz Bendorf", mode="semantic")
    assert [hit.key for hit in hub.service.search(search).hits] == ["0"]
    documents = replace(search, filters=(query.Term("dataset_type", "document"),))
    assert hub.service.search(documents).hits == ()


def test_what_is_deleted_pushes_nothing_out(hub: Hub) -> None:
    near = {"title": "Spielplatz Bendorf", "index_id": "0", "id": "0", "state": "deleted"}
    far = {"title": "Spielplatz Bendorf Amt Öl", "index_id": "1", "id": "1", "state": "active"}
    hub.hold([{**record, "permission_labels": ["public"]} for record in (near, far)])
    active = (query.Term("state", "active"),)
    search = query.Search(query.All(), active, meaning="Spielplatz Bendorf", mode="semantic")
    assert [hit.key for hit in hub.service.search(search).hits] == ["1"]
