"""Changing how texts are cut, while what there is goes on answering.

Each document waits behind everything new, is cut anew from its text (no file is read again), embedded beside its old
version, and takes its place when it is whole. Going back to the old length meets what is still cut so, and is quick.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone

from webchat.documents import generations, pace
from webchat.documents.models import LAST_PLACE, Cutting, Document, DocumentQuerySet, Status, Step

BYTES_PER_PASSAGE = 6_000  # its text, its words, its vector and those of its sentences


@dataclass(frozen=True, slots=True)
class Cost:
    """What it takes to cut everything anew, as far as it can be told before."""

    documents: int
    passages: int  # there will be; 0: not known, while some are still being cut to another length
    disk_bytes: int  # while the largest document lies there twice, and for good where passages are shorter
    time: str  # empty where the speed of this machine is not known yet


def cost_of(length: int) -> Cost:
    if _cut().moving().filter(step=Step.READ, passages__gt=0).exists():
        return Cost(_cut().count(), 0, 0, "")
    facts = _cut().aggregate(sum=Sum("passages", default=0), largest=Max("passages", default=0))
    passages = facts["sum"] * Cutting.current() // length
    more = max(0, passages - facts["sum"]) + facts["largest"] * Cutting.current() // length
    speed = generations.usual_chunks_per_s()
    time = pace.in_words(passages / speed) if speed else ""
    return Cost(_cut().count(), passages, more * BYTES_PER_PASSAGE, time)


@transaction.atomic
def change_to(length: int) -> int:
    """Answers how many documents are cut anew. Whatever a worker has in hand it loses its hold on."""
    if length == Cutting.current():
        return 0
    Cutting.objects.update_or_create(pk=1, defaults={"max_tokens": length})
    fields = {"status": Status.QUEUED, "step": Step.READ, "worker": "", "attempts": 0, "progress": 0, "error": ""}
    return _cut().update(**fields, queued=timezone.now(), place=LAST_PLACE)


def _cut() -> DocumentQuerySet:
    """All that has passages, or is about to have some."""
    return Document.objects.exclude(status=Status.FAILED)
