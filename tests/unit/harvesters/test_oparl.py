from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harvesters import config as configuration
from harvesters import shape
from harvesters.errors import ConfigError, SourceError
from harvesters.fetch import Fetcher, Limits
from harvesters.identity import content_hash
from harvesters.model import Outcome, Record, SourceConfig, Verdict
from harvesters.portal import Patience
from harvesters.run import harvest
from harvesters.sources.oparl import words
from harvesters.sources.oparl.source import OparlSource
from harvesters.sources.oparl.values import changed_since, day, key, moment
from harvesters.vocabulary import load
from tests.unit.harvesters.conftest import FakeCkan
from tests.unit.harvesters.json_answers import ANYTHING, datasets, read
from tests.unit.harvesters.oparl_server import SCHEMA, Council, karlsruhe, serving

COUNCIL = {"id": "@/org/rat", "type": f"{SCHEMA}/Organization", "name": "Stadtrat"}
COMMITTEE = {"id": "@/org/bau", "type": f"{SCHEMA}/Organization", "name": "Bauausschuss"}
GROUP = {"id": "@/org/gruene", "type": f"{SCHEMA}/Organization", "name": "Fraktion im Rat"}
OFFICE = {"id": "@/org/amt", "type": f"{SCHEMA}/Organization", "name": "Bauamt"}
PERSON = {"id": "@/person/1", "type": f"{SCHEMA}/Person", "name": "Erika Muster"}


def a_file(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"@/file/{number}",
        "type": f"{SCHEMA}/File",
        "name": f"Datei {number}",
        "fileName": f"datei{number}.pdf",
        "mimeType": "application/pdf",
        "date": "2024-03-01",
        "size": 4711,
        "sha1Checksum": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "accessUrl": f"@/view/{number}",
        "downloadUrl": f"@/download/{number}.pdf",
        "modified": "2024-03-01T10:00:00+01:00",
        "text": "Der Wortlaut bleibt, wo er ist.",
        **more,
    }


MEETING = {
    "id": "@/meeting/7",
    "type": f"{SCHEMA}/Meeting",
    "name": "Sitzung des Bauausschusses",
    "start": "2024-04-11T17:30:00+02:00",
    "end": "2024-04-11T19:00:00+02:00",
    "meetingState": "durchgeführt",
    "organization": ["@/org/bau"],
    "location": {
        "id": "@/place/1",
        "description": "Rathaus",
        "room": "Sitzungssaal 1",
        "streetAddress": "Läufstraße 11",
        "postalCode": "56626",
        "locality": "Andernach",
        "geojson": {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [7.4, 50.44]},
            "properties": {"name": "Rathaus"},
        },
    },
    "participant": ["@/person/1"],
    "invitation": a_file(10, name="Einladung"),
    "resultsProtocol": a_file(11, name="Niederschrift"),
    "auxiliaryFile": [a_file(12, name="Lageplan")],
    "agendaItem": [
        {
            "id": "@/agenda/2",
            "order": 2,
            "number": "Ö 2",
            "name": "Radweg an der Uferstraße",
            "public": True,
            "consultation": "@/consultation/5",
            "result": "einstimmig beschlossen",
            "resolutionText": "Der Radweg wird gebaut.",
            "resolutionFile": a_file(13, name="Beschluss"),
        },
        {"id": "@/agenda/1", "order": 1, "number": "Ö 1", "name": "Eröffnung", "public": True},
        {"id": "@/agenda/3", "order": 3, "number": "N 1", "public": False},
    ],
    "created": "2024-03-20T08:00:00+01:00",
    "modified": "2024-04-20T08:00:00+02:00",
}
PAPER = {
    "id": "@/paper/2024/17",
    "type": f"{SCHEMA}/Paper",
    "body": "@/body/1",
    "name": "Radweg an der Uferstraße",
    "reference": "2024/0017",
    "date": "2024-03-02",
    "paperType": "Beschlussvorlage",
    "web": "https://rat.andernach.example/vorlage/17",
    "mainFile": a_file(1, name="Vorlage"),
    "auxiliaryFile": [a_file(2, name="Plan"), a_file(3, name="weg", deleted=True)],
    "originatorPerson": ["@/person/1"],
    "originatorOrganization": ["@/org/gruene"],
    "underDirectionOf": ["@/org/amt"],
    "relatedPaper": ["@/paper/2023/4"],
    "keyword": ["Radverkehr"],
    "consultation": [
        {
            "id": "@/consultation/5",
            "agendaItem": "@/agenda/2",
            "meeting": "@/meeting/7",
            "organization": ["@/org/bau"],
            "authoritative": True,
            "role": "Entscheidung",
        }
    ],
    "created": "2024-03-02T08:00:00+01:00",
    "modified": "2024-03-05T08:00:00+01:00",
}


def small(**options: Any) -> Council:
    """A council with one paper and the meeting where it was discussed."""
    council = Council(**options)
    for item in (COUNCIL, COMMITTEE, GROUP, OFFICE):
        council.add("organization", deepcopy(item))
    council.add("person", deepcopy(PERSON), listed=False)
    council.add("meeting", deepcopy(MEETING))
    council.add("paper", deepcopy(PAPER))
    return council


