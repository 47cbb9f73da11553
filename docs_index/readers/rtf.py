"""Rich Text Format, by striprtf: paragraphs and table cells. It keeps no headings, because RTF does not mark them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from striprtf.striprtf import rtf_to_text

from docs_index.errors import DamagedDocument, EmptyDocument, LimitExceeded, UnsupportedFormat
from docs_index.readers.draft import Draft
from docs_index.types import Extraction

plain_text: Callable[..., str] = rtf_to_text  # it has no annotations
MAX_BYTES = 50_000_000
OPENING = b"{\\rtf"
# Pictures are megabytes of hexadecimal digits, which say nothing and cost most of the time.
PICTURE_DIGITS = re.compile(rb"[0-9a-fA-F\s]{4096,}")
TITLE = re.compile(r"\{\\title\s+([^{}\\]{1,300})\}")


def read(path: Path) -> Extraction:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise LimitExceeded(f"This file holds {size // 1_000_000:,} MB; RTF files of up to 50 MB can be read.")
    data = path.read_bytes()
    if not data.strip():
        raise EmptyDocument("There is no text in this file: it is empty.")
    if not data.lstrip().startswith(OPENING):
        raise UnsupportedFormat("This is not an RTF document, although its name says so.")
    if not data.rstrip(b" \r\n\t\0").endswith(b"}"):
        raise DamagedDocument("The end of this RTF document is missing. Get or save it again and add the whole file.")
    source = PICTURE_DIGITS.sub(b"", data).decode("latin-1")
    title = TITLE.search(source)
    draft = Draft()
    draft.add(plain_text(source, errors="replace").replace("\xa0", " "))
    return draft.finish("There is no text in this RTF document.", title=title[1] if title else "")
