"""What the templates ask: texts in the visitor's language, dates, licences and formats in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlparse

import flask
import nh3
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from ckan import model
from ckan.plugins import toolkit
from markupsafe import Markup

#: The order in which pages list records when nobody asks for another.
NEWEST_FIRST = "current_date desc, metadata_modified desc"

_PARTIAL = re.compile(r"^(\d{4})(?:-(\d{2}))?$")
_SENTENCE = re.compile(r"(.+?[^\W\d_]{2}[)»“\"]?[.!?…])\s+(?=[A-ZÄÖÜ„»(\"])", re.DOTALL)

#: Fields of the file page and the dataset page that stand elsewhere on it.
SHOWN_ELSEWHERE = frozenset(
    {
        "title", "name", "notes", "title_en", "notes_en", "tag_string", "owner_org", "license_id",
        "contact", "url", "description", "format", "license", "license_attribution_by_text",
        "issued", "modified", "size", "temporal_coverage",
    }
)  # fmt: skip

#: Fields for machines and editors: below, behind a disclosure.
TECHNICAL = frozenset(
    {
        "identifier", "alternate_identifier", "contributor_id", "uri", "other_theme", "dcat_type",
        "political_geocoding_level_uri", "political_geocoding_uri", "hash", "hash_algorithm",
        "mimetype", "compress_format", "package_format", "conforms_to", "status", "access_url",
        "download_url", "quality_process_uri", "version_notes", "spatial_coverage",
        "spatial_resolution_in_meters", "temporal_resolution", "applicable_legislation",
        "hvd_category", "language", "harvest_source", "harvest_source_id", "harvest_source_url",
        "harvested_at", "harvest_hash", "harvest_gone_since", "harvest_keywords", "harvest_unread",
        "access_services", "qualified_relation", "attribution",
    }
)  # fmt: skip


def language() -> str:
    """Return the visitor's language, two letters."""
    return str(toolkit.h.lang()).split("_")[0]


def languages() -> list[dict[str, str]]:
    """Return the other languages of this page: code, name in itself, address of this page in it."""
    current = str(toolkit.h.lang())
    path = _path()
    query = urlencode(list(toolkit.request.args.items(multi=True)))
    out = []
    for offered in toolkit.h.get_available_locales():
        code = offered.short_name
        if code == current:
            continue
        # The default language has no prefix: each page has one address in each language.
        own = "default" if code == toolkit.config.get("ckan.locale_default") else code
        url = toolkit.h.url_for(path, locale=own)
        out.append(
            {
                "code": code.replace("_", "-"),
                "name": (offered.display_name or code).capitalize(),
                "url": f"{url}?{query}" if query else url,
            }
        )
    return out


def text(record: dict[str, Any], field: str) -> str:
    """Return a text of a record, organisation or hub in the visitor's language, else as it is.

    Texts in other languages stand beside the German one, as ``title_en``: as a field of a dataset,
    as an extra of an organisation or hub.
    """
    wanted = f"{field}_{language()}"
    value = record.get(wanted) or extra(record, wanted)
    if not value and field == "title":
        return str(record.get("title") or record.get("display_name") or record.get("name") or "")
    return str(value or record.get(field) or extra(record, field) or "")


def by_name() -> dict[str, dict[str, Any]]:
    """Return all active organisations and hubs with their extras, read once per request.

    Straight from the table: CKAN's listing actions read every extra and count of every group, which
    is too slow for something that every page shows. Names and titles of groups are public in CKAN.
    """
    found: dict[str, dict[str, Any]] | None = getattr(toolkit.g, "myk_groups", None)
    if found is None:
        columns = (
            model.Group.name,
            model.Group.title,
            model.Group.description,
            model.Group.extras,
            model.Group.is_organization,
        )
        rows = model.Session.query(*columns).filter(model.Group.state == "active")
        found = {
            name: {
                "name": name,
                "title": title or name,
                "description": description or "",
                "extras": dict(extras or {}),
                "is_organization": bool(is_organization),
            }
            for name, title, description, extras, is_organization in rows
        }
        toolkit.g.myk_groups = found
    return found


