"""Which of the searches for a question to go by, and which of its passages are worth reading. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from docs_index.types import Passage

PASSAGES = 5  # a small model on a CPU reads some thousand tokens in reasonable time, and loses the thread in more
# Share of the best passage's score. Weaker ones fill a small model's prompt with what nobody asked about; where exactly
# the line should run has not been measured.
RELEVANT = 0.25


def worth_reading(passages: Sequence[Passage]) -> list[Passage]:
    """Those near the best one; and the first by words and by meaning, since either may know what the other misses.

    Where a cross-encoder has read them, it knows better than both.
    """
    read = [passage.reranked.score for passage in passages if passage.reranked]
    if read:
        return [p for p in passages if p.reranked and p.reranked.score >= RELEVANT * max(read)]
    best = max((passage.score for passage in passages), default=0.0)
    return [p for p in passages if p.score >= RELEVANT * best or p.lexical_rank == 1 or p.dense_rank == 1]


def best_reading(found: Sequence[Sequence[Passage]]) -> int:
    """Of the searches for what a question may mean, the likeliest first, which one the documents speak of most.

    That is the one whose nearest passage is nearest in meaning. Words cannot tell: their scores grow with the question.
    """
    return max(range(len(found)), key=lambda i: (_nearest(found[i]), bool(found[i])))  # the first of equals


def _nearest(passages: Sequence[Passage]) -> float:
    return max((passage.dense_score or 0.0 for passage in passages), default=0.0)
