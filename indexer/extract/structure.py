"""What a line says about itself: numbered heading, agenda item, list, page number."""

from __future__ import annotations

import re

from indexer.model import Block

# Agenda items as minutes and invitations write them: "TOP 3", "Zu TOP 3.1:".
_AGENDA = re.compile(
    r"^(?:(?:zu\s+)?(?:tagesordnungspunkt|TOP|T\s?O\s?P)\.?\s*(?:Nr\.?\s*)?[ÖN]?\s?\d+(?:[.\-]\d+)*\b"
    r"|(?:zu\s+)?punkt\s+\d+(?:\.\d+)*\s+der\s+tagesordnung\b)",
    re.IGNORECASE,
)
#: "1.1 Ziele", "3. Haushalt", "IV. Beschluss", "§ 4 Gebühren", "A. Allgemeines", "Teil 2"
_NUMBERED = re.compile(
    r"^(?:(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})(?P<dot>\.?)\s+(?=[A-ZÄÖÜ„\"])"
    r"|(?P<roman>[IVX]{1,5})\.\s+(?=[A-ZÄÖÜ])"
    r"|(?P<letter>[A-H])[.)]\s+(?=[A-ZÄÖÜ])"
    r"|(?P<law>§\s*\d+[a-z]?)\s+(?=[A-ZÄÖÜ(])"
    r"|(?P<part>(?:Teil|Kapitel|Abschnitt|Anlage|Anhang)\s+(?:\d{1,3}|[IVX]+|[A-Z])\b))"
)
_BULLET = re.compile(r"^(?:[•◦○■□▪➢►✓*·‣⁃]\s*(?=\S)|[-–—]\s+(?=\S)|o\s+(?=[A-ZÄÖÜ]))")
_MONTHS = (
    "Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Mar|May|Oct|Dec|Quartal|Halbjahr|Jahrhundert"
)
#: "a)", "(2)", "3."; but "5. November" is a date.
_ENUMERATED = re.compile(
    rf"^(?:\(?(?:[a-z]|\d{{1,2}}|[ivx]{{1,4}})\)|\d{{1,2}}\.(?!\d|\s*(?:{_MONTHS})))\s+(?=\S)"
)
_LABEL = re.compile(
    r"^(?:[•◦○■□▪➢►✓*·‣⁃–—\-\uf0b7\uf0a7\u25cf\u25aao]|\(?(?:[a-z]|\d{1,2}|[ivx]{1,4})\)|\d{1,2}\."
    r"|\d{1,2}(?:\.\d{1,2}){1,4}\.?|[IVX]{1,5}\.|[A-H]\.|§\s?\d+[a-z]?"
    r"|(?:Zu )?TOP\s?\d+(?:\.\d+)*[.:]?)$"
)
_LEADING = re.compile(r"^(\d{1,2})[.)]\s")
PAGE_NUMBER = re.compile(
    r"^(?:[-–|]?\s*(?:Seite|S\.|Page|Blatt)?\s*\d{1,4}\s*(?:(?:von|of|/|-)\s*\d{1,4})?\s*[-–|]?)$",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?;,:…]$")

#: A heading is a name, not a story.
MOST_HEADING_WORDS = 20


def is_agenda_item(text: str) -> bool:
    """Whether the line opens an agenda item."""
    return bool(_AGENDA.match(text))


def is_label(text: str) -> bool:
    """Whether it is a bullet or a number alone, whose item or heading stands behind it."""
    return bool(_LABEL.match(text))


def is_bullet(text: str) -> bool:
    """Whether the line begins with a bullet."""
    return bool(_BULLET.match(text))


def is_numbered_item(text: str) -> bool:
    """Whether the line opens an item with a number, which a sentence's line may do by chance."""
    return text[:1].isdigit() and bool(_ENUMERATED.match(text))


def is_next(before: str, text: str) -> bool:
    """Whether the number of an item is the one after another item's: "3." and "4."."""
    one, other = _LEADING.match(before), _LEADING.match(text)
    return bool(one and other) and int(one[1]) + 1 == int(other[1])  # type: ignore[index]


def lists_of_guesses(found: list[Block], guessed: set[int]) -> None:
    """Make a row of headings that only their numbers gave away the list that it is."""
    for place in sorted(guessed):
        level = numbered_level(found[place].text)
        for near in (place - 1, place + 1):
            if not 0 <= near < len(found):
                continue
            other = found[near]
            guess = near in guessed and numbered_level(other.text) == level
            if guess or (other.kind == "list" and _LEADING.match(other.text)):
                found[place] = Block("list", found[place].text, 1)
                break


def is_list(text: str) -> bool:
    """Whether the line opens an item of a list."""
    return bool(_BULLET.match(text) or _ENUMERATED.match(text))


def without_bullet(text: str) -> str:
    """The item without its bullet; numbers and letters stay, texts refer to them."""
    return _BULLET.sub("", text)


def numbered_level(text: str) -> int:
    """The level of a numbered heading: "3" 1, "3.1" 2, "§ 4" 2; 0 for a line without number."""
    match = _NUMBERED.match(text)
    if not match:
        return 0
    if match["number"]:
        return min(6, match["number"].count(".") + 1)
    return {"roman": 1, "letter": 1, "law": 2, "part": 1}[match.lastgroup or "part"]


def could_be_heading(text: str) -> bool:
    """Whether the line is short and no sentence."""
    count = text.count(" ") + 1
    return (
        count <= MOST_HEADING_WORDS
        and not _SENTENCE_END.search(text)
        and any(letter.isalpha() for letter in text)
    )


def heading_by_number(text: str) -> int:
    """The level of a heading that only its number gives away, else 0.

    For texts without sizes: "2. Ausgangslage" is one; "2. Der Rat beschließt, dass …" is not.
    """
    level = numbered_level(text)
    if not level or not could_be_heading(text) or text.count(" ") > 9:
        return 0
    return level


def classify(text: str) -> Block:
    """A paragraph of a text without sizes: agenda item, heading, list item or paragraph."""
    if is_agenda_item(text):
        return Block("agenda_item", text)
    level = heading_by_number(text)
    if level:
        return Block("heading", text, level)
    if is_list(text):
        return Block("list", without_bullet(text), 1)
    return Block("paragraph", text)
