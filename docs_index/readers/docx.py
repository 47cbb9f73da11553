"""Word documents: mammoth makes a page of them, which is read like any other page. Pictures are left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mammoth

from docs_index.errors import EmptyDocument
from docs_index.readers import html
from docs_index.readers.archive import Container, told, weigh
from docs_index.types import Extraction

WORD = Container("Word document", "word/document.xml", "a document of an old Word (.doc). Open it and save it as .docx")


def read(path: Path) -> Extraction:
    with told(WORD):
        weigh(path, WORD)
        with path.open("rb") as file:
            page = mammoth.convert_to_html(file, convert_image=_no_image, external_file_access=False)
        try:
            return html.extract(page.value)
        except EmptyDocument:
            raise EmptyDocument("There is no text in this Word document.") from None


def _no_image(_: Any) -> list[Any]:
    return []
