from __future__ import annotations

from pathlib import Path

import pytest

from docs_index.errors import DamagedDocument, EmptyDocument, ProtectedDocument, UnsupportedFormat
from docs_index.readers import pdf
from tests.docs_index.conftest import pages_at
from tests.docs_index.files import pdf_bytes, write_pdf


def test_it_keeps_the_pages(tmp_path: Path) -> None:
    extraction = pdf.read(write_pdf(tmp_path / "a.pdf", ["Lions roar.\nAll night.", "Tigers swim."], title="Big cats"))
    assert extraction.text == "Lions roar.\nAll night.\n\nTigers swim."
    assert extraction.places == pages_at(0, extraction.text.index("Tigers"))
    assert (extraction.title, extraction.warnings) == ("Big cats", ())


def test_words_broken_at_the_end_of_a_line_are_whole(tmp_path: Path) -> None:
    extraction = pdf.read(write_pdf(tmp_path / "a.pdf", ["An inter-\nnational UTF-\n8 lion-\nEagle, well - known"]))
    assert extraction.text == "An international UTF-8 lion-Eagle, well - known"


def test_it_counts_the_pages_without_text(tmp_path: Path) -> None:
    extraction = pdf.read(write_pdf(tmp_path / "a.pdf", ["", "Lions.", "", ""]))
    assert extraction.warnings == ("3 of 4 pages hold no text (they may be scanned pictures)",)
    assert extraction.text[extraction.places[1].start :].startswith("Lions.")


@pytest.mark.parametrize(
    "pages, sentence",
    [
        ([""], r"its only page holds no text \(they may be scanned pictures\)"),
        (["", "", ""], "none of its 3 pages holds text"),
    ],
)
def test_a_pdf_of_pictures_is_said_to_be_one(tmp_path: Path, pages: list[str], sentence: str) -> None:
    with pytest.raises(EmptyDocument, match=sentence):
        pdf.read(write_pdf(tmp_path / "a.pdf", pages))


def test_a_password_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(ProtectedDocument, match="asks for a password. Save a copy without one and add that."):
        pdf.read(write_pdf(tmp_path / "a.pdf", ["secret"], password="hunter2"))


@pytest.mark.parametrize(
    "keep, kind, sentence",
    [
        (0.0, EmptyDocument, "it is empty"),
        (0.5, DamagedDocument, "The end of this PDF is missing"),
        (0.9, DamagedDocument, "The end of this PDF is missing"),
    ],
)
def test_a_pdf_cut_off_is_said_to_be_cut_off(tmp_path: Path, keep: float, kind: type[Exception], sentence: str) -> None:
    whole = pdf_bytes(["Lions roar."] * 20)
    path = tmp_path / "a.pdf"
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(kind, match=sentence):
        pdf.read(path)


def test_a_broken_pdf_is_said_to_be_broken(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4\n" + b"garbage " * 100 + b"\nstartxref\n99999\n%%EOF")
    with pytest.raises(DamagedDocument, match="damaged"):
        pdf.read(path)


def test_something_else_is_said_to_be_no_pdf(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_text("Dear all,", encoding="utf-8")
    with pytest.raises(UnsupportedFormat, match="not a PDF"):
        pdf.read(path)


def test_a_pdf_made_for_the_web_and_cut_off_is_said_to_be_cut_off(tmp_path: Path) -> None:
    """Such a file has an end mark near its beginning, so only the length that it gives tells."""
    path = tmp_path / "a.pdf"
    path.write_bytes(
        b"%PDF-1.5\n1 0 obj\n<< /Linearized 1 /L 90000 /N 9 >>\nendobj\nstartxref\n0\n%%EOF\n" + b"x" * 500
    )
    with pytest.raises(DamagedDocument, match="The end of this PDF is missing"):
        pdf.read(path)
