"""Cuts the part of a document's text that a page shows: page marks, text, and the passage that was asked for.

Pure. A text may have twenty million characters, so a page shows a stretch, and more on demand.
"""

from __future__ import annotations

from dataclasses import dataclass

from docs_index.types import Extraction

STRETCH_CHARS = 24_000
BEFORE_PASSAGE_CHARS = 6_000
SNAP_CHARS = 2_000  # how far a stretch grows to end with a line


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text, or the mark where a page begins."""

    text: str = ""
    page: int | None = None
    is_passage: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the text, ready to be drawn. `has_earlier` and `has_later` tell whether there is more."""

    start: int
    end: int
    pieces: tuple[Piece, ...]
    has_earlier: bool
    has_later: bool


def around(extraction: Extraction, passage: tuple[int, int] | None) -> Stretch:
    """The stretch with the passage in it, or the beginning of the text."""
    if passage is None:
        return after(extraction, 0)
    start = _line_start(extraction.text, passage[0] - BEFORE_PASSAGE_CHARS)
    end = _line_end(extraction.text, max(passage[1], start + STRETCH_CHARS))
    return _stretch(extraction, start, end, passage)


def after(extraction: Extraction, start: int) -> Stretch:
    start = min(max(start, 0), len(extraction.text))
    return _stretch(extraction, start, _line_end(extraction.text, start + STRETCH_CHARS))


def before(extraction: Extraction, end: int) -> Stretch:
    end = min(max(end, 0), len(extraction.text))
    return _stretch(extraction, _line_start(extraction.text, end - STRETCH_CHARS), end)


def passage_within(extraction: Extraction, start: int | None, end: int | None) -> tuple[int, int] | None:
    """The offsets that a link asked for, when the text has them."""
    if start is None or end is None or not 0 <= start < end or start >= len(extraction.text):
        return None
    return start, min(end, len(extraction.text))


def page_at(extraction: Extraction, offset: int) -> int | None:
    numbers = [page.number for page in extraction.pages if page.start <= offset]
    return numbers[-1] if numbers else None


def _stretch(extraction: Extraction, start: int, end: int, passage: tuple[int, int] | None = None) -> Stretch:
    marks = {page.start: page.number for page in extraction.pages if start < page.start < end}
    opening = page_at(extraction, start)
    if opening is not None:
        marks[start] = opening
    cuts = sorted({start, end, *marks, *(cut for cut in passage or () if start < cut < end)})
    pieces: list[Piece] = []
    for cut, following in zip(cuts, cuts[1:], strict=False):
        if cut in marks:
            pieces.append(Piece(page=marks[cut]))
        is_passage = passage is not None and passage[0] <= cut < passage[1]
        pieces.append(Piece(text=extraction.text[cut:following], is_passage=is_passage))
    return Stretch(start, end, tuple(pieces), has_earlier=start > 0, has_later=end < len(extraction.text))


def _line_start(text: str, offset: int) -> int:
    if offset <= 0:
        return 0
    return text.rfind("\n", max(0, offset - SNAP_CHARS), offset) + 1 or offset


def _line_end(text: str, offset: int) -> int:
    if offset >= len(text):
        return len(text)
    return text.find("\n", offset, offset + SNAP_CHARS) + 1 or offset
