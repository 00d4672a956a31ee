"""``python -m ckanext.myk.harvesting.preview``: look at a source, without CKAN.

Reads what to look at from its input (JSON), writes what it found to its output (JSON). A process of
its own, so that a source that is huge or slow costs the portal nothing but this process.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from pathlib import Path
from typing import Any

#: Bytes of memory that looking may take.
_MEMORY = 3 * 1024**3
_RECORDS = 5
#: Letters of a text that are shown.
_LONGEST = 600


def main() -> int:
    """Answer one question; 0 also when the source cannot be read (the answer says so)."""
    # A hard limit above nothing: what needs more ends here, not in the portal.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    asked = json.load(sys.stdin)
    print(json.dumps(look(asked), ensure_ascii=False))  # noqa: T201
    return 0


def look(asked: dict[str, Any]) -> dict[str, Any]:
    """Return ``result``: the first records in short; or ``error``, in one plain sentence."""
    from harvesters import report, run
    from harvesters.errors import HarvestError
    from harvesters.model import SourceConfig

    source = SourceConfig.model_validate(asked["source"])
    try:
        shown, total, warnings = run.preview(
            source,
            count=_RECORDS,
            config=Path(asked["config"]) if asked["config"] else None,
            allow_hosts=asked["allow_hosts"],
        )
    except HarvestError as error:
        return {"error": str(error)[:_LONGEST]}
    except MemoryError:
        return {"error": "The source is too large to look at."}
    told = report.preview_as_json(source.name, shown, total, warnings)
    told["records"] = [_short(one) for one in told["records"]]
    told["warnings"] = [text[:_LONGEST] for text in told["warnings"][:20]]
    return {"result": told}


def _short(record: dict[str, Any]) -> dict[str, Any]:
    if "failed" in record:
        return {"identity": record["identity"], "failed": str(record["failed"])[:_LONGEST]}
    package = record.pop("package")
    resources = package.get("resources") or []
    return {
        **record,
        "notes": [str(note)[:_LONGEST] for note in record["notes"][:20]],
        "type": package.get("type") or "dataset",
        "title": str(package.get("title") or "")[:_LONGEST],
        "text": str(package.get("notes") or "")[:_LONGEST],
        "license": str(package.get("license_id") or ""),
        "formats": sorted({str(one.get("format") or "?") for one in resources}),
        "files": len(resources),
        "url": str(package.get("url") or package.get("uri") or ""),
    }


if __name__ == "__main__":
    sys.exit(main())
