"""Plain text: encoding, pages (form feeds), paragraphs, headings by their numbers."""

from __future__ import annotations

import codecs
import re

from indexer.extract import structure
from indexer.extract.cleaning import clean, join_lines
from indexer.limits import Budget
from indexer.model import Block, Extracted, Page

_SAMPLE = 200_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_USUAL = re.compile(r"(?<=[A-Za-z])[äöüßéèà]|[ÄÖÜ](?=[a-z])|[äöü](?=[a-z])|[€§„“–…°²]")
_ODD = re.compile(
    r"[\x80-\x9f\ufffd]|[A-Za-zäöü][¡¢£¤¥¦¨©ª«¬®¯±³´µ¶¸¹º»¼½¾¿÷×„”‡†‰›‹ŒŠƒž]|[╔-╬░▒▓]"
)
_UNDERLINE = re.compile(r"^(?:={3,}|-{3,})$")
_MARKDOWN = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")


def decode(content: bytes, declared: str = "") -> tuple[str, str]:
    """Text and the name of its encoding. ``declared`` is believed if the text is fine with it."""
    for bom, name in _BOMS:
        if content.startswith(bom):
            return content.decode(name, "replace"), name
    sample = content[:_SAMPLE]
    zeros = sample.count(0)
    if zeros > len(sample) // 5:  # UTF-16 without a mark: each second byte of Latin text is zero
        name = "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
        return content.decode(name, "replace"), name
    for name in dict.fromkeys(("utf-8", declared)):
        try:
            if name:
                return content.decode(name), name
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    best = max(("cp1252", "cp850", "mac_roman"), key=lambda name: _fitness(sample, name))
    return content.decode(best, "replace"), best


def _fitness(sample: bytes, name: str) -> int:
    """How much the sample looks like German in this encoding."""
    text = sample.decode(name, "replace")
    return len(_USUAL.findall(text)) - 3 * len(_ODD.findall(text))


def extract(content: bytes, budget: Budget, charset: str = "") -> Extracted:
    """Read a text file."""
    limits = budget.limits
    text, _ = decode(content[: limits.text], charset)
    cut = len(content) > limits.text or len(text) > limits.characters
    text = text[: limits.characters]
    result = Extracted(kind="text")
    for number, page in enumerate(text.split("\f"), start=1):
        if number > limits.pages:
            cut = True
            break
        found = blocks(page)
        if found:
            result.pages.append(Page(number, found))
    if cut:
        result.state, result.truncated = "partly", True
        result.reason = "The text is too long; only its beginning was read."
    return result


def blocks(text: str) -> list[Block]:
    """Paragraphs, headings and lists of a text whose lines may be broken."""
    out: list[Block] = []
    lines: list[str] = []
    guessed: set[int] = set()
    width = 0

    def flush() -> None:
        nonlocal width
        if lines:
            whole = clean(join_lines(lines))
            if whole:
                out.append(structure.classify(whole))
                if out[-1].kind == "heading":
                    guessed.add(len(out) - 1)
        lines.clear()
        width = 0

    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line = clean(raw)
        if not line:
            flush()
            continue
        if _UNDERLINE.match(line):
            if len(lines) == 1:  # a title with a line under it
                out.append(Block("heading", lines[0], 1 if line[0] == "=" else 2))
                lines.clear()
                width = 0
            else:
                flush()
            continue
        markdown = _MARKDOWN.match(line)
        if markdown:
            flush()
            out.append(Block("heading", markdown[2], len(markdown[1])))
            continue
        if lines and _begins(line, lines, width):
            flush()
        lines.append(line)
        width = max(width, len(line))
    flush()
    structure.lists_of_guesses(out, guessed)
    return out


def _begins(line: str, lines: list[str], width: int) -> bool:
    """Whether a paragraph begins with this line."""
    if structure.is_list(line) or structure.is_agenda_item(line):
        return True
    if structure.numbered_level(line) and structure.could_be_heading(line):
        return True
    last = lines[-1]
    if len(lines) == 1 and (structure.heading_by_number(last) or structure.is_agenda_item(last)):
        # A heading goes on when it was broken: in the middle of a word or before a small letter.
        return not (last.endswith("-") or line[:1].islower())
    # The last line of a paragraph is short and ends a sentence.
    return len(last) < 0.7 * max(width, 60) and last.endswith((".", "!", "?", ":"))
