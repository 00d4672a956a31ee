"""Nothing is revealed by helping: suggestions, corrected questions and records about the same.

What a caller is told must be the same as if there were only the records that he sees: then no word,
value, count or order can come from any other. The model is a small deterministic stand-in (each
word is a fixed direction).
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from search import encoder
from search.catalogue.index import Catalogue
from search.service import SearchService
from search.suggest import terms
from search.vectors.edge import EdgeStore
from tests.property import drawing, reference
from tests.property.reference import Record
from tests.property.test_exactness import TOKEN, Hub, folder

_DIMENSION = 16
#: Labels that a header carries.
LABELS = ("public", "member-1", "collaborator-x", 'we"ird\\', "*")
#: Words long enough to be mistyped, with near neighbours and compounds among them.
WORDS = (
    "Feuerwehr", "Feuerwehren", "Feuerwerk", "Spielplatz", "Kinderspielplatz", "Kinder",
    "Straßenreinigung", "Strassenfest", "Müllabfuhr", "Bendorf", "Bundorf", "Haushalt",
    "Haushaltsplan", "Friedhof", "Abfallkalender", "Kalender", "Abfall", "2024", "Öl", "der",
)  # fmt: skip

_words = st.sampled_from(WORDS)
_texts = st.lists(_words, min_size=1, max_size=3).map(" ".join)


class Directions:
    """A stand-in for a model: a text points where its words point together."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([self._one(text) for text in texts], dtype=np.float32)

    def _one(self, text: str) -> np.ndarray:
        vector = np.zeros(_DIMENSION)
        for word in terms.plain_words(text):
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4])
            vector += np.random.default_rng(seed).normal(size=_DIMENSION)
        return vector


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    base = folder(tmp_path_factory)
    model = encoder.Encoder(Directions(), encoder.Traits("directions", _DIMENSION, threshold=0.0))
    vectors = EdgeStore(base.with_name("vectors"), _DIMENSION)
    service = SearchService(Catalogue(base), vectors, model, mode="hybrid")
    yield Hub(service)
    service.close()
    shutil.rmtree(base.parent, ignore_errors=True)


_odd = st.one_of(_texts, _texts, _texts, drawing.strings)


@st.composite
def catalogues(draw: Any) -> list[Record]:
    """Random catalogues with what people type and choose from; some of it hidden from somebody."""
    more = st.fixed_dictionaries(
        {
            "title": _odd,
            "tags": st.lists(_odd, max_size=3, unique=True),
            "permission_labels": st.sampled_from(
                [["public"], ["public"], ["public", "member-1"], ["member-1"], [LABELS[2]], []]
            ),
            "state": st.sampled_from(["active", "active", "active", "draft", "deleted"]),
        },
        optional={
            "notes": _texts,
            "spatial_text": st.lists(_texts, max_size=2, unique=True),
            "organization": st.sampled_from(["stadt-bendorf", "kreis"]),
            "organization_title": st.sampled_from(["Stadt Bendorf", "Landkreis", "Feuerwehr"]),
            "groups": st.just(["mobil-hub"]),
            "group_titles": st.just(["Mobil Hub"]),
        },
    )
    keys = ({"index_id": f"{n:032x}", "id": f"id-{n}", "name": f"name-{n}"} for n in range(99))
    found = draw(st.lists(more, min_size=3, max_size=10))
    return [{**key, **record} for key, record in zip(keys, found, strict=False)]


@st.composite
def typed(draw: Any, records: Sequence[Record]) -> str:
    """What somebody types: the beginning of something, or something with a slip in it."""
    there = [text for record in records for text in (record["title"], *record["tags"])]
    words = [word for text in there for word in text.split() if len(word) > 4] or list(WORDS)
    text = draw(st.one_of(*[st.sampled_from(words)] * 4, st.sampled_from(there), _texts, _odd))
    at = draw(st.integers(0, max(0, len(text) - 1)))
    slip = draw(st.sampled_from(["none", "cut", "lost", "lost", "doubled", "swapped", "changed"]))
    return {
        "none": text,
        "cut": text[: at + 1],
        "lost": text[:at] + text[at + 1 :],
        "doubled": text[:at] + text[at : at + 1] + text[at:],
        "swapped": text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :],
        "changed": text[:at] + "x" + text[at + 1 :],
    }[slip]


def seen_by(records: Sequence[Record], labels: Sequence[str]) -> list[Record]:
    """Return the active records that carry one of the labels."""
    return [
        record
        for record in records
        if record["state"] == "active" and set(labels) & set(record["permission_labels"])
    ]


def told(hub: Hub, path: str, labels: Sequence[str], **params: Any) -> Any:
    """Return what the service tells a caller with these labels, without the time it took."""
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Myk-Labels": ",".join(labels)}
    answer = hub.client.get(path, query_string=params, headers=headers)
    assert answer.status_code in (200, 404), answer.get_data(True)
    body = dict(answer.json or {})
    body.pop("took_ms", None)
    return body


def values(record: Record, field: str) -> list[str]:
    return reference.values(record, field)