def extra(record: dict[str, Any], key: str) -> str:
    """Return an extra of an organisation or hub, or an empty text."""
    extras = record.get("extras") or []
    if isinstance(extras, dict):
        return str(extras.get(key) or "")
    for item in extras:
        if isinstance(item, dict) and item.get("key") == key:
            return str(item.get("value") or "")
    return ""


def day(value: Any) -> str:
    """Return a date as people write it: ``24. November 2026``, ``November 2026``, ``2026``.

    What cannot be read as a date is returned as it is.
    """
    if not value:
        return ""
    # Babel's plain English is American; this portal writes 24 November 2026.
    locale = Locale.parse("en_GB") if language() == "en" else Locale.parse(language())
    if isinstance(value, str):
        partial = _PARTIAL.match(value.strip())
        if partial and not partial[2]:
            return partial[1]
        try:
            if partial:
                month = date(int(partial[1]), int(partial[2]), 1)
                return str(format_date(month, "LLLL y", locale=locale))
            value = _moment(value.strip())
        except ValueError:
            return value
    if isinstance(value, datetime):
        value = _local(value).date()
    return str(format_date(value, "d MMMM y" if language() == "en" else "long", locale=locale))


def _moment(value: str) -> date | datetime:
    return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)


def _local(value: datetime) -> datetime:
    # CKAN stores its own times in UTC without saying so.
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(toolkit.h.get_display_timezone())


def when(record: dict[str, Any]) -> str:
    """Return how current a record is, in words and with the best date that it has."""
    if record.get("modified"):
        return toolkit._("As of {date}").format(date=day(record["modified"]))
    if record.get("issued"):
        return toolkit._("Published {date}").format(date=day(record["issued"]))
    changed = record.get("metadata_modified")
    return toolkit._("Entered {date}").format(date=day(changed)) if changed else ""


def period(record: dict[str, Any]) -> list[str]:
    """Return the periods that a record is about, in words."""
    out = []
    for part in record.get("temporal_coverage") or []:
        if not isinstance(part, dict):
            continue
        start, end = day(part.get("start")), day(part.get("end"))
        if start and end:
            out.append(
                start
                if start == end
                else toolkit._("{start} to {end}").format(start=start, end=end)
            )
        elif start:
            out.append(toolkit._("since {start}").format(start=start))
        elif end:
            out.append(toolkit._("until {end}").format(end=end))
    return out


def summary(record: dict[str, Any], length: int = 220) -> str:
    """Return the first sentence of a description as plain text, cut at a word if it is long."""
    plain = " ".join(str(toolkit.h.markdown_extract(text(record, "notes"), 0)).split())
    sentence = _SENTENCE.match(plain)
    if sentence and len(sentence[1]) > 30:
        plain = sentence[1]
    if len(plain) <= length:
        return plain
    return plain[:length].rsplit(" ", 1)[0].rstrip(",;:–- ") + " …"


def markdown(source: Any) -> Markup:
    """Render a record's description: CKAN's safe Markdown, and no pictures.

    A picture would be fetched from wherever the record says, by everyone who reads it.
    """
    rendered = str(toolkit.h.render_markdown(str(source or "")))
    return Markup(nh3.clean(rendered, tags=nh3.ALLOWED_TAGS - {"img"}))  # noqa: S704 (just cleaned)


def kind(record: dict[str, Any]) -> str:
    """Return what kind of record it is, in a word."""
    words = {"dataset": toolkit._("Dataset")}
    name = str(record.get("type") or "dataset")
    return words.get(name) or name.replace("_", " ").capitalize()


def formats(record: dict[str, Any]) -> list[str]:
    """Return the formats of a record's files, each once."""
    found = (str(file.get("format") or "").strip() for file in record.get("resources") or [])
    return list(dict.fromkeys(name for name in found if name))


