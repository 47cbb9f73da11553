"""Penalties on what was said before: by count, by presence, and DRY for whole runs. Pure; all write into the logits.

DRY ("don't repeat yourself") lowers the token that would make a run of tokens longer that stood in the text before,
the more the longer the run is already. It follows llama.cpp's sampler; line ends and the like interrupt a run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]

BREAKERS = (b"\n", b":", b'"', b"*")  # llama.cpp's: a token that holds one of them interrupts a run
_LONGEST_EXPONENT = 48  # runs that are longer than this are as good as banned
_MOST = 1e9


def recent(context: Sequence[int], window: int) -> Sequence[int]:
    """The last tokens of the context; all of them for -1."""
    return context if window < 0 else context[len(context) - min(window, len(context)) :]


def penalize(logits: Logits, tokens: Sequence[int], penalty: float) -> None:
    """Make the tokens that came lately less likely, each once."""
    found = np.unique(np.asarray(tokens, dtype=np.intp))
    values = logits[found]
    logits[found] = np.where(values > 0, values / penalty, values * penalty)


def discourage(logits: Logits, tokens: Sequence[int], *, frequency: float, presence: float) -> None:
    """Lower each token by how often it came, and once for having come at all. Negative values encourage."""
    found, counts = np.unique(np.asarray(tokens, dtype=np.intp), return_counts=True)
    logits[found] -= (counts * frequency + presence).astype(np.float32)


def dry(
    logits: Logits,
    tokens: Sequence[int],
    *,
    multiplier: float,
    base: float,
    allowed_length: int,
    breaks: Callable[[int], bool],
) -> None:
    """Lower what would go on with a run that is longer than allowed."""
    text = np.asarray(tokens, dtype=np.intp)
    for token, length in repeated_runs(text, allowed_length + _LONGEST_EXPONENT, breaks).items():
        if length >= allowed_length:
            logits[token] -= np.float32(min(multiplier * base ** (length - allowed_length), _MOST))


def repeated_runs(text: NDArray[np.intp], longest: int, breaks: Callable[[int], bool]) -> dict[int, int]:
    """Which tokens would go on with a run that the text's end repeats, and how long that run is."""
    runs: dict[int, int] = {}
    if not text.size:
        return runs
    ends = np.arange(text.size - 1)
    for length in range(1, min(longest, text.size) + 1):
        newest = text[text.size - length]
        ends = ends[ends >= length - 1]
        ends = ends[text[ends - length + 1] == newest]
        if not ends.size or breaks(int(newest)):
            break
        runs |= dict.fromkeys(text[ends + 1].tolist(), length)
    return runs
