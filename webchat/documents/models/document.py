"""Documents. Their status column is the queue that workers take from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.utils import timezone

from docs_index.types import DocumentKey
from webchat.accounts.models import User
from webchat.documents.models.collection import Collection
from webchat.documents.models.folder import Folder, FolderState
from webchat.documents.origins import Origin, Stamp

STALE_AFTER = timedelta(seconds=30)  # a worker renews its claim every few seconds
MAX_ATTEMPTS = 5  # a file that ends its worker so often, and gets on in between by nothing, is given up


class Status(models.TextChoices):
    """Where a document is on its way into the index."""

    QUEUED = "queued"
    INDEXING = "indexing"
    INDEXED = "indexed"
    FAILED = "failed"


class Step(models.TextChoices):
    """What a document on its way needs next."""

    READ = "read"
    EMBED = "embed"
    """Its words are in the index. Its vectors, or some of them, are not."""


class DocumentQuerySet(models.QuerySet["Document"]):
    def readable_by(self, user: User | AnonymousUser) -> DocumentQuerySet:
        return self.filter(collection__owner=user.pk)

    def moving(self) -> DocumentQuerySet:
        return self.filter(status__in=[Status.QUEUED, Status.INDEXING])

    def waiting(self, step: Step) -> DocumentQuerySet:
        """What a worker may take for this step, in order: a few new files go before the rest of many, and of two
        arrivals the newer one begins."""
        waiting = self.filter(status=Status.QUEUED, step=step, collection__is_paused=False)
        if step == Step.READ:
            waiting = waiting.exclude(folder__state=FolderState.SILENT)
        return waiting.order_by("place", "-queued", "pk")

    def claim(self, rows: Sequence[int], worker: str, step: Step) -> list[Document]:
        """Takes those of the rows that are still waiting. The conditional UPDATE is the lock.

        PostgreSQL passes over rows that another worker is just taking; SQLite lets one worker in at a time.
        One worker claims one thing at a time: what it holds is told from what it gets by the rows it names.
        """
        waiting = self.filter(pk__in=rows, status=Status.QUEUED, step=step)
        with transaction.atomic():
            free = list(waiting.select_for_update(skip_locked=True).values_list("pk", flat=True))
            self.filter(pk__in=free, status=Status.QUEUED, step=step).update(
                status=Status.INDEXING,
                worker=worker,
                heartbeat=timezone.now(),
                attempts=models.F("attempts") + 1,
                error="",
            )
        held = self.filter(pk__in=free, status=Status.INDEXING, step=step, worker=worker)
        return sorted(held.select_related("collection", "folder"), key=lambda row: rows.index(row.pk))

    def requeue_stale(self) -> int:
        """Gives the documents of dead workers back to the queue, or gives up on those that end every worker."""
        stale = self.filter(status=Status.INDEXING, heartbeat__lt=timezone.now() - STALE_AFTER)
        stale.filter(attempts__gte=MAX_ATTEMPTS).update(
            status=Status.FAILED,
            error=f"Reading this file stopped the indexer {MAX_ATTEMPTS} times, so it was left out. The others go on.",
        )
        return stale.filter(attempts__lt=MAX_ATTEMPTS).update(status=Status.QUEUED, worker="")


class Document(models.Model):
    """One file of a collection. Its bytes lie under their SHA-256, which two documents may share, or in a folder."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="documents")
    name = models.CharField(max_length=500, help_text="Path inside the collection, with forward slashes.")
    digest = models.CharField(max_length=64, db_index=True, help_text="SHA-256 of the bytes.")
    size_bytes = models.BigIntegerField()
    added = models.DateTimeField(auto_now_add=True)

    folder = models.ForeignKey(Folder, null=True, blank=True, on_delete=models.CASCADE, related_name="documents")
    relative = models.TextField(blank=True, help_text="Path inside the folder, as the disk spells it.")
    mtime_ns = models.BigIntegerField(null=True, help_text="Of the file whose digest this is; none: look again.")
    inode = models.BigIntegerField(null=True)
    missing_since = models.DateTimeField(null=True, help_text="When its file was first not found any more.")

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED, db_index=True)
    queued = models.DateTimeField(default=timezone.now)
    place = models.PositiveIntegerField(default=0, help_text="How many of its collection arrived just before it.")
    step = models.CharField(max_length=5, choices=Step, default=Step.READ)
    shown = models.CharField(max_length=64, blank=True, help_text="Digest of the bytes whose text the index shows.")
    is_renewal = models.BooleanField(default=False, help_text="Its text waits beside the old version's, which answers.")
    progress = models.PositiveSmallIntegerField(default=0, help_text="Percent.")
    error = models.CharField(max_length=1000, blank=True, help_text="A sentence for a person.")
    warning = models.CharField(max_length=1000, blank=True)  # a sentence a line
    attempts = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True)
    heartbeat = models.DateTimeField(null=True)
    indexed = models.DateTimeField(null=True)
    passages = models.PositiveIntegerField(default=0)
    vectors = models.PositiveIntegerField(default=0, help_text="How many of the passages can be found by meaning.")
    pages = models.PositiveIntegerField(default=0)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("collection", "name", name="one_document_of_a_name"),
            models.UniqueConstraint("folder", "relative", name="one_document_of_a_file"),
        ]
        indexes = [models.Index(fields=["status", "step", "place", "-queued"], name="the_queue")]

    def __str__(self) -> str:
        return self.name

    @property
    def index_key(self) -> DocumentKey:
        return DocumentKey(collection=str(self.collection_id), document=str(self.pk))

    @property
    def origin(self) -> Origin:
        """Where its bytes lie."""
        if self.folder is None:
            return Origin(self.digest)
        stamp = Stamp(self.size_bytes, self.mtime_ns or 0, self.inode or 0)
        return Origin(self.digest, Path(self.folder.path), self.relative, stamp)

    @property
    def warnings(self) -> list[str]:
        return self.warning.splitlines()

    @property
    def is_read(self) -> bool:
        """Whether the text that the index shows is that of these bytes, and found by its words at least."""
        return self.shown == self.digest

    def retry(self) -> None:
        """Puts a failed document back in the queue."""
        Document.objects.filter(pk=self.pk, status=Status.FAILED).update(
            status=Status.QUEUED, step=Step.READ, queued=timezone.now(), place=0, error="", attempts=0, progress=0
        )
        self.refresh_from_db()
