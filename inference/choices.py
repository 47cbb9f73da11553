"""Several answers to one prompt, as one stream of deltas. Knows nothing of engines: it is told how to start an answer.

The first answer is started alone, and the others when its first delta is there: then the engine holds the prompt, and
the others begin with it without reading it again. Where the queue is full by then they wait for room, since their
request was let in. Closing the stream ends them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from inference.errors import Overloaded
from inference.types import Delta, SamplingParams, Timings, Usage

Deltas = AsyncGenerator[Delta, None]
Start = Callable[[int], Deltas]
"""Starts the answer with this index."""

SEEDS = 1 << 32
KNOCK_S = 0.1  # between two times that one asks for room in the queue


def seeded(params: SamplingParams, choice: int) -> SamplingParams:
    """The parameters of one of several answers: equal seeds would make them all the same."""
    if params.seed is None or choice == 0:
        return params
    return replace(params, seed=(params.seed + choice) % SEEDS)


async def several(start: Start, count: int) -> Deltas:
    """The answers mixed, each delta with the index of its answer. The delta that ends the last one has the bill."""
    heard: asyncio.Queue[Delta | Exception] = asyncio.Queue()  # an answer has no more deltas than the window tokens
    tasks = [asyncio.create_task(_hear(start, 0, heard))]
    bill = _Bill()
    try:
        while bill.answers < count:
            delta = _raised(await heard.get())
            if len(tasks) < count and not delta.headway:
                tasks += [asyncio.create_task(_hear(start, choice, heard)) for choice in range(1, count)]
            if delta.finish_reason:
                bill.add(delta)
                is_last = bill.answers == count
                delta = replace(delta, usage=bill.usage, timings=bill.timings) if is_last else _without_bill(delta)
            yield delta
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _hear(start: Start, choice: int, heard: asyncio.Queue[Delta | Exception]) -> None:
    try:
        async with aclosing(_let_in(start, choice)) as deltas:
            async for delta in deltas:
                heard.put_nowait(replace(delta, choice=choice))
    except Exception as error:  # the task's top: whatever it was, the one who waits must hear of it
        heard.put_nowait(error)


async def _let_in(start: Start, choice: int) -> Deltas:
    while True:
        try:
            async with aclosing(start(choice)) as deltas:
                async for delta in deltas:
                    yield delta
            return
        except Overloaded:  # is only raised before the first delta
            if choice == 0:
                raise
        await asyncio.sleep(KNOCK_S)


def _raised(item: Delta | Exception) -> Delta:
    if isinstance(item, Exception):
        raise item
    return item


def _without_bill(delta: Delta) -> Delta:
    return replace(delta, usage=None, timings=None)


class _Bill:
    """What all answers cost together: the prompt once, as the first answer found it."""

    def __init__(self) -> None:
        self.answers = 0  # that have ended
        self.usage: Usage | None = None
        self.timings: Timings | None = None
        self._completion_tokens = self._predicted_n = 0
        self._predicted_ms = 0.0  # of the slowest, since they are written at the same time

    def add(self, end: Delta) -> None:
        self.answers += 1
        if end.usage:
            self._completion_tokens += end.usage.completion_tokens
            read = end.usage if end.choice == 0 or self.usage is None else self.usage
            self.usage = replace(read, completion_tokens=self._completion_tokens)
        if end.timings:
            self._predicted_n += end.timings.predicted_n
            self._predicted_ms = max(self._predicted_ms, end.timings.predicted_ms)
            begun = end.timings if end.choice == 0 or self.timings is None else self.timings
            self.timings = replace(begun, predicted_n=self._predicted_n, predicted_ms=self._predicted_ms)