@pytest.fixture
def council() -> Iterator[Council]:
    made = small()
    made.lists["person"] = []
    with serving(made):
        yield made


@contextmanager
def source_of(
    council: Council,
    config: Path,
    *,
    url: str = "",
    since: datetime | None = None,
    limits: Limits | None = None,
    **options: Any,
) -> Iterator[OparlSource]:
    limits = limits or Limits(seconds=5, connect=1, read=2, attempts=2, longest_wait=0.1)
    with Fetcher(limits, allow=frozenset({"127.0.0.1"})) as fetcher:
        made = SourceConfig(name="rat", type="oparl", url=url or council.system, options=options)
        source = OparlSource(made, fetcher, load(config), config.parent)
        source.since = since
        yield source


def run(
    council: Council, ckan: FakeCkan, config: Path, since: datetime | None = None, **options: Any
) -> Any:
    source = SourceConfig(name="rat", type="oparl", url=council.system, options=options)
    return harvest(
        source,
        ckan,
        config=config,
        since=since,
        allow_hosts="127.0.0.1",
        limits=Limits(seconds=5, connect=1, read=2, attempts=2, longest_wait=0.1),
        patience=Patience(0.3, 0.01, 0.05),
    )


def record_of(council: Council, config: Path, path: str, **options: Any) -> Record:
    with source_of(council, config, **options) as source:
        records, failures = read(source)
    assert not failures
    return records[f"{council.url.replace('http:', 'https:')}{path}"]


# -- what is made of it ----------------------------------------------------------------------------


def test_a_paper_is_a_document(council: Council, config: Path) -> None:
    record = record_of(council, config, "/paper/2024/17")
    package, url = record.package, council.url
    assert package["type"] == "document"
    assert package["title"] == "Radweg an der Uferstraße"
    assert package["document_kind"] == "paper"
    assert package["paper_type"] == "Beschlussvorlage"
    assert package["reference"] == "2024/0017"
    assert package["document_date"] == package["issued"] == "2024-03-02"
    assert package["url"] == "https://rat.andernach.example/vorlage/17"
    assert package["uri"] == record.uri == f"{url}/paper/2024/17"
    assert package["author"] == "Fraktion im Rat"
    assert package["bodies"] == ["Bauausschuss"]
    assert package["outcome"] == "einstimmig beschlossen"
    assert package["license_id"] == "dl-by-de-2.0"
    assert package["related_resource"] == [f"{url}/paper/2023/4"]
    assert [tag["name"] for tag in package["tags"]] == ["Radverkehr"]
    assert {"name": "Bauamt"} in package["contact"]
    assert record.organisation.name == "stadt-andernach"  # known by its official key
    assert package["consultations"] == [
        {
            "date": "2024-04-11",
            "body": "Bauausschuss",
            "meeting": "Sitzung des Bauausschusses",
            "meeting_uri": f"{url}/meeting/7",
            "agenda_number": "Ö 2",
            "agenda_uri": f"{url}/agenda/2",
            "role": "Entscheidung",
            "result": "einstimmig beschlossen",
            "resolution": "Der Radweg wird gebaut.",
        }
    ]
    assert "Federführend: Bauamt." in package["notes"]


def test_files_are_resources(council: Council, config: Path) -> None:
    main, plan = record_of(council, config, "/paper/2024/17").package["resources"]
    assert main["name"] == "Vorlage"
    assert main["url"] == main["download_url"] == f"{council.url}/download/1.pdf"
    assert main["access_url"] == f"{council.url}/view/1"
    assert (main["format"], main["mimetype"], main["size"]) == ("PDF", "application/pdf", 4711)
    assert main["hash_algorithm"].endswith("sha1")
    assert plan["description"] == "Anlage"
    assert "Wortlaut" not in json.dumps([main, plan])


def test_persons_only_if_asked_for(council: Council, config: Path) -> None:
    everything = json.dumps(record_of(council, config, "/paper/2024/17").package)
    assert "Erika" not in everything
    assert not council.count("/person/")
    named = record_of(council, config, "/paper/2024/17", people=True).package
    assert named["author"] == "Fraktion im Rat, Erika Muster"


def test_a_meeting_is_an_event(council: Council, config: Path) -> None:
    package = record_of(council, config, "/meeting/7").package
    assert package["type"] == "event"
    assert package["event_kind"] == "meeting"
    assert package["title"] == "Sitzung des Bauausschusses, 11.04.2024"
    assert package["start"] == "2024-04-11T17:30:00+02:00"
    assert package["end"] == "2024-04-11T19:00:00+02:00"
    assert package["event_status"] == "held"
    assert package["place_name"] == "Sitzungssaal 1, Rathaus"
    assert package["place_address"] == "Läufstraße 11, 56626 Andernach"
    assert json.loads(package["spatial_coverage"][0]["geom"])["type"] == "Point"
    assert package["bodies"] == ["Bauausschuss"]
    assert [item.get("number") for item in package["agenda"]] == ["Ö 1", "Ö 2", "N 1"]
    assert package["agenda"][1] == {
        "number": "Ö 2",
        "title": "Radweg an der Uferstraße",
        "public": "true",
        "result": "einstimmig beschlossen",
        "resolution": "Der Radweg wird gebaut.",
        "paper_uri": f"{council.url}/paper/2024/17",
        "uri": f"{council.url}/agenda/2",
    }
    assert package["agenda"][2]["public"] == "false"
    names = [resource["name"] for resource in package["resources"]]
    assert names == ["Einladung", "Niederschrift", "Lageplan", "Beschluss"]
    assert "person" not in json.dumps(package)


