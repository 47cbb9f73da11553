"""The best passages of some collections, where to look up the collection of each costs more than its score.

Decides whom to ask about; what is asked, the store answers. Pure but for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from docs_index.bm25 import best

DEPTH = 4  # times as many as wanted: so many of the best are looked at before it is asked for whole collections


class Scope(Protocol):
    """The collections, or some documents of theirs, that a search is for."""

    def holds(self, ids: Sequence[int]) -> set[int]:
        """Those of these chunks that are in it."""

    def ids(self) -> NDArray[np.int64]:
        """All chunks in it."""


def best_within(scores: NDArray[np.float64], scope: Scope, limit: int) -> list[tuple[int, float]]:
    """Of scores by chunk id the greatest in the scope, best first.

    It is looked up for the best of all; only where too few of them are in the scope, all that are in it are looked up.
    """
    first = best(scores, DEPTH * limit)
    is_all = len(first) < DEPTH * limit
    for depth in (limit, DEPTH * limit):
        wanted = scope.holds([id for id, _ in first[:depth]])
        if len(wanted) >= limit or (is_all and len(first) <= depth):
            return [hit for hit in first if hit[0] in wanted][:limit]
    inside = scope.ids()
    inside = inside[inside < len(scores)]
    own = np.zeros_like(scores)
    own[inside] = scores[inside]
    return best(own, limit)
