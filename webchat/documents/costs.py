"""What is lost with documents, said before they are removed. The files themselves are another matter."""

from __future__ import annotations

from django.db.models import Count, QuerySet, Sum

from webchat.documents import generations, pace
from webchat.documents.models import Document


def cost_of(documents: QuerySet[Document]) -> str:
    """“423 files, 18,220 passages; embedding them again would take about 12 minutes”, without the end of a sentence."""
    facts = documents.aggregate(files=Count("pk"), passages=Sum("passages", default=0))
    return in_words(facts["files"], facts["passages"], chunks_per_s=generations.usual_chunks_per_s())


def in_words(files: int, passages: int, *, chunks_per_s: float) -> str:
    """The time is that at the speed of late, and left out where no speed is known. Pure."""
    words = f"{files:,} file{'' if files == 1 else 's'}"
    if passages:
        words += f", {passages:,} passage{'' if passages == 1 else 's'}"
    if passages and chunks_per_s:
        words += f"; embedding them again would take {pace.in_words(passages / chunks_per_s)}"
    return words
