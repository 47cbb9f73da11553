"""Bytes → text: what character set a file is in, and whether it is text at all.

The text that leaves here has only `\\n` as line end and holds nothing that SQLite or JSON would refuse.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from charset_normalizer import from_bytes

from docs_index.errors import EmptyDocument, LimitExceeded, UnsupportedFormat

MAX_BYTES = 200_000_000
SAMPLE_BYTES = 1 << 18  # enough to tell a character set; detection over all of a big file takes seconds
MAX_CONTROL_SHARE = 0.01

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MAGIC = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\x7fELF",
    b"\x1f\x8b",
    b"\xd0\xcf\x11\xe0",
    b"GGUF",
)
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
LINE_ENDS = re.compile(r"\r\n?|[\x0b\x85\u2028]|\x0c|\u2029")
BLANK_LINES = re.compile(r"\n[^\S\n]*\n(?:[^\S\n]*\n)+")

NOT_TEXT = "This is not a text file, although its name says so."


def decode(path: Path, *, keeps_lines: bool = False) -> str:
    """The text of a file in whatever character set; raises when it is empty or no text.

    With `keeps_lines` each line stays, also blank ones, so that lines can be counted.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise LimitExceeded(f"This file holds {size // 1_000_000:,} MB; text files of up to 200 MB can be read.")
    return decode_bytes(path.read_bytes(), keeps_lines=keeps_lines)


def decode_bytes(data: bytes, *, keeps_lines: bool = False) -> str:
    """The same for what was taken out of a container."""
    if not data.strip():
        raise EmptyDocument("There is no text in this file: it is empty.")
    text = data.decode(encoding_of(data), errors="replace")
    if len(CONTROL.findall(text[:SAMPLE_BYTES])) > MAX_CONTROL_SHARE * min(len(text), SAMPLE_BYTES):
        raise UnsupportedFormat(NOT_TEXT)
    return LINE_ENDS.sub("\n", UNSTORABLE.sub("", text)) if keeps_lines else tidy(text)


def encoding_of(data: bytes) -> str:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding
    if data.startswith(MAGIC):
        raise UnsupportedFormat(NOT_TEXT)
    if b"\0" not in data and _is_utf8(data):
        return "utf-8"
    best = from_bytes(data[:SAMPLE_BYTES]).best()
    if best is None:
        raise UnsupportedFormat(NOT_TEXT)
    return best.encoding


def tidy(text: str) -> str:
    """One kind of line end, at most one blank line in a row, nothing that cannot be stored as UTF-8."""
    text = LINE_ENDS.sub("\n", UNSTORABLE.sub("", text))
    return BLANK_LINES.sub("\n\n", text)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
