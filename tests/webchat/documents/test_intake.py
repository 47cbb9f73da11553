"""What becomes of the files of one upload."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.webchat.documents.conftest import file_of
from webchat.documents import shelf, storage
from webchat.documents.intake import Change, PathsMismatch, take_in
from webchat.documents.models import Collection, Document, Status


def test_a_file_becomes_a_queued_document(shelf_of_alice: Collection) -> None:
    intake = take_in(shelf_of_alice, [file_of("tides.txt", "High water.")])
    document = shelf_of_alice.documents.get()
    assert (document.name, document.status, document.size_bytes) == ("tides.txt", Status.QUEUED, 11)
    assert storage.path_of(document.digest).read_text() == "High water."
    assert intake.count(Change.ADDED) == 1


def test_relative_paths_are_kept(shelf_of_alice: Collection) -> None:
    take_in(shelf_of_alice, [file_of("a.txt", "a"), file_of("a.txt", "b")], ["x/a.txt", "y/a.txt"])
    assert list(shelf_of_alice.documents.values_list("name", flat=True)) == ["x/a.txt", "y/a.txt"]


def test_a_long_name_with_a_way_up_and_emoji_is_made_safe(shelf_of_alice: Collection) -> None:
    take_in(shelf_of_alice, [file_of("x", "text")], ["../../" + "🦊" * 200 + ".txt"])
    name = shelf_of_alice.documents.get().name
    assert name.startswith("🦊🦊")
    assert name.endswith(".txt")
    assert ".." not in name


def test_paths_must_name_each_file(shelf_of_alice: Collection) -> None:
    with pytest.raises(PathsMismatch, match="2 files came with 1 path"):
        take_in(shelf_of_alice, [file_of("a.txt", "a"), file_of("b.txt", "b")], ["a.txt"])
    assert not Document.objects.exists()


def test_the_same_file_again_changes_nothing(put: Callable[..., Document], index_all: Callable[[], int]) -> None:
    put("tides.txt", "High water.")
    index_all()
    assert put("tides.txt", "High water.").status == Status.INDEXED
    assert index_all() == 0


def test_the_same_failed_file_again_is_a_retry(put: Callable[..., Document]) -> None:
    document = put("tides.txt", "High water.")
    Document.objects.update(status=Status.FAILED, error="It was a bad day.")
    assert put("tides.txt", "High water.").status == Status.QUEUED
    assert Document.objects.get() == document


def test_a_new_version_replaces_the_old_when_it_is_whole(
    put: Callable[..., Document], index_all: Callable[[], int]
) -> None:
    old = put("tides.txt", "High water.")
    index_all()
    new = put("tides.txt", "Low water.")
    assert new == old
    assert new.status == Status.QUEUED
    assert shelf.index().text(new.index_key).text == "High water."
    assert not storage.path_of(old.digest).exists()
    index_all()
    assert shelf.index().text(new.index_key).text == "Low water."


def test_two_documents_may_share_their_bytes(put: Callable[..., Document]) -> None:
    first, second = put("a.txt", "same"), put("b.txt", "same")
    assert first != second
    assert first.digest == second.digest
    assert len(list(storage.kept())) == 1


@pytest.mark.parametrize(
    "name, reason",
    [
        ("photo.xcf", "Files ending in .xcf"),
        ("README", "Without a suffix"),
        (".env.txt", "hidden"),
        ("code/.git/notes.txt", "hidden"),
    ],
)
def test_what_cannot_be_read_is_left_out_with_a_reason(shelf_of_alice: Collection, name: str, reason: str) -> None:
    intake = take_in(shelf_of_alice, [file_of("x", "text"), file_of("y", "text")], [name, "good.txt"])
    assert [(left_out.name, reason in left_out.reason) for left_out in intake.left_out] == [(name, True)]
    assert shelf_of_alice.documents.get().name == "good.txt"


def test_a_file_that_is_too_large_is_left_out(shelf_of_alice: Collection, settings) -> None:
    settings.MAX_UPLOAD_BYTES = 10
    intake = take_in(shelf_of_alice, [file_of("a.txt", "eleven byte")])
    assert "It has 11\xa0bytes" in intake.left_out[0].reason


def test_no_disk_space_leaves_the_file_out_and_nothing_behind(
    shelf_of_alice: Collection, monkeypatch: pytest.MonkeyPatch, settings
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 0))
    intake = take_in(shelf_of_alice, [file_of("a.txt", "text")])
    assert "not enough room on the disk" in intake.left_out[0].reason
    assert not Document.objects.exists()
    assert not any(settings.FILE_UPLOAD_TEMP_DIR.iterdir())