def test_without_meetings(council: Council, config: Path) -> None:
    with source_of(council, config, meetings=False) as source:
        records, _ = read(source)
    (record,) = records.values()
    assert record.package["consultations"][0]["meeting"] == "Sitzung des Bauausschusses"


def test_hardly_anything_is_asked_for_one_by_one(council: Council, config: Path) -> None:
    with source_of(council, config) as source:
        read(source)
    assert sorted(council.requests) == [
        "/bodies", "/body/1/meeting", "/body/1/organization", "/body/1/paper", "/system",
    ]  # fmt: skip


@pytest.mark.parametrize("start", ["/system", "/bodies", "/body/1"])
def test_where_it_may_start(council: Council, config: Path, start: str) -> None:
    council.body["system"] = "@/system"
    with source_of(council, config, url=council.url + start) as source:
        records, _ = read(source)
    assert len(records) == 2


def test_a_wrong_address_says_what_is_wanted(council: Council, config: Path) -> None:
    for start, found in (("/body/1/paper", "a list that holds a Paper"), ("/org/rat", "a Organ")):
        with (
            source_of(council, config, url=council.url + start) as source,
            pytest.raises(SourceError, match="give the address of the System") as caught,
        ):
            list(source.discover())
        assert found in str(caught.value)


@pytest.mark.parametrize("word", ["@/body/1", "stadt andernach", "Andernach", "07137003"])
def test_only_some_bodies(council: Council, config: Path, word: str) -> None:
    word = word.replace("@", council.url)
    with source_of(council, config, bodies=[word]) as source:
        assert len(list(source.discover())) == 2


def test_bodies_that_are_not_there(council: Council, config: Path) -> None:
    with (
        source_of(council, config, bodies=["Mayen"]) as source,
        pytest.raises(SourceError, match="none of the bodies Mayen; it has: Stadt Andernach"),
    ):
        list(source.discover())
    with source_of(council, config, bodies=["Mayen", "Andernach"]) as source:
        assert len(list(source.discover())) == 2
        assert source.warnings == ["no such body (option bodies): Mayen"]
        assert not source.complete


def test_it_is_recognised(council: Council, config: Path) -> None:
    with Fetcher(allow=frozenset({"127.0.0.1"})) as fetcher:
        assert configuration.from_location(council.system, fetcher=fetcher).type == "oparl"
        assert configuration.from_location(f"{council.url}/bodies", fetcher=fetcher).type == "oparl"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Beschlussvorlage", "paper"),
        ("Änderungs-/Ergänzungsantrag", "paper"),
        ("Anfrage", "paper"),
        ("Antrag auf Satzungsänderung", "paper"),
        ("Niederschrift öffentlich", "protocol"),
        ("Beschlussprotokoll", "protocol"),
        ("Einladung", "invitation"),
        ("Satzung", "statute"),
        ("Jahresbericht", "report"),
        ("Beschluss", "resolution"),
        ("Bekanntmachung", "notice"),
        ("", "paper"),
        ("XY", "paper"),
    ],
)
def test_kinds(word: str, kind: str) -> None:
    assert words.document_kind(word) == kind


@pytest.mark.parametrize(
    ("state", "status"),
    [("terminiert", "scheduled"), ("abgesagt", "cancelled"), ("verschoben", "postponed"), ("", "")],
)
def test_states(state: str, status: str) -> None:
    assert words.event_status(state, cancelled=False, has_protocol=False) == status
    assert words.event_status(state, cancelled=True, has_protocol=False) == "cancelled"


def test_times() -> None:
    assert str(moment("2024-07-01T18:00:00")) == "2024-07-01 18:00:00+02:00"
    assert day("2024-06-30T23:30:00Z") == "2024-07-01"
    assert day("2024") == ""
    assert key("http://X.example/ä/1/") == key("https://x.example/%C3%A4/1")
    since = datetime(2024, 1, 1, tzinfo=UTC)
    assert changed_since({"modified": "2024-01-02"}, since)
    assert not changed_since({"modified": "2023-12-30T10:00:00Z"}, since)
    assert changed_since({"modified": "irgendwann"}, since)


# -- what servers get wrong ------------------------------------------------------------------------


