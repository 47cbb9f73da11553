"""When the first row names the columns, and how a row is written then."""

from __future__ import annotations

import pytest

from docs_index.readers.tables import header_of, row_text


@pytest.mark.parametrize(
    "rows, header",
    [
        ([["Name", "Age"], ["Ann", "7"]], ["Name", "Age"]),
        ([["Name", "Age", ""], ["Ann", "7", ""]], ["Name", "Age"]),
        ([["2024", "2025"], ["1", "2"]], []),  # years may be names, but numbers are rather numbers
        ([["Name", "Name"], ["Ann", "7"]], []),
        ([["Name", ""], ["Ann", "7"]], []),
        ([["Prices of lamps", ""], ["Name", "Price"], ["lamp", "4"]], []),
        ([["Name", "Age"]], []),
        ([["Name"], ["Ann"]], []),
        ([["x" * 200, "Age"], ["Ann", "7"]], []),
        ([], []),
    ],
)
def test_a_header_is_a_row_of_different_names_as_wide_as_the_table(rows: list[list[str]], header: list[str]) -> None:
    assert list(header_of(rows)) == header


@pytest.mark.parametrize(
    "cells, header, text",
    [
        (["Ann", "", "7", ""], (), "Ann |  | 7"),
        (["Ann", ""], ("Name", "Age"), "Name: Ann"),
        (["Ann", "7", "extra"], ("Name", "Age"), "Name: Ann | Age: 7 | extra"),
        (["", ""], ("Name", "Age"), ""),
    ],
)
def test_a_row_says_what_its_cells_are(cells: list[str], header: tuple[str, ...], text: str) -> None:
    assert row_text(cells, header) == text
