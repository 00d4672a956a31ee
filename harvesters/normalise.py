"""From what a catalogue says to what CKAN takes.

What can be read is brought into the vocabularies of DCAT-AP.de; what cannot is kept as it was in
``harvest_unread`` and noted in the report. Nothing is dropped silently.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from harvesters import eu, shape
from harvesters.localfiles import LOCAL_BASE, is_file_address
from harvesters.model import CatalogueInfo, Organisation, Record, RecordRef, SourceConfig
from harvesters.normalise_resource import resources
from harvesters.text import clean_keywords, clean_line, clean_text, slug
from harvesters.unread import Unread, agents, printable
from harvesters.vocabulary import Vocabulary, named_after

_DATES = ("issued", "modified")
_LINES = ("geocoding_description", "version", "identifier", "dcat_type", "temporal_resolution")
_LONG = ("notes", "notes_en", "version_notes", "provenance")
_CHOICES = {
    "frequency": "frequency",
    "availability": "planned-availability",
    "access_rights": "access-right",
}
_ADDRESSES = ("url", "quality_process_uri")
_VERSION_LENGTH = 100  # CKAN's limit


def record(
    ref: RecordRef, fields: dict[str, Any], vocabulary: Vocabulary, notes: list[str]
) -> Record:
    """A record from CKAN fields as ckanext-dcat's profiles lay them out.

    ``fields`` is used up; ``notes`` is added to. The organisation is set by the caller
    (:func:`organisation`), who knows the catalogue.
    """
    fields = printable(fields)
    unread = Unread(notes)
    package: dict[str, Any] = {"type": "dataset"}
    package |= _texts(ref, fields, unread)
    package |= _choices(fields, unread)
    package |= _lists(fields, unread)
    package |= _places_and_times(fields, unread)
    for name in ("publisher", "creator", "originator", "custodian", "contributor", "contact"):
        package[name] = agents(fields.get(name), shape.OBJECTS[name])
    package["attribution"] = agents(fields.get("attribution"), shape.OBJECTS["attribution"])
    package["qualified_relation"] = [
        {key: item.get(key, "") for key in shape.OBJECTS["qualified_relation"] if item.get(key)}
        for item in fields.get("qualified_relation") or []
    ]
    package["resources"] = resources(fields.get("resources") or [], unread)
    package["license_id"] = _licence(fields, vocabulary, unread)
    keywords = [tag["name"] for tag in fields.get("tags") or []]
    tags, changed = clean_keywords(keywords)
    package["tags"] = [{"name": tag} for tag in tags]
    package["harvest_keywords"] = changed
    package["groups"] = [
        {"name": name} for name in vocabulary.hubs(package["theme"], [*keywords, *tags])
    ]
    _leftovers(fields, unread)
    package["harvest_unread"] = unread.values
    package = {key: value for key, value in package.items() if value or key in _ALWAYS}
    return Record(
        identity=ref.identity,
        package=package,
        slug=slug(package["title"]),
        organisation=Organisation(""),
        uri="" if is_file_address(ref.uri) else ref.uri,
        notes=notes,
    )


# Written even when empty, so that an update clears what the source no longer says.
_ALWAYS = frozenset({"title", "notes", "tags", "groups", "resources", "license_id"})


def organisation(
    made: Record, config: SourceConfig, origin: CatalogueInfo, vocabulary: Vocabulary
) -> Organisation:
    """Who owns the record here.

    The source's ``org``; else a configured organisation that its publisher stands for; else one
    named after the catalogue, the catalogue's publisher or its own.
    """
    if config.org:
        return vocabulary.organisation(config.org) or Organisation(config.org)
    publishers = made.package.get("publisher") or []
    for agent in [*publishers, *(made.package.get("contributor") or [])]:
        found = vocabulary.organisation(agent.get("uri", ""), agent.get("name", ""))
        if found:
            return found
    named = [agent.get("name", "") for agent in publishers]
    return named_after(origin.title, origin.publisher_name, *named, config.label())


# -- parts ---------------------------------------------------------------------------------------


def _texts(ref: RecordRef, fields: dict[str, Any], unread: Unread) -> dict[str, Any]:
    out: dict[str, Any] = {}
    title = clean_line(str(fields.get("title") or fields.get("title_en") or ""))
    if not title:
        title = re.split(r"[/#]", ref.identity.rstrip("/#"))[-1] or ref.identity
        unread.note("no title: named after its identifier")
    out["title"] = title
    english = clean_line(str(fields.get("title_en") or ""))
    out["title_en"] = english if english != title else ""
    for name in _LONG:
        out[name] = clean_text(str(fields.get(name) or ""))
    out["notes"] = out["notes"] or out["notes_en"]
    if not out["notes"]:
        unread.note("no description")
    if out["notes_en"] == out["notes"]:
        out["notes_en"] = ""
    for name in _LINES:
        value = clean_line(str(fields.get(name) or ""))
        if name == "version" and len(value) > _VERSION_LENGTH:
            unread.keep(name, value, "too long")
        elif is_file_address(value):
            unread.keep(name, value.removeprefix(LOCAL_BASE))
        else:
            out[name] = value
    for name in _DATES:
        out[name] = unread.date(name, fields.get(name))
    for name in _ADDRESSES:
        out[name] = unread.address(name, fields.get(name))
    resolution = str(fields.get("spatial_resolution_in_meters") or "")
    out["spatial_resolution_in_meters"] = resolution
    uri = str(fields.get("uri") or "")
    out["uri"] = "" if is_file_address(uri) else uri
    return out


def _choices(fields: dict[str, Any], unread: Unread) -> dict[str, Any]:
    return {
        name: unread.choice(name, vocabulary, fields.get(name))
        for name, vocabulary in _CHOICES.items()
    }


def _lists(fields: dict[str, Any], unread: Unread) -> dict[str, list[str]]:
    out = {name: unread.values_of(name, fields.get(name)) for name in sorted(shape.LISTS)}
    themes = {theme: eu.theme_uri(theme) for theme in out["theme"]}
    out["theme"] = list(dict.fromkeys(uri for uri in themes.values() if uri))
    out["other_theme"] += [theme for theme, uri in themes.items() if not uri]
    out["language"] = unread.choices("language", "language", out["language"])
    return out


def _places_and_times(fields: dict[str, Any], unread: Unread) -> dict[str, Any]:
    periods = [unread.period(item) for item in fields.get("temporal_coverage") or []]
    places = [_place(item, unread) for item in fields.get("spatial_coverage") or []]
    return {
        "temporal_coverage": [period for period in periods if period],
        "spatial_coverage": [place for place in places if place],
    }


def _place(item: dict[str, Any], unread: Unread) -> dict[str, str]:
    out = {}
    for key in shape.OBJECTS["spatial_coverage"]:
        value = item.get(key) or ""
        if key in ("geom", "bbox", "centroid") and value:
            if _is_geojson(value):
                out[key] = value
            else:
                unread.keep(f"spatial_{key}", value)
        elif value and not is_file_address(str(value)):
            out[key] = clean_line(str(value))
    return out


_SHAPES = frozenset({
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
    "GeometryCollection", "Feature", "FeatureCollection",
})  # fmt: skip


def _is_geojson(value: Any) -> bool:
    try:
        shape_ = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return False
    return isinstance(shape_, dict) and shape_.get("type") in _SHAPES


def _licence(fields: dict[str, Any], vocabulary: Vocabulary, unread: Unread) -> str:
    """The licence that most files have, as a CKAN id; unknown ones in their own words."""
    found = [item.get("license") for item in fields.get("resources") or [] if item.get("license")]
    values = found or [fields.get("license_id") or ""]
    ids = []
    for value in values:
        known = vocabulary.licence(value)
        if value and not known:
            unread.note(f"licence not in the list: {value}")
        ids.append(known or value)
    if not ids[0]:
        unread.note("no licence")
    # Of equally frequent ones the first: files are in the order of their catalogue, so sort them.
    counts = Counter(sorted(ids))
    return counts.most_common(1)[0][0]


_KNOWN = shape.TEXTS | shape.LISTS | set(shape.OBJECTS) | {"tags", "resources", "extras", "name"}
# Set by ckanext-dcat's profiles for each dataset, whatever the source says.
_NOISE = frozenset({"homepage", "spatial_uri", "spatial_text", "temporal_start", "temporal_end"})


def _leftovers(fields: dict[str, Any], unread: Unread) -> None:
    """What the profiles read and this portal has no field for: kept, but not worth a note."""
    rest = {key: value for key, value in fields.items() if key not in _KNOWN and value}
    rest |= {extra["key"]: extra["value"] for extra in fields.get("extras") or []}
    for key, value in rest.items():
        if key not in _NOISE and value:
            unread.values[key] = value
