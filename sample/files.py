"""Writes the files of the sample region from what sample/contents/ says of them.

A file is described by one of: `table` (text with ";"; a YAML anchor shares one between files),
`series` (a measurement series), `lines` (GeoJSON lines and areas), `text` (as it is), `gtfs` (a
timetable), `report` (Markdown, becomes a PDF).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
import os
import random
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

# Before openpyxl is imported: with and without lxml it writes the same sheet in other bytes.
os.environ["OPENPYXL_LXML"] = "False"

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from sample import gtfs, pdf
from sample.catalog import SAMPLE_NOTE

MARK = "Musterdaten"
FIXED = (2026, 1, 1, 0, 0, 0)
Row = dict[str, str]
Places = Mapping[str, list[str]]


def render(name: str, spec: Mapping[str, Any], places: Places) -> bytes:
    """The bytes of one file."""
    if "report" in spec:
        return pdf.render(spec["report"])
    if "gtfs" in spec:
        return gtfs.render(spec["gtfs"])
    if "text" in spec:
        return str(spec["text"]).encode(spec.get("encoding", "utf-8"))
    if "lines" in spec:
        return _geojson([_line(feature) for feature in spec["lines"]])
    rows = _series(name, spec["series"]) if "series" in spec else read_table(spec["table"])
    ending = name.rsplit(".", 1)[-1]
    writers: dict[str, Callable[[], bytes]] = {
        "csv": lambda: _csv(rows, spec),
        "json": lambda: _json(rows, spec),
        "geojson": lambda: _geojson([_point(row, places) for row in rows]),
        "xlsx": lambda: _xlsx(rows, spec),
    }
    return writers[ending]()


def read_table(text: str) -> list[Row]:
    """A hand-written table: first line the columns, then rows, separated by ";"."""
    lines = list(csv.reader(io.StringIO(text.strip()), delimiter=";"))
    columns = [c.strip() for c in lines[0]]
    rows = []
    for line in lines[1:]:
        if len(line) != len(columns):
            raise ValueError(f"{len(line)} values for {len(columns)} columns: {line}")
        rows.append({c: v.strip() for c, v in zip(columns, line, strict=True)})
    return rows


def number(text: str) -> int | float | None:
    """The number a German table cell holds, if it holds one (keys with leading zeros are text)."""
    plain = text.replace(".", "") if "," in text else text
    plain = plain.replace(",", ".")
    if len(text) > 1 and text[0] == "0" and text[1].isdigit():
        return None
    try:
        return int(plain) if plain.lstrip("-").isdigit() else float(plain)
    except ValueError:
        return None


def _csv(rows: list[Row], spec: Mapping[str, Any]) -> bytes:
    out = io.StringIO()
    if spec.get("mark") == "line":
        out.write(f"# {SAMPLE_NOTE}\r\n")
        marked = rows
    else:
        marked = [{**row, "hinweis": MARK} for row in rows]
    writer = csv.DictWriter(out, list(marked[0]), delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(marked)
    return out.getvalue().encode(spec.get("encoding", "utf-8"))


def _value(text: str) -> str | int | float | None:
    value = number(text)
    return value if value is not None else (text or None)


def _json(rows: list[Row], spec: Mapping[str, Any]) -> bytes:
    data = {
        "hinweis": SAMPLE_NOTE,
        "stand": spec.get("stand"),
        "daten": [{k: _value(v) for k, v in row.items()} for row in rows],
    }
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


def _point(row: Row, places: Places) -> dict[str, Any]:
    """A row as a point: its own lat and lon, or those of the municipality in `ort`."""
    if row.get("lat"):
        lat, lon = row["lat"], row["lon"]
    else:
        lat, lon = places[row["ort"]][2:4]
    properties = {k: _value(v) for k, v in row.items() if k not in ("lat", "lon")}
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Point", "coordinates": [float(lon), float(lat)]},
    }


def _line(feature: Mapping[str, Any]) -> dict[str, Any]:
    """`points` as "lon lat, lon lat, …"; a ring if it ends where it began."""
    points = [[float(n) for n in pair.split()] for pair in feature["points"].split(",")]
    ring = points[0] == points[-1]
    return {
        "type": "Feature",
        "properties": {k: _value(v) for k, v in feature.items() if k != "points"},
        "geometry": {
            "type": "Polygon" if ring else "LineString",
            "coordinates": [points] if ring else points,
        },
    }


def _geojson(features: list[dict[str, Any]]) -> bytes:
    for feature in features:
        feature["properties"]["hinweis"] = MARK
    data = {"type": "FeatureCollection", "hinweis": SAMPLE_NOTE, "features": features}
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


def _xlsx(rows: list[Row], spec: Mapping[str, Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise RuntimeError("a new workbook has a sheet")
    sheet.title = spec.get("sheet", "Daten")
    sheet.append(list(rows[0]))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append([_value(v) for v in row.values()])
    for index, column in enumerate(rows[0], start=1):
        width = max(len(column), *(len(row[column]) for row in rows))
        sheet.column_dimensions[get_column_letter(index)].width = min(width, 50) + 2
    notes = book.create_sheet("Hinweise")
    for line in (SAMPLE_NOTE, *spec.get("notes", [])):
        notes.append([line])
    moment = dt.datetime(*FIXED)
    book.properties.created = moment
    book.properties.creator = "MYK Competence Hub"
    book.properties.title = f"{sheet.title} ({MARK})"
    raw = io.BytesIO()
    book.save(raw)
    return _fixed_zip(raw.getvalue())


def _fixed_zip(data: bytes) -> bytes:
    """The same archive with one time stamp everywhere (openpyxl writes the present time).

    Stored, not deflated: what zlib makes of the same bytes differs from build to build.
    """
    stamp = dt.datetime(*FIXED).strftime("%Y-%m-%dT%H:%M:%SZ")
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in sorted(old.namelist()):
            content = old.read(name)
            if name == "docProps/core.xml":
                head, _, rest = content.decode().partition("<dcterms:modified")
                opening, _, tail = rest.partition(">")
                _, _, tail = tail.partition("</")
                content = f"{head}<dcterms:modified{opening}>{stamp}</{tail}".encode()
            new.writestr(zipfile.ZipInfo(name, FIXED), content)
    return out.getvalue()


def _series(name: str, spec: Mapping[str, Any]) -> list[Row]:
    """Plausible measurements: a daily and a slow wave, some noise, now and then an event."""
    dice = random.Random(name)  # noqa: S311  (the name is the seed: the same file each time)
    moment = dt.datetime.fromisoformat(spec["start"])
    step = dt.timedelta(minutes=int(spec["minutes"]))
    rows = []
    surge = 0.0
    for index in range(int(spec["count"])):
        day = moment.hour / 24 + moment.minute / 1440
        surge = surge * 0.93 + (dice.uniform(0.4, 1.0) if dice.random() < 0.012 else 0.0)
        row = {"zeit": moment.strftime("%d.%m.%Y %H:%M")}
        for column, what in spec["columns"].items():
            value = float(what["base"])
            value += float(what.get("daily", 0)) * math.sin(2 * math.pi * (day - 0.35))
            value += float(what.get("slow", 0)) * math.sin(index / 97)
            value += float(what.get("noise", 0)) * dice.uniform(-1, 1)
            value += float(what.get("surge", 0)) * surge
            value = max(value, float(what.get("least", 0)))
            row[column] = f"{value:.{int(what.get('decimals', 0))}f}".replace(".", ",")
        for column, text in spec.get("fixed", {}).items():
            row[column] = text
        rows.append(row)
        moment += step
    return rows
