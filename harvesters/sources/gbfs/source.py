"""Bicycles, scooters and cars to share: GBFS 1.x, 2.x and 3.x, one system or a manifest of many."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from pydantic import Field

from harvesters import eu, normalise
from harvesters.dates import iso_date
from harvesters.errors import SourceError
from harvesters.geojson import upload, write_points
from harvesters.model import CatalogueInfo, LocalFile, RawRecord, Record, RecordRef
from harvesters.sources.base import Options, Source
from harvesters.sources.gbfs import files as gbfs_files
from harvesters.sources.gbfs import words as gbfs_words
from harvesters.sources.gbfs.files import text
from harvesters.sources.gbfs.system import System, SystemReader
from harvesters.text import web_address

_LAYER = "stationen.geojson"
_REFERENCE = "https://gbfs.org/specification/reference/"
_DISCOVERY = re.compile(
    rb'"name"\s*:\s*"(gbfs|gbfs_versions|system_information|station_information|vehicle_types'
    rb'|free_bike_status|vehicle_status)"'
)
# SPDX names that differ from what the list of licences knows.
_SPDX = {
    "odbl-1.0": "odbl", "odc-by-1.0": "odby", "pddl-1.0": "odcpddl",
    "cc-by-3.0-de": "cc-by-de-3.0", "cc-by-sa-3.0-de": "cc-by-sa-de-3.0",
    "cc-by-nc-3.0-de": "cc-by-nc-de-3.0",
}  # fmt: skip


class GbfsOptions(Options):
    """Options of a GBFS source."""

    title: str = Field("", description="title of the record; else the system's name")
    license: str = Field(
        "", description="licence, an id or address of config/licenses.json; else the system's own"
    )
    stations: bool = Field(True, description="also publish the stations as a map layer (GeoJSON)")


@dataclass(slots=True)
class _Handle:
    layer: Path
    reader: SystemReader | None = None  # None: the system is read when it is fetched
    info: dict[str, Any] | None = None
    area: Any = None


class GbfsSource(Source[GbfsOptions]):
    """One record for each system: its files by their addresses, its stations as a map layer."""

    name: ClassVar[str] = "gbfs"
    summary: ClassVar[str] = "Sharing system (GBFS 1 to 3: gbfs.json or manifest.json)"
    options_type: ClassVar[type[Options]] = GbfsOptions

    _total: int | None = None

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """JSON that lists files of GBFS, or a manifest of systems."""
        if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") or b'"data"' not in head:
            return False
        manifest = all(word in head for word in (b'"datasets"', b'"system_id"', b'"versions"'))
        return manifest or (b'"feeds"' in head and bool(_DISCOVERY.search(head)))

    @property
    def total(self) -> int | None:
        """How many systems there are."""
        return self._total

    def discover(self) -> Iterator[RecordRef]:
        """The system, or those of the manifest; each known by its ``system_id``."""
        location = self.config.location
        document = self._load(self.config.url) if self.config.url else self._load_file()
        if gbfs_files.is_manifest(document):
            yield from self._systems(document)
            return
        if not gbfs_files.feeds(document, location)[0]:
            raise SourceError(f"{location} is no GBFS discovery file: it lists no feeds.")
        reader = SystemReader(self._load, document, self.config.url or location)
        info = reader.information()
        self._total = 1
        with TemporaryDirectory(prefix="myk-gbfs-") as folder:
            handle = _Handle(Path(folder) / _LAYER, reader, info)
            yield RecordRef(text(info.get("system_id")) or "system", self.config.url or "", handle)

    def _systems(self, document: dict[str, Any]) -> Iterator[RecordRef]:
        datasets = gbfs_files.items(document, "datasets")
        if not datasets:
            raise SourceError(f"{self.config.location} lists no systems.")
        self._total = len(datasets)
        for dataset in datasets:
            key = text(dataset.get("system_id"))
            address = gbfs_files.newest(dataset, self.config.url or "")
            if not key or not address:
                self.complete = False
                self.warnings.append(f"a system without id or address in the manifest: {key}")
                continue
            with TemporaryDirectory(prefix="myk-gbfs-") as folder:
                handle = _Handle(Path(folder) / _LAYER, area=dataset.get("area"))
                yield RecordRef(key, address, handle)

    def _load(self, address: str) -> dict[str, Any]:
        download = self.fetcher.get(address, accept="application/json")
        return gbfs_files.parse(download.content, address)

    def _load_file(self) -> dict[str, Any]:
        return gbfs_files.parse(self.read_file(), str(self.config.path))

    def fetch(self, ref: RecordRef) -> RawRecord:
        """Read the files of the system."""
        handle: _Handle = ref.handle
        reader = handle.reader or SystemReader(self._load, self._load(ref.uri), ref.uri)
        info = handle.info if handle.info is not None else reader.information()
        return RawRecord(ref, reader.read(info, handle.area))

    def normalise(self, raw: RawRecord) -> Record:
        """The record, with the stations to upload."""
        system: System = raw.content
        notes = list(system.notes)
        fields = self._fields(system)
        fields["resources"] = self._distributions(raw.ref, system, notes)
        files: dict[int, LocalFile] = {}
        if self.options.stations and system.stations:
            layer: Path = raw.ref.handle.layer
            write_points(layer, system.stations)
            key = f"{raw.ref.identity} stations"
            stations, files[len(fields["resources"])] = upload(layer, self.config.name, key)
            words = {"name": "Stationen (Karte)", "format": "GeoJSON"}
            fields["resources"].append(
                stations | words | {"mimetype": "application/geo+json"} | _credit(system)
            )
        record = normalise.record(raw.ref, fields, self.vocabulary, notes)
        record.files = files
        record.organisation = normalise.organisation(
            record, self.config, CatalogueInfo(), self.vocabulary
        )
        return record

    def _fields(self, system: System) -> dict[str, Any]:
        info = system.info
        name = text(info.get("name")) or self.config.label()
        operator = text(info.get("operator")) or name
        address = text(info.get("url"))
        service = {"email": text(info.get("email")), "telephone": text(info.get("phone_number"))}
        contacts = [{"email": text(info.get("feed_contact_email"))}, service]
        terms = text(info.get("terms_url"))
        started = iso_date(text(info.get("start_date")))
        return {
            "title": self.options.title or name,
            "notes": gbfs_words.description(system),
            "publisher": [{"name": operator, "url": address}],
            "contact": [{"name": operator, **c} for c in contacts if any(c.values())],
            "language": list(dict.fromkeys(word.split("-")[0] for word in system.languages)),
            "license_id": self.options.license or self._licence(info),
            "url": address,
            "documentation": [terms] if terms else [],
            "frequency": "continual",
            "theme": [f"{eu.EU}data-theme/TRAN"],
            "tags": [{"name": word} for word in gbfs_words.keywords(system)],
            "temporal_coverage": [{"start": started}] if started else [],
            "spatial_coverage": system.coverage,
        }

    def _licence(self, info: dict[str, Any]) -> str:
        """By its SPDX name or its address, whichever is known here."""
        spdx, address = text(info.get("license_id")), text(info.get("license_url"))
        for value in (spdx, _SPDX.get(spdx.lower(), ""), address):
            if value and self.vocabulary.licence(value):
                return value
        return spdx or address

    def _distributions(
        self, ref: RecordRef, system: System, notes: list[str]
    ) -> list[dict[str, Any]]:
        """The files of the system, led by the one that lists them."""
        addresses = {"gbfs": ref.uri} if ref.uri else {}
        addresses |= {name: url for name, url in system.addresses.items() if name != "gbfs"}
        out = []
        for name, address in addresses.items():
            if not web_address(address):
                notes.append(f"{name}: no web address: {address}"[:300])
                continue
            out.append(
                {
                    "name": gbfs_words.file_name(name),
                    "url": address,
                    "access_url": address,
                    "download_url": address,
                    "format": "GBFS",
                    "mimetype": "application/json",
                    "conforms_to": [_REFERENCE],
                }
                | _credit(system)
            )
        return out


def _credit(system: System) -> dict[str, str]:
    """Who has to be named, from version 3 on."""
    return {"license_attribution_by_text": text(system.info.get("attribution_organization_name"))}
