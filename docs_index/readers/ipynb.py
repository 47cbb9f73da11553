"""Jupyter notebooks: texts, code and the text that the code wrote, cell by cell. Pictures are left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs_index.errors import DamagedDocument, LimitExceeded, UnsupportedFormat
from docs_index.readers.decoding import decode
from docs_index.readers.draft import Draft
from docs_index.readers.markdown import headings_of
from docs_index.types import Extraction

MAX_OUTPUT_CHARS = 4_000  # of one cell: the rest is a log or a table of numbers
NO_NOTEBOOK = "This is not a Jupyter notebook, although its name says so."


def read(path: Path) -> Extraction:
    try:
        notebook = json.loads(decode(path))
    except RecursionError:
        raise LimitExceeded("This notebook is nested too deeply to be read.") from None
    except ValueError as error:
        raise DamagedDocument("This notebook breaks off or is damaged. Get or save it again.") from error
    draft, title = Draft(counts="cell"), ""
    for number, cell in enumerate(_cells(notebook), 1):
        heading = _add(draft, number, cell)
        title = title or heading
    return draft.finish("There is no text in this notebook.", title=title)


def _cells(notebook: Any) -> list[dict[str, Any]]:
    if not isinstance(notebook, dict):
        raise UnsupportedFormat(NO_NOTEBOOK)
    sheets = notebook.get("worksheets")  # before version 4 of the format
    cells = sheets[0].get("cells") if isinstance(sheets, list) and sheets else notebook.get("cells")
    if not isinstance(cells, list):
        raise UnsupportedFormat(NO_NOTEBOOK)
    return [cell for cell in cells if isinstance(cell, dict)]


def _add(draft: Draft, number: int, cell: dict[str, Any]) -> str:
    """Writes the cell; its first heading may be the title of the notebook."""
    source = _text(cell.get("source", cell.get("input")))
    if cell.get("cell_type") == "markdown":
        draft.add_numbered(number, source, gap="\n\n", headings=headings_of)
        found = headings_of(source)
        return found[0].title if found else ""
    outputs = [_shortened(output) for output in _outputs(cell)]
    draft.add_numbered(number, "\n\n".join(part for part in (source, *outputs) if part.strip()), gap="\n\n")
    return ""


def _outputs(cell: dict[str, Any]) -> Iterator[str]:
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        if "text" in output:
            yield _text(output["text"])
        elif isinstance(data, dict):
            yield _text(data.get("text/plain"))
        elif output.get("output_type") == "error":
            yield f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"


def _shortened(output: str) -> str:
    return output if len(output) <= MAX_OUTPUT_CHARS else f"{output[:MAX_OUTPUT_CHARS]} …"


def _text(source: Any) -> str:
    """Notebooks keep texts as strings or as lists of lines."""
    return "".join(line for line in source if isinstance(line, str)) if isinstance(source, list) else str(source or "")
