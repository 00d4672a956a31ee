"""Words united with meaning: the hybrid answer is one result set too, and facets narrow it.

The model is a small deterministic stand-in (each word is a fixed direction), the vectors lie in the
real embedded engine. What is guaranteed beside what ``test_questions`` says:

* of the records that the caller may see, those *near* in meaning join, by an exhaustive scan: near
  enough to the nearest and to the model's threshold (``ranking.least_similarity``).
* whether any do says ``ranking.sureness``, of the similarities. The more of the question the best
  record holds in words, the surer that is, and the fewer join.
* records that the caller may not see change neither who is near nor how near. By how rare they make
  a word they change how much of the question is held, and so whether neighbours join and how many
  of the nearest: between the two limits of holding nothing and all. By meaning alone they change
  nothing.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from search import encoder, leaning, query, ranking
from search.catalogue.index import Catalogue
from search.service import SearchService
from search.text import german
from search.vectors.edge import EdgeStore
from tests.property import drawing, reference
from tests.property.reference import Record, matches
from tests.property.test_exactness import (
    API_FACETS,
    BEARER,
    MMS,
    Hub,
    check_facets,
    check_pages,
    folder,
    keys,
    label_filter,
    visible,
)
from tests.property.test_questions import (
    SMALL,
    Found,
    callers,
    catalogues,
    check_narrowing,
    check_sandwich,
    check_scores,
    chosen_filters,
    reader,
)

_DIMENSION = 16
_THRESHOLD = 0.45
_NEAR, _WIDE = "Spielplatz Bendorf", "Spielplatz Wald Wiese Fluss"
MODES = ("hybrid", "hybrid", "semantic", "lexical")
#: Closer to a limit than this, the half precision of the vectors decides.
_ROUNDING = 2e-3


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
    read = reader(base.with_name("config"))
    service = SearchService(Catalogue(base), vectors, model, mode="hybrid", reader=read)
    # So that a dozen records have a crowd, and more neighbours than can join; and that words decide
    # often whether they do.
    small = {
        **SMALL, "NEIGHBOURS": 6, "NEIGHBOUR_MARGIN": 0.25, "NEIGHBOUR_FLOOR": 0.2,
        "_CROWD": slice(3, 6), "_USUAL": 0.1, "_HELD": 0.5,
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in small.items():
            patch.setattr(ranking, name, value)
        # Short texts, so that a dozen words have more than one row.
        patch.setattr(encoder, "MAX_CHARACTERS", 40)
        yield Hub(service)
    service.close()
    shutil.rmtree(base.parent, ignore_errors=True)


class Nearness:
    """What is near a question among what the caller may see: an exhaustive scan.

    What a question demands or excludes holds for neighbours too, but not for how far they may be.
    """

    def __init__(self, hub: Hub, text: str, seen: Sequence[Record]) -> None:
        concepts = hub.service.reader.read(text)
        self.signed = query.Question(text, concepts=tuple(one for one in concepts if one.sign))
        meaning = query.meaning(text)
        model = hub.service.model
        assert model is not None
        asked = leaning.vector(model, meaning or "")
        scanned = sorted(
            ((_similarity(asked, record), record) for record in seen),
            key=lambda pair: -pair[0],
        )
        hits = [pair for pair in scanned if pair[0] > 0]
        assume(all(similarity == 0 or abs(similarity) > _ROUNDING for similarity, _ in scanned))
        self.hits = hits[: ranking.NEIGHBOURS]
        if len(hits) > ranking.NEIGHBOURS:
            assume(self.hits[-1][0] - hits[ranking.NEIGHBOURS][0] > _ROUNDING)

    def sure(self, coverage: float) -> bool:
        """Tell whether the neighbours join, if the best record holds so much in words."""
        if not self.hits:
            return False
        sureness = ranking.sureness([similarity for similarity, _ in self.hits], coverage)
        assume(abs(sureness - _THRESHOLD) > 2 * _ROUNDING)
        return sureness > _THRESHOLD

    def near(self, coverage: float) -> list[Record]:
        """Return the records that join if any do, nearest first."""
        if not self.hits:
            return []
        least = ranking.least_similarity(self.hits[0][0], coverage, _THRESHOLD)
        assume(all(abs(similarity - least) > _ROUNDING for similarity, _ in self.hits))
        near = [record for similarity, record in self.hits if similarity > least]
        if not self.signed.concepts:
            return near
        return [record for record in near if matches(self.signed, record)]


def _similarity(asked: np.ndarray, record: Record) -> float:
    """The nearest of the record's texts, each by how far it stands for the record."""
    title = " ".join(reference.values(record, "title") or reference.values(record, "name"))
    notes = " ".join(reference.values(record, "notes"))
    texts = encoder.record_texts(title, notes)
    rows = Directions().encode([text for text, _ in texts])
    return max(trust * _cosine(asked, row) for row, (_, trust) in zip(rows, texts, strict=True))


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if lengths else 0.0


