"""From one turn to every page that shows it.

There is no queue to overflow: the text is kept once, and each subscriber has a place in it. One that is slow gets more
at a time, one that comes late begins with everything so far; none sees a gap or a word twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

MERGE_S = 0.04  # tokens of this long make one update: fast to the eye, few frames for the browser


@dataclass(frozen=True, slots=True)
class Progress:
    """What a subscriber has not seen yet."""

    text: str
    status: str  # what is being done while there is no text
    has_sources: bool
    is_over: bool


class Broadcast:
    """The growing answer of one turn. Belongs to the event loop it is used in."""

    def __init__(self) -> None:
        self.text = ""
        self.status = ""
        self.has_sources = False
        self.is_over = False
        self._wakes: set[asyncio.Event] = set()

    def add(self, text: str) -> None:
        self.text += text
        self.status = ""
        self._wake()

    def show(self, status: str) -> None:
        self.status = status
        self._wake()

    def sources_ready(self) -> None:
        self.has_sources = True
        self._wake()

    def finish(self) -> None:
        self.is_over = True
        self._wake()

    async def subscribe(self, merge_s: float = MERGE_S) -> AsyncGenerator[Progress]:
        """Everything so far, then what is added, until it is over. Close it when you leave early."""
        wake = asyncio.Event()
        wake.set()
        self._wakes.add(wake)
        position = 0
        try:
            while True:
                await wake.wait()
                wake.clear()
                text = self.text[position:]
                position += len(text)
                progress = Progress(text, self.status, self.has_sources, self.is_over)
                yield progress
                if progress.is_over:  # by then nothing was added any more, and this was all of it
                    return
                await asyncio.sleep(merge_s)
        finally:
            self._wakes.discard(wake)

    def _wake(self) -> None:
        for wake in self._wakes:
            wake.set()
