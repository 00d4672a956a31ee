"""Documents: what sources of texts have in common, whatever they find them in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

from pydantic import Field

from harvesters import normalise, shape
from harvesters.dates import iso_date
from harvesters.model import CatalogueInfo, Record, RecordRef
from harvesters.sources.base import Options, Source
from harvesters.text import clean_line

Kind = Literal[
    "",
    "paper", "resolution", "protocol", "invitation", "report", "statute", "guideline", "notice",
    "news", "page", "form", "other",
]  # fmt: skip


class DocumentOptions(Options):
    """What every source of documents takes."""

    license: str = Field("", description="licence, an id or address of config/licenses.json")
    kind: Kind = Field("", description="kind of all its documents; else guessed from each title")


@dataclass(frozen=True, slots=True)
class FileType:
    """What a file's ending stands for."""

    label: str
    media_type: str


_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
#: The endings that are documents, lower case, without the dot.
FILE_TYPES = {
    "pdf": FileType("PDF", "application/pdf"),
    "docx": FileType("DOCX", f"{_OPEN_XML}.wordprocessingml.document"),
    "xlsx": FileType("XLSX", f"{_OPEN_XML}.spreadsheetml.sheet"),
    "pptx": FileType("PPTX", f"{_OPEN_XML}.presentationml.presentation"),
    "odt": FileType("ODT", f"{_ODF}.text"),
    "ods": FileType("ODS", f"{_ODF}.spreadsheet"),
    "odp": FileType("ODP", f"{_ODF}.presentation"),
    "doc": FileType("DOC", "application/msword"),
    "xls": FileType("XLS", "application/vnd.ms-excel"),
    "ppt": FileType("PPT", "application/vnd.ms-powerpoint"),
    "rtf": FileType("RTF", "application/rtf"),
    "csv": FileType("CSV", "text/csv"),
    "txt": FileType("TXT", "text/plain"),
    "epub": FileType("EPUB", "application/epub+zip"),
    "eml": FileType("EML", "message/rfc822"),
}
_BY_MEDIA_TYPE = {known.media_type: ending for ending, known in FILE_TYPES.items()}


def ending(name: str) -> str:
    """The ending of a document's file name or address path, or nothing if it is no document."""
    found = re.search(r"\.([A-Za-z0-9]{1,5})$", name)
    return found[1].lower() if found and found[1].lower() in FILE_TYPES else ""


def ending_of_type(media_type: str) -> str:
    """The ending for a media type that documents have, or nothing."""
    return _BY_MEDIA_TYPE.get(media_type.split(";")[0].strip().lower(), "")


def described(kind: str) -> dict[str, str]:
    """Format and media type of a resource, from an ending."""
    known = FILE_TYPES.get(kind)
    return {"format": known.label, "mimetype": known.media_type} if known else {}


# -- titles ---------------------------------------------------------------------------------------

