"""Plain text in any character set. Of a log the lines are counted."""

from __future__ import annotations

from pathlib import Path

from docs_index.readers.decoding import decode
from docs_index.types import Extraction, Numbered


def read(path: Path) -> Extraction:
    return Extraction(text=decode(path))


def read_log(path: Path) -> Extraction:
    return Extraction(decode(path, keeps_lines=True), numbering=(Numbered(0, 1),), counts="line")
