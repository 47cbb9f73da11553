"""Tables as text (.csv, .tsv): a line for each row with the names of its columns.

Rows are counted as a spreadsheet counts them, the header included.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from docs_index.errors import DamagedDocument
from docs_index.readers.decoding import decode
from docs_index.readers.draft import Draft
from docs_index.readers.tables import Row, add_table
from docs_index.types import Extraction

SAMPLE_CHARS = 16_384
DELIMITERS = ",;\t|"
NAMED_DELIMITER = re.compile(r"sep=(.)\n", re.IGNORECASE)  # Excel's own way to say it, in a line before the table
MAX_CELL_CHARS = 10_000_000


def read_csv(path: Path) -> Extraction:
    text = decode(path, keeps_lines=True)
    named = NAMED_DELIMITER.match(text)
    if named:
        return _read(text[named.end() - 1 :], named[1])  # the line stays, empty, and is counted
    return _read(text, _delimiter(text[:SAMPLE_CHARS]))


def read_tsv(path: Path) -> Extraction:
    return _read(decode(path, keeps_lines=True), "\t")


def _read(text: str, delimiter: str) -> Extraction:
    draft = Draft(counts="row")
    add_table(draft, _rows(text, delimiter))
    return draft.finish("There is no text in this table.")


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_CELL_CHARS)
    # A quote inside a cell that none opened is a mere sign: TSV and logs are full of them.
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=False)
    try:
        yield from enumerate(reader, 1)
    except csv.Error as error:
        raise DamagedDocument(f"This table is damaged at line {reader.line_num}: {error}.") from error


def _delimiter(sample: str) -> str:
    """The sign that cuts the first lines into equally many cells, and into the most."""
    lines = [line for line in sample.splitlines()[:20] if line.strip()]
    return max(DELIMITERS, key=lambda sign: _evenness(lines, sign))


def _evenness(lines: list[str], sign: str) -> tuple[float, int]:
    widths = [len(row) for row in csv.reader(lines, delimiter=sign)]
    if not widths or widths[0] < 2:
        return (0.0, 0)
    return (widths.count(widths[0]) / len(widths), widths[0])
