from __future__ import annotations

from pathlib import Path

import pytest

from docs_index.errors import EmptyDocument, LimitExceeded, UnsupportedFormat
from docs_index.readers import decoding, text
from docs_index.structure import Structure

CHINESE = "管道符把一个命令的输出变成另一个命令的输入。这是最常用的办法。" * 5
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 5


@pytest.mark.parametrize(
    "written, encoding",
    [
        ("Löwen brüllen.", "utf-8"),
        ("Löwen brüllen.", "utf-8-sig"),
        ("Löwen brüllen.", "utf-16"),
        ("Löwen brüllen.", "utf-32"),
        ("Der alte Löwe brüllt über die Wüste, während die Bäume grün sind. " * 5, "latin-1"),
        (CHINESE, "gb18030"),
        (JAPANESE, "shift_jis"),
        ("👩‍👩‍👧 and cafe\u0301", "utf-8"),
    ],
)
def test_it_reads_any_character_set(tmp_path: Path, written: str, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(written.encode(encoding))
    assert text.read(path).text == written


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n", "\u2028"])
def test_it_knows_one_kind_of_line_end(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(f"one{ends}two".encode())
    assert text.read(path).text == "one\ntwo"


def test_the_lines_of_a_log_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("started\n\n\nstopped")
    extraction = text.read_log(path)
    assert Structure(extraction).label(extraction.text.index("stopped"), len(extraction.text)) == "Line 4"


def test_it_keeps_at_most_one_blank_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one\n\n\n   \n\ntwo\n\nthree", encoding="utf-8")
    assert text.read(path).text == "one\n\ntwo\n\nthree"


@pytest.mark.parametrize("invisible", ["\xad", "\u200b", "\u2060", "\ufeff"])
def test_a_word_is_one_word_wherever_it_may_be_parted(tmp_path: Path, invisible: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"Donau{invisible}dampf{invisible}schiff", encoding="utf-8")
    assert text.read(path).text == "Donaudampfschiff"


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n "])
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(EmptyDocument, match="it is empty"):
        text.read(path)


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 8,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"PK\x03\x04\x14\x00" + bytes(range(256)),
        b"GGUF\x03\x00\x00\x00" + bytes(100),
        bytes(range(256)) * 20,
        b"\x01\x02\x03\x04" * 500,
    ],
)
def test_a_binary_with_a_text_name_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(UnsupportedFormat, match="not a text file, although its name says so"):
        text.read(path)


def test_a_file_far_too_big_is_not_even_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(decoding.MAX_BYTES + 1)  # sparse: takes no room
    with pytest.raises(LimitExceeded, match="200 MB"):
        text.read(path)


def test_what_cannot_be_stored_is_left_out() -> None:
    assert decoding.tidy("a\0b\ud800c") == "abc"