def file_kind(name: Any) -> str:
    """Return what a file format is for, in a word or two; empty when we do not know."""
    words: list[tuple[str, str]] = [
        ("csv tsv", toolkit._("Table")),
        ("xls xlsx ods", toolkit._("Spreadsheet")),
        ("geojson kml kmz gpx shp gml gpkg topojson", toolkit._("Map data")),
        ("wms wmts wfs", toolkit._("Map service")),
        ("pdf doc docx odt rtf txt md", toolkit._("Document")),
        ("html htm", toolkit._("Web page")),
        ("ics", toolkit._("Calendar")),
        ("gtfs", toolkit._("Timetable")),
        ("rss atom", toolkit._("News feed")),
        ("png jpg jpeg tif tiff gif svg webp", toolkit._("Picture")),
        ("zip 7z tar gz", toolkit._("Archive")),
        ("json xml parquet", toolkit._("Data for programs")),
        ("rdf ttl jsonld n3", toolkit._("Linked data")),
        ("api rest sparql odata", toolkit._("Interface for programs")),
    ]
    wanted = str(name or "").lower().strip()
    return next((word for group, word in words if wanted in group.split()), "")


def current_date(record: dict[str, Any]) -> str:
    """Return the date that says how current a record is, as ``when`` shows it, for the index.

    A date in the future is a slip (or the date of an event): it would stand on top for ever.
    """
    today = date.today().isoformat()
    for field in ("modified", "issued", "metadata_modified"):
        stamp = str(record.get(field) or "")[:10]
        match = _PARTIAL.match(stamp[:7])
        if match and stamp <= today:
            return f"{match[1]}-{match[2] or '01'}-{stamp[8:10] or '01'}T00:00:00Z"
    return ""


def file_action(file: dict[str, Any]) -> str:
    """Return the verb for a file's button: what happens when one presses it."""
    name = str(file.get("format") or "").lower()
    if name in ("wms", "wmts", "wfs", "api", "rest", "sparql", "odata"):
        return toolkit._("Open the service")
    if file.get("url_type") == "upload" or name not in ("", "html", "htm"):
        return toolkit._("Download")
    return toolkit._("Open")


def size(value: Any) -> str:
    """Return a file size as people write it: ``12 KB``, ``1,4 MB``."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value or "")
    for unit in ("KB", "MB", "GB", "TB"):
        number /= 1000
        if number < 999.5 or unit == "TB":
            break
    digits = "0.#" if unit != "KB" and number < 100 else "0"
    shown = format_decimal(max(number, 1 if unit == "KB" else 0), digits, locale=language())
    return f"{shown} {unit}"


def host(url: Any) -> str:
    """Return the host of a web address, without ``www.``."""
    return (urlparse(str(url or "")).hostname or "").removeprefix("www.")


def short_address(url: Any) -> str:
    """Return a web address as people read it: without the scheme, its middle cut when long."""
    plain = re.sub(r"^https?://(www\.)?", "", str(url or "")).rstrip("/")
    return plain if len(plain) <= 70 else f"{plain[:40]}…{plain[-25:]}"


def licence(licence_id: Any, title: Any = "", url: Any = "") -> dict[str, str]:
    """Return a licence in words: ``words`` (what one may do), its ``title`` and its ``url``."""
    entry = _licence_entry(str(licence_id or ""))
    name = entry.get(f"title_{language()}") or entry.get("title") or title or licence_id or ""
    return {
        "words": _permission(str(entry.get("id") or licence_id or ""), entry),
        "title": str(name),
        "url": str(entry.get("text_url") or entry.get("url") or url or ""),
    }


def _licence_entry(wanted: str) -> dict[str, Any]:
    """The register's entry for an id or, as files have it, a URI."""
    if not wanted:
        return {}
    register = model.Package.get_license_register()
    if wanted in register:
        return dict(register[wanted].license_dictize())
    folded = wanted.rstrip("/").casefold()
    for known in register.values():
        data = known.license_dictize()
        names = [data.get("url"), *(data.get("aliases") or [])]
        if folded in {str(name).rstrip("/").casefold() for name in names if name}:
            return dict(data)
    return {}


