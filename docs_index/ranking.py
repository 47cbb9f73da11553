"""Two lists of candidates → one order. Pure functions on chunk ids and scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docs_index.terms import share_beyond_latin

Scored = Sequence[tuple[int, float]]  # chunk id, score; best first

# Weight of the words against the meaning before anything is known of a collection, for the writing that most embedders
# read best and for any other. Scores are divided by the best of their list: that beat min-max scaling,
# whose result also hangs on how many candidates are taken.
LEXICAL_WEIGHT = 0.28
LEXICAL_WEIGHT_BEYOND_LATIN = 0.6

# Where the first of a list stands far before its second, the list has found something. So much it does on average, as a
# share of the first's score, and so much of what is more or less goes into the weight.
USUAL_LEAD_WORDS = 0.22
USUAL_LEAD_MEANING = 0.1
LEAD_INFLUENCE = 0.5
LEAST_WEIGHT = 0.05


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk with its fused score, 0 to 1, and its ranks in the two lists it comes from."""

    chunk: int
    score: float
    lexical_rank: int | None
    dense_rank: int | None


def lexical_weight(query: str) -> float:
    """Before anything is known of the collection. A Chinese question about Linux is still a Chinese question."""
    return LEXICAL_WEIGHT + (LEXICAL_WEIGHT_BEYOND_LATIN - LEXICAL_WEIGHT) * min(2 * share_beyond_latin(query), 1.0)


def fuse(lexical: Scored, dense: Scored, *, weight: float) -> list[Hit]:
    """A weighted sum of both scores, each as a share of the best of its list; not found in a list counts 0 there.

    `weight` is that of the words in a question on which both lists are as sure of their first as usual.
    """
    words, meaning = _scaled(lexical), _scaled(dense)
    share = _share_of_words(words, meaning, weight)
    ranks, dense_ranks = _ranks(lexical), _ranks(dense)
    hits = [
        Hit(
            chunk=chunk,
            score=share * words.get(chunk, 0.0) + (1 - share) * meaning.get(chunk, 0.0),
            lexical_rank=ranks.get(chunk),
            dense_rank=dense_ranks.get(chunk),
        )
        for chunk in ranks.keys() | dense_ranks.keys()
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk))


def above(scored: Scored, base: float) -> Scored:
    """The same list with scores counted from `base` on."""
    return [(chunk, score - base) for chunk, score in scored] if base else scored


def _share_of_words(words: dict[int, float], meaning: dict[int, float], weight: float) -> float:
    if not words or not meaning:
        return 1.0 if words else 0.0
    surer = (_lead(words) - USUAL_LEAD_WORDS) - (_lead(meaning) - USUAL_LEAD_MEANING)
    return min(max(weight + LEAD_INFLUENCE * surer, LEAST_WEIGHT), 1 - LEAST_WEIGHT)


def _lead(scaled: dict[int, float]) -> float:
    """How far the first stands before the next score, as a share of its own. Equal texts have equal scores."""
    first, second = sorted({*scaled.values(), 0.0}, reverse=True)[:2]
    return first - second


def _scaled(scored: Scored) -> dict[int, float]:
    best = scored[0][1] if scored else 0.0
    return {chunk: max(score / best, 0.0) for chunk, score in scored} if best > 0 else {}


def _ranks(scored: Scored) -> dict[int, int]:
    return {chunk: rank for rank, (chunk, _) in enumerate(scored, 1)}
