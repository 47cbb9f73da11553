"""How a worker spends its life: index what is queued, wait for more, wait longer while something it needs is away.

Several workers may share one queue. Each says every few seconds that it lives, and frees what dead ones held.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from asgiref.sync import sync_to_async

from docs_index.errors import DocsIndexError
from inference.errors import InferenceError
from webchat.documents import claims, removal
from webchat.documents.indexing import Indexer

log = logging.getLogger(__name__)
HEARTBEAT_S = 5.0
IDLE_S = 0.5  # a look at an empty queue is one indexed read
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0


class Shift:
    """Runs until `leave` is set.

    `hire` makes the Indexer once there is work; `ensure_embedder` loads the model. Both raise InferenceError.
    """

    def __init__(
        self, worker: str, hire: Callable[[], Indexer], ensure_embedder: Callable[[], Awaitable[object]]
    ) -> None:
        self.worker = worker
        self.leave = asyncio.Event()
        self._hire = hire
        self._ensure_embedder = ensure_embedder
        self._indexer: Indexer | None = None
        self._is_clean = False

    async def run(self) -> None:
        await sync_to_async(claims.free_abandoned)()
        tasks = [asyncio.create_task(job) for job in (self._work(), self._keep_alive(), self.leave.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            await sync_to_async(claims.give_back)(self.worker)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _work(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._clean_up_once()
                await self._index_all()
            except (InferenceError, DocsIndexError) as error:
                await self._wait_for_better(error, pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                pause_s = FIRST_PAUSE_S
                await asyncio.sleep(IDLE_S)

    async def _clean_up_once(self) -> None:
        if not self._is_clean:
            await sync_to_async(removal.sweep)()
            self._is_clean = True

    async def _index_all(self) -> None:
        if not await sync_to_async(claims.is_work_waiting)():
            return
        self._indexer = self._indexer or self._hire()
        await self._ensure_embedder()
        await sync_to_async(claims.clear_note)()
        await self._indexer.drain()

    async def _wait_for_better(self, error: Exception, pause_s: float) -> None:
        """No document has failed: what was begun is queued again, and says what it waits for."""
        note = f"Waiting for the embedding model. {error}" if isinstance(error, InferenceError) else f"Waiting. {error}"
        if pause_s == FIRST_PAUSE_S:  # once, however long it is away
            log.warning(note)
        await sync_to_async(claims.give_back)(self.worker)
        await sync_to_async(claims.put_note)(note)
        await asyncio.sleep(pause_s)

    async def _keep_alive(self) -> None:
        while True:
            await sync_to_async(claims.renew)(self.worker)
            await sync_to_async(claims.free_abandoned)()
            await asyncio.sleep(HEARTBEAT_S)
