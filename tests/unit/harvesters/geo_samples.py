"""A small geodata catalogue for the tests of the geo sources; made up, as German ones write."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harvesters.fetch import Fetcher, Limits
from harvesters.model import Record, SourceConfig
from harvesters.sources.base import Source
from harvesters.vocabulary import load
from tests.unit.harvesters.conftest import FaultServer, body

ROOT = Path(__file__).resolve().parents[3]
LOCAL = frozenset({"127.0.0.1"})

NAMESPACES = """
 xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco"
 xmlns:gmx="http://www.isotc211.org/2005/gmx" xmlns:srv="http://www.isotc211.org/2005/srv"
 xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink"
"""


class ByQuery(dict[str, Any]):
    """Answers of a FaultServer by the values of some parameters, whatever their order and case."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self._names = names

    def get(self, path: str, default: Any = None) -> Any:
        query = {key.lower(): value for key, value in parse_qsl(urlsplit(path).query)}
        key = " ".join(query[name] for name in self._names if name in query)
        return super().get(key, default)


def open_source(
    kind: type[Source[Any]], url: str, limits: Limits, **entry: Any
) -> tuple[Source[Any], Fetcher]:
    fetcher = Fetcher(limits, allow=LOCAL)
    config = SourceConfig(name="geo", type=kind.name, url=url, **entry)
    return kind(config, fetcher, load(ROOT / "config"), ROOT), fetcher


def read(source: Source[Any], fetcher: Fetcher) -> dict[str, Record | str]:
    """Records by identity; of those that fail, the reason."""
    out: dict[str, Record | str] = {}
    with fetcher:
        for ref in source.discover():
            assert ref.identity not in out
            try:
                out[ref.identity] = source.normalise(source.fetch(ref))
            except Exception as error:
                out[ref.identity] = str(error)
    return out


def packages(found: dict[str, Record | str]) -> dict[str, dict[str, Any]]:
    """The same as CKAN fields; all must be good."""
    return {key: item.package for key, item in found.items() if isinstance(item, Record)}


def served(
    server: FaultServer, kind: type[Source[Any]], path: str, limits: Limits, **entry: Any
) -> tuple[Source[Any], dict[str, Record | str]]:
    source, fetcher = open_source(kind, server.url + path, limits, **entry)
    return source, read(source, fetcher)


