"""Where an offset stands: places, sections and numbers, also of texts that hypothesis thinks of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs_index import structure
from docs_index.extraction_json import extraction_fields, extraction_of, structure_json, with_structure
from docs_index.structure import Structure
from docs_index.types import Extraction, Heading, Numbered, Place, PlaceKind
from tests.docs_index.conftest import pages_at

GUIDE = Extraction(
    "Guide\nLinux\nDebian\nWindows\nPrices\n",
    headings=(Heading(0, 1, "Guide"), Heading(6, 2, "Linux"), Heading(12, 4, "Debian"), Heading(19, 2, "Windows")),
)
SHEETS = Extraction(
    "lamp | 4\nrope | 9\noil | 2\nAnna\nBert\n",
    (Place(0, PlaceKind.SHEET, 1, "Prices"), Place(26, PlaceKind.SHEET, 2, "People")),
    numbering=(Numbered(0, 2), Numbered(18, 1500), Numbered(26, 1)),
    counts="row",
)


@pytest.mark.parametrize(
    "offset, path",
    [
        (0, ("Guide",)),
        (7, ("Guide", "Linux")),
        (14, ("Guide", "Linux", "Debian")),
        (21, ("Guide", "Windows")),
        (999, ("Guide", "Windows")),
    ],
)
def test_an_offset_stands_in_its_sections(offset: int, path: tuple[str, ...]) -> None:
    assert Structure(GUIDE).headings_at(offset) == path


@pytest.mark.parametrize(
    "start, end, path",
    [
        (0, 34, ("Guide", "Linux", "Debian")),  # three titles, then words
        (6, 34, ("Guide", "Linux", "Debian")),
        (0, 6, ("Guide",)),  # nothing but a title
        (20, 34, ("Guide", "Linux", "Debian")),
        (20, 60, ("Guide", "Linux", "Debian")),  # where it begins, not where it ends
    ],
)
def test_a_stretch_belongs_to_the_section_of_its_first_words(start: int, end: int, path: tuple[str, ...]) -> None:
    text = "Guide\nLinux\n=====\nDebian\nUse apt.\nWindows\nUse the store."
    headings = (Heading(0, 1, "Guide"), Heading(6, 2, "Linux"), Heading(18, 3, "Debian"), Heading(34, 2, "Windows"))
    assert Structure(Extraction(text, headings=headings)).sections(start, end) == path


def test_what_precedes_the_first_heading_stands_in_no_section() -> None:
    assert Structure(Extraction("Dear all,\nGuide", headings=(Heading(10, 1, "Guide"),))).headings_at(3) == ()


@pytest.mark.parametrize(
    "start, end, label",
    [
        (0, 8, "Prices, row 2"),
        (0, 17, "Prices, rows 2–3"),
        (0, 25, "Prices, rows 2–1,500"),
        (20, 25, "Prices, row 1,500"),
        (26, 35, "People, rows 1–2"),
    ],
)
def test_rows_are_counted_from_each_number_on(start: int, end: int, label: str) -> None:
    assert Structure(SHEETS).label(start, end) == label


def test_a_page_is_called_by_its_number() -> None:
    structure = Structure(Extraction("one\ntwo\n", pages_at(0, 4)))
    assert [structure.label(0, 3), structure.label(5, 7)] == ["Page 1", "Page 2"]


def test_lines_of_a_file_without_places_stand_alone() -> None:
    structure = Structure(Extraction("a\nb\nc", numbering=(Numbered(0, 1),), counts="line"))
    assert structure.label(2, 5) == "Lines 2–3"
    assert Structure(Extraction("a\nb")).label(0, 3) == ""


offsets = st.lists(st.integers(0, 300), max_size=8).map(sorted)


@given(offsets, offsets, offsets, st.text(max_size=40), st.booleans())
def test_a_structure_survives_its_journey(
    places: list[int], headings: list[int], numbers: list[int], text: str, is_markdown: bool
) -> None:
    extraction = Extraction(
        text,
        tuple(Place(start, PlaceKind.SHEET, n, text, n % 2 == 0) for n, start in enumerate(places)),
        "title",
        ("a warning",),
        is_markdown,
        tuple(Heading(start, 1 + start % 6, text) for start in headings),
        tuple(Numbered(start, start) for start in numbers),
        "cell",
    )
    assert extraction_of(extraction_fields(extraction)) == extraction
    assert with_structure(text, "title", ("a warning",), structure_json(extraction)) == extraction
    structure = Structure(extraction)
    for offset in (0, len(text), 1000):
        assert isinstance(structure.label(0, offset), str)
        assert len(structure.headings_at(offset)) <= len(headings)


def test_a_count_never_reaches_the_next() -> None:
    cells = Extraction("a\nb\nc\nd", numbering=(Numbered(0, 1), Numbered(6, 2)), counts="cell")
    assert [Structure(cells).number_at(offset) for offset in (0, 2, 4, 6)] == [1, 1, 1, 2]


def test_more_structure_than_anybody_could_follow_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "MOST_HEADINGS", 2)
    monkeypatch.setattr(structure, "MOST_NUMBERS", 1)
    kept = structure.bounded(replace(SHEETS, headings=GUIDE.headings))
    assert [heading.title for heading in kept.headings] == ["Guide", "Linux"]
    assert (kept.numbering, kept.counts, kept.places, kept.text) == ((), "", SHEETS.places, SHEETS.text)
    assert structure.bounded(replace(kept, headings=())) == replace(kept, headings=())
