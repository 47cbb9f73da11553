from __future__ import annotations

from pathlib import Path

import pytest

from docs_index.readers import code
from docs_index.structure import Structure

PYTHON = '''"""Cats."""



class Lion(Cat):
    def roar(self):
        return 1


async def feed(cat):
    pass
'''


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(PYTHON)
    extraction = code.read(tmp_path / "a.py")
    structure = Structure(extraction)
    assert extraction.text == PYTHON
    start = PYTHON.index("return")
    assert structure.label(start, start + 3) == "Line 7"
    assert structure.headings_at(start) == ("Lion", "roar")
    assert structure.headings_at(PYTHON.index("pass")) == ("feed",)


@pytest.mark.parametrize(
    "line, name",
    [
        ("export default function roar() {", "roar"),
        ("pub(crate) async fn roar(self) {", "roar"),
        ("func (l *Lion) Roar() {", "Roar"),
        ("public static final class Lion {", "Lion"),
        ("  interface Cat {", "Cat"),
        ("namespace zoo::cats {", "zoo::cats"),
    ],
)
def test_definitions_of_many_languages_are_seen(tmp_path: Path, line: str, name: str) -> None:
    (tmp_path / "a.txt").write_text(f"// zoo\n{line}\n")
    assert [heading.title for heading in code.read(tmp_path / "a.txt").headings] == [name]


def test_words_in_a_sentence_define_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("note: the class is full\n# a function of time\n")
    assert code.read(tmp_path / "a.yaml").headings == ()
