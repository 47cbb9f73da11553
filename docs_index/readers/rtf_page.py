"""What an RTF file writes, put together: paragraphs, headings, rows of tables, notes below their paragraph.

Knows no control words.
"""

from __future__ import annotations

import re

from docs_index.readers.draft import Draft
from docs_index.readers.tables import table_text

PICTURED = re.compile("[\uf020-\uf0ff]")  # what stands there is drawn by the font: Wingdings and the like


class Page:
    """Text is written into the paragraph or cell that is open, and that is ended."""

    def __init__(self) -> None:
        self.draft = Draft()
        self._line: list[str] = []
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self._note: list[str] | None = None  # the one that is being written
        self._notes: list[str] = []
        self._note_count = 0
        self._gap = "\n\n"

    def write(self, text: str) -> None:
        (self._line if self._note is None else self._note).append(text)

    def end_paragraph(self, *, is_in_table: bool, level: int | None) -> None:
        """`level` is that of a heading, from 1."""
        if self._note is not None or is_in_table:
            self.write("\n")
            return
        text = self._taken()
        self._end_table()
        if not text:
            self._gap = "\n\n"  # people part what they write with empty lines
            return
        if level is not None:
            self.draft.head(level, text)
        else:
            self.draft.add(text, gap=self._gap)
        self._gap = "\n" if level is None else "\n\n"
        self._add_notes()

    def end_cell(self) -> None:
        if self._note is None:
            self._cells.append(" ".join(self._taken().split()))

    def end_row(self) -> None:
        if self._cells:
            self._rows.append(self._cells)
            self._cells = []

    def begin_note(self) -> None:
        """A footnote. Its number stands in the text instead of it."""
        if self._note is None:
            self._note_count += 1
            self._line.append(f"[{self._note_count}]")
            self._note = []

    def end_note(self) -> None:
        if self._note is not None:
            text = " ".join("".join(self._note).split())
            self._notes.append(f"[{self._note_count}] {text}")
            self._note = None

    def finish(self) -> None:
        self.end_note()
        if self._cells:
            self.end_cell()
            self.end_row()
        self.end_paragraph(is_in_table=False, level=None)
        self._end_table()

    def _end_table(self) -> None:
        if self._rows:
            self.draft.add(table_text(self._rows))
            self._rows = []
            self._gap = "\n\n"
            self._add_notes()

    def _add_notes(self) -> None:
        for note in self._notes:
            self.draft.add(note, gap="\n")
        self._notes = []

    def _taken(self) -> str:
        text = PICTURED.sub("•", "".join(self._line).replace("\xa0", " ")).strip()
        self._line = []
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # halves written one by one