@given(data=st.data(), records=catalogues())
def test_words_and_meaning_are_one_result_set(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    hub.hold(records)
    for _ in range(3):
        labels = data.draw(callers, "labels")
        mode = data.draw(st.sampled_from(MODES))
        text = data.draw(drawing.questions(records), "text")
        asked = query.Question(text, data.draw(st.sampled_from(MMS), "mm"))
        filters = chosen_filters(data.draw)
        facets, sorts = data.draw(drawing.facets, "facets"), data.draw(drawing.sorts, "sort")
        sets = Found(hub, asked, records, labels)
        nearness = Nearness(hub, text, sets.seen)
        words = [] if mode == "semantic" else sets.words
        near: list[Record] = []
        if mode != "lexical":
            coverage = 0.0 if mode == "semantic" else sets.coverage
            near = nearness.near(coverage) if nearness.sure(coverage) else []
        found = [record for record in sets.seen if record in words or record in near]
        event(f"{mode}: meaning finds what words do not: {len(found) > len(words)}")
        event(f"sure by words alone: {bool(near) and mode == 'hybrid' and not nearness.sure(0)}")

        search = query.Search(
            asked, filters, labels, sorts, rows=3, facets=facets, meaning=query.meaning(text),
            mode=mode,
        )  # fmt: skip
        everything = hub.service.search(replace(search, filters=(), rows=100))
        if mode != "semantic":
            check_sandwich({hit.key for hit in everything.hits}, sets, nearness.near(0.0))
        assert {hit.key for hit in everything.hits} == keys(found)

        expected = [record for record in found if all(matches(node, record) for node in filters)]
        answer = hub.service.search(search)
        assert answer.count == len(expected)
        check_facets(answer.facets, facets, expected, sets.seen, filtered=bool(filters))
        size = data.draw(st.integers(1, 5), "page")
        check_pages(partial(hub.searched, search), records, expected, sorts, size)
        check_scores(hub, search, sorts)


@given(data=st.data(), records=catalogues())
def test_hidden_records_never_change_what_is_near(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    """Once with all records, once with those alone that the caller sees."""
    labels = tuple(data.draw(st.lists(st.sampled_from(drawing.LABELS), max_size=2), "labels"))
    texts = [data.draw(drawing.questions(records), "text") for _ in range(2)]
    seen = visible(records, labels)
    answers: list[dict[tuple[str, str], set[str]]] = []
    for held in (records, seen):
        hub.hold(held)
        answers.append({})
        for text in texts:
            for mode in ("semantic", "hybrid"):
                search = query.Search(
                    query.Question(text), labels=labels, rows=100, meaning=query.meaning(text),
                    mode=mode,  # type: ignore[arg-type]
                )  # fmt: skip
                hits = hub.service.search(search).hits
                answers[-1][mode, text] = {hit.key for hit in hits}
    among_all, alone = answers
    for text in texts:
        nearness = Nearness(hub, text, seen)
        assert among_all["semantic", text] == alone["semantic", text]
        sets = Found(hub, query.Question(text), seen, labels)
        loose = keys(sets.loosely) | keys(sets.strictly)
        most, least = keys(nearness.near(0.0)), keys(nearness.near(1.0))
        ranks = [record["index_id"] for _, record in nearness.hits]
        for found in (among_all["hybrid", text], alone["hybrid", text]):
            check_sandwich(found, sets, nearness.near(0.0))
            joined = found - loose
            assert joined <= most
            # The nearest first: nobody joins before one who is nearer.
            beside = [key for key in ranks if key not in loose]
            assert joined == set(beside[: len(joined)])
            if nearness.sure(0.0):
                assert least <= found
            if not nearness.sure(1.0):
                assert not joined
        event(f"changed: {among_all['hybrid', text] != alone['hybrid', text]}")


@given(data=st.data(), records=catalogues())
def test_choosing_a_facet_only_narrows(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    hub.hold(records)
    text = data.draw(drawing.questions(records), "text")
    search = query.Search(
        query.Question(text),
        labels=data.draw(callers, "labels"),
        sort=(query.Sort("score", True),),
        meaning=query.meaning(text),
        mode=data.draw(st.sampled_from(["hybrid", "semantic"])),
    )
    check_narrowing(hub, data, search)


@given(data=st.data(), records=catalogues())
def test_nothing_is_revealed_outside_the_labels(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    """Through both interfaces: keys, counts and facet values are those of what the caller sees."""
    labels = data.draw(
        st.lists(st.sampled_from(["public", "member-1", "*"]), max_size=2, unique=True), "labels"
    )
    text = " ".join(data.draw(drawing.questions(records), "text").split())
    assume(text and not text.startswith("{!") and "+-" not in text)
    hub.hold(records)
    seen = visible(records, labels)
    facets = {"facets": "tag,org,type", "limit": 100, "mode": data.draw(st.sampled_from(MODES))}
    answer = hub.api({"q": text, **facets}, {**BEARER, "X-Myk-Labels": ",".join(labels)})
    shown = {f"{int(result['id'].partition('-')[2]):032x}" for result in answer["results"]}
    assert shown <= keys([record for record in seen if record["state"] == "active"])
    assert answer["count"] == len(shown)
    found = [record for record in seen if record["index_id"] in shown]
    for name in ("tag", "org", "type"):
        wanted = reference.facet(found, (), query.Facet(API_FACETS[name], 50, 1))
        assert [(item["value"], item["count"]) for item in answer["facets"][name]] == wanted
    params = {"q": text, "defType": "dismax", "qf": ranking.CKAN_FIELDS, "fl": "index_id"}
    count, found_by_wire, _ = hub.select(**params, fq=label_filter(labels or ["nobody"]), rows=100)
    assert set(found_by_wire) <= keys(seen)
    assert count == len(found_by_wire)


def test_a_facet_that_guards_vectors_narrows_too(hub: Hub) -> None:
    """The nearest record sets how far others may be, whichever kind of record is chosen."""
    common = {"permission_labels": ["public"], "state": "active"}
    hub.hold(
        [
            {**common, "index_id": "0", "id": "0", "dataset_type": "dataset",
             "title": _NEAR},
            {**common, "index_id": "1", "id": "1", "dataset_type": "document",
             "title": f"{_NEAR} Amt"},
        ]
    )  # fmt: skip
    # By meaning alone, as the words find both.
    search = query.Search(query.Question(_NEAR), meaning=_NEAR, mode="semantic")
    assert [hit.key for hit in hub.service.search(search).hits] == ["0"]
    documents = replace(search, filters=(query.Term("dataset_type", "document"),))
    assert hub.service.search(documents).hits == ()


def test_what_is_deleted_pushes_nothing_out(hub: Hub) -> None:
    near = {"title": _NEAR, "index_id": "0", "id": "0", "state": "deleted"}
    far = {"title": f"{_NEAR} Amt", "index_id": "1", "id": "1", "state": "active"}
    hub.hold([{**record, "permission_labels": ["public"]} for record in (near, far)])
    active = (query.Term("state", "active"),)
    search = query.Search(query.Question(_NEAR), active, meaning=_NEAR, mode="semantic")
    assert [hit.key for hit in hub.service.search(search).hits] == ["1"]


def test_words_that_are_held_make_neighbours_surer(hub: Hub) -> None:
    """A neighbour too far to be shown for itself, beside a record that holds the word."""
    public = {"permission_labels": ["public"], "state": "active"}
    near = {**public, "index_id": "0", "title": "Wald der Fluss"}
    holds = {**public, "index_id": "1", "title": "Wald Spielplatz Fluss Amt Öl"}
    found = []
    for records in ([near], [near, holds]):
        hub.hold(records)
        search = query.Search(query.Question("der Spielplatz"), meaning="der Spielplatz")
        found.append({hit.key for hit in hub.service.search(search).hits})
    assert found == [set(), {"0", "1"}]


@pytest.mark.parametrize(
    ("sign", "titles"), [("-", [_WIDE, f"{_WIDE} Mayen"]), ("+", [f"{_WIDE} Mayen", _WIDE])]
)
def test_signs_are_kept_by_meaning_too(hub: Hub, sign: str, titles: list[str]) -> None:
    public = {"permission_labels": ["public"], "state": "active"}
    hub.hold([{**public, "index_id": f"{n}", "title": title} for n, title in enumerate(titles)])
    asked = f"{_WIDE} {sign}Mayen"
    search = query.Search(query.Question(asked), meaning=query.meaning(asked))
    assert [hit.key for hit in hub.service.search(search).hits] == ["0"]
