from __future__ import annotations

from pathlib import Path

import pytest

from docs_index.errors import DamagedDocument, EmptyDocument, ProtectedDocument, UnsupportedFormat
from docs_index.readers import ocr, pdf
from docs_index.readers.steps import heard_by
from docs_index.types import Heading
from tests.docs_index.conftest import pages_at
from tests.docs_index.files import pdf_bytes, write_form, write_pdf, write_scan

needs_tesseract = pytest.mark.skipif(not ocr.is_available(), reason="Tesseract is not installed (apt: tesseract-ocr)")


def test_it_keeps_the_pages(tmp_path: Path) -> None:
    extraction = pdf.read(write_pdf(tmp_path / "a.pdf", ["Lions roar.\nAll night.", "Tigers swim."], title="Big cats"))
    assert extraction.text == "Lions roar.\nAll night.\n\nTigers swim."
    assert extraction.places == pages_at(0, extraction.text.index("Tigers"))
    assert (extraction.title, extraction.warnings) == ("Big cats", ())


def test_words_broken_at_the_end_of_a_line_are_whole(tmp_path: Path) -> None:
    extraction = pdf.read(write_pdf(tmp_path / "a.pdf", ["An inter-\nnational UTF-\n8 lion-\nEagle, well - known"]))
    assert extraction.text == "An international UTF-8 lion-Eagle, well - known"


def test_blank_pages_are_nothing_to_speak_of(tmp_path: Path) -> None:
    extraction = pdf.read(write_pdf(tmp_path / "a.pdf", ["", "Lions.", ""]))
    assert (extraction.text.strip(), extraction.warnings, extraction.page_count) == ("Lions.", (), 3)
    assert extraction.text[extraction.places[1].start :].startswith("Lions.")


def test_a_pdf_of_blank_pages_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match="nothing is on its pages"):
        pdf.read(write_pdf(tmp_path / "a.pdf", ["", ""]))


FIELD = "/Subtype /Widget /Rect [100 600 300 620] /F 4 /DA (/F1 12 Tf 0 g)"


class TestForms:
    @pytest.mark.parametrize(
        "annotation, line",
        [
            (f"{FIELD} /FT /Tx /T (name) /V (Ann Lee)", "name: Ann Lee"),
            (f"{FIELD} /FT /Tx /T (f1) /TU (Name of child) /V <FEFF00C40072>", "Name of child: Är"),
            (f"{FIELD} /FT /Ch /T (color) /Ff 131072 /Opt [(red) (blue)] /V (blue)", "color: blue"),
            (f"{FIELD} /FT /Btn /T (agreed) /V /Yes /AS /Yes /AP << /N << /Yes 5 0 R /Off 5 0 R >> >>", "agreed: Yes"),
            ("/Subtype /FreeText /Rect [100 600 300 620] /Contents (set on top)", "set on top"),
        ],
    )
    def test_what_people_filled_in_is_read(self, tmp_path: Path, annotation: str, line: str) -> None:
        assert pdf.read(write_form(tmp_path / "a.pdf", "Application", [annotation])).text == f"Application\n\n{line}"

    @pytest.mark.parametrize(
        "annotation",
        [
            f"{FIELD} /FT /Tx /T (name)",
            f"{FIELD} /FT /Tx /T (secret) /Ff 8192 /V (1234)",
            f"{FIELD} /FT /Btn /T (agreed) /V /Off /AS /Off /AP << /N << /Yes 5 0 R /Off 5 0 R >> >>",
            f"{FIELD} /FT /Btn /Ff 65536 /T (send) /V (x)",
            "/Subtype /Text /Rect [1 1 9 9] /Contents (a note)",
        ],
    )
    def test_empty_fields_secrets_and_buttons_are_not(self, tmp_path: Path, annotation: str) -> None:
        assert pdf.read(write_form(tmp_path / "a.pdf", "Application", [annotation])).text == "Application"

    def test_a_form_of_fields_alone_is_no_empty_file(self, tmp_path: Path) -> None:
        path = write_form(tmp_path / "a.pdf", "", [f"{FIELD} /FT /Tx /T (name) /V (Ann Lee)"])
        assert pdf.read(path).text == "name: Ann Lee"


class TestPagesThatArePictures:
    def test_without_tesseract_they_are_counted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        path = write_scan(tmp_path / "a.pdf", ["Lions roar.", "Tigers swim."], written=["Bears climb up the trees."])
        extraction = pdf.read(path)
        assert extraction.warnings == ("2 of 3 pages are pictures; install Tesseract to read them",)
        assert extraction.text.strip() == "Bears climb up the trees."

    @pytest.mark.parametrize(
        "pages, sentence",
        [
            (["Lions."], "The only page is a picture; install Tesseract to read them."),
            (["Lions.", "Tigers."], "2 of 2 pages are pictures; install Tesseract to read them."),
        ],
    )
    def test_a_file_of_pictures_alone_fails_with_that_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: list[str], sentence: str
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(EmptyDocument) as caught:
            pdf.read(write_scan(tmp_path / "a.pdf", pages))
        assert str(caught.value) == sentence

    def test_a_page_number_on_a_picture_does_not_make_it_a_text(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        extraction = pdf.read(write_scan(tmp_path / "a.pdf", ["Lions roar."], stamp="- 7 -"))
        assert extraction.warnings == ("The only page is a picture; install Tesseract to read them",)
        assert extraction.text == "- 7 -"

    @needs_tesseract
    def test_tesseract_reads_them_and_they_are_marked(self, tmp_path: Path) -> None:
        path = write_scan(tmp_path / "a.pdf", ["Lions roar in the night."], written=["Bears climb up the trees."])
        steps: list[int] = []
        with heard_by(lambda: steps.append(1)):
            extraction = pdf.read(path)
        assert extraction.text == "Lions roar in the night.\n\nBears climb up the trees."
        assert [place.is_ocr for place in extraction.places] == [True, False]
        assert extraction.warnings == (
            "1 of 2 pages is a picture and was read by Tesseract, so its text may hold mistakes",
        )
        assert steps == [1]

    @needs_tesseract
    def test_a_picture_of_no_words_is_said_to_be_one(self, tmp_path: Path) -> None:
        with pytest.raises(EmptyDocument, match="The only page is a picture, and Tesseract found no text in it."):
            pdf.read(write_scan(tmp_path / "a.pdf", [""]))


def test_bookmarks_are_the_sections(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["Guide\nLinux", "Debian"], bookmarks=[("Linux", 0), ("Elsewhere", 1)])
    extraction = pdf.read(path)
    assert extraction.headings == (Heading(6, 1, "Linux"), Heading(extraction.text.index("Debian"), 1, "Elsewhere"))


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