def test_everything_linked(config: Path) -> None:
    """Addresses wherever an object is usual."""
    council = Council()
    for item in (COMMITTEE, GROUP, OFFICE):
        council.add("organization", deepcopy(item), listed=False)
    paper, meeting = deepcopy(PAPER), deepcopy(MEETING)
    for name in ("invitation", "resultsProtocol"):
        meeting[name] = council.add("file", meeting[name], listed=False)["id"]  # type: ignore[index]
    items = meeting["agendaItem"]
    meeting["agendaItem"] = [
        council.add("x", {**item, "meeting": "@/meeting/7"}, listed=False)["id"]
        for item in items  # type: ignore[union-attr]
    ]
    meeting["location"] = council.add("x", meeting["location"], listed=False)["id"]  # type: ignore[arg-type, index]
    paper["mainFile"] = council.add("x", paper["mainFile"], listed=False)["id"]  # type: ignore[arg-type, index]
    paper["auxiliaryFile"] = [
        council.add("x", item, listed=False)["id"]
        for item in paper["auxiliaryFile"]  # type: ignore[union-attr]
    ]
    paper["consultation"] = [
        council.add("x", {**item, "paper": "@/paper/2024/17"}, listed=False)["id"]
        for item in paper["consultation"]  # type: ignore[union-attr]
    ]
    council.add("meeting", meeting, listed=False)
    council.add("paper", paper, listed=False)
    council.lists = {"paper": [paper["id"]], "meeting": [meeting["id"]], "organization": []}
    embedding = small()
    lists: dict[str, Any] = {}
    for name, made in (("linked", council), ("embedded", embedding)):
        made.lists.setdefault("x", [])
        with serving(made), source_of(made, config) as source:
            records, failures = read(source)
            assert not failures
            text = json.dumps([record.package for record in records.values()], sort_keys=True)
            lists[name] = text.replace(made.url, "@")
    assert lists["linked"] == lists["embedded"]


def test_everything_embedded(council: Council, config: Path) -> None:
    """Objects wherever an address is usual, and one where a list is."""
    paper, meeting = council.lists["paper"][0], council.lists["meeting"][0]
    council.lists["organization"] = []
    paper["originatorOrganization"] = deepcopy(GROUP)
    paper["underDirectionOf"] = deepcopy(OFFICE)
    paper["consultation"] = deepcopy(paper["consultation"][0])
    paper["consultation"]["organization"] = deepcopy(COMMITTEE)
    paper["consultation"]["meeting"] = {"id": "@/meeting/7", "type": f"{SCHEMA}/Meeting"}
    paper["consultation"]["agendaItem"] = deepcopy(meeting["agendaItem"][0])
    paper["auxiliaryFile"] = deepcopy(paper["auxiliaryFile"][0])
    paper["body"] = deepcopy(council.body)
    meeting["organization"] = [deepcopy(COMMITTEE)]
    package = record_of(council, config, "/paper/2024/17").package
    assert package["author"] == "Fraktion im Rat"
    assert package["consultations"][0]["meeting"] == "Sitzung des Bauausschusses"
    assert package["consultations"][0]["result"] == "einstimmig beschlossen"
    assert len(package["resources"]) == 2
    # The lists themselves, too.
    council.body |= {name: deepcopy(council.lists[name]) for name in ("paper", "meeting")}
    with source_of(council, config) as source:
        assert len(read(source)[0]) == 2


def test_relative_addresses(council: Council, config: Path) -> None:
    text = json.dumps([council.body, council.lists]).replace('"@/', '"/')
    council.body, council.lists = json.loads(text)
    package = record_of(council, config, "/paper/2024/17").package
    assert package["uri"] == f"{council.url}/paper/2024/17"
    assert package["resources"][0]["url"] == f"{council.url}/download/1.pdf"
    assert package["consultations"][0]["agenda_number"] == "Ö 2"


def test_https_is_written_where_http_is_meant(council: Council, config: Path) -> None:
    secure = council.url.replace("http:", "https:")
    text = json.dumps([council.body, council.lists["paper"]]).replace('"@/', f'"{secure}/')
    council.body, council.lists["paper"] = json.loads(text)
    council.lists["paper"].append({**council.lists["paper"][0], "id": "@/paper/2024/17"})
    with source_of(council, config) as source:
        records, failures = read(source)
    assert not failures
    assert len(records) == 2
    assert "objects that come twice: 1 case" in " ".join(source.warnings)
    paper = next(r for r in records.values() if r.package["type"] == "document")
    assert paper.package["consultations"][0]["meeting"] == "Sitzung des Bauausschusses"


@pytest.mark.parametrize("empty", [None, [], {"data": None}, {"data": [], "links": None}])
def test_null_lists(council: Council, config: Path, empty: Any) -> None:
    council.fault = lambda path, _query: (200, empty) if path == "/body/1/meeting" else None
    with source_of(council, config, max_lookups=0) as source:
        records, failures = read(source)
    assert (len(records), failures) == (1, {})
    council.fault = lambda _path, _query: None
    council.body["meeting"] = None
    with source_of(council, config, max_lookups=0) as source:
        assert len(read(source)[0]) == 1
        assert source.complete


