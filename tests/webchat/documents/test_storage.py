"""Bytes are kept once, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile

from webchat.documents import storage

TEXT = b"The tide stood 7.43 meters above the datum."


def spooled(content: bytes) -> TemporaryUploadedFile:
    upload = TemporaryUploadedFile("tides.txt", "text/plain", len(content), None)
    upload.write(content)
    upload.seek(0)
    return upload


def leftovers(settings) -> list[Path]:
    return list(settings.FILE_UPLOAD_TEMP_DIR.iterdir())


@pytest.mark.parametrize("make", [spooled, lambda content: SimpleUploadedFile("tides.txt", content)])
def test_a_file_is_kept_under_its_digest(make, settings) -> None:
    upload = make(TEXT)
    with storage.received(upload) as incoming:
        incoming.settle()
    upload.close()
    digest = hashlib.sha256(TEXT).hexdigest()
    assert (settings.FILES_DIR / digest[:2] / digest).read_bytes() == TEXT
    assert incoming.size_bytes == len(TEXT)
    assert leftovers(settings) == []


def test_what_is_not_settled_leaves_nothing(settings) -> None:
    with storage.received(SimpleUploadedFile("tides.txt", TEXT)):
        pass
    assert list(storage.kept()) == []
    assert leftovers(settings) == []


def test_a_kept_file_is_never_written_again() -> None:
    for _ in range(2):
        with storage.received(SimpleUploadedFile("tides.txt", TEXT)) as incoming:
            incoming.settle()
            place = storage.path_of(incoming.digest)
            place.chmod(0o400)
    assert len(list(storage.kept())) == 1
    assert place.stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "AB" * 32, "a" * 63, "a" * 64 + "\n"])
def test_row_08_only_a_digest_is_ever_made_a_path(name: str) -> None:
    with pytest.raises(ValueError, match="no SHA-256"):
        storage.path_of(name)


def test_it_refuses_before_the_disk_is_full(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(storage.NoRoom, match="not enough room"), storage.received(SimpleUploadedFile("a.txt", TEXT)):
        pass
    assert leftovers(settings) == []


class FullAfterOneBlock(SimpleUploadedFile):
    """A disk that fills up meanwhile."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield TEXT
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_fills_up_leaves_nothing_half_written(settings) -> None:
    with pytest.raises(storage.NoRoom), storage.received(FullAfterOneBlock("a.txt", TEXT)):
        pass
    assert leftovers(settings) == []
    assert list(storage.kept()) == []
