from __future__ import annotations

from typing import Any

import pytest
from ckanext.myk.dcat.formats import file_type_code
from ckanext.myk.dcat.namespaces import DCAT, DCATAP, DCATDE, DCT, GEODCATAP, dcatde_name
from rdflib import FOAF, RDF, BNode, Graph, Literal, URIRef

from tests.unit.portal.conftest import RoundTrip, write

EU = "http://publications.europa.eu/resource/authority/"
DE = "http://dcat-ap.de/def/"
REF = URIRef("https://kreis.example/dataset/1")
WMS = URIRef("https://kreis.example/dataset/1#wms")


def _package() -> dict[str, Any]:
    amt = [{"name": "Bauamt", "email": "bau@kreis.example", "url": "https://kreis.example"}]
    return {
        "id": "1",
        "uri": str(REF),
        "title": "Baugebiete",
        "title_en": "Building areas",
        "notes": "Alle Baugebiete.",
        "notes_en": "All building areas.",
        "identifier": "baugebiete",
        "alternate_identifier": ["urn:x:1"],
        "theme": [EU + "data-theme/REGI"],
        "other_theme": ["https://kreis.example/themen/bauen"],
        "publisher": [{"name": "Landkreis", "uri": DE + "politicalGeocoding/districtKey/07137"}],
        "creator": amt,
        "originator": amt,
        "custodian": [{"name": "Vermessung"}],
        "contributor": [{"name": "Ingenieurbüro"}],
        "attribution": [
            {"name": "Büro", "uri": "https://b.example/", "role": "http://r.example/x"}
        ],
        "contact": [
            {
                "name": "Auskunft",
                "email": "auskunft@kreis.example",
                "telephone": "+492611080",
                "address": "Bahnhofstraße 9, 56068 Koblenz",
            }
        ],
        "contributor_id": [DE + "contributors/x"],
        "political_geocoding_level_uri": [DE + "politicalGeocoding/Level/administrativeDistrict"],
        "political_geocoding_uri": [DE + "politicalGeocoding/districtKey/07137"],
        "geocoding_description": "ganzer Kreis",
        "spatial_coverage": [
            {"text": "Maifeld", "geom": '{"type": "Point", "coordinates": [7.3, 50.3]}'}
        ],
        "temporal_coverage": [{"start": "2020", "end": "2024-12-31"}, {"start": "2026-01"}],
        "legal_basis": ["BauGB"],
        "quality_process_uri": "https://kreis.example/qualitaet",
        "availability": EU + "planned-availability/STABLE",
        "frequency": EU + "frequency/ANNUAL",
        "access_rights": EU + "access-right/PUBLIC",
        "hvd_category": ["http://data.europa.eu/bna/c_ac64a52d"],
        "applicable_legislation": ["http://data.europa.eu/eli/reg_impl/2023/138/oj"],
        "references": ["https://kreis.example/plan"],
        "series": ["https://kreis.example/reihe"],
        "license_url": DE + "licenses/dl-zero-de/2.0",
        "tags": [{"name": "Bauen"}],
        "resources": [
            {
                "id": "a",
                "package_id": "1",
                "uri": "https://kreis.example/dataset/1#csv",
                "url": "https://kreis.example/1.csv",
                "access_url": "https://kreis.example/1.csv",
                "name": "Liste",
                "format": "CSV",
                "mimetype": "text/csv",
                "license": DE + "licenses/dl-by-de/2.0",
                "license_attribution_by_text": "Landkreis Mayen-Koblenz",
                "availability": EU + "planned-availability/AVAILABLE",
            },
            {"id": "b", "uri": str(WMS), "url": "https://p.example/b.wms", "format": "WMS"},
        ],
    }


# Read as they were written. The rest is below.
KEPT = [
    "title", "title_en", "notes", "notes_en", "identifier", "alternate_identifier", "publisher",
    "creator", "originator", "custodian", "contributor", "attribution", "contact",
    "contributor_id", "political_geocoding_level_uri", "political_geocoding_uri",
    "geocoding_description", "legal_basis", "quality_process_uri", "availability", "frequency",
    "access_rights", "hvd_category", "applicable_legislation", "references", "series", "tags",
]  # fmt: skip


@pytest.mark.parametrize("field", KEPT)
def test_what_is_written_is_read_again(round_trip: RoundTrip, field: str) -> None:
    package = _package()
    assert round_trip(package)[field] == package[field]


def test_themes_places_and_periods(round_trip: RoundTrip) -> None:
    package = _package()
    again = round_trip(package)
    assert set(again["theme"]) == {*package["theme"], *package["other_theme"]}
    (place,) = [place for place in again["spatial_coverage"] if place.get("text") == "Maifeld"]
    assert '"Point"' in place["geom"]
    assert {(p["start"], p.get("end")) for p in again["temporal_coverage"]} == {
        ("2020", "2024-12-31"),
        ("2026-01", None),
    }


def test_files(round_trip: RoundTrip) -> None:
    first = _package()["resources"][0]
    again = {resource["url"]: resource for resource in round_trip(_package())["resources"]}
    for key in ("uri", "name", "license", "license_attribution_by_text", "availability"):
        assert again[first["url"]][key] == first[key]


def test_vocabulary_iris_for_formats_and_licences() -> None:
    graph = write(_package())
    csv = URIRef("https://kreis.example/dataset/1#csv")
    assert graph.value(csv, DCT["format"]) == URIRef(EU + "file-type/CSV")
    iana = "https://www.iana.org/assignments/media-types/text/csv"
    assert graph.value(csv, DCAT.mediaType) == URIRef(iana)
    assert graph.value(WMS, DCT["format"]) == URIRef(EU + "file-type/WMS_SRVC")
    # The dataset's licence, for a file without its own.
    assert graph.value(WMS, DCT.license) == URIRef(DE + "licenses/dl-zero-de/2.0")


