"""The client's half of tools and logprobs: what a request says of them, and what comes back. Pure.

It must bear with servers that are not ours: what cannot be read is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from inference.openai_answers import call_json
from inference.types import ChatMessage, Likely, TokenLogprob, Tool, ToolCallDelta, ToolChoice, ToolUse

JSON = dict[str, Any]


def message_json(message: ChatMessage) -> JSON:
    """One message, with the calls it makes or answers."""
    body: JSON = {"role": message.role, "content": message.content}
    if message.tool_calls:
        body["tool_calls"] = [call_json(call) for call in message.tool_calls]
    if message.tool_call_id:
        body["tool_call_id"] = message.tool_call_id
    return body


def tools_body(use: ToolUse) -> JSON:
    """The fields of a request that say which tools there are. Defaults are left out."""
    if not use.tools:
        return {}
    body: JSON = {"tools": [_tool(tool) for tool in use.tools]}
    if use.choice is not ToolChoice.AUTO:
        body["tool_choice"] = _choice(use)
    if not use.is_parallel:
        body["parallel_tool_calls"] = False
    return body


def _tool(tool: Tool) -> JSON:
    function: JSON = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.parameters:
        function["parameters"] = dict(tool.parameters)
    if tool.strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def _choice(use: ToolUse) -> object:
    if use.choice is not ToolChoice.REQUIRED or not use.allowed:
        return use.choice.value
    named = [{"type": "function", "function": {"name": name}} for name in use.allowed]
    few = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": named}}
    return named[0] if len(named) == 1 else few


def parse_calls(said: Mapping[str, Any]) -> tuple[ToolCallDelta, ...]:
    """The pieces of tool calls in the delta of a chunk."""
    listed = said.get("tool_calls")
    calls = listed if isinstance(listed, list) else []
    return tuple(_piece(place, call) for place, call in enumerate(calls) if isinstance(call, dict))


def _piece(place: int, call: Mapping[str, Any]) -> ToolCallDelta:
    found, index = call.get("function"), call.get("index")
    function = found if isinstance(found, dict) else {}
    arguments = function.get("arguments")
    if isinstance(arguments, dict):  # some servers send them whole
        arguments = json.dumps(arguments, ensure_ascii=False)
    return ToolCallDelta(
        index if isinstance(index, int) else place,
        str(call.get("id") or ""),
        str(function.get("name") or ""),
        str(arguments or ""),
    )


def parse_logprobs(choice: Mapping[str, Any]) -> tuple[TokenLogprob, ...]:
    """The logprobs in a chunk of a chat."""
    found = choice.get("logprobs")
    content = found.get("content") if isinstance(found, dict) else None
    return tuple(TokenLogprob(token, tuple(_likely(top))) for token, top in _tokens(content))


def _tokens(content: object) -> Iterable[tuple[Likely, object]]:
    items = content if isinstance(content, list) else []
    return ((token, item.get("top_logprobs")) for item in items for token in _likely([item]))


def _likely(items: object) -> Iterable[Likely]:
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and isinstance(item.get("logprob"), (int, float)):
            yield Likely(str(item.get("token")), float(item["logprob"]), _data(item.get("bytes")))


def _data(numbers: object) -> bytes | None:
    try:
        return bytes(numbers) if isinstance(numbers, list) else None
    except (TypeError, ValueError):
        return None