_LABELS = frozenset(known.label.lower() for known in FILE_TYPES.values())
_SIZE = re.compile(r"\d{1,9}(?:[.,]\d{1,6})?\s?(?:[KMG]i?B|(?:Kilo|Mega)?bytes?)\b", re.IGNORECASE)
_NEW_WINDOW = re.compile(
    r"\b(?:öffnet|opens?)(?: sich)? (?:in|im)(?: einem| a)? (?:neue[nms]?|new)"
    r" (?:Fenster|Tab|window)",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\([^()\[\]]{0,120}\)|\[[^()\[\]]{0,120}\]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that say that there is a file, and nothing of what is in it.
_ASIDE = _LABELS | _words(
    "dokument datei download format dateigröße größe seite seiten nicht barrierefrei ist extern "
    "externer link herunterladen downloaden zum als pdf-datei pdf-dokument pdf-download ca"
)
_SAYS_NOTHING = _ASIDE | _words(
    "hier mehr weiter weiterlesen lesen klicken klick sie bitte here more click read this file die "
    "das der zur the ansehen öffnen anzeigen"
)
_JOINTS = " -–|:,;·/»›>"


def title_from_link(text: str) -> str:
    """The title that a link's words hold: ``Satzung (PDF, 120 KB)`` is ``Satzung``.

    Nothing where they only say that there is a file ("Download", "hier").
    """
    title = _NEW_WINDOW.sub("", clean_line(text[:2000])[:500])
    title = _BRACKETS.sub(lambda found: "" if _is_aside(found[0][1:-1]) else found[0], title)
    words = _SIZE.sub(" ", title).split() if _SIZE.search(title) else title.split()
    # At the end a format stands alone or behind a dash; before a title only with a colon or dash.
    while len(words) > 1 and words[-1].strip(_JOINTS).lower() in _TAILS:
        words.pop()
    while len(words) > 1 and _is_lead(words):
        words.pop(0)
    title = " ".join(words).strip(_JOINTS)
    if found := ending(title):
        title = title_from_file_name(title[: -len(found) - 1])
    return "" if _is_aside(title, _SAYS_NOTHING) else title


_TAILS = _LABELS | {"", "pdf-datei", "pdf-dokument", "pdf-download", "herunterladen", "download"}


def _is_lead(words: list[str]) -> bool:
    first = words[0].strip(_JOINTS).lower()
    parted = words[0][-1] in ":–" or words[1] in ("-", "–", ":", "|")
    return not first or (parted and first in _TAILS)


def _is_aside(text: str, known: frozenset[str] = _ASIDE) -> bool:
    """Whether ``text`` holds only words of ``known``, sizes, numbers and punctuation."""
    words = re.split(r"[\s,;:|/·–.()\[\]]+", _SIZE.sub(" ", text))
    return all(word.lower() in known or not re.search(r"[^\W\d_]", word) for word in words)


def title_from_file_name(name: str) -> str:
    """``Hundesteuer_satzung%202020.pdf`` in the words that a person would write."""
    name = unquote(name).rsplit("/", 1)[-1]
    if found := ending(name):
        name = name[: -len(found) - 1]
    words = name.replace("_", " ").replace("+", " ")
    if " " not in words.strip() and words.count("-") > 1:
        # A hyphen within a date stays.
        words = re.sub(r"(?<!\d)-|-(?!\d)", " ", words)
    words = clean_line(words)
    return words[:1].upper() + words[1:]


_KINDS: tuple[tuple[Kind, str], ...] = (
    ("news", r"presse(?:mitteilung|information|meldung)|press release|newsletter"),
    (
        "paper",
        r"(?:beschluss|sitzungs|informations|mitteilungs)vorlage|drucksache|(?:an|klein)e? anfrage"
        r"|\banfrage|antrag der \S*(?:fraktion|cdu|spd|grünen|fdp|fwg|afd|linke)|fraktionsantrag",
    ),
    ("protocol", r"niederschrift|protokoll|\bminutes\b"),
    ("invitation", r"einladung|tagesordnung|\bagenda\b|\binvitation\b"),
    (
        "statute",
        r"(?<!be)(?<!um)satzung|verordnung|(?:gebühren|entgelt|haus|geschäfts|benutzungs|nutzungs|markt"
        r"|friedhofs|schul|park|hafen|bade|entschädigungs|zuständigkeits)ordnung"
        r"|\bby-?laws?\b|\bstatutes?\b",
    ),
    ("guideline", r"richtlinie|leitfaden|leitlinie|merkblatt|handreichung|\bguidelines?\b"),
    (
        "notice",
        r"bekanntmachung|bekanntgabe|amtsblatt|mitteilungsblatt|allgemeinverfügung|ausschreibung"
        r"|\bpublic notice\b",
    ),
    (
        "form",
        r"(?<!be)antrag|formular|formblatt|vordruck|anmeldebogen|anmeldung|fragebogen"
        r"|einzugsermächtigung|sepa-?\s?(?:last|mandat)|\bapplication\b|\bform\b",
    ),
    ("report", r"bericht(?!ig)|gutachten|studie|\breport\b"),
    ("resolution", r"beschlu(?:ss|ß)|\bresolution\b"),
)
_KIND = re.compile("|".join(f"(?P<{kind}>{words})" for kind, words in _KINDS), re.IGNORECASE)


def kind_from_words(*texts: str) -> Kind:
    """The kind of document that the first of ``texts`` with a known word speaks of.

    What stands first in a title is what the document is: "Antrag nach der Baumschutzsatzung".
    """
    for text in texts:
        if found := _KIND.search(text[:500]):
            return next(kind for kind, _ in _KINDS if kind == found.lastgroup)
    return "other"


_MONTH = r"[A-Za-zäÄ]{3,9}"
_DAY = rf"(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}\.\s?\d{{1,2}}\.\s?\d{{4}}|\d{{1,2}}\.\s?{_MONTH}\s\d{{4}})"
_DATED = re.compile(
    rf"(?P<word>\b(?:vom|v\.|dated|Stand:?|am|bis|ab|until|from)\s+)?(?<!\d)(?P<day>{_DAY})(?!\d)",
    re.IGNORECASE,
)


def date_from_words(text: str) -> str:
    """The day that a title plainly gives ("vom 12.03.2020"), ISO 8601; nothing when in doubt."""
    days: list[str] = []
    for found in _DATED.finditer(text[:500]):
        word = (found["word"] or "").strip().lower()
        day = iso_date(found["day"])
        if not day or word in ("bis", "ab", "until", "from"):
            continue
        if word in ("vom", "v.", "dated"):
            return day
        days.append(day)
    return days[0] if len(set(days)) == 1 else ""


# -- the record -----------------------------------------------------------------------------------

_LINES = ("document_kind", "reference", "author", "outcome", "paper_type")
_DATES = ("document_date", "valid_from", "valid_until")
_FIELDS = (
    shape.DOCUMENT_TEXTS
    | shape.DOCUMENT_LISTS
    | set(shape.DOCUMENT_OBJECTS)
    | shape.PROVENANCE
    | {"type", "tags", "groups", "resources"}
)
_NOT_EXPECTED = "no description"  # said of datasets; a document is its own description


def record(
    source: Source[Any],
    ref: RecordRef,
    fields: dict[str, Any],
    notes: list[str],
    origin: CatalogueInfo | None = None,
) -> Record:
    """A record of type ``document``.

    ``fields`` are those of a dataset and those of documents; they are used up. ``origin`` is what
    the documents were found in; it names the organisation where nothing else does.
    """
    extras = fields.setdefault("extras", [])
    own: dict[str, Any] = {name: clean_line(str(fields.pop(name, "") or "")) for name in _LINES}
    for name in _DATES:
        value = str(fields.pop(name, "") or "").strip()
        day = iso_date(value)[:10]
        own[name] = day if len(day) == len("2020-01-01") else ""
        if value and not own[name]:
            extras.append({"key": name, "value": value})
            notes.append(f"{name} not readable as a day: {value}"[:300])
    bodies = (clean_line(str(body)) for body in fields.pop("bodies", None) or [])
    own["bodies"] = list(dict.fromkeys(body for body in bodies if body))
    made = normalise.record(ref, fields, source.vocabulary, notes)
    if _NOT_EXPECTED in notes:
        notes.remove(_NOT_EXPECTED)
    package = {key: value for key, value in made.package.items() if key in _FIELDS}
    made.package = package | {key: value for key, value in own.items() if value}
    made.package["type"] = "document"
    made.organisation = normalise.organisation(
        made, source.config, origin or CatalogueInfo(), source.vocabulary
    )
    return made
