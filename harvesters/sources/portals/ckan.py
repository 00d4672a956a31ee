"""Other CKAN portals, by their API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import quote, urlencode, urljoin

from pydantic import Field

from harvesters import eu, shape
from harvesters.errors import AnswerError, SourceError
from harvesters.model import RecordRef
from harvesters.sources.base import Options
from harvesters.sources.portals.json_source import JsonSource, Names, Page, count
from harvesters.sources.portals.json_values import Values, text
from harvesters.text import web_address

_ANSWER = re.compile(rb'^\s*\{[^\[]{0,600}"success"\s*:\s*(true|false)', re.DOTALL)
_PAGE = re.compile(rb"""(?i)<meta[^>]+content=["']ckan [\d.]+""")

# What our fields are called by ckanext-dcat, by GovData (ckanext-dcatde), by Berlin.
_TEXTS = {
    "issued": ("issued", "date_released", "metadata_created"),
    "modified": ("modified", "date_updated", "metadata_modified"),
    "frequency": ("frequency", "accrual_periodicity", "update_frequency"),
    "availability": ("availability", "plannedAvailability"),
    "quality_process_uri": ("quality_process_uri", "qualityProcessURI"),
}
_LISTS = {
    "contributor_id": ("contributor_id", "contributorID"),
    "legal_basis": ("legal_basis", "legalbasisText"),
    "political_geocoding_level_uri": (
        "political_geocoding_level_uri", "politicalGeocodingLevelURI",
    ),
    "political_geocoding_uri": ("political_geocoding_uri", "politicalGeocodingURI"),
}  # fmt: skip
_STARTS = ("temporal_start", "temporal_coverage_from")
_ENDS = ("temporal_end", "temporal_coverage_to")
_FILE_TEXTS = {
    "name": ("name", "title"),
    "issued": ("issued", "created"),
    "modified": ("modified", "last_modified", "metadata_modified"),
    "license": ("license", "license_url", "license_id"),
    "license_attribution_by_text": ("license_attribution_by_text", "licenseAttributionByText"),
    "availability": ("availability", "plannedAvailability"),
}
_AGENT = shape.OBJECTS["publisher"]
# What CKAN knows of a record and nobody needs elsewhere.
_NOISE = frozenset({
    "id", "name", "type", "state", "private", "isopen", "num_resources", "num_tags", "owner_org",
    "creator_user_id", "revision_id", "relationships_as_object", "relationships_as_subject",
    "metadata_created", "metadata_modified", "organization", "tracking_summary", "guid",
    "harvest_object_id", "harvest_source_title", "harvest_keywords", "license_title",
}) | shape.PROVENANCE  # fmt: skip
_NO_LICENCE = frozenset({"notspecified", "no-license", "none"})
_NO_DATASETS = frozenset({"harvest", "showcase"})
_FAILURES = 3  # records in a row that could not be fetched; more are not tried


class CkanOptions(Options):
    """Options of a CKAN portal."""

    organization: str = Field(
        "", pattern=r"^[\w-]*$", description="only this organisation's datasets (its CKAN name)"
    )
    fq: str = Field("", description="only what this filter query finds, such as tags:verkehr")
    rows: int = Field(100, ge=1, le=1000, description="datasets for each page")
    max_pages: int = Field(10_000, ge=1, description="stop after so many pages")


