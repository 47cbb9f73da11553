"""Markdown, kept as it was written: its marks tell the chunker where sections begin."""

from __future__ import annotations

import re
from pathlib import Path

from docs_index.readers.decoding import decode
from docs_index.types import Extraction

FIRST_HEADING = re.compile(r"^#{1,2}[ \t]+(\S.*?)[ \t#]*$", re.MULTILINE)


def read(path: Path) -> Extraction:
    text = decode(path)
    heading = FIRST_HEADING.search(text, 0, 10_000)
    return Extraction(text=text, title=heading[1] if heading else "", is_markdown=True)
