"""Names of documents are labels: safe to show, to compare and to offer for download."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webchat.documents import naming


@pytest.mark.parametrize(
    "raw, name",
    [
        ("notes.txt", "notes.txt"),
        ("letters/1999/to anna.pdf", "letters/1999/to anna.pdf"),
        ("../../etc/passwd.txt", "etc/passwd.txt"),
        ("/etc/passwd.txt", "etc/passwd.txt"),
        ("C:\\Users\\anna\\notes.txt", "Users/anna/notes.txt"),
        ("a/./b/../c.md", "a/b/c.md"),
        ("nul\0byte.txt", "nulbyte.txt"),
        ("line\nbreak\ttab.txt", "linebreaktab.txt"),
        ("evil\u202etxt.exe.txt", "eviltxt.exe.txt"),
        ("zero\u200bwidth.txt", "zerowidth.txt"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("folder/NUL/a.txt", "folder/_NUL/a.txt"),
        ("LPT1.md", "_LPT1.md"),
        ("constant.txt", "constant.txt"),
        ("trailing. . /dots...", "trailing/dots"),
        ("%2e%2e%2fetc.txt", "%2e%2e%2fetc.txt"),
        ("🦊 fox 👩‍🌾.txt", "🦊 fox 👩‍🌾.txt"),
        ("", "unnamed"),
        ("../..", "unnamed"),
        ("e\u0301te\u0301.txt", "été.txt"),
        ("lone\ud800surrogate.txt", "lonesurrogate.txt"),
    ],
)
def test_row_33_a_name_has_no_way_up_no_root_and_nothing_invisible(raw: str, name: str) -> None:
    assert naming.safe_name(raw) == name


def test_row_33_a_long_name_is_cut_and_keeps_its_suffix() -> None:
    first, second = (naming.safe_name("x" * 300 + letter + ".pdf") for letter in "ab")
    assert len(first) <= naming.PART_CHARS
    assert first.endswith(".pdf")
    assert first != second


def test_row_33_a_deep_path_keeps_its_end() -> None:
    name = naming.safe_name("/".join(["folder" * 5] * 40) + "/notes.txt")
    assert len(name) <= naming.NAME_CHARS
    assert name.endswith("/notes.txt")


@given(st.text(max_size=600))
def test_row_33_any_text_becomes_a_safe_name(raw: str) -> None:
    name = naming.safe_name(raw)
    assert 0 < len(name) <= naming.NAME_CHARS
    assert not name.startswith("/")
    assert not {"", ".", ".."} & set(name.split("/"))
    assert "\\" not in name
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in name)


@given(st.text(max_size=600))
def test_a_safe_name_stays_as_it_is(raw: str) -> None:
    name = naming.safe_name(raw)
    assert naming.safe_name(name) == name


@pytest.mark.parametrize("name, hidden", [(".git/config", True), ("a/.DS_Store", True), ("a.b/c.txt", False)])
def test_it_knows_hidden_files(name: str, hidden: bool) -> None:
    assert naming.is_hidden(name) is hidden


def test_a_collection_is_named_on_one_line() -> None:
    assert naming.plain_title("  My \n\u202e letters\0 ", limit=120) == "My letters"
