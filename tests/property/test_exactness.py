"""One query, one result set: count, pages, order and facets against a slow, obvious reference.

Each example is a random catalogue and several random queries of it, as programs ask: through Solr's
wire, the JSON API's filters, and the query tree itself. What people ask is in ``test_questions``.
``HYPOTHESIS_PROFILE=long`` draws many more.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import event, given, note
from hypothesis import strategies as st

from search import fields, query
from search.app import create_app
from search.catalogue.index import Catalogue
from search.service import SearchService
from search.settings import SearchSettings
from search.vectors.base import NoVectors
from tests.property import drawing, reference
from tests.property.reference import Record, matches

TOKEN = "geheim"
BASIC = {"Authorization": "Basic " + base64.b64encode(f"ckan:{TOKEN}".encode()).decode()}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
#: Fields and weights of Solr's dismax.
WEIGHTS = (
    "name title tags",
    "title^4 notes^0.5 text",
    "title^0 tags^2 organisation^2.5 files groups extras_ort",
)
MMS = ("2<-1 5<80%", "100%", "1", "2", "-1", "50%", "-25%", "0")


class Hub:
    """The real application on one index, whose records are exchanged for each example."""

    def __init__(self, service: SearchService) -> None:
        self.service = service
        app = create_app(service, SearchSettings(search_token=TOKEN, search_mode="lexical"))
        self.client: FlaskClient = app.test_client()

    def hold(self, records: Sequence[Record]) -> None:
        """Hold exactly these records."""
        self.service.remove(query.All())
        self.service.put(records)

    def select(self, **params: Any) -> tuple[int, list[str], dict[str, list[tuple[str, int]]]]:
        """Ask Solr's wire; return count, keys and facets."""
        answer = self.client.post("/solr/ckan/select", data=params, headers=BASIC)
        assert answer.status_code == 200, answer.get_data(True)
        body = answer.json
        assert body is not None
        found = body.get("facet_counts", {}).get("facet_fields", {})
        facets = {
            field: list(zip(flat[::2], flat[1::2], strict=True)) for field, flat in found.items()
        }
        docs = body["response"]["docs"]
        return body["response"]["numFound"], [doc["index_id"] for doc in docs], facets

    def selected(self, params: dict[str, Any], start: int, rows: int) -> list[str]:
        """Return the keys of one page of Solr's wire."""
        return self.select(**params, start=start, rows=rows)[1]

    def searched(self, search: query.Search, start: int, rows: int) -> list[str]:
        """Return the keys of one page of the service itself."""
        return [
            hit.key for hit in self.service.search(replace(search, start=start, rows=rows)).hits
        ]

    def api(self, params: dict[str, Any], headers: dict[str, str]) -> Any:
        """Ask the JSON API."""
        answer = self.client.get("/api/v1/search", query_string=params, headers=headers)
        assert answer.status_code == 200, answer.get_data(True)
        return answer.json

    def api_keys(
        self, params: dict[str, Any], headers: dict[str, str], start: int, rows: int
    ) -> list[str]:
        """Return the keys of one page of the JSON API."""
        results = self.api({**params, "offset": start, "limit": rows}, headers)["results"]
        # Ids are drawn with the key's number in them.
        return [f"{int(result['id'].partition('-')[2]):032x}" for result in results]


def folder(factory: pytest.TempPathFactory) -> Path:
    """Return a folder in memory where there is one: each example waits for its writes."""
    memory = Path("/dev/shm")
    base = Path(tempfile.mkdtemp(dir=memory)) if memory.is_dir() else factory.mktemp("index")
    return base / "index"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    service = SearchService(Catalogue(folder(tmp_path_factory)), NoVectors(), None)
    yield Hub(service)
    service.close()
    shutil.rmtree(service.catalogue.folder.parent)


def keys(records: Sequence[Record]) -> set[str]:
    return {record["index_id"] for record in records}


def visible(records: Sequence[Record], labels: Sequence[str] | None) -> list[Record]:
    """Return what a caller with these labels may see."""
    if labels is None:
        return list(records)
    return [record for record in records if set(labels) & set(record["permission_labels"])]


