"""Every page and API that needs the index answers, with the sample region in it."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
import uuid
from urllib.parse import quote

import pytest

from tests.conftest import Stack

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ("/", "Mayen-Koblenz"),
        ("/dataset/", "Datens"),
        ("/organization/", "Bendorf"),
        ("/organization/stadt-bendorf", "Bendorf"),
        ("/group/", "Hub"),
        ("/group/mobil-hub", "Mobil"),
        ("/feeds/dataset.atom", "<entry>"),
        ("/feeds/organization/stadt-mayen.atom", "<entry>"),
        ("/catalog.ttl", "dcat:Dataset"),
        ("/catalog.rdf", "rdf:RDF"),
        ("/catalog.jsonld", "http://www.w3.org/ns/dcat#Dataset"),
        ("/user/login", "form"),
        ("/about", "<h1"),
        ("/en/dataset/", 'lang="en"'),
    ],
)
def test_page_answers_with_content(stack: Stack, path: str, holds: str) -> None:
    status, text = stack.get(path)
    assert status == 200
    assert holds in text


def test_dataset_page_and_its_rdf(stack: Stack) -> None:
    found = stack.action("package_search", q="Spielplatz", rows=1)["results"][0]
    status, text = stack.get(f"/dataset/{found['name']}")
    assert status == 200
    assert found["title"].split()[0] in text
    for form in ("ttl", "rdf", "jsonld"):
        assert stack.get(f"/dataset/{found['name']}.{form}")[0] == 200


def test_search_with_facets(stack: Stack) -> None:
    facets = quote('["organization","res_format"]')
    status, text = stack.get(f"/api/3/action/package_search?q=Haushalt&facet.field={facets}")
    assert status == 200
    result = json.loads(text)["result"]
    assert result["count"] > 0
    assert sum(result["facets"]["organization"].values()) == result["count"]
    assert result["facets"]["res_format"]


def test_portal_and_command_find_the_same(stack: Stack) -> None:
    told = stack.myk("search", "Spielplatz", "--json", "--limit", "100")
    assert told.returncode == 0, told.stderr
    from_command = json.loads(told.stdout)
    from_portal = stack.action("package_search", q="Spielplatz", rows=100)
    assert from_command["count"] == from_portal["count"] > 0
    assert [hit["id"] for hit in from_command["results"]] == [
        record["id"] for record in from_portal["results"]
    ]


def test_meaning_finds_what_words_do_not(stack: Stack) -> None:
    answer = json.loads(
        stack.myk("search", "Wo kann ich mein E-Auto laden?", "--json", "--limit", "5").stdout
    )
    assert any("lade" in result["title"].lower() for result in answer["results"])


def test_a_request_id_goes_through_to_the_search_service(stack: Stack) -> None:
    sent = f"probe-{uuid.uuid4().hex}"
    # The service refuses regular expressions, and says so in its log.
    query = "/api/3/action/package_search?q=title:/geheim.*/"
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.port}{query}", headers={"X-Request-Id": sent}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    assert refused.value.headers["X-Request-Id"] == sent
    log = (stack.home / "logs" / "search.log").read_text()
    (line,) = (line for line in log.splitlines() if sent in line)
    assert "select" in line
    assert "geheim" not in line


def test_an_id_that_is_no_plain_word_is_replaced(stack: Stack) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.port}/about", headers={"X-Request-Id": "a b;c"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-Id"])
