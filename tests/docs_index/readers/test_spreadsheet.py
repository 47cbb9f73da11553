from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from docs_index.errors import EmptyDocument
from docs_index.readers import spreadsheet
from docs_index.structure import Structure
from docs_index.types import Extraction, PlaceKind
from tests.docs_index.office_files import write_ods, write_xlsx

PRICES = [["Name", "Price", "Sold"], ["lamp", 4, 2.5], [None, None, None], ["rope", 9, None]]
FORMATS = [(write_xlsx, spreadsheet.read_xlsx), (write_ods, spreadsheet.read_ods)]


@pytest.fixture(params=FORMATS, ids=["xlsx", "ods"])
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Extraction]:
    write, reader = request.param
    return lambda **sheets: reader(write(tmp_path / "a", sheets))


def test_rows_say_what_their_cells_are(read: Callable[..., Extraction]) -> None:
    extraction = read(Prices=PRICES, People=[["Anna"], ["Bert"]])
    assert extraction.text == "Name: lamp | Price: 4 | Sold: 2.5\nName: rope | Price: 9\n\nAnna\nBert"
    assert [(p.kind, p.number, p.label) for p in extraction.places] == [
        (PlaceKind.SHEET, 1, "Prices"),
        (PlaceKind.SHEET, 2, "People"),
    ]


def test_rows_have_the_numbers_that_the_program_shows(read: Callable[..., Extraction]) -> None:
    extraction = read(Prices=PRICES)
    structure = Structure(extraction)
    assert structure.label(0, 10) == "Prices, row 2"
    rope = extraction.text.index("Name: rope")
    assert structure.label(rope, rope + 5) == "Prices, row 4"


def test_a_workbook_of_empty_sheets_is_said_to_be_empty(read: Callable[..., Extraction]) -> None:
    with pytest.raises(EmptyDocument, match="There is no text in this"):
        read(One=[], Two=[[None]])


def test_values_are_written_as_people_do(tmp_path: Path) -> None:
    day = datetime.datetime(2026, 11, 23)
    long = datetime.timedelta(hours=30, minutes=5)
    rows = [["x", "y", "z"], [day, True, 0.1], [datetime.datetime(2026, 11, 23, 8, 30), False, 1e20], [long, True, 1]]
    text = spreadsheet.read_xlsx(write_xlsx(tmp_path / "a.xlsx", {"S": rows})).text
    assert (
        text
        == "x: 2026-11-23 | y: yes | z: 0.1\nx: 2026-11-23 08:30:00 | y: no | z: 1e+20\nx: 30:05:00 | y: yes | z: 1"
    )
