from __future__ import annotations

from pathlib import Path

import pytest

from docs_index.errors import DamagedDocument, ReadError
from docs_index.ink import ink
from docs_index.readers.pdf_picture import draw
from tests.docs_index.files import pdf_bytes, write_form, write_pdf

LINES = ["The tower was built of granite.", "Ingrid Solheim keeps the key.", "The lamp burns oil."]

WHOLE = {"page": 1, "width_px": 600, "ink_before": 0, "ink_length": 0}


@pytest.fixture
def tower(tmp_path: Path) -> Path:
    return write_pdf(tmp_path / "a.pdf", ["\n".join(LINES)])


def boxes_of(path: Path, words: str, width_px: int = 64) -> list[list[int]]:
    text = "\n".join(LINES)
    before = ink(text[: text.index(words)])
    boxes: list[list[int]] = draw(path, page=1, width_px=width_px, ink_before=before, ink_length=ink(words))["boxes"]
    return boxes


def test_each_line_of_a_passage_is_one_box(tower: Path) -> None:
    assert len(boxes_of(tower, "Ingrid Solheim keeps")) == 1
    assert len(boxes_of(tower, "\n".join(LINES))) == 3


def test_a_box_is_as_exact_on_a_small_picture(tower: Path) -> None:
    assert boxes_of(tower, "Solheim", 40) == boxes_of(tower, "Solheim", 1240)


def test_a_box_stands_on_its_words(tower: Path) -> None:
    (left, top, width, height), *_ = boxes_of(tower, "Ingrid Solheim keeps the key.")
    assert abs(left - 1000 * 50 / 595) < 10
    assert top < 1000 * (842 - 784) / 842 < top + height  # the line's foot stands 784 points up a page of 842
    (word_left, _, word_width, _), *_ = boxes_of(tower, "Solheim")
    assert left < word_left < word_left + word_width < left + width


def test_a_turned_page_turns_its_boxes(tmp_path: Path, tower: Path) -> None:
    turned = tmp_path / "turned.pdf"
    turned.write_bytes(pdf_bytes(["\n".join(LINES)]).replace(b"/MediaBox", b"/Rotate 90 /MediaBox"))
    (left, top, width, height), *_ = boxes_of(turned, LINES[0])
    assert height > width  # the line runs down the page
    assert left > 900  # what was on top is at the right
    assert abs(top - 1000 * 50 / 595) < 10
    drawn = draw(turned, page=1, width_px=842, ink_before=0, ink_length=0)
    assert (drawn["width_px"], drawn["height_px"]) == (842, 595)


def test_two_columns_stay_apart(tmp_path: Path) -> None:
    content = b"BT /F1 12 Tf 50 700 Td (left words) Tj ET\nBT /F1 12 Tf 350 700 Td (right words) Tj ET\n"
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf_bytes(["x"]).replace(b"BT /F1 12 Tf 50 800 Td (x) Tj ET\n", content))
    assert len(draw(path, page=1, width_px=64, ink_before=0, ink_length=ink("leftwordsrightwords"))["boxes"]) == 2


def test_what_the_page_does_not_hold_is_not_marked(tower: Path) -> None:
    assert draw(tower, page=1, width_px=64, ink_before=10_000, ink_length=5)["boxes"] == []
    assert draw(tower, page=1, width_px=64, ink_before=0, ink_length=0)["boxes"] == []


def test_what_is_not_there_is_not_drawn(tower: Path, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no page 2"):
        draw(tower, page=2, width_px=64, ink_before=0, ink_length=0)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4\nnothing")
    with pytest.raises(DamagedDocument):
        draw(broken, page=1, width_px=64, ink_before=0, ink_length=0)


def test_a_page_a_mile_long_stays_a_picture_that_can_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf_bytes(["x"]).replace(b"[0 0 595 842]", b"[0 0 595 99999999]"))
    drawn = draw(path, page=1, width_px=1240, ink_before=0, ink_length=0)
    assert drawn["width_px"] * drawn["height_px"] <= 13_000_000


def test_what_people_filled_in_is_on_the_picture(tmp_path: Path) -> None:
    field = "/Subtype /Widget /Rect [100 600 300 620] /F 4 /DA (/F1 12 Tf 0 g) /FT /Tx /T (name)"
    drawn = {
        value: draw(write_form(tmp_path / "a.pdf", "", [f"{field} /V ({value})"]), **WHOLE)["png"]
        for value in ("Ann Lee", "Bob Ray")
    }
    assert drawn["Ann Lee"] != drawn["Bob Ray"]
