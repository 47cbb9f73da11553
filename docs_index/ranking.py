"""Two lists of candidates → one order. Pure functions on chunk ids and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from docs_index.terms import cjk_share

Scored = Sequence[tuple[int, float]]  # chunk id, score; best first

# Weight of the words against the meaning, tried on question sets in English, German and Chinese with MiniLM, which
# knows little but English: .3 was best for alphabets, .7 for Chinese.
LEXICAL_WEIGHT = 0.3
LEXICAL_WEIGHT_CJK = 0.7


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk with its fused score, 0 to 1, and its ranks in the two lists it comes from."""

    chunk: int
    score: float
    lexical_rank: int | None
    dense_rank: int | None


def lexical_weight(query: str) -> float:
    return LEXICAL_WEIGHT + (LEXICAL_WEIGHT_CJK - LEXICAL_WEIGHT) * cjk_share(query)


def fuse(lexical: Scored, dense: Scored, *, weight: float) -> list[Hit]:
    """A weighted sum of both scores, each scaled to 0–1 within its list; not found in a list counts 0 there."""
    if not dense or not lexical:
        weight = 1.0 if lexical else 0.0
    words, meaning = _scaled(lexical), _scaled(dense)
    ranks, dense_ranks = _ranks(lexical), _ranks(dense)
    hits = [
        Hit(
            chunk=chunk,
            score=weight * words.get(chunk, 0.0) + (1 - weight) * meaning.get(chunk, 0.0),
            lexical_rank=ranks.get(chunk),
            dense_rank=dense_ranks.get(chunk),
        )
        for chunk in words.keys() | meaning.keys()
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk))


def fold_repeats(hits: Sequence[Hit], digests: Mapping[int, bytes]) -> list[Hit]:
    """Keeps the best of those that say the same; chunks without a digest are gone and left out."""
    seen: set[bytes] = set()
    kept = []
    for hit in hits:
        digest = digests.get(hit.chunk)
        if digest is not None and digest not in seen:
            seen.add(digest)
            kept.append(hit)
    return kept


def _scaled(scored: Scored) -> dict[int, float]:
    if not scored:
        return {}
    scores = [score for _, score in scored]
    low, high = min(scores), max(scores)
    return {chunk: (score - low) / (high - low) if high > low else 1.0 for chunk, score in scored}


def _ranks(scored: Scored) -> dict[int, int]:
    return {chunk: rank for rank, (chunk, _) in enumerate(scored, 1)}