def check_pages(
    fetch: Callable[[int, int], list[str]],
    records: Sequence[Record],
    expected: Sequence[Record],
    sorts: Sequence[query.Sort],
    size: int,
) -> None:
    """The one large page holds the set in order, and the small pages together are that page."""
    by_key = {record["index_id"]: record for record in records}
    found = fetch(0, 1_000)
    assert sorted(found) == sorted(keys(expected))
    assert reference.in_order([by_key[key] for key in found], sorts), found
    assert fetch(0, 0) == []
    paged: list[str] = []
    for start in range(0, len(found) + size, size):
        paged.extend(fetch(start, size))
    assert paged == found


def check_facets(
    answered: dict[str, list[tuple[str, int]]],
    asked: Sequence[query.Facet],
    expected: Sequence[Record],
    known: Sequence[Record],
    *,
    filtered: bool,
) -> None:
    """Compare facets. ``filtered``: a filter may be one that says what the caller may know of."""
    for facet in asked:
        wanted = reference.facet(expected, known, facet)
        found = answered[facet.field]
        if fields.kind(facet.field) == "date":
            # A date may be written in more than one way.
            read = [(reference.moment(value), value, count) for value, count in found]
            found = [(reference.canonical(d) if d else value, count) for d, value, count in read]
        if filtered and facet.min_count <= 0:
            # Of the values without a hit, any that the caller may know of.
            assert found == sorted(found, key=lambda pair: (-pair[1], pair[0]))
            assert set(found) <= set(reference.facet(expected, known, replace(facet, limit=-1)))
            found, wanted = ([pair for pair in pairs if pair[1]] for pairs in (found, wanted))
        assert found == wanted, facet


def weighted(text: str) -> tuple[tuple[str, float], ...]:
    """Read weights as Solr writes them."""
    pairs = (part.partition("^") for part in text.split())
    return tuple((name, float(weight or 1)) for name, _, weight in pairs)


def solr_sort(sorts: Sequence[query.Sort]) -> str:
    return ", ".join(f"{sort.field} {'desc' if sort.descending else 'asc'}" for sort in sorts)


def facet_params(facets: Sequence[query.Facet]) -> dict[str, Any]:
    params: dict[str, Any] = {"facet": "true", "facet.field": [facet.field for facet in facets]}
    for facet in facets:
        params[f"f.{facet.field}.facet.limit"] = facet.limit
        params[f"f.{facet.field}.facet.mincount"] = facet.min_count
    return params


def label_filter(labels: Sequence[str]) -> str:
    """As CKAN writes it: ``+permission_labels:("a" OR "b")``."""
    quoted = [drawing.quoted(label) for label in labels]
    return f"+permission_labels:({' OR '.join(quoted)})"


@given(data=st.data(), records=drawing.catalogues())
def test_solrs_wire(hub: Hub, data: st.DataObject, records: list[Record]) -> None:
    hub.hold(records)
    for _ in range(4):
        labels = data.draw(drawing.callers, "labels")
        if labels == ():
            # CKAN writes no such filter; test_no_labels_see_nothing asks what it would mean.
            labels = ("nobody",)
        operator = data.draw(st.sampled_from(["AND", "AND", "OR"]), "q.op")
        seen = visible(records, labels)
        params: dict[str, Any] = {"q.op": operator, "df": "text"}
        node: Any
        if data.draw(st.integers(0, 3)) == 0:
            weights = data.draw(st.sampled_from(WEIGHTS))
            mm = data.draw(st.sampled_from(MMS))
            node = data.draw(drawing.dismax(tuple(name for name, _ in weighted(weights)), mm))
            params |= {"q": drawing.typed(node.chunks), "defType": "dismax", "qf": weights}
            params |= {"mm": mm, "tie": "0.1"}
        else:
            node = data.draw(drawing.groups(operator))
            params["q"] = drawing.written(data.draw, node)
        filters = data.draw(st.lists(drawing.groups(operator), max_size=2))
        fq = [drawing.written(data.draw, group) for group in filters]
        if labels is not None:
            fq.insert(data.draw(st.integers(0, len(fq))), label_filter(labels))
        sorts, facets = data.draw(drawing.sorts, "sort"), data.draw(drawing.facets, "facets")
        params |= {"fq": fq, "sort": solr_sort(sorts), "fl": "index_id", **facet_params(facets)}
        note(f"asked: {params}")

        expected = [
            record
            for record in seen
            if matches(node, record) and all(matches(group, record) for group in filters)
        ]
        event(f"found {min(len(expected), 3)}")
        count, _, answered = hub.select(**params, rows=0)
        assert count == len(expected)
        check_facets(answered, facets, expected, seen, filtered=bool(filters))

        check_pages(
            partial(hub.selected, params),
            records,
            expected,
            sorts,
            data.draw(st.integers(1, 5), "page"),
        )