def test_a_plain_array_and_pages_without_links(council: Council, config: Path) -> None:
    council.add("paper", {**deepcopy(PAPER), "id": "@/paper/ä/ß"})
    council.page_size = 1
    papers = council.lists["paper"]

    def without_links(path: str, query: dict[str, str]) -> tuple[int, Any] | None:
        if path == "/body/1/paper":
            page = council.page("paper", path, query)
            return 200, {"data": page["data"], "pagination": page["pagination"]}
        return (200, council.lists["meeting"]) if path == "/body/1/meeting" else None

    council.fault = without_links
    with source_of(council, config) as source:
        records, _ = read(source)
        assert source.complete
    assert len(records) == 1 + len(papers)
    assert any(identity.endswith("/paper/ä/ß") for identity in records)


def test_deleted_objects_are_gone(council: Council, ckan: FakeCkan, config: Path) -> None:
    for number in range(8):
        council.add("paper", {**deepcopy(PAPER), "id": f"@/paper/{number}", "consultation": []})
    assert run(council, ckan, config).count(Outcome.ADDED) == 10
    now = datetime.now(UTC)
    gone = council.lists["paper"][3]
    kept = {name: gone[name] for name in ("id", "type", "created")}
    gone.clear()
    gone.update(kept, deleted=True, modified=now.isoformat())
    # An incremental run hears of it, and marks nothing else.
    report = run(council, ckan, config, since=now - timedelta(hours=1))
    assert not report.complete
    assert report.count(Outcome.GONE) == 1
    assert report.results[0].identity.endswith("/paper/2")
    assert report.verdict is Verdict.SUCCEEDED
    # So does a full one.
    assert run(council, ckan, config).count(Outcome.WITHDRAWN) == 1


def test_objects_without_an_id(council: Council, config: Path) -> None:
    del council.lists["paper"][0]["id"]
    council.lists["paper"] += [{"type": f"{SCHEMA}/Paper"}, 17, None]
    with source_of(council, config) as source:
        records, failures = read(source)
        assert not source.complete
    assert "paper:2024/0017 Radweg an der Uferstraße 2024-03-02" in records
    assert len(failures) == 1
    assert "papers without an id" in " ".join(source.warnings)


def test_the_licence_is_handed_down(council: Council, config: Path) -> None:
    del council.body["license"]
    council.lists["paper"][0]["mainFile"]["fileLicense"] = "dl-de-by-2.0"
    council.fault = lambda path, _query: (
        (200, {"oparlVersion": SCHEMA, "body": "@/bodies", "license": "cc-by"})
        if path == "/system"
        else None
    )
    package = record_of(council, config, "/paper/2024/17").package
    assert [r["license"] for r in package["resources"]] == ["dl-de-by-2.0", "cc-by"]
    package = record_of(council, config, "/meeting/7", license="dl-de-by-2.0").package
    assert package["license_id"] == "dl-by-de-2.0"


def test_what_is_referred_to_but_not_there(council: Council, config: Path) -> None:
    council.lists["meeting"] = []
    del council.objects["/meeting/7"]
    stage = record_of(council, config, "/paper/2024/17").package["consultations"][0]
    assert stage["body"] == "Bauausschuss"
    assert stage["meeting_uri"] == f"{council.url}/meeting/7"
    assert "meeting" not in stage


def test_looking_up_has_an_end(council: Council, config: Path) -> None:
    papers = []
    for number in range(5):
        stage = {**deepcopy(PAPER["consultation"][0]), "meeting": f"@/meeting/{number}"}  # type: ignore[index]
        del stage["agendaItem"]
        council.add("meeting", {**MEETING, "id": f"@/meeting/{number}"}, listed=False)
        papers.append({**PAPER, "id": f"@/paper/{number}", "consultation": [stage]})
    council.lists["paper"] = papers
    with source_of(council, config, max_lookups=3, meetings=False) as source:
        records, failures = read(source)
    assert not failures
    named = ["meeting" in record.package["consultations"][0] for record in records.values()]
    assert named == [True, True, True, False, False]
    assert "2 references were not followed (option max_lookups: 3)" in source.warnings


def test_a_lookup_that_fails_for_now_fails_the_record(council: Council, config: Path) -> None:
    council.lists["meeting"] = []
    papers = [
        {**PAPER, "id": f"@/paper/{n}", "consultation": {"id": "@/c", "meeting": f"@/meeting/{n}"}}
        for n in range(6)
    ]
    council.lists["paper"] = [*papers, {**PAPER, "consultation": []}]
    council.fault = lambda path, _query: (503, {}) if path.startswith("/meeting/") else None
    with source_of(council, config) as source:
        records, failures = read(source)
    assert len(records) == 1
    assert len(failures) == 6
    assert 3 <= council.count("/meeting/") <= 3 * 2  # each tried twice at most, then no more
    assert any("max_lookups: 0" in reason for reason in failures.values())
    with source_of(council, config, max_lookups=0) as source:
        assert len(read(source)[0]) == 7


# -- paging ----------------------------------------------------------------------------------------


