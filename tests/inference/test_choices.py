"""Several answers to one prompt: the first alone, then all, one bill, one end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from inference import choices
from inference.choices import seeded, several
from inference.errors import Overloaded, RunnerDied
from inference.types import Delta, FinishReason, SamplingParams, Timings, Usage


class Answers:
    """Answers of a few words each; notes who is started and who ended before its time."""

    def __init__(self, *, words: int = 3, deadly: int | None = None) -> None:
        self.events: list[str] = []
        self._words = words
        self._deadly = deadly

    async def start(self, choice: int) -> AsyncGenerator[Delta, None]:
        self.events.append(f"start {choice}")
        is_over = False
        try:
            for word in range(self._words):
                await asyncio.sleep(0)
                if choice == self._deadly:
                    raise RunnerDied("It is gone.")
                self.events.append(f"{choice} says {word}")
                yield Delta(f"{choice}{word} ")
            is_over = True
            usage, timings = Usage(10, 3, 9 if choice else 0), Timings(5.0, 1.0 + choice, 10, 3)
            yield Delta("", FinishReason.STOP, usage, timings)
        finally:
            if not is_over:
                self.events.append(f"cut {choice}")


async def test_the_others_start_when_the_first_has_begun() -> None:
    answers = Answers()
    deltas = [delta async for delta in several(answers.start, 3)]
    assert answers.events.index("0 says 0") < answers.events.index("start 1") < answers.events.index("start 2")
    for choice in range(3):
        assert "".join(delta.text for delta in deltas if delta.choice == choice) == f"{choice}0 {choice}1 {choice}2 "


async def test_there_is_one_bill_and_it_comes_last() -> None:
    deltas = [delta async for delta in several(Answers().start, 3)]
    ends = [delta for delta in deltas if delta.finish_reason]
    assert len(ends) == 3
    assert [delta for delta in deltas if delta.usage] == [deltas[-1]]
    assert deltas[-1].usage == Usage(10, 9, 0), "the prompt counts once, as the first answer found it"
    assert deltas[-1].timings == Timings(5.0, 3.0, 10, 9)


async def test_closing_ends_every_answer() -> None:
    answers = Answers(words=30)
    async with aclosing(several(answers.start, 3)) as deltas:
        async for delta in deltas:
            if delta.choice == 2:
                break
    assert {f"cut {choice}" for choice in range(3)} <= set(answers.events)


async def test_one_that_fails_fails_them_all() -> None:
    answers = Answers(words=30, deadly=1)
    with pytest.raises(RunnerDied):
        async for _ in several(answers.start, 3):
            pass
    assert {"cut 0", "cut 2"} <= set(answers.events)


async def test_the_others_wait_for_room_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "KNOCK_S", 0.0)
    answers, refusals = Answers(), iter([False, True, True, True, False, False])  # of the starts, in order

    async def start(choice: int) -> AsyncGenerator[Delta, None]:
        if next(refusals):
            raise Overloaded(64)
        async with aclosing(answers.start(choice)) as deltas:
            async for delta in deltas:
                yield delta

    said = [delta.text async for delta in several(start, 3)]
    assert len("".join(said).split()) == 9


async def test_the_first_is_refused_when_the_queue_is_full() -> None:
    async def start(choice: int) -> AsyncGenerator[Delta, None]:
        raise Overloaded(64)
        yield Delta()

    with pytest.raises(Overloaded):
        await anext(several(start, 2))


def test_each_answer_has_a_seed_of_its_own() -> None:
    params = SamplingParams(seed=(1 << 32) - 1)
    assert [seeded(params, choice).seed for choice in range(3)] == [(1 << 32) - 1, 0, 1]
    assert seeded(SamplingParams(), 2) == SamplingParams()
