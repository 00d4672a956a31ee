"""CSW: paging, what a record becomes, and what a broken catalogue does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harvesters import safexml
from harvesters.errors import ConfigError, SourceError
from harvesters.fetch import Limits
from harvesters.model import Outcome, Record, SourceConfig
from harvesters.pipeline import Pipeline
from harvesters.portal import Patience, Portal
from harvesters.sources.geo import ows
from harvesters.sources.geo.csw import CswSource
from harvesters.vocabulary import Vocabulary
from tests.unit.harvesters.conftest import FakeCkan, FaultServer, body
from tests.unit.harvesters.geo_samples import (
    BOMB,
    DEEP,
    ROOT,
    SECRET,
    ByQuery,
    broken_off,
    dataset,
    open_source,
    packages,
    results,
    served,
    service,
)

CAPABILITIES = """<csw:Capabilities xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"
 xmlns:ows="http://www.opengis.net/ows" version="2.0.2">
 <ows:ServiceIdentification><ows:Title>Geokatalog</ows:Title></ows:ServiceIdentification>
 <ows:ServiceProvider><ows:ProviderName>Amt für Geodaten</ows:ProviderName></ows:ServiceProvider>
</csw:Capabilities>"""
EXCEPTION = """<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows" version="1.0.0">
 <ows:Exception exceptionCode="InvalidParameterValue" locator="typeNames">
 <ows:ExceptionText>Unknown   type</ows:ExceptionText></ows:Exception></ows:ExceptionReport>"""


def _catalogue(server: FaultServer, **pages: Any) -> None:
    """``p1``, ``p51``: the pages by their first record."""
    server.answers = ByQuery("request", "startposition")
    server.says("GetCapabilities", body(CAPABILITIES))
    for name, answers in pages.items():
        listed = answers if isinstance(answers, list) else [answers]
        server.says(
            f"GetRecords {name[1:]}", *(body(a) if isinstance(a, str) else a for a in listed)
        )


def _read(
    server: FaultServer, quick: Limits, **entry: Any
) -> tuple[CswSource, dict[str, Record | str]]:
    source, found = served(server, CswSource, "/csw?map=x&service=CSW", quick, **entry)
    assert isinstance(source, CswSource)
    return source, found


def test_a_dataset_field_by_field(server: FaultServer, quick: Limits) -> None:
    _catalogue(server, p1=results(dataset(), service()))
    source, found = _read(server, quick)
    assert source.warnings == [] and source.complete and source.total == 2
    trees = found["baum-1"]
    assert isinstance(trees, Record)
    assert trees.uri == "https://registry.gdi-de.org/id/de.rp/baum-1"
    assert trees.organisation.name == "landkreis-mayen-koblenz"
    package = trees.package
    eu = "http://publications.europa.eu/resource/authority/"
    expected = {
        "title": "Bäume",
        "title_en": "Trees",
        "notes": "Alle Bäume im Kreis.",
        "identifier": "baum-1",
        "alternate_identifier": ["https://registry.gdi-de.org/id/de.rp/baum-1"],
        "license_id": "dl-by-de-2.0",
        "access_rights": f"{eu}access-right/PUBLIC",
        "issued": "2020-03-04",
        "modified": "2023-05-06",
        "provenance": "Aus dem Baumkataster.",
        "frequency": f"{eu}frequency/ANNUAL_2",
        "language": [f"{eu}language/DEU"],
        "theme": [f"{eu}data-theme/ENVI"],
        "hvd_category": ["http://data.europa.eu/bna/c_dd313021"],
        "political_geocoding_uri": ["http://dcat-ap.de/def/politicalGeocoding/districtKey/07137"],
        "temporal_coverage": [{"start": "2018-01-01", "end": "2023-12-31"}],
        "spatial_resolution_in_meters": "0.5",
        "conforms_to": ["http://www.opengis.net/def/crs/EPSG/0/25832"],
        "dcat_type": "http://inspire.ec.europa.eu/metadata-codelist/ResourceType/dataset",
        "url": "https://geo.example/ueber",
        "publisher": [{"name": "Landkreis Mayen-Koblenz"}],
    }
    assert {key: package.get(key) for key in expected} == expected
    assert [tag["name"] for tag in package["tags"]] == [
        "Bodenbedeckung", "Baum", "opendata", "Erdbeobachtung und Umwelt",
    ]  # fmt: skip
    assert "http://inspire.ec.europa.eu/theme/lc" in package["other_theme"]
    assert package["contact"] == [
        {"name": "Grünamt", "email": "gruen@kreis.de", "telephone": "+49 261 1",
         "address": "Markt 1, 56727 Mayen"}
    ]  # fmt: skip
    assert package["attribution"][0]["name"] == "Stadt Mayen"
    shape = json.loads(package["spatial_coverage"][0]["bbox"])
    assert shape["coordinates"][0][0] == [7.0, 50.2] and shape["coordinates"][0][2] == [7.5, 50.5]
    kept = package["harvest_unread"]
    assert kept["created"] == "2019-01-02" and kept["parent_identifier"] == "reihe-7"
    assert kept["purpose"] == "Baumpflege" and kept["metadata_date"] == "2024-05-06"
    assert kept["conformity"] == ["INSPIRE Land Cover: true"]
    assert kept["online_resource"] == ["javascript:alert(1)"]


def test_the_distributions_of_a_dataset(server: FaultServer, quick: Limits) -> None:
    _catalogue(server, p1=results(dataset()))
    files = packages(_read(server, quick)[1])["baum-1"]["resources"]
    assert [(file["name"], file["format"]) for file in files] == [
        ("Baumliste", "CSV"), ("Karte", "WMS"), ("Feed", "Atom"), ("alles.zip", "GML"),
    ]  # fmt: skip
    assert files[0]["download_url"] == "https://geo.example/baum.csv"
    assert "download_url" not in files[1]
    assert files[1]["access_services"][0]["endpoint_url"] == ["https://geo.example/ows?map=b"]
    assert files[0]["license_attribution_by_text"] == "© Kreis"
    assert files[0]["rights"] == "Die Quelle ist zu nennen."


def test_a_service(server: FaultServer, quick: Limits) -> None:
    _catalogue(server, p1=results(service()))
    record = _read(server, quick)[1]["dienst-1"]
    assert isinstance(record, Record)
    package = record.package
    assert package["license_id"] == "Bitte vorher anrufen."
    [file] = package["resources"]
    assert file["format"] == "WMS" and file["url"] == "https://geo.example/wms?"
    assert "REQUEST=GetCapabilities" in file["access_services"][0]["endpoint_description"]
    assert package["related_resource"] == ["https://registry.gdi-de.org/id/de.rp/baum-1"]
    assert package["publisher"][0]["name"] == "Katasteramt"
    # Longitude 200 is no place; it is kept and told.
    assert package["harvest_unread"]["spatial_bbox"] == ["200, 50.2, 7.5, 50.5"]
    assert any("spatial_bbox" in note for note in record.notes)


def test_pages_are_followed(server: FaultServer, quick: Limits) -> None:
    _catalogue(
        server,
        p1=results(dataset("a"), dataset("b"), matched=5, following=3),
        p3=results(dataset("c"), dataset("d"), matched=5, following=None),
        p5=results(dataset("e"), matched=5, following=6),
    )
    source, found = _read(server, quick, options={"page_size": 2, "constraint": "x LIKE '%ä'"})
    assert list(found) == ["a", "b", "c", "d", "e"]
    assert source.complete and source.warnings == []
    asked = server.requests[-1]
    assert "maxRecords=2" in asked and "constraintLanguage=CQL_TEXT" in asked
    assert asked.startswith("/csw?map=x&SERVICE=CSW&") and asked.count("SERVICE=CSW") == 1


def test_an_error_that_passes(server: FaultServer, quick: Limits) -> None:
    _catalogue(server, p1=[body("", 500), body(results(dataset()))])
    source, found = _read(server, quick)
    assert list(found) == ["baum-1"] and source.complete


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (body("", 500), "500 Internal Server Error"),
        (EXCEPTION, r"refuses: Unknown type \(InvalidParameterValue\)\."),
        (results(dataset())[:-60], "cut off"),
        (broken_off(results(dataset()).encode()), "cannot be reached"),
        (BOMB, "defines XML entities"),
        (SECRET, "defines XML entities"),
        ('<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>', "external document type"),
        (DEEP, "nested too deeply"),
        ("", "is empty"),
        ("<!DOCTYPE html><html><body>Wartung</body></html>", "is a web page"),
        (CAPABILITIES, "answers with Capabilities in place of records"),
        (body(results(dataset()).encode("latin-1")), "not valid"),
    ],
)
def test_a_catalogue_that_cannot_be_read(
    server: FaultServer, quick: Limits, answer: Any, reason: str
) -> None:
    _catalogue(server, p1=answer)
    with pytest.raises(SourceError, match=reason) as caught:
        _read(server, quick)
    assert "\n" not in str(caught.value)
    # Later on, the same ends paging: what came before counts, nothing is taken for gone.
    _catalogue(server, p1=results(dataset("a"), matched=2, following=2), p2=answer)
    source, found = _read(server, quick)
    assert list(found) == ["a"] and not source.complete
    assert source.warnings[0].startswith("page 2 could not be read: ")


def test_another_encoding_is_read(server: FaultServer, quick: Limits) -> None:
    page = results(dataset()).replace("UTF-8", "ISO-8859-1", 1)
    _catalogue(server, p1=body(page.encode("latin-1")))
    assert packages(_read(server, quick)[1])["baum-1"]["title"] == "Bäume"


def test_the_same_identifier_twice(server: FaultServer, quick: Limits) -> None:
    _catalogue(server, p1=results(dataset("a", "Eins"), dataset("a", "Zwei")))
    source, found = _read(server, quick)
    assert packages(found)["a"]["title"] == "Eins"
    assert source.warnings == ["a occurs twice; the first one was taken"]


def test_paging_that_repeats_its_records(server: FaultServer, quick: Limits) -> None:
    _catalogue(
        server,
        p1=results(dataset("a"), matched=99, following=2),
        p2=results(dataset("a"), matched=99, following=3),
        p3=results(dataset("a"), matched=99, following=4),
    )
    source, found = _read(server, quick)
    assert list(found) == ["a"] and not source.complete
    assert "paging does not end: page 2 brought nothing new" in source.warnings


def test_paging_in_circles(server: FaultServer, quick: Limits) -> None:
    _catalogue(
        server,
        p1=results(dataset("a"), matched=99, following=2),
        p2=results(dataset("b"), matched=99, following=1),
    )
    source, _found = _read(server, quick)
    assert not source.complete and "goes in circles" in source.warnings[0]


def test_paging_without_end(server: FaultServer, quick: Limits) -> None:
    pages = {f"p{n}": results(dataset(f"d{n}"), matched=999, following=n + 1) for n in range(1, 9)}
    _catalogue(server, **pages)
    source, found = _read(server, quick, options={"max_pages": 4})
    assert len(found) == 4 and not source.complete
    assert source.warnings == ["stopped after 4 pages (option max_pages)"]


def test_fewer_records_than_announced(server: FaultServer, quick: Limits) -> None:
    _catalogue(server, p1=results(dataset("a"), matched=7, following=0))
    source, _found = _read(server, quick)
    assert not source.complete
    assert source.warnings == ["the catalogue gave 1 of the 7 records that it announced"]


def test_bad_records_fail_alone(server: FaultServer, quick: Limits) -> None:
    untitled = dataset("ohne-titel", "")
    untitled = untitled.replace("Trees", "")
    dublin = (
        '<csw:Record xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:identifier>dc-1</dc:identifier></csw:Record>"
    )
    empty = '<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"/>'
    _catalogue(server, p1=results(untitled, dublin, empty, dataset("gut")))
    source, found = _read(server, quick)
    assert source.complete and len(found) == 4
    record = found["ohne-titel"]
    assert isinstance(record, Record)
    assert record.package["title"] == "ohne-titel"
    assert "no title: named after its identifier" in record.notes
    assert found["dc-1"] == "is a Record, not an ISO 19139 record"
    assert isinstance(found["gut"], Record)
    assert any(key.startswith("untitled:") for key in found)


def test_the_catalogue_names_the_organisation(server: FaultServer, quick: Limits) -> None:
    record = dataset().replace("Landkreis Mayen-Koblenz", "Amt X")
    _catalogue(server, p1=results(record))
    made = _read(server, quick)[1]["baum-1"]
    assert isinstance(made, Record) and made.organisation.title == "Amt für Geodaten"
    made = _read(server, quick, title={"de": "Geoportal"})[1]["baum-1"]
    assert isinstance(made, Record) and made.organisation.title == "Geoportal"
    assert "GetCapabilities" not in server.requests[-1]
    made = _read(server, quick, org="stadt-mayen")[1]["baum-1"]
    assert isinstance(made, Record) and made.organisation.name == "stadt-mayen"


def test_runs_into_a_portal(server: FaultServer, quick: Limits, ckan: FakeCkan) -> None:
    """A second run writes nothing; one that saw half of the catalogue takes nothing for gone."""
    whole = results(dataset("a", "Eins"), dataset("b", "Zwei").replace("de.rp/b", "de.rp/c"))

    def run() -> list[Outcome]:
        source, fetcher = open_source(CswSource, f"{server.url}/csw", quick)
        with fetcher:
            report = Pipeline(source, Portal(ckan, Patience(0.3, 0.01, 0.05))).run()
        assert report.error == ""
        return [result.outcome for result in report.results]

    _catalogue(server, p1=whole)
    assert run() == [Outcome.ADDED, Outcome.ADDED]
    assert run() == [Outcome.UNCHANGED, Outcome.UNCHANGED]
    broken = body(whole[:500])
    _catalogue(server, p1=results(dataset("a", "Eins"), matched=2, following=2), p2=broken)
    assert run() == [Outcome.UNCHANGED]
    _catalogue(server, p1=results(dataset("a", "Eins")))
    assert run() == [Outcome.UNCHANGED, Outcome.GONE]


def test_wrong_options_are_told(quick: Limits) -> None:
    with pytest.raises(ConfigError, match="no option `constrain`"):
        open_source(CswSource, "http://127.0.0.1/", quick, options={"constrain": "x"})
    config = SourceConfig(name="geo", type="csw", path=Path("x.xml"))
    source, fetcher = open_source(CswSource, "http://127.0.0.1/", quick)
    with fetcher, pytest.raises(ConfigError, match="needs `url`"):
        list(CswSource(config, fetcher, Vocabulary(), ROOT).discover())
    assert source.summary


def test_it_knows_its_own_kind() -> None:
    assert CswSource.recognises("https://x.example/", CAPABILITIES.encode())
    assert CswSource.recognises("https://x.example/", results().encode())
    assert CswSource.recognises("https://x.example/?service=CSW", EXCEPTION.encode())
    for head in (b"<rdf:RDF xmlns:rdf='x'>", b"{}", b"<WFS_Capabilities version='2.0.0'>", b""):
        assert not CswSource.recognises("https://x.example/?service=CSW", head)


def test_real_capabilities(real_data: Path) -> None:
    file = real_data / "iso" / "capabilities" / "example_csw.xml"
    if not file.is_file():
        pytest.skip("no capabilities of a real CSW here")
    content = file.read_bytes()
    assert CswSource.recognises("https://x.example/csw", content[:4096])
    about = ows.service(safexml.parse(content, "it"))
    assert about.provider == "Thüringer Landesamt für Bodenmanagement und Geoinformation"
    assert about.contact["email"] == "kompetenzzentrum.gdi-th@tlbg.thueringen.de"
