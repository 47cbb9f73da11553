"""When a runner hangs. Decisions only: it is told what is seen of one process, and answers why that must end.

A step of a large model may take minutes, and a long prompt many steps before its first token. So silence of the event
loop counts, and standing still: work that neither gets on nor uses the processor or new memory. What gets on is counted
in steps of the model: requests that come and are refused beside a step that hangs prove nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

STIR_CPU_S = 0.1  # a second of pulses costs less than a millisecond, a starved embedder gets a third of a percent
STIR_BYTES = 16 << 20
MISSED_LOOKS_S = 10.0  # then it was we who slept


@dataclass(frozen=True, slots=True)
class Limits:
    """All in seconds."""

    silent_s: float = 60.0  # without a pulse
    loading_silent_s: float = 120.0  # the same before it is ready: imports hold the interpreter
    stall_s: float = 120.0  # at work, but standing still
    hopeless_s: float = 900.0  # busy, but without finishing one step; a prompt may take any number of steps


@dataclass(frozen=True, slots=True)
class Signs:
    """What is seen of a runner at one moment."""

    is_loading: bool
    has_work: bool
    moves: float  # changes when the work gets on: its count of steps, or the progress of loading
    cpu_s: float
    memory_bytes: int


class Watchdog:
    """Watches one life of one runner."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._heard_at = self._looked_at = self._moved_at = self._stirred_at = now
        self._moves: float | None = None
        self._cpu_s, self._memory_bytes = 0.0, 0

    def heard(self, now: float) -> None:
        """The runner said something."""
        self._heard_at = now

    def look(self, signs: Signs, now: float) -> str:
        """What it did wrong, as the middle of a sentence; nothing while all is well."""
        if now - self._looked_at > MISSED_LOOKS_S:
            self._heard_at = self._moved_at = self._stirred_at = now
        self._looked_at = now
        self._compare(signs, now)
        silent_s = self._limits.loading_silent_s if signs.is_loading else self._limits.silent_s
        if now - self._heard_at >= silent_s:
            return f"gave no sign of life for {silent_s:.0f} seconds"
        if now - self._stirred_at >= self._limits.stall_s:
            return f"stood still for {self._limits.stall_s:.0f} seconds"
        if now - self._moved_at >= self._limits.hopeless_s:
            return f"got no further for {self._limits.hopeless_s / 60:.0f} minutes"
        return ""

    def _compare(self, signs: Signs, now: float) -> None:
        is_at_work = signs.is_loading or signs.has_work
        has_moved = not is_at_work or signs.moves != self._moves
        has_stirred = (
            signs.cpu_s - self._cpu_s >= STIR_CPU_S or abs(signs.memory_bytes - self._memory_bytes) >= STIR_BYTES
        )
        if has_moved:
            self._moved_at, self._moves = now, signs.moves
        if has_moved or has_stirred:
            self._stirred_at, self._cpu_s, self._memory_bytes = now, signs.cpu_s, signs.memory_bytes
