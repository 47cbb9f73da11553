"""What may be said with tools at hand, and what may not."""

from __future__ import annotations

from typing import Any

import pytest

from inference.errors import InvalidRequest
from inference.json_grammar import schema_grammar
from inference.tool_forms import GRANITE, HERMES, LLAMA, MISTRAL, MISTRAL_BARE, OTHER, CallForm
from inference.tool_grammar import constrained
from inference.types import SamplingParams, Tool, ToolChoice, ToolUse
from tests.inference.test_grammar import accepts

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}
TOOLS = (Tool("weather", "", CITY), Tool("now", "", {"type": "object", "properties": {}}))
WEATHER, NOW = '{"name": "weather", "arguments": {"city": "Paris"}}', '{"name": "now", "arguments": {}}'
CALL = f"<tool_call>\n{WEATHER}\n</tool_call>"


def grammar(
    choice: ToolChoice = ToolChoice.REQUIRED,
    form: CallForm = HERMES,
    *,
    reasoning: str | None = None,
    params: SamplingParams | None = None,
    tools: tuple[Tool, ...] = TOOLS,
    **use: Any,
) -> str:
    return constrained(params or SamplingParams(), ToolUse(tools, choice, **use), form, reasoning).grammar


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (HERMES, [CALL, f"{CALL}\n{CALL}", f"<tool_call>{NOW}</tool_call>"], ["", "Hm.", WEATHER, f"{CALL} Hm."]),
        (HERMES, [], [CALL.replace("city", "town"), CALL.replace("weather", "bomb"), CALL.replace('"Paris"', "5")]),
        (HERMES, [], [CALL.replace("</tool_call>", ""), CALL.replace('{"city": "Paris"}', "{}")]),
        (MISTRAL, [f"[TOOL_CALLS][{WEATHER}]", f"[TOOL_CALLS] [{WEATHER}, {NOW}]"], [f"[TOOL_CALLS]{WEATHER}", CALL]),
        (MISTRAL_BARE, ['[TOOL_CALLS]now[ARGS]{}[TOOL_CALLS]weather[ARGS]{"city": "P"}'], ["now[ARGS]{}"]),
        (GRANITE, [f"<|tool_call|>[{NOW}]"], [NOW]),
        (LLAMA, [NOW.replace("arguments", "parameters")], [NOW, CALL]),
        (OTHER, [CALL], [WEATHER]),
    ],
)
def test_a_required_call_is_all_there_is(form: CallForm, good: list[str], bad: list[str]) -> None:
    required = grammar(form=form)
    assert [text for text in good if not accepts(required, text)] == []
    assert [text for text in bad if accepts(required, text)] == []


def test_a_named_function_is_the_only_one() -> None:
    named = grammar(allowed=("now",))
    assert accepts(named, f"<tool_call>{NOW}</tool_call>")
    assert not accepts(named, CALL)


@pytest.mark.parametrize("form", [HERMES, MISTRAL])
def test_one_call_where_only_one_may_be(form: CallForm) -> None:
    calls = {HERMES: (CALL, f"{CALL}\n{CALL}"), MISTRAL: (f"[TOOL_CALLS][{NOW}]", f"[TOOL_CALLS][{NOW}, {NOW}]")}
    for choice in (ToolChoice.REQUIRED, ToolChoice.AUTO):
        one, two = (accepts(grammar(choice, form, is_parallel=False), text) for text in calls[form])
        assert (one, two) == (True, False)


def test_a_required_call_waits_until_the_reasoning_is_over() -> None:
    thoughtful = grammar(reasoning="</think>")
    assert accepts(thoughtful, f"I <might </thin </</think>\n\n{CALL}")
    assert not accepts(thoughtful, CALL)
    assert not accepts(thoughtful, f"Hm.</think> Well. {CALL}")


@pytest.mark.parametrize(
    ("text", "may_be"),
    [
        ("", True),
        ("Just text: a < b, <tool> and é🦉 </tool_call>", True),
        (CALL, True),
        (f"Let me see.\n\n{CALL}\n{CALL} Done.", True),
        ("Half a <tool_cal", True),
        ("<tool_call>", False),
        (CALL.replace("city", "town"), False),
        (f"<<tool_<tool_call>{NOW}</tool_call>", True),
        ("<tool_call>nothing</tool_call>", False),
        (f"<think>I could write <tool_call> here.</think>{CALL}", True),
        ("<think>I could write <tool_call> here.</think><tool_call>no", False),
        (f" [THINK]<tool_call>[/THINK]{CALL}", True),
    ],
)
def test_where_calls_are_free_the_mark_begins_one(text: str, may_be: bool) -> None:
    assert accepts(grammar(ToolChoice.AUTO), text) is may_be


def test_reasoning_that_the_prompt_began_is_free_of_calls() -> None:
    free = grammar(ToolChoice.AUTO, reasoning="</think>")
    assert accepts(free, f"With <tool_call> I could.</think>Yes. {CALL}")
    assert not accepts(free, "Hm.</think><tool_call>no")


@pytest.mark.parametrize("form", [LLAMA, OTHER])
def test_where_no_mark_can_be_asked_for_free_answers_stay_free(form: CallForm) -> None:
    assert grammar(ToolChoice.AUTO, form) == ""


def test_an_answer_in_json_may_be_a_call_instead() -> None:
    params = SamplingParams(grammar=schema_grammar({"type": "object", "properties": {"sum": {"type": "integer"}}}))
    for form, call in ((HERMES, CALL), (LLAMA, NOW.replace("arguments", "parameters"))):
        either = grammar(ToolChoice.AUTO, form, params=params)
        assert accepts(either, '{"sum": 5}') and accepts(either, call)
        assert not accepts(either, "five")
    assert not accepts(grammar(params=params), '{"sum": 5}'), "a required call is no answer"


def test_a_grammar_of_ones_own_comes_first() -> None:
    own = SamplingParams(grammar='root ::= "yes"')
    assert grammar(ToolChoice.AUTO, params=own) == own.grammar
    with pytest.raises(InvalidRequest, match="'grammar' cannot be given"):
        grammar(params=own)


def test_without_tools_nothing_changes() -> None:
    params = SamplingParams(temperature=0.5)
    assert constrained(params, ToolUse(), HERMES, None) is params


ODD: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "wizard"}}}
HUGE: dict[str, Any] = {"properties": {f"p{n}": {"type": "string"} for n in range(3000)}}
TEXT: dict[str, Any] = {"type": "string"}
RANGE: dict[str, Any] = {"properties": {"a": {"type": "integer", "minimum": 1}}}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (ODD, "'odd' cannot be called: The schema has an unknown type at '/properties/a': wizard"),
        (HUGE, "too large|longer than"),
        (TEXT, "its parameters must be of type object"),
        (RANGE, "'minimum'"),
    ],
)
def test_a_schema_that_cannot_be_held_is_refused_where_it_must_be(schema: dict[str, Any], words: str) -> None:
    strict = Tool("odd", "", schema, strict=True)
    for choice in ToolChoice.REQUIRED, ToolChoice.AUTO:
        with pytest.raises(InvalidRequest, match=words):
            grammar(choice, tools=(strict,))


@pytest.mark.parametrize("schema", [ODD, HUGE, TEXT, RANGE])
def test_elsewhere_any_object_may_be_its_arguments(schema: dict[str, Any]) -> None:
    free = grammar(ToolChoice.AUTO, tools=(Tool("odd", "", schema),))
    assert accepts(free, '<tool_call>{"name": "odd", "arguments": {"a": 1}}</tool_call>') or not free
