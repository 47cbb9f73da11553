"""What OpenAI's clients say about tools: `tools`, `tool_choice` and calls in messages → dataclasses. Pure.

Everything is bounded: how many tools there are, how long they are together and how deep they nest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from inference import fields
from inference.errors import InvalidRequest
from inference.types import Tool, ToolCall, ToolChoice, ToolUse

TOOLS_LIMIT = 128
TOOLS_LIMIT_CHARS = 128_000  # all of them together, as JSON
NESTING_LIMIT = 64
CALLS_LIMIT = 128  # in one message
ID_LIMIT = 200

_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")

JSON = dict[str, Any]


def parse_tools(body: Mapping[str, Any]) -> ToolUse:
    """`tools`, `tool_choice` and `parallel_tool_calls` of a chat. Tools that may not be called are left out."""
    listed = body.get("tools")
    if listed is not None and not isinstance(listed, list):
        raise InvalidRequest("'tools' must be a list.")
    tools = _tools(listed or [])
    choice, allowed = _choice(body.get("tool_choice"), {tool.name for tool in tools})
    parallel = body.get("parallel_tool_calls")
    if parallel is not None and not isinstance(parallel, bool):
        raise InvalidRequest("'parallel_tool_calls' must be true or false.")
    if not tools or choice is ToolChoice.NONE:
        return ToolUse()
    if choice is ToolChoice.AUTO and allowed:
        tools, allowed = tuple(tool for tool in tools if tool.name in allowed), ()
    return ToolUse(tools, choice, allowed, is_parallel=parallel is not False)


def parse_calls(message: Mapping[str, Any], place: str) -> tuple[ToolCall, ...]:
    """The calls that an assistant's message holds."""
    calls = message.get("tool_calls")
    if calls is None:
        return ()
    if not isinstance(calls, list) or len(calls) > CALLS_LIMIT:
        raise InvalidRequest(f"'{place}.tool_calls' must be a list of {CALLS_LIMIT} calls at most.")
    return tuple(_call(call, f"{place}.tool_calls[{index}]") for index, call in enumerate(calls))


def parse_call_id(message: Mapping[str, Any], place: str) -> str:
    """Which call a tool's message answers; empty where it does not say."""
    value = message.get("tool_call_id")
    if value is not None and (not isinstance(value, str) or len(value) > ID_LIMIT):
        raise InvalidRequest(f"'{place}.tool_call_id' must be a string of {ID_LIMIT} characters at most.")
    return value or ""


def _tools(listed: list[Any]) -> tuple[Tool, ...]:
    if len(listed) > TOOLS_LIMIT:
        raise InvalidRequest(f"'tools' holds {len(listed)} tools; {TOOLS_LIMIT} is the most.")
    if _is_deeper(listed, NESTING_LIMIT):
        raise InvalidRequest(f"'tools' nests more than {NESTING_LIMIT} deep.")
    if len(json.dumps(listed, ensure_ascii=False)) > TOOLS_LIMIT_CHARS:
        raise InvalidRequest(f"'tools' is longer than {TOOLS_LIMIT_CHARS:,} characters.")
    tools = tuple(_tool(tool, f"tools[{index}]") for index, tool in enumerate(listed))
    if len({tool.name for tool in tools}) < len(tools):
        raise InvalidRequest("'tools' has two functions of the same name.")
    return tools


def _tool(tool: object, place: str) -> Tool:
    if not isinstance(tool, dict) or tool.get("type", "function") != "function":
        raise InvalidRequest(f"'{place}' must be an object of type function; other kinds of tools are not supported.")
    function = tool.get("function")
    if not isinstance(function, dict):
        raise InvalidRequest(f"'{place}.function' must be an object.")
    description, parameters = function.get("description"), function.get("parameters")
    if description is not None and not isinstance(description, str):
        raise InvalidRequest(f"'{place}.function.description' must be text.")
    if parameters is not None and not isinstance(parameters, dict):
        raise InvalidRequest(f"'{place}.function.parameters' must be a JSON schema.")
    name = _name(function.get("name"), f"{place}.function.name")
    return Tool(name, description or "", parameters or {}, fields.flag(function, "strict"))


def _name(name: object, place: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidRequest(f"'{place}' must be 1 to 128 letters, digits or any of _ - . : /.")
    return name


def _choice(choice: object, names: set[str]) -> tuple[ToolChoice, tuple[str, ...]]:
    """What is to be done, and the names it is narrowed to, if it is."""
    if choice is None:
        return ToolChoice.AUTO, ()
    word = next((word for word in ToolChoice if word == choice), None)
    allowed: tuple[str, ...] = ()
    if word is None:
        word, allowed = _narrowed(choice)
    if word is ToolChoice.REQUIRED and not names:
        raise InvalidRequest("'tool_choice' wants a tool called, and 'tools' has none.")
    unknown = [name for name in allowed if name not in names]
    if unknown:
        raise InvalidRequest(f"'tool_choice' names '{unknown[0]}', which is none of the 'tools'.")
    return word, allowed


def _narrowed(choice: object) -> tuple[ToolChoice, tuple[str, ...]]:
    if isinstance(choice, dict) and choice.get("type") == "function":
        return ToolChoice.REQUIRED, (_chosen(choice),)
    few = choice.get("allowed_tools") if isinstance(choice, dict) and choice.get("type") == "allowed_tools" else None
    if isinstance(few, dict) and few.get("mode") in ("auto", "required"):
        listed = few.get("tools")
        if isinstance(listed, list) and 0 < len(listed) <= TOOLS_LIMIT:
            return ToolChoice(few["mode"]), tuple(dict.fromkeys(map(_chosen, listed)))
    raise InvalidRequest("'tool_choice' must be none, auto, required, or an object that names functions.")


def _chosen(choice: object) -> str:
    function = choice.get("function") if isinstance(choice, dict) else None
    return _name(function.get("name") if isinstance(function, dict) else None, "tool_choice.function.name")


def _call(call: object, place: str) -> ToolCall:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(call, dict) or not isinstance(function, dict):
        raise InvalidRequest(f"'{place}' must be an object with a function.")
    identity, arguments = call.get("id"), function.get("arguments")
    if identity is not None and (not isinstance(identity, str) or len(identity) > ID_LIMIT):
        raise InvalidRequest(f"'{place}.id' must be a string of {ID_LIMIT} characters at most.")
    if arguments is not None and not isinstance(arguments, str):
        raise InvalidRequest(f"'{place}.function.arguments' must be JSON in a string.")
    return ToolCall(identity or "", _name(function.get("name"), f"{place}.function.name"), arguments or "{}")


def _is_deeper(value: object, limit: int) -> bool:
    """Whether lists and objects nest deeper. Level by level, so that no depth is too much for it."""
    level = [value]
    for _ in range(limit):
        level = [inner for outer in level if isinstance(outer, (list, dict)) for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: list[Any] | JSON) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value
