"""Prompts are read quickly alone and politely beside answers. Time is made up here: 400 tokens/s, whoever asks."""

from __future__ import annotations

import pytest

from inference.pacing import LEAST_TOKENS, Pacing

TOKENS_PER_S = 400
DECODE_S = 0.01


def read_beside_an_answer(pacing: Pacing, tokens: int) -> tuple[list[float], int]:
    """Read a prompt; how long each step took, and how many tokens the answer got meanwhile."""
    steps: list[float] = []
    while tokens > 0:
        count = min(tokens, pacing.reading_budget(1))
        steps.append(DECODE_S + count / TOKENS_PER_S)
        pacing.measured(count, 1, steps[-1])
        tokens -= count
    return steps, len(steps)


@pytest.fixture
def pacing() -> Pacing:
    pacing = Pacing(512)
    pacing.measured(256, 0, 256 / TOKENS_PER_S)
    return pacing


def test_an_answer_keeps_half_its_speed_while_a_long_prompt_is_read(pacing: Pacing) -> None:
    steps, tokens = read_beside_an_answer(pacing, 3000)
    assert tokens / sum(steps) >= 0.5 / DECODE_S
    assert max(steps) <= 0.25


def test_short_questions_are_read_without_a_stop(pacing: Pacing) -> None:
    steps, tokens = read_beside_an_answer(pacing, 300)
    assert tokens <= 6


def test_alone_a_prompt_is_read_in_large_steps(pacing: Pacing) -> None:
    assert pacing.reading_budget(0) >= 256


def test_a_first_guess_beside_an_answer_is_careful() -> None:
    assert Pacing(512).reading_budget(1) == LEAST_TOKENS


def test_a_slow_machine_still_reads_on() -> None:
    pacing = Pacing(512)
    pacing.measured(64, 0, 64.0)
    assert pacing.reading_budget(1) == LEAST_TOKENS


def test_a_step_never_exceeds_its_batch() -> None:
    pacing = Pacing(64)
    pacing.measured(1000, 0, 0.001)
    assert pacing.reading_budget(8) == 56
