"""Bytes → text: what character set a file is in, and whether it is text at all.

The text that leaves here has only `\\n` as line end and holds nothing that SQLite or JSON would refuse.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from charset_normalizer import from_bytes

from docs_index.errors import EmptyDocument, LimitExceeded, UnsupportedFormat
from docs_index.readers.charsets import legacy_encoding_of

MAX_BYTES = 200_000_000
SAMPLE_BYTES = 1 << 18  # enough to tell a character set; detection over all of a big file takes seconds
MAX_CONTROL_SHARE = 0.01
BROKEN_SHARE = 10  # one broken sign in so many whole ones

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
# <meta charset="…">, <meta … content="text/html; charset=…">, <?xml … encoding="…"?>
DECLARED = re.compile(
    rb"""<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
DECLARED_BYTES = 4096
# What browsers take for these names (WHATWG, Encoding): each holds all of the other and more.
BROADER = {
    **dict.fromkeys(("ascii", "us-ascii", "iso-8859-1", "latin1", "latin-1"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "gb_2312-80", "x-gbk"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "korean"), "cp949"),
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "tis-620"), "cp874"),
    "big5": "big5hkscs",
    "x-user-defined": "cp1252",
}
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
WIDE_UNICODE = (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2))
ASCII = re.compile(r"[\t-\r -~]")
# ASCII, the letters from Europe to Thailand, punctuation, kana, ideographs, Hangul, full-width forms, emoji.
COMMON = re.compile(
    "[\t-\r -~\xa0-\u077f\u0900-\u0eff\u1e00-\u27bf\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uffee"
    "\U0001f300-\U0001faff]"
)
# What cannot be stored, and what only says where a word may be parted: nobody types it into a search.
UNWANTED = re.compile(r"[\x00\xad\u200b\u2060\ufeff\ud800-\udfff]")
LINE_ENDS = re.compile(r"\r\n?|[\x0b\x85\u2028]|\x0c|\u2029")
BLANK_LINES = re.compile(r"\n[^\S\n]*\n(?:[^\S\n]*\n)+")

NOT_TEXT = "This is not a text file, although its name says so."


def decode(path: Path, *, keeps_lines: bool = False, names_itself: bool = False) -> str:
    """The text of a file in whatever character set; raises when it is empty or no text.

    With `keeps_lines` each line stays, also blank ones, so that lines can be counted. A web page `names_itself` the
    character set it is in.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise LimitExceeded(f"This file holds {size // 1_000_000:,} MB; text files of up to 200 MB can be read.")
    return decode_bytes(path.read_bytes(), keeps_lines=keeps_lines, names_itself=names_itself)


def decode_bytes(data: bytes, *, keeps_lines: bool = False, names_itself: bool = False) -> str:
    """The same for what was taken out of a container."""
    if not data.strip():
        raise EmptyDocument("There is no text in this file: it is empty.")
    declared = declared_encoding(data) if names_itself else None
    text = data.decode(declared or encoding_of(data), errors="replace")
    if len(CONTROL.findall(text[:SAMPLE_BYTES])) > MAX_CONTROL_SHARE * min(len(text), SAMPLE_BYTES):
        raise UnsupportedFormat(NOT_TEXT)
    return LINE_ENDS.sub("\n", UNWANTED.sub("", text)) if keeps_lines else tidy(text)


def declared_encoding(data: bytes) -> str | None:
    """What the page says itself, where its bytes bear it out. A mark, and letters in UTF-8, are surer than words."""
    found = DECLARED.search(data[:DECLARED_BYTES])
    if found is None or data.startswith(tuple(mark for mark, _ in MARKS)):
        return None
    name = found[1].decode("ascii").lower()
    try:
        encoding = BROADER.get(name) or codecs.lookup(name).name
        is_stateful = encoding.startswith(("iso2022", "hz"))
        if encoding.startswith(("utf-16", "utf-32", "utf-7")) or (_is_utf8(data) and not is_stateful):
            return None  # found in ASCII, it cannot be in the first two; and nobody writes UTF-8 by chance
        data.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return None
    return encoding


def encoding_of(data: bytes) -> str:
    """By its mark, then as Unicode, then as the likeliest of the older character sets."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding
    if data.startswith(MAGIC):
        raise UnsupportedFormat(NOT_TEXT)
    if b"\0" in data[:SAMPLE_BYTES]:
        return _wide_unicode(data[:SAMPLE_BYTES])
    if _is_utf8(data) and b"\x1b$" not in data[:SAMPLE_BYTES]:
        return "utf-8"
    found = "utf-8" if _is_nearly_utf8(data[:SAMPLE_BYTES]) else legacy_encoding_of(data)
    if found is None:
        best = from_bytes(data[:SAMPLE_BYTES]).best()
        found = best.encoding if best else None
    if found is None:
        raise UnsupportedFormat(NOT_TEXT)
    return found


def _wide_unicode(sample: bytes) -> str:
    """UTF-16 or UTF-32 without a mark. Spaces, line ends and digits show on which side of a sign the zeros stand."""
    texts = {name: _whole_signs(sample, name, width) for name, width in WIDE_UNICODE}
    likely = {name: text for name, text in texts.items() if text and _is_plausible(text)}
    if not likely:
        raise UnsupportedFormat(NOT_TEXT)
    return max(likely, key=lambda name: len(ASCII.findall(likely[name])) / len(likely[name]))


def _whole_signs(sample: bytes, encoding: str, width: int) -> str:
    """Empty for bytes that are no such text. The sample may end within a pair of surrogates."""
    whole = sample[: len(sample) // width * width]
    try:
        return whole.decode(encoding)
    except UnicodeDecodeError as error:
        return whole[: error.start].decode(encoding) if error.start >= len(whole) - width else ""


def _is_plausible(text: str) -> bool:
    """Whether it is text: no zeros, and hardly a sign that belongs to no living script."""
    if "\0" in text or len(CONTROL.findall(text)) > MAX_CONTROL_SHARE * len(text):
        return False
    return len(COMMON.findall(text)) >= 0.9 * len(text)


def tidy(text: str) -> str:
    """One kind of line end, at most one blank line in a row, no soft hyphens, nothing that UTF-8 cannot store."""
    text = LINE_ENDS.sub("\n", UNWANTED.sub("", text))
    return BLANK_LINES.sub("\n\n", text)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_nearly_utf8(sample: bytes) -> bool:
    """A log into which some program wrote a few bytes of its own is still UTF-8."""
    text = sample.decode("utf-8", errors="replace")
    broken, signs = text.count("\ufffd"), sum(char > "\x7f" for char in text)
    return signs > 0 and broken * BROKEN_SHARE <= signs - broken
