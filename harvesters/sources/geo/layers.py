"""What WMS and WFS have in common: one document tells of a service and its layers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote

from lxml import etree
from pydantic import Field

from harvesters import safexml
from harvesters.errors import SourceError
from harvesters.model import CatalogueInfo, RawRecord, Record, RecordRef
from harvesters.sources.base import Options, Source
from harvesters.sources.geo import common as geo
from harvesters.sources.geo import ows
from harvesters.sources.geo.terms import read_terms


class LayerOptions(Options):
    """Options of WMS and WFS."""

    per_layer: bool = Field(
        False, description="a dataset of each layer, and not one of the whole service"
    )


LayerOptionsT = TypeVar("LayerOptionsT", bound=LayerOptions)


@dataclass(slots=True)
class Layer:
    """A map layer or a feature type, with its distributions."""

    name: str
    title: str = ""
    abstract: str = ""
    keywords: list[str] = field(default_factory=list)
    box: tuple[float, float, float, float] | None = None
    systems: list[str] = field(default_factory=list)
    metadata: list[str] = field(default_factory=list)  # addresses of its ISO records
    resources: list[dict[str, Any]] = field(default_factory=list)

    def describe(self, formats: list[str]) -> str:
        """Text for its distributions: what it is, what it is called, and where it lies."""
        lines = [self.abstract, f"Ebene: {self.name}"]
        if formats:
            lines.append(f"Formate: {', '.join(dict.fromkeys(formats))}")
        if self.box:
            west, south, east, north = self.box
            lines.append(f"Ausdehnung: {west:g} bis {east:g} Ost, {south:g} bis {north:g} Nord")
        return "\n\n".join(filter(None, lines))


class LayerSource(Source[LayerOptionsT]):
    """Reads GetCapabilities; subclasses know how their kind writes its layers."""

    options_type: ClassVar[type[Options]] = LayerOptions

    #: ``WMS`` or ``WFS``, the version that is asked for, and the root elements of its answers.
    service: ClassVar[str]
    version: ClassVar[str]
    roots: ClassVar[tuple[str, ...]]

    _total: int | None = None

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """By its root element, or by an address with ``service=`` that answers with a complaint."""
        if any(f"<{root}".encode() in head or f":{root}".encode() in head for root in cls.roots):
            return True
        return b"ExceptionReport" in head and geo.asks_for(location, cls.service)

    @property
    def total(self) -> int | None:
        """One, or the number of layers."""
        return self._total

    @abstractmethod
    def layers(self, root: etree._Element) -> Iterator[Layer]:
        """The layers of a capabilities document."""

    def discover(self) -> Iterator[RecordRef]:
        """The service, or each layer; identity is the address, with the layer's name."""
        base = geo.service_address(geo.own_address(self))
        address = self.capabilities_address()
        root = ows.document(
            self.fetcher,
            address,
            f"a {self.service} answer",
            allow_doctype=self.service == "WMS",  # 1.1.1 demands one
        )
        if safexml.local(root) not in self.roots:
            raise SourceError(f"{address} is no {self.service}: it is a {safexml.local(root)}.")
        about, layers = ows.service(root), self._once(self.layers(root))
        if not self.options.per_layer:
            self._total = 1
            yield RecordRef(base, address, (about, layers, None))
            return
        self._total = len(layers)
        for layer in layers:
            # Each its own address: records with the same one count as the same dataset.
            own = f"{address}#{quote(layer.name)}"
            yield RecordRef(f"{base}#{layer.name}", own, (about, [layer], layer))

    def _once(self, layers: Iterator[Layer]) -> list[Layer]:
        found: dict[str, Layer] = {}
        for layer in layers:
            if found.setdefault(layer.name, layer) is not layer:
                self.warnings.append(f"layer {layer.name} occurs twice; the first one was taken")
        if not found:
            self.warnings.append("the service has no layers")
        return list(found.values())

    def capabilities_address(self) -> str:
        """Where the service tells what it has."""
        return geo.request_address(
            geo.own_address(self),
            SERVICE=self.service,
            VERSION=self.version,
            REQUEST="GetCapabilities",
        )

    def fetch(self, ref: RecordRef) -> RawRecord:
        """Nothing to fetch: the capabilities have it all."""
        about, layers, one = ref.handle
        return RawRecord(
            ref, self._fields(ref, about, layers, one), CatalogueInfo(publisher_name=about.provider)
        )

    def normalise(self, raw: RawRecord) -> Record:
        """Clean what was read, and find the record's organisation."""
        return geo.finish(self, raw)

    def _fields(
        self, ref: RecordRef, about: ows.Service, layers: list[Layer], one: Layer | None
    ) -> dict[str, Any]:
        resources = [self._service(about), *(r for layer in layers for r in layer.resources)]
        terms = read_terms([about.access, about.fees])
        terms.apply(resources)
        box = geo.around(layer.box for layer in layers)
        keywords = [*(one.keywords if one else []), *about.keywords]
        if one is None:
            keywords += [word for layer in layers for word in layer.keywords]
        return {
            "title": (one.title or one.name) if one else about.title or self.config.label(),
            "notes": (one.abstract if one else "") or about.abstract,
            "identifier": ref.identity,
            "url": about.site,
            "tags": geo.tags(keywords),
            "license_id": terms.licence,
            "contact": [about.contact],
            "spatial_coverage": [geo.box_place(box)] if box else [],
            "conforms_to": sorted({system for layer in layers for system in layer.systems}),
            "is_referenced_by": [address for layer in layers for address in layer.metadata],
            "resources": resources,
            "extras": geo.extras(no_conditions=terms.free),
        }

    def _service(self, about: ows.Service) -> dict[str, Any]:
        title, address = about.title or self.service, self.capabilities_address()
        return {
            "name": f"{self.service}: {title}",
            "description": about.abstract,
            "access_url": address,
            "format": self.service,
            "access_services": [
                {
                    "title": title,
                    "endpoint_url": [geo.service_address(address)],
                    "endpoint_description": address,
                }
            ],
        }


def crs_address(text: str) -> str:
    """OGC's address of a reference system written ``EPSG:25832`` or ``urn:…:EPSG::25832``."""
    code = text.strip().rsplit(":", 1)[-1].rsplit("/", 1)[-1].rsplit("#", 1)[-1]
    known = "EPSG" in text.upper() and code.isdigit()
    return f"http://www.opengis.net/def/crs/EPSG/0/{code}" if known else ""
