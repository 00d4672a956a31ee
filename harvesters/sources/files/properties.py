"""What a file says of itself: PDF, and the office formats. Nothing in it is run or fetched."""

from __future__ import annotations

import logging
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pypdf
from lxml import etree

from harvesters import safexml
from harvesters.dates import iso_date
from harvesters.errors import HarvestError, RecordError
from harvesters.sources.documents import FILE_TYPES
from harvesters.text import clean_line

_PDF_SIZE = 150 * 1024 * 1024  # larger ones are not looked into
_PART_SIZE = 2 * 1024 * 1024  # of the properties, unpacked
_MEMBERS = 20_000
_LENGTH = 2000  # letters of one property
# Programs write these when nobody gave a title.
_NO_TITLE = re.compile(
    r"(?i)microsoft (?:word|excel|powerpoint)|(?:untitled|unbenannt|unknown|titel|title|slide|folie"
    r"|dokument|document|präsentation|powerpoint-präsentation|powerpoint presentation|tabelle"
    r"|mappe|vorlage|layout|scan|image|bild)[ _-]?\d*$"
    r"|.{0,300}\.(?:docx?|dotx?|xlsx?|pptx?|od[tsp]|indd|qxd|pdf|tmp|rtf|dwg|cdr|jpe?g|tiff?)$|[\W\d_]*$"
)
_PDF_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(?:(Z|[+-]\d\d)'?(\d\d)?'?)?")

# It tells of every small flaw in a file; the report has its own words.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


@dataclass(slots=True)
class Properties:
    """Texts as written, dates as ISO 8601; all may be empty. ``notes`` says what went wrong."""

    title: str = ""
    subject: str = ""
    author: str = ""
    language: str = ""
    created: str = ""
    modified: str = ""
    keywords: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(path: Path, kind: str) -> Properties:
    """The properties of a file with the ending ``kind``.

    Raises RecordError if it is empty, cannot be read or is plainly something else.
    """
    try:
        with path.open("rb") as stream:
            is_empty = not stream.read(1)
    except OSError as error:
        raise RecordError(f"the file cannot be read: {error.strerror}") from error
    if is_empty:
        raise RecordError("the file is empty")
    found = Properties()
    reader = _READERS.get(kind)
    if reader is not None:
        reader(path, kind, found)
    found.title = clean_line(found.title[:_LENGTH])
    if _NO_TITLE.match(found.title):
        found.title = ""
    for name in ("subject", "author", "language"):
        setattr(found, name, clean_line(getattr(found, name)[:_LENGTH]))
    found.keywords = [word for word in map(clean_line, found.keywords[:200]) if word]
    return found


# -- PDF ------------------------------------------------------------------------------------------


def _pdf(path: Path, kind: str, found: Properties) -> None:
    with path.open("rb") as stream:
        is_pdf = b"%PDF-" in stream.read(1024)
    if not is_pdf:
        raise RecordError("the file is no PDF, whatever its name says")
    if path.stat().st_size > _PDF_SIZE:
        found.notes.append("too large to look into: its properties were not read")
        return
    try:
        with path.open("rb") as stream:
            reader = pypdf.PdfReader(stream, strict=False)
            if reader.is_encrypted:
                reader.decrypt("")
            _info(reader.trailer.get("/Info"), found)
            root = _mapping(reader.trailer["/Root"])
            found.language = _plain(root.get("/Lang"))
            _xmp(root.get("/Metadata"), found)
    except Exception as error:  # noqa: BLE001 - the reader meets any nonsense with any error
        found.notes.append(f"its properties cannot be read: {type(error).__name__}")


def _mapping(value: Any) -> Mapping[str, Any]:
    value = value.get_object() if hasattr(value, "get_object") else value
    return value if isinstance(value, Mapping) else {}


def _plain(value: Any) -> str:
    value = value.get_object() if hasattr(value, "get_object") else value
    return str(value)[:_LENGTH] if isinstance(value, str) else ""


def _info(value: Any, found: Properties) -> None:
    info = _mapping(value)
    found.title = _plain(info.get("/Title"))
    found.subject = _plain(info.get("/Subject"))
    found.author = _plain(info.get("/Author"))
    found.keywords = _split(_plain(info.get("/Keywords")))
    found.created = _pdf_date(_plain(info.get("/CreationDate")))
    found.modified = _pdf_date(_plain(info.get("/ModDate")))


