"""Where an offset stands: page, sections, rows."""

from __future__ import annotations

import pytest

from docs_index.structure import Structure
from docs_index.types import Extraction, Heading, Numbered, Place, PlaceKind
from tests.docs_index.conftest import pages_at

GUIDE = Extraction(
    "Guide\nIntro.\nInstall\nGet it.\nLinux\nUse apt.\nUse\nRun.",
    headings=(Heading(0, 1, "Guide"), Heading(13, 2, "Install"), Heading(29, 4, "Linux"), Heading(44, 2, "Use")),
)
SHEET = Extraction(
    "Name: Ann\nName: Bob\nName: Cid\nName: Dan",
    (Place(0, PlaceKind.SHEET, 1, "Prices"),),
    numbering=(Numbered(0, 2), Numbered(20, 7)),  # rows 4 to 6 are empty
    counts="row",
)


@pytest.mark.parametrize(
    "offset, path",
    [
        (0, ("Guide",)),
        (12, ("Guide",)),
        (13, ("Guide", "Install")),
        (30, ("Guide", "Install", "Linux")),
        (44, ("Guide", "Use")),
        (51, ("Guide", "Use")),
    ],
)
def test_it_knows_the_sections(offset: int, path: tuple[str, ...]) -> None:
    assert Structure(GUIDE).headings_at(offset) == path


def test_before_the_first_heading_there_is_no_section() -> None:
    assert Structure(Extraction("Hello.\n\nOne", headings=(Heading(8, 1, "One"),))).headings_at(3) == ()


@pytest.mark.parametrize("offset, number", [(0, 1), (11, 1), (12, 2), (30, 3)])
def test_it_knows_the_page(offset: int, number: int) -> None:
    place = Structure(Extraction("x" * 40, pages_at(0, 12, 25))).place_at(offset)
    assert place is not None
    assert (place.number, place.label) == (number, f"Page {number}")


def test_a_text_without_parts_has_no_label() -> None:
    structure = Structure(Extraction("x"))
    assert (structure.place_at(0), structure.number_at(0), structure.label(0, 1)) == (None, None, "")


@pytest.mark.parametrize(
    "start, end, label",
    [
        (0, 9, "Prices, row 2"),
        (0, 19, "Prices, rows 2–3"),
        (10, 29, "Prices, rows 3–7"),
        (20, 39, "Prices, rows 7–8"),
    ],
)
def test_it_names_sheet_and_rows(start: int, end: int, label: str) -> None:
    assert Structure(SHEET).label(start, end) == label


def test_rows_without_a_sheet_are_named_alone() -> None:
    extraction = Extraction("a\nb\nc", numbering=(Numbered(0, 1000),), counts="line")
    assert Structure(extraction).label(2, 5) == "Lines 1,001–1,002"


def test_a_count_never_reaches_the_next() -> None:
    cells = Extraction("a\nb\nc\nd", numbering=(Numbered(0, 1), Numbered(6, 2)), counts="cell")
    assert [Structure(cells).number_at(offset) for offset in (0, 2, 4, 6)] == [1, 1, 1, 2]
