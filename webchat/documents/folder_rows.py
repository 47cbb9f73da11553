"""What a look at a folder does to the rows of its documents, and to the folder's own. Knows the index, not the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from webchat.documents import beneath, claims, naming, removal, shelf
from webchat.documents.folder_changes import Known
from webchat.documents.folder_walk import Walk
from webchat.documents.folder_words import DISK_SILENT
from webchat.documents.models import STALE_AFTER, Document, Folder, FolderState, Status, Step
from webchat.documents.origins import Stamp

DROPPED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Print:
    """A file that was read for its digest."""

    relative: str
    digest: str
    stamp: Stamp
    is_at_rest: bool = True  # False: it was being written meanwhile, so nobody knows whose digest this is


def known(folder: Folder) -> dict[str, Known]:
    """The folder's documents by their path in it."""
    fields = ("pk", "relative", "digest", "size_bytes", "mtime_ns", "inode", "missing_since")
    return {row[1]: _known(*row) for row in folder.documents.values_list(*fields)}


def _known(
    pk: int, relative: str, digest: str, size: int, mtime_ns: int | None, inode: int | None, missing: datetime | None
) -> Known:
    stamp = None if mtime_ns is None or inode is None else Stamp(size, mtime_ns, inode)
    return Known(pk, relative, digest, stamp, is_marked_missing=missing is not None)


@transaction.atomic
def take(folder: Folder, prints: Iterable[tuple[Known | None, Print]]) -> None:
    """Renews, moves or adds the document of each file, as `Known` says what it was before."""
    first = folder.collection.next_place()
    for place, (before, each) in enumerate(prints, first):
        if before is None:
            _add(folder, each, place)
        elif before.relative == each.relative and before.digest != each.digest:
            _renew(before, each)
        else:
            _keep(folder, before, each)


def _add(folder: Folder, each: Print, place: int) -> None:
    name = _free_name(folder, each.relative)
    Document.objects.create(
        collection_id=folder.collection_id, folder=folder, name=name, digest=each.digest, place=place, **_place(each)
    )


def _renew(before: Known, each: Print) -> None:
    """A new version: until it is whole in the index, the old one answers."""
    Document.objects.filter(pk=before.pk).update(
        digest=each.digest, missing_since=None, warning="", **_place(each), **_queued_anew()
    )
    transaction.on_commit(lambda: removal.release([before.digest]))


def _keep(folder: Folder, before: Known, each: Print) -> None:
    """The same bytes at the same place, touched, or at another: nothing is read again unless its name asks for it."""
    document = Document.objects.get(pk=before.pk)
    place: dict[str, Any] = _place(each) | {"missing_since": None}
    is_moved = document.folder_id != folder.pk or before.relative != each.relative
    if is_moved:
        place |= {"folder": folder, "name": _free_name(folder, each.relative)}
    is_read = document.status == Status.INDEXED
    is_read_so = naming.suffix_of(before.relative) == naming.suffix_of(each.relative)
    if document.status == Status.FAILED or not is_read_so or (is_moved and not is_read):
        place |= _queued_anew()
    Document.objects.filter(pk=before.pk).update(**place)
    if is_moved:
        shelf.index().rename(document.index_key, place["name"])


def _place(each: Print) -> dict[str, Any]:
    stamp = each.stamp
    return {
        "relative": each.relative,
        "size_bytes": stamp.size_bytes,
        "mtime_ns": stamp.mtime_ns,
        "inode": stamp.inode,
    }


def _queued_anew() -> dict[str, Any]:
    return {
        "status": Status.QUEUED,
        "step": Step.READ,
        "queued": timezone.now(),
        "worker": "",
        "error": "",
        "attempts": 0,
        "progress": 0,
        "place": 0,
    }


def _free_name(folder: Folder, relative: str) -> str:
    """The name of a document, unlike any other of the collection: two paths may look the same to people."""
    name = naming.safe_name(f"{folder.label}/{relative}")
    others = Document.objects.filter(collection=folder.collection_id)
    return naming.marked(name, relative) if others.filter(name=name).exists() else name


def gone_elsewhere(folder: Folder, digest: str) -> list[Known]:
    """Documents of the collection's other folders with these bytes, whose file is no longer where it was."""
    others = Document.objects.filter(collection=folder.collection_id, digest=digest, folder__isnull=False)
    return [
        Known(row.pk, row.relative, row.digest, None)
        for row in others.exclude(folder=folder).select_related("folder")
        if row.folder is not None and beneath.is_there(Path(row.folder.path), row.relative) is False
    ]


