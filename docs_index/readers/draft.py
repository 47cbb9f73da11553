"""A text being put together, with the offsets of the places, headings and rows that it is made of. Knows no format."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from docs_index.errors import EmptyDocument
from docs_index.readers.decoding import tidy
from docs_index.structure import COUNTED_BY_LINES
from docs_index.types import Extraction, Heading, Numbered, Place, PlaceKind

BETWEEN_PLACES = "\n\n"
MAX_TITLE_CHARS = 200

FindHeadings = Callable[[str], tuple[Heading, ...]]


class Draft:
    """Text is only ever added at the end, so an offset once noted stays right."""

    def __init__(self, *, counts: str = "") -> None:
        self._counts = counts
        self._parts: list[str] = []
        self._length = 0
        self._places: list[Place] = []
        self._headings: list[Heading] = []
        self._numbering: list[Numbered] = []
        self._next_number: int | None = None

    def begin(self, kind: PlaceKind, label: str, *, is_ocr: bool = False) -> None:
        """A new page or its like. They are numbered as they come."""
        if self._places or self._length:
            self._append(BETWEEN_PLACES)
        self._places.append(Place(self._length, kind, len(self._places) + 1, label, is_ocr))
        self._next_number = None

    def head(self, level: int, title: str, *, is_shown: bool = True) -> None:
        """The title of the section that begins here. One that is not shown stands in the text already, or nowhere."""
        title = " ".join(title.split())[:MAX_TITLE_CHARS]
        if not title:
            return
        if is_shown:
            self._separate("\n\n")
        self._headings.append(Heading(self._length, level, title))
        if is_shown:
            self._append(title)

    def add(self, text: str, *, gap: str = "\n\n") -> None:
        """A paragraph; `gap` stands between it and what is before it in the same place."""
        text = tidy(text).strip("\n")
        if text.strip():
            self._separate(gap)
            self._append(text)
            self._next_number = None

    def add_numbered(self, number: int, text: str, *, gap: str = "\n", headings: FindHeadings | None = None) -> None:
        """A row, line or cell with its number in the original, and what finds the headings inside of it."""
        text = tidy(text).strip("\n")
        if not text.strip():
            return
        self._separate(gap)
        if number != self._next_number:
            self._numbering.append(Numbered(self._length, number))
        if headings:
            self._headings += _moved(headings(text), self._length)
        self._append(text)
        self._next_number = number + 1 if self._counts in COUNTED_BY_LINES and "\n" not in text else None

    def add_with_titles(self, text: str, titles: Iterable[tuple[int, str]]) -> None:
        """A text with the titles that it should hold, in this order; one that it lacks stands at its beginning."""
        searched = 0
        for level, title in titles:
            at = text.find(title, searched)
            searched = max(searched, at)
            self._headings.append(Heading(self._length + max(at, searched), level, title[:MAX_TITLE_CHARS]))
        self._append(text)

    def include(self, part: Extraction) -> None:
        """Another text with its headings."""
        if part.text:
            self._separate("\n\n")
            self._headings += _moved(part.headings, self._length)
            self._append(part.text)
            self._next_number = None

    def finish(self, nothing: str, *, title: str = "", warnings: tuple[str, ...] = ()) -> Extraction:
        """Raises EmptyDocument with the sentence `nothing` for a text of white space."""
        text = "".join(self._parts)
        if not text.strip():
            raise EmptyDocument(nothing)
        return Extraction(
            text,
            tuple(self._places),
            tidy(title).strip()[:MAX_TITLE_CHARS],
            warnings,
            headings=tuple(self._headings),
            numbering=tuple(self._numbering),
            counts=self._counts if self._numbering else "",
        )

    def _separate(self, gap: str) -> None:
        is_at_start = not self._length or (self._places and self._places[-1].start == self._length)
        if not is_at_start:
            self._append(gap)

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


def _moved(headings: Iterable[Heading], by: int) -> list[Heading]:
    return [Heading(by + heading.start, heading.level, heading.title) for heading in headings]
