"""The region's publishers and hubs, from ``config/``, as CKAN organisations and groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError


class RegionError(ValueError):
    """The operator's file cannot be used; the message says where and why."""


class Text(BaseModel):
    """A text in both languages."""

    model_config = ConfigDict(extra="forbid")

    de: str
    en: str


class Publisher(BaseModel):
    """A member of the region that publishes (``config/organisations.yaml``)."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9_-]{2,100}$")
    title: str
    short: str
    kind: str
    ars: str
    ags: str = ""
    uri: str
    lat: float
    lon: float
    homepage: str = ""
    population: dict[str, Any] = Field(default_factory=dict)
    description: Text
    parts: list[str] = Field(default_factory=list)
    localities: list[str] = Field(default_factory=list)


class Hub(BaseModel):
    """One of the programme's hubs (``config/hubs.yaml``)."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9_-]{2,100}$")
    title: Text
    line: Text
    description: Text
    themes: list[str] = Field(default_factory=list)
    keywords: list[str] = Field(default_factory=list)


def publishers(folder: Path) -> list[Publisher]:
    """Read ``organisations.yaml``.

    :raises RegionError: when it cannot be used.
    """
    return TypeAdapter(list[Publisher]).validate_python(
        _read(folder / "organisations.yaml", TypeAdapter(list[Publisher]))
    )


def hubs(folder: Path) -> list[Hub]:
    """Read ``hubs.yaml``.

    :raises RegionError: when it cannot be used.
    """
    return TypeAdapter(list[Hub]).validate_python(
        _read(folder / "hubs.yaml", TypeAdapter(list[Hub]))
    )


def _read(path: Path, shape: TypeAdapter[Any]) -> Any:
    try:
        return shape.validate_python(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise RegionError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RegionError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RegionError(f"{path}: {place}: {first['msg']}") from None


def load(client: Any, folder: Path) -> None:
    """Create the organisations and groups that are missing (``client``: a ckanapi client).

    What exists is left alone: it may have been edited in the portal.

    :raises RegionError: when a file cannot be used.
    """
    wanted_publishers, wanted_hubs = publishers(folder), hubs(folder)
    there = set(client.action.organization_list(all_fields=False))
    for publisher in wanted_publishers:
        if publisher.name not in there:
            client.action.organization_create(**_organisation(publisher))
    there = set(client.action.group_list(all_fields=False))
    for hub in wanted_hubs:
        if hub.name not in there:
            client.action.group_create(**_group(hub))


def _organisation(publisher: Publisher) -> dict[str, Any]:
    extras = {
        "short": publisher.short,
        "kind": publisher.kind,
        "ars": publisher.ars,
        "ags": publisher.ags,
        "uri": publisher.uri,
        "lat": str(publisher.lat),
        "lon": str(publisher.lon),
        "homepage": publisher.homepage,
        "description_en": publisher.description.en,
    }
    return {
        "name": publisher.name,
        "title": publisher.title,
        "description": publisher.description.de,
        "extras": _extras(extras),
    }


def _group(hub: Hub) -> dict[str, Any]:
    extras = {
        "title_en": hub.title.en,
        "line": hub.line.de,
        "line_en": hub.line.en,
        "description_en": hub.description.en,
    }
    return {
        "name": hub.name,
        "title": hub.title.de,
        "description": hub.description.de,
        "extras": _extras(extras),
    }


def _extras(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items() if value]
