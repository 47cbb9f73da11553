"""A collection follows a real folder: what is added, changed, moved, deleted, or gone with its disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from docs_index.types import Passage
from tests.webchat.documents.conftest import Recorder
from webchat.documents import folder_scan, shelf, storage
from webchat.documents.folder_rules import Reason
from webchat.documents.models import Collection, Document, Folder, FolderState, Status

Look = Callable[..., Folder]
IndexAll = Callable[[], int]


def names(collection: Collection) -> list[str]:
    return list(collection.documents.values_list("name", flat=True))


def search(collection: Collection, words: str) -> list[Passage]:
    return shelf.index().search(words, None, collections=[collection.index_key])


def left_out(folder: Folder) -> dict[str, list[str]]:
    return {each["reason"]: each["examples"] for each in folder.left_out}


def test_files_are_taken_in_place(notes: Path, look: Look, shelf_of_alice: Collection, index_all: IndexAll) -> None:
    assert look().state == FolderState.PRESENT
    assert names(shelf_of_alice) == ["Notes/harbour.txt", "Notes/trip/ferry.md"]
    assert index_all() == 2
    assert search(shelf_of_alice, "northern quay")[0].name == "Notes/trip/ferry.md"
    assert list(storage.kept()) == []


def test_a_second_look_reads_nothing(look: Look, followed: Folder, index_all: IndexAll) -> None:
    look()
    index_all()
    assert folder_scan.scan(followed).read == 0
    assert not Document.objects.exclude(status=Status.INDEXED).exists()


def test_a_changed_file_is_read_again_and_keeps_its_row(
    notes: Path, look: Look, shelf_of_alice: Collection, index_all: IndexAll
) -> None:
    look()
    index_all()
    pk = Document.objects.get(relative="harbour.txt").pk
    (notes / "harbour.txt").write_text("The harbour opens at eight, after the storm.")
    look()
    assert search(shelf_of_alice, "harbour opens")[0].text.endswith("seven.")  # until the new one is whole
    assert index_all() == 1
    assert search(shelf_of_alice, "harbour opens")[0].text.endswith("storm.")
    assert Document.objects.get(relative="harbour.txt").pk == pk


def test_a_touched_file_is_not_queued(notes: Path, look: Look, index_all: IndexAll) -> None:
    look()
    index_all()
    os.utime(notes / "harbour.txt", (1, 1))
    look()
    row = Document.objects.get(relative="harbour.txt")
    assert (row.status, row.mtime_ns) == (Status.INDEXED, 10**9)


def test_a_moved_file_keeps_its_row_and_is_not_embedded_again(
    notes: Path, look: Look, shelf_of_alice: Collection, index_all: IndexAll, embedder: Recorder
) -> None:
    look()
    index_all()
    pk = Document.objects.get(relative="trip/ferry.md").pk
    embedder.texts.clear()
    (notes / "trip").rename(notes / "journeys")
    look()
    row = Document.objects.get(pk=pk)
    assert (row.name, row.relative, row.status) == ("Notes/journeys/ferry.md", "journeys/ferry.md", Status.INDEXED)
    assert Document.objects.count() == 2
    assert index_all() == 0
    assert embedder.texts == []
    assert search(shelf_of_alice, "northern quay")[0].name == "Notes/journeys/ferry.md"


def test_a_file_moved_to_another_folder_of_the_collection_keeps_its_row(
    notes: Path, look: Look, tmp_path: Path, shelf_of_alice: Collection
) -> None:
    (tmp_path / "Archive").mkdir()
    archive = Folder.objects.create(collection=shelf_of_alice, path=str(tmp_path / "Archive"), label="Archive")
    look()
    pk = Document.objects.get(relative="harbour.txt").pk
    (notes / "harbour.txt").rename(tmp_path / "Archive" / "harbour.txt")
    folder_scan.scan(archive)
    look()
    row = Document.objects.get(pk=pk)
    assert (row.folder, row.name) == (archive, "Archive/harbour.txt")
    assert Document.objects.count() == 2


def test_a_deleted_file_goes_when_it_does_not_come_back(
    notes: Path, look: Look, shelf_of_alice: Collection, index_all: IndexAll
) -> None:
    look()
    index_all()
    (notes / "harbour.txt").unlink()
    assert look(grace=timedelta(seconds=60)).wanted is not None
    assert look(grace=timedelta(seconds=60)).documents.count() == 2  # an editor may be saving
    look()
    assert names(shelf_of_alice) == ["Notes/trip/ferry.md"]
    assert search(shelf_of_alice, "harbour") == []


def test_a_file_that_is_being_written_is_said_to_be_and_waits(
    notes: Path, look: Look, followed: Folder, shelf_of_alice: Collection
) -> None:
    log = notes / "server.log"
    log.write_text("started")

    def keep_writing() -> bool:
        with log.open("a") as file:
            file.write("and on")
        return False

    folder_scan.scan(followed, should_stop=keep_writing)
    followed.refresh_from_db()
    assert left_out(followed)[Reason.WRITTEN] == ["server.log"]
    assert "Notes/server.log" not in names(shelf_of_alice)
    assert followed.wanted is not None
    assert Reason.WRITTEN not in left_out(look())
    assert "Notes/server.log" in names(shelf_of_alice)


def test_a_file_that_was_away_for_a_moment_is_the_same(notes: Path, look: Look) -> None:
    look()
    pk = Document.objects.get(relative="harbour.txt").pk
    (notes / "harbour.txt").rename(notes / "harbour.bak")
    look(grace=timedelta(seconds=60))
    (notes / "harbour.bak").rename(notes / "harbour.txt")
    look()
    row = Document.objects.get(relative="harbour.txt")
    assert (row.pk, row.missing_since) == (pk, None)


class TestGone:
    def test_a_folder_that_is_gone_keeps_its_index_and_goes_on_when_it_is_back(
        self, notes: Path, look: Look, shelf_of_alice: Collection, index_all: IndexAll, embedder: Recorder
    ) -> None:
        look()
        index_all()
        embedder.texts.clear()
        notes.rename(notes.with_name("Away"))
        gone = look()
        assert (gone.state, gone.documents.count()) == (FolderState.MISSING, 2)
        assert "not there at the moment" in gone.note
        assert search(shelf_of_alice, "harbour opens")
        notes.with_name("Away").rename(notes)
        (notes / "new.txt").write_text("A new page.")
        assert look().state == FolderState.PRESENT
        assert index_all() == 1
        assert embedder.texts == ["A new page."]

    def test_what_was_queued_when_it_went_is_read_when_it_is_back(
        self, notes: Path, look: Look, index_all: IndexAll
    ) -> None:
        look()
        notes.rename(notes.with_name("Away"))
        assert index_all() == 0
        assert "read when it is back" in Document.objects.first().error
        look()
        notes.with_name("Away").rename(notes)
        look()
        assert index_all() == 2

    def test_an_empty_mount_point_is_asked_about(
        self, notes: Path, look: Look, shelf_of_alice: Collection, index_all: IndexAll
    ) -> None:
        look()
        index_all()
        shutil.move(notes, notes.with_name("Disk"))
        notes.mkdir()
        for _ in range(3):
            asked = look()
        assert (asked.state, asked.lost, asked.documents.count()) == (FolderState.EMPTIED, 2, 2)
        assert asked.note.startswith("2 of 2 files are no longer in this folder.")
        assert search(shelf_of_alice, "harbour opens")

        Folder.objects.update(accepted_loss=1)  # of another loss, shown earlier
        assert look().documents.count() == 2
        Folder.objects.update(accepted_loss=2)
        assert look().documents.count() == 0
        assert look().state == FolderState.PRESENT

    def test_a_disk_that_is_back_answers_the_question_itself(self, notes: Path, look: Look) -> None:
        look()
        notes.rename(notes.with_name("Disk"))
        notes.mkdir()
        assert look().state == FolderState.EMPTIED
        notes.rmdir()
        notes.with_name("Disk").rename(notes)
        back = look()
        assert (back.state, back.lost, back.documents.count()) == (FolderState.PRESENT, 0, 2)

    def test_a_folder_that_may_no_longer_be_followed_is_not_looked_at(self, notes: Path, look: Look, settings) -> None:
        look()
        settings.FOLDER_ROOTS = []
        (notes / "new.txt").write_text("new")
        refused = look()
        assert (refused.state, refused.documents.count()) == (FolderState.MISSING, 2)
        assert "no longer among those" in refused.note


def test_a_file_that_changes_between_look_and_reading_waits_for_the_next_look(
    notes: Path, look: Look, index_all: IndexAll, shelf_of_alice: Collection
) -> None:
    look()
    (notes / "harbour.txt").write_text("The harbour is closed today.")
    assert index_all() == 1
    row = Document.objects.get(relative="harbour.txt")
    assert row.status == Status.FAILED
    assert row.folder.wanted <= timezone.now()
    look()
    assert index_all() == 1
    assert search(shelf_of_alice, "closed today")
