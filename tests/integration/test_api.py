"""CKAN's API through ckanapi, and what the search service shows to whom."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid

import pytest
from ckanapi import NotAuthorized, NotFound, RemoteCKAN

from search.client import SearchClient, SearchRefused
from tests.conftest import Stack

pytestmark = pytest.mark.integration


def test_a_dataset_from_creation_to_deletion(stack: Stack, token: str) -> None:
    ckan = RemoteCKAN(stack.url, apikey=token)
    word = f"probe{uuid.uuid4().hex[:10]}"
    made = ckan.action.package_create(
        name=word, title=f"Probe {word}", notes="Ein Versuch.", owner_org="stadt-mayen"
    )
    # In quotation marks: a made-up word may hold pieces that mean something.
    assert ckan.action.package_search(q=f'"{word}"')["count"] == 1
    ckan.action.package_patch(id=made["id"], title=f"Anders {word}", notes="Geändert: Wasserturm")
    found = ckan.action.package_search(q=f'Wasserturm "{word}"')["results"][0]
    assert found["title"].startswith("Anders")
    ckan.action.package_delete(id=made["id"])
    assert ckan.action.package_search(q=f'"{word}"')["count"] == 0
    ckan.action.dataset_purge(id=made["id"])
    with pytest.raises(NotFound):
        ckan.action.package_show(id=made["id"])


def test_without_a_token_nothing_can_be_written(stack: Stack) -> None:
    with pytest.raises(NotAuthorized):
        RemoteCKAN(stack.url).action.package_create(name="nein", owner_org="stadt-mayen")


def test_private_records_are_found_by_nobody_else(stack: Stack, token: str) -> None:
    ckan = RemoteCKAN(stack.url, apikey=token)
    word = f"geheim{uuid.uuid4().hex[:10]}"
    made = ckan.action.package_create(
        name=word,
        title=f"Spielplatz {word}",
        notes="Entwurf",
        owner_org="stadt-mayen",
        private=True,
    )
    try:
        quoted = f'"{word}"'
        assert ckan.action.package_search(q=quoted, include_private=True)["count"] == 1
        assert RemoteCKAN(stack.url).action.package_search(q=quoted)["count"] == 0
        for mode in ("hybrid", "lexical", "semantic"):
            answer = SearchClient(stack.search_url).search(
                f"Spielplatz {word}", mode=mode, limit=1000, facets="tag,org"
            )
            assert made["id"] not in [result["id"] for result in answer["results"]]
        with pytest.raises(SearchRefused):
            SearchClient(stack.search_url).search(word, labels=["public", "secret"])
        with pytest.raises(SearchRefused):
            SearchClient(stack.search_url).records()
    finally:
        ckan.action.dataset_purge(id=made["id"])


@pytest.mark.parametrize("path", ["select?q=*:*", "update", "schema"])
def test_solrs_wire_is_closed(stack: Stack, path: str) -> None:
    request = urllib.request.Request(
        f"{stack.search_url}/solr/ckan/{path}",
        data=b"[]" if path == "update" else None,
        headers={"Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 401


def test_filters_facets_and_sorts_of_the_json_api(stack: Stack) -> None:
    client = SearchClient(stack.search_url)
    everything = client.search("", limit=1000, facets="org,format,hub", sort="title")
    assert everything["count"] == len(everything["results"])
    for facet in everything["facets"]["org"]:
        assert client.search("", org=facet["value"], limit=0)["count"] == facet["count"]
    near_bendorf = client.search("", bbox="7.4,50.3,7.7,50.5", limit=1000)
    assert 0 < near_bendorf["count"] < everything["count"]
    assert client.search("", **{"from": "1800-01-01", "to": "1800-12-31"})["count"] == 0
    with pytest.raises(SearchRefused, match="bbox"):
        client.search("", bbox="1,2,3")


def test_openapi_describes_the_search(stack: Stack) -> None:
    with urllib.request.urlopen(f"{stack.search_url}/openapi.json", timeout=10) as answer:
        described = json.loads(answer.read())
    assert "/api/v1/search" in described["paths"]