def broken_off(content: bytes) -> Any:
    """An answer that announces more than it sends."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) + 1000))
        handler.end_headers()
        handler.wfile.write(content)
        handler.close_connection = True

    return answer


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;">]><x>&c;</x>'
)
SECRET = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    "<x><Title>&f;</Title></x>"
)
DEEP = "<a>" * 5000 + "</a>" * 5000


def text(name: str, value: str) -> str:
    return f"<gmd:{name}><gco:CharacterString>{value}</gco:CharacterString></gmd:{name}>"


def party(role: str, name: str, mail: str = "") -> str:
    contact = (
        "<gmd:contactInfo><gmd:CI_Contact><gmd:phone><gmd:CI_Telephone>"
        + text("voice", "+49 261 1")
        + "</gmd:CI_Telephone></gmd:phone><gmd:address><gmd:CI_Address>"
        + text("deliveryPoint", "Markt 1")
        + text("city", "Mayen")
        + text("postalCode", "56727")
        + text("electronicMailAddress", mail)
        + "</gmd:CI_Address></gmd:address></gmd:CI_Contact></gmd:contactInfo>"
    )
    return (
        f"<gmd:CI_ResponsibleParty>{text('organisationName', name)}{contact if mail else ''}"
        f'<gmd:role><gmd:CI_RoleCode codeList="x" codeListValue="{role}"/></gmd:role>'
        "</gmd:CI_ResponsibleParty>"
    )


def _date(kind: str, day: str) -> str:
    return (
        f"<gmd:date><gmd:CI_Date><gmd:date><gco:Date>{day}</gco:Date></gmd:date><gmd:dateType>"
        f'<gmd:CI_DateTypeCode codeListValue="{kind}"/></gmd:dateType></gmd:CI_Date></gmd:date>'
    )


def online(url: str, function: str = "", protocol: str = "", name: str = "") -> str:
    return (
        f"<gmd:CI_OnlineResource><gmd:linkage><gmd:URL>{url}</gmd:URL></gmd:linkage>"
        f"{text('protocol', protocol)}{text('name', name)}<gmd:function>"
        f'<gmd:CI_OnLineFunctionCode codeListValue="{function}"/></gmd:function>'
        "</gmd:CI_OnlineResource>"
    )


MAP = "https://geo.example/ows?map=b&amp;SERVICE=WMS&amp;REQUEST=GetCapabilities"
LICENCE = (
    '{"id":"dl-by-de/2.0","name":"Datenlizenz Deutschland Namensnennung 2.0",'
    '"url":"https://www.govdata.de/dl-de/by-2-0","quelle":"© Kreis"}'
)


def dataset(identifier: str = "baum-1", title: str = "Bäume", *, title_en: str = "Trees") -> str:
    """A dataset's record with all that is read."""
    english = (
        '<gmd:PT_FreeText><gmd:textGroup><gmd:LocalisedCharacterString locale="#EN">'
        f"{title_en}</gmd:LocalisedCharacterString></gmd:textGroup></gmd:PT_FreeText>"
    )
    named = (
        f"<gmd:title><gco:CharacterString>{title}</gco:CharacterString>{english}</gmd:title>"
        if title
        else '<gmd:title gco:nilReason="missing"/>'
    )
    return f"""<gmd:MD_Metadata {NAMESPACES}>
{text("fileIdentifier", identifier)}
<gmd:language><gmd:LanguageCode codeList="x" codeListValue="ger"/></gmd:language>
{text("parentIdentifier", "reihe-7")}
<gmd:hierarchyLevel><gmd:MD_ScopeCode codeListValue="dataset"/></gmd:hierarchyLevel>
<gmd:contact>{party("pointOfContact", "Metadatenstelle", "meta@kreis.example")}</gmd:contact>
<gmd:dateStamp><gco:Date>2024-05-06</gco:Date></gmd:dateStamp>
<gmd:locale><gmd:PT_Locale id="EN"><gmd:languageCode>
 <gmd:LanguageCode codeListValue="eng"/></gmd:languageCode></gmd:PT_Locale></gmd:locale>
<gmd:referenceSystemInfo><gmd:MD_ReferenceSystem><gmd:referenceSystemIdentifier>
 <gmd:RS_Identifier>{text("code", "EPSG:25832")}</gmd:RS_Identifier>
</gmd:referenceSystemIdentifier></gmd:MD_ReferenceSystem></gmd:referenceSystemInfo>
<gmd:identificationInfo><gmd:MD_DataIdentification>
 <gmd:citation><gmd:CI_Citation>{named}
  {_date("creation", "2019-01-02")}{_date("publication", "2020-03-04")}
  {_date("revision", "2021-01-01")}{_date("revision", "2023-05-06")}
  <gmd:identifier><gmd:MD_Identifier>{text("code", f"https://registry.gdi-de.org/id/de.rp/{identifier}")}
  </gmd:MD_Identifier></gmd:identifier>
 </gmd:CI_Citation></gmd:citation>
 {text("abstract", "Alle Bäume im Kreis.")}
 {text("purpose", "Baumpflege")}
 <gmd:pointOfContact>{party("pointOfContact", "Grünamt", "gruen@kreis.de")}</gmd:pointOfContact>
 <gmd:pointOfContact>{party("publisher", "Landkreis Mayen-Koblenz")}</gmd:pointOfContact>
 <gmd:pointOfContact>{party("owner", "Stadt Mayen")}</gmd:pointOfContact>
 <gmd:resourceMaintenance><gmd:MD_MaintenanceInformation><gmd:maintenanceAndUpdateFrequency>
  <gmd:MD_MaintenanceFrequencyCode codeListValue="biannually"/>
 </gmd:maintenanceAndUpdateFrequency></gmd:MD_MaintenanceInformation></gmd:resourceMaintenance>
 <gmd:descriptiveKeywords><gmd:MD_Keywords><gmd:keyword><gmx:Anchor
   xlink:href="http://inspire.ec.europa.eu/theme/lc">Bodenbedeckung</gmx:Anchor></gmd:keyword>
  <gmd:thesaurusName><gmd:CI_Citation>{text("title", "GEMET - INSPIRE themes, version 1.0")}
  </gmd:CI_Citation></gmd:thesaurusName></gmd:MD_Keywords></gmd:descriptiveKeywords>
 <gmd:descriptiveKeywords><gmd:MD_Keywords>{text("keyword", "Baum")}{text("keyword", "opendata")}
  <gmd:keyword><gmx:Anchor xlink:href="http://data.europa.eu/bna/c_dd313021">Erdbeobachtung und
   Umwelt</gmx:Anchor></gmd:keyword></gmd:MD_Keywords></gmd:descriptiveKeywords>
 <gmd:resourceConstraints><gmd:MD_LegalConstraints><gmd:accessConstraints>
  <gmd:MD_RestrictionCode codeListValue="otherRestrictions"/></gmd:accessConstraints>
  <gmd:otherConstraints><gmx:Anchor xlink:href="http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/noLimitations">Es
   gelten keine Zugriffsbeschränkungen</gmx:Anchor></gmd:otherConstraints>
 </gmd:MD_LegalConstraints></gmd:resourceConstraints>
 <gmd:resourceConstraints><gmd:MD_LegalConstraints><gmd:useConstraints>
  <gmd:MD_RestrictionCode codeListValue="otherRestrictions"/></gmd:useConstraints>
  {text("otherConstraints", "Die Quelle ist zu nennen.")}
  {text("otherConstraints", LICENCE)}
 </gmd:MD_LegalConstraints></gmd:resourceConstraints>
 <gmd:spatialResolution><gmd:MD_Resolution><gmd:distance><gco:Distance uom="m">0.5</gco:Distance>
 </gmd:distance></gmd:MD_Resolution></gmd:spatialResolution>
 <gmd:language><gmd:LanguageCode codeListValue="ger"/></gmd:language>
 <gmd:topicCategory><gmd:MD_TopicCategoryCode>environment</gmd:MD_TopicCategoryCode>
 </gmd:topicCategory>
 <gmd:topicCategory><gmd:MD_TopicCategoryCode>location</gmd:MD_TopicCategoryCode>
 </gmd:topicCategory>
 <gmd:extent><gmd:EX_Extent>
  <gmd:geographicElement><gmd:EX_GeographicBoundingBox>
   <gmd:westBoundLongitude><gco:Decimal>7.0</gco:Decimal></gmd:westBoundLongitude>
   <gmd:eastBoundLongitude><gco:Decimal>7.5</gco:Decimal></gmd:eastBoundLongitude>
   <gmd:southBoundLatitude><gco:Decimal>50.2</gco:Decimal></gmd:southBoundLatitude>
   <gmd:northBoundLatitude><gco:Decimal>50.5</gco:Decimal></gmd:northBoundLatitude>
  </gmd:EX_GeographicBoundingBox></gmd:geographicElement>
  <gmd:geographicElement><gmd:EX_GeographicDescription><gmd:geographicIdentifier>
   <gmd:MD_Identifier>{text("code", "071370000000")}</gmd:MD_Identifier>
  </gmd:geographicIdentifier></gmd:EX_GeographicDescription></gmd:geographicElement>
  <gmd:temporalElement><gmd:EX_TemporalExtent><gmd:extent><gml:TimePeriod gml:id="t">
   <gml:beginPosition>2018-01-01</gml:beginPosition><gml:endPosition>2023-12-31</gml:endPosition>
  </gml:TimePeriod></gmd:extent></gmd:EX_TemporalExtent></gmd:temporalElement>
 </gmd:EX_Extent></gmd:extent>
</gmd:MD_DataIdentification></gmd:identificationInfo>
<gmd:distributionInfo><gmd:MD_Distribution>
 <gmd:distributionFormat><gmd:MD_Format>{text("name", "GML")}</gmd:MD_Format>
 </gmd:distributionFormat>
 <gmd:transferOptions><gmd:MD_DigitalTransferOptions>
  <gmd:onLine>{online("https://geo.example/baum.csv", "download", "", "Baumliste")}</gmd:onLine>
  <gmd:onLine>{online(MAP, "information", "", "Karte")}</gmd:onLine>
  <gmd:onLine>{online("https://geo.example/feed", "download", "INSPIRE Atom", "Feed")}</gmd:onLine>
  <gmd:onLine>{online("https://geo.example/alles.zip", "download")}</gmd:onLine>
  <gmd:onLine>{online("https://geo.example/ueber", "information")}</gmd:onLine>
  <gmd:onLine>{online("javascript:alert(1)", "download")}</gmd:onLine>
 </gmd:MD_DigitalTransferOptions></gmd:transferOptions>
</gmd:MD_Distribution></gmd:distributionInfo>
<gmd:dataQualityInfo><gmd:DQ_DataQuality>
 <gmd:report><gmd:DQ_DomainConsistency><gmd:result><gmd:DQ_ConformanceResult>
  <gmd:specification><gmd:CI_Citation>{text("title", "INSPIRE Land Cover")}</gmd:CI_Citation>
  </gmd:specification><gmd:pass><gco:Boolean>true</gco:Boolean></gmd:pass>
 </gmd:DQ_ConformanceResult></gmd:result></gmd:DQ_DomainConsistency></gmd:report>
 <gmd:lineage><gmd:LI_Lineage>{text("statement", "Aus dem Baumkataster.")}</gmd:LI_Lineage>
 </gmd:lineage></gmd:DQ_DataQuality></gmd:dataQualityInfo>
</gmd:MD_Metadata>"""


