"""reStructuredText, kept as it was written; titles with a line of signs under (and over) them are the sections.

Which sign is which level shows in the order of their first use (docutils, "Sections"). Nothing is included or run.
"""

from __future__ import annotations

import re
from pathlib import Path

from docs_index.readers.decoding import decode
from docs_index.types import Extraction, Heading

ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1+[ \t]*")


def read(path: Path) -> Extraction:
    text = decode(path)
    headings = headings_of(text)
    return Extraction(text=text, title=headings[0].title if headings else "", headings=headings)


def headings_of(text: str) -> tuple[Heading, ...]:
    lines = text.split("\n")
    styles: list[tuple[str, bool]] = []
    headings: list[Heading] = []
    start = 0
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        above = lines[number - 1] if number else ""
        if _is_title(line, below):
            style = (below[0], _is_overline(above, below))
            if style not in styles:
                styles.append(style)
            headings.append(Heading(start, styles.index(style) + 1, line.strip()[:200]))
        start += len(line) + 1
    return tuple(headings)


def _is_title(line: str, below: str) -> bool:
    is_text = bool(line.strip()) and not ADORNMENT.fullmatch(line)
    return is_text and bool(ADORNMENT.fullmatch(below)) and len(below.rstrip()) >= min(len(line.rstrip()), 4)


def _is_overline(above: str, below: str) -> bool:
    return bool(ADORNMENT.fullmatch(above)) and above.rstrip() == below.rstrip()
