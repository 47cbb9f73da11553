"""The fan-out of one turn to any number of pages."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from webchat.chat.broadcast import Broadcast, Progress


async def read(broadcast: Broadcast, *, pause_s: float = 0.0) -> list[Progress]:
    seen = []
    async with aclosing(broadcast.subscribe(merge_s=0.001)) as updates:
        async for progress in updates:
            seen.append(progress)
            await asyncio.sleep(pause_s)
    return seen


def text_of(seen: list[Progress]) -> str:
    return "".join(progress.text for progress in seen)


async def speak(broadcast: Broadcast, words: int, pause_s: float = 0.0) -> str:
    for n in range(words):
        broadcast.add(f"{n} ")
        await asyncio.sleep(pause_s)
    broadcast.finish()
    return broadcast.text


async def test_it_merges_what_comes_quickly():
    broadcast = Broadcast()
    text, seen = await asyncio.gather(speak(broadcast, 2000), read(broadcast))
    assert text_of(seen) == text
    assert len(seen) < 500
    assert [progress.is_over for progress in seen].count(True) == 1


async def test_a_slow_page_misses_nothing():
    broadcast = Broadcast()
    text, quick, slow = await asyncio.gather(
        speak(broadcast, 300, 0.0005), read(broadcast), read(broadcast, pause_s=0.05)
    )
    assert text_of(quick) == text_of(slow) == text
    assert len(slow) < len(quick)


async def test_a_late_page_gets_the_text_so_far_and_goes_on():
    broadcast = Broadcast()
    speaking = asyncio.create_task(speak(broadcast, 100, 0.001))
    await asyncio.sleep(0.03)
    so_far = broadcast.text
    seen = await read(broadcast)
    assert so_far and seen[0].text.startswith(so_far)
    assert text_of(seen) == await speaking


async def test_a_page_that_comes_after_the_end_gets_everything_at_once():
    broadcast = Broadcast()
    await speak(broadcast, 10)
    [only] = await read(broadcast)
    assert only.text == broadcast.text and only.is_over


async def test_it_tells_what_is_being_done_and_that_there_are_sources():
    broadcast = Broadcast()
    reading = asyncio.create_task(read(broadcast))
    broadcast.show("Searching your documents…")
    await asyncio.sleep(0.01)
    broadcast.sources_ready()
    broadcast.show("Reading…")
    await asyncio.sleep(0.01)
    broadcast.finish()
    seen = await reading
    assert (seen[0].status, seen[0].has_sources) == ("Searching your documents…", False)
    assert (seen[1].status, seen[1].has_sources) == ("Reading…", True)


async def test_who_leaves_is_forgotten():
    broadcast = Broadcast()
    async with aclosing(broadcast.subscribe()) as updates:
        await anext(updates)
    assert not broadcast._wakes
