"""Counts the signs of a text that would also be there if its lines were broken elsewhere.

A page's text is tidied before it is stored: white space goes, and hyphens at the ends of lines. What is left over is
the same before and after, so it tells where a passage stands in what pdfium finds on the page.
"""

from __future__ import annotations

import re

NO_INK = re.compile("[\\s\x00-\x1f\x7f-\x9f\xad\u200b\u2060\ufeff\ufffe\ud800-\udfff-]+")  # the last sign is the hyphen


def ink(text: str) -> int:
    """How many signs leave ink."""
    return len(NO_INK.sub("", text))


def ink_positions(text: str) -> list[int]:
    """Where they stand."""
    return [position for position, char in enumerate(text) if not NO_INK.match(char)]
