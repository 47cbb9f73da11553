"""How many prompt tokens one step may read. Pure.

A step is what a cancel waits for, and while one prompt is read every other answer stands still: so the share of a step
is set in time, and turned into tokens by the speed that was measured. Smaller steps cost little: on 2 cores a prompt
is read with 407 tokens/s in steps of 512 tokens, with 378 in steps of 64 and with 342 in steps of 32.
"""

from __future__ import annotations

_ALONE_S = 0.5
_BESIDE_ANSWERS_S = 0.15
LEAST_TOKENS = 32
_FIRST_GUESS = 128  # tokens, until a speed is known
_SMOOTHING = 0.3


class Pacing:
    """Measures how fast prompts are read and says how much of one to read next."""

    def __init__(self, batch_tokens: int) -> None:
        self._batch_tokens = batch_tokens
        self._tokens_per_s = 0.0

    def reading_budget(self, answers: int) -> int:
        """Prompt tokens for the next step, beside this many answers being written."""
        wanted = _FIRST_GUESS
        if self._tokens_per_s:
            wanted = int(self._tokens_per_s * (_BESIDE_ANSWERS_S if answers else _ALONE_S))
        rounded = wanted // LEAST_TOKENS * LEAST_TOKENS
        return max(0, min(max(rounded, LEAST_TOKENS), self._batch_tokens - answers))

    def measured(self, read_tokens: int, seconds: float) -> None:
        """A step has read this many prompt tokens."""
        if read_tokens < LEAST_TOKENS or seconds <= 0:
            return
        speed = read_tokens / seconds
        known = self._tokens_per_s or speed
        self._tokens_per_s = known + _SMOOTHING * (speed - known)
