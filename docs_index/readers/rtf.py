"""Rich Text Format: paragraphs, headings by their styles, tables, footnotes, text boxes (RTF 1.9.1).

Left out: pictures, headers and footers, comments, hidden and deleted text, the codes of fields.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass
from pathlib import Path

from docs_index.errors import DamagedDocument, EmptyDocument, LimitExceeded, UnsupportedFormat
from docs_index.readers.rtf_charsets import CHARSETS, DOCUMENT_CHARSETS, SYMBOLS, code_page
from docs_index.readers.rtf_page import Page
from docs_index.readers.rtf_tokens import Kind, tokens
from docs_index.types import Extraction

MAX_BYTES = 50_000_000
OPENING = b"{\\rtf"
# Pictures are megabytes of hexadecimal digits, which say nothing and cost most of the time.
PICTURE_DIGITS = re.compile(rb"[0-9a-fA-F\s]{4096,}")
HEADING = re.compile(r"heading (\d)\b", re.IGNORECASE)
LOWEST_HEADING = 9  # an outline level of 9 is the text itself

SIGNS = {
    **{"tab": "\t", "line": "\n", "lbr": "\n", "~": " ", "_": "\u2011", "emspace": " ", "enspace": " ", "qmspace": " "},
    **{"emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”"},
    **{"nestcell": " | ", "nestrow": "\n", "column": "\n"},
}
PARAGRAPH_ENDS = frozenset({"par", "sect", "page"})
INSIDE = {"shpinst": "shptxt", "upr": "ud"}  # a drawing with its text; a text without and with Unicode
LEFT_OUT_NAMES = """
    colortbl pict objdata header headerl headerr headerf footer footerl footerr footerf fldinst xe tc rxe txe
    bkmkstart bkmkend annotation atnid atnauthor listtable listoverridetable revtbl rsidtbl filetbl generator
    themedata colorschememapping latentstyles datastore xmlnstbl shprslt nonesttables sn sv author operator subject
    keywords doccomm company category manager hlinkbase creatim revtim printim