def _permission(licence_id: str, entry: dict[str, Any]) -> str:
    parts = set(re.split(r"[-_/.]", licence_id.lower()))
    if not licence_id:
        return toolkit._("No licence is given. Please ask the publisher before you use the data.")
    if not entry or parts & {"closed", "commercial", "freeware"}:
        return toolkit._("Use is restricted. Please ask the publisher.")
    if "nc" in parts:
        return toolkit._("Free to use for non-commercial purposes if you name the source.")
    if "nd" in parts:
        return toolkit._("Free to pass on unchanged if you name the source.")
    if parts & {"sa", "odbl", "gfdl", "gpl"}:
        return toolkit._(
            "Free to use if you name the source and share what you make under the same terms."
        )
    if parts & {"zero", "pddl", "odcpddl", "ccpdm", "officialwork", "pdm"}:
        return toolkit._("Free to use, without conditions.")
    if parts & {"by", "odby", "geonutz"}:
        return toolkit._("Free to use if you name the source.")
    return toolkit._("Free to use under the terms of its licence.")


def theme(uri: Any) -> str:
    """Return the name of an EU theme, from the schema's choices; else the address's last part."""
    for choice in _choices("theme"):
        if choice.get("value") == uri:
            return str(toolkit.h.scheming_language_text(choice.get("label")))
    return str(uri or "").rstrip("/").rsplit("/", 1)[-1]


def _choices(field_name: str) -> list[dict[str, Any]]:
    schema = toolkit.h.scheming_get_dataset_schema("dataset") or {}
    for field in schema.get("dataset_fields", []):
        if field.get("field_name") == field_name:
            return list(field.get("choices") or [])
    return []


def facet_label(facet: str, value: str, shown: str = "") -> str:
    """Return a value of a filter in words."""
    if facet == "theme":
        return theme(value)
    if facet in ("license_id", "res_license"):
        return licence(value)["title"] or shown or value
    if facet in ("organization", "groups"):
        known = by_name().get(value)
        return text(known, "title") if known else shown or value
    return shown or value


