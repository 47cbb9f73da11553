"""PDF by pdfium, page by page; pages that are pictures by Tesseract, when it is installed.

pdfium is not thread-safe: one read at a time in a process.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from docs_index.errors import DamagedDocument, EmptyDocument, ProtectedDocument, ReadError, UnsupportedFormat
from docs_index.readers import ocr, pdf_forms
from docs_index.readers.decoding import tidy
from docs_index.readers.draft import Draft
from docs_index.readers.steps import step
from docs_index.types import Extraction, PlaceKind

HEAD_BYTES = 1024
TAIL_BYTES = 65_536
# A PDF made for the web has an end at its beginning too, and says how long it is (PDF 1.7, F.3.3).
LINEARIZED = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d{1,18})\b")
LINE_HYPHEN = re.compile("[\ufffe\x02]\n?(.?)")  # how pdfium writes the hyphen of a word broken at the line's end
TELLING_CHARS = 25  # fewer on top of a picture are a stamp or a page number
PICTURE_SHARE = 0.5  # of a page that a picture must cover to be what the page shows
FORM_DEPTH = 3
OCR_DPI = 200
OCR_PIXELS = 12_000_000  # a page as large as a door is read at a lower resolution
OCR_S = 1800.0  # for all pages of a file
MAX_BOOKMARKS = 5_000
INSTALL = "install Tesseract to read them"


@dataclass(frozen=True, slots=True)
class Page:
    """What one page holds. No text and no picture: it is blank."""

    text: str = ""
    filled_in: str = ""  # by people, in the fields of a form
    is_picture: bool = False
    is_ocr: bool = False
    is_broken: bool = False

    @property
    def whole(self) -> str:
        """What stands in fields comes last, so that the places of all else on the page stay as pdfium counts them."""
        return "\n\n".join(part for part in (self.text, self.filled_in) if part)


def read(path: Path) -> Extraction:
    _check_ends(path)
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise _explain(error) from error
    try:
        document.init_forms()
        pages = _read_pictures(document, [_page(document, number) for number in range(len(document))])
        title = document.get_metadata_value("Title")
        return _assemble(pages, title, _bookmarks(document))
    finally:
        document.close()


def _check_ends(path: Path) -> None:
    """pdfium mends a file that was cut off and shows what is left of it; a person wants to know instead."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(-min(TAIL_BYTES, path.stat().st_size), os.SEEK_END)
        tail = file.read()
    if not head:
        raise EmptyDocument("There is no text in this file: it is empty.")
    if b"%PDF-" not in head:
        raise UnsupportedFormat("This is not a PDF, although its name says so.")
    size_meant = LINEARIZED.search(head)
    if (b"%%EOF" not in tail and b"startxref" not in tail) or (size_meant and path.stat().st_size < int(size_meant[1])):
        raise DamagedDocument("The end of this PDF is missing. Get or save it again and add the whole file.")


def _explain(error: pypdfium2.PdfiumError) -> ReadError:
    if error.err_code == pdfium.FPDF_ERR_PASSWORD:
        return ProtectedDocument("This PDF asks for a password. Save a copy without one and add that.")
    if error.err_code == pdfium.FPDF_ERR_SECURITY:
        return ProtectedDocument(
            "This PDF is locked in a way that cannot be opened. Save an unlocked copy and add that."
        )
    return DamagedDocument("This PDF is damaged and cannot be opened. Get or save it again.")


def clean(raw: str) -> str:
    """What pdfium finds on a page, as a person reads it."""
    return LINE_HYPHEN.sub(_joined, tidy(raw)).strip()


def _joined(match: re.Match[str]) -> str:
    return match[1] if match[1].islower() else f"-{match[1]}"


def _page(document: pypdfium2.PdfDocument, number: int) -> Page:
    try:
        with closing(document[number]) as page, closing(page.get_textpage()) as textpage:
            text = clean(textpage.get_text_range())
            fields = tidy("\n".join(pdf_forms.filled_in(page))).strip()
            return Page(text, fields, is_picture=_is_picture(page, text))
    except pypdfium2.PdfiumError:
        return Page(is_broken=True)


def _is_picture(page: pypdfium2.PdfPage, text: str) -> bool:
    """Whether something is drawn that holds no text: a picture, or letters drawn as lines."""
    if not text:
        return next(iter(page.get_objects(max_depth=1)), None) is not None
    if len(text) >= TELLING_CHARS:
        return False
    return any(
        _share(page, each) >= PICTURE_SHARE for each in page.get_objects([pdfium.FPDF_PAGEOBJ_IMAGE], FORM_DEPTH)
    )


