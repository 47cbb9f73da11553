from __future__ import annotations

from pathlib import Path

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from docs_index.errors import EmptyDocument
from docs_index.readers import pptx
from docs_index.types import Heading, PlaceKind
from tests.docs_index.office_files import write_pptx


def test_each_slide_is_a_place_with_its_title_as_heading(tmp_path: Path) -> None:
    path = write_pptx(
        tmp_path / "a.pptx", [("Lions", "They roar.\nAll night."), ("Tigers", "They swim.")], title="Cats"
    )
    extraction = pptx.read(path)
    assert extraction.text == "Lions\n\nThey roar.\nAll night.\n\nTigers\n\nThey swim."
    second = extraction.text.index("Tigers")
    assert [(p.start, p.kind, p.number, p.label) for p in extraction.places] == [
        (0, PlaceKind.SLIDE, 1, "Slide 1"),
        (second, PlaceKind.SLIDE, 2, "Slide 2"),
    ]
    assert extraction.headings == (Heading(0, 1, "Lions"), Heading(second, 1, "Tigers"))
    assert (extraction.title, extraction.page_count, extraction.warnings) == ("Cats", 2, ())


def test_what_the_speaker_says_is_kept(tmp_path: Path) -> None:
    assert pptx.read(write_pptx(tmp_path / "a.pptx", [("Lions", "x")], notes="Pause here.")).text.endswith(
        "Notes: Pause here."
    )


def test_tables_and_groups_are_read(tmp_path: Path) -> None:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    table = slide.shapes.add_table(3, 2, 0, 0, Inches(4), Inches(1)).table
    for n, text in enumerate(("Name", "Age", "Ann", "7", "Bert", "9")):
        table.cell(n // 2, n % 2).text = text
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "Inside a group"
    presentation.save(str(tmp_path / "a.pptx"))
    assert (
        pptx.read(tmp_path / "a.pptx").text == "Name | Age\nName: Ann | Age: 7\nName: Bert | Age: 9\n\nInside a group"
    )


def test_a_chart_says_what_its_numbers_are(tmp_path: Path) -> None:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    data = CategoryChartData()
    data.categories = ["2024", "2025"]
    data.add_series("Herring", (12.5, 14))
    data.add_series("Cod", (3, None))
    size = (0, 0, Inches(4), Inches(3))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *size, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Catch in tons"
    presentation.save(str(tmp_path / "a.pptx"))
    assert pptx.read(tmp_path / "a.pptx").text == (
        "Catch in tons\n | Herring | Cod\n2024 | Herring: 12.5 | Cod: 3\n2025 | Herring: 14"
    )


def test_slides_of_pictures_are_counted(tmp_path: Path) -> None:
    path = write_pptx(tmp_path / "a.pptx", [("Lions", "x"), ("", ""), ("", "")])
    assert pptx.read(path).warnings == ("2 of 3 slides hold no text",)


def test_a_presentation_without_words_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match="no text in this presentation"):
        pptx.read(write_pptx(tmp_path / "a.pptx", [("", "")]))
