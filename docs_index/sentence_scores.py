"""How near a question is to a chunk, seen closer than by the chunk's own vector. Pure.

A chunk's vector is the mean of all it says. A question is mostly about one sentence of it, and about what the section
is about; so the nearest sentence counts half, and the chunk and the first chunk of its section a quarter each, or half
each where the embedder gives no sentences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SENTENCE_WEIGHT = 2.0  # against 1 for the chunk
LEAD_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Sentences:
    """Vectors of the sentences of some chunks: those of `chunks[i]` begin at row `starts[i]`. None is without any."""

    chunks: NDArray[np.int64]
    starts: NDArray[np.int64]
    rows: NDArray[np.float16]

    @classmethod
    def of_rows(cls, rows: Sequence[tuple[int, int, bytes]]) -> Sentences:
        """From what a store keeps: the chunk, how many sentences it has, and what `half_bytes` made of them."""
        counts = np.array([row[1] for row in rows], dtype=np.int64)
        values = np.frombuffer(b"".join(row[2] for row in rows), dtype=np.float16)
        return cls(
            chunks=np.array([row[0] for row in rows], dtype=np.int64),
            starts=np.cumsum(counts) - counts,
            rows=values.reshape(int(counts.sum()), -1 if rows else 0),
        )


def half_bytes(rows: NDArray[np.float16]) -> bytes:
    """As a store keeps them. Raises ValueError for what is no number."""
    half = np.ascontiguousarray(rows, dtype=np.float16)
    if not np.isfinite(half).all():
        raise ValueError("A sentence's vector holds a number that is not finite.")
    return half.tobytes()


def best(query: NDArray[np.float32], sentences: Sentences) -> dict[int, float]:
    """By chunk, the cosine of its nearest sentence."""
    if not len(sentences.chunks):
        return {}
    near = sentences.rows.astype(np.float32) @ _unit(query)
    nearest = np.maximum.reduceat(near, sentences.starts)
    return dict(zip(sentences.chunks.tolist(), nearest.tolist(), strict=True))


def cosines(query: NDArray[np.float32], ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> dict[int, float]:
    """By id, the cosine of its vector."""
    if not len(ids):
        return {}
    lengths = np.maximum(np.linalg.norm(vectors, axis=1), np.float32(1e-12))
    return dict(zip(ids.tolist(), (vectors @ _unit(query) / lengths).tolist(), strict=True))


def rescored(
    chunks: Mapping[int, float], sentences: Mapping[int, float], leads: Mapping[int, float | None]
) -> list[tuple[int, float]]:
    """Chunk ids and scores on the scale of cosines, best first, from the cosines of chunk, best sentence and lead.

    A chunk whose sentences have no vectors gets what the others gain by theirs: neither age nor format of a document
    may decide. A lead without a vector counts like the chunk.
    """
    gains = [near - chunks[id] for id, near in sentences.items() if id in chunks]
    usual_gain = sum(gains) / len(gains) if gains else 0.0
    sentence_weight = SENTENCE_WEIGHT if gains else 0.0
    scores = []
    for id, near in chunks.items():
        lead = leads.get(id)
        total = near + sentence_weight * sentences.get(id, near + usual_gain)
        total += LEAD_WEIGHT * (near if lead is None else lead)
        scores.append((id, total / (1 + sentence_weight + LEAD_WEIGHT)))
    return sorted(scores, key=lambda score: (-score[1], score[0]))


def followed_by(scored: list[tuple[int, float]], rest: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Those that were looked into, and then the others, whose own scores would not know their place."""
    lowest = scored[-1][1] if scored else 1.0
    return [*scored, *((id, min(near, lowest)) for id, near in rest)]


def _unit(query: NDArray[np.float32]) -> NDArray[np.float32]:
    row = query.reshape(-1)
    unit: NDArray[np.float32] = row / max(float(np.linalg.norm(row)), 1e-12)
    return unit
