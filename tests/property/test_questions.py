"""People's questions: what they find, against a slow, obvious reference, and in which order.

By words alone here; ``test_hybrid`` adds the meaning. What is guaranteed, of the records that the
caller may see:

* those that meet enough of the question's concepts (*strictly*) are found, always.
* where they are fewer than ``ENOUGH``, some join that meet any part of any concept (*loosely*):
  those that hold as much as ``ranking.worth_showing`` demands. No others ever do.
* records that the caller may not see change nothing of the first; the second they do, in one way
  alone: by how rare they make a word.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, event, given, note
from hypothesis import strategies as st

from search import query, ranking
from search.catalogue.index import Catalogue
from search.question import Reader
from search.service import SearchService
from search.vectors.base import NoVectors
from tests.property import drawing, reference
from tests.property.reference import Record, matches
from tests.property.test_exactness import (
    API_FACETS,
    API_LABELS,
    API_SORTS,
    BEARER,
    MMS,
    Hub,
    check_facets,
    check_pages,
    facet_params,
    folder,
    keys,
    label_filter,
    solr_sort,
    visible,
)

#: So that small catalogues have questions with enough answers and with too few, and with more than
#: are scored one by one; and some with loose ones, although no word is rare among a dozen records.
SMALL = {"ENOUGH": 3, "BEST_BY_WORDS": 5, "_AS_GOOD": 0.3, "_COVERED": 0.1}
#: No record holds more than this of a question that is not what it is called: the word in the
#: text, in the title, some of the lesser fields, all words side by side; and rounding.
_MOST = 1 + ranking.TITLE + 3 * ranking.TIE * ranking.TAGS + ranking.PAIRS + 0.1
#: What says by whom and in which catalogue a question is asked; anything else is a choice, and
#: narrows. The state is in neither: CKAN adds it to every search, so what is deleted may or may not
#: count as seen here (see the last test of ``test_hybrid``).
UNIVERSE = ("permission_labels", "site_id", "state", "entity_type")


def reader(base: Path) -> Reader:
    """Return a reader with an operator's places and synonyms."""
    base.mkdir(exist_ok=True)
    (base / "organisations.yaml").write_text(drawing.PLACES, "utf-8")
    (base / "synonyms.txt").write_text(drawing.SYNONYMS, "utf-8")
    return Reader(base)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    base = folder(tmp_path_factory)
    read = reader(base.with_name("config"))
    service = SearchService(Catalogue(base), NoVectors(), None, reader=read)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SMALL.items():
            patch.setattr(ranking, name, value)
        yield Hub(service)
    service.close()
    shutil.rmtree(base.parent, ignore_errors=True)


class Found:
    """Which records a question finds by words, of those that the caller may see."""

    def __init__(
        self,
        hub: Hub,
        asked: query.Question,
        records: Sequence[Record],
        labels: Sequence[str] | None,
    ) -> None:
        concepts = hub.service.reader.read(asked.text)
        asked = replace(asked, concepts=concepts, loose=False)
        loose = replace(asked, loose=True)
        self.seen = visible(records, labels)
        self.strictly = [record for record in self.seen if matches(asked, record)]
        self.loosely = [record for record in self.seen if matches(loose, record)]
        search = query.Search(loose, labels=None if labels is None else tuple(labels))
        snapshot = hub.service.catalogue.snapshot()
        self.best = snapshot.best(search, ranking.BEST_BY_WORDS)
        # With an ``mm`` of 0 a record can hold all that is demanded, and nothing else.
        self.held = dict(snapshot.best(replace(search, query=asked), 1_000).hits)
        self.held |= dict(snapshot.best(search, 1_000).hits)
        self.words = list(self.strictly)
        if len(self.strictly) < ranking.ENOUGH:
            most = self.best.hits[0][1] if self.best.hits else 0.0
            worth = {
                key
                for key, held in self.best.hits
                if ranking.worth_showing(held, most, self.best.evidence)
            }
            self.words += [
                record
                for record in self.loosely
                if record["index_id"] in worth and record not in self.strictly
            ]

    @property
    def coverage(self) -> float:
        """How much of the question the best of them holds (0 to 1)."""
        return min(1.0, max((self.held[key] for key in keys(self.words)), default=0.0))


def chosen_filters(draw: Any) -> tuple[query.Node, ...]:
    """Draw what a person chooses beside a question."""
    facet = st.builds(
        query.Term,
        st.sampled_from(["dataset_type", "organization", "res_format"]),
        st.sampled_from(["dataset", "harvest", "document", "CSV"]),
    )
    leaf = drawing.leaves().filter(lambda node: getattr(node, "field", "") not in UNIVERSE)
    return tuple(draw(st.lists(st.one_of(facet, facet, leaf), max_size=2), "filters"))


