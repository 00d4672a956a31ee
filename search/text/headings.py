"""Headings of two parts: "Abfallwirtschaft: Container", "Stadt Köln: Museen in Köln".

What stands behind the last colon is what is meant, and what stands before it says only where.
"""

from __future__ import annotations

import re

from search.text import german

#: Not in "https://" or "12:30".
_COLON = re.compile(r":\s+")


def split(text: str) -> tuple[str, str]:
    """Return what a text says before its last colon, and behind it.

    Nothing before where it has none, or where it has no topic on one of its sides.
    """
    before, behind = "", text
    for match in _COLON.finditer(text):
        before, behind = text[: match.start()], text[match.end() :]
    return (before, behind) if _has_topic(before) and _has_topic(behind) else ("", text)


def _has_topic(text: str) -> bool:
    return bool(text) and german.is_topic(text)
