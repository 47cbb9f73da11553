from __future__ import annotations

from pathlib import Path

import pytest

from docs_index.errors import EmptyDocument
from docs_index.readers import csv
from docs_index.structure import Structure
from docs_index.types import Extraction


def read(path: Path, text: str, encoding: str = "utf-8") -> Extraction:
    path.write_text(text, encoding=encoding)
    return csv.read_csv(path)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_rows_say_what_their_cells_are(tmp_path: Path, sign: str) -> None:
    lines = (("Name", "Price"), ("lamp", "4"), ("rope", "9"))
    text = "\n".join(sign.join(line) for line in lines)
    assert read(tmp_path / "a.csv", text).text == "Name: lamp | Price: 4\nName: rope | Price: 9"


def test_commas_inside_of_numbers_do_not_cut(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "Name;Price;Weight\nlamp;4,50;1,2\nrope;9,00;0,4\n").text.startswith(
        "Name: lamp | Price: 4,50 | Weight: 1,2"
    )


def test_numbers_above_numbers_are_no_header(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "1,2\n3,4").text == "1 | 2\n3 | 4"


def test_a_cell_of_several_lines_stays_in_its_row(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", 'Name,Note\nlamp,"one\ntwo"\nrope,"say ""hi"""').text == (
        'Name: lamp | Note: one two\nName: rope | Note: say "hi"'
    )


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path) -> None:
    extraction = read(tmp_path / "a.csv", "Name,Price\nlamp,4\n,\nrope,9\n")
    assert Structure(extraction).label(0, 5) == "Row 2"
    assert Structure(extraction).label(0, len(extraction.text)) == "Rows 2–4"


def test_empty_lines_are_counted_too(tmp_path: Path) -> None:
    extraction = read(tmp_path / "a.csv", "Prices\n\n\n\nName,Price\nlamp,4\n")
    assert extraction.text == "Prices\nName: lamp | Price: 4"
    assert Structure(extraction).label(7, 12) == "Row 6"


def test_the_first_line_may_say_what_cuts_the_others(tmp_path: Path) -> None:
    extraction = read(tmp_path / "a.csv", 'sep=;\nName;Note\nlamp;"a, b, c"\n')
    assert extraction.text == "Name: lamp | Note: a, b, c"
    assert Structure(extraction).label(0, 5) == "Row 3"


def test_a_quote_that_is_never_closed_ends_with_the_file(tmp_path: Path) -> None:
    assert "lamp" in read(tmp_path / "a.csv", 'Name,Note\nlamp,"open\nrope,9\n').text


def test_tabs_cut_a_tsv_whatever_else_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("Name\tPrice\nlamp, red\t4\n")
    assert csv.read_tsv(path).text == "Name: lamp, red | Price: 4"


def test_a_table_from_china_is_read(tmp_path: Path) -> None:
    text = "名称,价格,说明\n" + "".join(f"灯塔{n},4,守塔人每天傍晚点亮灯火\n" for n in range(20))
    assert "名称: 灯塔7 | 价格: 4" in read(tmp_path / "a.csv", text, "gb18030").text


def test_a_table_of_nothing_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match="no text in this table"):
        read(tmp_path / "a.csv", ",,\n,,\n")
