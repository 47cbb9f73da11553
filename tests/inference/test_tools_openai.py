"""Tools as the `openai` package uses them, strict about types: asked for, written, streamed and answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest

from inference.starter import StarterPaths
from inference.types import RunnerKind, RunnerSpec
from tests.inference import tool_templates
from tests.inference.conftest import LiveRunner, customer_of, serve
from tests.inference.tiny_gguf import WORDS, write_tiny_gguf

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Paris", "Rome"]}, "days": {"type": "integer"}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
NOW: dict[str, Any] = {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}
LIST: dict[str, Any] = {"type": "function", "function": {"name": "a", "parameters": {"type": "array"}}}
BOTH = [WEATHER, NOW]
CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris", "days": 2}}\n</tool_call>'
PARIS = ("weather", {"city": "Paris", "days": 2})


async def ask(customer: openai.AsyncOpenAI, text: str = "hello", **asked: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    chosen = {"model": "m", "messages": messages, "tools": BOTH, "seed": 1, "max_tokens": 200} | asked
    return await customer.chat.completions.create(**chosen)


async def whole(customer: openai.AsyncOpenAI, *text: str, **asked: Any) -> tuple[str | None, list[Any], str]:
    """Content, calls and why it ended."""
    (choice,) = (await ask(customer, *text, **asked)).choices
    calls = choice.message.tool_calls or []
    assert all(call.type == "function" and call.id.startswith("call_") for call in calls)
    return choice.message.content, [read(call.function) for call in calls], choice.finish_reason


async def streamed(customer: openai.AsyncOpenAI, *text: str, **asked: Any) -> tuple[str | None, list[Any], str]:
    """The same, put together from chunks as OpenAI's clients do it."""
    content, reason = "", ""
    names, arguments, ids = [], [], set()
    async for chunk in await ask(customer, *text, stream=True, **asked):
        (choice,) = chunk.choices
        content += choice.delta.content or ""
        reason = choice.finish_reason or reason
        for piece in choice.delta.tool_calls or []:
            if piece.id:
                assert piece.index == len(names) and piece.type == "function"
                ids.add(piece.id)
                names.append(piece.function.name)
                arguments.append("")
            arguments[piece.index] += piece.function.arguments or ""
    assert len(ids) == len(names)
    return content or None, [(name, json.loads(text)) for name, text in zip(names, arguments, strict=True)], reason


def read(function: Any) -> tuple[str, Any]:
    return function.name, json.loads(function.arguments)


either_way = pytest.mark.parametrize("way", [whole, streamed], ids=["whole", "streamed"])


@pytest.fixture
async def echo(live_runner: LiveRunner) -> AsyncIterator[openai.AsyncOpenAI]:
    """A model that says what it is told."""
    async with customer_of(live_runner.endpoint) as customer:
        yield customer


@either_way
async def test_a_call_is_told_apart_from_the_text(echo: openai.AsyncOpenAI, way: Any) -> None:
    assert await way(echo, CALL) == (None, [PARIS], "tool_calls")
    assert await way(echo, f"Let me look. {CALL} {CALL}") == ("Let me look.", [PARIS] * 2, "tool_calls")
    assert await way(echo, f"<think>hm</think>Well. {CALL}") == ("Well.", [PARIS], "tool_calls")
    assert await way(echo, "No call at all.") == ("No call at all.", [], "stop")


@either_way
async def test_where_no_tool_may_be_called_text_is_text(echo: openai.AsyncOpenAI, way: Any) -> None:
    assert await way(echo, CALL, tool_choice="none") == (CALL, [], "stop")
    assert await way(echo, CALL, tools=[]) == (CALL, [], "stop")


@either_way
async def test_one_call_where_only_one_may_be(echo: openai.AsyncOpenAI, way: Any) -> None:
    assert await way(echo, f"{CALL} {CALL}", parallel_tool_calls=False) == (None, [PARIS], "tool_calls")


@either_way
async def test_an_answer_that_is_cut_off_says_so(echo: openai.AsyncOpenAI, way: Any) -> None:
    assert await way(echo, f"One two. {CALL}", max_tokens=3) == ("One two.", [], "length")


async def test_a_call_and_its_result_are_understood(echo: openai.AsyncOpenAI) -> None:
    called = (await ask(echo, CALL)).choices[0].message
    messages = [
        {"role": "user", "content": "Warm?"},
        called.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "5 °C"},
    ]
    answer = await ask(echo, messages=messages)
    assert answer.choices[0].message.content == "<tool_response>\n5 °C\n</tool_response>"


async def test_tools_are_counted_as_part_of_the_prompt(echo: openai.AsyncOpenAI) -> None:
    with_tools, without = [(await ask(echo, tools=tools)).usage.prompt_tokens for tools in (BOTH, [])]
    assert with_tools > without + 20


@either_way
@pytest.mark.parametrize("seed", range(3))
async def test_a_required_call_is_made_whatever_the_model_would_say(
    tiny_customer: openai.AsyncOpenAI, way: Any, seed: int
) -> None:
    content, calls, reason = await way(
        tiny_customer, tool_choice="required", seed=seed, temperature=2, parallel_tool_calls=False, tools=[WEATHER]
    )
    ((name, arguments),) = calls
    assert (content, name, reason) == (None, "weather", "tool_calls")
    assert arguments["city"] in ("Paris", "Rome") and isinstance(arguments["days"], int)


