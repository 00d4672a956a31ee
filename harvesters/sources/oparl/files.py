"""Files of papers and meetings as CKAN resources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harvesters.sources.oparl.values import day, is_deleted, key
from harvesters.sources.oparl.words import FILE_ROLES
from harvesters.sources.portals.json_values import text
from harvesters.text import web_address

#: More files than this in one record are not taken.
MOST = 1_000
_CHECKSUM = "http://spdx.org/rdf/terms#checksumAlgorithm_"


def resources(
    files: Iterable[tuple[str, dict[str, Any]]], licence: str, notes: list[str]
) -> list[dict[str, Any]]:
    """Resources of files, each given with the field that it stood in; each file once.

    ``licence`` is what counts where a file says nothing itself. The texts of files are not kept.
    """
    out: list[dict[str, Any]] = []
    seen: set[str] = set()
    for role, item in files:
        if is_deleted(item):
            continue
        made = _resource(role, item, licence)
        if not made["url"]:
            notes.append(f"a file without an address: {made['name'] or made['uri']}"[:300])
            continue
        name = f"{key(made['uri'])} {key(made['url'])}"
        if name in seen:
            continue
        seen.add(name)
        if len(out) == MOST:
            notes.append(f"more than {MOST} files: the rest was left out")
            break
        out.append(made)
    return out


def _resource(role: str, item: dict[str, Any], licence: str) -> dict[str, Any]:
    access = web_address(text(item.get("accessUrl")))
    download = web_address(text(item.get("downloadUrl")))
    file_name = text(item.get("fileName"))
    mime = text(item.get("mimeType"))
    made = {
        "uri": web_address(text(item.get("id"))),
        "url": download or access,
        "access_url": access or download,
        "download_url": download,
        "name": text(item.get("name")) or file_name or FILE_ROLES[role],
        "description": FILE_ROLES[role],
        "mimetype": mime,
        "format": mime or (file_name.rsplit(".", 1)[-1] if "." in file_name else ""),
        "size": text(item.get("size")),
        "issued": day(item.get("date")),
        "modified": text(item.get("modified")),
        "license": text(item.get("fileLicense")) or text(item.get("license")) or licence,
    }
    for algorithm in ("sha512", "sha1"):
        if checksum := text(item.get(f"{algorithm}Checksum")):
            made |= {"hash": checksum, "hash_algorithm": f"{_CHECKSUM}{algorithm}"}
            break
    return made
