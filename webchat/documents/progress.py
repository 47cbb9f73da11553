"""How far a collection is, and how long it still takes. What is not known is estimated, and said to be."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Sum

from webchat.documents import pace, roll
from webchat.documents.models import Collection, Document, Status, Step

MOVING = Q(status__in=[Status.QUEUED, Status.INDEXING])
READ = Q(status=Status.INDEXED) | (MOVING & Q(step=Step.EMBED))
UNREAD = MOVING & Q(step=Step.READ)
CHUNKS_PER_BYTE = 1 / 800  # of plain English
BELIEVED_BYTES = 50_000  # of a collection count for as much as that: what the first few files are like says little


@dataclass(frozen=True, slots=True)
class Work:
    """What is known of the passages of a collection."""

    collection: int
    files: int = 0
    read_files: int = 0
    unread_bytes: int = 0
    read_bytes: int = 0
    passages: int = 0  # of what is read
    vectors: int = 0

    @property
    def expected(self) -> float:
        """Passages that there will be. A file has one at least."""
        rate = (self.passages + BELIEVED_BYTES * CHUNKS_PER_BYTE) / (self.read_bytes + BELIEVED_BYTES)
        return self.passages + max(self.unread_bytes * rate, self.files - self.read_files)

    @property
    def left(self) -> float:
        return max(0.0, self.expected - self.vectors)


@dataclass(frozen=True, slots=True)
class Progress:
    """What the page says."""

    work: Work
    chunks_per_s: float  # 0: not known yet
    left_s: float | None  # None: not known yet
    is_paused: bool

    @property
    def percent(self) -> int:
        return min(99, int(100 * self.work.vectors / max(1.0, self.work.expected)))

    @property
    def is_all_read(self) -> bool:
        return self.work.read_files >= self.work.files

    @property
    def expected(self) -> str:
        """The passages there will be: exactly when all is read, else to two figures."""
        if self.is_all_read and not self.work.unread_bytes:  # what is cut anew is read, and its passages are not known
            return f"{self.work.passages:,}"
        return f"about {rounded(self.work.expected):,}"

    @property
    def speed(self) -> str:
        """Passages a second, as exactly as it is known."""
        if not self.chunks_per_s or self.is_paused:
            return ""
        return f"{self.chunks_per_s:.0f}" if self.chunks_per_s >= 1 else "less than 1"

    @property
    def time_left(self) -> str:
        return "" if self.left_s is None or self.is_paused else pace.in_words(self.left_s)


def progress_of(collection: Collection) -> Progress:
    own = _work(Document.objects.filter(collection=collection)).get(collection.pk, Work(collection.pk))
    speed = roll.chunks_per_s()
    left_s = None
    if speed:
        moving = Document.objects.filter(MOVING, collection__is_paused=False).exclude(collection=collection)
        others = _work(moving).values()
        left_s = pace.chunks_ahead(own.left, [other.left for other in others]) / speed
    return Progress(own, speed, left_s, collection.is_paused)


def rounded(number: float) -> int:
    """To two figures: nobody can know more of files that are not read."""
    digits = max(0, len(str(int(number))) - 2)
    return int(round(number / 10**digits) * 10**digits)


def _work(documents: QuerySet[Document]) -> dict[int, Work]:
    rows = (
        documents.order_by()
        .values("collection")
        .annotate(
            files=Count("pk", filter=~Q(status=Status.FAILED)),
            read_files=Count("pk", filter=Q(shown=F("digest")) & ~Q(status=Status.FAILED)),
            unread_bytes=Sum("size_bytes", filter=UNREAD, default=0),
            read_bytes=Sum("size_bytes", filter=READ, default=0),
            known=Sum("passages", filter=READ, default=0),
            embedded=Sum("vectors", filter=READ, default=0),
        )
    )
    return {
        row["collection"]: Work(
            row["collection"],
            row["files"],
            row["read_files"],
            row["unread_bytes"],
            row["read_bytes"],
            row["known"],
            row["embedded"],
        )
        for row in rows
    }
