"""Web Feature Services (WFS 1.1.0, 2.0.0): a service's vector data, offered in several formats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from lxml import etree
from pydantic import Field

from harvesters.safexml import find, find_all, href, text, texts
from harvesters.sources.base import Options
from harvesters.sources.geo import common as geo
from harvesters.sources.geo.layers import Layer, LayerOptions, LayerSource, crs_address

# How services call their formats; the first that fits is taken.
_FORMATS = {
    "GeoJSON": re.compile(r"(?i)geo\+?json|^application/json|^json$"),
    "GML": re.compile(r"(?i)gml"),
    "CSV": re.compile(r"(?i)\bcsv\b"),
    "SHP": re.compile(r"(?i)shape|\bshp"),
    "GPKG": re.compile(r"(?i)geopackage|\bgpkg"),
    "KML": re.compile(r"(?i)\bkml\b"),
}


class WfsOptions(LayerOptions):
    """Options of a WFS source."""

    formats: list[Literal["GeoJSON", "GML", "CSV", "SHP", "GPKG", "KML"]] = Field(
        ["GeoJSON", "GML", "CSV"],
        description="formats to list for each layer, as far as the service offers them",
    )


class WfsSource(LayerSource[WfsOptions]):
    """One dataset of a WFS, or one of each feature type."""

    name: ClassVar[str] = "wfs"
    summary: ClassVar[str] = "Vector data of a map server (WFS 1.1.0, 2.0.0)"
    options_type: ClassVar[type[Options]] = WfsOptions
    service: ClassVar[str] = "WFS"
    version: ClassVar[str] = "2.0.0"
    roots: ClassVar[tuple[str, ...]] = ("WFS_Capabilities",)

    def layers(self, root: etree._Element) -> Iterator[Layer]:
        """The feature types, each with addresses that give its data."""
        operation = next(
            (
                node
                for node in find_all(root, "OperationsMetadata/Operation")
                if node.get("name") == "GetFeature"
            ),
            None,
        )
        said = href(operation, "DCP/HTTP/Get")
        base = geo.usable(said) or geo.own_address(self)
        offered = [
            value
            for node in find_all(operation, "Parameter")
            if node.get("name", "").lower() == "outputformat"
            for value in texts(node, ".//Value")
        ]
        version = root.get("version", self.version)
        for node in find_all(root, "FeatureTypeList/FeatureType"):
            if layer := _layer(node):
                formats = [*offered, *texts(node, "OutputFormats/Format")]
                layer.resources = list(self._files(layer, base, version, formats))
                yield layer

    def _files(
        self, layer: Layer, base: str, version: str, offered: list[str]
    ) -> Iterator[dict[str, Any]]:
        """One distribution for each format that is wanted and offered; GML is always there."""
        found = {
            label: next((value for value in offered if pattern.search(value)), "")
            for label, pattern in _FORMATS.items()
        }
        labels = [label for label in self.options.formats if found.get(label)]
        names = "typeNames" if version >= "2" else "typeName"
        for label in labels or ["GML"]:
            value = found.get(label, "")
            parameters = {
                "SERVICE": "WFS", "VERSION": version, "REQUEST": "GetFeature", names: layer.name,
            }  # fmt: skip
            address = geo.request_address(
                base, **parameters, **({"outputFormat": value} if value else {})
            )
            yield {
                "name": f"{layer.title or layer.name} ({label})",
                "description": layer.describe(offered),
                "access_url": address,
                "download_url": address,
                "format": label,
                "conforms_to": layer.systems,
            }


def _layer(node: etree._Element) -> Layer | None:
    name = text(node, "Name")
    if not name:
        return None
    lower = text(node, "WGS84BoundingBox/LowerCorner").split()
    upper = text(node, "WGS84BoundingBox/UpperCorner").split()
    older = find(node, "LatLongBoundingBox")  # WFS 1.0.0
    if older is not None:
        lower = [older.get("minx", ""), older.get("miny", "")]
        upper = [older.get("maxx", ""), older.get("maxy", "")]
    systems = [text(node, path) for path in ("DefaultCRS", "DefaultSRS", "SRS")]
    metadata = [href(item) or text(item) for item in find_all(node, "MetadataURL")]
    return Layer(
        name=name,
        title=text(node, "Title"),
        abstract=text(node, "Abstract"),
        keywords=texts(node, "Keywords/Keyword"),
        box=geo.box(*lower, *upper) if len(lower) == len(upper) == 2 else None,
        systems=[address for said in systems if (address := crs_address(said))],
        metadata=[address for said in metadata if (address := geo.usable(said))],
    )
