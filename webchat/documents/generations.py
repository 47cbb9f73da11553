"""The embedding model of the documents: which one answers, which one is wanted, and what a change costs.

A change is nothing but a wish that differs from what answers: the worker makes the wanted model's vectors beside the
others, and takes the wish back into account before every lot. So it goes on after any crash, and is taken back by
wishing for what answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from docs_index.stores import Kept
from webchat.documents import pace, roll, shelf
from webchat.documents.models import STALE_AFTER, EmbedderPace, EmbeddingChange
from webchat.library.embedders import Embedder


@dataclass(frozen=True, slots=True)
class Cost:
    """What choosing a model takes, as far as it can be told before."""

    passages: int  # to embed anew
    time: str  # empty where the speed of this machine is not known yet
    kept_bytes: int  # of its vectors that are there already
    is_partial: bool  # it reads less than the longest passages


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a change is. `embedded` of `passages` have a vector of the wanted model."""

    wanted: str
    passages: int
    embedded: int
    refused: int
    note: str
    time_left: str

    @property
    def percent(self) -> int:
        return min(99, 100 * self.embedded // max(1, self.passages))


def answering() -> str:
    return shelf.index().embedding_model


def wanted() -> str:
    """The model that is to answer."""
    return EmbeddingChange.objects.values_list("wanted", flat=True).first() or answering()


def change_to(name: str) -> None:
    """Whatever a worker makes for another model it stops with at its next lot."""
    fields = {"wanted": name, "worker": "", "seen": None, "passages": 0, "embedded": 0, "refused": 0, "note": ""}
    EmbeddingChange.objects.update_or_create(pk=1, defaults=fields)


def progress() -> Progress | None:
    """None when nothing is being changed."""
    row = EmbeddingChange.objects.first()
    if row is None or row.wanted == answering():
        return None
    speed = EmbedderPace.objects.filter(model=row.wanted).values_list("chunks_per_s", flat=True).first()
    left = pace.in_words((row.passages - row.embedded) / speed) if speed and row.passages else ""
    return Progress(row.wanted, row.passages, row.embedded, row.refused, row.note, left)


def cost_of(embedder: Embedder, kept: Kept, longest_passage: int) -> Cost:
    passages = kept.chunks - kept.with_vectors.get(embedder.name, 0)
    speed = _speed_of(embedder)
    time = pace.in_words(passages / speed) if speed and passages else ""
    is_partial = embedder.reads_tokens < longest_passage
    return Cost(passages, time, kept.size_bytes.get(embedder.name, 0), is_partial)


def usual_chunks_per_s() -> float:
    """How fast the workers embed now, or did before they were started anew. 0 while nobody knows."""
    return roll.chunks_per_s() or _remembered().get(answering(), 0.0)


def _remembered() -> dict[str, float]:
    return dict(EmbedderPace.objects.values_list("model", "chunks_per_s"))


def _speed_of(embedder: Embedder) -> float:
    """Measured, where it was ever used; else guessed from the starter's model. 0 while that is unknown, too."""
    speeds = _remembered()
    usual = speeds.get(settings.EMBEDDER_NAME) or roll.chunks_per_s()
    return speeds.get(embedder.name) or usual / embedder.slower


# what the worker asks and tells


def claim(worker: str, name: str) -> bool:
    """Whether this worker is to make the vectors: nobody else does, or whoever did is dead."""
    is_free = Q(worker__in=["", worker]) | Q(seen__lt=timezone.now() - STALE_AFTER)
    return bool(EmbeddingChange.objects.filter(is_free, wanted=name).update(worker=worker, seen=timezone.now()))


def report(worker: str, *, passages: int, embedded: int, refused: int, note: str = "") -> bool:
    """False: it is not wanted from this worker any more."""
    told = {"passages": passages, "embedded": embedded, "refused": refused, "note": note, "seen": timezone.now()}
    return bool(EmbeddingChange.objects.filter(worker=worker).update(**told))


def renew(worker: str) -> None:
    """Says that the worker lives."""
    EmbeddingChange.objects.filter(worker=worker).update(seen=timezone.now())


def let_go(worker: str, note: str = "") -> None:
    EmbeddingChange.objects.filter(worker=worker).update(worker="", note=note)


def remember_pace(name: str, chunks_per_s: float) -> None:
    if chunks_per_s:
        EmbedderPace.objects.update_or_create(model=name, defaults={"chunks_per_s": chunks_per_s})


def remember_usual_pace(chunks_per_s: float) -> None:
    """Of the model that answers: pages tell costs after a restart, too, before anything was embedded."""
    remember_pace(answering(), chunks_per_s)