"""
LEFT_OUT = frozenset(LEFT_OUT_NAMES.split())


@dataclass(slots=True)
class Group:
    """What holds until the brace that closes it."""

    into: str = "text"  # or "title", "fonts", "styles", "note"
    is_left_out: bool = False
    is_hidden: bool = False
    is_starred: bool = False  # the next word names a destination that older programs may pass over
    encoding: str = "cp1252"
    wanted: str = ""  # the group inside of one left out that is not
    level: int | None = None  # of the heading that the paragraph is
    is_in_table: bool = False
    fallback: int = 1  # how many signs stand after \u for those who know no Unicode


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
    return _Interpreter().read(PICTURE_DIGITS.sub(b"", data).decode("latin-1"))


class _Interpreter:
    """Follows the control words and writes what a reader would see."""

    def __init__(self) -> None:
        self._page = Page()
        self._group = Group()
        self._outer: list[Group] = []
        self._bytes: list[str] = []  # of one encoding, not yet decoded
        self._to_skip = 0
        self._encodings: dict[int, str] = {}  # of fonts
        self._default = "cp1252"
        self._default_font = 0
        self._levels: dict[int, int] = {}  # of styles
        self._named: int | None = None  # the font or style that is being described
        self._title = ""

    def read(self, source: str) -> Extraction:
        for kind, value, number in tokens(source):
            if kind is Kind.BYTES:
                self._write_bytes(value)
                continue
            self._decode()
            if kind is Kind.WORD:
                self._follow(value, number)
            elif kind is Kind.OPEN:
                self._outer.append(copy(self._group))
            elif self._outer:
                self._close(self._outer.pop())
        self._decode()
        self._page.finish()
        return self._page.draft.finish("There is no text in this RTF document.", title=self._title.strip())

    def _close(self, outer: Group) -> None:
        if self._group.into == "note" and outer.into != "note":
            self._page.end_note()
        self._group = outer
        self._to_skip = 0

    def _write_bytes(self, value: str) -> None:
        skipped = min(self._to_skip, len(value))
        self._to_skip -= skipped
        if len(value) > skipped and not (self._group.is_left_out or self._group.is_hidden):
            self._bytes.append(value[skipped:])

    def _decode(self) -> None:
        """Signs of several bytes come in several tokens, so they wait for the first word that is none of them."""
        if not self._bytes:
            return
        data, self._bytes = "".join(self._bytes).encode("latin-1"), []
        if self._group.encoding == SYMBOLS:
            self._write("•" if b"\xb7" in data else " ")
        else:
            self._write(data.decode(self._group.encoding, "replace"))

    def _write(self, text: str) -> None:
        group = self._group
        if group.is_left_out or group.is_hidden:
            return
        if group.into == "title":
            self._title += text
        elif group.into == "styles":
            self._name_style(text)
        elif group.into != "fonts":
            self._page.write(text)

    def _name_style(self, text: str) -> None:
        found = HEADING.match(text.strip())
        if found and self._named is not None:
            self._levels[self._named] = int(found[1])

    def _follow(self, word: str, number: int | None) -> None:
        group = self._group
        if self._to_skip and word != "u":
            self._to_skip -= 1
        elif word == "*":
            group.is_starred = True
            return
        elif word in SIGNS:
            self._write(SIGNS[word])
        elif word == "u":
            self._write(chr((number or 0) & 0xFFFF))
            self._to_skip = group.fallback
        elif not self._is_known(word, number) and group.is_starred:
            group.is_left_out = True
        group.is_starred = False

    def _is_known(self, word: str, number: int | None) -> bool:
        return self._begin(word) or self._set_encoding(word, number) or self._set_look(word, number)

    def _begin(self, word: str) -> bool:
        """Whether the word says where the text of its group goes."""
        group = self._group
        if word in LEFT_OUT:
            group.is_left_out = True
        elif word in ("fonttbl", "stylesheet", "title"):
            group.into = {"fonttbl": "fonts", "stylesheet": "styles", "title": "title"}[word]
            self._named = None
        elif word == "footnote":
            if not group.is_left_out:
                group.into = "note"
                self._page.begin_note()
        elif word in INSIDE:
            group.wanted = "" if group.is_left_out else INSIDE[word]
            group.is_left_out = True
        elif word == group.wanted:
            group.is_left_out, group.wanted = False, ""
        else:
            return False
        return True

    def _set_encoding(self, word: str, number: int | None) -> bool:
        group = self._group
        if word == "ansicpg" or word in DOCUMENT_CHARSETS:
            self._default = DOCUMENT_CHARSETS.get(word) or code_page(number) or self._default
            group.encoding = self._default
        elif word == "deff":
            self._default_font = number or 0
        elif word == "f":
            if group.into == "fonts":
                self._named = number
            group.encoding = self._encodings.get(number or 0, self._default)
        elif word == "plain":
            group.encoding = self._encodings.get(self._default_font, self._default)
            group.is_hidden = False
        elif word in ("fcharset", "cpg") and group.into == "fonts":
            found = code_page(number) if word == "cpg" else SYMBOLS if number == 2 else CHARSETS.get(number or 0)
            if found and self._named is not None:
                self._encodings[self._named] = found
        elif word == "uc":
            group.fallback = max(0, number or 0)
        else:
            return False
        return True

    def _set_look(self, word: str, number: int | None) -> bool:
        """What paragraphs are, and where they end."""
        if word in ("v", "deleted"):
            self._group.is_hidden = number != 0
        elif word == "s":
            self._set_style(number or 0)
        elif word == "outlinelevel":
            self._set_level(number or 0)
        elif self._group.into == "styles" or self._group.is_left_out:
            return False
        elif word == "pard":
            self._group.level, self._group.is_in_table = None, False
        elif word == "intbl":
            self._group.is_in_table = True
        elif word in PARAGRAPH_ENDS:
            self._page.end_paragraph(is_in_table=self._group.is_in_table, level=self._group.level)
        elif word == "cell":
            self._page.end_cell()
        elif word == "row":
            self._page.end_row()
        else:
            return False
        return True

    def _set_style(self, number: int) -> None:
        if self._group.into == "styles":
            self._named = number
        else:
            self._group.level = self._levels.get(number)

    def _set_level(self, number: int) -> None:
        level = number + 1 if 0 <= number < LOWEST_HEADING else None
        if self._group.into != "styles":
            self._group.level = level
        elif self._named is not None and level is not None:
            self._levels[self._named] = level
