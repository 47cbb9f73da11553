"""A worker's hold on a document. Every step is a conditional UPDATE that tells whether the hold is still good.

A hold is lost when the document is removed, when a new version of it comes, or when the worker is taken for dead.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

import psutil
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone

from docs_index.types import DocumentKey
from webchat.documents.folder_words import DISK_SILENT
from webchat.documents.models import STALE_AFTER, Document, Folder, FolderState, Status, Step
from webchat.documents.origins import Origin

ERROR_CHARS = 1000


@dataclass(frozen=True, slots=True)
class Claim:
    """One document that a worker holds, as it was when it was claimed."""

    pk: int
    key: DocumentKey
    name: str
    digest: str
    origin: Origin
    worker: str
    attempt: int  # from 1
    passages: int  # 0 before it is read

    @property
    def is_suspect(self) -> bool:
        """Whether a worker ended while it held this. It is worked on alone then, so that it drags no others down."""
        return self.attempt > 1

    def is_good(self) -> bool:
        return self._row().exists()

    def has_been_read(self, *, passages: int, vectors: int, pages: int, warning: str, is_renewal: bool) -> bool:
        """Its words are in the index, and it waits for its vectors. False: the hold was lost."""
        told = {"passages": passages, "vectors": vectors, "pages": pages, "warning": warning[:ERROR_CHARS]}
        next_step = {"status": Status.QUEUED, "step": Step.EMBED, "worker": "", "attempts": 0}
        if not is_renewal:
            next_step["shown"] = self.digest
        return bool(self._row().update(**told, **next_step, is_renewal=is_renewal, progress=percent(vectors, passages)))

    def report(self, vectors: int) -> None:
        """So many of its passages can be found by meaning. It got on, so nobody suspects it of ending workers."""
        self._row().update(
            vectors=vectors, progress=percent(vectors, self.passages), attempts=0, heartbeat=timezone.now()
        )

    def put_back(self) -> None:
        """Another may have its turn before this goes on."""
        self._row().update(status=Status.QUEUED, worker="", attempts=0)

    def must_be_read(self) -> None:
        """The index does not have its words, against what the row says."""
        self._row().update(status=Status.QUEUED, step=Step.READ, worker="", attempts=0, progress=0)

    def finish(self) -> bool:
        """Marks it indexed. False: the hold was lost, and whatever was written for it is of no use."""
        done = {"status": Status.INDEXED, "step": Step.READ, "is_renewal": False, "progress": 100, "error": ""}
        freed = {"attempts": 0, "worker": "", "indexed": _when_these_bytes_were(), "shown": self.digest}
        return bool(self._row().update(**done, **freed, vectors=F("passages")))

    def fail(self, reason: str) -> None:
        self._row().update(status=Status.FAILED, worker="", error=reason[:ERROR_CHARS])

    def doubt(self, reason: str) -> None:
        """The file in a folder is gone or another: fails it until the next look at the folder, which is soon."""
        if self._row().update(status=Status.FAILED, worker="", error=reason[:ERROR_CHARS], mtime_ns=None):
            Folder.objects.filter(documents=self.pk).update(wanted=timezone.now())

    def await_disk(self) -> None:
        """The disk of its folder does not answer: it goes on when that does."""
        self.put_back()
        Folder.objects.filter(documents=self.pk).update(state=FolderState.SILENT, note=DISK_SILENT)

    def _row(self) -> QuerySet[Document]:
        return Document.objects.filter(pk=self.pk, worker=self.worker, digest=self.digest, status=Status.INDEXING)


def _when_these_bytes_were() -> Case:
    """When they were read first. To be cut or embedded anew changes nothing of what a file says."""
    return Case(When(indexed__isnull=False, shown=F("digest"), then=F("indexed")), default=Value(timezone.now()))


def claim_of(row: Document) -> Claim:
    """The hold on a document that was just claimed."""
    return Claim(row.pk, row.index_key, row.name, row.digest, row.origin, row.worker, row.attempts, row.passages)


def percent(vectors: int, passages: int) -> int:
    """How far the vectors are. Never 100: that is said by who finishes."""
    return min(99, 100 * vectors // max(1, passages))


def renew(worker: str) -> None:
    """Says that the worker lives."""
    _held_by(worker).update(heartbeat=timezone.now())


def give_back(worker: str, step: Step | None = None) -> None:
    """Queues whatever the worker holds for this step, or at all. The attempt does not count."""
    held = _held_by(worker) if step is None else _held_by(worker).filter(step=step)
    held.filter(attempts__gt=0).update(attempts=F("attempts") - 1)
    held.update(status=Status.QUEUED, worker="")


def put_note(note: str, step: Step) -> None:
    """Tells people what the queue waits for."""
    _queued().filter(step=step).update(error=note[:ERROR_CHARS])


def clear_note(step: Step) -> None:
    _queued().filter(step=step).exclude(error="").update(error="")


def waiting_for() -> str:
    """What the queue waits for, as a sentence. Empty while it moves."""
    return _queued().exclude(error="").values_list("error", flat=True).first() or ""


def exists(claim: Claim) -> bool:
    """Whether the document is still there, held or not."""
    return Document.objects.filter(pk=claim.pk).exists()


def requeue(claim: Claim) -> None:
    """After a lost hold: whoever indexed it meanwhile may have been overwritten by us, so it is read once more."""
    rows = Document.objects.filter(pk=claim.pk, status=Status.INDEXED)
    rows.update(status=Status.QUEUED, step=Step.READ, queued=timezone.now(), place=0)


def free_abandoned() -> int:
    """Queues what dead workers of this machine held, at once, and what silent ones elsewhere held, in time."""
    for worker in set(Document.objects.filter(status=Status.INDEXING).values_list("worker", flat=True)):
        if is_dead(worker):
            _held_by(worker).update(heartbeat=timezone.now() - 2 * STALE_AFTER)
    return Document.objects.requeue_stale()


def worker_name() -> str:
    """Which process of which machine. The time of birth tells it from a later process with the same number."""
    born = psutil.Process().create_time()
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{born:.2f}"


def is_dead(worker: str) -> bool:
    """Whether it ran on this machine and does no more. One that ran elsewhere is only judged by its heartbeat."""
    host, _, rest = worker.rpartition(":")[0].rpartition(":")
    born = worker.rpartition(":")[2]
    if host != socket.gethostname()[:40] or not rest.isdigit():
        return False
    try:
        return f"{psutil.Process(int(rest)).create_time():.2f}" != born
    except psutil.NoSuchProcess:
        return True


def _held_by(worker: str) -> QuerySet[Document]:
    return Document.objects.filter(worker=worker, status=Status.INDEXING)


def _queued() -> QuerySet[Document]:
    return Document.objects.filter(status=Status.QUEUED)
