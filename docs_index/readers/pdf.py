"""PDF by pdfium, page by page. pdfium is not thread-safe: one read at a time in a process."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from docs_index.errors import DamagedDocument, EmptyDocument, ProtectedDocument, ReadError, UnsupportedFormat
from docs_index.readers.decoding import tidy
from docs_index.types import Extraction, Place, PlaceKind

HEAD_BYTES = 1024
TAIL_BYTES = 65_536
# A PDF made for the web has an end at its beginning too, and says how long it is (PDF 1.7, F.3.3).
LINEARIZED = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d{1,18})\b")
LINE_HYPHEN = re.compile("[\ufffe\x02]\n?(.?)")  # how pdfium writes the hyphen of a word broken at the line's end
BETWEEN_PAGES = "\n\n"


def read(path: Path) -> Extraction:
    _check_ends(path)
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise _explain(error) from error
    try:
        return _assemble(list(_page_texts(document)), document.get_metadata_value("Title"))
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


def _page_texts(document: pypdfium2.PdfDocument) -> Iterator[str | None]:
    """The text of each page; None for a page that cannot be read."""
    for number in range(len(document)):
        try:
            page = document[number]
            textpage = page.get_textpage()
        except pypdfium2.PdfiumError:
            yield None
            continue
        text = tidy(textpage.get_text_range())
        textpage.close()
        page.close()
        yield LINE_HYPHEN.sub(_joined, text).strip()


def _joined(match: re.Match[str]) -> str:
    return match[1] if match[1].islower() else f"-{match[1]}"


def _assemble(texts: list[str | None], title: str) -> Extraction:
    if not any(texts):
        raise EmptyDocument(_nothing(texts))
    pages, parts, start = [], [], 0
    for number, text in enumerate(texts, 1):
        pages.append(Place(start, PlaceKind.PAGE, number, f"Page {number}"))
        parts.append(text or "")
        start += len(parts[-1]) + len(BETWEEN_PAGES)
    return Extraction(BETWEEN_PAGES.join(parts), tuple(pages), tidy(title).strip(), tuple(_warnings(texts)))


def _nothing(texts: list[str | None]) -> str:
    if not texts:
        return "This PDF has no pages."
    held = "its only page holds" if len(texts) == 1 else f"none of its {len(texts)} pages holds"
    none = "no text" if len(texts) == 1 else "text"
    return f"There is no text in this PDF: {held} {none} (they may be scanned pictures)."


def _warnings(texts: list[str | None]) -> Iterator[str]:
    empty, broken = texts.count(""), texts.count(None)
    if empty:
        yield f"{empty} of {len(texts)} pages hold{'s' * (empty == 1)} no text (they may be scanned pictures)"
    if broken:
        yield f"{broken} of {len(texts)} pages could not be read"
