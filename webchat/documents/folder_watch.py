"""Keeps collections in step with their folders for as long as a worker lives.

A folder is looked at when the system reports a change below it, when a page asks, when it disappears or comes back, and
from time to time. Looks cost stats; whatever has to be read goes into the queue like an upload. One worker looks at a
folder at a time, in a thread of its own, so that neither the heartbeat nor the indexing waits for a slow disk; a disk
that does not answer at all is left alone until it does, and the other folders go on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone

from webchat.documents import folder_rows, folder_scan
from webchat.documents.errand import Errand, NoAnswer
from webchat.documents.folder_reports import MAX_WATCHED, Reports, fitting
from webchat.documents.folder_scan import Look
from webchat.documents.models import Folder, FolderState
from webchat.outages import UNREACHABLE, forget_connection

log = logging.getLogger(__name__)
PULSE_S = 1.0
PATIENCE = 20  # pulses without a sign of life
RESCAN_S = 600.0  # what no event has told, as on network disks
UNWATCHED_S = 60.0  # the same where the system reports nothing
REST = 4  # times as long as the last look took, before a change leads to the next
UNWATCHED_REST = 20  # the same where nobody knows whether anything has changed


@dataclass(slots=True)
class Followed:
    """What is known of a folder between two looks."""

    look: Look = field(default_factory=Look)
    looked: float | None = None  # time.monotonic() at the end of the last look
    took_s: float = 0.0
    is_touched: bool = False
    is_unwatched: bool = False  # the system reports nothing of it
    errand: Errand[bool] | Errand[Look | None] | None = None  # whose answer is waited for

    @property
    def hangs(self) -> bool:
        return self.errand is not None and not self.errand.is_over

    @property
    def rescan_s(self) -> float:
        return max(UNWATCHED_S, UNWATCHED_REST * self.took_s) if self.is_unwatched else RESCAN_S


@dataclass(frozen=True, slots=True)
class Row:
    """A folder's row, as far as it decides whether to look."""

    pk: int
    path: str
    state: str
    is_wanted: bool
    is_unwatched: bool = False  # as the page says


def is_due(row: Row, followed: Followed, *, is_there: bool, now: float) -> bool:
    """Whether to look at a folder now. Pure."""
    if followed.looked is None or row.is_wanted or row.state == FolderState.SILENT:
        return True
    if is_there == (row.state == FolderState.MISSING):  # it has come back, or gone
        return True
    if not is_there:
        return False
    rested = now - followed.looked
    return rested > followed.rescan_s or (followed.is_touched and rested > REST * followed.took_s)


