from __future__ import annotations

import json as standard_json
from pathlib import Path

import pytest

from docs_index.errors import DamagedDocument, EmptyDocument, LimitExceeded, ReadError
from docs_index.readers import json
from docs_index.structure import Structure
from docs_index.types import Extraction, Heading


def read(path: Path, text: str) -> Extraction:
    path.write_text(text, encoding="utf-8")
    return (json.read_jsonl if path.suffix == ".jsonl" else json.read_json)(path)


def test_objects_are_sections(tmp_path: Path) -> None:
    value = {"title": "Harbor", "open": True, "keeper": {"name": "Anna", "boats": ["Mew", "Tern"]}, "tide": None}
    extraction = read(tmp_path / "a.json", standard_json.dumps(value))
    assert extraction.text == (
        "title: Harbor\nopen: yes\ntide: none\n\nkeeper\n\nname: Anna\nboats:\n  - Mew\n  - Tern"
    )
    assert extraction.headings == (Heading(extraction.text.index("keeper"), 1, "keeper"),)
    assert extraction.title == "Harbor"


def test_a_list_of_records_is_a_table(tmp_path: Path) -> None:
    extraction = read(
        tmp_path / "a.json", '[{"name": "lamp", "size": {"cm": 4}}, {"name": "rope", "tags": ["a", "b"]}]'
    )
    assert extraction.text == "name: lamp | size.cm: 4\nname: rope | tags: a, b"
    assert Structure(extraction).label(0, len(extraction.text)) == "Records 1–2"


def test_records_have_the_number_of_their_line(tmp_path: Path) -> None:
    extraction = read(tmp_path / "a.jsonl", '{"a": 1}\n\n{"a": "two\\nlines"}\n{"a": 3}\n')
    assert extraction.text == "a: 1\na: two\nlines\na: 3"
    structure = Structure(extraction)
    assert [structure.number_at(extraction.text.index(part)) for part in ("a: 1", "a: two", "lines", "a: 3")] == [
        1,
        3,
        3,
        4,
    ]


def test_lines_in_a_file_called_json_are_read_too(tmp_path: Path) -> None:
    assert read(tmp_path / "a.json", '{"a": 1}\n{"a": 2}\n').text == "a: 1\na: 2"


def test_broken_lines_are_counted(tmp_path: Path) -> None:
    warnings = read(tmp_path / "a.jsonl", '{"a": 1}\n{"a": \n{"a": 3}\n').warnings
    assert warnings == ("1 of 3 lines is no JSON and left out: the first is line 2",)


@pytest.mark.parametrize(
    "name, text, kind, sentence",
    [
        ("a.json", '{"a": [1, 2', DamagedDocument, "breaks off or is damaged at line 1"),
        ("a.json", "Dear all", DamagedDocument, "damaged"),
        ("a.json", "[" * 100_000, LimitExceeded, "nested too deeply"),
        ("a.json", '{"a":' * 100_000, LimitExceeded, "nested too deeply"),
        ("a.json", "{}", EmptyDocument, "no text in this JSON"),
        ("a.jsonl", "no\njson\n", DamagedDocument, "No line of this file is JSON"),
        ("a.jsonl", "[" * 100_000, LimitExceeded, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_said(
    tmp_path: Path, name: str, text: str, kind: type[ReadError], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        read(tmp_path / name, text)