@st.composite
def catalogues(draw: Any) -> list[Record]:
    """Random catalogues; some records say nearly the same, so that questions find several."""
    least = draw(st.sampled_from([1, 8, 8]))
    records: list[Record] = draw(drawing.catalogues(least, texts=drawing.topics))
    words = draw(st.lists(st.sampled_from(drawing.TOPICS), min_size=3, max_size=4, unique=True))
    for record in records:
        if draw(st.integers(0, 2)):
            record["permission_labels"] = ["public"]
            left_out = draw(st.sampled_from(["", *words]))
            title = " ".join(word for word in words if word != left_out)
            record["title"] = record["title_string"] = title
    return records


#: Labels of a caller: mostly such that he sees something.
callers = st.one_of(
    st.none(), st.just(("public",)), st.just(("public", "member-1")), drawing.callers
)


def check_sandwich(found: set[str], sets: Found, near: Sequence[Record] = ()) -> None:
    """Whatever decides in between: nothing strict is missing, nothing unrelated is there."""
    assert keys(sets.strictly) <= found
    assert found <= keys(sets.strictly) | keys(sets.loosely) | keys(near)
    if len(sets.strictly) >= ranking.ENOUGH:
        assert found <= keys(sets.strictly) | keys(near), "enough, and yet loose ones"


def check_scores(hub: Hub, search: query.Search, further: Sequence[query.Sort]) -> None:
    """Best first (or last); among equals, and only there, the further keys decide; pages agree."""
    for down in (True, False):
        by_score = replace(search, sort=(query.Sort("score", down), *further), rows=100)
        hits = hub.service.search(by_score).hits
        scores = [hit.score or 0.0 for hit in hits]
        assert scores == sorted(scores, reverse=down)
        for score in set(scores):
            tied = [hit.record for hit in hits if (hit.score or 0.0) == score]
            assert reference.in_order(tied, further)
        paged: list[query.Hit] = []
        for start in range(0, len(hits) + 2, 2):
            paged.extend(hub.service.search(replace(by_score, start=start, rows=2)).hits)
        assert [(hit.key, hit.score) for hit in paged] == [(hit.key, hit.score) for hit in hits]


@given(data=st.data(), records=catalogues())
def test_what_words_find(hub: Hub, data: st.DataObject, records: list[Record]) -> None:
    hub.hold(records)
    # The engine remembers for a while what was replaced: no score may grow by it.
    for record in data.draw(st.lists(st.sampled_from(records), max_size=3), "written again"):
        hub.service.put([record])
    for _ in range(3):
        labels = data.draw(callers, "labels")
        asked = query.Question(
            data.draw(drawing.questions(records), "text"), data.draw(st.sampled_from(MMS), "mm")
        )
        filters = chosen_filters(data.draw)
        facets, sorts = data.draw(drawing.facets, "facets"), data.draw(drawing.sorts, "sort")
        sets = Found(hub, asked, records, labels)
        assert set(sets.held) == keys(sets.loosely) | keys(sets.strictly)
        assert all(held <= _MOST for key, held in sets.held.items() if not called(asked, key, sets))
        event(f"strict: {min(len(sets.strictly), 6)}")
        enough = len(sets.strictly) >= ranking.ENOUGH
        event(f"enough, and others are loose: {enough and len(sets.loosely) > len(sets.strictly)}")
        event(f"loose ones join: {len(sets.words) > len(sets.strictly)}")

        search = query.Search(asked, filters, labels, sorts, rows=3, facets=facets, mode="lexical")
        by_score = (query.Sort("score", True),)
        everything = hub.service.search(replace(search, filters=(), rows=100, sort=by_score))
        check_sandwich({hit.key for hit in everything.hits}, sets)
        assert {hit.key for hit in everything.hits} == keys(sets.words)
        for hit in everything.hits:
            assert hit.score == pytest.approx(sets.held.get(hit.key, hit.score), abs=1e-5)

        expected = [
            record for record in sets.words if all(matches(node, record) for node in filters)
        ]
        answer = hub.service.search(search)
        assert answer.count == len(expected)
        check_facets(answer.facets, facets, expected, sets.seen, filtered=bool(filters))
        size = data.draw(st.integers(1, 5), "page")
        check_pages(partial(hub.searched, search), records, expected, sorts, size)
        check_scores(hub, search, sorts)


