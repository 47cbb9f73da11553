"""What is handed over at once, and what together. The clock is the test's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from inference import delivery
from inference.delivery import TOGETHER_S, Delivery, News
from inference.engine import Engine
from inference.jobs import Ending, Request, StepEvent
from inference.types import Delta, FinishReason, SamplingParams, Timings, Usage


@dataclass
class Desk:
    """A delivery with one request, and what it has posted."""

    monkeypatch: pytest.MonkeyPatch
    posted: list[list[str]] = field(default_factory=list)
    now: float = 100.0

    def __post_init__(self) -> None:
        self.monkeypatch.setattr(delivery, "time", SimpleNamespace(perf_counter=lambda: self.now))
        self.engine = SimpleNamespace(model=SimpleNamespace(piece=lambda token: bytes([token])), is_reading=False)
        self.delivery = Delivery(cast(Engine, self.engine), self._post)
        self.delivery.open(Request(1, (1,), SamplingParams()), asyncio.Queue())

    def step(self, letter: str, **event: Any) -> None:
        """The engine has taken a step, and this came of it."""
        self.delivery.tell(StepEvent(1, ord(letter), event.get("ending")))
        self.delivery.hand_over_if_due()

    def _post(self, news: list[News]) -> None:
        self.posted.append([delta.text for _, _, delta in news if isinstance(delta, Delta)])


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def test_the_first_word_goes_at_once_and_the_next_ones_together(desk: Desk) -> None:
    for letter in "abc":
        desk.step(letter)
    assert desk.posted == [["a"]]
    desk.now += TOGETHER_S
    desk.step("d")
    assert desk.posted == [["a"], ["b", "c", "d"]]


def test_while_a_prompt_is_read_every_word_goes_at_once_since_the_next_step_may_take_long(desk: Desk) -> None:
    desk.step("a")
    desk.step("b")
    desk.engine.is_reading = True
    desk.step("c")
    desk.step("d")
    assert desk.posted == [["a"], ["b", "c"], ["d"]]


def test_the_end_goes_at_once(desk: Desk) -> None:
    desk.step("a")
    desk.step("b")
    desk.step("c", ending=Ending(FinishReason.STOP, Usage(1, 3), Timings(1.0, 1.0, 1, 3)))
    assert desk.posted == [["a"], ["b", "c"]]
    assert 1 not in desk.delivery
