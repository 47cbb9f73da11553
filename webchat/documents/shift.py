"""How a worker spends its life: read and embed what waits, wait for more, wait longer while something needed is away.

Reading and embedding each go their own way, so that words are found while the embedding model loads, or is away.
Several workers may share one queue. Each says every few seconds that it lives, and frees what dead ones held.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from asgiref.sync import sync_to_async

from docs_index.errors import DocsIndexError
from inference.errors import InferenceError
from webchat.documents import claims, generations, line, removal, roll
from webchat.documents.changeover import Changeover
from webchat.documents.indexing import Indexer
from webchat.documents.models import Step
from webchat.outages import UNREACHABLE, forget_connection

log = logging.getLogger(__name__)
HEARTBEAT_S = 5.0
IDLE_S = 0.5  # a look at an empty queue is one indexed read
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0


class Shift:
    """Runs until `leave` is set.

    `hire` makes the Indexer once there is work; `ensure_embedder` loads the model; `changeover` makes the vectors of
    another. All raise InferenceError.
    One that only embeds needs no files: it leaves reading, and cleaning up among them, to the others.
    """

    def __init__(
        self,
        worker: str,
        hire: Callable[[], Indexer],
        ensure_embedder: Callable[[], Awaitable[object]],
        changeover: Changeover,
        *,
        embeds_only: bool = False,
    ) -> None:
        self.worker = worker
        self.leave = asyncio.Event()
        self._hire = hire
        self._ensure_embedder = ensure_embedder
        self._changeover = changeover
        self._indexer: Indexer | None = None
        self._embeds_only = embeds_only
        self._is_clean = embeds_only
        self._cleaning = asyncio.Lock()  # one of the ways cleans up before any begins
        self._has_read = asyncio.Event()

    async def run(self) -> None:
        await sync_to_async(claims.free_abandoned)()
        ways = [self._work(Step.EMBED, self._embed), self._change_model()]
        if not self._embeds_only:
            ways.append(self._work(Step.READ, self._read))
        tasks = [asyncio.create_task(job) for job in (*ways, self._keep_alive(), self.leave.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            await self._give_back_all()
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _work(self, step: Step, do: Callable[[], Awaitable[object]]) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                if pause_s > FIRST_PAUSE_S:  # what was begun when something went away
                    await sync_to_async(claims.give_back)(self.worker, step)
                await self._clean_up_once()
                if await sync_to_async(line.is_waiting)(step):
                    await do()
            except (InferenceError, DocsIndexError, *UNREACHABLE) as error:
                await self._say_what_it_waits_for(error, step, is_news=pause_s == FIRST_PAUSE_S)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                pause_s = FIRST_PAUSE_S
                await self._idle(step)

    async def _change_model(self) -> None:
        """A new embedding model's vectors are made while no document waits for one of the model that answers."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._clean_up_once()
                is_free = not await sync_to_async(line.is_waiting)(Step.EMBED)
                got_on = is_free and await self._changeover.step()
            except (InferenceError, DocsIndexError, *UNREACHABLE) as error:
                await self._say_why_the_change_waits(error, is_news=pause_s == FIRST_PAUSE_S)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                pause_s = FIRST_PAUSE_S
                await asyncio.sleep(0 if got_on else IDLE_S)

    async def _clean_up_once(self) -> None:
        async with self._cleaning:
            if not self._is_clean:
                await sync_to_async(removal.sweep)()
                self._is_clean = True

    async def _read(self) -> None:
        indexer = self._hired()
        await sync_to_async(claims.clear_note)(Step.READ)
        await indexer.read_all(on_read=self._has_read.set)

    async def _embed(self) -> None:
        indexer = self._hired()
        if await sync_to_async(line.is_embedder_needed)():
            await self._ensure_embedder()
        await sync_to_async(claims.clear_note)(Step.EMBED)
        await indexer.embed_all()
        await indexer.find_out()
        await sync_to_async(generations.remember_usual_pace)(indexer.pace.chunks_per_s)

    def _hired(self) -> Indexer:
        self._indexer = self._indexer or self._hire()
        return self._indexer

    async def _idle(self, step: Step) -> None:
        """What was just read is embedded at once."""
        if step == Step.READ:
            await asyncio.sleep(IDLE_S)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S):
                await self._has_read.wait()
        self._has_read.clear()

    async def _say_what_it_waits_for(self, error: Exception, step: Step, *, is_news: bool) -> None:
        """No document has failed: what was begun is queued again, and says what it waits for, where it can be said."""
        note = waiting_note(error)
        if is_news:  # once, however long it is away
            log.warning(note)
        try:
            await sync_to_async(claims.give_back)(self.worker, step)
            await sync_to_async(claims.put_note)(note, step)
        except UNREACHABLE:
            await forget_connection()

    async def _say_why_the_change_waits(self, error: Exception, *, is_news: bool) -> None:
        note = waiting_note(error)
        if is_news:
            log.warning(note)
        try:
            await sync_to_async(generations.let_go)(self.worker, note)
        except UNREACHABLE:
            await forget_connection()

    async def _keep_alive(self) -> None:
        while True:
            with suppress(*UNREACHABLE):  # the ways say it, and make a new connection
                await sync_to_async(claims.renew)(self.worker)
                await sync_to_async(generations.renew)(self.worker)
                await sync_to_async(claims.free_abandoned)()
                speed = self._indexer.pace.chunks_per_s if self._indexer else 0.0
                await sync_to_async(roll.sign_on)(self.worker, speed)
            await asyncio.sleep(HEARTBEAT_S)

    async def _give_back_all(self) -> None:
        try:
            await sync_to_async(claims.give_back)(self.worker)
            await sync_to_async(generations.let_go)(self.worker)
            await sync_to_async(roll.sign_off)(self.worker)
        except UNREACHABLE:
            log.warning("The database does not answer, so what this worker held is taken by others in half a minute.")


def waiting_note(error: Exception) -> str:
    """For people, in the log and beside the documents that wait."""
    if isinstance(error, InferenceError):
        return f"Waiting for the embedding model. {error}"
    if isinstance(error, DocsIndexError):
        return f"Waiting. {error}"
    return f"Waiting for the database, which does not answer ({one_line(error)}). Everything goes on when it is back."


def one_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
