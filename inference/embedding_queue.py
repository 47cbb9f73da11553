"""Feeds one blocking embedder from many requests: questions before bulk.

A bulk request is cut into small batches of texts of like length, which are computed side by side, as many as the
embedder takes; so a question waits for one batch at the most.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from inference.backend import TextEmbedder
from inference.background import BackgroundThreads
from inference.errors import Overloaded
from inference.span_vectors import Embedded, Span, SpanVectors
from inference.text_role import TextRole

QUESTION_TEXTS = 4  # a request with no more texts than this is someone's question
BATCH_TEXTS = 4  # on one core each; 8 are no faster, 16 are slower, and a question waits as long as one takes
BATCH_CHARS = 12_000  # a batch is padded to its longest text, so long texts go in smaller batches
WAITING_LIMIT = 256  # requests; beyond it a client is told to come back


@dataclass(eq=False, slots=True)
class _Request:
    texts: Sequence[str]
    batches: Iterator[list[int]]
    done: asyncio.Future[Embedded]
    spans: Sequence[Sequence[Span]] | None = None
    role: TextRole = TextRole.PASSAGE
    vectors: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    span_vectors: dict[int, SpanVectors] = field(default_factory=dict)


class EmbeddingQueue:
    """Owns the threads the embedder runs in. One that gives way gets the time that nobody else wants."""

    def __init__(self, embedder: TextEmbedder, *, gives_way: bool = False) -> None:
        self._embedder = embedder
        self._threads = BackgroundThreads("embedder", embedder.calls_at_a_time, gives_way=gives_way)
        self._questions: deque[_Request] = deque()
        self._bulk: deque[_Request] = deque()
        self._lanes: set[asyncio.Task[None]] = set()  # one for each thread, while there is work

    async def embed(self, texts: Sequence[str], role: TextRole = TextRole.PASSAGE) -> NDArray[np.float32]:
        """One row a text, in order. Cancelling leaves at most one batch of the request to compute."""
        return (await self.embed_with_spans(texts, None, role)).vectors

    async def embed_with_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None, role: TextRole = TextRole.PASSAGE
    ) -> Embedded:
        """The same, with the vectors of each text's spans where the model can give them."""
        if len(self._questions) + len(self._bulk) >= WAITING_LIMIT:
            raise Overloaded(len(self._questions) + len(self._bulk))
        future: asyncio.Future[Embedded] = asyncio.get_running_loop().create_future()
        line = self._questions if len(texts) <= QUESTION_TEXTS else self._bulk
        kept = spans if self._embedder.pools_spans else None
        line.append(_Request(texts, iter(batches(texts)), future, kept, role))
        self._lanes = {lane for lane in self._lanes if not lane.done()}
        while len(self._lanes) < self._embedder.calls_at_a_time:
            self._lanes.add(asyncio.create_task(self._work()))
        return await future

    async def token_counts(self, texts: Sequence[str]) -> list[int]:
        """How long each text is."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads.executor, self._embedder.token_counts, texts
        )

    async def close(self) -> None:
        """Stop after the batches that are being computed."""
        lanes = list(self._lanes)
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        self._threads.executor.shutdown(wait=False, cancel_futures=True)

    def stand(self, is_raised: bool) -> None:
        """Put the work at the lowest priority, or a step above from the next batch on."""
        self._threads.stand(is_raised)

    async def _work(self) -> None:
        while work := self._next():
            await self._compute(*work)

    def _next(self) -> tuple[_Request, list[int]] | None:
        """The batch whose turn it is. A request leaves its line when its last batch has been begun."""
        while line := self._questions or self._bulk:
            batch = None if line[0].done.done() else next(line[0].batches, None)
            if batch is not None:
                return line[0], batch
            line.popleft()
        return None

    async def _compute(self, request: _Request, batch: list[int]) -> None:
        compute = partial(_embed, self._embedder, request, batch)
        try:
            embedded = await asyncio.get_running_loop().run_in_executor(self._threads.executor, compute)
        except (RuntimeError, ValueError, MemoryError) as error:  # torch speaks in RuntimeError
            if not request.done.done():
                request.done.set_exception(error)
            return
        request.vectors.update(zip(batch, embedded.vectors, strict=True))
        request.span_vectors.update(zip(batch, embedded.spans or (), strict=False))
        if len(request.vectors) == len(request.texts):
            _finish(request)


def _embed(embedder: TextEmbedder, request: _Request, batch: list[int]) -> Embedded:
    texts = [request.texts[index] for index in batch]
    if request.spans is None:
        return Embedded(embedder.embed(texts, request.role))
    return embedder.embed_with_spans(texts, [request.spans[index] for index in batch], request.role)


def _finish(request: _Request) -> None:
    if request.done.done():
        return
    order = range(len(request.texts))
    spans = None if request.spans is None else tuple(request.span_vectors[index] for index in order)
    request.done.set_result(Embedded(np.stack([request.vectors[index] for index in order]), spans))


def batches(texts: Sequence[str]) -> list[list[int]]:
    """Indexes of texts in batches, longest first: padding is little, and what is too much for memory fails at once."""
    order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
    found: list[list[int]] = []
    longest = 0
    for index in order:
        if not found or len(found[-1]) >= BATCH_TEXTS or longest * (len(found[-1]) + 1) > BATCH_CHARS:
            found.append([])
            longest = len(texts[index])
        found[-1].append(index)
    return found
