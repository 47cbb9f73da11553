"""From a claimed file to its words in the index, with a real service and a real reading process."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync

from docs_index.types import Extraction
from tests.webchat.documents.conftest import Recorder
from webchat.documents import shelf, storage
from webchat.documents.claims import Claim
from webchat.documents.disks import Disks
from webchat.documents.indexing import Indexer
from webchat.documents.models import Collection, Document, Folder, FolderState, Status
from webchat.documents.origins import Origin
from webchat.documents.reading import Outcome

Put = Callable[..., Document]
IndexAll = Callable[[], int]


def paragraphs(count: int, word: str = "paragraph") -> str:
    return "\n\n".join(f"The {word} number {i} tells of " + f"things{i} " * 50 for i in range(count))


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("empty.txt", b"", "no text"),
        ("spaces.txt", b"  \n \n", "no text"),
        ("program.txt", bytes(range(256)) * 20, "text"),
        ("letter.docx", b"this is no zip", ""),
        ("half.pdf", b"%PDF-1.4\n1 0 obj\n<< /Type /Cat", ""),
    ],
)
def test_bad_input_fails_with_a_sentence_and_the_next_file_goes_on(
    put: Put, index_all: IndexAll, name: str, content: bytes, words: str
) -> None:
    bad = put(name, content)
    good = put("good.txt", "Good water.")
    assert index_all() == 1
    bad.refresh_from_db()
    good.refresh_from_db()
    assert bad.status == Status.FAILED
    assert words in bad.error
    assert bad.error.endswith(".")
    assert good.status == Status.INDEXED


def test_row_38_a_file_that_takes_too_much_fails_and_the_next_goes_on(put: Put, indexer: Indexer) -> None:
    class Hungry:
        def read(self, path: object, suffix: str) -> Extraction:
            if suffix == ".pdf":
                from docs_index.errors import LimitExceeded

                raise LimitExceeded("Reading this file took more memory than allowed.")
            return Extraction("Good water.")

    indexer._reading._reader = Hungry()
    put("bomb.pdf", b"%PDF-")
    put("good.txt", "Good water.")
    assert async_to_sync(indexer.drain)() == 1
    assert Document.objects.get(name="bomb.pdf").error == "Reading this file took more memory than allowed."


def test_bytes_that_went_missing_have_a_sentence(put: Put, index_all: IndexAll) -> None:
    document = put("a.txt", "text")
    storage.remove(document.digest)
    index_all()
    document.refresh_from_db()
    assert document.error == "The file is no longer in Inglenook's folder. Upload it again."


def test_words_are_found_before_there_is_a_vector(put: Put, indexer: Indexer, shelf_of_alice: Collection) -> None:
    document = put("a.txt", "Salt water.")
    async_to_sync(indexer.read_all)()
    document.refresh_from_db()
    assert (document.is_read, document.passages, document.vectors) == (True, 1, 0)
    found = async_to_sync(shelf.find)("water", [shelf_of_alice], 5, words_only=True)
    assert [passage.text for passage in found.passages] == ["Salt water."]


def test_a_copy_and_a_renamed_file_are_neither_read_nor_embedded(
    put: Put, indexer: Indexer, index_all: IndexAll, embedder: Recorder, shelf_of_bob: Collection
) -> None:
    class Counting:
        reads = 0

        def read(self, path: Path, suffix: str) -> Extraction:
            Counting.reads += 1
            return reader.read(path, suffix)

    reader, indexer._reading._reader = indexer._reading._reader, Counting()
    put("a.txt", paragraphs(5))
    index_all()
    embedded = len(embedder.texts)
    put("moved/b.txt", paragraphs(5))
    put("c.txt", paragraphs(5), shelf_of_bob)
    assert index_all() == 2
    assert (Counting.reads, len(embedder.texts)) == (1, embedded)
    assert set(Document.objects.values_list("status", flat=True)) == {Status.INDEXED}


def test_text_that_the_index_has_lost_is_read_again(put: Put, indexer: Indexer, embedder: Recorder) -> None:
    document = put("a.txt", "Salt water.")
    async_to_sync(indexer.read_all)()
    shelf.index().remove(document.index_key)
    assert async_to_sync(indexer.drain)() == 0
    assert async_to_sync(indexer.drain)() == 1


def test_a_file_on_a_disk_that_hangs_holds_up_no_other(
    put: Put, look: Callable[..., Folder], index_all: IndexAll, indexer: Indexer
) -> None:
    folder, is_back = look(), threading.Event()
    touched: list[str] = []

    def touch(origin: Origin) -> None:
        touched.append(origin.relative)
        is_back.wait()

    indexer._disks = Disks(touch, pulse_s=0.01)
    put("letter.txt", "Good water.")
    assert index_all() == 1
    folder.refresh_from_db()
    assert (folder.state, "does not answer" in folder.note) == (FolderState.SILENT, True)
    assert len(touched) == 1
    is_back.set()
    assert look().state == FolderState.PRESENT
    assert index_all() == 2


def test_what_has_been_read_is_told_while_the_next_file_of_its_lot_is_read(put: Put, indexer: Indexer) -> None:
    class Waiting:
        def read(self, path: Path, suffix: str) -> Extraction:
            if suffix == ".md" and not told.wait(60):
                raise AssertionError("The row of the first file was not told.")
            return reader.read(path, suffix)

    told, reader = threading.Event(), indexer._reading._reader
    indexer._reading._reader = Waiting()
    put("a.txt", "Salt water.")
    put("b.md", "Sweet water.")
    async_to_sync(indexer.read_all)(on_read=told.set)
    assert set(Document.objects.values_list("step", "passages")) == {("embed", 1)}


def test_what_is_read_while_the_rows_are_told_is_told_too(put: Put, indexer: Indexer) -> None:
    class Following:
        def read(self, path: Path, suffix: str) -> Extraction:
            assert suffix == ".txt" or telling.wait(60)
            return reader.read(path, suffix)

    def tell(outcomes: Sequence[Outcome]) -> bool:
        if outcomes:
            telling.set()
            assert is_over.wait(60)
        return note(outcomes)

    def read_all(lot: deque[Claim], length: int, outcomes: deque[Outcome]) -> None:
        read(lot, length, outcomes)
        is_over.set()

    telling, is_over = threading.Event(), threading.Event()
    reader, note, read = indexer._reading._reader, indexer._note, indexer._read
    indexer._reading._reader, indexer._note, indexer._read = Following(), tell, read_all
    put("a.txt", "Salt water.")
    put("b.md", "Sweet water.")
    async_to_sync(indexer.read_all)()
    assert set(Document.objects.values_list("step", "passages")) == {("embed", 1)}


@pytest.mark.parametrize("seconds_a_file, together", [(0.1, 4), (5, 1)])
def test_small_files_are_taken_together_and_given_back_where_one_takes_long(
    put: Put, indexer: Indexer, seconds_a_file: float, together: int
) -> None:
    for n in range(4):
        put(f"{n}.txt", f"Letter number {n} is short.")
    now, lots = 0.0, []
    take, read = indexer._unread.take, indexer._reading._read

    def note(**limits: int) -> list[Claim]:
        lots.append(take(**limits))
        return lots[-1]

    def slowly(claim: Claim) -> Extraction:
        nonlocal now
        now += seconds_a_file
        return read(claim)

    indexer._unread.take, indexer._reading._read, indexer._clock = note, slowly, lambda: now
    async_to_sync(indexer.read_all)()
    assert len(lots[0]) == 4
    assert len([lot for lot in lots if lot]) == 4 / together
    assert set(Document.objects.values_list("step", "attempts")) == {("embed", 0)}
