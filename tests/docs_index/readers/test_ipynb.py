from __future__ import annotations

import json
from pathlib import Path

import pytest

from docs_index.errors import DamagedDocument, EmptyDocument, LimitExceeded, ReadError, UnsupportedFormat
from docs_index.readers import ipynb
from docs_index.structure import Structure
from docs_index.types import Extraction, Heading

CELLS = [
    {"cell_type": "markdown", "source": ["# Lions\n", "\n", "They *roar*.\n"]},
    {
        "cell_type": "code",
        "source": "roar(3)\n# not a heading",
        "outputs": [
            {"output_type": "stream", "text": ["ROAR\n"]},
            {"output_type": "execute_result", "data": {"text/plain": "3", "image/png": "iVBOR" * 99}},
            {"output_type": "error", "ename": "ValueError", "evalue": "hoarse"},
        ],
    },
    {"cell_type": "code", "source": "", "outputs": []},
    {"cell_type": "markdown", "source": "## Food\nMeat."},
]


def read(path: Path, notebook: object) -> Extraction:
    path.write_text(notebook if isinstance(notebook, str) else json.dumps(notebook))
    return ipynb.read(path)


def test_cells_keep_their_number_and_headings(tmp_path: Path) -> None:
    extraction = read(tmp_path / "a.ipynb", {"cells": CELLS, "nbformat": 4})
    text = extraction.text
    assert text == (
        "# Lions\n\nThey *roar*.\n\nroar(3)\n# not a heading\n\nROAR\n\n\n3\n\nValueError: hoarse\n\n## Food\nMeat."
    ).replace("\n\n\n", "\n\n")
    assert extraction.headings == (Heading(0, 1, "Lions"), Heading(text.index("## Food"), 2, "Food"))
    structure = Structure(extraction)
    labels = [structure.label(text.index(part), text.index(part) + 3) for part in ("They", "ROAR", "3\n", "Meat")]
    assert labels == ["Cell 1", "Cell 2", "Cell 2", "Cell 4"]
    assert extraction.title == "Lions"


def test_an_old_notebook_is_read(tmp_path: Path) -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["roar()"], "outputs": []}]}], "nbformat": 3}
    assert read(tmp_path / "a.ipynb", old).text == "roar()"


def test_a_long_output_is_cut(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "source": "x", "outputs": [{"output_type": "stream", "text": "9" * 100_000}]}
    assert len(read(tmp_path / "a.ipynb", {"cells": [cell]}).text) < 5_000


@pytest.mark.parametrize(
    "notebook, kind",
    [
        ('{"cells": [', DamagedDocument),
        ("[" * 100_000, LimitExceeded),
        ([1], UnsupportedFormat),
        ({"name": "x"}, UnsupportedFormat),
        ({"cells": []}, EmptyDocument),
        ({"cells": [{"cell_type": "code", "source": 7, "outputs": "x"}, 5]}, None),
    ],
)
def test_what_is_no_notebook_is_said(tmp_path: Path, notebook: object, kind: type[ReadError] | None) -> None:
    if kind is None:
        assert read(tmp_path / "a.ipynb", notebook).text == "7"
        return
    with pytest.raises(kind):
        read(tmp_path / "a.ipynb", notebook)
