"""Every format: cut in half, empty, locked, a bomb, something else under its name. Each gets a sentence."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from docs_index.errors import DamagedDocument, EmptyDocument, LimitExceeded, ProtectedDocument, ReadError
from docs_index.readers.registry import reader_for, suffixes
from tests.docs_index.files import write_docx, write_pdf
from tests.docs_index.office_files import (
    LAUGHS,
    LOCKED_MANIFEST,
    OFFICE_BYTES,
    with_part,
    write_epub,
    write_ods,
    write_odt,
    write_pptx,
    write_xlsx,
)

ROWS = {"S": [["Name", "Age"], *([f"cat {n}", n] for n in range(200))]}
WRITERS: dict[str, Callable[[Path], Path]] = {
    ".pdf": lambda path: write_pdf(path, ["Lions"] * 20),
    ".docx": lambda path: write_docx(path, ["Lions"] * 100),
    ".pptx": lambda path: write_pptx(path, [("Lions", "roar")] * 3),
    ".xlsx": lambda path: write_xlsx(path, ROWS),
    ".ods": lambda path: write_ods(path, ROWS),
    ".odt": lambda path: write_odt(path, "<text:p>Lions</text:p>" * 100),
    ".epub": lambda path: write_epub(path, ["<p>Lions</p>"] * 3),
}
MAIN_PART = {
    ".docx": "word/document.xml",
    ".pptx": "ppt/presentation.xml",
    ".xlsx": "xl/workbook.xml",
    ".ods": "content.xml",
    ".odt": "content.xml",
    ".epub": "META-INF/container.xml",
}
MACHINE_CODE = b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)) * 40


def refused(path: Path, kind: type[ReadError] = ReadError) -> str:
    """The sentence with which a file is refused."""
    try:
        text = reader_for(path.suffix)(path).text
    except kind as error:
        sentence = str(error)
    else:
        pytest.fail(f"{path.name} was read: {text[:100]!r}")
    assert sentence[0].isupper() and sentence.endswith(".")
    return sentence


@pytest.mark.parametrize("suffix", sorted(MAIN_PART))
def test_a_file_without_its_beginning_is_said_to_be_damaged(tmp_path: Path, suffix: str) -> None:
    path = WRITERS[suffix](tmp_path / f"a{suffix}")
    path.write_bytes(path.read_bytes()[path.stat().st_size // 3 :])
    assert "damaged" in refused(path, DamagedDocument)


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_half_a_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = WRITERS[suffix](tmp_path / f"a{suffix}")
    reader_for(suffix)(path)  # whole, it is read
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(path)


def test_row_40_machine_code_under_any_name_is_refused(tmp_path: Path) -> None:
    for suffix in suffixes():
        path = tmp_path / f"a{suffix}"
        path.write_bytes(MACHINE_CODE)
        refused(path)


def test_an_empty_file_is_said_to_be_empty_whatever_its_name(tmp_path: Path) -> None:
    for suffix in suffixes():
        path = tmp_path / f"a{suffix}"
        path.touch()
        assert "it is empty" in refused(path, EmptyDocument)


@pytest.mark.parametrize("suffix", sorted(MAIN_PART))
def test_row_36_a_zip_bomb_is_not_unpacked(tmp_path: Path, suffix: str) -> None:
    path = WRITERS[suffix](tmp_path / f"a{suffix}")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.xml", "w") as entry:
        for _ in range(60):
            entry.write(b"a" * 1_000_000)
    with pytest.raises(LimitExceeded, match="would unpack to 60 MB"):
        reader_for(suffix)(path)


@pytest.mark.parametrize("suffix", sorted(MAIN_PART))
def test_row_37_a_billion_laughs_are_not_laughed(tmp_path: Path, suffix: str) -> None:
    path = WRITERS[suffix](tmp_path / f"a{suffix}")
    bomb = f'<?xml version="1.0"?><!DOCTYPE d [{LAUGHS}]><d title="&a9;">&a9;</d>'
    refused(with_part(path, MAIN_PART[suffix], bomb))


@pytest.mark.parametrize("suffix", sorted(MAIN_PART))
def test_deep_nesting_is_refused(tmp_path: Path, suffix: str) -> None:
    path = WRITERS[suffix](tmp_path / f"a{suffix}")
    refused(with_part(path, MAIN_PART[suffix], "<d>" * 50_000 + "</d>" * 50_000))


@pytest.mark.parametrize("suffix", sorted(MAIN_PART))
def test_broken_insides_are_refused(tmp_path: Path, suffix: str) -> None:
    refused(with_part(WRITERS[suffix](tmp_path / f"a{suffix}"), MAIN_PART[suffix], "<w:document"))


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".xlsx"])
def test_a_password_is_asked_for_in_a_sentence(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(OFFICE_BYTES + "EncryptedPackage".encode("utf-16-le") + bytes(500))
    with pytest.raises(ProtectedDocument, match="asks for a password. Save a copy without one"):
        reader_for(suffix)(path)


@pytest.mark.parametrize("suffix, older", [(".docx", ".doc"), (".pptx", ".ppt"), (".xlsx", ".xls")])
def test_older_formats_are_named(tmp_path: Path, suffix: str, older: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(OFFICE_BYTES)
    assert f"({older}). Open it and save it as {suffix}." in refused(path)


@pytest.mark.parametrize("suffix", [".odt", ".ods"])
def test_a_locked_open_document_is_said_to_be_locked(tmp_path: Path, suffix: str) -> None:
    path = with_part(WRITERS[suffix](tmp_path / f"a{suffix}"), "META-INF/manifest.xml", LOCKED_MANIFEST)
    with pytest.raises(ProtectedDocument, match="asks for a password"):
        reader_for(suffix)(path)


@pytest.mark.parametrize("suffix, macro", [(".docx", "word"), (".pptx", "ppt"), (".xlsx", "xl")])
def test_macros_are_neither_run_nor_read(tmp_path: Path, suffix: str, macro: str) -> None:
    path = WRITERS[suffix](tmp_path / f"a{suffix}")
    plain = reader_for(suffix)(path)
    with_macros = path.with_suffix(f"{suffix[:-1]}m")
    path.rename(with_macros)
    with_part(with_macros, f"{macro}/vbaProject.bin", OFFICE_BYTES + b"Sub AutoOpen()" * 50)
    assert reader_for(with_macros.suffix)(with_macros) == plain


def test_a_film_inside_is_no_bomb(tmp_path: Path) -> None:
    path = WRITERS[".pptx"](tmp_path / "a.pptx")
    with zipfile.ZipFile(path, "a") as archive, archive.open("ppt/media/film.mp4", "w") as entry:
        for _ in range(310):
            entry.write(bytes(1_000_000))
    assert "Lions" in reader_for(".pptx")(path).text
