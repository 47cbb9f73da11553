"""Takes uploads into a collection: each becomes a queued document, a new version of one, or is left out with a reason.

The same name with the same content changes nothing. The same name with other content is a new version: it is queued
again, and what the index holds of the old one goes on answering until the new one is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from docs_index.readers.registry import suffixes, way_out
from webchat.documents import naming, removal, storage
from webchat.documents.models import Collection, Document, Status, Step


class PathsMismatch(ValueError):
    """The field `paths` does not name each file."""


class Change(StrEnum):
    """What an upload did."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was not taken, and why."""

    name: str
    reason: str


@dataclass(slots=True)
class Intake:
    """What became of the files of one upload."""

    documents: list[tuple[Document, Change]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    lacked_room: bool = False

    def count(self, change: Change) -> int:
        return sum(1 for _, made in self.documents if made == change)


def take_in(collection: Collection, uploads: Sequence[UploadedFile], paths: Sequence[str] = ()) -> Intake:
    """Keep every file that can be kept. One that cannot does not stop the others."""
    if paths and len(paths) != len(uploads):
        raise PathsMismatch(
            f"{len(uploads)} files came with {len(paths)} paths. Send one path for each file, or no paths."
        )
    intake = Intake()
    place = collection.next_place()
    for upload, raw in zip(uploads, paths or [upload.name or "" for upload in uploads], strict=True):
        name = naming.safe_name(raw)
        if reason := refusal(name, upload.size or 0):
            intake.left_out.append(LeftOut(name, reason))
            continue
        try:
            intake.documents.append(_take(collection, upload, name, place + len(intake.documents)))
        except storage.StorageError as error:
            intake.left_out.append(LeftOut(name, str(error)))
            intake.lacked_room |= isinstance(error, storage.NoRoom)
    return intake


def refusal(name: str, size_bytes: int) -> str:
    """Why a file is left out. Empty when it is welcome."""
    if naming.is_hidden(name):
        return "It is a hidden file."
    suffix = naming.suffix_of(name)
    if suffix not in suffixes():
        return (
            f"Files ending in {suffix} cannot be read yet.{way_out(suffix)}"
            if suffix
            else "Without a suffix it cannot be told how to read it."
        )
    if size_bytes > settings.MAX_UPLOAD_BYTES:
        return f"It has {filesizeformat(size_bytes)}; a file may have {filesizeformat(settings.MAX_UPLOAD_BYTES)}."
    return ""


def _take(collection: Collection, upload: UploadedFile, name: str, place: int) -> tuple[Document, Change]:
    # On SQLite the transaction takes the write lock at once, so no file loses its last row while it finds a new one.
    with storage.received(upload) as incoming, transaction.atomic():
        incoming.settle()
        return _enter(collection, name, incoming, place)


def _enter(collection: Collection, name: str, incoming: storage.Incoming, place: int) -> tuple[Document, Change]:
    facts = {"digest": incoming.digest, "size_bytes": incoming.size_bytes, "place": place}
    document, is_new = Document.objects.get_or_create(collection=collection, name=name, defaults=facts)
    if is_new:
        return document, Change.ADDED
    if document.folder_id is not None:
        raise storage.StorageError("A folder of this collection has a file of this name. Rename one of the two.")
    if document.digest == incoming.digest:
        document.retry()
        return document, Change.UNCHANGED
    return _renew(document, incoming, place), Change.UPDATED


def _renew(document: Document, incoming: storage.Incoming, place: int) -> Document:
    old = document.digest
    document.digest, document.size_bytes = incoming.digest, incoming.size_bytes
    document.status, document.step, document.worker = Status.QUEUED, Step.READ, ""
    document.queued, document.place = timezone.now(), place
    document.error, document.warning, document.attempts, document.progress = "", "", 0, 0
    document.save()
    removal.release([old])
    return document
