"""A folder of five files in the five formats, with one fact that stands on page 2 of the PDF and nowhere else."""

from __future__ import annotations

from pathlib import Path

import docx

from tests.docs_index.files import write_pdf

QUESTION = "Who keeps the key of the lighthouse at Skarnvik?"
FACT = "The key of the lighthouse at Skarnvik is kept by Ingrid Solheim."
FILES = ["boats.txt", "history.md", "letter.docx", "lighthouse.pdf", "sub/weather.html"]


def write_folder(folder: Path) -> Path:
    (folder / "sub").mkdir(parents=True)
    (folder / "boats.txt").write_text(
        "The ferry leaves at seven. In winter it leaves at nine, when there is ice.\n" * 8
    )
    (folder / "history.md").write_text(
        "# History\n\nThe village was founded by fishermen in 1672.\n\n## Church\n\nIt burned twice.\n"
    )
    (folder / "sub" / "weather.html").write_text("<h1>Weather</h1><p>Storms come from the north-west in autumn.</p>")
    letter = docx.Document()
    letter.add_heading("A letter", 1)
    letter.add_paragraph("Dear Anna, the herring was plentiful this year and the nets are mended.")
    letter.save(str(folder / "letter.docx"))
    write_pdf(folder / "lighthouse.pdf", ["The tower was built of granite.", FACT, "The lamp burns paraffin."])
    return folder
