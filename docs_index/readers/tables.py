"""Tables as lines of text, one for each row. With a header each row says what its cells are: "Name: lamp | Price: 4".

So a passage from the middle of a long table still tells what its numbers mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain, islice

from docs_index.readers.draft import Draft

LOOKED_AT = 20  # rows that tell whether one of them is a header
MAX_LINES_ABOVE = 10  # the title of a table, who made it, and when
MAX_CELLS_ABOVE = 2  # "Account", "4711"
NUMBER = re.compile(r"[\s+\-−(]*[\d.,'’]+[\s%€$£¥)]*(e[+-]?\d+)?", re.IGNORECASE)
MAX_HEADER_CHARS = 80
BETWEEN_CELLS = " | "

Row = tuple[int, Sequence[str]]  # its number in the original, its cells


def add_table(draft: Draft, rows: Iterable[Row]) -> None:
    """Writes the rows that hold anything, each with its number."""
    cleaned = ((number, [" ".join(cell.split()) for cell in cells]) for number, cells in rows)
    filled = ((number, cells) for number, cells in cleaned if any(cells))
    first = list(islice(filled, LOOKED_AT))
    above, header = head_of([cells for _, cells in first])
    for number, cells in first[:above]:
        draft.add_numbered(number, row_text(cells))
    for number, cells in chain(first[above + 1 :] if header else first[above:], filled):
        draft.add_numbered(number, row_text(cells, header))


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """A table in the midst of a text, whose cells are clean already."""
    filled = [row for row in rows if any(row)]
    header = names_of(filled)
    return "\n".join([*(row_text(row) for row in filled[:1]), *(row_text(row, header) for row in filled[1:])])


def names_of(rows: Sequence[Sequence[str]]) -> Sequence[str]:
    """The names of the columns, where nothing but the first row tells that there are some.

    Two columns of words are as often pairs of a name and its value, one below the other.
    """
    is_telling = len(rows) > 2 and (len(rows[0]) > 2 or any(NUMBER.fullmatch(cell) for row in rows[1:] for cell in row))
    return header_of(rows) if is_telling else ()


def head_of(rows: Sequence[Sequence[str]]) -> tuple[int, Sequence[str]]:
    """How many rows stand above the header, as a title does, and the header; 0 and nothing when there is none."""
    for above in range(min(len(rows) - 1, MAX_LINES_ABOVE + 1)):
        names = header_of(rows[above:])
        if names and (not above or (_are_above(rows[:above], names) and _has_numbers_below(rows[above + 1 :]))):
            return above, names
    return 0, ()


def _are_above(rows: Sequence[Sequence[str]], names: Sequence[str]) -> bool:
    return all(sum(map(bool, row)) <= min(MAX_CELLS_ABOVE, len(names) - 1) for row in rows)


def _has_numbers_below(rows: Sequence[Sequence[str]]) -> bool:
    """Whether at least half of the rows hold a number: names do not."""
    return 2 * sum(any(NUMBER.fullmatch(cell) for cell in row) for row in rows) >= len(rows)


def header_of(rows: Sequence[Sequence[str]]) -> Sequence[str]:
    """The names of the columns; empty when the first row is a row like the others."""
    if len(rows) < 2:
        return ()
    names = _without_end(rows[0])
    width = max(len(_without_end(row)) for row in rows[1:])
    is_header = (
        len(names) >= 2
        and len(names) >= width
        and are_names(names)
        and not any(NUMBER.fullmatch(name) for name in names)
        and len(set(names)) == len(names)
    )
    return names if is_header else ()


def are_names(cells: Sequence[str]) -> bool:
    """Whether each column has one. The first needs none where it holds what the rows are called."""
    return (
        (bool(cells[0]) or len(cells) > 2) and all(cells[1:]) and all(len(cell) <= MAX_HEADER_CHARS for cell in cells)
    )


def row_text(cells: Sequence[str], header: Sequence[str] = ()) -> str:
    """One line; cells without a name stand alone, named cells without a value are left out."""
    if not header:
        return BETWEEN_CELLS.join(_without_end(cells))
    named = (f"{name}: {cell}" if name else cell for name, cell in zip(header, cells, strict=False) if cell)
    return BETWEEN_CELLS.join(chain(named, (cell for cell in cells[len(header) :] if cell)))


def _without_end(cells: Sequence[str]) -> Sequence[str]:
    """Without the empty cells at the end."""
    width = len(cells)
    while width and not cells[width - 1]:
        width -= 1
    return cells[:width]
