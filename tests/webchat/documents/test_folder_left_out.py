"""What a look at a folder takes of it, and what it leaves out and says so; beside what was uploaded."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from docs_index.types import Passage
from tests.webchat.documents.conftest import file_of
from webchat.documents import beneath, folder_scan, intake, removal, shelf, storage
from webchat.documents.folder_rules import FolderRules, Reason
from webchat.documents.models import Collection, Document, Folder, FolderState

Look = Callable[..., Folder]
IndexAll = Callable[[], int]


def names(collection: Collection) -> list[str]:
    return list(collection.documents.values_list("name", flat=True))


def search(collection: Collection, words: str) -> list[Passage]:
    return shelf.index().search(words, None, collections=[collection.index_key])


def left_out(folder: Folder) -> dict[str, list[str]]:
    return {each["reason"]: each["examples"] for each in folder.left_out}


class TestLeftOut:
    def test_each_is_listed_with_its_reason(self, notes: Path, look: Look, settings, tmp_path: Path) -> None:
        settings.DATA_DIR = notes / "inglenook"
        settings.MAX_UPLOAD_BYTES = 1000
        for folder in (".git", "node_modules", "python", "inglenook", "dist"):
            (notes / folder).mkdir()
            (notes / folder / "readme.md").write_text("x")
        (notes / "python" / "pyvenv.cfg").touch()
        (notes / "photo.xcf").touch()
        (notes / "long.txt").write_text("x" * 1001)
        (tmp_path / "secret.txt").write_text("secret")
        (notes / "link.txt").symlink_to(tmp_path / "secret.txt")
        (notes / "up").symlink_to(tmp_path)
        os.mkfifo(notes / "pipe.txt")
        (notes / os.fsdecode(b"caf\xe9.txt")).write_text("x")
        folder = look()
        assert left_out(folder) == {
            Reason.HIDDEN: [".git/"],
            Reason.BUILT: ["dist/"],
            Reason.OWN_DATA: ["inglenook/"],
            Reason.INSTALLED: ["node_modules/", "python/"],
            Reason.KIND: ["photo.xcf"],
            Reason.TOO_LARGE: ["long.txt"],
            Reason.LINK: ["link.txt", "up"],
            Reason.SPECIAL: ["pipe.txt"],
            Reason.NAME: ["caf\ufffd.txt"],
        }
        assert folder.documents.count() == 2

    def test_what_may_not_be_read_is_said_keeps_what_was_read_and_the_rest_goes_on(
        self, notes: Path, look: Look, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The refusal is made here: tests may run as root, who may read everything."""
        look()
        open_really = beneath.opened_below

        def opened_below(folder: int, name: str) -> AbstractContextManager[int]:
            if name == "trip":
                raise PermissionError(13, "Permission denied")
            return open_really(folder, name)

        monkeypatch.setattr(beneath, "opened_below", opened_below)
        (notes / "new.txt").write_text("new")
        folder = look()
        assert left_out(folder) == {Reason.UNREADABLE: ["trip/"]}
        relatives = {row.relative for row in folder.documents.all()}
        assert relatives == {"harbour.txt", "new.txt", "trip/ferry.md"}

    def test_new_patterns_let_documents_go_without_asking(self, notes: Path, look: Look) -> None:
        look()
        Folder.objects.update(exclude="trip/")
        folder = look()
        assert folder.state == FolderState.PRESENT
        assert [row.relative for row in folder.documents.all()] == ["harbour.txt"]

    def test_a_preview_says_what_would_be_taken_and_takes_nothing(self, notes: Path, settings, db) -> None:
        walk = folder_scan.preview(notes, FolderRules(exclude="trip/"), seconds=10)
        assert list(walk.files) == ["harbour.txt"]
        assert walk.left_out[Reason.EXCLUDED].count == 1
        assert not Document.objects.exists()


class TestBesideUploads:
    def test_an_upload_does_not_replace_a_file_of_a_folder(self, look: Look, shelf_of_alice: Collection) -> None:
        look()
        answer = intake.take_in(shelf_of_alice, [file_of("a", "other")], ["Notes/harbour.txt"])
        assert "A folder of this collection" in answer.left_out[0].reason

    def test_removing_one_file_leaves_it_out_from_now_on(self, notes: Path, look: Look) -> None:
        look()
        removal.remove_document(Document.objects.get(relative="trip/ferry.md"))
        assert [row.relative for row in look().documents.all()] == ["harbour.txt"]
        assert (notes / "trip" / "ferry.md").exists()

    def test_removing_the_folder_forgets_it_and_keeps_the_files(
        self, notes: Path, look: Look, shelf_of_alice: Collection, index_all: IndexAll
    ) -> None:
        folder = look()
        index_all()
        removal.remove_folder(folder)
        assert names(shelf_of_alice) == []
        assert search(shelf_of_alice, "harbour") == []
        assert (notes / "harbour.txt").exists()

    def test_the_same_bytes_uploaded_stay_when_the_folder_goes(
        self, look: Look, put: Callable[..., Document], shelf_of_bob: Collection
    ) -> None:
        put("mine.txt", "The harbour opens at seven.", shelf_of_bob)
        removal.remove_folder(look())
        assert len(list(storage.kept())) == 1
