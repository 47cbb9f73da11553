"""Work that nobody waits for: its threads, at the lowest priority or a step above, and who decides that.

A thread may go down at once, but never up again, so those that go up are successors: they begin when the ones before
have ended, so there are never more of them, and one alone does its work in order all the same.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from inference.floor import Floor, Times
from inference.priority import (
    FLOOR_NICE,
    LOWEST_NICE,
    leave_leftovers_to_threads,
    place_session,
    take_leftovers,
)
from inference.processor_time import ProcessorTime

LOOK_S = 1.0


class BackgroundThreads:
    """So many threads, each for one call after the other. To be raised and lowered from the process's first thread.

    Those that do not give way stay where the process is.
    """

    def __init__(self, name: str, count: int, *, gives_way: bool) -> None:
        self._name = name
        self._count = count
        self._is_raised = not gives_way
        self._session = Session() if gives_way else None
        self._former: deque[ThreadPoolExecutor] = deque()
        self._handing_over = threading.Lock()
        self.executor = self._new()

    def stand(self, is_raised: bool) -> None:
        """Put them at the lowest priority, at once, or above it, with their next calls."""
        if self._session is None or is_raised == self._is_raised:
            return
        self._is_raised = is_raised
        if is_raised:
            self._former.append(self.executor)
            self.executor = self._new()
        else:
            leave_leftovers_to_threads()
        self._session.stand(is_raised)

    def _new(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._count, thread_name_prefix=self._name, initializer=self._begin)

    def _begin(self) -> None:
        with self._handing_over:
            while self._former:
                self._former.popleft().shutdown(wait=True)
        if not self._is_raised:
            take_leftovers()


class Session:
    """All of a process and its children, as far as the system shares its processors among sessions."""

    def __init__(self) -> None:
        self._is_raised = False
        place_session(LOWEST_NICE)

    def stand(self, is_raised: bool) -> None:
        """Put it at the lowest priority, or a step above."""
        if is_raised != self._is_raised:
            self._is_raised = is_raised
            place_session(FLOOR_NICE if is_raised else LOWEST_NICE)


async def keep_floor(
    stand: Callable[[bool], object],
    is_answering: Callable[[], Awaitable[bool]],
    *,
    read: Callable[[], Times] | None = None,
    look_s: float = LOOK_S,
    now: Callable[[], float] = time.monotonic,
) -> None:
    """Watches over the work of this process and its children, until it is cancelled. `is_answering` is asked only
    while the work starves or stands above the lowest priority."""
    read = read or ProcessorTime().read
    floor = Floor(read(), now())
    while True:
        await asyncio.sleep(look_s)
        times = read()
        if floor.look(times, now()) and await is_answering():
            floor.give_way(times, now())
        stand(floor.is_raised)
