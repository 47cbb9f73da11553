"""A page of a PDF as a picture, and the boxes of a passage on it. For the reading process, which has the limits."""

from __future__ import annotations

import base64
import ctypes
import io
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from docs_index.errors import DamagedDocument, ReadError
from docs_index.ink import ink_positions

MAX_PIXELS = 12_000_000  # a page one inch wide and a mile long stays a picture that a browser can show
MAX_RECTANGLES = 5_000  # a chunk has at most 2,000 letters
SAME_LINE = 0.4  # of the lower one's height that two boxes share
WORD_GAP = 30  # thousandths; columns stand further apart
THOUSAND = 1000
LEEWAY = 3  # thousandths around the letters


def draw(path: Path, *, page: int, width_px: int, ink_before: int, ink_length: int) -> dict[str, Any]:
    """The picture as PNG in base64, its size, and the boxes, as plain values."""
    try:
        with closing(pypdfium2.PdfDocument(path)) as document:
            if not 1 <= page <= len(document):
                raise ReadError(f"This PDF has no page {page}.")
            document.init_forms()  # else its fields would be drawn empty
            with closing(document[page - 1]) as opened:
                return _draw(opened, width_px, ink_before, ink_length)
    except pypdfium2.PdfiumError as error:
        raise DamagedDocument("This page cannot be drawn: the PDF is damaged.") from error


def _draw(page: pypdfium2.PdfPage, width_px: int, ink_before: int, ink_length: int) -> dict[str, Any]:
    width, height = (max(1.0, side) for side in page.get_size())
    scale = min(width_px / width, (MAX_PIXELS / (width * height)) ** 0.5)
    boxes = _lines(_box(page, *rectangle) for rectangle in _rectangles(page, ink_before, ink_length))
    with closing(page.render(scale=scale)) as bitmap:
        file = io.BytesIO()
        bitmap.to_pil().save(file, "PNG")
        png = base64.b64encode(file.getvalue()).decode("ascii")
        return {"png": png, "width_px": bitmap.width, "height_px": bitmap.height, "boxes": boxes}


def _rectangles(page: pypdfium2.PdfPage, ink_before: int, ink_length: int) -> Iterator[tuple[float, ...]]:
    """In the page's own units: left, bottom, right, top of each few letters, as pdfium joins them."""
    if not ink_length:
        return
    with closing(page.get_textpage()) as textpage:
        found = ink_positions(textpage.get_text_range())[ink_before : ink_before + ink_length]
        if not found:
            return
        first, last = (
            pdfium.FPDFText_GetCharIndexFromTextIndex(textpage, position) for position in (found[0], found[-1])
        )
        if first < 0 or last < first:
            return
        for number in range(min(textpage.count_rects(first, last - first + 1), MAX_RECTANGLES)):
            yield textpage.get_rect(number)


def _box(page: pypdfium2.PdfPage, left: float, bottom: float, right: float, top: float) -> list[int]:
    """Left, top, width and height in thousandths of the page as it is shown: a turned page turns its corners too."""
    (x1, y1), (x2, y2) = _shown(page, left, top), _shown(page, right, bottom)
    left_edge, right_edge = max(0, min(x1, x2) - LEEWAY), min(THOUSAND, max(x1, x2) + LEEWAY)
    top_edge, bottom_edge = max(0, min(y1, y2) - LEEWAY), min(THOUSAND, max(y1, y2) + LEEWAY)
    return [left_edge, top_edge, max(0, right_edge - left_edge), max(0, bottom_edge - top_edge)]


def _shown(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[int, int]:
    """A point of the page on a picture of a thousand by a thousand pixels."""
    across, down = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, THOUSAND, THOUSAND, 0, x, y, across, down)
    return across.value, down.value


def _lines(boxes: Iterable[list[int]]) -> list[list[int]]:
    """Boxes that follow one another on the same line, as one."""
    lines: list[list[int]] = []
    for box in boxes:
        if lines and _continues(lines[-1], box):
            lines[-1] = _around(lines[-1], box)
        else:
            lines.append(box)
    return lines


def _continues(line: list[int], box: list[int]) -> bool:
    left, top, width, height = line
    shared = min(top + height, box[1] + box[3]) - max(top, box[1])
    gap = max(box[0] - (left + width), left - (box[0] + box[2]))
    return shared >= SAME_LINE * min(height, box[3]) and gap <= WORD_GAP


def _around(line: list[int], box: list[int]) -> list[int]:
    left, top = min(line[0], box[0]), min(line[1], box[1])
    right, bottom = max(line[0] + line[2], box[0] + box[2]), max(line[1] + line[3], box[1] + box[3])
    return [left, top, right - left, bottom - top]
