"""What the `openai` package reads in our answers when it is strict about types."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionUserMessageParam

from inference.starter import StarterPaths
from inference.types import RunnerKind, RunnerSpec
from tests.inference.conftest import TOKEN, customer_of, serve
from tests.inference.tiny_gguf import write_tiny_gguf

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


THINKS = 'root ::= "<think>" "hm" "</think>" "yes"'
SMALL = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["fire", "hearth"]},
        "digits": {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "maxItems": 3},
    },
    "required": ["kind", "digits"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("seed", range(4))
async def test_a_grammar_holds_whatever_the_model_would_say(tiny_customer: openai.AsyncOpenAI, seed: int) -> None:
    asked = {"temperature": 2, "seed": seed, "max_tokens": 64}
    assert await said(tiny_customer, **asked, extra_body={"grammar": 'root ::= "fire" | "answer"'}) in (
        "fire",
        "answer",
    )
    digits = await said(tiny_customer, **asked, extra_body={"grammar": "root ::= [0-9]{3} [äöü]{2}"})
    assert re.fullmatch("[0-9]{3}[äöü]{2}", digits)


@pytest.mark.parametrize(
    "way", [{}, {"temperature": 1, "top_p": 0.9}, {"temperature": 1, "extra_body": {"mirostat": 2}}]
)
async def test_a_schema_is_met(tiny_customer: openai.AsyncOpenAI, way: dict[str, Any]) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "item", "schema": SMALL, "strict": True}}
    for seed in range(3):
        value = json.loads(await said(tiny_customer, response_format=form, max_tokens=400, seed=seed, **way))
        assert value["kind"] in ("fire", "hearth") and len(value["digits"]) == 3


async def test_a_json_object_begins_like_one_and_streams(tiny_customer: openai.AsyncOpenAI) -> None:
    chunks = await tiny_customer.chat.completions.create(
        model="tiny", messages=HELLO, response_format={"type": "json_object"}, max_tokens=50, seed=1, stream=True
    )
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])
    assert text.strip().startswith("{")


async def test_a_grammar_that_cannot_be_followed_fails_its_own_request(tiny_customer: openai.AsyncOpenAI) -> None:
    ambiguous = 'root ::= s\ns ::= [a-z] s x | [a-z] s y | [a-z]\nx ::= "!"\ny ::= "?"'
    other = asyncio.create_task(said(tiny_customer, max_tokens=200, extra_body={"ignore_eos": True}))
    with pytest.raises(openai.BadRequestError, match="too ambiguous"):
        await said(tiny_customer, max_tokens=400, extra_body={"grammar": ambiguous, "ignore_eos": True})
    with pytest.raises(openai.BadRequestError, match="at line 1"):
        await said(tiny_customer, extra_body={"grammar": "root ::= <"})
    assert await other


async def test_reasoning_is_told_apart(tiny_customer: openai.AsyncOpenAI) -> None:
    answer = await tiny_customer.chat.completions.create(model="tiny", messages=HELLO, extra_body={"grammar": THINKS})
    assert answer.choices[0].message.content == "yes"
    assert answer.choices[0].message.model_dump()["reasoning_content"] == "hm"


async def tiny_chat(customer: openai.AsyncOpenAI, **asked: Any) -> Any:
    return await customer.chat.completions.create(
        model="tiny", messages=HELLO, **({"max_tokens": 12, "seed": 1, "temperature": 0} | asked)
    )


async def test_logprobs_are_those_of_the_tokens_that_were_said(tiny_customer: openai.AsyncOpenAI) -> None:
    (choice,) = (await tiny_chat(tiny_customer, logprobs=True, top_logprobs=3)).choices
    tokens = choice.logprobs.content
    said = b"".join(bytes(token.bytes) for token in tokens).decode("utf-8", "replace")
    assert said == choice.message.content
    for token in tokens:
        assert token.token == token.top_logprobs[0].token, "greedy takes the likeliest"
        chances = [math.exp(each.logprob) for each in token.top_logprobs]
        assert chances == sorted(chances, reverse=True) and len(chances) == 3 and sum(chances) <= 1.0001


async def test_logprobs_are_the_models_own_whatever_chooses(tiny_customer: openai.AsyncOpenAI) -> None:
    (free,) = (await tiny_chat(tiny_customer, logprobs=True, top_logprobs=1, max_tokens=1)).choices
    way = {"temperature": 2, "logit_bias": {FIRE: 100}, "extra_body": {"top_k": 1}}
    (bent,) = (await tiny_chat(tiny_customer, logprobs=True, top_logprobs=1, max_tokens=1, **way)).choices
    assert bent.logprobs.content[0].token == "fire"
    assert bent.logprobs.content[0].top_logprobs[0].logprob == pytest.approx(free.logprobs.content[0].logprob, abs=1e-3)
    assert bent.logprobs.content[0].logprob < -1


async def test_logprobs_stream_with_their_text(tiny_customer: openai.AsyncOpenAI) -> None:
    whole = await tiny_chat(tiny_customer, logprobs=True)
    chunks = [chunk async for chunk in await tiny_chat(tiny_customer, logprobs=True, stream=True)]
    tokens = [token for chunk in chunks if chunk.choices[0].logprobs for token in chunk.choices[0].logprobs.content]
    assert [token.bytes for token in tokens] == [token.bytes for token in whole.choices[0].logprobs.content]
    assert not (await tiny_chat(tiny_customer)).choices[0].logprobs, "only where they are asked for"


async def test_a_stop_string_takes_its_logprobs_along(tiny_customer: openai.AsyncOpenAI) -> None:
    asked = {"logit_bias": {FIRE: 100}, "logprobs": True, "max_tokens": 9}
    (choice,) = (await tiny_chat(tiny_customer, stop=["refire"], **asked)).choices
    assert choice.message.content == "fi"
    assert [token.token for token in choice.logprobs.content] == ["fire"], "whole, though a part of it was cut"


async def test_logprobs_leave_the_reasoning_out(tiny_customer: openai.AsyncOpenAI) -> None:
    (choice,) = (await tiny_chat(tiny_customer, logprobs=True, max_tokens=40, extra_body={"grammar": THINKS})).choices
    assert "".join(token.token for token in choice.logprobs.content) == "yes"


@pytest.mark.parametrize("stream", [False, True])
async def test_plain_completions_have_logprobs_in_lists(tiny_customer: openai.AsyncOpenAI, stream: bool) -> None:
    asked: dict[str, Any] = {"logprobs": 2, "max_tokens": 8, "temperature": 0, "logit_bias": {FIRE: 100}}
    # The package's strict type of a streamed completion knows no chunk before the last one.
    lenient = openai.AsyncOpenAI(base_url=tiny_customer.base_url, api_key=TOKEN, max_retries=0)
    customer = lenient if stream else tiny_customer
    answer: Any = await customer.completions.create(model="tiny", prompt="once", stream=stream, **asked)
    choices = [chunk.choices[0] async for chunk in answer] if stream else answer.choices
    await lenient.close()
    parts = [choice.logprobs for choice in choices if choice.logprobs]
    assert [token for part in parts for token in part.tokens] == ["fire"] * 8
    assert [offset for part in parts for offset in part.text_offset] == list(range(0, 32, 4))
    assert all(len(top) == 2 for part in parts for top in part.top_logprobs)


async def test_several_answers_share_one_prompt(tiny_customer: openai.AsyncOpenAI) -> None:
    answer = await tiny_chat(tiny_customer, n=3, temperature=1, seed=7)
    alone = [await tiny_chat(tiny_customer, temperature=1, seed=7 + choice) for choice in range(3)]
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    said = [choice.message.content for choice in answer.choices]
    assert said == [each.choices[0].message.content for each in alone], "each has the seed of its own"
    assert answer.usage.prompt_tokens == alone[0].usage.prompt_tokens
    assert answer.usage.completion_tokens == sum(each.usage.completion_tokens for each in alone)


async def test_several_answers_stream_side_by_side(tiny_customer: openai.AsyncOpenAI) -> None:
    asked: dict[str, Any] = {"n": 3, "temperature": 1, "seed": 7, "extra_body": {"ignore_eos": True}}
    whole = await tiny_chat(tiny_customer, **asked)
    stream = await tiny_chat(tiny_customer, stream=True, stream_options={"include_usage": True}, **asked)
    *chunks, last = [chunk async for chunk in stream]
    texts, ends = ["", "", ""], []
    for chunk in chunks:
        (choice,) = chunk.choices
        texts[choice.index] += choice.delta.content or ""
        ends += [choice.index] if choice.finish_reason else []
    assert texts == [choice.message.content for choice in whole.choices]
    assert sorted(ends) == [0, 1, 2]
    assert (last.choices, last.usage.completion_tokens) == ([], 36)


async def test_the_prompt_of_several_answers_is_read_once(tmp_path: Path) -> None:
    spec = RunnerSpec("tiny", RunnerKind.CHAT, write_tiny_gguf(tmp_path / "tiny.gguf"), threads=1)
    async with serve(spec) as (endpoint, runner), customer_of(endpoint) as customer:
        answer = await customer.completions.create(model="tiny", prompt="once upon a time " * 20, n=4, max_tokens=4)
        assert runner.backend and runner.backend.chat
        read = runner.backend.chat.work.read_tokens
        vitals = runner.vitals()
    assert answer.usage and vitals.prompt_tokens == answer.usage.prompt_tokens, "it counts once"
    assert read <= answer.usage.prompt_tokens + 3, "each of the others reads the last token again"


async def test_leaving_ends_all_answers(tmp_path: Path) -> None:
    spec = RunnerSpec("tiny", RunnerKind.CHAT, write_tiny_gguf(tmp_path / "tiny.gguf"), threads=1)
    async with serve(spec) as (endpoint, runner), customer_of(endpoint) as customer:
        stream = await tiny_chat(customer, n=4, max_tokens=900, stream=True, extra_body={"ignore_eos": True})
        async for chunk in stream:
            if chunk.choices[0].index == 3 and chunk.choices[0].delta.content:
                break
        await stream.close()
        while runner.vitals().in_flight:
            await asyncio.sleep(0.01)
        await tiny_chat(customer)
        assert runner.vitals().awaited == 0


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

    async def test_it_fills_a_form(self, customer: openai.AsyncOpenAI) -> None:
        schema = {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 20}, "inhabitants": {"type": "integer"}},
            "required": ["city", "inhabitants"],
            "additionalProperties": False,
        }
        answer = await customer.chat.completions.create(
            model="smollm2",
            messages=[{"role": "user", "content": "Describe the capital of France as JSON."}],
            response_format={"type": "json_schema", "json_schema": {"name": "city", "schema": schema, "strict": True}},
            temperature=0,
            max_tokens=80,
        )
        value = json.loads(answer.choices[0].message.content or "")
        assert value["city"].startswith("Paris") and isinstance(value["inhabitants"], int)

    async def test_reasoning_streams_apart(self, customer: openai.AsyncOpenAI) -> None:
        grammar = 'root ::= "<think>" [a-zA-Z ,]{20,60} "</think>\\n" [A-Z] [a-z ]{10,40} "."'
        chunks = await customer.chat.completions.create(
            model="smollm2", messages=HELLO, stream=True, temperature=0, max_tokens=80, extra_body={"grammar": grammar}
        )
        said = [chunk.choices[0].delta async for chunk in chunks]
        thoughts = "".join(part.model_dump().get("reasoning_content") or "" for part in said)
        answer = "".join(part.content or "" for part in said)
        assert len(thoughts) >= 19 and re.fullmatch("[A-Z][a-z ]{10,40}[.]", answer)