def _share(page: pypdfium2.PdfPage, picture: pypdfium2.PdfObject) -> float:
    left, bottom, right, top = picture.get_bounds()
    return float((right - left) * (top - bottom) / max(1.0, page.get_width() * page.get_height()))


def _read_pictures(document: pypdfium2.PdfDocument, pages: Sequence[Page]) -> list[Page]:
    """The same pages, with the text that Tesseract found."""
    end = time.monotonic() + OCR_S
    is_available = any(page.is_picture for page in pages) and ocr.is_available()
    read: list[Page] = []
    for number, page in enumerate(pages):
        if page.is_picture and is_available and time.monotonic() < end:
            text = tidy(ocr.text_of(_graymap(document, number)) or "").strip()
            page = replace(page, text=text, is_ocr=True) if text else replace(page, is_ocr=not page.text)
            step()
        read.append(page)
    return read


def _graymap(document: pypdfium2.PdfDocument, number: int) -> bytes:
    """The page as a picture in the simplest format there is (netpbm's P5)."""
    with closing(document[number]) as page:
        width, height = page.get_size()
        scale = min(OCR_DPI / 72, (OCR_PIXELS / max(1.0, width * height)) ** 0.5)
        with closing(page.render(scale=scale, grayscale=True)) as bitmap:
            rows = memoryview(bitmap.buffer).cast("B")
            lines = (rows[at : at + bitmap.width] for at in range(0, bitmap.height * bitmap.stride, bitmap.stride))
            return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + b"".join(lines)


def _bookmarks(document: pypdfium2.PdfDocument) -> dict[int, list[tuple[int, str]]]:
    """Level and title of the bookmarks to each page. A table of contents may run in circles: pdfium's caller stops."""
    found: dict[int, list[tuple[int, str]]] = {}
    try:
        for bookmark, _ in zip(document.get_toc(max_depth=6), range(MAX_BOOKMARKS), strict=False):
            target, title = bookmark.get_dest(), " ".join(bookmark.get_title().split())
            index = target.get_index() if target else None
            if index is not None and title:
                found.setdefault(index, []).append((bookmark.level + 1, title))
    except pypdfium2.PdfiumError:
        return {}
    return found


def _assemble(pages: Sequence[Page], title: str, bookmarks: dict[int, list[tuple[int, str]]]) -> Extraction:
    if not any(page.whole for page in pages):
        raise EmptyDocument(_nothing(pages))
    draft = Draft()
    for number, page in enumerate(pages, 1):
        draft.begin(PlaceKind.PAGE, f"Page {number}", is_ocr=page.is_ocr and bool(page.text))
        draft.add_with_titles(page.whole, bookmarks.get(number - 1, ()))
    return draft.finish("", title=title, warnings=tuple(_warnings(pages)))


def _nothing(pages: Sequence[Page]) -> str:
    pictures = sum(page.is_picture for page in pages)
    if not pages:
        return "This PDF has no pages."
    if not pictures:
        return "There is no text in this PDF: nothing is on its pages."
    if not any(page.is_ocr for page in pages):
        return f"{_pictures(pictures, len(pages))}; {INSTALL}."
    return f"{_pictures(pictures, len(pages))}, and Tesseract found no text in {'it' if pictures == 1 else 'them'}."


def _warnings(pages: Sequence[Page]) -> Iterator[str]:
    total = len(pages)
    read = sum(page.is_ocr and bool(page.text) for page in pages)
    silent = sum(page.is_ocr and not page.text for page in pages)
    unread = sum(page.is_picture and not page.is_ocr for page in pages)
    broken = sum(page.is_broken for page in pages)
    if read:
        were, their = ("was", "its") if read == 1 else ("were", "their")
        yield f"{_pictures(read, total)} and {were} read by Tesseract, so {their} text may hold mistakes"
    if silent:
        yield f"{_pictures(silent, total)}, and Tesseract found no text in {'it' if silent == 1 else 'them'}"
    if unread:
        late = read or silent
        yield f"{_pictures(unread, total)}{' that there was no time to read' if late else f'; {INSTALL}'}"
    if broken:
        yield f"{broken} of {total} pages could not be read"


def _pictures(count: int, total: int) -> str:
    if total == 1:
        return "The only page is a picture"
    return f"{count} of {total} pages {'is a picture' if count == 1 else 'are pictures'}"
