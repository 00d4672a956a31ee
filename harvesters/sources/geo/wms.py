"""Web Map Services (WMS 1.1.1, 1.3.0): maps as pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from lxml import etree

from harvesters.safexml import find, find_all, href, text, texts
from harvesters.sources.geo import common as geo
from harvesters.sources.geo.layers import Layer, LayerOptions, LayerSource, crs_address

_WIDTH = 1024  # pixels of the picture that an address asks for
_PICTURES = ("image/png", "image/png; mode=24bit", "image/jpeg", "image/gif")

Box = tuple[float, float, float, float]


class WmsSource(LayerSource[LayerOptions]):
    """One dataset of a WMS, or one of each layer."""

    name: ClassVar[str] = "wms"
    summary: ClassVar[str] = "Maps of a map server (WMS 1.1.1, 1.3.0)"
    service: ClassVar[str] = "WMS"
    version: ClassVar[str] = "1.3.0"
    roots: ClassVar[tuple[str, ...]] = ("WMS_Capabilities", "WMT_MS_Capabilities")

    def layers(self, root: etree._Element) -> Iterator[Layer]:
        """Layers that can be shown and hold no others, each with the address of a map of it."""
        request = find(root, "Capability/Request/GetMap")
        said = href(request, "DCPType/HTTP/Get/OnlineResource")
        base = geo.usable(said) or geo.own_address(self)
        offered = texts(request, "Format")
        version = root.get("version", self.version)
        for node, box, systems in _leaves(find_all(root, "Capability/Layer"), None, ()):
            layer = _layer(node, box, systems)
            layer.resources = [_map(node, layer, base, version, offered, systems)]
            yield layer


def _leaves(
    nodes: list[etree._Element], box: Box | None, systems: tuple[str, ...]
) -> Iterator[tuple[etree._Element, Box | None, tuple[str, ...]]]:
    """Named layers without named ones below; extent and reference systems are inherited."""
    for node in nodes:
        own = _box(node) or box
        known = (*systems, *texts(node, "CRS"), *texts(node, "SRS"))
        below = find_all(node, "Layer")
        if any(text(item, "Name") for item in find_all(node, ".//Layer")):
            yield from _leaves(below, own, known)
        elif text(node, "Name"):
            yield node, own, known


def _box(node: etree._Element) -> Box | None:
    if (newer := find(node, "EX_GeographicBoundingBox")) is not None:
        sides = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude")
        return geo.box(*(text(newer, side) for side in (*sides, "northBoundLatitude")))
    if (older := find(node, "LatLonBoundingBox")) is not None:
        return geo.box(*(older.get(side) for side in ("minx", "miny", "maxx", "maxy")))
    return None


def _layer(node: etree._Element, box: Box | None, systems: tuple[str, ...]) -> Layer:
    metadata = [href(item, "OnlineResource") for item in find_all(node, "MetadataURL")]
    addresses = (crs_address(said) for line in systems for said in line.split())
    return Layer(
        name=text(node, "Name"),
        title=text(node, "Title"),
        abstract=text(node, "Abstract"),
        keywords=texts(node, "KeywordList/Keyword"),
        box=box,
        systems=list(dict.fromkeys(filter(None, addresses))),
        metadata=[address for said in metadata if (address := geo.usable(said))],
    )


def _window(
    node: etree._Element, box: Box | None, newer: bool, systems: tuple[str, ...]
) -> tuple[str, Box]:
    """Reference system and sides of a map of the whole layer, in the order that the system has."""
    known = " ".join(systems).split()
    west, south, east, north = box or (-180.0, -90.0, 180.0, 90.0)
    if newer and "CRS:84" in known:
        return "CRS:84", (west, south, east, north)
    if known and "EPSG:4326" not in known:
        for item in (node, *node.iterancestors()):
            for own in find_all(item, "BoundingBox"):
                system = own.get("CRS") or own.get("SRS") or ""
                try:
                    left, low, right, high = (float(own.get(side, "")) for side in _SIDES)
                except ValueError:
                    continue
                if system in known:
                    return system, (left, low, right, high)
    # WMS 1.3.0 wants the axes of EPSG:4326 as the EPSG has them: latitude first.
    return "EPSG:4326", (south, west, north, east) if newer else (west, south, east, north)


_SIDES = ("minx", "miny", "maxx", "maxy")


def _map(
    node: etree._Element,
    layer: Layer,
    base: str,
    version: str,
    offered: list[str],
    systems: tuple[str, ...],
) -> dict[str, Any]:
    """The distribution of a layer; its address shows the whole layer as a picture."""
    picture = next((kind for kind in _PICTURES if kind in offered), "image/png")
    newer = version >= "1.3"
    system, sides = _window(node, layer.box, newer, systems)
    west, south, east, north = layer.box or (0.0, 0.0, 1.0, 1.0)
    ratio = (north - south) / (east - west) if east > west and north > south else 1.0
    parameters = {
        "SERVICE": "WMS", "VERSION": version, "REQUEST": "GetMap", "LAYERS": layer.name,
        "STYLES": "", "CRS" if newer else "SRS": system,
        "BBOX": ",".join(f"{side:.10g}" for side in sides),
        "WIDTH": str(_WIDTH), "HEIGHT": str(max(1, min(2 * _WIDTH, round(_WIDTH * ratio)))),
        "FORMAT": picture,
    }  # fmt: skip
    return {
        "name": layer.title or layer.name,
        "description": layer.describe(offered),
        "access_url": geo.request_address(base, **parameters),
        "format": picture.split(";")[0].removeprefix("image/").upper(),
        "mimetype": picture.split(";")[0],
        "conforms_to": layer.systems,
    }
