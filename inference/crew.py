"""How many threads compute a step. Pure.

ggml's threads wait for each other hundreds of times in a step, so one that has lost its core to another program stops
all of them: with two threads on two busy cores an answer came at 2 tokens/s, with one thread at 60 to 80. Whether
cores are lost shows in the processor time a step got; then there is one thread less, and later another try.
"""

from __future__ import annotations

import math

_TOO_MANY_LOST = 0.5  # cores; from about here on a thread less is faster
_MEMORY_S = 0.15
_FIRST_RETRY_S = 0.5
_LONGEST_RETRY_S = 4.0


class Crew:
    """The threads of one engine: `size` of them now, `most` when the cores are ours."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = most
        self._lost = 0.0  # cores, smoothed
        self._steady_s = 0.0  # computed since the size changed
        self._retry_s = _FIRST_RETRY_S
        self._is_trying = False  # whether the last one to join is still on probation

    def measured(self, cpu_s: float, wall_s: float) -> None:
        """A step was computed in this time, and the process got this much of the processors."""
        if wall_s <= 0:
            return
        lost = max(0.0, self.size - cpu_s / wall_s)
        self._lost += (1 - math.exp(-wall_s / _MEMORY_S)) * (lost - self._lost)
        self._steady_s += wall_s
        if self._lost > _TOO_MANY_LOST and self.size > 1:
            self._shrink()
            return
        if self._is_trying and self._steady_s >= _FIRST_RETRY_S:
            self._is_trying, self._retry_s = False, _FIRST_RETRY_S
        if self.size < self.most and self._steady_s >= self._retry_s:
            self._resize(self.size + 1, is_trying=True)

    def _shrink(self) -> None:
        """One less, or more when more are missing; a try that failed is repeated later each time."""
        self._retry_s = min(self._retry_s * 2, _LONGEST_RETRY_S) if self._is_trying else _FIRST_RETRY_S
        self._resize(max(1, self.size - max(1, int(self._lost))), is_trying=False)

    def _resize(self, size: int, *, is_trying: bool) -> None:
        self.size = size
        self._is_trying = is_trying
        self._lost = 0.0
        self._steady_s = 0.0