def check_line(line: dict[str, Any], seen: Sequence[Record]) -> None:
    """A suggestion says what is in records that the caller sees, and how many they are."""
    if line["kind"] == "title":
        titles = [
            " ".join(" ".join(values(record, "title") or [record["name"]]).split())
            for record in seen
            if record["name"] == line["name"]
        ]
        assert line["text"] in titles
        return
    field, titled = terms.VALUES[line["kind"]]
    having = [record for record in seen if line["name"] in values(record, field)]
    assert line["count"] == len(having) > 0
    called = {text for record in having for text in values(record, titled or field)}
    assert line["text"] in called | {line["name"]}


callers = st.sampled_from([("public",), ("public",), ("public", "member-1"), LABELS[2:], ()])


@given(data=st.data(), records=catalogues())
def test_suggestions(hub: Hub, data: st.DataObject, records: list[Record]) -> None:
    asked = [(data.draw(typed(records)), data.draw(callers)) for _ in range(4)]
    limit = data.draw(st.sampled_from([1, 3, 8, 50]), "limit")
    hub.hold(records)
    answers = [told(hub, "/api/v1/suggest", who, q=text, limit=limit) for text, who in asked]
    for (_, who), answer in zip(asked, answers, strict=True):
        seen = seen_by(records, who)
        assert len(answer["suggestions"]) <= limit
        for line in answer["suggestions"]:
            check_line(line, seen)
        event(f"suggestions: {len(answer['suggestions']) > 0}")
    for (text, who), answer in zip(asked, answers, strict=True):
        hub.hold(seen_by(records, who))
        assert told(hub, "/api/v1/suggest", who, q=text, limit=limit) == answer, text


@given(data=st.data(), records=catalogues())
def test_what_is_typed_in_full_is_suggested(
    hub: Hub, data: st.DataObject, records: list[Record]
) -> None:
    """Also what was written last, and nothing of what was taken away last."""
    hub.hold(records)
    who = data.draw(callers)
    seen = seen_by(records, who)
    kept = [
        value
        for record in seen
        for value in values(record, "tags")
        if terms.plain_words(value) and "\x1f" not in value and len(terms.plain_words(value)) < 8
    ]
    for value in kept[:3]:
        lines = told(hub, "/api/v1/suggest", who, q=value, limit=50)["suggestions"]
        assert value.casefold() in [line["text"].casefold() for line in lines]
    if seen:
        gone = data.draw(st.sampled_from(seen))
        hub.service.put([{**gone, data.draw(st.sampled_from(["state"])): "deleted"}])
        left = [record for record in seen if record is not gone]
        for text in [*values(gone, "title"), *values(gone, "tags")]:
            for line in told(hub, "/api/v1/suggest", who, q=text, limit=50)["suggestions"]:
                check_line(line, left)


@given(data=st.data(), records=catalogues())
def test_did_you_mean(hub: Hub, data: st.DataObject, records: list[Record]) -> None:
    asked = [(data.draw(typed(records)), data.draw(callers)) for _ in range(3)]
    hub.hold(records)
    answers = []
    for text, who in asked:
        better = told(hub, "/api/v1/search", who, q=text, limit=0)["did_you_mean"]
        answers.append(better)
        event(f"corrected: {better is not None}")
        if better is None:
            continue
        found = told(hub, "/api/v1/search", who, q=better, mode="lexical", limit=0)
        assert found["count"] > 0, "what is proposed finds something"
        occurring = {
            word
            for record in seen_by(records, who)
            for read in terms.read({name: values(record, name) for name in record})
            for word in terms.plain_words(read)
        }
        for word in set(terms.plain_words(better)) - set(terms.plain_words(text)):
            # A compound may be new, but it ends with a word that occurs.
            assert any(word.endswith(known) for known in occurring if len(known) > 3), word
    for (text, who), better in zip(asked, answers, strict=True):
        hub.hold(seen_by(records, who))
        alone = told(hub, "/api/v1/search", who, q=text, limit=0)["did_you_mean"]
        if alone != better:
            # Whether something is found is the ranking's answer to the same caller, which may
            # weigh words by how rare they are in all records: nothing beyond that is told.
            texts = [text, *text.split(), better or text, alone or text]
            before = [_found(hub, who, one) for one in texts]
            hub.hold(records)
            assert [_found(hub, who, one) for one in texts] != before, text


def _found(hub: Hub, who: Sequence[str], text: str) -> int:
    return int(told(hub, "/api/v1/search", who, q=text, mode="lexical", limit=0)["count"])


@given(data=st.data(), records=catalogues())
def test_similar(hub: Hub, data: st.DataObject, records: list[Record]) -> None:
    who = data.draw(callers)
    seen = seen_by(records, who)
    asked = [data.draw(st.sampled_from(records))["id"] for _ in range(2)]
    hub.hold(records)
    answers = [told(hub, f"/api/v1/similar/{id}", who, limit=20) for id in asked]
    ids = {record["id"] for record in seen}
    for id, answer in zip(asked, answers, strict=True):
        assert ("results" in answer) is (id in ids)
        shown = [result["id"] for result in answer.get("results", [])]
        assert set(shown) <= ids - {id}
        event(f"similar: {len(shown) > 0}")
    hub.hold(seen)
    assert [told(hub, f"/api/v1/similar/{id}", who, limit=20) for id in asked] == answers
