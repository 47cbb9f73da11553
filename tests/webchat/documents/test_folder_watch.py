"""When a folder is looked at, and a real watch over a real one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from webchat.accounts.models import User
from webchat.documents import folder_rows, folder_watch
from webchat.documents.folder_reports import Reports, fitting
from webchat.documents.folder_watch import RESCAN_S, REST, UNWATCHED_S, FolderWatch, Followed, Row, is_due
from webchat.documents.models import Collection, Document, Folder, FolderState

WORKER = "test:1:0"
STATES = (FolderState.PRESENT, FolderState.MISSING, FolderState.SILENT)
PRESENT, MISSING, SILENT = (Row(1, "/x", state, is_wanted=False) for state in STATES)


def rested(seconds: float, *, took_s: float = 1.0, is_touched: bool = False, is_unwatched: bool = False) -> Followed:
    return Followed(looked=1000.0 - seconds, took_s=took_s, is_touched=is_touched, is_unwatched=is_unwatched)


@pytest.mark.parametrize(
    "row, followed, is_there, expected",
    [
        (PRESENT, Followed(), True, True),  # at the start
        (PRESENT, rested(5), True, False),
        (PRESENT, rested(5, is_touched=True), True, True),
        (PRESENT, rested(3, is_touched=True), True, False),  # a long look is not followed by the next at once
        (PRESENT, rested(RESCAN_S + 1), True, True),
        (PRESENT, rested(5), False, True),  # it has gone
        (MISSING, rested(RESCAN_S + 1), False, False),
        (MISSING, rested(1), True, True),  # it is back
        (SILENT, rested(1), True, True),  # its disk answers again
        (Row(1, "/x", FolderState.PRESENT, is_wanted=True), rested(0), True, True),
        (PRESENT, rested(UNWATCHED_S + 1, is_unwatched=True), True, True),
        (PRESENT, rested(UNWATCHED_S + 1, is_unwatched=True, took_s=10), True, False),
    ],
)
def test_when_a_folder_is_looked_at(row: Row, followed: Followed, is_there: bool, expected: bool) -> None:
    assert is_due(row, followed, is_there=is_there, now=1000.0) is expected


def test_where_not_all_can_be_watched_the_small_ones_are() -> None:
    trees = {1: ["/big", "/big/a", "/big/b"], 2: ["/small"], 3: ["/mid", "/mid/a"]}
    assert fitting(trees, 6) == {1, 2, 3}
    assert fitting(trees, 5) == {2, 3}
    assert fitting(trees, 0) == set()


@asynccontextmanager
async def watching(**options: Any) -> AsyncIterator[FolderWatch]:
    watch = FolderWatch(WORKER, pulse_s=0.05, **options)
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(question: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await question():
            await asyncio.sleep(0.05)


@sync_to_async
def relatives() -> list[str]:
    return sorted(Document.objects.values_list("relative", flat=True))


@sync_to_async
def state(folder: Folder | None = None) -> str:
    return (Folder.objects.get(pk=folder.pk) if folder else Folder.objects.get()).state


@sync_to_async
def let(user: User, **fields: bool) -> None:
    User.objects.filter(pk=user.pk).update(**fields)


@pytest.mark.django_db(transaction=True)
async def test_changes_on_disk_are_seen_without_being_asked_for(notes: Path, followed: Folder, alice: User) -> None:
    await let(alice, is_staff=True)
    async with watching() as watch:
        await until(lambda: holds("harbour.txt", "trip/ferry.md"))
        await until(watch_is_quiet(watch))
        (notes / "deep" / "er").mkdir(parents=True)
        (notes / "deep" / "er" / "new.txt").write_text("new")
        await until(lambda: holds("deep/er/new.txt", "harbour.txt", "trip/ferry.md"))
        await until(watch_is_quiet(watch))
        (notes / "deep" / "er" / "second.txt").write_text("in a folder that was not there before")
        await until(lambda: holds("deep/er/new.txt", "deep/er/second.txt", "harbour.txt", "trip/ferry.md"))
        notes.rename(notes.with_name("Away"))
        await until(lambda: is_in(FolderState.MISSING))
        notes.with_name("Away").rename(notes)
        await until(lambda: is_in(FolderState.PRESENT))
        assert len(await relatives()) == 4


@pytest.mark.django_db(transaction=True)
async def test_a_change_is_looked_at_when_it_is_reported_and_not_at_the_next_pulse(
    notes: Path, followed: Folder, alice: User
) -> None:
    await let(alice, is_staff=True)
    async with watching() as watch:
        await until(lambda: holds("harbour.txt", "trip/ferry.md"))
        await until(watch_is_quiet(watch))
        known = watch._followed[followed.pk]
        await asyncio.sleep(2 * REST * known.took_s)
        watch._pulse_s = 3600
        await asyncio.sleep(0.5)  # the last of the short ones is over
        (notes / "new.txt").write_text("new")
        await until(lambda: holds("harbour.txt", "new.txt", "trip/ferry.md"))


async def holds(*names: str) -> bool:
    return await relatives() == list(names)


async def is_in(expected: FolderState, folder: Folder | None = None) -> bool:
    return await state(folder) == expected


def watch_is_quiet(watch: FolderWatch) -> Callable[[], Awaitable[bool]]:
    """Nothing is due, so whatever is seen from now on was reported by the system."""

    async def is_quiet() -> bool:
        return not any(followed.is_touched for followed in watch._followed.values())

    return is_quiet


@sync_to_async
def follow_another(notes: Path, shelf: Collection) -> Folder:
    other = notes.with_name("Drive")
    other.mkdir()
    (other / "far.txt").write_text("far away")
    return Folder.objects.create(collection=shelf, path=str(other), label="Drive")


@pytest.mark.django_db(transaction=True)
async def test_a_disk_that_hangs_holds_up_no_other_folder(
    notes: Path, followed: Folder, shelf_of_alice: Collection, alice: User
) -> None:
    await let(alice, is_staff=True)
    drive = await follow_another(notes, shelf_of_alice)
    asked: list[Path] = []
    is_back = threading.Event()

    def is_there(path: Path) -> bool:
        if path == Path(drive.path):
            asked.append(path)
            is_back.wait()
        return True

    async with watching(patience=3, is_there=is_there):
        await until(lambda: holds("harbour.txt", "trip/ferry.md"))
        await until(lambda: is_in(FolderState.SILENT, drive))
        (notes / "new.txt").write_text("new")
        await until(lambda: holds("harbour.txt", "new.txt", "trip/ferry.md"))
        assert len(asked) == 1  # nobody is sent after one who hangs
        is_back.set()
        await until(lambda: is_in(FolderState.PRESENT, drive))
        assert "far.txt" in await relatives()


class Refusing(Reports):
    """A system that watches two folders at a time."""

    def _listen(self) -> None:
        self.is_refused = len(self.folders) > 2
        if not self.is_refused:
            super()._listen()


@pytest.mark.django_db(transaction=True)
async def test_where_one_folder_is_too_large_to_watch_the_others_are_watched(
    notes: Path, followed: Folder, shelf_of_alice: Collection, alice: User
) -> None:
    await let(alice, is_staff=True)
    drive = await follow_another(notes, shelf_of_alice)  # one folder; the notes are two
    async with watching(reports=Refusing):
        await until(lambda: is_unwatched(followed))
        assert not await is_unwatched(drive)
        (Path(drive.path) / "reported.txt").write_text("new")
        await until(lambda: holds("far.txt", "harbour.txt", "reported.txt", "trip/ferry.md"))


@sync_to_async
def is_unwatched(folder: Folder) -> bool:
    return Folder.objects.get(pk=folder.pk).is_unwatched


@pytest.mark.django_db(transaction=True)
async def test_row_22_folders_of_people_who_may_no_longer_have_any_are_left_alone(
    followed: Folder, alice: User
) -> None:
    for fields in ({"is_staff": False}, {"is_staff": True, "is_active": False}):
        await let(alice, **fields)
        assert await sync_to_async(folder_watch.rows_to_follow)() == []


def test_two_workers_do_not_look_at_the_same_folder(followed: Folder) -> None:
    assert folder_rows.claim(followed.pk, "here:1:0")
    assert folder_rows.claim(followed.pk, "there:2:0") is None
    folder_rows.release("here:1:0")
    assert folder_rows.claim(followed.pk, "there:2:0")