def many_papers(council: Council, number: int) -> None:
    council.lists["paper"] = [
        {**deepcopy(PAPER), "id": f"@/paper/{n}", "consultation": [], "name": f"Vorlage {n}"}
        for n in range(number)
    ]
    council.page_size = 10


def test_a_later_page_fails(council: Council, ckan: FakeCkan, config: Path) -> None:
    many_papers(council, 30)
    assert run(council, ckan, config).count(Outcome.ADDED) == 31
    council.fault = lambda _path, query: (500, {}) if query.get("page") == "2" else None
    report = run(council, ckan, config)
    assert report.count(Outcome.UNCHANGED) == 11
    assert report.count(Outcome.GONE) == 0
    assert not report.complete
    assert "papers: page 2 could not be read" in " ".join(report.warnings)


def test_the_first_page_fails(council: Council, ckan: FakeCkan, config: Path) -> None:
    run(council, ckan, config)
    council.fault = lambda path, _query: (
        (200, b"<html>Wartung</html>") if path in ("/body/1/paper", "/body/1/meeting") else None
    )
    report = run(council, ckan, config)
    assert report.verdict is Verdict.FAILED
    assert "is a web page (HTML)" in report.error
    assert report.count(Outcome.GONE) == 0


def test_meetings_fail_but_papers_do_not(council: Council, ckan: FakeCkan, config: Path) -> None:
    council.fault = lambda path, _query: (404, {}) if path == "/body/1/meeting" else None
    report = run(council, ckan, config)
    assert report.verdict is Verdict.FAILED
    assert report.error.startswith("meetings of Stadt Andernach could not be read")
    assert "option meetings: false" in report.error
    (paper,) = ckan.packages.values()
    assert paper["consultations"][0]["result"] == "einstimmig beschlossen"  # looked up
    report = run(council, ckan, config, meetings=False)
    assert report.verdict is Verdict.SUCCEEDED
    assert report.count(Outcome.UNCHANGED) == 1


def test_papers_fail_but_meetings_do_not(council: Council, ckan: FakeCkan, config: Path) -> None:
    deep = b'{"data": [' + b'{"a":[' * 50_000
    council.fault = lambda path, _query: (200, deep) if path == "/body/1/paper" else None
    report = run(council, ckan, config)
    assert "papers of Stadt Andernach could not be read" in report.error
    assert "nested too deeply" in report.error
    assert report.count(Outcome.ADDED) == 1


def _endless(council: Council, following: Any, items: Any) -> None:
    def fault(path: str, query: dict[str, str]) -> tuple[int, Any] | None:
        if path != "/body/1/paper":
            return None
        number = int(query.get("page", "1"))
        return 200, {"data": items(number), "links": {"next": following(number)}}

    council.fault = fault


def test_paging_in_circles(council: Council, config: Path) -> None:
    _endless(
        council,
        lambda number: f"@/body/1/paper?page={number % 3 + 2}",
        lambda number: [{**PAPER, "id": f"@/paper/{number}"}],
    )
    with source_of(council, config) as source:
        assert len(list(source.discover())) == 5
    assert not source.complete
    assert "goes in circles" in " ".join(source.warnings)


@pytest.mark.parametrize("items", [[PAPER], []])
def test_paging_without_end(council: Council, config: Path, items: list[Any]) -> None:
    _endless(council, lambda number: f"@/body/1/paper?page={number + 1}", lambda _number: items)
    with source_of(council, config) as source:
        found = list(source.discover())
    assert len(found) == 1 + len(items)
    assert not source.complete
    assert "paging does not end" in " ".join(source.warnings)
    assert council.count("paper") < 20


def test_ever_new_papers(council: Council, config: Path) -> None:
    _endless(
        council,
        lambda number: {"href": f"/body/1/paper?page={number + 1}"},
        lambda number: [{**PAPER, "id": f"@/paper/{number}"}],
    )
    with source_of(council, config, max_pages=7) as source:
        assert len(list(source.discover())) == 8
    assert "stopped after 7 pages (option max_pages)" in " ".join(source.warnings)


def test_fewer_than_announced(council: Council, config: Path) -> None:
    def fault(path: str, query: dict[str, str]) -> tuple[int, Any] | None:
        if path != "/body/1/paper":
            return None
        page = council.page("paper", path, query)
        return 200, {**page, "pagination": {"totalElements": 3}}

    council.fault = fault
    with source_of(council, config) as source:
        list(source.discover())
    assert not source.complete
    assert "papers: the server announced 3, but 1 different ones came" in " ".join(source.warnings)


# -- what changed ----------------------------------------------------------------------------------


def test_only_what_changed(council: Council, ckan: FakeCkan, config: Path) -> None:
    many_papers(council, 30)
    run(council, ckan, config)
    now = datetime.now(UTC)
    paper = council.lists["paper"][17]
    paper |= {"name": "Neuer Titel", "modified": now.isoformat()}
    council.requests.clear()
    report = run(council, ckan, config, since=now - timedelta(days=2))
    assert [r.outcome for r in report.results] == [Outcome.CHANGED]
    assert report.results[0].title == "Neuer Titel"
    assert not report.complete
    assert report.verdict is Verdict.SUCCEEDED
    assert len(council.requests) == 5  # system, bodies, organisations, meetings, papers
    assert all("modified_since=" in request for request in council.requests[-2:])


