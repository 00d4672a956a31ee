"""WFS: feature types, the addresses of their data, and broken services."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from harvesters.errors import ConfigError, SourceError
from harvesters.fetch import Limits
from harvesters.model import Record
from harvesters.sources.geo.wfs import WfsSource
from tests.unit.harvesters.conftest import FaultServer
from tests.unit.harvesters.geo_samples import (
    BOMB,
    SECRET,
    packages,
    serve_capabilities,
    served,
)

NEWER = """<?xml version="1.0"?>
<wfs:WFS_Capabilities version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0"
 xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink">
<ows:ServiceIdentification><ows:Title>Bäume</ows:Title><ows:Abstract>Baumdaten.</ows:Abstract>
 <ows:Keywords><ows:Keyword>Baum</ows:Keyword></ows:Keywords><ows:Fees>kostenfrei</ows:Fees>
 <ows:AccessConstraints>{ "id": "dl-by-de/2.0", "quelle": "© Stadt" }Siehe Lizenz.
 </ows:AccessConstraints></ows:ServiceIdentification>
<ows:ServiceProvider><ows:ProviderName>Stadt Mayen</ows:ProviderName>
 <ows:ProviderSite xlink:href="https://stadt.example/"/><ows:ServiceContact>
 <ows:IndividualName>Frau Grün</ows:IndividualName><ows:ContactInfo><ows:Address>
 <ows:ElectronicMailAddress>g@stadt.de</ows:ElectronicMailAddress></ows:Address></ows:ContactInfo>
 </ows:ServiceContact></ows:ServiceProvider>
<ows:OperationsMetadata><ows:Operation name="GetFeature"><ows:DCP><ows:HTTP>
 <ows:Get xlink:href="https://stadt.example/ows?map=w"/></ows:HTTP></ows:DCP>
 <ows:Parameter name="outputFormat"><ows:AllowedValues>
  <ows:Value>application/gml+xml; version=3.2</ows:Value><ows:Value>application/json</ows:Value>
  <ows:Value>csv</ows:Value><ows:Value>SHAPE-ZIP</ows:Value>
 </ows:AllowedValues></ows:Parameter></ows:Operation></ows:OperationsMetadata>
<wfs:FeatureTypeList>
 <wfs:FeatureType><wfs:Name>app:baum</wfs:Name><wfs:Title>Bäume</wfs:Title>
  <wfs:Abstract>Alle.</wfs:Abstract><wfs:DefaultCRS>urn:ogc:def:crs:EPSG::25832</wfs:DefaultCRS>
  <ows:Keywords><ows:Keyword>Kataster</ows:Keyword></ows:Keywords>
  <ows:WGS84BoundingBox><ows:LowerCorner>7.1 50.2</ows:LowerCorner>
   <ows:UpperCorner>7.3 50.4</ows:UpperCorner></ows:WGS84BoundingBox>
  <wfs:MetadataURL xlink:href="https://csw.example/?id=1"/></wfs:FeatureType>
 <wfs:FeatureType><wfs:Name>app:bank</wfs:Name><wfs:Title/>
  <ows:WGS84BoundingBox><ows:LowerCorner>7.0 50.3</ows:LowerCorner>
   <ows:UpperCorner>7.2 50.5</ows:UpperCorner></ows:WGS84BoundingBox></wfs:FeatureType>
 <wfs:FeatureType><wfs:Title>Ohne Namen</wfs:Title></wfs:FeatureType>
</wfs:FeatureTypeList></wfs:WFS_Capabilities>"""
OLDER = """<WFS_Capabilities version="1.1.0" xmlns="http://www.opengis.net/wfs"
 xmlns:ows="http://www.opengis.net/ows" xmlns:xlink="http://www.w3.org/1999/xlink">
<ows:ServiceIdentification><ows:Title>Alt</ows:Title></ows:ServiceIdentification>
<ows:OperationsMetadata><ows:Operation name="GetFeature"><ows:DCP><ows:HTTP>
 <ows:Get xlink:href="http://[kaputt"/></ows:HTTP></ows:DCP></ows:Operation>
</ows:OperationsMetadata><FeatureTypeList><FeatureType><Name>x</Name>
 <DefaultSRS>EPSG:31466</DefaultSRS><OutputFormats><Format>text/xml; subtype=gml/3.1.1</Format>
 </OutputFormats><MetadataURL type="19139">https://csw.example/?id=2</MetadataURL>
