"""How many prompt tokens one step may read. Pure.

A step is what a cancel waits for, so its share is set in time and turned into tokens by the speed that was measured.
Smaller steps cost little: on 2 cores a prompt is read with 407 tokens/s in steps of 512 tokens or 256, with 378 in
steps of 64 and with 342 in steps of 32.

While one prompt is read every other answer stands still. A step beside answers is short, and reading lives on credit:
short questions that come together are read at a stroke, but a long prompt takes turns with the answers, which keep
more than half of their speed.
"""

from __future__ import annotations

_ALONE_S = 0.75
_BESIDE_ANSWERS_S = 0.18  # no answer pauses for longer than a quarter of a second
_CREDIT_S = 1.0  # of reading, that answers may be made to wait for on end
_EARNED = 0.8  # seconds of reading, for one of writing: answers keep 1 / (1 + 0.8) of their speed
LEAST_TOKENS = 32
_FIRST_GUESS = 256  # tokens, until a speed is known
_SMOOTHING = 0.3


class Pacing:
    """Measures how fast prompts are read and says how much of one to read next."""

    def __init__(self, batch_tokens: int) -> None:
        self._batch_tokens = batch_tokens
        self._tokens_per_s = 0.0
        self._credit_s = _CREDIT_S

    def reading_budget(self, answers: int) -> int:
        """Prompt tokens for the next step, beside this many answers being written."""
        if answers and self._credit_s <= 0:
            return 0
        wanted = _FIRST_GUESS if not answers else LEAST_TOKENS
        if self._tokens_per_s:
            wanted = int(self._tokens_per_s * (_BESIDE_ANSWERS_S if answers else _ALONE_S))
        rounded = wanted // LEAST_TOKENS * LEAST_TOKENS
        return max(0, min(max(rounded, LEAST_TOKENS), self._batch_tokens - answers))

    def measured(self, read_tokens: int, answers: int, seconds: float) -> None:
        """A step took this long, has read so many prompt tokens, and brought a token to so many answers."""
        if answers:
            earned = -seconds if read_tokens else seconds * _EARNED
            self._credit_s = min(_CREDIT_S, self._credit_s + earned)
        if read_tokens < LEAST_TOKENS or seconds <= 0:
            return
        speed = read_tokens / seconds
        known = self._tokens_per_s or speed
        self._tokens_per_s = known + _SMOOTHING * (speed - known)
