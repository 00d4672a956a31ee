"""Timetables: static GTFS feeds, as a zip at an address, a zip on the disk, or a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from pydantic import Field

from harvesters import eu, normalise
from harvesters.errors import SourceError
from harvesters.geojson import upload
from harvesters.model import CatalogueInfo, LocalFile, RawRecord, Record, RecordRef
from harvesters.sources.base import Options, Source
from harvesters.sources.gtfs import words as gtfs_words
from harvesters.sources.gtfs.archive import Archive, pack
from harvesters.sources.gtfs.days import read_day
from harvesters.sources.gtfs.feed import Feed, FeedReader, why_no_feed

_IDENTITY = "feed"  # a source is one feed; it stays the same when address or publisher change
_LAYER = "haltestellen.geojson"
_REFERENCE = "https://gtfs.org/documentation/schedule/reference/"
# The names of a zip's files stand before their content, the first ones in its first kilobytes.
_NAMES = re.compile(
    rb"PK\x03\x04.{26}(?:[\w .-]+[/\\])?(?:agency|areas|attributions|booking_rules|calendar"
    rb"|calendar_dates|fare_attributes|fare_rules|feed_info|frequencies|levels|location_groups"
    rb"|pathways|routes|shapes|stop_areas|stop_times|stops|timeframes|transfers|translations|trips"
    rb")\.txt",
    re.DOTALL,
)


class GtfsOptions(Options):
    """Options of a GTFS source."""

    title: str = Field("", description="title of the record; else made from the feed's agency")
    license: str = Field(
        "", description="licence, an id or address of config/licenses.json; GTFS does not name it"
    )
    stops: bool = Field(True, description="also publish the stops as a map layer (GeoJSON)")


@dataclass(slots=True)
class _Handle:
    archive: Archive
    file: Path
    layer: Path


class GtfsSource(Source[GtfsOptions]):
    """One feed, one record: the feed itself, and its stops as a map layer."""

    name: ClassVar[str] = "gtfs"
    summary: ClassVar[str] = "Timetable (static GTFS: a zip, or a folder)"
    options_type: ClassVar[type[Options]] = GtfsOptions

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """A zip whose first files have names of GTFS."""
        return head.startswith(b"PK\x03\x04") and bool(_NAMES.search(head))

    @property
    def total(self) -> int | None:
        """Always one."""
        return 1

    def discover(self) -> Iterator[RecordRef]:
        """The feed; what is written to the disk for it is gone when the next one is asked for."""
        with TemporaryDirectory(prefix="myk-gtfs-") as made:
            folder = Path(made)
            file = self._file(folder)
            with Archive(file, self.config.location) as archive:
                if why := why_no_feed(archive):
                    raise SourceError(f"{self.config.location} is no GTFS feed: {why}.")
                handle = _Handle(archive, file, folder / _LAYER)
                yield RecordRef(_IDENTITY, self.config.url or "", handle)

    def _file(self, folder: Path) -> Path:
        """The feed as a zip on the disk."""
        file = folder / "gtfs.zip"
        if self.config.url:
            file.write_bytes(self.fetcher.get(self.config.url, accept="application/zip").content)
            return file
        assert self.config.path is not None  # noqa: S101 - the model has either path or url
        path = self.root / self.config.path
        try:
            if path.is_dir():
                pack(path, file)
                return file
            path.open("rb").close()
        except FileNotFoundError as error:
            raise SourceError(f"{self.config.path} does not exist.") from error
        except OSError as error:
            raise SourceError(f"{self.config.path} cannot be read: {error.strerror}.") from error
        return path

    def fetch(self, ref: RecordRef) -> RawRecord:
        """Read the feed from end to end."""
        handle: _Handle = ref.handle
        layer = handle.layer if self.options.stops else None
        return RawRecord(ref, FeedReader(handle.archive).read(layer))

    def normalise(self, raw: RawRecord) -> Record:
        """The record, with the files to upload."""
        feed: Feed = raw.content
        notes = list(feed.notes)
        fields = self._fields(feed)
        fields["resources"], files = self._distributions(raw.ref.handle, feed)
        record = normalise.record(raw.ref, fields, self.vocabulary, notes)
        record.files = files
        record.organisation = normalise.organisation(
            record, self.config, CatalogueInfo(), self.vocabulary
        )
        return record

    def _fields(self, feed: Feed) -> dict[str, Any]:
        info = feed.info
        agency = feed.agencies[0] if feed.agencies else {}
        only = agency if len(feed.agencies) == 1 else {}
        publisher = {"name": info.get("feed_publisher_name"), "url": info.get("feed_publisher_url")}
        if not publisher["name"]:
            publisher = {"name": agency.get("agency_name"), "url": agency.get("agency_url")}
        name = only.get("agency_name") or publisher["name"] or self.config.label()
        contact = {
            "name": publisher["name"] or "",
            "email": info.get("feed_contact_email") or only.get("agency_email"),
            "telephone": only.get("agency_phone"),
            "url": info.get("feed_contact_url"),
        }
        reachable = any(value for key, value in contact.items() if key != "name")
        language = (info.get("feed_lang") or agency.get("agency_lang") or "").split("-")[0]
        return {
            "title": self.options.title or f"Fahrplan {name}",
            "notes": gtfs_words.description(feed),
            "publisher": [publisher] if publisher["name"] else [],
            "contact": [contact] if reachable else [],
            "language": [language] if language else [],
            "version": info.get("feed_version", ""),
            "license_id": self.options.license,
            "url": agency.get("agency_url", "") if only else "",
            "theme": [f"{eu.EU}data-theme/TRAN"],
            "tags": [{"name": word} for word in gtfs_words.keywords(feed)],
            "temporal_coverage": [_period(feed)],
            "spatial_coverage": feed.coverage,
        }

    def _distributions(
        self, handle: _Handle, feed: Feed
    ) -> tuple[list[dict[str, Any]], dict[int, LocalFile]]:
        files: dict[int, LocalFile] = {}
        timetable: dict[str, Any] = {
            "access_url": self.config.url,
            "download_url": self.config.url,
            "url": self.config.url,
        }
        if not self.config.url:
            timetable, files[0] = upload(handle.file, self.config.name, f"{_IDENTITY} gtfs")
        timetable |= {
            "name": "Fahrplan (GTFS)",
            "format": "GTFS",
            "mimetype": "application/zip",
            "conforms_to": [_REFERENCE],
        }
        resources = [timetable]
        if feed.layer:
            layer, files[1] = upload(feed.layer, self.config.name, f"{_IDENTITY} stops")
            resources.append(
                layer
                | {
                    "name": "Haltestellen (Karte)",
                    "description": "Haltestellen und Stationen mit den Linien, die dort halten.",
                    "format": "GeoJSON",
                    "mimetype": "application/geo+json",
                }
            )
        return resources, files


def _period(feed: Feed) -> dict[str, str]:
    """From the first to the last day of service; else what the publisher says."""
    start = feed.first or read_day(feed.info.get("feed_start_date", ""))
    end = feed.last or read_day(feed.info.get("feed_end_date", ""))
    return {"start": start.isoformat() if start else "", "end": end.isoformat() if end else ""}