def called(asked: query.Question, key: str, sets: Found) -> bool:
    """Tell whether the question is what the record is called: its title, name or identifier."""
    (record,) = (record for record in sets.seen if record["index_id"] == key)
    return reference.is_called(asked.text.strip(), record)


@given(data=st.data(), records=catalogues())
def test_what_a_record_is_called_finds_it_first(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    hub.hold(records)
    record = data.draw(st.sampled_from(records))
    name = data.draw(st.sampled_from(["title", "name", "id"]))
    text = str(record.get(name, ""))
    assume(hub.service.reader.read(text) and text == text.strip())
    assume(name == "title" or " " not in text)
    if name == "title":
        text = data.draw(st.sampled_from([text, text.upper(), text.lower(), f" {text} "]))
        assume(reference.is_called(text.strip(), record))
    search = query.Search(query.Question(text), sort=(query.Sort("score", True),), rows=100)
    hits = hub.service.search(search).hits
    called = [reference.is_called(text.strip(), hit.record) for hit in hits]
    assert record["index_id"] in {hit.key for hit in hits[: sum(called)]}
    assert called == sorted(called, reverse=True)


@given(data=st.data(), records=catalogues())
def test_solrs_wire_with_ckans_own_weights(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    hub.hold(records)
    for _ in range(3):
        labels = data.draw(callers, "labels") or ("nobody",)
        text = " ".join(data.draw(drawing.questions(records), "text").split())
        # What Solr's own syntax means: all, a parser's name, an error.
        assume(text not in ("", "*:*") and not re.search(r"^\{!|(^|\s)[+-]{2}", text))
        mm = data.draw(st.sampled_from(MMS), "mm")
        sorts, facets = data.draw(drawing.sorts, "sort"), data.draw(drawing.facets, "facets")
        params = {
            "q": text, "defType": data.draw(st.sampled_from(["dismax", "dismax", "edismax"])),
            "qf": ranking.CKAN_FIELDS, "mm": mm, "fq": label_filter(labels),
            "sort": solr_sort(sorts), "fl": "index_id", **facet_params(facets),
        }  # fmt: skip
        assume(params["defType"] == "dismax" or ":" not in text)
        sets = Found(hub, query.Question(text, mm), records, labels)
        count, _, answered = hub.select(**params, rows=0)
        assert count == len(sets.words)
        check_facets(answered, facets, sets.words, sets.seen, filtered=False)
        size = data.draw(st.integers(1, 5), "page")
        check_pages(partial(hub.selected, params), records, sets.words, sorts, size)


@given(data=st.data(), records=catalogues())
def test_the_json_api(hub: Hub, data: st.DataObject, records: list[Record]) -> None:
    hub.hold(records)
    for _ in range(3):
        labels = data.draw(
            st.none() | st.lists(st.sampled_from(API_LABELS), max_size=3, unique=True), "labels"
        )
        headers = {}
        if labels is not None:
            headers = {**BEARER, "X-Myk-Labels": ", ".join(labels)}
        text = data.draw(drawing.questions(records), "text")
        assume(text.strip())
        named = data.draw(st.lists(st.sampled_from(sorted(API_FACETS)), max_size=3, unique=True))
        chosen = data.draw(
            st.dictionaries(
                st.sampled_from(sorted(API_FACETS)),
                st.lists(drawing.strings, min_size=1, max_size=2),
                max_size=1,
            ),
            "filters",
        )
        key = data.draw(st.sampled_from([None, *API_SORTS]), "sort")
        params: dict[str, Any] = {**chosen, "q": text, "facets": ",".join(named)}
        sorts = []
        if key:
            params["sort"], sorts = key, [query.Sort(API_SORTS[key])]
        note(f"asked: {params}")
        who = ["public"] if labels is None else labels
        sets = Found(hub, query.Question(text.strip()), records, who)
        expected = [
            record
            for record in sets.words
            if record["state"] == "active"
            and all(
                set(wanted) & set(reference.values(record, API_FACETS[name]))
                for name, wanted in chosen.items()
            )
        ]
        answer = hub.api({**params, "limit": 1}, headers)
        assert answer["count"] == len(expected)
        for name in named:
            wanted = reference.facet(expected, (), query.Facet(API_FACETS[name], 50, 1))
            assert [(item["value"], item["count"]) for item in answer["facets"][name]] == wanted
        check_pages(
            partial(hub.api_keys, params, headers),
            records,
            expected,
            sorts,
            data.draw(st.integers(1, 5), "page"),
        )


# -- who may see what --------------------------------------------------------------------------


@given(data=st.data(), records=catalogues())
def test_hidden_records_change_rarity_alone(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    """Once with all records, once with those alone that the caller sees."""
    labels = data.draw(st.lists(st.sampled_from(drawing.LABELS), max_size=2), "labels")
    texts = [data.draw(drawing.questions(records), "text") for _ in range(3)]
    facets = (query.Facet("tags", -1, 0), query.Facet("organization", -1, 0))
    seen = visible(records, labels)
    answers = []
    for held in (records, seen):
        hub.hold(held)
        for text in texts:
            search = query.Search(
                query.Question(text), labels=tuple(labels), rows=100, facets=facets
            )
            answers.append((hub.service.search(search), Found(hub, search.query, held, labels)))
    for (among_all, sets), (alone, sets_alone) in zip(
        answers[: len(texts)], answers[len(texts) :], strict=True
    ):
        assert keys(sets.strictly) == keys(sets_alone.strictly)
        assert keys(sets.loosely) == keys(sets_alone.loosely)
        found, found_alone = ({hit.key for hit in one.hits} for one in (among_all, alone))
        check_sandwich(found, sets)
        check_sandwich(found_alone, sets)
        if len(sets.strictly) >= ranking.ENOUGH:
            assert found == found_alone == keys(sets.strictly)
            assert (among_all.count, among_all.facets) == (alone.count, alone.facets)
        event(f"rarity changed what is found: {found != found_alone}")
        for facet in facets:
            known = set().union(*(reference.counted(record, facet.field) for record in seen))
            assert {value for value, _ in among_all.facets[facet.field]} == known


@given(data=st.data(), records=catalogues())
def test_nothing_is_revealed_outside_the_labels(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    """However CKAN writes the labels: nothing of other records is among results or facets."""
    labels = data.draw(st.lists(st.sampled_from(drawing.LABELS), min_size=1, max_size=2), "labels")
    quoted = [drawing.quoted(label) for label in labels]
    either = " OR ".join(quoted)
    fq = data.draw(
        st.sampled_from(
            [
                [f"+permission_labels:({either})"],
                [f"+site_id:here +permission_labels:({either})"],
                [f"+permission_labels:({either}) +state:(active OR draft OR deleted)"],
                [f"permission_labels:({either}) AND state:active", "+site_id:here"],
                [" OR ".join(f"permission_labels:{label}" for label in quoted)],
            ]
        ),
        "fq",
    )
    text = " ".join(data.draw(drawing.questions(records), "text").split())
    assume(not re.search(r"^\{!|(^|\s)[+-]{2}", text))
    facets = data.draw(drawing.facets.filter(bool), "facets")
    facets = tuple(query.Facet(facet.field, -1, 0) for facet in facets)
    params = {
        "q": text, "defType": "dismax", "qf": ranking.CKAN_FIELDS, "fq": fq, "rows": 100,
        "q.op": "AND", "fl": "index_id", **facet_params(facets),
    }  # fmt: skip
    hub.hold(records)
    count, found, answered = hub.select(**params)
    seen = visible(records, labels)
    assert set(found) <= keys(seen)
    assert count == len(found)
    for facet in facets:
        known = set().union(*(reference.counted(record, facet.field) for record in seen))
        assert {value for value, _ in answered[facet.field]} <= known


# -- choices narrow ----------------------------------------------------------------------------


def check_narrowing(hub: Hub, data: st.DataObject, search: query.Search) -> None:
    """What a facet promises is what choosing it shows: the same records, and as many."""
    names = ("dataset_type", "organization", "res_format", "tags")
    search = replace(search, rows=100, facets=tuple(query.Facet(name, -1, 1) for name in names))
    for _ in range(3):
        before = hub.service.search(search)
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
        assert {hit.key for hit in after.hits} == {
            hit.key for hit in before.hits if value in reference.values(hit.record, name)
        }
        # And each keeps its place among them.
        scores = {hit.key: hit.score for hit in before.hits}
        assert all(hit.score == scores[hit.key] for hit in after.hits)


@given(data=st.data(), records=catalogues())
def test_choosing_a_facet_only_narrows(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    hub.hold(records)
    text = data.draw(drawing.questions(records), "text")
    labels = data.draw(callers, "labels")
    score = (query.Sort("score", True),)
    check_narrowing(hub, data, query.Search(query.Question(text), labels=labels, sort=score))