def service(identifier: str = "dienst-1") -> str:
    """A view service's record (ISO 19119)."""
    point = online("https://geo.example/wms?", "", "")
    return f"""<gmd:MD_Metadata {NAMESPACES}>
{text("fileIdentifier", identifier)}
<gmd:hierarchyLevel><gmd:MD_ScopeCode codeListValue="service"/></gmd:hierarchyLevel>
<gmd:contact>{party("pointOfContact", "Katasteramt", "k@kreis.example")}</gmd:contact>
<gmd:identificationInfo><srv:SV_ServiceIdentification>
 <gmd:citation><gmd:CI_Citation>{text("title", "WMS Bäume")}</gmd:CI_Citation></gmd:citation>
 {text("abstract", "Ein Dienst.")}
 <gmd:resourceConstraints><gmd:MD_LegalConstraints><gmd:useConstraints/>
  {text("otherConstraints", "Nutzungsbedingungen: Bitte vorher anrufen.")}
 </gmd:MD_LegalConstraints></gmd:resourceConstraints>
 <srv:serviceType><gco:LocalName>view</gco:LocalName></srv:serviceType>
 <srv:serviceTypeVersion><gco:CharacterString>OGC:WMS 1.3.0</gco:CharacterString>
 </srv:serviceTypeVersion>
 <srv:extent><gmd:EX_Extent><gmd:geographicElement><gmd:EX_GeographicBoundingBox>
   <gmd:westBoundLongitude><gco:Decimal>200</gco:Decimal></gmd:westBoundLongitude>
   <gmd:eastBoundLongitude><gco:Decimal>7.5</gco:Decimal></gmd:eastBoundLongitude>
   <gmd:southBoundLatitude><gco:Decimal>50.2</gco:Decimal></gmd:southBoundLatitude>
   <gmd:northBoundLatitude><gco:Decimal>50.5</gco:Decimal></gmd:northBoundLatitude>
  </gmd:EX_GeographicBoundingBox></gmd:geographicElement></gmd:EX_Extent></srv:extent>
 <srv:containsOperations><srv:SV_OperationMetadata>
  <srv:operationName><gco:CharacterString>GetMap</gco:CharacterString></srv:operationName>
  <srv:connectPoint>{online("https://geo.example/map")}</srv:connectPoint>
 </srv:SV_OperationMetadata></srv:containsOperations>
 <srv:containsOperations><srv:SV_OperationMetadata>
  <srv:operationName><gco:CharacterString>GetCapabilities</gco:CharacterString></srv:operationName>
  <srv:connectPoint>{point}</srv:connectPoint>
 </srv:SV_OperationMetadata></srv:containsOperations>
 <srv:operatesOn xlink:href="https://registry.gdi-de.org/id/de.rp/baum-1"/>
</srv:SV_ServiceIdentification></gmd:identificationInfo>
</gmd:MD_Metadata>"""


def results(*records: str, matched: int | None = None, following: int | None = 0) -> str:
    """A page of GetRecords."""
    total = len(records) if matched is None else matched
    onward = "" if following is None else f'nextRecord="{following}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?><csw:GetRecordsResponse version="2.0.2" '
        'xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"><csw:SearchResults '
        f'numberOfRecordsMatched="{total}" numberOfRecordsReturned="{len(records)}" {onward}>'
        f"<!-- Seite -->{''.join(records)}</csw:SearchResults></csw:GetRecordsResponse>"
    )


def serve_capabilities(server: FaultServer, content: str | bytes) -> None:
    """Answer GetCapabilities with this document."""
    server.answers = ByQuery("request")
    server.says("GetCapabilities", body(content))