class CkanSource(JsonSource[CkanOptions]):
    """Reads ``package_search`` page by page; where it is closed, one dataset after the other."""

    name: ClassVar[str] = "ckan"
    summary: ClassVar[str] = "CKAN portal (its API: package_search)"
    options_type: ClassVar[type[Options]] = CkanOptions

    @classmethod
    def recognises(cls, location: str, head: bytes) -> bool:
        """By an answer of CKAN's API, or a page that CKAN signed."""
        return "://" in location and bool(_ANSWER.match(head) or _PAGE.search(head))

    # -- discover --------------------------------------------------------------------------------

    def _items(self) -> Iterator[Any]:
        try:
            yield from self._paged(self._page, 0, self.options.max_pages)
        except _ClosedError as error:
            if self._filter():
                raise SourceError(
                    f"{error} Without package_search, fq and organization cannot be applied."
                ) from error
            yield from self._one_by_one(error)

    def _page(self, start: int) -> Page[int]:
        query: dict[str, Any] = {"sort": "id asc", "rows": self.options.rows, "start": start}
        if wanted := self._filter():
            query["fq"] = wanted
        result = self._action("package_search", query)
        items = result.get("results") if isinstance(result, dict) else None
        if not isinstance(items, list):
            raise SourceError(f"{self._base()} answers package_search without a list of results.")
        total = count(result.get("count"))
        # A portal may send fewer than were asked for.
        following = start + len(items)
        more = items and (total is None or following < total)
        return Page(items, total, following if more else None)

    def _filter(self) -> str:
        own = f'organization:"{self.options.organization}"' if self.options.organization else ""
        return f"{own} {self.options.fq}".strip()

    def _one_by_one(self, closed: SourceError) -> Iterator[Any]:
        try:
            names = self._action("package_list", {})
        except _ClosedError as error:
            raise closed from error
        if not isinstance(names, list):
            raise SourceError(f"{self._base()} answers package_list without a list.")
        self._total, failures = len(names), 0
        for name in map(text, names):
            try:
                yield self._action("package_show", {"id": name})
                failures = 0
            except SourceError as error:
                failures += 1
                yield f"{name} cannot be fetched: {error}"
            if failures == _FAILURES:
                self._stop(f"stopped: {failures} datasets in a row could not be fetched")
                return

    def _action(self, action: str, query: dict[str, Any]) -> Any:
        """The result of an action. Raises _ClosedError if the portal does not want to give it."""
        address = f"{self._base()}/api/3/action/{action}"
        try:
            answer = self._json(f"{address}?{urlencode(query)}" if query else address)
        except AnswerError as error:
            raise _ClosedError(str(error)) from error
        if not isinstance(answer, dict) or "success" not in answer:
            raise SourceError(f"{address} does not answer as CKAN does; is it a CKAN portal?")
        if answer["success"] is not True:
            why = answer.get("error")
            said = text(why.get("message")) if isinstance(why, dict) else text(why)
            raise _ClosedError(f"{address} refuses: {said[:200] or 'no reason given'}.")
        return answer.get("result")

    def _base(self) -> str:
        """The portal's own address, whichever of its pages was given."""
        address = re.split(r"[?#]", self._address())[0]
        base = re.split(r"(?<=[^/])/(?:api|dataset|organization|group)(?:/|$)", address)[0]
        return base.rstrip("/")

    def _key(self, item: Any) -> str:
        own = (text(item.get("id")) or text(item.get("name"))) if isinstance(item, dict) else ""
        return own or super()._key(item)

    def _names(self, item: dict[str, Any]) -> Names:
        values = Values(_flat(item))
        own = [values.text("identifier"), values.text("guid"), values.text("id")]
        return Names(own, web_address(values.text("uri")) or self._page_of(item))

    def _is_public(self, item: dict[str, Any]) -> bool:
        hidden = str(item.get("private")).lower() == "true"
        active = str(item.get("state") or "active").lower() == "active"
        return active and not hidden and str(item.get("type")) not in _NO_DATASETS

    def _page_of(self, item: dict[str, Any]) -> str:
        name = text(item.get("name")) or text(item.get("id"))
        return f"{self._base()}/dataset/{quote(name, safe='', errors='ignore')}" if name else ""

    # -- normalise -------------------------------------------------------------------------------

    def _fields(self, item: dict[str, Any], ref: RecordRef, notes: list[str]) -> dict[str, Any]:
        page, values = self._page_of(item), Values(_flat(item))
        fields: dict[str, Any] = _titles(values)
        if not fields["title"] and (name := values.text("name")):
            fields["title"] = name.replace("-", " ")
            notes.append("no title: named after its address")
        for field in sorted(shape.TEXTS - fields.keys() - {"license_id", "geocoding_description"}):
            fields[field] = values.text(*_TEXTS.get(field, (field,)))
        for field in sorted(shape.LISTS - {"harvest_keywords"}):
            fields[field] = values.texts(*_LISTS.get(field, (field,)))
        geocoding = values.texts("geocoding_description", "geocodingText")
        fields["geocoding_description"] = ", ".join(geocoding)
        fields["uri"] = ref.uri
        fields["url"] = fields["url"] or page
        fields["license_id"] = self._licence(values)
        fields["tags"] = [{"name": tag} for tag in _tags(values)]
        fields["theme"] += _themes(values)
        fields |= _agents(values, notes)
        start, end = values.text(*_STARTS), values.text(*_ENDS)
        fields["temporal_coverage"] = values.objects("temporal_coverage")
        fields["temporal_coverage"] += [{"start": start, "end": end}] if start or end else []
        fields["spatial_coverage"] = _places(values)
        fields["qualified_relation"] = values.objects("qualified_relation")
        fields["attribution"] = values.objects("attribution")
        fields["resources"] = self._files(values, page)
        values.drop(_NOISE)
        fields["extras"] = values.extras()
        return fields

    def _licence(self, values: Values) -> str:
        """The one of id, address and title that is in the list; else the most telling."""
        found = [values.text(f"license_{part}") for part in ("url", "title", "id")]
        if found[2].lower() in _NO_LICENCE:
            return ""
        known = next((value for value in found if self.vocabulary.licence(value)), "")
        return known or next(filter(None, found), "")

    def _files(self, values: Values, page: str) -> list[dict[str, Any]]:
        out = []
        for item in values.objects("resources"):
            if str(item.get("state") or "active").lower() != "active":
                continue
            own = Values(item)
            number = own.text("id")
            file: dict[str, Any] = {
                field: own.text(*_FILE_TEXTS.get(field, (field,))) for field in shape.RESOURCE_TEXTS
            }
            file |= {field: own.texts(field) for field in shape.RESOURCE_LISTS}
            file["access_services"] = own.objects("access_services")
            if not file["uri"] and number and page:
                file["uri"] = f"{page}/resource/{quote(number, safe='')}"
            # A relative address would be taken for a file to upload.
            for field in ("url", "access_url", "download_url"):
                file[field] = _absolute(self._base(), file[field])
            out.append(file)
        return out


