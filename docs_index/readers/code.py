"""Source code and settings, line by line as they were written, with the functions and classes as sections.

Those are found by the words that open them in most languages, not by a grammar: enough to say where a passage stands.
"""

from __future__ import annotations

import re
from pathlib import Path

from docs_index.readers.decoding import decode
from docs_index.types import Extraction, Heading, Numbered

MODIFIERS = (
    r"(?:export|default|pub(?:\([\w ]+\))?|public|private|protected|internal|static|abstract|final|async|open)\s+"
)
WORDS = "class|def|defmodule|fn|fun|func|function|interface|struct|enum|impl|trait|module|namespace|object|protocol"
DEFINITION = re.compile(
    rf"^([ \t]*)(?:{MODIFIERS}){{0,4}}(?:{WORDS})\s+(?:\([^)\n]{{0,80}}\)\s*)?([\w.$:]+)", re.MULTILINE
)
TAB_WIDTH = 4


def read(path: Path) -> Extraction:
    text = decode(path, keeps_lines=True)
    return Extraction(text, headings=tuple(_definitions(text)), numbering=(Numbered(0, 1),), counts="line")


def _definitions(text: str) -> list[Heading]:
    """A definition stands inside of those before it that are less indented."""
    return [
        Heading(match.start(), 1 + len(match[1].expandtabs(TAB_WIDTH)), match[2]) for match in DEFINITION.finditer(text)
    ]
