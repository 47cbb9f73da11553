"""Word documents: mammoth makes a page of them, which is read like any other page. Pictures are left out.

Before that `docx_mending` writes out what mammoth passes over.
"""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import Any

import mammoth

from docs_index.errors import EmptyDocument
from docs_index.readers import html
from docs_index.readers.archive import Container, opened
from docs_index.readers.docx_mending import mended
from docs_index.types import Extraction

WORD = Container("Word document", "word/document", "a document of an old Word (.doc). Open it and save it as .docx")


NOTE = re.compile(r'(<li id="[^"]*(?:foot|end)note-[^"]*"><p>)')
WAY_BACK = re.compile(r'<a href="#[^"]*note-ref-[^"]*">↑</a>')


def read(path: Path) -> Extraction:
    with opened(path, WORD) as archive:
        file, style_map = mended(archive)
        page = mammoth.convert_to_html(file, style_map=style_map, convert_image=_no_image, external_file_access=False)
        try:
            return html.extract(_with_numbered_notes(page.value))
        except EmptyDocument:
            raise EmptyDocument("There is no text in this Word document.") from None


def _with_numbered_notes(page: str) -> str:
    """Notes stand at the end, under the numbers that the text names them by: "[1]"."""
    numbers = count(1)
    plain = page.replace("<ol>", "<ul>").replace("</ol>", "</ul>")  # the items have their numbers already
    return NOTE.sub(lambda note: f"{note[1]}[{next(numbers)}] ", WAY_BACK.sub("", plain))


def _no_image(_: Any) -> list[Any]:
    return []
