"""The words of a PDF page with their places, from pdfium.

pdfium (BSD, Apache) runs no scripts here: the wheels of ``pypdfium2`` are built without V8, and
nothing is rendered but pages for OCR.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

from indexer.errors import ExtractError

_ERRORS = {
    pdfium.FPDF_ERR_FILE: "The PDF cannot be opened.",
    pdfium.FPDF_ERR_FORMAT: "The PDF is damaged or no PDF. Save it again, or ask its publisher.",
    pdfium.FPDF_ERR_PASSWORD: (
        "The PDF is protected by a password. Publish it without one to make its text findable."
    ),
    pdfium.FPDF_ERR_SECURITY: "The PDF uses a protection that cannot be read. Publish it without.",
}
#: pdfium marks a hyphen at a line's end by one of these, and leaves the line's end out.
_BREAKS = "\u0002\ufffe"
_WORD = re.compile(rf"[^\s\u0000-\u001f\u00a0\ufffe]+[{_BREAKS}]?")
#: A page with more letters is no page for people (points of a map, hidden text).
_MOST_LETTERS = 100_000
_BOLD_WEIGHT = 600
_BOLD_NAME = re.compile(rb"bold|black|heavy|semibold|demi", re.IGNORECASE)


@dataclass(slots=True)
class Word:
    """A word: places in points from the page's upper left corner, ``y`` is its baseline."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    #: Its place in the file's own order.
    order: int = 0


@dataclass
class RawPage:
    """What a page holds. ``letters``: how many pdfium found, also those that cannot be read."""

    number: int
    width: float
    height: float
    words: list[Word]
    images: bool
    cut: bool = False


class Pdf:
    """An open PDF. Raises ExtractError when it cannot be opened."""

    def __init__(self, content: bytes) -> None:
        self._content = content  # pdfium reads from it until the document is closed
        pdfium.FPDF_InitLibrary()
        self._document = pdfium.FPDF_LoadMemDocument64(content, len(content), None)
        if not self._document:
            error = pdfium.FPDF_GetLastError()
            raise ExtractError(_ERRORS.get(error, "The PDF cannot be opened."))
        self.count = int(pdfium.FPDF_GetPageCount(self._document))

    def close(self) -> None:
        """Let go of the document."""
        pdfium.FPDF_CloseDocument(self._document)

    def title(self) -> str:
        """The title in the file's properties, or nothing."""
        length = pdfium.FPDF_GetMetaText(self._document, b"Title", None, 0)
        if not 2 < length < 4096:
            return ""
        buffer = ctypes.create_string_buffer(length)
        pdfium.FPDF_GetMetaText(self._document, b"Title", buffer, length)
        return buffer.raw[: length - 2].decode("utf-16-le", "replace")

    def pages(self, most: int) -> Iterator[RawPage]:
        """The first pages; one that cannot be read has no words."""
        for index in range(min(self.count, most)):
            yield self.page(index)

    def page(self, index: int) -> RawPage:
        """One page, counted from 0."""
        page = pdfium.FPDF_LoadPage(self._document, index)
        if not page:
            return RawPage(index + 1, 0, 0, [], images=False)
        try:
            return _read(page, index + 1)
        finally:
            pdfium.FPDF_ClosePage(page)

    def picture(self, index: int, dots: int, longest: int) -> tuple[int, int, bytes]:
        """A page in grey: width, height, a byte per dot; no side longer than ``longest``.

        Raises ExtractError when it cannot be drawn.
        """
        page = pdfium.FPDF_LoadPage(self._document, index)
        if not page:
            raise ExtractError(f"Page {index + 1} cannot be drawn.")
        try:
            width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
            if width <= 0 or height <= 0:
                raise ExtractError(f"Page {index + 1} cannot be drawn.")
            scale = min(dots / 72, longest / max(width, height))
            across, down = max(1, int(width * scale)), max(1, int(height * scale))
            bitmap = pdfium.FPDFBitmap_CreateEx(across, down, pdfium.FPDFBitmap_Gray, None, 0)
            if not bitmap:
                raise ExtractError(f"Page {index + 1} cannot be drawn.")
            try:
                pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, across, down, 0xFFFFFFFF)
                flags = pdfium.FPDF_GRAYSCALE
                pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, across, down, 0, flags)
                stride = pdfium.FPDFBitmap_GetStride(bitmap)
                raw = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * down)
            finally:
                pdfium.FPDFBitmap_Destroy(bitmap)
            if stride != across:
                raw = b"".join(raw[row * stride : row * stride + across] for row in range(down))
            return across, down, raw
        finally:
            pdfium.FPDF_ClosePage(page)


