"""Excel and OpenDocument spreadsheets: a place for each sheet, a line for each row with the names of its columns.

Values are as the file keeps them: formulas as their last result, dates as 2026-11-23. Charts and notes are left out;
hidden sheets are read like the others.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from docs_index.errors import DamagedDocument, ProtectedDocument
from docs_index.readers.archive import Container, told, weigh
from docs_index.readers.draft import Draft
from docs_index.readers.tables import Row, add_table
from docs_index.types import Extraction, PlaceKind

EXCEL = Container(
    "Excel workbook", "xl/workbook.xml", "a workbook of an old Excel (.xls). Open it and save it as .xlsx"
)
OPEN_SPREADSHEET = Container("OpenDocument spreadsheet", "content.xml")

Value = int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta


def read_xlsx(path: Path) -> Extraction:
    return _read(path, EXCEL)


def read_ods(path: Path) -> Extraction:
    return _read(path, OPEN_SPREADSHEET)


def _read(path: Path, container: Container) -> Extraction:
    with told(container):
        weigh(path, container)
        try:
            return _sheets(path, container)
        except PasswordError:
            raise ProtectedDocument("This file asks for a password. Save a copy without one and add that.") from None
        except CalamineError as error:
            raise DamagedDocument(
                f"This {container.name} is damaged and cannot be opened. Get or save it again."
            ) from error


def _sheets(path: Path, container: Container) -> Extraction:
    draft = Draft(counts="row")
    with path.open("rb") as file:  # a name would be read by its ending, which stored files have not
        workbook = CalamineWorkbook.from_filelike(file)
        for sheet in workbook.sheets_metadata:
            if sheet.typ is SheetTypeEnum.WorkSheet:
                draft.begin(PlaceKind.SHEET, sheet.name)
                add_table(draft, _rows(workbook.get_sheet_by_name(sheet.name)))
    return draft.finish(f"There is no text in this {container.name}.")


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    first_row = sheet.start[0] + 1 if sheet.start else 1
    for number, cells in enumerate(sheet.to_python(skip_empty_area=True), first_row):
        yield number, [_text(cell) for cell in cells]


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return str(value)
