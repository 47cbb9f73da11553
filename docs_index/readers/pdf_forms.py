"""What people have filled into a page of a PDF: its form fields, and text they set on top of it.

pdfium knows the fields only of pages opened after `PdfDocument.init_forms()`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

MAX_FIELDS = 5_000  # of one page
TEXTS = (pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX)
CROSSES = (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON)
IS_PASSWORD = 1 << 13  # PDF 1.7, table 228
OFF = frozenset({"", "Off"})


def filled_in(page: pypdfium2.PdfPage) -> Iterator[str]:
    """A line for each field that holds something, with its name: "Name of child: Ann"."""
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), MAX_FIELDS)):
        with _annotation(page, number) as annotation:
            kind = pdfium.FPDFAnnot_GetSubtype(annotation) if annotation else None
            if kind == pdfium.FPDF_ANNOT_WIDGET and page.formenv:
                yield from _field(page.formenv, annotation)
            elif kind == pdfium.FPDF_ANNOT_FREETEXT:
                contents = _text(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
                yield from (contents,) if contents else ()


def _field(forms: Any, annotation: Any) -> Iterator[str]:
    kind = pdfium.FPDFAnnot_GetFormFieldType(forms, annotation)
    is_secret = bool(pdfium.FPDFAnnot_GetFormFieldFlags(forms, annotation) & IS_PASSWORD)
    is_crossed = kind in CROSSES and pdfium.FPDFAnnot_IsChecked(forms, annotation)
    if is_secret or not (kind in TEXTS or is_crossed):
        return
    value = _text(pdfium.FPDFAnnot_GetFormFieldValue, forms, annotation)
    if value not in OFF:
        name = _text(pdfium.FPDFAnnot_GetFormFieldAlternateName, forms, annotation) or _text(
            pdfium.FPDFAnnot_GetFormFieldName, forms, annotation
        )
        yield f"{name}: {value}" if name else value


@contextmanager
def _annotation(page: pypdfium2.PdfPage, number: int) -> Iterator[Any]:
    """None where the page is damaged."""
    annotation = pdfium.FPDFPage_GetAnnot(page, number)
    try:
        yield annotation
    finally:
        if annotation:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _text(function: Callable[..., int], *of: Any) -> str:
    """pdfium is asked twice: for the length in bytes with the zero at the end, and for the text."""
    length = function(*of, None, 0)
    buffer = (pdfium.FPDF_WCHAR * (length // 2))()
    function(*of, buffer, ctypes.sizeof(buffer))
    return bytes(buffer).decode("utf-16-le", errors="replace").rstrip("\0").strip()
