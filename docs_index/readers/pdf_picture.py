"""A page of a PDF as a picture, and the boxes of a passage on it. For the reading process, which has the limits."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from docs_index.errors import DamagedDocument, ReadError
from docs_index.ink import ink_positions

MAX_PIXELS = 12_000_000  # a page one inch wide and a mile long stays a picture that a browser can show
MAX_BOXES = 400
THOUSAND = 1000
LEEWAY = 3  # thousandths around the letters

Point = tuple[float, float]


def draw(path: Path, *, page: int, width_px: int, ink_before: int, ink_length: int) -> dict[str, Any]:
    """The picture as PNG in base64, its size, and the boxes, as plain values."""
    try:
        with closing(pypdfium2.PdfDocument(path)) as document:
            if not 1 <= page <= len(document):
                raise ReadError(f"This PDF has no page {page}.")
            with closing(document[page - 1]) as opened:
                return _draw(opened, width_px, ink_before, ink_length)
    except pypdfium2.PdfiumError as error:
        raise DamagedDocument("This page cannot be drawn: the PDF is damaged.") from error


def _draw(page: pypdfium2.PdfPage, width_px: int, ink_before: int, ink_length: int) -> dict[str, Any]:
    width, height = (max(1.0, side) for side in page.get_size())
    scale = min(width_px / width, (MAX_PIXELS / (width * height)) ** 0.5)
    with closing(page.render(scale=scale)) as bitmap:
        positions = bitmap.get_posconv(page)
        boxes = []
        for left, bottom, right, top in _rectangles(page, ink_before, ink_length):
            corners = (positions.to_bitmap(left, top), positions.to_bitmap(right, bottom))
            boxes.append(_box(corners, bitmap.width, bitmap.height))
        file = io.BytesIO()
        bitmap.to_pil().save(file, "PNG")
        png = base64.b64encode(file.getvalue()).decode("ascii")
        return {"png": png, "width_px": bitmap.width, "height_px": bitmap.height, "boxes": boxes}


def _rectangles(page: pypdfium2.PdfPage, ink_before: int, ink_length: int) -> Iterator[tuple[float, ...]]:
    """In the page's own units, one for each line or part of a line, as pdfium joins letters."""
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
        for number in range(min(textpage.count_rects(first, last - first + 1), MAX_BOXES)):
            yield textpage.get_rect(number)


def _box(corners: tuple[Point, Point], width: int, height: int) -> list[int]:
    """Left, top, width and height in thousandths; a turned page turns its corners too."""
    left, right = sorted(x * THOUSAND // width for x, _ in corners)
    top, bottom = sorted(y * THOUSAND // height for _, y in corners)
    left, top = max(0, int(left) - LEEWAY), max(0, int(top) - LEEWAY)
    return [left, top, min(THOUSAND, int(right) + LEEWAY) - left, min(THOUSAND, int(bottom) + LEEWAY) - top]
