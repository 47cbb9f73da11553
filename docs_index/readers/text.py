"""Plain text in any character set."""

from __future__ import annotations

from pathlib import Path

from docs_index.readers.decoding import decode
from docs_index.types import Extraction


def read(path: Path) -> Extraction:
    return Extraction(text=decode(path))