@either_way
async def test_a_named_function_is_the_one_that_is_called(tiny_customer: openai.AsyncOpenAI, way: Any) -> None:
    choice = {"type": "function", "function": {"name": "weather"}}
    for seed in range(3):
        _, calls, _ = await way(tiny_customer, tool_choice=choice, seed=seed, parallel_tool_calls=False)
        assert [name for name, _ in calls] == ["weather"]


async def test_whole_and_streamed_say_the_same(tiny_customer: openai.AsyncOpenAI) -> None:
    for asked in ({"tool_choice": "required"}, {"tool_choice": "auto", "max_tokens": 40}, {"logprobs": True}):
        assert await whole(tiny_customer, **asked) == await streamed(tiny_customer, **asked)


async def test_several_answers_each_have_their_calls(tiny_customer: openai.AsyncOpenAI) -> None:
    answer = await ask(tiny_customer, tool_choice="required", n=3, tools=[WEATHER], parallel_tool_calls=False)
    calls = [call for choice in answer.choices for call in choice.message.tool_calls]
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len({call.id for call in calls}) == 3


async def test_logprobs_are_those_of_the_text_alone(tiny_customer: openai.AsyncOpenAI) -> None:
    answer = await ask(tiny_customer, tool_choice="required", logprobs=True, parallel_tool_calls=False)
    assert answer.choices[0].message.tool_calls and not answer.choices[0].logprobs.content
    said = (await ask(tiny_customer, logprobs=True, max_tokens=30)).choices[0]
    written = b"".join(bytes(token.bytes or b"") for token in said.logprobs.content)
    assert written.decode("utf-8", "replace").strip() == said.message.content.strip()


async def test_an_answer_in_json_may_be_a_call_instead(tiny_customer: openai.AsyncOpenAI) -> None:
    schema = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}
    form = {"type": "json_schema", "json_schema": {"name": "sum", "schema": schema}}
    for seed in range(4):
        content, calls, reason = await whole(tiny_customer, response_format=form, seed=seed, temperature=2)
        assert json.loads(content)["sum"] is not None if content and not calls else reason in ("tool_calls", "length")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"tool_choice": "required", "tools": []}, "'tools' has none"),
        ({"tool_choice": {"type": "function", "function": {"name": "bomb"}}}, "none of the 'tools'"),
        ({"tool_choice": "required", "extra_body": {"grammar": 'root ::= "a"'}}, "'grammar' cannot be given"),
        (
            {"tool_choice": "required", "tools": [LIST]},
            "'a' cannot be called",
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_is_refused(
    tiny_customer: openai.AsyncOpenAI, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=words):
        await ask(tiny_customer, **asked)


@either_way
@pytest.mark.parametrize("source", ["HERMES", "LLAMA", "MISTRAL", "MISTRAL_BARE", "STRINGS"])
async def test_every_template_gets_its_own_form_of_call(tmp_path: Path, way: Any, source: str) -> None:
    template = getattr(tool_templates, source)
    path = write_tiny_gguf(tmp_path / "tiny.gguf")
    spec = RunnerSpec("tiny", RunnerKind.CHAT, path, threads=1, chat_template=template)
    async with serve(spec) as (endpoint, _), customer_of(endpoint) as customer:
        content, calls, reason = await way(
            customer, tool_choice="required", temperature=2, parallel_tool_calls=False, tools=[WEATHER]
        )
    assert (content, [name for name, _ in calls], reason) == (None, ["weather"], "tool_calls")


async def test_marks_that_are_control_tokens_are_written_and_read(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "tiny.gguf", control=("[TOOL_CALLS]", "[ARGS]"))
    spec = RunnerSpec("tiny", RunnerKind.CHAT, path, threads=1, chat_template=tool_templates.MISTRAL_BARE)
    mark = 4 + 256 + len(WORDS)  # the token [TOOL_CALLS]
    async with serve(spec) as (endpoint, _), customer_of(endpoint) as customer:
        for choice in ("required", "auto"):
            content, calls, _ = await whole(
                customer, tool_choice=choice, logit_bias={mark: 50}, parallel_tool_calls=False, tools=[WEATHER]
            )
            assert (content, [name for name, _ in calls]) == (None, ["weather"])


@pytest.mark.model
class TestWithTheStarterModel:
    @pytest.fixture
    async def customer(self, starter_models: StarterPaths) -> AsyncIterator[openai.AsyncOpenAI]:
        spec = RunnerSpec("smollm2", RunnerKind.CHAT, starter_models.chat, context_length=2048, parallel=4)
        async with serve(spec) as (endpoint, _), customer_of(endpoint) as customer:
            yield customer

    @either_way
    async def test_it_calls_the_function_that_helps(self, customer: openai.AsyncOpenAI, way: Any) -> None:
        _, calls, reason = await way(
            customer, "How will the weather be in Rome for the next 3 days?", tool_choice="required", temperature=0,
            parallel_tool_calls=False,
        )  # fmt: skip
        ((name, arguments),) = calls
        assert (name, arguments["city"], reason) == ("weather", "Rome", "tool_calls")

    async def test_tools_hold_nothing_up(self, customer: openai.AsyncOpenAI) -> None:
        answers = await asyncio.gather(
            *(ask(customer, "What is the capital of France?", temperature=0, max_tokens=20, n=2) for _ in range(2))
        )
        assert {choice.finish_reason for answer in answers for choice in answer.choices} <= {
            "stop", "length", "tool_calls",
        }  # fmt: skip
