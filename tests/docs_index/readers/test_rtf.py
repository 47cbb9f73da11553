from __future__ import annotations

from pathlib import Path

import pytest

from docs_index.errors import DamagedDocument, EmptyDocument, ReadError, UnsupportedFormat
from docs_index.readers import rtf
from docs_index.types import Heading
from tests.growth import grows_no_faster_than_its_size

LETTER = rb"{\rtf1\ansi\ansicpg1252{\info{\title Big cats}}\pard They r\'f6ar.\par {\b All} night.\par}"


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def text_of(folder: Path, body: bytes, head: bytes = rb"{\rtf1\ansi\ansicpg1252 ") -> str:
    return rtf.read(write(folder / "a.rtf", head + body + b"}")).text


def test_it_keeps_paragraphs_and_accents(tmp_path: Path) -> None:
    extraction = rtf.read(write(tmp_path / "a.rtf", LETTER))
    assert extraction.text == "They röar.\nAll night."
    assert extraction.title == "Big cats"


@pytest.mark.parametrize(
    "body, text",
    [
        (rb"\uc1 \u28783?\u22612?", "灯塔"),
        (rb"\uc2 \u28783\'b5\'c6 x\uc0\u22612 y", "灯 x塔y"),  # the signs for those who know no Unicode are skipped
        (rb"\u-10179?\u-8703?", "\U0001f601"),  # written as its halves
        (rb"{\upr{Lighth}{\*\ud{\u28783?}}}", "灯"),
        (rb"\ldblquote It\rquote s\rdblquote\emdash 5\~km co\_op Schiff\-fahrt", "“It’s”—5 km co\u2011op Schifffahrt"),
        (rb"one\line two\tab three\\ \{four\}", "one\ntwo\tthree\\ {four}"),
    ],
)
def test_signs_beyond_ascii_are_read(tmp_path: Path, body: bytes, text: str) -> None:
    assert text_of(tmp_path, body) == text


@pytest.mark.parametrize(
    "charset, encoding, text",
    [
        (204, "cp1251", "Договор"),
        (128, "cp932", "表示ソ能"),  # half of some signs are backslashes and letters
        (134, "gbk", "租赁合同"),
        (161, "cp1253", "Συμβόλαιο"),
        (238, "cp1250", "Żółć"),
    ],
)
def test_each_font_has_a_character_set_of_its_own(tmp_path: Path, charset: int, encoding: str, text: str) -> None:
    fonts = b"{\\fonttbl{\\f0\\fcharset0 Arial;}{\\f1\\fcharset%d Other;}{\\f2\\fcharset2 Wingdings;}}" % charset
    coded = "".join(f"\\'{byte:02x}" for byte in text.encode(encoding)).encode()
    assert text_of(tmp_path, fonts + rb"\f0 caf\'e9 {\f1 " + coded + rb"} {\f2 \'b7} \'e9") == f"café {text} • é"


def test_headings_are_known_by_their_style_or_their_outline(tmp_path: Path) -> None:
    styles = rb"{\stylesheet{\s0 Normal;}{\s1\b\f6 heading 1;}{\s7\outlinelevel1 Kapitel;}}"
    body = rb"\pard\s1 Cats\par\pard\s0 They roar.\par\pard\s7 Lions\par\pard\outlinelevel2 Africa\par\pard End."
    extraction = rtf.read(write(tmp_path / "a.rtf", rb"{\rtf1" + styles + body + b"}"))
    assert extraction.text == "Cats\n\nThey roar.\n\nLions\n\nAfrica\n\nEnd."
    assert extraction.headings == tuple(
        Heading(extraction.text.index(title), level, title)
        for title, level in (("Cats", 1), ("Lions", 2), ("Africa", 3))
    )


def test_rows_say_what_their_cells_are(tmp_path: Path) -> None:
    rows = (b"Name", b"Age"), (b"Ann\\par Lee", b"7"), (b"Bert", b"9")
    table = b"".join(b"\\trowd\\pard\\intbl %b\\cell %b\\cell\\row " % row for row in rows)
    text = text_of(tmp_path, rb"Before\par " + table + rb"\pard After\par")
    assert text == "Before\n\nName | Age\nName: Ann Lee | Age: 7\nName: Bert | Age: 9\n\nAfter"


def test_a_footnote_stands_below_its_paragraph(tmp_path: Path) -> None:
    text = text_of(tmp_path, rb"They roar{\super\chftn{\footnote\pard At\par night.}} loudly.\par Always.")
    assert text == "They roar[1] loudly.\n[1] At night.\nAlways."


def test_the_text_of_a_drawing_is_read_once(tmp_path: Path) -> None:
    box = rb"{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt\pard Inside\par}}{\shprslt{\shptxt Again}}}"
    assert text_of(tmp_path, rb"Before\par " + box + rb"\pard After\par").split() == ["Before", "Inside", "After"]


@pytest.mark.parametrize(
    "hidden",
    [
        rb"{\v x}",
        rb"{\deleted x}",
        rb"{\header x\par}",
        rb"{\*\unknown x {y}}",
        rb"{\field{\*\fldinst x}{\fldrslt }}",
        rb"{\*\annotation x}",
        b"{\\pict\\bin4 }x{\\}",
        rb"{\pict\pngblip " + b"89504e47" * 1_000 + b"}",
        rb"{\colortbl;\red0;}",
    ],
)
def test_what_nobody_reads_is_left_out(tmp_path: Path, hidden: bytes) -> None:
    assert text_of(tmp_path, b"one " + hidden + b"two") == "one two"


def test_it_takes_time_that_grows_with_the_text_only(tmp_path: Path) -> None:
    def read(size: int) -> None:
        text_of(tmp_path, rb"{\b word}\'e9\par{\footnote x} " * size)

    assert grows_no_faster_than_its_size(read, 500)


@pytest.mark.parametrize(
    "data, kind",
    [
        (b"", EmptyDocument),
        (b"Dear all", UnsupportedFormat),
        (LETTER[:40], DamagedDocument),
        (rb"{\rtf1 }", EmptyDocument),
        (rb"{\rtf1 " + b"{" * 100_000 + b"}", ReadError),
        (rb"{\rtf1\bin999999999 x}", EmptyDocument),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, data: bytes, kind: type[ReadError]) -> None:
    with pytest.raises(kind):
        rtf.read(write(tmp_path / "a.rtf", data))