def _pdf_date(text: str) -> str:
    match = _PDF_DATE.match(text.strip())
    if not match:
        return iso_date(text)
    year, month, day, hour, minute, second, zone, zone_minutes = match.groups()
    if hour is None:
        return iso_date(f"{year}-{month}-{day}")
    offset = "" if not zone else "Z" if zone == "Z" else f"{zone}:{zone_minutes or '00'}"
    return iso_date(f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{offset}")


def _xmp(value: Any, found: Properties) -> None:
    """The newer properties of a PDF, where the older ones say nothing."""
    value = value.get_object() if hasattr(value, "get_object") else value
    if value is None or not hasattr(value, "get_data"):
        return
    content = value.get_data()
    if len(content) > _PART_SIZE:
        return
    try:
        root = safexml.parse(content.strip(b"\x00 \r\n\t"), "XMP")
    except HarvestError:
        return
    found.title = found.title or _best(root, "title")
    found.subject = found.subject or _best(root, "description")
    found.author = found.author or _best(root, "creator")
    found.keywords = found.keywords or safexml.texts(root, ".//subject/Bag/li")
    found.created = found.created or iso_date(safexml.text(root, ".//CreateDate"))
    found.modified = found.modified or iso_date(safexml.text(root, ".//ModifyDate"))


def _best(root: etree._Element, name: str) -> str:
    """A text of XMP in German, else in any language."""
    items = safexml.find_all(root, f".//{name}//li")
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    items.sort(key=lambda item: not item.get(language, "").lower().startswith("de"))
    return next(filter(None, (safexml.text(item) for item in items)), "")


def _split(text: str) -> list[str]:
    return [word for word in re.split(r"[,;]", text) if word.strip()]


# -- office formats: zips with their properties in XML --------------------------------------------


def _open_xml(path: Path, kind: str, found: Properties) -> None:
    _office(path, kind, "[Content_Types].xml", "docProps/core.xml", found)


def _odf(path: Path, kind: str, found: Properties) -> None:
    _office(path, kind, "META-INF/manifest.xml", "meta.xml", found)


def _office(path: Path, kind: str, sign: str, part: str, found: Properties) -> None:
    """``sign`` is a member that every such file has, ``part`` the one with the properties."""
    label = FILE_TYPES[kind].label
    try:
        with zipfile.ZipFile(path) as archive:
            names = {info.filename for info in archive.infolist()[:_MEMBERS]}
            if sign not in names:
                raise RecordError(f"the file is no {label}, whatever its name says")
            if part not in names:
                return
            with archive.open(part) as stream:
                content = stream.read(_PART_SIZE + 1)
    except RecordError:
        raise
    except Exception as error:
        raise RecordError(
            f"the file is no {label}, or is damaged: it cannot be unpacked"
        ) from error
    if len(content) > _PART_SIZE:
        found.notes.append("its properties are too large to be read")
        return
    try:
        root = safexml.parse(content, part)
    except HarvestError as error:
        found.notes.append(f"its properties cannot be read: {error}")
        return
    found.title = safexml.text(root, ".//title")
    found.subject = safexml.text(root, ".//description") or safexml.text(root, ".//subject")
    found.author = safexml.text(root, ".//creator") or safexml.text(root, ".//initial-creator")
    found.language = safexml.text(root, ".//language")
    words = [*safexml.texts(root, ".//keywords"), *safexml.texts(root, ".//keyword")]
    found.keywords = [word for text in words for word in _split(text)]
    created = safexml.text(root, ".//created") or safexml.text(root, ".//creation-date")
    found.created = iso_date(created)
    found.modified = iso_date(safexml.text(root, ".//modified") or safexml.text(root, ".//date"))


_READERS: dict[str, Callable[[Path, str, Properties], None]] = {
    "pdf": _pdf,
    **dict.fromkeys(("docx", "xlsx", "pptx"), _open_xml),
    **dict.fromkeys(("odt", "ods", "odp"), _odf),
}
