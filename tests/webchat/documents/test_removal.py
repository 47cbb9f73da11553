"""Removing takes the rows, what the index holds, and the bytes nobody needs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from docs_index.types import Chunk, DocumentKey, Extraction
from webchat.documents import removal, shelf, storage
from webchat.documents.models import Collection, Document

Put = Callable[..., Document]
LONG_AGO = time.time() - 2 * removal.IN_TRANSIT_S


def test_a_removed_document_is_gone_everywhere(put: Put, index_all: Callable[[], int]) -> None:
    document = put("a.txt", "Salt water.")
    index_all()
    key = document.index_key
    removal.remove_document(document)
    assert not Document.objects.exists()
    assert shelf.index().text(key) is None
    assert list(storage.kept()) == []


def test_bytes_stay_while_another_document_has_them(put: Put, shelf_of_bob: Collection) -> None:
    mine, bobs = put("a.txt", "Salt water."), put("b.txt", "Salt water.", shelf_of_bob)
    removal.remove_document(mine)
    assert storage.path_of(bobs.digest).exists()
    removal.remove_document(bobs)
    assert list(storage.kept()) == []


def test_a_removed_collection_takes_its_documents_along(
    put: Put, shelf_of_alice: Collection, shelf_of_bob: Collection, index_all: Callable[[], int]
) -> None:
    put("a.txt", "Salt water.")
    bobs = put("b.txt", "Sweet water.", shelf_of_bob)
    index_all()
    removal.remove_collection(shelf_of_alice)
    assert list(Document.objects.all()) == [bobs]
    assert shelf.index().collections() == [bobs.index_key.collection]
    assert [path.name for path in storage.kept()] == [bobs.digest]


def test_sweeping_takes_what_an_interruption_left(put: Put, index_all: Callable[[], int]) -> None:
    kept = put("a.txt", "Salt water.")
    index_all()
    text = "A document without a row."
    shelf.index().add(DocumentKey("999", "999"), "lost.txt", Extraction(text), [Chunk(text, 0, len(text))])
    lost = aged(storage.path_of("ab" * 32))
    removal.sweep()
    assert shelf.index().collections() == [kept.index_key.collection]
    assert shelf.index().coverage(kept.index_key.collection).vectors == 1
    assert not lost.exists()
    assert storage.path_of(kept.digest).exists()


def test_sweeping_queues_what_the_index_has_lost(put: Put, index_all: Callable[[], int]) -> None:
    document = put("a.txt", "Salt water.")
    index_all()
    shelf.index().remove(document.index_key)
    removal.sweep()
    assert index_all() == 1
    assert shelf.index().text(document.index_key)


def test_sweeping_leaves_an_upload_that_is_under_way(db: None, settings) -> None:
    fresh = storage.path_of("cd" * 32)
    fresh.parent.mkdir()
    fresh.write_text("just arrived")
    spool = settings.FILE_UPLOAD_TEMP_DIR / "file-fresh"
    spool.write_text("arriving")
    old = aged(settings.FILE_UPLOAD_TEMP_DIR / "file-old")
    removal.sweep()
    assert fresh.exists()
    assert spool.exists()
    assert not old.exists()


def aged(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("left behind")
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path
