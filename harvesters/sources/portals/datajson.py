"""Project Open Data: ``data.json`` 1.1, and the plain list of 1.0."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from harvesters.errors import SourceError
from harvesters.identity import short_hash
from harvesters.model import RecordRef
from harvesters.sources.base import Options
from harvesters.sources.portals.json_source import JsonSource, Names
from harvesters.sources.portals.json_values import Values, text
from harvesters.text import web_address

_PROJECT = "project-open-data"
_DATASETS = re.compile(r'"dataset"\s*:\s*\[')
_PLAIN_LIST = re.compile(r"^\[\s*\{")
_LICENCE_LENGTH = 200  # longer ones are terms of use, not a name
# JSON-LD's words, and what only offices of the USA need.
_NOISE = ("@type", "@context", "bureauCode", "programCode", "primaryITInvestmentUII")


class DatajsonOptions(Options):
    """Options of a data.json; there are none."""


class DatajsonSource(JsonSource[DatajsonOptions]):
    """Reads one document, at an address or in a file."""

    name: ClassVar[str] = "datajson"
    summary: ClassVar[str] = "data.json of Project Open Data (DCAT-US 1.1, or the list of 1.0)"
    options_type: ClassVar[type[Options]] = DatajsonOptions

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """By the schema it names, or its shape. JSON-LD with another context is DCAT's."""
        start = head.decode("utf-8-sig", errors="replace").lstrip()
        if not start.startswith(("{", "[")):
            return False
        if '"@context"' in start or '"@graph"' in start:
            return bool(re.search(rf'"@context"\s*:\s*"[^"]*{_PROJECT}', start))
        if start.startswith("{"):
            return _PROJECT in start or bool(_DATASETS.search(start))
        return bool(_PLAIN_LIST.match(start)) and '"accessLevel"' in start

    # -- discover --------------------------------------------------------------------------------

    def _items(self) -> Iterator[Any]:
        data = self._load()
        found = data.get("dataset") if isinstance(data, dict) else data
        if not isinstance(found, list):
            raise SourceError(f"{self.config.location} is no data.json: it has no list `dataset`.")
        self._total = len(found)
        yield from found

    def _load(self) -> Any:
        if self.config.path is None:
            return self._json(self._address())
        return self._parse(self.read_file(), str(self.config.path))

    def _names(self, item: dict[str, Any]) -> Names:
        own, node, page = (text(item.get(key)) for key in ("identifier", "@id", "landingPage"))
        uri = next(filter(None, map(web_address, (node, own, page))), "")
        first = next(iter(_objects(item.get("distribution"))), {})
        address = text(first.get("downloadURL")) or text(first.get("accessURL"))
        unnamed = f"untitled:{short_hash(text(item.get('title')) + address, 16)}"
        return Names([own, uri, unnamed], uri)

    def _is_public(self, item: dict[str, Any]) -> bool:
        return (text(item.get("accessLevel")) or "public").lower() == "public"

    # -- normalise -------------------------------------------------------------------------------

    def _fields(self, item: dict[str, Any], ref: RecordRef, notes: list[str]) -> dict[str, Any]:
        values = Values(item)
        fields: dict[str, Any] = {
            "title": values.text("title"),
            "notes": values.text("description"),
            "identifier": values.text("identifier"),
            "uri": ref.uri,
            "url": values.text("landingPage"),
            "issued": values.text("issued"),
            "frequency": values.text("accrualPeriodicity"),
            "access_rights": values.text("accessLevel"),
            "license_id": self._licence(values),
            "tags": [{"name": word} for word in values.texts("keyword")],
            "theme": values.texts("theme"),
            "language": values.texts("language"),
            "conforms_to": values.texts("conformsTo"),
            "documentation": values.texts("describedBy", "dataDictionary"),
            "related_resource": values.texts("references"),
            "publisher": _publisher(values),
            "contact": _contact(values),
            "temporal_coverage": [_period(text) for text in values.texts("temporal")],
            "spatial_coverage": values.places("spatial"),
            "resources": _files(values),
        }
        modified = values.text("modified")
        if modified.startswith("R/"):  # how often it changes, where nobody knows when it last did
            fields["frequency"] = fields["frequency"] or modified
        else:
            fields["modified"] = modified
        values.drop((*_NOISE, "@id"))
        fields["extras"] = values.extras()
        return fields

    def _licence(self, values: Values) -> str:
        """An address, id or name; out of terms of use, the licence that they link to."""
        said = values.text("license")
        if self.vocabulary.licence(said) or (len(said) <= _LICENCE_LENGTH and "<" not in said):
            return said
        links = [link.rstrip(".,;)") for link in re.findall(r"https?://[^\s\"'<>]+", said)]
        values.leave("license", said)
        return next((link for link in links if self.vocabulary.licence(link)), "")


def _objects(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _publisher(values: Values) -> list[dict[str, str]]:
    """The body itself; those that it is part of are not asked."""
    found = [
        {"name": text(item.get("name")), "uri": web_address(text(item.get("@id")))}
        for item in values.objects("publisher")
    ]
    return found or [{"name": name} for name in values.texts("publisher")]


def _contact(values: Values) -> list[dict[str, str]]:
    """A vCard; in 1.0 a name beside ``mbox``."""
    found = [
        {
            "name": text(item.get("fn")),
            "email": text(item.get("hasEmail")),
            "telephone": text(item.get("hasTelephone")).removeprefix("tel:"),
            "url": text(item.get("hasURL")),
        }
        for item in values.objects("contactPoint")
    ]
    name, email = values.text("contactPoint"), values.text("mbox")
    return found + ([{"name": name, "email": email}] if name or email else [])


def _period(said: str) -> dict[str, str]:
    start, _, end = said.partition("/")
    return {"start": start.strip(". "), "end": end.strip(". ")}


def _files(values: Values) -> list[dict[str, Any]]:
    """The distributions; in 1.0 the dataset itself is one of its files."""
    own = {key: values.take(key) for key in ("accessURL", "downloadURL", "webService", "format")}
    items = [Values(item) for item in values.objects("distribution")]
    links = values.texts("distribution")
    items += [Values({"accessURL": link}) for link in links if web_address(link)]
    values.leave("distribution", [link for link in links if not web_address(link)])
    if text(own["accessURL"]) or text(own["downloadURL"]):
        items.insert(0, Values(own))
    if service := text(own["webService"]):
        items.append(Values({"accessURL": service, "format": "API"}))
    return [_file(item) for item in items]


def _file(item: Values) -> dict[str, Any]:
    return {
        "name": item.text("title"),
        "description": item.text("description"),
        "download_url": item.text("downloadURL"),
        "access_url": item.text("accessURL"),
        "format": item.text("format"),
        "mimetype": item.text("mediaType"),
        "license": item.text("license"),
        "issued": item.text("issued"),
        "modified": item.text("modified"),
        "size": item.text("byteSize"),
        "uri": web_address(item.text("@id")),
        "conforms_to": item.texts("conformsTo"),
        "documentation": item.texts("describedBy"),
    }
