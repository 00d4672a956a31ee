"""Bytes of a file in, its text out. Call it through ``indexer.sandbox``: files may be hostile."""

from __future__ import annotations

from indexer.errors import ExtractError
from indexer.extract import (
    archives,
    docx,
    html,
    kinds,
    mail,
    ooxml,
    opendocument,
    pdf,
    plain,
    tabular,
)  # fmt: skip
from indexer.extract.pdf import OcrBegins
from indexer.language import recognise
from indexer.limits import MEGA, Budget, Limits
from indexer.model import Block, Extracted

#: More letters do not make the language clearer.
_LANGUAGE_SAMPLE = 20_000


def extract(
    content: bytes,
    name: str = "",
    declared: str = "",
    limits: Limits | None = None,
    ocr_begins: OcrBegins = lambda: None,
) -> Extracted:
    """Read a file: its bytes, its name, and the type that its publisher or server declares.

    Never raises for what is in the file: the state is ``failed`` then, and the reason says why.
    """
    budget = Budget(limits or Limits())
    if len(content) > budget.limits.content:
        most = budget.limits.content // MEGA
        return Extracted.failed(f"The file is larger than {most} MB; that is not read.")

    def one(content: bytes, name: str, declared: str, depth: int) -> Extracted:
        return _one(content, name, declared, depth, budget, ocr_begins, one)

    try:
        result = one(content, name, declared, 0)
    except ExtractError as error:
        kind = kinds.recognise(content, name, declared)
        return Extracted.failed(str(error), "" if kind in kinds.UNREADABLE else kind)
    _keep(result, budget.limits)
    if result.state != "failed" and not result.pages:
        result.state, result.reason = "failed", "The file holds no text."
    result.words = sum(len(block.text.split()) for page in result.pages for block in page.blocks)
    result.language = recognise(_sample(result))
    if not result.title and result.state != "failed":
        result.title = _first_heading(result)
    return result


def _one(
    content: bytes,
    name: str,
    declared: str,
    depth: int,
    budget: Budget,
    ocr_begins: OcrBegins,
    read_one: archives.ReadOne,
) -> Extracted:
    kind = kinds.recognise(content, name, declared)
    if kind in kinds.UNREADABLE:
        raise ExtractError(kinds.UNREADABLE[kind])
    charset = _charset(declared)
    if kind == "pdf":
        return pdf.extract(content, budget, ocr_begins)
    if kind == "docx":
        return docx.extract(content, budget)
    if kind in ("odt", "odp"):
        return opendocument.extract(content, budget, kind)
    if kind == "ods":
        return opendocument.extract_sheets(content, budget)
    if kind == "pptx":
        return ooxml.extract_slides(content, budget)
    if kind == "xlsx":
        return ooxml.extract_sheets(content, budget)
    if kind == "csv":
        return tabular.extract_csv(content, budget, name, charset)
    if kind == "html":
        return html.extract(content, budget, charset)
    if kind == "eml":
        return mail.extract(content, budget)
    if kind == "zip":
        if depth > budget.limits.depth:
            raise ExtractError("Archives within archives are not opened.")
        return archives.extract(content, budget, read_one, depth)
    return plain.extract(content, budget, charset)


def _charset(declared: str) -> str:
    for part in declared.split(";")[1:]:
        key, _, value = part.partition("=")
        if key.strip().casefold() == "charset":
            return value.strip().strip("\"'")[:40]
    return ""


def _keep(result: Extracted, limits: Limits) -> None:
    """Leave out what is beyond the letters and pages that are kept."""
    room = limits.characters
    for place, page in enumerate(result.pages):
        kept: list[Block] = []
        for block in page.blocks:
            if len(block.text) > room:
                kept.append(Block(block.kind, block.text[:room], block.level))
                room = 0
                break
            room -= len(block.text)
            kept.append(block)
        page.blocks = [block for block in kept if block.text]
        if room <= 0 or place + 1 >= limits.pages:
            cut = room <= 0 or len(result.pages) > place + 1
            del result.pages[place + 1 :]
            if cut and not result.truncated:
                result.truncated, result.state = True, "partly"
                note = "The text is too long; only its beginning was kept."
                result.reason = f"{result.reason} {note}".strip()
            break


def _sample(result: Extracted) -> str:
    parts: list[str] = []
    length = 0
    for page in result.pages:
        for block in page.blocks:
            parts.append(block.text)
            length += len(block.text)
            if length > _LANGUAGE_SAMPLE:
                return " ".join(parts)
    return " ".join(parts)


def _first_heading(result: Extracted) -> str:
    for page in result.pages[:3]:
        for block in page.blocks:
            if block.kind == "heading":
                return block.text[:300]
    return ""
