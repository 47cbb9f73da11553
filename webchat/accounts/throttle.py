"""Slows down guessing of passwords: each failure doubles the wait before the next try is looked at.

Kept in memory, since one process serves the pages; a restart forgives.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

FREE_FAILURES = 5
LONGEST_WAIT_S = 60.0
REMEMBERED = 10_000  # the oldest failures are forgotten beyond this many, so that guessers cannot fill the memory


class Throttle:
    """Failures by key. The lock guards the table."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()

    def wait_s(self, key: Hashable) -> float:
        """How long until `key` may try again; 0 when it may now."""
        with self._lock:
            count, last = self._failures.get(key, (0, 0.0))
        if count < FREE_FAILURES:
            return 0.0
        wait = min(LONGEST_WAIT_S, 2.0 ** (count - FREE_FAILURES + 1))
        return max(0.0, last + wait - self._clock())

    def failed(self, key: Hashable) -> None:
        with self._lock:
            count, _ = self._failures.pop(key, (0, 0.0))
            self._failures[key] = (count + 1, self._clock())
            if len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, key: Hashable) -> None:
        with self._lock:
            self._failures.pop(key, None)


logins = Throttle()
