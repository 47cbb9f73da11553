"""The index as a notebook uses it, and the documentation that says how."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from docs_index import Index
from docs_index.errors import EmptyDocument
from tests.docs_index.conftest import embed
from tests.docs_index.test_learning import noise, passage

PROJECT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "old").mkdir(parents=True)
    (folder / "lions.md").write_text("# Cats\n\nLions roar at night.")
    (folder / "old" / "tigers.txt").write_text("Tigers swim by day.")
    (folder / ".hidden.txt").write_text("Secret.")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 no more")
    (folder / "picture.xcf").write_bytes(b"")
    return folder


def test_a_folder_is_added_once_and_what_fails_is_named(notes: Path, tmp_path: Path) -> None:
    index = Index(str(tmp_path / "index.sqlite3"), embed=embed)
    report = index.add_folder(notes)
    assert (report.added, report.unchanged, list(report.failed)) == (2, 0, ["broken.pdf"])
    assert (index.add_folder(notes).added, index.add_folder(notes).unchanged) == (0, 2)
    (notes / "lions.md").write_text("# Cats\n\nLions sleep at night.")
    assert index.add_folder(notes).added == 1
    best = index.ask("lions sleep at night")[0]
    assert (best.name, best.lexical_rank, best.dense_rank) == ("lions.md", 1, 1)
    assert index.coverage("files").vectors == index.coverage("files").chunks
    index.close()


def test_without_a_function_that_embeds_it_goes_by_words(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.sqlite3")
    index.add_text("a", "Lions roar.", collection="zoo")
    [passage] = index.ask("lion")
    assert (passage.collection, passage.dense_rank) == ("zoo", None)
    assert index.ask("lion", collections=["farm"]) == []
    with pytest.raises(EmptyDocument):
        index.add_text("b", "  ")
    index.close()


def test_it_finds_out_how_far_its_embedder_understands_a_collection(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.sqlite3", embed=noise)
    for number in range(40):
        index.add_text(f"{number}.txt", passage(number))
    index.add_text("1.txt", "Nobody knows.", collection="other")

    def weight(collection: str) -> float:
        return index.explain("Which animal eats fish?", None, [], collections=[collection]).lexical_weight

    before = weight("files")
    index.ask("Which animal eats fish?")
    assert weight("files") > before == weight("other")
    index.close()


def test_it_finds_out_again_only_when_something_was_added(tmp_path: Path) -> None:
    embedded: list[int] = []

    def counting(texts: list[str]) -> NDArray[np.float32]:
        embedded.append(len(texts))
        return embed(texts)

    index = Index(tmp_path / "index.sqlite3", embed=counting)
    for number in range(40):
        index.add_text(f"{number}.txt", passage(number))
    embedded.clear()
    assert [len(index.ask("fish", limit=1)) for _ in range(2)] == [1, 1]
    assert embedded == [80, 1, 1]
    index.close()


def test_what_is_asked_wrongly_is_said(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.sqlite3", embed=embed)
    index.add_text("a", "Lions roar.")
    assert index.ask("  ") == []
    with pytest.raises(NotADirectoryError, match=r"There is no folder .*notess\."):
        index.add_folder(tmp_path / "notess")
    with pytest.raises(TypeError, match=r"collections=\['zoo'\]"):
        index.ask("lion", collections="zoo")
    index.close()


def test_reading_processes_import_none_of_it() -> None:
    program = "import sys, docs_index.reader_process; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert not {"docs_index.index", "faiss", "django"} & set(run.stdout.split())


@pytest.mark.model
def test_the_documentation_runs(starter_models, notes: Path, tmp_path: Path) -> None:
    (tmp_path / "all-MiniLM-L6-v2").symlink_to(starter_models.embedder.resolve())
    blocks = re.findall(r"```python\n(.*?)```", (PROJECT / "docs" / "search.md").read_text(encoding="utf-8"), re.DOTALL)
    check = "assert in_house[0].name == 'rules.txt' and only_markdown[0].name == 'garden.md' and not why.standings"
    program = "\n".join([*blocks, check, "import sys; assert 'django' not in sys.modules"])
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n{program}"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[0].startswith("2 0 {'broken.pdf':")
    assert run.stdout.splitlines()[1].startswith("garden.md")