@given(data=st.data(), records=drawing.catalogues())
def test_query_trees(hub: Hub, data: st.DataObject, records: list[Record]) -> None:
    hub.hold(records)
    for _ in range(5):
        labels = data.draw(drawing.callers, "labels")
        node = data.draw(drawing.trees(), "query")
        filters = tuple(data.draw(st.lists(drawing.trees(), max_size=2), "filters"))
        facets, sorts = data.draw(drawing.facets, "facets"), data.draw(drawing.sorts, "sort")
        seen = visible(records, labels)
        expected = [
            record for record in seen if all(matches(part, record) for part in (node, *filters))
        ]

        search = query.Search(node, filters, labels, sorts, rows=3, facets=facets, mode="lexical")
        answer = hub.service.search(search)
        assert answer.count == len(expected)
        check_facets(answer.facets, facets, expected, seen, filtered=bool(filters))
        check_pages(
            partial(hub.searched, search),
            records,
            expected,
            sorts,
            data.draw(st.integers(1, 5), "page"),
        )


@given(data=st.data(), records=drawing.catalogues())
def test_order_by_score(hub: Hub, data: st.DataObject, records: list[Record]) -> None:
    """Best first; among equals, and only there, the further keys decide; pages agree."""
    hub.hold(records)
    by_key = {record["index_id"]: record for record in records}
    for _ in range(3):
        weights = weighted(data.draw(st.sampled_from(WEIGHTS)))
        mm = data.draw(st.sampled_from(MMS))
        question = data.draw(drawing.dismax(tuple(name for name, _ in weights), mm))
        further = data.draw(drawing.sorts, "sort")
        down = data.draw(st.booleans(), "descending")

        people = query.People(drawing.typed(question.chunks), weights, mm)
        search = query.Search(people, sort=(query.Sort("score", down), *further), rows=100)
        hits = hub.service.search(search).hits
        assert keys([by_key[hit.key] for hit in hits]) == keys(
            [record for record in records if matches(question, record)]
        )
        scores = [hit.score or 0.0 for hit in hits]
        assert scores == sorted(scores, reverse=down)
        for score in set(scores):
            tied = [by_key[hit.key] for hit in hits if (hit.score or 0.0) == score]
            assert reference.in_order(tied, further)
        paged: list[query.Hit] = []
        for start in range(0, len(hits) + 2, 2):
            paged.extend(hub.service.search(replace(search, start=start, rows=2)).hits)
        assert [(hit.key, hit.score) for hit in paged] == [(hit.key, hit.score) for hit in hits]


#: The JSON API's names for facets, and the fields behind them.
API_FACETS = {
    "type": "dataset_type",
    "org": "organization",
    "hub": "groups",
    "tag": "tags",
    "license": "license_id",
    "format": "res_format",
}
API_SORTS = {
    "title": "title_string",
    "modified": "metadata_modified",
    "created": "metadata_created",
}
#: What an HTTP header can carry, where a comma separates.
API_LABELS = ("public", "member-1", "collaborator-x", "*", "nobody")


