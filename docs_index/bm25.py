"""BM25 as SQLite's FTS5 computes it, for all passages that hold a term at a time. Pure: numbers in, scores out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75
LEAST_WEIGHT = 1e-6  # of a term that stands in more than half of all passages


@dataclass(frozen=True, slots=True)
class Postings:
    """The passages that hold a term, in the order of their ids, and how often each does."""

    ids: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of_occurrences(cls, ids: NDArray[np.int64]) -> Postings:
        """From an id for each time that the term stands somewhere, in order."""
        firsts = np.flatnonzero(np.diff(ids, prepend=-1))
        return cls(ids[firsts], np.diff(firsts, append=len(ids)))


@dataclass(frozen=True, slots=True)
class Collected:
    """What BM25 knows of all passages: how many there are, how many terms in each (by id), and on average."""

    passages: int
    lengths: NDArray[np.uint16]
    mean_length: float


def weight(holding: int, passages: int) -> float:
    """What a term tells that so many of all passages hold."""
    others = max(passages - holding, 0)  # both numbers may have been read one after the other
    return max(math.log((others + 0.5) / (holding + 0.5)), LEAST_WEIGHT)


def scores_of(postings: Postings, known: Collected) -> NDArray[np.float64]:
    """What the term adds to the score of each passage that holds it."""
    telling = weight(len(postings.ids), known.passages)
    return telling * frequency_scores(postings.counts, known.lengths[postings.ids], known.mean_length)


def frequency_scores(counts: NDArray[np.int64], lengths: NDArray[Any], mean_length: float) -> NDArray[np.float64]:
    """What it is worth that passages of so many terms hold a term so often, before the term's own weight."""
    damping = K1 * (1 - B + B / max(mean_length, 1e-9) * lengths)
    scores: NDArray[np.float64] = (K1 + 1) * counts / (counts + damping)
    return scores


def best(scores: NDArray[np.float64], limit: int) -> list[tuple[int, float]]:
    """The greatest of scores by id, as ids and scores; equal ones in the order of their ids. Those of 0 are none."""
    ids = np.flatnonzero(scores)
    held = scores[ids]
    if len(ids) > limit:
        last = np.partition(held, len(ids) - limit)[len(ids) - limit]
        ids, held = ids[held >= last], held[held >= last]
    order = np.argsort(-held, kind="stable")[:limit]
    return list(zip(ids[order].tolist(), held[order].tolist(), strict=True))
