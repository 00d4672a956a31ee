"""What pages say of a file's text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan.plugins import toolkit
from ckanext.myk.texts.model import of_file


def file_text(file: str) -> dict[str, str] | None:
    """Return how far a file's text can be searched: ``words``, and ``reason`` for staff."""
    one = of_file(file)
    if one is None or one.state == "gone":
        return None
    pages = toolkit.ungettext("%(num)s page", "%(num)s pages", one.pages) % {"num": one.pages}
    said = {
        "read": toolkit._("Yes, all of it"),
        "partly": toolkit._("In part"),
        "failed": toolkit._("No, its text could not be read"),
        "reading": toolkit._("Not yet, it is still to be read"),
        "waiting": toolkit._("Not yet, it is still to be read"),
    }[one.state]
    with_pages = one.state in ("read", "partly") and one.kind in ("pdf", "pptx", "odp")
    return {"words": f"{said} ({pages})" if with_pages else said, "reason": one.reason}


def all_helpers() -> dict[str, Callable[..., Any]]:
    """Return the helpers of this module under the names that templates use."""
    return {"myk_file_text": file_text}
