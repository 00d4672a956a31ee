"""WMS: a real service of Bielefeld, older ones, and broken ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from harvesters.errors import SourceError
from harvesters.fetch import Limits
from harvesters.model import Record
from harvesters.sources.geo.wms import WmsSource
from tests.unit.harvesters.conftest import FaultServer, body
from tests.unit.harvesters.geo_samples import (
    BOMB,
    DEEP,
    SECRET,
    ByQuery,
    packages,
    serve_capabilities,
    served,
)

OLDER = """<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE WMT_MS_Capabilities SYSTEM "http://127.0.0.1:1/never/fetched.dtd"
 [ <!ELEMENT VendorSpecificCapabilities EMPTY> ]>
<WMT_MS_Capabilities version="1.1.1" xmlns:xlink="http://www.w3.org/1999/xlink">
<Service><Name>OGC:WMS</Name><Title>Pläne</Title><Abstract>Alte Pläne.</Abstract>
 <OnlineResource xlink:href="https://plan.example/"/><Fees>Datenlizenz Deutschland – Zero –
 Version 2.0</Fees><AccessConstraints>none</AccessConstraints></Service>
<Capability><Request><GetMap><Format>image/jpeg</Format><DCPType><HTTP><Get>
 <OnlineResource xlink:href="https://plan.example/wms?map=a&amp;"/></Get></HTTP></DCPType></GetMap>
</Request>
<Layer><Title>Alle</Title><SRS>EPSG:4326 EPSG:25832</SRS>
 <LatLonBoundingBox minx="7" miny="50" maxx="8" maxy="50.5"/>
 <Layer><Title>Gruppe</Title>
  <Layer><Name>b1</Name><Title>Bebauungsplan</Title><SRS>EPSG:31466</SRS></Layer>
  <Layer><Name>b2</Name><LatLonBoundingBox minx="x" miny="50" maxx="8" maxy="50"/></Layer>
 </Layer>
 <Layer><Name>b1</Name><Title>Noch einer</Title></Layer>
