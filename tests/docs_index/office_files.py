"""Small documents of the formats that are zip files, and a way to change one part of them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
from pptx import Presentation

OFFICE = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
TEXT = 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
TABLE = 'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
META = (
    f'<office:document-meta {OFFICE} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>'
    "<dc:title>{title}</dc:title></office:meta></office:document-meta>"
)
LOCKED_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
    "</manifest:manifest>"
)
EPUB_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="book/package.opf"/></rootfiles></container>'
)
OFFICE_BYTES = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(500)  # how a locked or an old document begins
LAUGHS = '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


def write_zip(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def with_part(path: Path, name: str, content: str | bytes) -> Path:
    """The same document with one part replaced or added."""
    with zipfile.ZipFile(path) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    return write_zip(path, parts | {name: content})


def write_pptx(path: Path, slides: Sequence[tuple[str, str]], *, notes: str = "", title: str = "") -> Path:
    """Each slide is its title and its text; the notes belong to the last one."""
    presentation = Presentation()
    presentation.core_properties.title = title
    for heading, text in slides:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = heading
        slide.placeholders[1].text = text
        if notes and (heading, text) == slides[-1]:
            slide.notes_slide.notes_text_frame.text = notes
    presentation.save(str(path))
    return path


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    workbook.save(path)
    workbook.close()
    return path


def write_ods(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    tables = "".join(
        f'<table:table table:name="{name}">{"".join(map(_row, rows))}</table:table>' for name, rows in sheets.items()
    )
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    mimetype = "application/vnd.oasis.opendocument.spreadsheet"
    return write_zip(path, {"mimetype": mimetype, "META-INF/manifest.xml": "<m/>", "content.xml": _content(body)})


def write_odt(path: Path, body: str, *, title: str = "", declarations: str = "") -> Path:
    """`body` is XML with the prefixes text: and table:."""
    content = _content(f"<office:body><office:text>{body}</office:text></office:body>", declarations)
    mimetype = "application/vnd.oasis.opendocument.text"
    return write_zip(path, {"mimetype": mimetype, "content.xml": content, "meta.xml": META.format(title=title)})


def write_epub(path: Path, chapters: Sequence[str], *, title: str = "", extra: Mapping[str, str] | None = None) -> Path:
    """Each chapter is the inside of a page."""
    items = "".join(
        f'<item id="c{n}" href="chapter%20{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{title}</dc:title></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    pages = {f"book/chapter {n}.xhtml": f"<html><body>{page}</body></html>" for n, page in enumerate(chapters)}
    parts = {"mimetype": "application/epub+zip", "META-INF/container.xml": EPUB_CONTAINER, "book/package.opf": package}
    return write_zip(path, parts | pages | dict(extra or {}))


def _row(cells: Sequence[object]) -> str:
    return f"<table:table-row>{''.join(map(_cell, cells))}</table:table-row>"


def _cell(value: object) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, int | float):
        kind = f'office:value-type="float" office:value="{value}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"


def _content(body: str, declarations: str = "") -> str:
    doctype = f"<!DOCTYPE d [{declarations}]>" if declarations else ""
    content = f"<office:document-content {OFFICE} {TEXT} {TABLE}>{body}</office:document-content>"
    return f'<?xml version="1.0"?>{doctype}{content}'
