"""Where an offset stands in the original: on which page or sheet, in which sections, in which rows. Pure.

Knows no format: places, headings and numbers are whatever a reader found.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from docs_index.types import Extraction, Heading, Place

COUNTED_BY_LINES = ("row", "line")
MOST_HEADINGS = 50_000
MOST_NUMBERS = 200_000
MOST_BARE_CHARS = 600  # a title with its marks, twice over


def bounded(extraction: Extraction) -> Extraction:
    """Without the structure that no person could follow: whoever reads it holds it in memory, and nobody limits that.

    Headings past the limit are left out; numbers are left out altogether, for half of them would be wrong.
    """
    if len(extraction.headings) > MOST_HEADINGS:
        extraction = replace(extraction, headings=extraction.headings[:MOST_HEADINGS])
    if len(extraction.numbering) > MOST_NUMBERS:
        extraction = replace(extraction, numbering=(), counts="")
    return extraction


class Structure:
    """The same answers for every offset of one text, looked up in the time of a binary search."""

    def __init__(self, extraction: Extraction) -> None:
        self._extraction = extraction
        self._place_starts = [place.start for place in extraction.places]
        self._heading_starts = [heading.start for heading in extraction.headings]
        self._number_starts = [numbered.start for numbered in extraction.numbering]
        self._parents = _parents(extraction.headings)

    def place_at(self, offset: int) -> Place | None:
        position = bisect_right(self._place_starts, offset) - 1
        return self._extraction.places[position] if position >= 0 else None

    def headings_at(self, offset: int) -> tuple[str, ...]:
        """The titles of the sections, outermost first. A heading stands in the section that it opens."""
        position: int | None = bisect_right(self._heading_starts, offset) - 1
        path: list[str] = []
        while position is not None and position >= 0:
            path.append(self._extraction.headings[position].title)
            position = self._parents[position]
        return tuple(reversed(path))

    def sections(self, start: int, end: int) -> tuple[str, ...]:
        """The sections of a stretch: those of its first words that are not themselves a heading."""
        here = start
        while (following := self._heading_after(here, end)) is not None and self._is_bare(here, following):
            here = following
        return self.headings_at(here)

    def _heading_after(self, offset: int, end: int) -> int | None:
        position = bisect_right(self._heading_starts, offset)
        return next((start for start in self._heading_starts[position : position + 1] if start < end), None)

    def _is_bare(self, start: int, end: int) -> bool:
        """Whether nothing stands there but a title, and what underlines it."""
        position = bisect_right(self._heading_starts, start) - 1
        if position < 0 or self._heading_starts[position] != start:
            return False
        title = self._extraction.headings[position].title
        between = self._extraction.text[start : min(end, start + MOST_BARE_CHARS)]
        return end - start <= MOST_BARE_CHARS and not any(char.isalnum() for char in between.replace(title, "", 1))

    def number_at(self, offset: int) -> int | None:
        """The row, line, cell or record."""
        position = bisect_right(self._number_starts, offset) - 1
        if position < 0:
            return None
        if self._extraction.counts not in COUNTED_BY_LINES:
            return self._extraction.numbering[position].number
        here, following = self._extraction.numbering[position], self._extraction.numbering[position + 1 : position + 2]
        number = here.number + bisect_left(self._line_ends, offset) - bisect_left(self._line_ends, here.start)
        return min(number, following[0].number - 1) if following and following[0].number > here.number else number

    def label(self, start: int, end: int) -> str:
        """What a person calls the stretch: "Page 3", "Prices, rows 12–40". Empty where the format has no such parts."""
        place = self.place_at(start)
        numbers = self._numbers(start, end)
        if place is None:
            return numbers[:1].upper() + numbers[1:]
        return f"{place.label}, {numbers}" if numbers else place.label

    @cached_property
    def _line_ends(self) -> list[int]:
        return [position for position, char in enumerate(self._extraction.text) if char == "\n"]

    def _numbers(self, start: int, end: int) -> str:
        first, last = self.number_at(start), self.number_at(max(start, end - 1))
        if first is None or last is None:
            return ""
        counts = self._extraction.counts
        return f"{counts} {first:,}" if first == last else f"{counts}s {first:,}–{last:,}"


def _parents(headings: Sequence[Heading]) -> list[int | None]:
    """For each heading, the position of the one whose section it stands in."""
    parents: list[int | None] = []
    open_sections: list[int] = []
    for position, heading in enumerate(headings):
        while open_sections and headings[open_sections[-1]].level >= heading.level:
            open_sections.pop()
        parents.append(open_sections[-1] if open_sections else None)
        open_sections.append(position)
    return parents
