from __future__ import annotations

from pathlib import Path

import pytest

from docs_index.readers import markdown


def test_it_keeps_the_marks(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("# Lions\n\n- *roar*\n", encoding="utf-8")
    extraction = markdown.read(path)
    assert extraction.text == "# Lions\n\n- *roar*\n"
    assert extraction.is_markdown


@pytest.mark.parametrize(
    "written, title",
    [("intro\n\n## The plan ##\n", "The plan"), ("# Über uns\n# More", "Über uns"), ("#hashtag", ""), ("text", "")],
)
def test_the_first_heading_is_the_title(tmp_path: Path, written: str, title: str) -> None:
    path = tmp_path / "a.md"
    path.write_text(written, encoding="utf-8")
    assert markdown.read(path).title == title