def facets(titles: dict[str, str], found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the filters of a search page, with counts and addresses, active values first."""
    out = []
    for name, title in titles.items():
        if toolkit.h.get_facet_items_dict(name, found or {}):
            items = [_facet_item(name, item) for item in _items(name, found or {})]
            items.sort(key=lambda item: (not item["active"], -item["count"], item["label"].lower()))
            out.append(
                {
                    "name": name,
                    "title": title,
                    "items": items,
                    "active": any(item["active"] for item in items),
                    "more": _more(name, found or {}),
                }
            )
    return out


def _items(name: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = toolkit.h.get_facet_items_dict(name, found)
    # An active value must stay removable, even where it is not among the most frequent.
    shown = {item["name"] for item in items}
    for item in found.get(name, {}).get("items", []):
        if item["name"] not in shown and item["name"] in toolkit.request.args.getlist(name):
            items.append({**item, "active": True})
    return items


def _facet_item(facet: str, item: dict[str, Any]) -> dict[str, Any]:
    active = bool(item.get("active"))
    here = page_address()
    if active:
        url = toolkit.h.remove_url_param(facet, item["name"], alternative_url=here)
    else:
        url = toolkit.h.add_url_param(new_params={facet: item["name"]}, alternative_url=here)
    return {
        "label": facet_label(facet, item["name"], item.get("display_name", "")),
        "count": int(item.get("count", 0)),
        "active": active,
        "url": url,
    }


def _more(name: str, found: dict[str, Any]) -> dict[str, str] | None:
    parameter = f"_{name}_limit"
    here = page_address()
    if toolkit.h.has_more_facets(name, found):
        url = toolkit.h.remove_url_param(parameter, replace="0", alternative_url=here)
        return {"url": f"{url}#filter-{name}", "label": toolkit._("Show all")}
    if parameter in toolkit.request.args:
        url = toolkit.h.remove_url_param(parameter, alternative_url=here)
        return {"url": f"{url}#filter-{name}", "label": toolkit._("Show fewer")}
    return None


def active_filters(
    fields: Iterable[tuple[str, str]], titles: dict[str, str], found: dict[str, Any] | None
) -> list[dict[str, str]]:
    """Return the filters in force: what they are and the address without each."""
    out = []
    for name, value in fields:
        items = (found or {}).get(name, {}).get("items", [])
        shown = next((item["display_name"] for item in items if item["name"] == value), "")
        out.append(
            {
                "facet": str(titles.get(name, name)),
                "label": facet_label(name, value, shown),
                "url": toolkit.h.remove_url_param(name, value, alternative_url=page_address()),
            }
        )
    return out


def page_address() -> str:
    """Return this page's address in the visitor's language, without its query."""
    return str(toolkit.h.url_for(_path()))


def _path() -> str:
    """The path of this page, without language and query."""
    path = str(toolkit.request.environ.get("CKAN_CURRENT_URL", "/")).split("?")[0]
    # One slash: "//host/…" would be another site's address in a link.
    return "/" + quote(path.lstrip("/\\"))


def sort_links(chosen: str | None, query: str | None) -> list[dict[str, Any]]:
    """Return the sort orders of a search page; by relevance only where there are words."""
    orders = [
        (toolkit._("Best match"), "score desc, metadata_modified desc"),
        (toolkit._("Newest first"), NEWEST_FIRST),
        (toolkit._("A to Z"), "title_string asc"),
    ]
    if not query:
        orders = orders[1:]
    current = toolkit.request.args.get("sort") or chosen or ""
    known = [value for _label, value in orders]
    return [
        {
            "label": label,
            "url": toolkit.h.remove_url_param(
                "sort", replace=value, alternative_url=page_address()
            ),
            "active": value == current or (current not in known and value == known[0]),
        }
        for label, value in orders
    ]


def details(record: dict[str, Any], fields: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Sort the schema's fields that this record fills into ``main`` and ``technical``."""
    out: dict[str, list[Any]] = {"main": [], "technical": []}
    for field in fields:
        name = field["field_name"]
        if (
            name in SHOWN_ELSEWHERE
            or field.get("display_snippet", "") is None
            or not _filled(record.get(name))
        ):
            continue
        out["technical" if name in TECHNICAL else "main"].append(field)
    return out


def _filled(value: Any) -> bool:
    if isinstance(value, list):
        return any(_filled(item) for item in value)
    if isinstance(value, dict):
        return any(_filled(item) for item in value.values())
    return value not in (None, "")


def is_page() -> bool:
    """Say whether a page of the portal asks, not the API or a job."""
    pages = ("dataset", "organization", "group")
    return bool(flask.has_request_context()) and toolkit.request.blueprint in pages


def is_ours() -> bool:
    """Say whether the visitor is signed in (staff see tools that others do not need)."""
    return bool(toolkit.current_user.is_authenticated)


def logo() -> str:
    """Return the operator's logo; empty while CKAN's own stands there."""
    chosen = str(toolkit.config.get("ckan.site_logo") or "")
    return "" if "ckan-logo" in chosen else chosen


def site_title() -> str:
    """Return the portal's name in the visitor's language."""
    own = toolkit.config.get("ckanext.myk.site_title_en") if language() == "en" else ""
    return str(own or toolkit.config.get("ckan.site_title") or "CKAN")


def all_helpers() -> dict[str, Callable[..., Any]]:
    """Return the helpers under the names that templates use."""
    functions = (
        active_filters, day, details, extra, facet_label, facets, file_action, file_kind, formats,
        host, is_ours, kind, language, languages, licence, logo, markdown, period, short_address,
        site_title, size, sort_links, summary, text, theme, when,
    )  # fmt: skip
    return {f"myk_{function.__name__}": function for function in functions}
