"""Questions come before bulk, and rows come back in order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.echo import HashEmbedder
from inference.embedding_queue import BATCH_CHARS, BATCH_TEXTS, EmbeddingQueue, batches
from inference.span_vectors import Embedded, Span
from inference.text_role import TextRole


class GatedEmbedder:
    """Waits for a permit before each batch, and remembers the batches."""

    def __init__(self) -> None:
        self.permits = threading.Semaphore(0)
        self.seen: list[list[str]] = []
        self.begun: list[list[str]] = []
        self.roles: list[TextRole] = []
        self.pools_spans = True
        self.calls_at_a_time = 1

    def embed_with_spans(self, texts: Sequence[str], spans: Sequence[Sequence[Span]], role: TextRole) -> Embedded:
        return Embedded(self.embed(texts, role), HashEmbedder().embed_with_spans(texts, spans).spans)

    def embed(self, texts: Sequence[str], role: TextRole) -> NDArray[np.float32]:
        self.roles.append(role)
        self.begun.append(list(texts))
        self.permits.acquire()
        self.seen.append(list(texts))
        if "poison" in texts:
            raise RuntimeError("cannot")
        return HashEmbedder().embed(texts)


@pytest.fixture
def embedder() -> GatedEmbedder:
    return GatedEmbedder()


@pytest.fixture
async def queue(embedder: GatedEmbedder) -> AsyncIterator[EmbeddingQueue]:
    queue = EmbeddingQueue(embedder)
    yield queue
    embedder.permits.release(1000)
    await queue.close()


async def started(queue: EmbeddingQueue, texts: list[str]) -> asyncio.Task[NDArray[np.float32]]:
    task = asyncio.create_task(queue.embed(texts))
    await asyncio.sleep(0.02)
    return task


async def test_a_question_waits_for_one_batch_at_most(queue: EmbeddingQueue, embedder: GatedEmbedder) -> None:
    bulk = await started(queue, [f"text {number}" for number in range(10 * BATCH_TEXTS)])
    question = await started(queue, ["why?"])
    embedder.permits.release(2)
    assert (await question).shape == (1, 384)
    assert embedder.seen[1] == ["why?"]
    assert not bulk.done()


async def test_rows_come_back_in_order(queue: EmbeddingQueue, embedder: GatedEmbedder) -> None:
    texts = [f"word{number} " * (number % 7 + 1) for number in range(50)]
    embedder.permits.release(100)
    assert np.array_equal(await queue.embed(texts), HashEmbedder().embed(texts))


async def test_spans_come_back_with_their_texts(queue: EmbeddingQueue, embedder: GatedEmbedder) -> None:
    texts = [f"word{number} " * (number % 7 + 1) for number in range(20)]
    spans = [[(0, number % 5)] * (number % 3) for number in range(20)]
    embedder.permits.release(100)
    found = await queue.embed_with_spans(texts, spans)
    wanted = HashEmbedder().embed_with_spans(texts, spans)
    assert np.array_equal(found.vectors, wanted.vectors)
    assert found.spans is not None and wanted.spans is not None
    assert all(np.array_equal(one.rows, other.rows) for one, other in zip(found.spans, wanted.spans, strict=True))


async def test_an_embedder_that_pools_no_spans_leaves_them_out(queue: EmbeddingQueue, embedder: GatedEmbedder) -> None:
    embedder.pools_spans = False
    embedder.permits.release(1)
    found = await queue.embed_with_spans(["a text"], [[(0, 1)]])
    assert (found.vectors.shape, found.spans) == ((1, 384), None)


async def test_it_passes_on_what_a_text_is_for(queue: EmbeddingQueue, embedder: GatedEmbedder) -> None:
    embedder.permits.release(3)
    await queue.embed(["why?"], TextRole.QUERY)
    await queue.embed(["because"])
    await queue.embed_with_spans(["who?"], [[]], TextRole.QUERY)
    assert embedder.roles == [TextRole.QUERY, TextRole.PASSAGE, TextRole.QUERY]


async def test_a_request_that_was_given_up_costs_one_batch(queue: EmbeddingQueue, embedder: GatedEmbedder) -> None:
    bulk = await started(queue, ["a"] * (5 * BATCH_TEXTS))
    bulk.cancel()
    question = await started(queue, ["why?"])
    embedder.permits.release(2)
    await question
    assert len(embedder.seen) == 2


async def test_as_many_batches_are_computed_side_by_side_as_the_embedder_takes(embedder: GatedEmbedder) -> None:
    embedder.calls_at_a_time = 3
    queue = EmbeddingQueue(embedder)
    texts = [f"text {number}" for number in range(6 * BATCH_TEXTS)]
    bulk = await started(queue, texts)
    assert len(embedder.begun) == 3
    question = await started(queue, ["why?"])
    embedder.permits.release(1)
    while not embedder.seen:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.02)
    assert embedder.begun[3:] == [["why?"]], "with the first thread that is free"
    embedder.permits.release(100)
    assert (await question).shape == (1, 384)
    assert np.array_equal(await bulk, HashEmbedder().embed(texts))
    await queue.close()


async def test_a_bad_batch_among_several_fails_its_request_once(embedder: GatedEmbedder) -> None:
    embedder.calls_at_a_time = 2
    embedder.permits.release(100)
    queue = EmbeddingQueue(embedder)
    with pytest.raises(RuntimeError):
        await queue.embed(["fine"] * (2 * BATCH_TEXTS) + ["poison"] + ["good"] * (2 * BATCH_TEXTS))
    assert (await queue.embed(["another"])).shape == (1, 384)
    await queue.close()


async def test_one_bad_request_spoils_no_other(queue: EmbeddingQueue, embedder: GatedEmbedder) -> None:
    bad, good = await started(queue, ["poison"]), await started(queue, ["fine"])
    embedder.permits.release(2)
    with pytest.raises(RuntimeError):
        await bad
    assert (await good).shape == (1, 384)


@given(st.lists(st.text(max_size=50), max_size=100))
def test_batches_hold_each_text_once_longest_first(texts: list[str]) -> None:
    found = batches(texts)
    order = [index for batch in found for index in batch]
    assert sorted(order) == list(range(len(texts)))
    assert [len(texts[index]) for index in order] == sorted(map(len, texts), reverse=True)
    assert all(1 <= len(batch) <= BATCH_TEXTS for batch in found)


def test_long_texts_go_in_smaller_batches() -> None:
    assert [len(batch) for batch in batches(["x" * BATCH_CHARS] * 3)] == [1, 1, 1]
