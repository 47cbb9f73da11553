from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from docs_index.errors import EmptyDocument
from docs_index.readers import odt
from docs_index.types import Heading
from tests.docs_index.office_files import write_odt


def cell(text: str) -> str:
    return f"<table:table-cell><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str) -> str:
    return f"<table:table-row>{''.join(map(cell, cells))}</table:table-row>"


@pytest.fixture
def text_of(tmp_path: Path) -> Callable[[str], str]:
    return lambda body: odt.read(write_odt(tmp_path / "a.odt", body)).text


def test_it_keeps_headings_lists_and_rows(tmp_path: Path) -> None:
    body = (
        '<text:h text:outline-level="1">Cats</text:h><text:p>They <text:span>roar</text:span>.</text:p>'
        '<text:h text:outline-level="2">Food</text:h><text:list><text:list-item><text:p>meat</text:p></text:list-item>'
        "<text:list-item><text:p>fish</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>Name</text:p></table:table-cell>"
        "<table:table-cell><text:p>Age</text:p></table:table-cell></table:table-row></table:table>"
    )
    extraction = odt.read(write_odt(tmp_path / "a.odt", body, title="Big cats"))
    assert extraction.text == "Cats\n\nThey roar.\n\nFood\nmeat\nfish\n\nName | Age"
    food = extraction.text.index("Food")
    assert extraction.headings == (Heading(0, 1, "Cats"), Heading(food, 2, "Food"))
    assert extraction.title == "Big cats"


@pytest.mark.parametrize(
    "paragraph, text",
    [
        ('a<text:s text:c="3"/>b', "a   b"),
        ('a<text:s text:c="999999999"/>b', f"a{' ' * 100}b"),
        ("a<text:tab/>b<text:line-break/>c", "a\tb\nc"),
        ("a<office:annotation><text:p>a comment</text:p></office:annotation>b", "ab"),
    ],
)
def test_signs_inside_of_a_paragraph(tmp_path: Path, paragraph: str, text: str) -> None:
    assert odt.read(write_odt(tmp_path / "a.odt", f"<text:p>{paragraph}</text:p>")).text == text


def test_a_note_stands_below_its_paragraph_and_its_mark_where_it_was(text_of: Callable[[str], str]) -> None:
    note = (
        "<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>At</text:p><text:p>night.</text:p></text:note-body></text:note>"
    )
    body = f"<text:p>They roar{note} loudly.</text:p><text:p>Always.</text:p>"
    assert text_of(body) == "They roar[1] loudly.\n[1] At night.\n\nAlways."


def test_rows_say_what_their_cells_are(text_of: Callable[[str], str]) -> None:
    head, first, second = row("Name", "Age"), row("Ann", "7"), row("Bert", "9")
    table = f"<table:table><table:table-header-rows>{head}</table:table-header-rows>{first}{second}</table:table>"
    assert text_of(table) == "Name | Age\nName: Ann | Age: 7\nName: Bert | Age: 9"


def test_a_table_inside_of_a_cell_is_read_once(text_of: Callable[[str], str]) -> None:
    inner = f"<table:table>{row('in', 'side')}</table:table>"
    outer = f"<table:table-row>{cell('out')}<table:table-cell>{inner}</table:table-cell></table:table-row>"
    assert text_of(f"<table:table>{outer}</table:table>") == "out | in side"


def test_what_was_deleted_stays_deleted(tmp_path: Path) -> None:
    body = "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:p>here</text:p>"
    assert odt.read(write_odt(tmp_path / "a.odt", body)).text == "here"


def test_a_text_without_words_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match="no text in this OpenDocument text"):
        odt.read(write_odt(tmp_path / "a.odt", "<text:p/>"))