</Layer></Capability></WMT_MS_Capabilities>"""


def _read(
    server: FaultServer, quick: Limits, **entry: Any
) -> tuple[WmsSource, dict[str, Record | str]]:
    source, found = served(server, WmsSource, "/wms?map=a&request=GetMap", quick, **entry)
    assert isinstance(source, WmsSource)
    return source, found


@pytest.fixture
def real(real_data: Path) -> bytes:
    file = real_data / "iso" / "capabilities" / "wms_test.xml"
    if not file.is_file():
        pytest.skip("no capabilities of a real WMS here")
    return file.read_bytes()


def test_a_real_service(server: FaultServer, quick: Limits, real: bytes) -> None:
    serve_capabilities(server, real)
    source, found = _read(server, quick)
    base = f"{server.url}/wms?map=a"
    assert source.complete and source.warnings == [] and list(found) == [base]
    record = found[base]
    assert isinstance(record, Record)
    assert record.organisation.title == "Stadt Bielefeld - Amt für Geoinformation und Kataster"
    package = record.package
    assert package["title"] == "Städtebauliche Satzungen"
    assert package["notes"].startswith("Städtebauliche Satzungen Sanierungsgebiete")
    assert package["contact"][0]["email"] == "geoinformationundkataster@bielefeld.de"
    assert package["contact"][0]["address"] == "August-Bebel-Straße 92, 33602 Bielefeld"
    assert package["url"] == "https://www.bielefeld01.de/geo/geoportal.php"
    assert {"name": "Sanierungsgebiete"} in package["tags"] and len(package["tags"]) == 13
    assert package["license_id"] == ""
    assert package["harvest_unread"] == {"no_conditions": "none"}
    [place] = package["spatial_coverage"]
    assert json.loads(place["bbox"])["coordinates"][0][0] == [8.37579, 51.9143]
    service, layer = package["resources"]
    assert service["format"] == "WMS" and "REQUEST=GetCapabilities" in service["url"]
    assert service["rights"] == "Siehe Metadaten!!!"
    assert layer["name"] == "Städtebauliche Satzungen" and layer["format"] == "PNG"
    assert "Ebene: satzungsgebiete_pl" in layer["description"]
    query = parse_qs(urlsplit(layer["url"]).query)
    assert query["url"] == ["satzungen_wms_641"] and query["LAYERS"] == ["satzungsgebiete_pl"]
    # Latitude first, as WMS 1.3.0 has it.
    assert query["BBOX"] == ["51.9143,8.37579,52.1154,8.6868"] and query["CRS"] == ["EPSG:4326"]
    assert "http://www.opengis.net/def/crs/EPSG/0/25832" in layer["conforms_to"]
    assert len(package["is_referenced_by"]) == 1


def test_a_real_service_by_layer(server: FaultServer, quick: Limits, real: bytes) -> None:
    serve_capabilities(server, real)
    found = packages(_read(server, quick, options={"per_layer": True})[1])
    [(identity, package)] = found.items()
    assert identity == f"{server.url}/wms?map=a#satzungsgebiete_pl"
    assert package["tags"][0] == {"name": "Sanierungsgebiete"}


def test_an_older_service(server: FaultServer, quick: Limits) -> None:
    serve_capabilities(server, OLDER.encode("latin-1", "xmlcharrefreplace"))
    source, found = _read(server, quick, options={"per_layer": True})
    assert source.warnings == ["layer b1 occurs twice; the first one was taken"]
    assert source.total == 2
    plans, second = packages(found).values()
    assert plans["title"] == "Bebauungsplan" and second["title"] == "b2"
    assert plans["notes"] == "Alte Pläne." and plans["license_id"] == "dl-zero-de-2.0"
    query = parse_qs(urlsplit(plans["resources"][1]["url"]).query)
    assert query["SRS"] == ["EPSG:4326"] and query["BBOX"] == ["7,50,8,50.5"]
    assert query["map"] == ["a"] and query["FORMAT"] == ["image/jpeg"]
    assert plans["resources"][1]["format"] == "JPEG"
    # An extent that is none is inherited.
    assert second["spatial_coverage"] == plans["spatial_coverage"]
    assert [row for row in server.requests if "dtd" in row] == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (OLDER[:-40], "cut off"),
        (BOMB, "defines XML entities"),
        (SECRET, "defines XML entities"),
        (DEEP, "nested too deeply"),
        ("<html><body>nein</body></html>", "is a web page"),
        ("<x/>", "is no WMS: it is a x"),
        ("{}", "not valid"),
        (
            '<ServiceExceptionReport version="1.1.1"><ServiceException code="LayerNotDefined">'
            "msWMS(): kaputt</ServiceException></ServiceExceptionReport>",
            r"refuses: msWMS\(\): kaputt \(LayerNotDefined\)\.",
        ),
        (OLDER.encode("utf-16").replace(b"1", b"\xff"), "not valid"),
    ],
)
def test_a_service_that_cannot_be_read(
    server: FaultServer, quick: Limits, content: str | bytes, reason: str
) -> None:
    serve_capabilities(server, content)
    with pytest.raises(SourceError, match=reason):
        _read(server, quick)


def test_an_error_that_passes(server: FaultServer, quick: Limits) -> None:
    server.answers = ByQuery("request")
    server.says(
        "GetCapabilities", body("", 500), body(OLDER.encode("latin-1", "xmlcharrefreplace"))
    )
    assert len(_read(server, quick)[1]) == 1


def test_a_layer_without_degrees_is_shown_in_its_own_system(
    server: FaultServer, quick: Limits
) -> None:
    content = OLDER.replace("EPSG:4326 EPSG:25832", "EPSG:25832").replace(
        "<Layer><Title>Gruppe",
        '<BoundingBox SRS="EPSG:25832" minx="x"/><BoundingBox SRS="EPSG:25832" minx="360000"'
        ' miny="5560000" maxx="4.2e5" maxy="5600000.5"/><Layer><Title>Gruppe',
    )
    serve_capabilities(server, content.encode("latin-1", "xmlcharrefreplace"))
    [package] = packages(_read(server, quick)[1]).values()
    query = parse_qs(urlsplit(package["resources"][1]["url"]).query)
    assert query["SRS"] == ["EPSG:25832"] and query["BBOX"] == ["360000,5560000,420000,5600000.5"]


def test_a_service_without_title_and_layers(server: FaultServer, quick: Limits) -> None:
    serve_capabilities(server, '<WMS_Capabilities version="1.3.0"><Service/></WMS_Capabilities>')
    source, found = _read(server, quick)
    assert source.warnings == ["the service has no layers"]
    [package] = packages(found).values()
    assert package["title"] == "geo" and len(package["resources"]) == 1


def test_it_knows_its_own_kind(real: bytes) -> None:
    assert WmsSource.recognises("https://x.example/", real[:4096])
    assert WmsSource.recognises("https://x.example/", OLDER.encode())
    report = b"<ServiceExceptionReport/>"
    assert WmsSource.recognises("https://x.example/?SERVICE=wms", report)
    assert not WmsSource.recognises("https://x.example/?service=WFS", report)
    for head in (b"<WFS_Capabilities>", b"{}", b"<rdf:RDF>", b""):
        assert not WmsSource.recognises("https://x.example/", head)
