"""PowerPoint presentations: a place for each slide with its title, texts, tables, charts and the speaker's notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.exc import PythonPptxError

from docs_index.errors import DamagedDocument
from docs_index.readers.archive import Container, told, weigh
from docs_index.readers.draft import Draft
from docs_index.readers.tables import table_text
from docs_index.types import Extraction, PlaceKind

MAX_CATEGORIES = 1_000  # of a chart; more are a measurement
POWERPOINT = Container(
    "PowerPoint presentation",
    "ppt/presentation.xml",
    "a presentation of an old PowerPoint (.ppt). Open it and save it as .pptx",
)


def read(path: Path) -> Extraction:
    with told(POWERPOINT):
        weigh(path, POWERPOINT)
        try:
            presentation = Presentation(str(path))
        except PythonPptxError as error:
            raise DamagedDocument(
                "This PowerPoint presentation is damaged and cannot be opened. Get or save it again."
            ) from error
        draft, silent = Draft(), 0
        slides = list(presentation.slides)
        for number, slide in enumerate(slides, 1):
            draft.begin(PlaceKind.SLIDE, f"Slide {number}")
            silent += not _add_slide(draft, slide)
        title = presentation.core_properties.title or _title_of(slides[0]) if slides else ""
        warnings = (f"{silent} of {len(slides)} slides hold{'s' * (silent == 1)} no text",) if silent else ()
        return draft.finish("There is no text in this presentation.", title=title, warnings=warnings)


def _add_slide(draft: Draft, slide: Any) -> bool:
    """Whether there was anything to read on it."""
    title = _title_of(slide)
    draft.head(1, title)
    texts = list(_texts(shape for shape in slide.shapes if shape is not slide.shapes.title and not _is(shape, title)))
    for text in texts:
        draft.add(text)
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    spoken = notes.text.strip() if notes is not None else ""
    if spoken:
        draft.add(f"Notes: {spoken}")
    return bool(title or texts or spoken)


def _title_of(slide: Any) -> str:
    title = slide.shapes.title
    return " ".join(title.text_frame.text.split()) if title is not None else ""


def _is(shape: Any, title: str) -> bool:
    """Whether the shape only says the title again: `shapes.title` is another object at each call."""
    return bool(title) and shape.is_placeholder and shape.has_text_frame and _line(shape.text_frame.text) == title


def _texts(shapes: Any) -> Iterator[str]:
    for shape in shapes:
        if hasattr(shape, "shapes"):  # a group
            yield from _texts(shape.shapes)
        elif shape.has_text_frame and shape.text_frame.text.strip():
            yield "\n".join(paragraph.text.replace("\v", "\n") for paragraph in shape.text_frame.paragraphs)
        elif getattr(shape, "has_table", False):
            yield table_text([[_line(cell.text_frame.text) for cell in row.cells] for row in shape.table.rows])
        elif getattr(shape, "has_chart", False):
            yield _chart_text(shape.chart)


def _chart_text(chart: Any) -> str:
    """Its title and its numbers as a table; a kind of chart that python-pptx does not know has its title only."""
    title = _line(chart.chart_title.text_frame.text) if chart.has_title and chart.chart_title.has_text_frame else ""
    try:
        tables = [table_text(list(_chart_rows(plot))) for plot in chart.plots]
    except ValueError:
        tables = []
    return "\n".join(part for part in (title, *tables) if part)


def _chart_rows(plot: Any) -> Iterator[list[str]]:
    categories, series = list(islice(plot.categories, MAX_CATEGORIES)), list(plot.series)
    if categories:
        yield ["", *(_line(str(each.name)) for each in series)]
    values = [list(each.values) for each in series]
    for number, category in enumerate(categories):
        yield [_line(str(category)), *(_value(numbers[number : number + 1]) for numbers in values)]


def _value(numbers: Sequence[float | None]) -> str:
    """Of none or one."""
    return "" if not numbers or numbers[0] is None else f"{numbers[0]:.12g}"


def _line(text: str) -> str:
    return " ".join(text.split())
