"""When the first row names the columns, and how a row is written then."""

from __future__ import annotations

import pytest

from docs_index.readers.tables import head_of, header_of, row_text, table_text


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
        ([["", "Rows", "Time"], ["linear", "9", "3"]], ["", "Rows", "Time"]),  # the first names the rows
        ([["", "Ann"], ["Age", "7"]], []),
        ([], []),
    ],
)
def test_a_header_is_a_row_of_different_names_as_wide_as_the_table(rows: list[list[str]], header: list[str]) -> None:
    assert list(header_of(rows)) == header


@pytest.mark.parametrize(
    "rows, above",
    [
        ([["Prices"], ["Name", "Price"], ["lamp", "4"], ["oil", "9"]], 1),
        ([["Statement"], ["Account", "DE12"], ["Date", "For", "Sum"], ["1 May", "rent", "-900"], ["Total"]], 2),
        ([["Name", "Price"], ["lamp", "4"]], 0),
    ],
)
def test_a_title_may_stand_above_the_header(rows: list[list[str]], above: int) -> None:
    assert head_of(rows) == (above, rows[above])


@pytest.mark.parametrize(
    "rows",
    [
        [["Cats"], ["Lions", "roar"], ["Tigers", "swim"]],
        [["Ann", "smith", "Bern"], ["Bert", "cook", "Kiel", "7"], ["Carl", "poet", "Rome", "8"]],
        [["Lions"]],
        [],
    ],
)
def test_rows_of_different_length_are_not_a_title_and_a_header(rows: list[list[str]]) -> None:
    assert head_of(rows) == (0, ())


def test_a_table_in_a_text_keeps_its_head_as_a_row() -> None:
    rows = [["Name", "Price"], ["", ""], ["lamp", "4"], ["oil", "9"]]
    assert table_text(rows) == "Name | Price\nName: lamp | Price: 4\nName: oil | Price: 9"
    assert table_text([["Color", "red"], ["Form", "round"]]) == "Color | red\nForm | round"


@pytest.mark.parametrize(
    "cells, header, text",
    [
        (["Ann", "", "7", ""], (), "Ann |  | 7"),
        (["Ann", ""], ("Name", "Age"), "Name: Ann"),
        (["Ann", "7", "extra"], ("Name", "Age"), "Name: Ann | Age: 7 | extra"),
        (["", ""], ("Name", "Age"), ""),
        (["Ann", "7"], ("", "Age"), "Ann | Age: 7"),
    ],
)
def test_a_row_says_what_its_cells_are(cells: list[str], header: tuple[str, ...], text: str) -> None:
    assert row_text(cells, header) == text