</FeatureType></FeatureTypeList></WFS_Capabilities>"""


def _read(
    server: FaultServer, quick: Limits, **entry: Any
) -> tuple[WfsSource, dict[str, Record | str]]:
    source, found = served(server, WfsSource, "/wfs", quick, **entry)
    assert isinstance(source, WfsSource)
    return source, found


def test_a_service(server: FaultServer, quick: Limits) -> None:
    serve_capabilities(server, NEWER)
    source, found = _read(server, quick)
    assert source.complete and source.warnings == [] and list(found) == [f"{server.url}/wfs"]
    record = found[f"{server.url}/wfs"]
    assert isinstance(record, Record)
    assert record.organisation.name == "stadt-mayen"
    package = record.package
    assert package["publisher"] == [{"name": "Stadt Mayen"}]
    assert package["contact"] == [{"name": "Frau Grün", "email": "g@stadt.de"}]
    assert package["license_id"] == "dl-by-de-2.0" and package["title"] == "Bäume"
    assert [tag["name"] for tag in package["tags"]] == ["Baum", "Kataster"]
    assert json.loads(package["spatial_coverage"][0]["bbox"])["coordinates"][0][:3:2] == [
        [7.0, 50.2],
        [7.3, 50.5],
    ]
    assert package["is_referenced_by"] == ["https://csw.example/?id=1"]
    assert [(file["name"], file["format"]) for file in package["resources"]] == [
        ("WFS: Bäume", "WFS"), ("Bäume (GeoJSON)", "GeoJSON"), ("Bäume (GML)", "GML"),
        ("Bäume (CSV)", "CSV"), ("app:bank (GeoJSON)", "GeoJSON"), ("app:bank (GML)", "GML"),
        ("app:bank (CSV)", "CSV"),
    ]  # fmt: skip
    first = package["resources"][1]
    assert first["license_attribution_by_text"] == "© Stadt"
    assert "Ausdehnung: 7.1 bis 7.3 Ost" in first["description"]
    query = parse_qs(urlsplit(first["download_url"]).query)
    assert query == {
        "map": ["w"], "SERVICE": ["WFS"], "VERSION": ["2.0.0"], "REQUEST": ["GetFeature"],
        "typeNames": ["app:baum"], "outputFormat": ["application/json"],
    }  # fmt: skip
    assert "gml%2Bxml" in package["resources"][2]["url"]  # a bare + would be a blank


def test_a_dataset_of_each_layer(server: FaultServer, quick: Limits) -> None:
    serve_capabilities(server, NEWER)
    options = {"per_layer": True, "formats": ["CSV", "SHP", "KML"]}
    source, found = _read(server, quick, options=options)
    assert list(found) == [f"{server.url}/wfs#app:baum", f"{server.url}/wfs#app:bank"]
    assert source.total == 2
    assert len({record.uri for record in found.values() if isinstance(record, Record)}) == 2
    trees, bench = packages(found).values()
    assert (trees["title"], trees["notes"]) == ("Bäume", "Alle.")
    assert (bench["title"], bench["notes"]) == ("app:bank", "Baumdaten.")
    assert [file["format"] for file in trees["resources"]] == ["WFS", "CSV", "SHP"]
    assert trees["conforms_to"] == ["http://www.opengis.net/def/crs/EPSG/0/25832"]
    with pytest.raises(ConfigError, match=r"option `formats"):
        _read(server, quick, options={"formats": ["Papier"]})


def test_an_older_service(server: FaultServer, quick: Limits) -> None:
    serve_capabilities(server, OLDER)
    [package] = packages(_read(server, quick)[1]).values()
    file = package["resources"][1]
    assert file["format"] == "GML" and file["url"].startswith(f"{server.url}/wfs?")
    query = parse_qs(urlsplit(file["url"]).query)
    assert query["typeName"] == ["x"] and query["outputFormat"] == ["text/xml; subtype=gml/3.1.1"]
    assert package["is_referenced_by"] == ["https://csw.example/?id=2"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (NEWER[:-30], "cut off"),
        (BOMB, "defines XML entities"),
        (SECRET, "defines XML entities"),
        (NEWER.encode("latin-1"), "not valid"),
        ("<WMS_Capabilities/>", "is no WFS: it is a WMS_Capabilities"),
        (
            '<ows:ExceptionReport xmlns:ows="x"><ows:Exception exceptionCode="NoApplicableCode"/>'
            "</ows:ExceptionReport>",
            "refuses: NoApplicableCode",
        ),
        ('<ows:ExceptionReport xmlns:ows="x"/>', "refuses: it does not say why"),
    ],
)
def test_a_service_that_cannot_be_read(
    server: FaultServer, quick: Limits, content: str | bytes, reason: str
) -> None:
    serve_capabilities(server, content)
    with pytest.raises(SourceError, match=reason):
        _read(server, quick)


def test_it_knows_its_own_kind() -> None:
    assert WfsSource.recognises("https://x.example/", NEWER.encode()[:4096])
    assert WfsSource.recognises("https://x.example/", OLDER.encode())
    for head in (b"<WMS_Capabilities>", b"{}", b"<rdf:RDF>", b""):
        assert not WfsSource.recognises("https://x.example/?service=WFS", head)