def test_nothing_changed_is_no_failure(council: Council, ckan: FakeCkan, config: Path) -> None:
    run(council, ckan, config)
    ckan.calls.clear()
    report = run(council, ckan, config, since=datetime.now(UTC) - timedelta(hours=1))
    assert report.verdict is Verdict.SUCCEEDED
    assert not report.results
    assert ckan.writes == []


def test_a_server_without_the_filter(council: Council, ckan: FakeCkan, config: Path) -> None:
    many_papers(council, 30)
    run(council, ckan, config)
    council.filters = False
    now = datetime.now(UTC)
    council.lists["paper"][17] |= {"name": "Neuer Titel", "modified": now.isoformat()}
    report = run(council, ckan, config, since=now - timedelta(days=2))
    assert [r.title for r in report.results] == ["Neuer Titel"]
    # One that does not even take it.
    council.fault = lambda _path, query: (400, {}) if "modified_since" in query else None
    report = run(council, ckan, config, since=now - timedelta(days=2))
    assert [r.outcome for r in report.results] == [Outcome.UNCHANGED]
    assert not report.warnings


def test_a_result_reaches_the_paper(council: Council, ckan: FakeCkan, config: Path) -> None:
    """The meeting changes; the paper does not, for the server."""
    council.objects["/consultation/5"] = {**PAPER["consultation"][0], "paper": PAPER["id"]}  # type: ignore[index, dict-item]
    run(council, ckan, config)
    now = datetime.now(UTC)
    meeting = council.lists["meeting"][0]
    meeting["agendaItem"][0]["result"] = "mit Mehrheit abgelehnt"
    meeting["modified"] = now.isoformat()
    report = run(council, ckan, config, since=now - timedelta(days=2))
    assert sorted(r.outcome for r in report.results) == [Outcome.CHANGED, Outcome.CHANGED]
    paper = ckan.by_name("radweg-an-der-uferstrasse")
    assert paper["outcome"] == "mit Mehrheit abgelehnt"
    # The same as a full run would have made of it.
    assert run(council, ckan, config).count(Outcome.UNCHANGED) == 2


def test_an_incremental_run_loses_nothing(council: Council, ckan: FakeCkan, config: Path) -> None:
    """More to look up than allowed: the record stays as it is until the next full run."""
    run(council, ckan, config)
    before = deepcopy(ckan.by_name("radweg-an-der-uferstrasse"))
    now = datetime.now(UTC)
    council.lists["paper"][0] |= {"modified": now.isoformat()}
    council.lists["paper"].append({**council.lists["paper"][0], "id": "@/paper/neu"})
    council.lists["paper"][1]["consultation"] = [{"id": "@/c/9", "meeting": "@/meeting/8"}]
    report = run(council, ckan, config, since=now - timedelta(hours=1), max_lookups=1)
    failed = [r for r in report.results if r.outcome is Outcome.FAILED]
    assert len(failed) == 1
    assert "the next full run reads it" in failed[0].reason
    after = ckan.by_name("radweg-an-der-uferstrasse")
    assert after["consultations"] == before["consultations"]


@pytest.mark.parametrize(("age", "every", "full"), [(6, 7, False), (8, 7, True), (0, 0, True)])
def test_now_and_then_all_is_read(
    council: Council, config: Path, age: int, every: int, full: bool
) -> None:
    since = datetime.now(UTC) - timedelta(days=age)
    with source_of(council, config, since=since, full_every=every) as source:
        found = list(source.discover())
    assert source.complete is full
    assert source.incremental is not full
    assert len(found) == (2 if full else 0)


# -- hostile and large -----------------------------------------------------------------------------


