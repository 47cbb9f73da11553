"""Word documents: mammoth makes a page of them, which is read like any other page.

A .docx is a zip file. Its directory is weighed before anything is unpacked; zipfile never unpacks more than the
directory says, so a directory that lies only damages the file.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

import mammoth

from docs_index.errors import (
    DamagedDocument,
    EmptyDocument,
    LimitExceeded,
    ProtectedDocument,
    ReadError,
    UnsupportedFormat,
)
from docs_index.readers import html
from docs_index.types import Extraction

MAX_UNPACKED_BYTES = 300_000_000
MAX_RATIO = 200  # a table of equal cells packs about 100 : 1
RATIO_COUNTS_FROM = 20_000_000
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_MARK = "EncryptedPackage".encode("utf-16-le")

DAMAGED = "This Word document is damaged and cannot be opened. Get or save it again."


def read(path: Path) -> Extraction:
    _check_zip(path)
    try:
        with path.open("rb") as file:
            page = mammoth.convert_to_html(file, convert_image=_no_image, external_file_access=False)
        return html.extract(page.value)
    except EmptyDocument:
        raise EmptyDocument("There is no text in this Word document.") from None
    except RecursionError:
        raise LimitExceeded("This Word document is nested too deeply to be read.") from None
    except (zipfile.BadZipFile, ExpatError, KeyError, ValueError, TypeError, AttributeError, EOFError) as error:
        raise DamagedDocument(DAMAGED) from error


def _no_image(_: Any) -> list[Any]:
    return []


def _check_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise _explain(path) from error
    if "word/document.xml" not in {entry.filename for entry in entries}:
        raise UnsupportedFormat("This is not a Word document, although its name says so.")
    if any(entry.flag_bits & 1 for entry in entries):
        raise ProtectedDocument("This file asks for a password. Save a copy without one and add that.")
    unpacked, packed = (sum(sizes) for sizes in zip(*((e.file_size, e.compress_size) for e in entries), strict=True))
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > RATIO_COUNTS_FROM and unpacked > MAX_RATIO * packed):
        raise LimitExceeded(
            f"This Word document would unpack to {unpacked // 1_000_000:,} MB, which is more than is safe."
        )


def _explain(path: Path) -> ReadError:
    """Why a .docx is no zip file."""
    data = path.read_bytes()[:MAX_UNPACKED_BYTES]
    if not data.strip():
        return EmptyDocument("There is no text in this file: it is empty.")
    if not data.startswith(OLE_MAGIC):
        return DamagedDocument(
            "This is not a whole Word document: its contents are damaged or something else. Save it again."
        )
    if ENCRYPTED_MARK in data:
        return ProtectedDocument("This Word document asks for a password. Save a copy without one and add that.")
    return UnsupportedFormat("This is a document of an old Word (.doc). Open it and save it as .docx.")
