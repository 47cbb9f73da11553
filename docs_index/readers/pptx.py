"""PowerPoint presentations: a place for each slide with its title, texts, tables and the speaker's notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.exc import PythonPptxError

from docs_index.errors import DamagedDocument
from docs_index.readers.archive import Container, told, weigh
from docs_index.readers.draft import Draft
from docs_index.readers.tables import table_text
from docs_index.types import Extraction, PlaceKind

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


def _line(text: str) -> str:
    return " ".join(text.split())
