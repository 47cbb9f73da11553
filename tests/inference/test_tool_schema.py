from __future__ import annotations

from typing import Any

import pytest

from inference.errors import InvalidRequest
from inference.tool_schema import parse_call_id, parse_calls, parse_tools
from inference.types import Tool, ToolCall, ToolChoice, ToolUse


def tool(name: str = "weather", **function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **function}}


WEATHER, NOW = Tool("weather"), Tool("now")
NAMED = {"type": "function", "function": {"name": "now"}}
FEW = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [NAMED]}}


def test_a_tool_has_a_name_a_description_and_a_schema() -> None:
    described = tool(description="The weather.", parameters={"type": "object"}, strict=True)
    assert parse_tools({"tools": [described]}) == ToolUse(
        (Tool("weather", "The weather.", {"type": "object"}, strict=True),)
    )


@pytest.mark.parametrize(
    ("body", "use"),
    [
        ({}, ToolUse()),
        ({"tools": []}, ToolUse()),
        ({"tools": None, "tool_choice": "auto", "parallel_tool_calls": False}, ToolUse()),
        ({"tools": [tool()], "tool_choice": "none"}, ToolUse()),
        ({"tools": [tool()], "tool_choice": None}, ToolUse((WEATHER,))),
        ({"tools": [tool()], "tool_choice": "required"}, ToolUse((WEATHER,), ToolChoice.REQUIRED)),
        ({"tools": [tool()], "parallel_tool_calls": False}, ToolUse((WEATHER,), is_parallel=False)),
        (
            {"tools": [tool(), tool("now")], "tool_choice": NAMED},
            ToolUse((WEATHER, NOW), ToolChoice.REQUIRED, ("now",)),
        ),
        ({"tools": [tool(), tool("now")], "tool_choice": FEW}, ToolUse((NOW,))),
    ],
)
def test_the_choice_says_what_may_be_called(body: dict[str, Any], use: ToolUse) -> None:
    assert parse_tools(body) == use


def deep(levels: int) -> dict[str, Any]:
    return {"items": deep(levels - 1)} if levels else {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"tools": {}}, "'tools' must be a list"),
        ({"tools": [5]}, r"'tools\[0\]' must be an object"),
        ({"tools": [{"type": "web_search"}]}, "other kinds of tools are not supported"),
        ({"tools": [{"type": "function"}]}, r"'tools\[0\].function' must be"),
        ({"tools": [tool("")]}, r"'tools\[0\].function.name' must be 1 to 128 letters"),
        ({"tools": [tool("a b")]}, "function.name"),
        ({"tools": [tool(description=5)]}, "description"),
        ({"tools": [tool(parameters="string")]}, "parameters' must be a JSON schema"),
        ({"tools": [tool(strict="yes")]}, "'strict' must be true or false"),
        ({"tools": [tool(), tool()]}, "same name"),
        ({"tools": [tool(f"t{n}") for n in range(129)]}, "128 is the most"),
        ({"tools": [tool(description="x" * 130_000)]}, "longer than 128,000 characters"),
        ({"tools": [tool(parameters=deep(64))]}, "nests more than 64 deep"),
        ({"tools": [tool(parameters=deep(900))]}, "nests more than 64 deep"),
        ({"tools": [tool()], "tool_choice": "always"}, "'tool_choice' must be none, auto, required"),
        ({"tools": [tool()], "tool_choice": 5}, "'tool_choice' must be"),
        ({"tools": [tool()], "tool_choice": {"type": "function"}}, "tool_choice.function.name"),
        ({"tools": [tool()], "tool_choice": NAMED}, "names 'now', which is none of the 'tools'"),
        ({"tools": [tool()], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto"}}}, "must be"),
        ({"tool_choice": "required"}, "'tools' has none"),
        ({"tools": [tool()], "parallel_tool_calls": 1}, "'parallel_tool_calls' must be true or false"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(body: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        parse_tools(body)


def test_a_message_may_hold_calls() -> None:
    function = {"name": "weather", "arguments": '{"city": "Paris"}'}
    message = {"tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
    assert parse_calls(message, "messages[1]") == (ToolCall("call_1", "weather", '{"city": "Paris"}'),)
    assert parse_calls({}, "messages[1]") == parse_calls({"tool_calls": None}, "messages[1]") == ()


@pytest.mark.parametrize(
    "calls",
    [
        5,
        [5],
        [{}],
        [{"function": {}}],
        [{"function": {"name": "a", "arguments": {}}}],
        [{"id": 5, "function": {"name": "a"}}],
        [{"id": "x" * 201, "function": {"name": "a"}}],
        [{"function": {"name": "a"}}] * 129,
    ],
)
def test_calls_that_are_none_are_refused_by_their_place(calls: object) -> None:
    with pytest.raises(InvalidRequest, match=r"'messages\[1\].tool_calls"):
        parse_calls({"tool_calls": calls}, "messages[1]")


def test_a_result_says_which_call_it_answers() -> None:
    assert parse_call_id({"tool_call_id": "call_1"}, "messages[2]") == "call_1"
    assert parse_call_id({}, "messages[2]") == ""
    with pytest.raises(InvalidRequest, match=r"'messages\[2\].tool_call_id'"):
        parse_call_id({"tool_call_id": 5}, "messages[2]")