@given(data=st.data(), records=drawing.catalogues())
def test_the_json_api(hub: Hub, data: st.DataObject, records: list[Record]) -> None:
    hub.hold(records)
    for _ in range(4):
        labels = data.draw(
            st.none() | st.lists(st.sampled_from(API_LABELS), max_size=3, unique=True), "labels"
        )
        headers = {}
        if labels is not None:
            headers = {**BEARER, "X-Myk-Labels": ", ".join(labels)}
        seen = visible(records, ["public"] if labels is None else labels)
        chosen = data.draw(
            st.dictionaries(
                st.sampled_from(sorted(API_FACETS)),
                st.lists(drawing.strings, min_size=1, max_size=2),
                max_size=2,
            ),
            "filters",
        )
        named = data.draw(st.lists(st.sampled_from(sorted(API_FACETS)), max_size=3, unique=True))
        key = data.draw(st.sampled_from([None, *API_SORTS]), "sort")
        down = data.draw(st.booleans(), "descending")
        params: dict[str, Any] = {**chosen, "facets": ",".join(named)}
        sorts = []
        if key:
            params["sort"] = "-" * down + key
            sorts = [query.Sort(API_SORTS[key], down)]
        note(f"asked: {params}")
        expected = [
            record
            for record in seen
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


@given(data=st.data(), records=drawing.catalogues())
def test_nothing_is_revealed_outside_the_labels(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    """However the labels are asked for, and whatever else: as if the others were not there."""
    labels = data.draw(st.lists(st.sampled_from(drawing.LABELS), min_size=1, max_size=2), "labels")
    quoted = [drawing.quoted(label) for label in labels]
    either = " OR ".join(quoted)
    fq = data.draw(
        st.sampled_from(
            [
                [f"+permission_labels:({either})"],
                [f"permission_labels:({either})"],
                [f"+site_id:here +permission_labels:({either})"],
                [f"+permission_labels:({either}) +state:(active OR draft OR deleted)"],
                [f"+permission_labels:({either}) -dataset_type:harvest"],
                [f"permission_labels:({either}) AND state:active", "+site_id:here"],
                [" OR ".join(f"permission_labels:{label}" for label in quoted)],
                [f"+state:active +(+(+permission_labels:({either})))"],
            ]
        ),
        "fq",
    )
    operator = "AND"
    node = data.draw(drawing.groups(operator))
    facets = data.draw(drawing.facets.filter(bool), "facets")
    facets = tuple(query.Facet(facet.field, -1, 0) for facet in facets)
    params = {
        "q": drawing.written(data.draw, node), "q.op": operator, "fq": fq, "rows": 100,
        "fl": "index_id", "sort": solr_sort(data.draw(drawing.sorts)), **facet_params(facets),
    }  # fmt: skip
    note(f"asked: {params}")
    hub.hold(records)
    count, found, answered = hub.select(**params)
    seen = visible(records, labels)
    assert set(found) <= keys(seen)
    assert count == len(found)
    for facet in facets:
        known = set().union(*(reference.counted(record, facet.field) for record in seen))
        assert {value for value, _ in answered[facet.field]} <= known
    # The whole answer is that of a catalogue without the rest.
    hub.hold(seen)
    alone = hub.select(**params)
    assert (alone[0], set(alone[1]), alone[2]) == (count, set(found), answered)


@pytest.mark.parametrize("written", ["+permission_labels:()", "permission_labels:( )", "()"])
def test_no_labels_see_nothing(hub: Hub, written: str) -> None:
    """An empty group is nothing (or refused), never everything."""
    hub.hold([{"index_id": "0", "id": "0", "permission_labels": ["member-1"], "name": "geheim"}])
    asked = {"q": "*:*", "fq": written, "facet": "true", "facet.field": "name"}
    answer = hub.client.get("/solr/ckan/select", query_string=asked, headers=BASIC)
    assert answer.status_code == 400 or b"geheim" not in answer.data


def test_labels_are_no_facet(hub: Hub) -> None:
    """Labels are never returned (``NEVER_RETURNED``): not as a facet either."""
    record = {"index_id": "0", "id": "0", "permission_labels": ["public", "creator-7"]}
    hub.hold([record])
    asked = {"q": "*:*", "facet": "true", "facet.field": "permission_labels"}
    answer = hub.client.get("/solr/ckan/select", query_string=asked, headers=BASIC)
    assert b"creator-7" not in answer.data
