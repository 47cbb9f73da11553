"""From a queued document to passages that can be found. One Indexer is the whole work of one worker.

Two steps, each with its own line: reading brings the words into the index, embedding adds the vectors. Reading does not
wait for the embedder, so what arrives is found by words at once. A vector is remembered as soon as it is there, and a
new version takes the old one's place when it is whole, so whatever is interrupted goes on where it was.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

from asgiref.sync import sync_to_async

from docs_index.index import Index
from docs_index.sentences import sentence_spans
from docs_index.types import Chunk
from inference.errors import EndpointError, InvalidRequest
from webchat.documents import claims
from webchat.documents.claims import Claim
from webchat.documents.disks import Disks
from webchat.documents.embedding_lot import LOT_CHUNKS, Task, Verdict, plan, published
from webchat.documents.finding_out import Embed, find_out
from webchat.documents.line import Line
from webchat.documents.models import Cutting, Step
from webchat.documents.pace import Pace
from webchat.documents.reading import Chunker, Outcome, Reader, Reading, Refused

log = logging.getLogger(__name__)
LANES = 2  # lots under way at once: one is computed while the next is on its way
READ_DOCUMENTS = 16  # small ones are taken together: to claim one by itself takes longer than to read it
READ_BYTES = 256_000
READ_LOT_S = 2.0  # what is not begun by then goes back into the line, where it may not be its turn
NOTED_S = 0.25  # so often the rows are told what has been read: each time costs more than to read a small file
LOT_DOCUMENTS = 32
BATCH_CHUNKS = 64
REFUSALS = {400, 413, 422, 500}  # of an embedder that is there, and answers no to this text

Take = Callable[[], list[Claim]]


class Indexer:
    """Takes documents from the line until none waits. Raises InferenceError when the embedder is not there.

    `index` gives the index as the model that answers sees it, at the time.
    """

    def __init__(
        self,
        worker: str,
        *,
        index: Callable[[], Index],
        reader: Reader,
        chunker: Chunker,
        embed: Embed,
        disks: Disks | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.worker = worker
        self.pace = Pace()
        self._index = index
        self._reading = Reading(index, reader, chunker)
        self._embed = embed
        self._disks = disks or Disks()
        self._clock = clock
        self._unread = Line(worker, Step.READ)
        self._unembedded = Line(worker, Step.EMBED)

    async def drain(self) -> int:
        """Reads and embeds all that waits, and answers how many documents came out of it well."""
        await self.read_all()
        return await self.embed_all()

    async def find_out(self) -> None:
        """How well words and meaning find the passages of each collection that changed much."""
        await find_out(await asyncio.to_thread(self._index), self._embed)

    # reading

    async def read_all(self, on_read: Callable[[], None] = lambda: None) -> None:
        """Reads all that waits, and says of each document when it can be found by its words."""
        take = partial(self._unread.take, documents=READ_DOCUMENTS, size_bytes=READ_BYTES)
        while lot := deque(await self._next(self._unread, take)):
            length = await sync_to_async(Cutting.current)()
            await self._read_lot(lot, length, on_read)
            for claim in lot:
                await sync_to_async(claim.put_back)()

    async def _next(self, line: Line, take: Take) -> list[Claim]:
        return await sync_to_async(take)() or await sync_to_async(line.take_suspect)()

    async def _read_lot(self, lot: deque[Claim], length: int, on_read: Callable[[], None]) -> None:
        """Reads the first ones, in a thread, while the rows are told what came of it. Leaves those that had no time."""
        await self._leave_silent(lot)
        outcomes: deque[Outcome] = deque()
        reading = asyncio.create_task(asyncio.to_thread(self._read, lot, length, outcomes))
        try:
            is_over = False
            while not is_over:
                await asyncio.wait([reading], timeout=NOTED_S)
                is_over = reading.done()  # asked first: while the rows are told, more may be read
                if await sync_to_async(self._note)([outcomes.popleft() for _ in range(len(outcomes))]):
                    on_read()
            reading.result()
        except BaseException:
            lot.clear()  # the thread begins no further one
            raise

    async def _leave_silent(self, lot: deque[Claim]) -> None:
        for claim in list(lot):
            if not await self._disks.answer(claim.origin):
                lot.remove(claim)
                await sync_to_async(claim.await_disk)()

    def _read(self, lot: deque[Claim], length: int, outcomes: deque[Outcome]) -> None:
        due = self._clock() + READ_LOT_S
        while lot and self._clock() < due:
            outcomes.append(self._reading.bring(lot.popleft(), length))

    def _note(self, outcomes: Sequence[Outcome]) -> bool:
        """Tells the rows; whether any document can now be found by its words."""
        return sum(self._note_one(outcome) for outcome in outcomes) > 0

    def _note_one(self, outcome: Outcome) -> bool:
        claim = outcome.claim
        if isinstance(outcome, Refused):
            log.info("%s cannot be indexed: %s", claim.name, outcome.reason)
            (claim.doubt if outcome.is_passing else claim.fail)(outcome.reason)
            return False
        if claim.has_been_read(
            passages=outcome.passages,
            vectors=outcome.vectors,
            pages=outcome.pages,
            warning=outcome.warning,
            is_renewal=outcome.is_renewal,
        ):
            return True
        self._take_back(claim)
        return False

    # embedding

    async def embed_all(self) -> int:
        """Embeds all that waits, in several lanes; then what a worker died with, one by one."""
        done = 0
        self.pace.start()
        while True:
            done += await self._in_lanes()
            lot = await sync_to_async(self._unembedded.take_suspect)()
            if not lot:
                return done
            done += await self._embed_whole(lot)

    async def _in_lanes(self) -> int:
        """Several lots at a time, as long as any waits: what is read meanwhile fills the lanes again."""
        take = partial(self._unembedded.take, documents=LOT_DOCUMENTS, chunks=LOT_CHUNKS)
        done = 0
        lanes: set[asyncio.Task[int]] = set()
        try:
            while True:
                while len(lanes) < LANES and (lot := await sync_to_async(take)()):
                    lanes.add(asyncio.create_task(self._embed_whole(lot)))
                if not lanes:
                    return done
                over, lanes = await asyncio.wait(lanes, return_when=asyncio.FIRST_COMPLETED)
                done += sum(lane.result() for lane in over)
        finally:
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)

    async def _embed_whole(self, lot: Sequence[Claim]) -> int:
        """A text that the embedder refuses costs its own document, not the others of the lot."""
        try:
            return await self._embed_lot(lot)
        except (EndpointError, InvalidRequest) as error:
            if isinstance(error, EndpointError) and error.status not in REFUSALS:
                raise
            if len(lot) > 1:
                return sum([await self._embed_whole([claim]) for claim in lot])
            reason = f"The embedding model could not take this text, so it is found by its words alone: {error}"
            await sync_to_async(lot[0].fail)(reason)
            return 0

    async def _embed_lot(self, lot: Sequence[Claim]) -> int:
        """Embeds batch after batch; a document is published as soon as its last vector is there.

        With one model to the end. Where another takes over meanwhile, it has vectors of all that is claimed here: which
        model answers is asked after the documents were claimed, and one that lacks a vector of them cannot take over.
        """
        index = await asyncio.to_thread(self._index)
        tasks = deque(await asyncio.to_thread(plan, index, lot))
        count = done = 0
        async for more in self._embed_chunks(index, [chunk for task in tasks for chunk in task.missing]):
            count += more
            over = [tasks.popleft() for task in list(tasks) if task.end <= count]
            done += await self._settle(index, over)
            if tasks:
                await sync_to_async(tasks[0].claim.report)(tasks[0].embedded_after(count))
        return done

    async def _embed_chunks(self, index: Index, chunks: Sequence[Chunk]) -> AsyncIterator[int]:
        """Remembers a vector for each chunk, in order, and tells how many more there are. Once at least, with none."""
        yield 0
        for start in range(0, len(chunks), BATCH_CHUNKS):
            yield await self._embed_batch(index, chunks[start : start + BATCH_CHUNKS])

    async def _embed_batch(self, index: Index, batch: Sequence[Chunk]) -> int:
        texts = [chunk.text for chunk in batch]
        embedded = await self._embed(index.embedding_model, texts, [sentence_spans(text) for text in texts])
        sentences = None if embedded.spans is None else [found.rows for found in embedded.spans]
        await asyncio.to_thread(index.remember_vectors, batch, embedded.vectors, sentences)
        self.pace.count(len(batch))
        return len(batch)

    async def _settle(self, index: Index, over: Sequence[Task]) -> int:
        """How many of them came out well. Those that were whole are published."""
        good = await sync_to_async(_still_good)(over) if over else []
        if not good:
            return 0
        verdicts = await asyncio.to_thread(lambda: [published(index, task.claim) for task in good])
        return await sync_to_async(self._conclude)(good, verdicts)

    def _conclude(self, tasks: Sequence[Task], verdicts: Sequence[Verdict]) -> int:
        return sum(self._conclude_one(task, verdict) for task, verdict in zip(tasks, verdicts, strict=True))

    def _conclude_one(self, task: Task, verdict: Verdict) -> bool:
        """Tells its row. One with more chunks than a lot goes back into the line."""
        claim = task.claim
        if verdict is Verdict.UNREAD:
            claim.must_be_read()
        elif verdict is Verdict.HAS_MORE:
            claim.report(task.embedded_after(task.end))
            claim.put_back()
        elif claim.finish():
            return True
        else:
            self._take_back(claim)
        return False

    def _take_back(self, claim: Claim) -> None:
        if claims.exists(claim):
            claims.requeue(claim)
        else:
            self._index().remove(claim.key)


def _still_good(tasks: Sequence[Task]) -> list[Task]:
    return [task for task in tasks if task.claim.is_good()]