def _read(page: Any, number: int) -> RawPage:
    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        return RawPage(number, width, height, [], _has_images(page))
    try:
        count = pdfium.FPDFText_CountChars(text_page)
        cut = count > _MOST_LETTERS
        words = _words(page, text_page, min(count, _MOST_LETTERS), width, height)
    finally:
        pdfium.FPDFText_ClosePage(text_page)
    return RawPage(number, width, height, words, not words and _has_images(page), cut)


def _has_images(page: Any) -> bool:
    """Whether anything is drawn: a scan is an image, text as outlines are paths."""
    return bool(pdfium.FPDFPage_CountObjects(page) > 0)


def _text(text_page: Any, count: int) -> str:
    """The letters, one for each of pdfium's own numbers."""
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(text_page, 0, count, buffer)
    text = bytes(buffer)[: max(0, written - 1) * 2].decode("utf-16-le", "replace")
    if len(text) == count:
        return text
    # Letters that pdfium leaves out, or beyond 16 bits: ask for each.
    get = pdfium.FPDFText_GetUnicode
    codes = (get(text_page, index) for index in range(count))
    return "".join(chr(code) if 0 < code < 0x110000 else "\ufffd" for code in codes)


def _words(page: Any, text_page: Any, count: int, width: float, height: float) -> list[Word]:
    text = _text(text_page, count)
    place = _Placer(page, width, height)
    box, reference = pdfium.FS_RECTF(), None
    reference = ctypes.byref(box)
    x, y = ctypes.c_double(), ctypes.c_double()
    x_reference, y_reference = ctypes.byref(x), ctypes.byref(y)
    loose, origin = pdfium.FPDFText_GetLooseCharBox, pdfium.FPDFText_GetCharOrigin
    found: list[Word] = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        word = match[0]
        if word[-1] in _BREAKS:
            word = word[:-1] + "-"
        if not loose(text_page, start, reference):
            continue
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        origin(text_page, start, x_reference, y_reference)
        base_x, base_y = x.value, y.value
        if end - start > 1 and loose(text_page, end - 1, reference):
            right, left = max(right, box.right), min(left, box.left)
            top, bottom = max(top, box.top), min(bottom, box.bottom)
        size, bold = _font(text_page, start)
        x0, x1, baseline, upright = place(left, bottom, right, top, base_x, base_y)
        if not upright and end - start > 2:
            continue  # words up a margin: stamps, watermarks, axes of a chart
        found.append(Word(word, x0, x1, baseline, size or (top - bottom) or 10.0, bold, len(found)))
    return found


def _font(text_page: Any, index: int) -> tuple[float, bool]:
    """Size in points as it is seen, and whether it is bold."""
    matrix = pdfium.FS_MATRIX()
    size = float(pdfium.FPDFText_GetFontSize(text_page, index))
    if pdfium.FPDFText_GetMatrix(text_page, index, ctypes.byref(matrix)):
        # Some programs write size 1 and scale it by the matrix.
        size *= (matrix.b * matrix.b + matrix.d * matrix.d) ** 0.5 or 1.0
    weight = pdfium.FPDFText_GetFontWeight(text_page, index)
    return size, weight >= _BOLD_WEIGHT or _bold_name(text_page, index)


def _bold_name(text_page: Any, index: int) -> bool:
    name, flags = ctypes.create_string_buffer(64), ctypes.c_int()
    length = pdfium.FPDFText_GetFontInfo(text_page, index, name, 64, ctypes.byref(flags))
    return 0 < length <= 64 and bool(_BOLD_NAME.search(name.value))


class _Placer:
    """From the page's own coordinates to points from the upper left corner as it is seen."""

    def __init__(self, page: Any, width: float, height: float) -> None:
        self._turn = pdfium.FPDFPage_GetRotation(page)
        self._width, self._height = width, height
        box = pdfium.FS_RECTF()
        self._left = self._bottom = 0.0
        if pdfium.FPDF_GetPageBoundingBox(page, ctypes.byref(box)):
            self._left, self._bottom = box.left, box.bottom

    def __call__(
        self, left: float, bottom: float, right: float, top: float, x: float, y: float
    ) -> tuple[float, float, float, bool]:
        """Left, right, baseline, and whether the word is wider than high."""
        left, right, x = left - self._left, right - self._left, x - self._left
        bottom, top, y = bottom - self._bottom, top - self._bottom, y - self._bottom
        across, up = right - left, top - bottom
        if self._turn == 0:
            return left, right, self._height - y, across >= 0.8 * up
        if self._turn == 2:
            return self._width - right, self._width - left, y, across >= 0.8 * up
        if self._turn == 1:  # a quarter to the right: what was up is right
            return bottom, top, x, up >= 0.8 * across
        return self._width - top, self._width - bottom, self._height - x, up >= 0.8 * across