def mark_there(rows: Sequence[Known]) -> None:
    if rows:
        Document.objects.filter(pk__in=[row.pk for row in rows]).update(missing_since=None)


def retry_failed(folder: Folder) -> None:
    """A folder is back: what failed for want of its file is read."""
    folder.documents.filter(status=Status.FAILED).update(**_queued_anew())


def drop(rows: Sequence[Known], on_batch: Callable[[], object] = lambda: None) -> None:
    for start in range(0, len(rows), DROPPED_AT_ONCE):
        on_batch()
        pks = [row.pk for row in rows[start : start + DROPPED_AT_ONCE]]
        removal.remove_documents(Document.objects.filter(pk__in=pks))


def drop_missing(rows: Sequence[Known], before: datetime, on_batch: Callable[[], object] = lambda: None) -> int:
    """Removes what has been missing since `before`, marks the others, and answers how many still wait."""
    marked = Document.objects.filter(pk__in=[row.pk for row in rows if row.is_marked_missing])
    over = set(marked.filter(missing_since__lte=before).values_list("pk", flat=True))
    drop([row for row in rows if row.pk in over], on_batch)
    unmarked = [row.pk for row in rows if not row.is_marked_missing]
    if unmarked:
        Document.objects.filter(pk__in=unmarked).update(missing_since=timezone.now())
    return len(rows) - len(over)


def want_look(folder: Folder, after: timedelta = timedelta()) -> None:
    """Asks the worker to look again."""
    Folder.objects.filter(pk=folder.pk).update(wanted=timezone.now() + after)


def give_up(folder: Folder, lost: int) -> None:
    """So many files have gone for good, a person says. Where more have gone by then, they are asked again."""
    fields = {"accepted_loss": lost, "wanted": timezone.now()}
    Folder.objects.filter(pk=folder.pk, state=FolderState.EMPTIED).update(**fields)


def set_state(folder: Folder, state: FolderState, note: str) -> None:
    fields = {"state": state, "note": note, "lost": 0, "accepted_loss": 0}
    Folder.objects.filter(pk=folder.pk).update(**fields)


def ask_about(folder: Folder, lost: int, of: int) -> None:
    note = (
        f"{lost:,} of {of:,} file{'' if of == 1 else 's'} {'is' if lost == 1 else 'are'} no longer in this folder. "
        "They may lie on a disk that is not connected, so nothing was removed: what was read of them still answers."
    )
    Folder.objects.filter(pk=folder.pk).update(state=FolderState.EMPTIED, note=note, lost=lost)


def note_look(folder: Folder, found: Walk, scan_ms: int) -> None:
    left_out = [
        {"reason": str(reason), "count": tally.count, "examples": tally.examples}
        for reason, tally in found.left_out.items()
    ]
    Folder.objects.filter(pk=folder.pk).update(scanned=timezone.now(), scan_ms=scan_ms, left_out=left_out)


def claim(pk: int, worker: str) -> Folder | None:
    """The folder, for this worker alone until `release`. None where another looks at it."""
    is_free = Q(scanner="") | Q(scanner=worker) | Q(heartbeat__lt=timezone.now() - STALE_AFTER)
    fields = {"scanner": worker, "heartbeat": timezone.now(), "wanted": None}
    if not Folder.objects.filter(is_free, pk=pk).update(**fields):
        return None
    return Folder.objects.select_related("collection").get(pk=pk)


def renew_claim(pk: int, worker: str) -> None:
    Folder.objects.filter(pk=pk, scanner=worker).update(heartbeat=timezone.now())


def release(worker: str, pk: int | None = None) -> None:
    """Gives up this worker's hold on one folder, or on all."""
    held = Folder.objects.filter(scanner=worker)
    (held if pk is None else held.filter(pk=pk)).update(scanner="")


def note_silence(pk: int, worker: str) -> None:
    """The disk does not answer. What is known of lost files stays as it was."""
    release(worker, pk)
    Folder.objects.filter(pk=pk).update(state=FolderState.SILENT, note=DISK_SILENT, wanted=None)


def note_unwatched(pk: int, is_unwatched: bool) -> None:
    Folder.objects.filter(pk=pk).update(is_unwatched=is_unwatched)


def release_dead() -> None:
    for worker in set(Folder.objects.exclude(scanner="").values_list("scanner", flat=True)):
        if claims.is_dead(worker):
            Folder.objects.filter(scanner=worker).update(scanner="", wanted=timezone.now())