def test_nothing_is_written_twice() -> None:
    graph = write(_package())
    assert len(list(graph.objects(REF, DCAT.contactPoint))) == 1
    assert len(list(graph.objects(REF, DCT.publisher))) == 1
    assert len(list(graph.objects(REF, DCT.spatial))) == 2


def test_new_and_old_properties_of_the_agents() -> None:
    graph = write(_package())
    assert graph.value(REF, GEODCATAP.originator) == graph.value(REF, DCATDE.originator)
    assert graph.value(REF, GEODCATAP.custodian) == graph.value(REF, DCATDE.maintainer)
    assert graph.value(REF, DCATAP.availability) == URIRef(EU + "planned-availability/STABLE")


def test_an_empty_record_is_no_problem(round_trip: RoundTrip) -> None:
    again = round_trip({"id": "1", "uri": str(REF), "title": "x", "resources": []})
    assert again["title"] == "x"


def test_licence_and_credit_at_the_dataset_count_for_its_files() -> None:
    from harvesters.sources.dcat_reader import DatasetReader

    graph = Graph()
    file = URIRef(str(REF) + "#a")
    graph.add((REF, RDF.type, DCAT.Dataset))
    graph.add((REF, DCT.license, URIRef(DE + "licenses/cc-zero")))
    old = URIRef(DE + "dcatde/1_0/licenseAttributionByText")
    graph.add((REF, old, Literal("Amt")))
    graph.add((REF, DCAT.distribution, file))
    (resource,) = DatasetReader(graph).read(REF)["resources"]
    assert resource["license"] == DE + "licenses/cc-zero"
    assert resource["license_attribution_by_text"] == "Amt"


def test_a_bare_word_as_publisher() -> None:
    from harvesters.sources.dcat_reader import DatasetReader

    graph = Graph()
    graph.add((REF, RDF.type, DCAT.Dataset))
    graph.add((REF, DCT.publisher, Literal("Bauamt")))
    assert DatasetReader(graph).read(REF)["publisher"] == [{"name": "Bauamt"}]


def test_german_is_preferred_whatever_the_order() -> None:
    from harvesters.sources.dcat_reader import DatasetReader

    for names in (["de", "en"], ["en", "de"]):
        graph = Graph()
        agent = BNode()
        graph.add((REF, RDF.type, DCAT.Dataset))
        graph.add((REF, DCT.publisher, agent))
        for language in names:
            graph.add((agent, FOAF.name, Literal(f"Name {language}", lang=language)))
        assert DatasetReader(graph).read(REF)["publisher"] == [{"name": "Name de"}]


@pytest.mark.parametrize(
    ("iri", "name"),
    [
        (DE + "dcatde/contributorID", "contributorID"),
        (DE + "dcatde/1.0/contributorID", "contributorID"),
        (DE + "dcatde/1_0/originator", "originator"),
        (DE + "dcatde/1.0.1/legalBasis", "legalBasis"),
        (DE + "dcatde/1_0politicalGeocodingURI", "politicalGeocodingURI"),
        ("http://purl.org/dc/terms/title", ""),
        (DE + "licenses/cc-zero", ""),
    ],
)
def test_spellings_of_the_namespace(iri: str, name: str) -> None:
    assert dcatde_name(URIRef(iri)) == name


def test_file_types() -> None:
    assert file_type_code("geojson") == "GEOJSON"
    assert file_type_code("WFS") == "WFS_SRVC"
    assert file_type_code("Kartenviewer") == ""


@pytest.mark.parametrize(
    "name", ["bremen-catalog-original-input.rdf", "brandenburg-catalog-original-input.ttl"]
)
def test_official_shapes_find_no_violation(real_data, name: str) -> None:  # type: ignore[no-untyped-def]
    """What we export of real records, against the SHACL shapes of DCAT-AP.de 3.0."""
    pyshacl = pytest.importorskip("pyshacl")
    from rdflib import OWL, Namespace

    from harvesters import rdf
    from harvesters.sources.dcat_reader import DatasetReader

    shapes = Graph()
    shapes.parse(real_data / "dcat" / "shapes-de-3.0" / "dcat-ap-spec-german-additions.ttl")
    shapes.remove((None, OWL.imports, None))
    content = (real_data / "dcat" / name).read_bytes()
    source = rdf.parse(content, "http://base.example/", name, suffix=name[-4:])
    reader = DatasetReader(source)
    exported = Graph()
    for number, node in enumerate(sorted(source.subjects(RDF.type, DCAT.Dataset))[:20]):
        package = reader.read(node)
        package |= {"id": str(number), "license_url": DE + "licenses/cc-zero"}
        package["contact"] = [{"name": "x", "email": "x@kreis.example"}]
        package.setdefault("publisher", [{"name": "x"}])
        for place, resource in enumerate(package["resources"]):
            resource |= {"id": f"{number}-{place}", "package_id": str(number)}
        exported += write(package)
    _conforms, result, _text = pyshacl.validate(exported, shacl_graph=shapes, inference="none")
    sh = Namespace("http://www.w3.org/ns/shacl#")
    violations = {
        str(result.value(report, sh.resultMessage))
        for report in result.subjects(sh.resultSeverity, sh.Violation)
    }
    assert violations == set()
