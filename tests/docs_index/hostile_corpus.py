"""A folder of files that mean harm, or have come to it: bombs, circles, depths, halves, and names that lie.

All are small on the disk and made in milliseconds. Nothing in them can be read, so each must end with a sentence; only
of those in `READABLE` a careful reader makes what sense there is.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.docs_index.every_format import write_every_format
from tests.docs_index.files import assemble, pdf_bytes, stream, write_pdf_bomb, write_zip_bomb
from tests.docs_index.office_files import LAUGHS, with_part, write_zip

PROGRAM = b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)) * 40
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
ZIPS = (".docx", ".pptx", ".xlsx", ".ods", ".odt", ".epub")
HALVED = (*ZIPS, ".pdf", ".rtf", ".json", ".ipynb", ".xml")  # half of a text is a text
ROOT = "/Root 1 0 R"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
LINE_BYTES = 1 << 30
READABLE = {"circle-of-forms.pdf", "circle-of-bookmarks.pdf", "deep.html"}


def pdf(objects: Sequence[bytes]) -> bytes:
    return assemble(objects, ROOT)


def page(content: int, *, resources: str = "/Font << /F1 3 0 R >>") -> bytes:
    return (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << {resources} >> /Contents {content} 0 R >>"
    ).encode()


def circle_of_pages() -> bytes:
    """The pages' parent is its own child."""
    return pdf([CATALOG, b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>", FONT])


def circle_of_forms() -> bytes:
    """A page draws a form that draws itself."""
    drawing = "BT /F1 12 Tf 50 700 Td (The lions roar in circles.) Tj ET /X Do"
    form = stream("/X Do").replace(
        b"<< ", b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >> ", 1
    )
    pages = b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>"
    resources = "/Font << /F1 3 0 R >> /XObject << /X 6 0 R >>"
    return pdf([CATALOG, pages, FONT, page(5, resources=resources), stream(drawing), form])


def circle_of_bookmarks() -> bytes:
    """The section after the first one is the first one."""
    whole = pdf_bytes(["The lions roar again."], bookmarks=[("Lions", 0), ("Tigers", 0)])
    return whole.replace(b"/Title (Tigers) /Parent 6 0 R ", b"/Title (Tigers) /Next 7 0 R  ")


def endless_count() -> bytes:
    """It says that it has two thousand million pages."""
    return pdf([CATALOG, b"<< /Type /Pages /Kids [] /Count 2147483647 >>", FONT])


def overlapping_zip(path: Path) -> None:
    """Four thousand entries, which all unpack the same megabyte."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"a" * 1_000_000)
        first = archive.infolist()[0]
        for number in range(1, 4000):
            copy = zipfile.ZipInfo(f"word/{number}.xml")
            copy.compress_type, copy.CRC = first.compress_type, first.CRC
            copy.compress_size, copy.file_size, copy.header_offset = first.compress_size, first.file_size, 0
            archive.filelist.append(copy)
            archive.NameToInfo[copy.filename] = copy
        archive._didModify = True


def endless_line(path: Path) -> None:
    """A gigabyte without a line end, of which the disk holds nothing."""
    with path.open("wb") as file:
        file.truncate(LINE_BYTES)


def entities(body: str, declarations: str) -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE d [{declarations}]><d>{body}</d>'.encode()


BYTES: dict[str, Callable[[], bytes]] = {
    "laughs.xml": lambda: entities("&a9;", LAUGHS),
    "quadratic.xml": lambda: entities("&a;" * 50_000, f'<!ENTITY a "{"a" * 50_000}">'),
    "steals.xml": lambda: entities("&a;", '<!ENTITY a SYSTEM "file:///etc/hostname">'),
    "deep.xml": lambda: b"<d>" * 50_000,
    "deep.html": lambda: b"<div>" * 20_000 + b"The lions roar below.",
    "deep.json": lambda: b"[" * 50_000,
    "circle-of-pages.pdf": circle_of_pages,
    "circle-of-forms.pdf": circle_of_forms,
    "circle-of-bookmarks.pdf": circle_of_bookmarks,
    "endless-count.pdf": endless_count,
    "program.txt": lambda: PROGRAM,
    "picture.html": lambda: PICTURE,
    "letter.pdf": lambda: b"Only a letter, whatever its name says.",
    "letter.docx": lambda: b"Only a letter, whatever its name says.",
    "survey-inside.docx": lambda: pdf_bytes(["A survey."]),
    "empty.odt": lambda: b"",
}


def write_hostile_files(folder: Path) -> list[str]:
    """The names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in BYTES.items():
        (folder / name).write_bytes(content())
    write_zip_bomb(folder / "bomb.docx", 60)
    write_pdf_bomb(folder / "bomb.pdf", 300)
    overlapping_zip(folder / "overlapping.docx")
    endless_line(folder / "line.txt")
    halve(folder)
    whole = write_zip(folder / "laughs.epub", {"mimetype": "application/epub+zip"})
    with_part(whole, "META-INF/container.xml", entities("&a9;", LAUGHS))
    return sorted(path.name for path in folder.iterdir())


def halve(folder: Path) -> None:
    whole = folder / "whole"
    for name in write_every_format(whole):
        path = whole / name
        content = path.read_bytes()
        if path.suffix in HALVED:
            (folder / f"half-{name}").write_bytes(content[: len(content) // 2])
        if path.suffix in ZIPS:
            (folder / f"endof-{name}").write_bytes(content[len(content) // 3 :])
        path.unlink()
    whole.rmdir()