class _ClosedError(SourceError):
    """The portal does not answer this action to everybody."""


def _flat(item: dict[str, Any]) -> dict[str, Any]:
    """The dataset with its extras beside its own fields; an extra never replaces one of those."""
    out = {key: value for key, value in item.items() if key != "extras"}
    extras = item.get("extras")
    if isinstance(extras, dict):
        extras = [{"key": key, "value": value} for key, value in extras.items()]
    unread = []
    for extra in extras if isinstance(extras, list) else [extras]:
        key = text(extra.get("key")) if isinstance(extra, dict) else ""
        if not isinstance(extra, dict) or not key:
            unread.append(extra)
        elif not out.get(key):
            out[key] = extra.get("value")
        elif out[key] != extra.get("value"):
            out[f"extras_{key}"] = extra.get("value")
    return out | ({"extras": unread} if any(unread) else {})


def _titles(values: Values) -> dict[str, Any]:
    """Title and description, also from ckanext-fluent's texts by language."""
    titles, notes = values.take("title_translated"), values.take("notes_translated")
    own = values.text("title")
    return {
        "title": text(titles) or own,
        "notes": text(notes) or values.text("notes"),
        "title_en": _english(titles) or values.text("title_en"),
        "notes_en": _english(notes) or values.text("notes_en"),
    }


def _english(value: Any) -> str:
    return text(value.get("en")) if isinstance(value, dict) else ""


def _tags(values: Values) -> list[str]:
    tags = values.objects("tags")
    found = [text(tag.get("display_name")) or text(tag.get("name")) for tag in tags]
    return [tag for tag in found if tag] + values.texts("tags") + values.texts("tag_string")


def _themes(values: Values) -> list[str]:
    """GovData and others keep the EU's themes as groups (envi, tran); other groups are left."""
    themes, others = [], []
    for group in values.objects("groups"):
        if theme := eu.theme_uri(text(group.get("name"))):
            themes.append(theme)
        else:
            others.append(text(group.get("title")) or text(group.get("name")))
    if any(others):
        values.leave("groups", others)
    return themes


def _agents(values: Values, notes: list[str]) -> dict[str, Any]:
    contact = values.agents("contact", (*shape.OBJECTS["contact"], "tel"))
    for item in contact:
        item["telephone"] = item.get("telephone") or item.get("tel", "")
    maintainer, author = values.agents("maintainer", _AGENT), values.agents("author", _AGENT)
    publisher = values.agents("publisher", _AGENT)
    organisations = values.objects("organization")
    if not publisher and organisations:
        name = text(organisations[0].get("title")) or text(organisations[0].get("name"))
        publisher = [{"name": name}]
        notes.append("no publisher: the portal's organisation was taken")
    return {
        "publisher": publisher,
        "contact": contact or [dict(agent) for agent in maintainer or author],
        "creator": values.agents("creator", _AGENT) or author,
        "custodian": values.agents("custodian", _AGENT) or maintainer,
        "originator": values.agents("originator", _AGENT),
        "contributor": values.agents("contributor", _AGENT),
    }


def _places(values: Values) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = list(values.objects("spatial_coverage"))
    found += values.places("spatial") + values.places("spatial_bbox")
    own = {key: values.text(f"spatial_{key}") for key in ("text", "uri", "centroid")}
    own["text"] = own["text"] or values.text("geographical_coverage")
    if any(own.values()):
        # Name and outline of one place belong together.
        found[:1] = [{**(found[0] if found else {}), **{k: v for k, v in own.items() if v}}]
    return found


def _absolute(base: str, address: str) -> str:
    if not address or re.match(r"(?i)^[a-z][a-z0-9+.-]*:", address):
        return address
    try:
        return urljoin(f"{base}/", address)
    except ValueError:
        return ""
