"""What the `openai` package reads in our answers when it is strict about types."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionUserMessageParam

from inference.starter import StarterPaths
from inference.types import RunnerKind, RunnerSpec
from tests.inference.conftest import customer_of, serve

FIRE = str(4 + 256 + 9)  # the token "fire"
HELLO: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "hello"}]


async def said(customer: openai.AsyncOpenAI, **asked: Any) -> str:
    answer = await customer.chat.completions.create(
        model="tiny", messages=HELLO, **({"max_tokens": 24, "seed": 1, "temperature": 0} | asked)
    )
    return answer.choices[0].message.content or ""


@pytest.mark.parametrize(
    "way",
    [
        {"frequency_penalty": 2.0},
        {"presence_penalty": 2.0, "extra_body": {"repeat_last_n": -1}},
        {"extra_body": {"repeat_penalty": 1.8, "repeat_last_n": -1}},
        {"extra_body": {"dry_multiplier": 5.0, "dry_base": 2.0, "dry_allowed_length": 1, "dry_penalty_last_n": -1}},
        {"temperature": 1, "extra_body": {"typical_p": 0.3}},
        {"temperature": 1, "extra_body": {"mirostat": 2, "mirostat_tau": 6.0, "mirostat_eta": 0.2}},
    ],
)
async def test_every_way_of_sampling_is_repeatable(tiny_customer: openai.AsyncOpenAI, way: dict[str, Any]) -> None:
    assert await said(tiny_customer, **way) == await said(tiny_customer, **way)


async def test_a_bias_decides_what_is_said(tiny_customer: openai.AsyncOpenAI) -> None:
    assert await said(tiny_customer, max_tokens=3, logit_bias={FIRE: 100}) == "firefirefire"
    assert "fire" not in await said(tiny_customer, logit_bias={FIRE: -100})


async def test_a_bias_for_no_token_is_refused(tiny_customer: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="none of this model's 270"):
        await said(tiny_customer, logit_bias={"270": 1})


@pytest.mark.model
class TestWithTheStarterModel:
    @pytest.fixture
    async def customer(self, starter_models: StarterPaths) -> AsyncIterator[openai.AsyncOpenAI]:
        spec = RunnerSpec("smollm2", RunnerKind.CHAT, starter_models.chat, context_length=1024, parallel=2)
        async with serve(spec) as (endpoint, _), customer_of(endpoint) as customer:
            yield customer

    async def test_penalties_end_a_loop(self, customer: openai.AsyncOpenAI) -> None:
        async def variety(**asked: Any) -> float:
            answer = await customer.completions.create(
                model="smollm2", prompt="The cat sat. The cat sat. The cat", max_tokens=32, temperature=0, **asked
            )
            words = answer.choices[0].text.split()
            return len(set(words)) / len(words)

        assert await variety() < 0.3
        assert await variety(extra_body={"dry_multiplier": 2.0}) > 0.5
        assert await variety(frequency_penalty=2.0) > 0.5
