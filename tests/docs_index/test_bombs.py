"""Megabytes of nesting and endless lines in every format that is text, through the real reading process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docs_index.errors import LimitExceeded, ReadError
from docs_index.reading import ReaderProcess
from docs_index.types import ReadLimits

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
MEGABYTES = 3
COUNT = MEGABYTES * 1_000_000
PARTS = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(20_000))

BOMBS: dict[str, Callable[[], bytes]] = {
    "brackets.json": lambda: b"[" * COUNT,
    "objects.json": lambda: b'{"a":' * (COUNT // 5),
    "closed.json": lambda: b"[" * (COUNT // 2) + b"]" * (COUNT // 2),
    "brackets.jsonl": lambda: b"[" * COUNT,
    "cells.ipynb": lambda: b'{"cells":' + b"[" * COUNT,
    "elements.xml": lambda: b"<d>" * (COUNT // 3),
    "attributes.xml": lambda: b"<d " + b" ".join(b'a%d="x"' % n for n in range(COUNT // 12)) + b"/>",
    "elements.html": lambda: b"<div>" * (COUNT // 5),
    "tables.html": lambda: b"<table><tr><td>" * (COUNT // 15),
    "lists.html": lambda: b"<ul><li>a" * (COUNT // 9),
    "quotes.md": lambda: b"> " * (COUNT // 2),
    "links.md": lambda: b"[" * COUNT,
    "headings.md": lambda: b"# a\n" * (COUNT // 4),
    "titles.rst": lambda: b"a\n=\n" * (COUNT // 4),
    "quotes.csv": lambda: b'"' * COUNT,
    "columns.csv": lambda: b"," * COUNT,
    "rows.csv": lambda: b"a,b\n" * (COUNT // 4),
    "columns.tsv": lambda: b"a\t" * (COUNT // 2),
    "groups.rtf": lambda: b"{\\rtf1 " + b"{" * (COUNT // 2) + b"}" * (COUNT // 2) + b"}",
    "words.rtf": lambda: b"{\\rtf1 " + b"\\b" * (COUNT // 2) + b"}",
    "parts.eml": lambda: b"From: a@b.example\n" + PARTS,
    "headers.eml": lambda: b"From: a@b.example\n" + b"To: a@b.example\n" * (COUNT // 16) + b"\nx",
    "recipients.eml": lambda: b"From: a@b.example\nTo: " + b"a@b.example, " * (COUNT // 13) + b"\n\nx",
    "brackets.py": lambda: b"(" * COUNT,
    "definitions.py": lambda: b"def a\n" * (COUNT // 6),
    "modifiers.py": lambda: b"public static " * (COUNT // 14),
    "line.txt": lambda: b"x" * COUNT,
    "lines.txt": lambda: b"\n" * (COUNT - 1) + b"x",
    "spaces.log": lambda: b" \n" * (COUNT // 2) + b"x",
}


@pytest.fixture(scope="module")
def reader() -> Iterator[ReaderProcess]:
    reader = ReaderProcess(ReadLimits(memory_bytes=1 << 30, cpu_s=1, wall_s=60))
    yield reader
    reader.close()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.txt"
    path.write_text("Lions roar.", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", BOMBS)
def test_row_38_a_bomb_ends_within_its_limits(reader: ReaderProcess, tmp_path: Path, good: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name]())
    try:
        text = reader.read(path, path.suffix).text
    except ReadError as error:
        sentence = str(error)
        assert sentence[0].isupper() and sentence.endswith(".")
    else:
        assert len(text) <= ReadLimits().text_chars
    assert reader.read(good, ".txt").text == "Lions roar."


def test_a_line_of_a_gigabyte_is_refused_unread(reader: ReaderProcess, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(LimitExceeded, match="holds 1,073 MB; text files of up to 200 MB"):
        reader.read(path, ".txt")
