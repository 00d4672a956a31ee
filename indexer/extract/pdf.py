"""PDF files: pages of text in reading order, and OCR for those that have none."""

from __future__ import annotations

import re
from collections.abc import Callable

from indexer.errors import ExtractError
from indexer.extract import blocks, layout, ocr, plain, repeated
from indexer.extract.cleaning import clean, letters_share
from indexer.extract.words import Pdf, RawPage
from indexer.limits import Budget
from indexer.model import Extracted, Page

#: Fewer of a page's letters are known: its font has no table of letters, and OCR must read it.
_LEAST_KNOWN = 0.7
#: What programs write as a title when nobody gave one.
_NO_TITLE = re.compile(
    r"(?i)^(?:microsoft (?:word|powerpoint|excel) - .*|untitled.*|unbenannt.*|do[kc]ument\d*"
    r"|.*\.(?:docx?|xlsx?|pptx?|pdf|odt|indd|qxd|rtf|tmp)|\W*|[\da-f-]{16,})$"
)

#: Told when OCR begins: a page that kills its reader is then not drawn again.
OcrBegins = Callable[[], None]


def extract(content: bytes, budget: Budget, ocr_begins: OcrBegins) -> Extracted:
    """Read a PDF. Raises ExtractError when nothing of it can be read."""
    pdf = Pdf(content)
    try:
        return _Reading(pdf, budget, ocr_begins).read()
    finally:
        pdf.close()


class _Reading:
    """One PDF being read."""

    def __init__(self, pdf: Pdf, budget: Budget, ocr_begins: OcrBegins) -> None:
        self._pdf = pdf
        self._budget = budget
        self._ocr_begins = ocr_begins
        self._notes: list[str] = []
        self._result = Extracted(kind="pdf")

    def read(self) -> Extracted:
        laid, without = self._lay_out()
        repeated.drop(laid)
        style = blocks.style_of(segment for page in laid for segment in page.segments)
        pages: dict[int, Page] = {}
        for page in laid:
            if self._budget.over and not self._result.truncated:
                self._stop(f"Only the first {page.number - 1} pages were read: it took too long.")
            if self._budget.over:
                break
            if page.segments:
                found = blocks.blocks_of(layout.columns(page.segments), style)
                pages[page.number] = Page(page.number, found)
        if without:
            self._read_scans(without, pages)
        result = self._result
        result.pages = [pages[number] for number in sorted(pages)]
        result.title = self._title(result.pages)
        if not result.pages and not self._notes:
            self._notes.append("The PDF holds no text.")
            result.state = "failed"
        elif self._notes:
            result.state = "partly" if result.pages else "failed"
        result.reason = " ".join(self._notes)
        return result

    def _lay_out(self) -> tuple[list[repeated.LaidPage], list[int]]:
        """Pages with their segments, and the numbers of pages that hold pictures only."""
        limits = self._budget.limits
        laid: list[repeated.LaidPage] = []
        without: list[int] = []
        letters = 0
        for raw in self._pdf.pages(limits.pages):
            if _is_scan(raw):
                without.append(raw.number)
                continue
            letters += sum(len(word.text) + 1 for word in raw.words)
            if raw.cut:
                self._stop(f"Page {raw.number} holds too many letters; the rest of it is left out.")
            laid.append(
                repeated.LaidPage(raw.number, raw.width, raw.height, layout.segments(raw.words))
            )
            if letters > limits.characters:
                self._stop(f"Only the text of the first {raw.number} pages was kept.")
                break
            if self._budget.over:
                self._stop(
                    f"Only the first {raw.number} of {self._pdf.count} pages were read: "
                    "it took too long."
                )
                break
        else:
            if self._pdf.count > limits.pages:
                self._stop(f"Only the first {limits.pages} of {self._pdf.count} pages were read.")
        return laid, without

    def _stop(self, note: str) -> None:
        self._notes.append(note)
        self._result.truncated = True

    def _read_scans(self, without: list[int], pages: dict[int, Page]) -> None:
        limits = self._budget.limits
        if not limits.ocr or ocr.program() is None:
            why = (
                "Tesseract, which would read them, is not installed"
                if limits.ocr else "reading them was switched off"
            )  # fmt: skip
            self._notes.append(_scans(len(without), self._pdf.count) + f"; {why}.")
            return
        self._ocr_begins()
        unread = 0
        told = ""
        for number in without:
            seconds = min(limits.ocr_page_seconds, self._budget.left)
            if self._budget.ocr_pages >= limits.ocr_pages or seconds < 1:
                unread += 1
                continue
            self._budget.ocr_pages += 1
            try:
                text = ocr.read(*self._pdf.picture(number - 1, ocr.DOTS, ocr.LONGEST), seconds)
            except ExtractError as error:
                told = str(error)
                unread += 1
                continue
            self._result.ocr_used = True
            found = plain.blocks(text)
            if found:
                pages[number] = Page(number, found)
        if unread:
            self._result.truncated = True
            self._notes.append(
                f"{unread} scanned pages were not read"
                + (f": {told}" if told else "; there are too many.")
            )

    def _title(self, pages: list[Page]) -> str:
        title = clean(self._pdf.title())[:300]
        if title and not _NO_TITLE.match(title):
            return title
        for page in pages[:2]:
            headings = [block for block in page.blocks if block.kind == "heading"]
            if headings:
                return min(headings, key=lambda block: block.level).text[:300]
        return ""


def _is_scan(raw: RawPage) -> bool:
    if not raw.words:
        return raw.images
    return letters_share("".join(word.text for word in raw.words[:400])) < _LEAST_KNOWN


def _scans(number: int, of: int) -> str:
    if number == of:
        return "The pages are pictures without text (scanned)"
    return f"{number} of {of} pages are pictures without text (scanned)"
