"""Small documents, whole and hostile, written by hand so that the tests know every byte."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import docx
import pypdfium2

PASSWORD_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
DOCUMENT_ID = b"0123456789abcdef"


def pdf_bytes(
    pages: Sequence[str], *, title: str = "", password: str = "", bookmarks: Sequence[tuple[str, int]] = ()
) -> bytes:
    """Each page is its lines; a page of no text has nothing on it."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for i, page in enumerate(pages):
        objects.append(_page_object(content=5 + 2 * i))
        objects.append(stream("".join(_line(n, text) for n, text in enumerate(page.split("\n")))))
    if bookmarks:
        objects[0] = f"<< /Type /Catalog /Pages 2 0 R /Outlines {len(objects) + 1} 0 R >>".encode()
        objects += _outline(bookmarks, len(objects) + 1)
    trailer = f"/Root 1 0 R /ID [<{DOCUMENT_ID.hex()}> <{DOCUMENT_ID.hex()}>]"
    if title:
        objects.append(f"<< /Title ({title}) >>".encode())
        trailer += f" /Info {len(objects)} 0 R"
    if password:
        objects.append(_encryption(password))
        trailer += f" /Encrypt {len(objects)} 0 R"
    return assemble(objects, trailer)


def write_pdf(path: Path, pages: Sequence[str], **options: Any) -> Path:
    path.write_bytes(pdf_bytes(pages, **options))
    return path


def write_form(path: Path, page: str, annotations: Sequence[str]) -> Path:
    """A page of text and its annotations, which are written as PDF writes them: form fields and the like."""
    numbers = " ".join(f"{6 + n} 0 R" for n in range(len(annotations)))
    form = f"/AcroForm << /Fields [{numbers}] /DR << /Font << /F1 3 0 R >> >> /DA (/F1 12 Tf) >>"
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {form} >>".encode(),
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        _page_object(content=5).replace(b"/Contents", f"/Annots [{numbers}] /Contents".encode()),
        stream(_line(0, page)),
        *(f"<< /Type /Annot /P 4 0 R {each} >>".encode() for each in annotations),
    ]
    path.write_bytes(assemble(objects, "/Root 1 0 R"))
    return path


def write_scan(path: Path, pages: Sequence[str], *, written: Sequence[str] = (), stamp: str = "") -> Path:
    """Pages that are pictures of text, and after them pages of text; the stamp stands as text on each picture."""
    scan = pypdfium2.PdfDocument(pdf_bytes([stamp] * len(pages) + list(written)))
    with closing(scan), closing(pypdfium2.PdfDocument(pdf_bytes(pages))) as original:
        for number in range(len(pages)):
            source, target = original[number], scan[number]
            picture = pypdfium2.PdfImage.new(scan)
            picture.set_bitmap(source.render(scale=150 / 72))
            picture.set_matrix(pypdfium2.PdfMatrix().scale(*source.get_size()))
            target.insert_obj(picture)
            target.gen_content()
        scan.save(path)
    return path


def write_docx(
    path: Path, paragraphs: Sequence[str], *, heading: str = "", table: Sequence[Sequence[str]] = ()
) -> Path:
    document = docx.Document()
    for style in document.styles.element.xpath("w:latentStyles | w:style[@w:type='table'][not(@w:default)]"):
        style.getparent().remove(style)  # a hundred ways to draw a table, which take a third of a second to read
    if heading:
        document.add_heading(heading, level=1)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if table:
        grid = document.add_table(rows=len(table), cols=len(table[0]))
        for row, cells in zip(grid.rows, table, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    document.save(str(path))
    return path


def write_zip_bomb(path: Path, megabytes: int) -> Path:
    """A .docx of a few kilobytes whose text is `megabytes` of one letter."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as entry:
        for _ in range(megabytes):
            entry.write(b"a" * 1_000_000)
    return path


def write_pdf_bomb(path: Path, megabytes: int) -> Path:
    """A PDF whose only page is packed twice."""
    packer = zlib.compressobj(9)
    drawing = b"BT /F1 12 Tf 50 700 Td (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) Tj ET\n" * 16_000
    packed = b"".join(packer.compress(drawing) for _ in range(megabytes)) + packer.flush()
    twice = zlib.compress(packed, 9)
    content = b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream" % (len(twice), twice)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        _page_object(content=5),
        content,
    ]
    path.write_bytes(assemble(objects, "/Root 1 0 R"))
    return path


def rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def _outline(bookmarks: Sequence[tuple[str, int]], number: int) -> list[bytes]:
    """The outline object, which has this number, and its items in a row."""
    last = number + len(bookmarks)
    items = [f"<< /Type /Outlines /First {number + 1} 0 R /Last {last} 0 R /Count {len(bookmarks)} >>"]
    for n, (title, page) in enumerate(bookmarks, number + 1):
        following = f"/Next {n + 1} 0 R" if n < last else ""
        items.append(f"<< /Title ({title}) /Parent {number} 0 R {following} /Dest [{4 + 2 * page} 0 R /Fit] >>")
    return [item.encode() for item in items]


def _page_object(content: int) -> bytes:
    resources = "<< /Font << /F1 3 0 R >> >>"
    box = "[0 0 595 842]"
    return f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Resources {resources} /Contents {content} 0 R >>".encode()


def _line(number: int, text: str) -> str:
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /F1 12 Tf 50 {800 - 16 * number} Td ({escaped}) Tj ET\n" if text else ""


def stream(content: str) -> bytes:
    data = content.encode("latin-1")
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(data), data)


def _encryption(password: str) -> bytes:
    """The standard security handler, revision 2 (PDF 1.7, 7.6.3): asks for a password before anything is shown."""
    padded = (password.encode() + PASSWORD_PADDING)[:32]
    owner = rc4(hashlib.md5(padded).digest()[:5], padded)
    permissions = (-4 & 0xFFFFFFFF).to_bytes(4, "little")
    key = hashlib.md5(padded + owner + permissions + DOCUMENT_ID).digest()[:5]
    user = rc4(key, PASSWORD_PADDING)
    return f"<< /Filter /Standard /V 1 /R 2 /O <{owner.hex()}> /U <{user.hex()}> /P -4 >>".encode()


def assemble(objects: Sequence[bytes], trailer: str) -> bytes:
    out, offsets = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(f"trailer << /Size {len(objects) + 1} {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()