class FolderWatch:
    """Runs until it is cancelled. Errors of one folder are written down and do not stop the others."""

    def __init__(
        self,
        worker: str,
        *,
        pulse_s: float = PULSE_S,
        patience: int = PATIENCE,
        is_there: Callable[[Path], bool] = folder_scan.is_there,
        reports: type[Reports] = Reports,
    ) -> None:
        self._worker = worker
        self._pulse_s = pulse_s
        self._patience = patience
        self._is_there = is_there
        self._followed: dict[int, Followed] = {}
        self._report = reports
        self._reports: Reports | None = None
        self._is_touched = asyncio.Event()
        self._limit = MAX_WATCHED
        self._limited = 0.0  # time.monotonic() when the system last refused

    async def run(self) -> None:
        try:
            while True:
                try:
                    await self._pulse()
                except UNREACHABLE:  # which the worker says
                    await forget_connection()
                except Exception:  # the top of the loop: a mistake here must not end the indexing
                    log.exception("Following folders has failed; it is tried again")
                await self._rest()
        finally:
            await self._leave()

    async def _rest(self) -> None:
        """Until the next pulse, or until something is reported."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pulse_s):
                await self._is_touched.wait()
        self._is_touched.clear()

    async def _pulse(self) -> None:
        rows = await sync_to_async(rows_to_follow)()
        for pk in self._followed.keys() - {row.pk for row in rows}:
            del self._followed[pk]
        free = [row for row in rows if not self._followed.setdefault(row.pk, Followed()).hangs]
        answers = await asyncio.gather(*(self._ask(row) for row in free))
        for row, is_there in zip(free, answers, strict=True):
            if is_there is None:
                continue
            if is_due(row, self._followed[row.pk], is_there=is_there, now=time.monotonic()):
                await self._look(row)
        await self._watch_all(free)

    async def _ask(self, row: Row) -> bool | None:
        """Whether the folder is there. None where its disk does not answer."""
        errand = self._followed[row.pk].errand = Errand(lambda _: self._is_there(Path(row.path)))
        try:
            return await errand.answer(patience=self._patience, pulse_s=self._pulse_s)
        except NoAnswer:
            await self._note_silence(row)
            return None

    async def _look(self, row: Row) -> None:
        followed = self._followed[row.pk]
        followed.is_touched = False
        begun = time.monotonic()
        errand = followed.errand = Errand(lambda errand: look_at(row.pk, self._worker, errand.beat))
        renew = partial(sync_to_async(folder_rows.renew_claim), row.pk, self._worker)
        try:
            seen = await errand.answer(patience=self._patience, pulse_s=self._pulse_s, meanwhile=renew)
        except NoAnswer:
            await self._note_silence(row)
            return
        followed.look = seen or followed.look
        followed.looked = time.monotonic()
        followed.took_s = followed.looked - begun

    async def _note_silence(self, row: Row) -> None:
        log.warning("The disk under %s does not answer; the other folders go on", row.path)
        self._followed[row.pk].look = Look()  # the system is not asked to watch it either
        await sync_to_async(folder_rows.note_silence)(row.pk, self._worker)

    async def _watch_all(self, rows: Sequence[Row]) -> None:
        """Watches exactly the folders that were entered: what is left out, and what links lead to, is none of it."""
        if self._reports is not None and self._reports.is_refused:
            self._limit, self._limited = len(self._reports.folders) - 1, time.monotonic()
        elif self._limit < MAX_WATCHED and time.monotonic() - self._limited > RESCAN_S:
            self._limit = MAX_WATCHED  # somebody may have raised it
        trees = {pk: followed.look.folders for pk, followed in self._followed.items() if followed.look.folders}
        watched = fitting(trees, self._limit)
        self._follow(sorted({path for tree in watched for path in trees[tree]}))
        for row in rows:
            self._followed[row.pk].is_unwatched = is_unwatched = row.pk in trees.keys() - watched
            if row.is_unwatched != is_unwatched:
                await sync_to_async(folder_rows.note_unwatched)(row.pk, is_unwatched)

    def _follow(self, wanted: Sequence[str]) -> None:
        if self._reports is not None:
            if self._reports.folders == wanted and not self._reports.is_over:
                return
            self._reports.stop()
        elif not wanted:
            return
        self._reports = self._report(wanted, self._touch) if wanted else None
        for followed in self._followed.values():
            followed.is_touched = True  # what happened between the look and the watch

    def _touch(self, paths: Sequence[str]) -> None:
        parents = {os.path.dirname(path) for path in paths}
        for followed in self._followed.values():
            if not followed.is_touched and not parents.isdisjoint(followed.look.folders):
                followed.is_touched = True  # what changes on and on is left to the pulses
                self._is_touched.set()

    async def _leave(self) -> None:
        """Whoever hangs is left behind: the process ends without them."""
        if self._reports is not None:
            self._reports.stop()
        under_way = [followed.errand for followed in self._followed.values() if followed.errand and followed.hangs]
        for errand in under_way:
            errand.call_off()
        for errand in under_way:
            with suppress(NoAnswer):
                await errand.answer(patience=1, pulse_s=self._pulse_s)
        await sync_to_async(folder_rows.release)(self._worker)


def rows_to_follow() -> list[Row]:
    """The folders of people who may still have some."""
    folder_rows.release_dead()
    rows = Folder.objects.filter(collection__owner__is_active=True, collection__owner__is_staff=True)
    now = timezone.now()
    return [
        Row(pk, path, state, wanted is not None and wanted <= now, is_unwatched)
        for pk, path, state, wanted, is_unwatched in rows.values_list("pk", "path", "state", "wanted", "is_unwatched")
    ]


def look_at(pk: int, worker: str, should_stop: Callable[[], bool]) -> Look | None:
    """One look in a thread of its own, with a connection of its own. None where another worker is at it."""
    try:
        folder = folder_rows.claim(pk, worker)
        if folder is None:
            return None
        try:
            return folder_scan.scan(folder, should_stop=should_stop)
        finally:
            folder_rows.release(worker, pk)
    finally:
        connection.close()