def test_options_and_addresses_are_checked(council: Council, config: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no option `body`.*`bodies`"):
        source_of(council, config, body="x").__enter__()
    with Fetcher() as fetcher:
        made = SourceConfig(name="rat", type="oparl", path=config)
        with pytest.raises(ConfigError, match="needs `url`"):
            list(OparlSource(made, fetcher, load(config), config.parent).discover())


def test_an_address_on_the_inside_is_not_followed(
    council: Council, ckan: FakeCkan, config: Path
) -> None:
    council.body["paper"] = "http://127.0.0.2:1/papers"
    council.lists["meeting"][0]["invitation"] = "file:///etc/passwd"
    report = run(council, ckan, config)
    assert "127.0.0.2 is inside the network" in report.error
    (meeting,) = ckan.packages.values()
    assert "passwd" not in json.dumps(meeting)


def test_scripts_in_what_a_server_says(council: Council, config: Path) -> None:
    evil = "javascript:alert(1)"
    paper, meeting = council.lists["paper"][0], council.lists["meeting"][0]
    paper |= {"web": evil, "relatedPaper": [evil], "name": "Rad<script>alert(1)</script>weg"}
    paper["mainFile"] |= {"id": evil, "accessUrl": evil}
    paper["consultation"].append({"id": evil, "meeting": evil, "agendaItem": evil})
    meeting["agendaItem"][0] |= {"id": evil, "resolutionText": "<p onclick='x()'>Ja</p>"}
    meeting["location"] |= {"description": "<img src=x onerror=alert(1)>"}
    council.add("paper", {**deepcopy(PAPER), "id": evil, "reference": "2"})
    with source_of(council, config) as source:
        records, failures = read(source)
    assert not failures
    assert len(records) == 3
    for record in records.values():
        written = {
            k: v for k, v in record.package.items() if k not in ("identifier", "harvest_unread")
        }
        assert record.uri != evil
        for word in ("javascript", "alert", "onclick"):
            assert word not in json.dumps(written)


def test_a_paper_that_is_too_large(council: Council, ckan: FakeCkan, config: Path) -> None:
    council.lists["paper"].append({**PAPER, "id": "@/paper/riesig", "name": "x" * 11_000_000})
    report = run(council, ckan, config)
    assert report.count(Outcome.ADDED) == 2
    (failed,) = [result for result in report.results if result.outcome is Outcome.FAILED]
    assert "/paper/riesig" in failed.identity
    assert "more than 10 million characters" in failed.reason


def test_a_long_list_takes_no_more_memory(council: Council, config: Path) -> None:
    """Page by page: what was yielded is forgotten."""
    many_papers(council, 2_000)
    for paper in council.lists["paper"]:
        paper["auxiliaryFile"] = [a_file(1, text="Wort " * 1_000)]
    council.page_size = 50  # 40 pages of a quarter of a megabyte
    with source_of(council, config) as source:
        tracemalloc.start()
        found = sum(1 for ref in source.discover() if source.normalise(source.fetch(ref)))
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found == 2_001
    assert peak < 5e6  # the server's own copy of a page included


_FIELDS = [
    "id", "type", "name", "start", "end", "location", "organization", "agendaItem", "consultation",
    "mainFile", "auxiliaryFile", "invitation", "paperType", "date", "deleted", "modified", "web",
    "originatorOrganization", "keyword", "relatedPaper", "public", "order", "license", "cancelled",
]  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(datasets(_FIELDS), max_size=3),
    st.lists(datasets(_FIELDS), max_size=3),
    ANYTHING,
    st.booleans(),
)
def test_anything_anywhere(
    shared: Council, config: Path, papers: list[Any], meetings: list[Any], odd: Any, since: bool
) -> None:
    shared.lists["paper"], shared.lists["meeting"] = papers, meetings
    shared.lists["organization"] = [odd]
    when = datetime.now(UTC) - timedelta(days=1) if since else None
    with source_of(shared, config, since=when, max_lookups=2) as source:
        _records, failures = read(source)
    assert all(reason.startswith("RecordError") for reason in failures.values()), failures


@pytest.fixture(scope="module")
def shared() -> Iterator[Council]:
    with serving(small()) as made:
        yield made


COMMON = {"type", "tags", "groups", "resources", "harvest_unread"}
FIELDS: dict[str, Any] = {
    "document": COMMON
    | shape.DOCUMENT_TEXTS
    | shape.DOCUMENT_LISTS
    | {f"{name}.{part}" for name, parts in shape.DOCUMENT_OBJECTS.items() for part in parts},
    "event": COMMON
    | shape.EVENT_TEXTS
    | shape.EVENT_LISTS
    | {f"{name}.{part}" for name, parts in shape.EVENT_OBJECTS.items() for part in parts},
}


def _names(package: dict[str, Any]) -> set[str]:
    """Names of fields, and of the fields of objects in them."""
    found: set[str] = set()
    for name, value in package.items():
        if name not in COMMON and isinstance(value, list) and isinstance(value[0], dict):
            found |= {f"{name}.{part}" for item in value for part in item}
        else:
            found.add(name)
    return found


def test_a_real_council(real_data: Path, config: Path) -> None:
    with serving(karlsruhe(real_data / "oparl" / "karlsruhe")) as council:
        with source_of(council, config) as source:
            hashes, kinds, stages, papers = {}, {"document": 0, "event": 0}, 0, 0
            for ref in source.discover():
                record = source.normalise(source.fetch(ref))
                assert not [note for note in record.notes if "not readable" in note]
                assert _names(record.package) <= FIELDS[record.package["type"]]
                hashes[record.identity] = content_hash(record)
                kinds[record.package["type"]] += 1
                stages += sum("meeting" in s for s in record.package.get("consultations", []))
                papers += sum("paper_uri" in item for item in record.package.get("agenda", []))
        assert kinds == {"document": 1703, "event": 117}
        assert source.complete
        assert not source.warnings
        assert stages > 400
        assert papers > 400
        address = next(iter(council.texts))
        with Fetcher(allow=frozenset({"127.0.0.1"})) as fetcher:
            assert fetcher.get(council.url + address).content.decode() == council.texts[address]
        with source_of(council, config) as source:
            again = {ref.identity: ref for ref in source.discover()}
        assert again.keys() == hashes.keys()
