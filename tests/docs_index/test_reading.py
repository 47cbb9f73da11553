"""The child that reads, in real processes with real limits."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from docs_index.errors import DamagedDocument, LimitExceeded, ProtectedDocument, ReadError, UnsupportedFormat
from docs_index.ink import ink
from docs_index.reading import PACKAGE_PARENT, ReaderProcess
from docs_index.types import PictureRequest, ReadLimits
from tests.docs_index.files import write_docx, write_pdf, write_pdf_bomb, write_scan, write_zip_bomb
from tests.docs_index.office_files import with_part, write_xlsx

MEGABYTE = 1 << 20
# Minutes of work in native code, which never lets go of the interpreter: each name is compared with all before it.
CROWDED_PAGE = f"<div {' '.join(f'a{n}=1' for n in range(200_000))}>"

needs_limits = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")


@pytest.fixture
def reader_with() -> Iterator[Callable[..., ReaderProcess]]:
    opened = []

    def start(**limits: float) -> ReaderProcess:
        opened.append(ReaderProcess(ReadLimits(**limits)))
        return opened[-1]

    yield start
    for reader in opened:
        reader.close()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.txt"
    path.write_text("Lions roar.", encoding="utf-8")
    return path


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_it_reads_one_file_after_the_other(reader_with, tmp_path: Path) -> None:
    reader = reader_with()
    assert reader.read(write(tmp_path / "a.md", "# Lions\n"), ".md").title == "Lions"
    assert reader.read(write(tmp_path / "a.html", "<p>Tigers"), ".HTML").text == "Tigers"
    assert reader.read(write_docx(tmp_path / "a.docx", ["Bears"]), ".docx").text == "Bears"
    pages = reader.read(write_pdf(tmp_path / "a.pdf", ["One", "", "Two"]), ".pdf")
    assert [page.number for page in pages.places] == [1, 2, 3]


def test_one_child_serves_many_files(reader_with, good: Path) -> None:
    reader = reader_with()
    reader.read(good, ".txt")
    before = children()
    reader.read(good, ".txt")
    assert children() == before


def test_what_readers_say_arrives(reader_with, tmp_path: Path, good: Path) -> None:
    reader = reader_with()
    with pytest.raises(ProtectedDocument, match="Save a copy without one"):
        reader.read(write_pdf(tmp_path / "a.pdf", ["x"], password="hunter2"), ".pdf")
    with pytest.raises(LimitExceeded, match="would unpack to 30 MB"):
        reader.read(write_zip_bomb(tmp_path / "a.docx", 30), ".docx")
    with pytest.raises(UnsupportedFormat, match=".exe files"):
        reader.read(good, ".exe")
    assert reader.read(good, ".txt").text == "Lions roar."


def test_a_file_that_is_gone_is_named_as_such(reader_with, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="could not be opened: No such file"):
        reader_with().read(tmp_path / "gone.txt", ".txt")


@pytest.mark.parametrize("name", ["ä 👩‍👧 file.txt", "new\nline.txt", "'quote\".txt", f"{'l' * 200}.txt"])
def test_any_file_name_will_do(reader_with, tmp_path: Path, name: str) -> None:
    assert reader_with().read(write(tmp_path / name, "Löwe \u2029 👩‍👧"), ".txt").text == "Löwe \n 👩‍👧"


@needs_limits
def test_row_38_a_sheet_with_a_cell_at_each_end_of_the_world_is_ended(reader_with, tmp_path: Path, good: Path) -> None:
    reader = reader_with()
    path = write_xlsx(tmp_path / "a.xlsx", {"S": [["near"]]})
    far = '<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    with pytest.raises(LimitExceeded, match="more memory"):
        reader.read(with_part(path, "xl/worksheets/sheet1.xml", sheet.replace("</sheetData>", far)), ".xlsx")
    assert reader.read(good, ".txt").text == "Lions roar."


def test_too_much_text_is_refused(reader_with, tmp_path: Path, good: Path) -> None:
    reader = reader_with(text_chars=1000)
    with pytest.raises(LimitExceeded, match="2,000 characters of text; up to 1,000"):
        reader.read(write(tmp_path / "a.txt", "a" * 2000), ".txt")
    assert reader.read(good, ".txt").text == "Lions roar."


@needs_limits
def test_row_38_a_read_that_eats_memory_is_ended(reader_with, tmp_path: Path, good: Path) -> None:
    reader = reader_with(memory_bytes=300 * MEGABYTE)
    with pytest.raises(LimitExceeded, match="more memory than the 300 MB"):
        reader.read(write(tmp_path / "a.txt", "ä" * 60_000_000), ".txt")
    assert reader.read(good, ".txt").text == "Lions roar."


@needs_limits
def test_row_38_native_code_that_eats_memory_is_ended(reader_with, tmp_path: Path, good: Path) -> None:
    reader = reader_with(memory_bytes=300 * MEGABYTE)
    with pytest.raises(ReadError):
        reader.read(write(tmp_path / "a.html", "<p>a" * 3_000_000), ".html")
    assert reader.read(good, ".txt").text == "Lions roar."


@needs_limits
def test_row_38_a_pdf_of_ten_kilobytes_that_unpacks_to_a_gigabyte_is_ended(
    reader_with, tmp_path: Path, good: Path
) -> None:
    reader = reader_with(memory_bytes=600 << 20)
    path = write_pdf_bomb(tmp_path / "bomb.pdf", megabytes=1000)
    assert path.stat().st_size < 100_000
    with pytest.raises(ReadError):
        reader.read(path, ".pdf")
    assert reader.read(good, ".txt").text == "Lions roar."


@needs_limits
def test_row_38_a_read_that_works_too_long_is_ended(reader_with, tmp_path: Path, good: Path) -> None:
    reader = reader_with(cpu_s=1)
    for _ in range(2):  # the limit counts from each file's beginning
        assert reader.read(good, ".txt").text == "Lions roar."
        with pytest.raises(LimitExceeded, match="more than the 1 seconds of work"):
            reader.read(write(tmp_path / "a.html", CROWDED_PAGE), ".html")
    assert reader.read(good, ".txt").text == "Lions roar."


def test_a_read_that_never_ends_is_ended(reader_with, tmp_path: Path, good: Path) -> None:
    reader = reader_with(wall_s=1.0)
    os.mkfifo(tmp_path / "pipe.txt")  # opening it waits for a writer that never comes
    with pytest.raises(LimitExceeded, match="longer than the 1 seconds"):
        reader.read(tmp_path / "pipe.txt", ".txt")
    assert reader.read(good, ".txt").text == "Lions roar."


def test_a_picture_of_a_page_shows_where_the_passage_stands(reader_with, tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["Lions roar.\nAll ni-\nght they do.", "Tigers swim."])
    reader = reader_with()
    text = reader.read(path, ".pdf").text
    start, end = text.index("All"), text.index(" they")
    before, inside = ink(text[:start]), ink(text[start:end])
    picture = reader.picture(path, PictureRequest(1, 500, ink_before=before, ink_length=inside))
    assert picture.png.startswith(b"\x89PNG") and (picture.width_px, picture.height_px) == (500, 708)
    first, second = picture.boxes  # "All ni-" and "ght", below each other at the left edge of the text
    assert first.top < second.top and abs(first.left - second.left) <= 2 and second.width < first.width
    assert reader.picture(path, PictureRequest(2, 500)).boxes == ()


@pytest.mark.parametrize("page", [0, 3])
def test_a_page_that_does_not_exist_has_no_picture(reader_with, tmp_path: Path, page: int) -> None:
    with pytest.raises(ReadError, match=f"no page {page}"):
        reader_with().picture(write_pdf(tmp_path / "a.pdf", ["x", "y"]), PictureRequest(page, 500))


def test_no_picture_comes_of_what_is_no_pdf(reader_with, good: Path) -> None:
    with pytest.raises(DamagedDocument, match="cannot be drawn"):
        reader_with().picture(good, PictureRequest(1, 500))


@needs_limits
def test_row_38_a_long_scan_gets_its_time_page_by_page(
    reader_with, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Together the pages take longer than one read may; none of them does."""
    slow = tmp_path / "tesseract"
    slow.write_text('#!/bin/sh\ncase "$1" in --list-langs) echo Languages; echo eng;; *) sleep 1; echo roar;; esac\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    reader = reader_with(wall_s=2.9)
    assert reader.read(write_scan(tmp_path / "a.pdf", ["Lions"] * 3), ".pdf").text.count("roar") == 3


def test_a_child_that_was_killed_is_replaced(reader_with, good: Path) -> None:
    reader = reader_with()
    reader.read(good, ".txt")
    for child in children():
        child.kill()
        child.wait()
    assert reader.read(good, ".txt").text == "Lions roar."


def test_a_child_that_breaks_off_is_an_error_of_the_file(reader_with, tmp_path: Path, good: Path) -> None:
    reader = reader_with()
    reader.read(good, ".txt")
    threading.Timer(0.5, lambda: [child.send_signal(11) for child in children()]).start()
    with pytest.raises(DamagedDocument, match="broke off in the middle"):
        reader.read(write(tmp_path / "a.html", CROWDED_PAGE), ".html")
    assert reader.read(good, ".txt").text == "Lions roar."


def test_threads_take_turns(reader_with, tmp_path: Path) -> None:
    reader, texts = reader_with(), {}

    def read(n: int) -> None:
        texts[n] = reader.read(write(tmp_path / f"{n}.txt", f"file {n}"), ".txt").text

    threads = [threading.Thread(target=read, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {n: f"file {n}" for n in range(8)}


def test_closing_leaves_no_child(reader_with, good: Path) -> None:
    reader = reader_with()
    reader.read(good, ".txt")
    reader.close()
    assert children() == []


@pytest.mark.parametrize("content", ["idle", "busy"])
def test_it_leaves_with_a_parent_that_is_killed(tmp_path: Path, content: str) -> None:
    path = write(tmp_path / "a.html", CROWDED_PAGE if content == "busy" else "<p>Lions")
    program = f"""
import time
from pathlib import Path
from docs_index.reading import ReaderProcess
from docs_index.types import ReadLimits
reader = ReaderProcess(ReadLimits())
reader.read(Path({str(path)!r}), ".html")
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=PACKAGE_PARENT)
    child = wait_for(lambda: next(iter(psutil.Process(parent.pid).children()), None))
    time.sleep(1.0)
    assert child.is_running()
    parent.kill()
    parent.wait()
    assert child in psutil.wait_procs([child], timeout=30)[0]


def test_the_child_is_light() -> None:
    program = "import sys, docs_index.reader_process; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=PACKAGE_PARENT, capture_output=True, text=True, check=True
    )
    assert not {"faiss", "numpy", "torch", "tokenizers", "django"} & set(run.stdout.split())


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "docs_index.reader_process" in child.cmdline()]


def wait_for(find: Callable[[], psutil.Process | None], timeout_s: float = 10.0) -> psutil.Process:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if (found := find()) is not None:
            return found
        time.sleep(0.02)
    raise AssertionError("It never appeared.")
