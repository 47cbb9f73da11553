"""Which cell of a web page's table belongs to which column, so that each row can say what its cells are.

Only for tables with a head: a first row of `th`, or one that reads like names above rows of values. Tables that lay out
a page, hold other tables, or join cells are left as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from docs_index.readers.tables import are_names, names_of

CELL_CHARS = 200  # enough to tell names from values


@dataclass(slots=True)
class _Cell:
    node: int
    is_head: bool
    text: str = ""

    def add(self, text: str) -> None:
        if len(self.text) < CELL_CHARS:
            self.text += text


@dataclass(slots=True)
class _Table:
    rows: list[list[_Cell]] = field(default_factory=list)
    is_regular: bool = True  # no cell goes over two columns, and none holds a table


def cell_labels(body: LexborNode) -> dict[int, str]:
    """The name of its column for each cell below a head, by the cell's mem_id: "Price: "."""
    labels: dict[int, str] = {}
    for table in _tables(body):
        names = _names(table)
        for row in table.rows[1:] if names else ():
            if len(row) <= len(names):
                labels.update((cell.node, f"{name}: ") for cell, name in zip(row, names, strict=False) if name)
    return labels


def _tables(body: LexborNode) -> list[_Table]:
    """In one walk without recursion: a page may nest a hundred thousand tables."""
    tables: list[_Table] = []
    inside: dict[int, tuple[_Table | None, _Cell | None]] = {}
    for node in body.traverse(include_text=True):
        table, cell = inside.get(node.parent.mem_id, (None, None)) if node.parent else (None, None)
        if node.tag == "-text":
            if cell:
                cell.add(node.text_content or "")
            continue
        if node.tag == "table":
            if table:
                table.is_regular = False
            table, cell = _Table(), None
            tables.append(table)
        elif table and node.tag == "tr":
            table.rows.append([])
        elif table and table.rows and node.tag in ("td", "th"):
            cell = _Cell(node.mem_id, node.tag == "th")
            table.rows[-1].append(cell)
            if {"colspan", "rowspan"} & node.attributes.keys():
                table.is_regular = False
        inside[node.mem_id] = (table, cell)
    return tables


def _names(table: _Table) -> Sequence[str]:
    rows = [row for row in table.rows if row]
    if not table.is_regular or len(rows) < 2 or rows[0] is not table.rows[0]:
        return ()
    texts = [[" ".join(cell.text.split()) for cell in row] for row in rows]
    if all(cell.is_head for cell in rows[0]):
        return texts[0] if len(texts[0]) > 1 and are_names(texts[0]) else ()
    if any(row[0].is_head for row in rows):  # the names stand at the left
        return ()
    return names_of(texts)
