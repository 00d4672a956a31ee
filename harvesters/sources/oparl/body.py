"""The system and its bodies (municipalities): which are read, and what papers inherit of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from harvesters.errors import SourceError
from harvesters.sources.geo.common import political_key
from harvesters.sources.oparl.reader import Reader
from harvesters.sources.oparl.values import address_of, is_deleted, is_web, key
from harvesters.sources.portals.json_values import text
from harvesters.text import clean_line, web_address

_LISTS = ("paper", "meeting", "organization")


@dataclass(slots=True)
class Body:
    """A municipality; ``data`` is what the server says of it."""

    data: dict[str, Any]
    uri: str
    name: str
    licence: str
    publisher: dict[str, str]
    contact: dict[str, str]
    area: dict[str, str]
    words: set[str] = field(default_factory=set)

    def list_of(self, kind: str) -> Any:
        """Where the list of ``paper``, ``meeting`` or ``organization`` is."""
        return self.data.get(kind)


def is_oparl(head: bytes) -> bool:
    """Whether a file begins as a System, a Body or a list of bodies does."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") and bool(
        re.search(rb'schema\\?/1\.\d\\?/(System|Body)"|schema\.oparl\.org\\?/1\.\d\\?/', head)
    )


def read(reader: Reader, wanted: list[str], licence: str) -> Iterator[Body]:
    """The bodies to read, from the configured address. ``licence`` counts for all, if given.

    Raises SourceError when the address is of something else, or none of ``wanted`` is there.
    """
    document, _address = reader.document(reader.start)
    system: dict[str, Any] = {}
    if isinstance(document, dict) and isinstance(document.get("data"), dict):
        document = document["data"]
    if isinstance(document, dict) and _is_body(document):
        candidates: Iterator[Any] = iter([document])
        system = _system_of(reader, document)
    elif isinstance(document, dict) and "data" not in document:
        if (kind := _kind(document)) not in ("", "System") or "body" not in document:
            raise SourceError(_not_bodies(reader.start, f"a {kind}" if kind else "no OParl object"))
        system = document
        given = document.get("body")
        candidates = _items(reader, [given] if _is_body(given) else given)
    else:
        candidates = _items(reader, document if isinstance(document, list) else reader.start)
    folded = {_fold(word): word for word in wanted}
    names: list[str] = []
    missing = set(folded)
    for item in candidates:
        made = _body(item, system, licence)
        names.append(made.name)
        if folded and not made.words & folded.keys():
            continue
        missing -= made.words
        yield made
    if folded and missing == set(folded):
        known = ", ".join(names[:20]) or "none"
        raise SourceError(
            f"{reader.start} has none of the bodies {', '.join(wanted)}; it has: {known}."
        )
    if missing:
        words = ", ".join(sorted(folded[word] for word in missing))
        reader.stop(f"no such body (option bodies): {words}")
    if not names:
        raise SourceError(f"{reader.start} lists no bodies.")


def _items(reader: Reader, given: Any) -> Iterator[dict[str, Any]]:
    """The bodies of a list; one that cannot be read is a warning."""
    for page in reader.pages(given, "bodies"):
        for entry in page.items:
            try:
                item = reader.object(entry) if is_web(entry) else entry
                if isinstance(item, dict) and not _is_body(item) and is_web(item.get("id")):
                    item = reader.object(item["id"])  # shown in short
            except SourceError as error:
                reader.stop(f"a body could not be read: {error}")
                continue
            if not isinstance(item, dict):
                reader.stop(f"an entry of the list of bodies is none: {str(entry)[:100]}")
            elif is_deleted(item):
                continue
            elif not _is_body(item):
                kind = _kind(item) or "something else"
                raise SourceError(_not_bodies(reader.start, f"a list that holds a {kind}"))
            else:
                yield item


def _is_body(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    kind = _kind(item)
    return kind == "Body" or (not kind and any(name in item for name in _LISTS))


def _kind(item: dict[str, Any]) -> str:
    return text(item.get("type")).rstrip("/").rsplit("/", 1)[-1]


def _not_bodies(address: str, found: str) -> str:
    return (
        f"{address} is {found}; give the address of the System, of a Body or of the bodies' list."
    )


def _system_of(reader: Reader, body: dict[str, Any]) -> dict[str, Any]:
    """The body's system, for its licence alone; it is no loss if it cannot be had."""
    given = body.get("system")
    if isinstance(given, dict):
        return given
    if text(body.get("license")) or not is_web(given):
        return {}
    try:
        return reader.object(given)
    except SourceError:
        return {}


def _body(item: dict[str, Any], system: dict[str, Any], licence: str) -> Body:
    uri, website = address_of(item), web_address(text(item.get("website")))
    short = clean_line(text(item.get("shortName")))
    name = clean_line(text(item.get("name"))) or short or clean_line(text(system.get("name")))
    ags, rgs = text(item.get("ags")), text(item.get("rgs"))
    area = political_key(ags, "AGS") or political_key(rgs, "ARS")
    contact = {
        "name": clean_line(text(item.get("contactName")) or text(system.get("contactName"))),
        "email": text(item.get("contactEmail")) or text(system.get("contactEmail")),
    }
    words = {_fold(word) for word in (uri, name, short, ags, rgs) if word}
    return Body(
        data=item,
        uri=uri,
        name=name,
        licence=licence or text(item.get("license")) or text(system.get("license")),
        publisher={"name": name, "url": website, "uri": area or uri} if name else {},
        contact=contact if contact["email"] else {},
        area={"uri": area, "text": name} if area else {},
        words=words,
    )


def _fold(word: str) -> str:
    word = word.strip()
    return key(word) if is_web(word) else word.casefold()


def place(item: Any) -> dict[str, str]:
    """A location as CKAN has it: its words, and its geometry out of whatever wraps it."""
    if isinstance(item, str):
        return {"text": clean_line(item)} if not is_web(item) else {}
    if not isinstance(item, dict):
        return {}
    out = {"text": ", ".join(filter(None, [text(item.get("description")), address_line(item)]))}
    shape = item.get("geojson")
    if isinstance(shape, dict) and isinstance(shape.get("geometry"), dict):
        shape = shape["geometry"]
    if isinstance(shape, dict) and isinstance(shape.get("coordinates"), list):
        out["geom"] = json.dumps(shape, ensure_ascii=False)
    return {name: value for name, value in out.items() if value}


def address_line(item: dict[str, Any]) -> str:
    """Street and town of a location."""
    town = " ".join(filter(None, [text(item.get("postalCode")), text(item.get("locality"))]))
    street = text(item.get("streetAddress"))
    return clean_line(", ".join(filter(None, [street, text(item.get("subLocality")), town])))
