"""The logprobs of an answer are those of its text, wherever reasoning, calls and pieces are cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.answer_split import AnswerSplit
from inference.reasoning import ReasoningSplit
from inference.types import Delta, FinishReason, Likely, TokenLogprob, Tool, ToolUse

CALL = '<tool_call>{"name": "now", "arguments": {}}</tool_call>'
NO_TOOLS, TOOLS = ToolUse(), ToolUse((Tool("now"),))


def heard(said: str, sizes: list[int], use: ToolUse, close: str | None = None) -> list[Delta]:
    """The answer in deltas of these sizes, each character a token."""
    split = AnswerSplit(ReasoningSplit(close), use, has_logprobs=True)
    deltas, at = [], 0
    for size in sizes:
        piece = said[at : at + size]
        logprobs = tuple(TokenLogprob(Likely(sign, -1.0), (), at + i, at + i + 1) for i, sign in enumerate(piece))
        deltas.append(split.split(Delta(piece, logprobs=logprobs)))
        at += size
    return [*deltas, split.split(Delta("", FinishReason.STOP))]


@pytest.mark.parametrize(
    ("said", "use"),
    [
        ("yes it is", NO_TOOLS),
        ("<think>so</think>\n\nyes", NO_TOOLS),
        ("<thin ice", NO_TOOLS),
        ("<think>" + "so on " * 30 + "</think>yes", TOOLS),
        (f"<think>so</think> let me see {CALL}", TOOLS),
        (f"let me see {CALL} and {CALL}", TOOLS),
        ("no <tool after all", TOOLS),
        (CALL, TOOLS),
    ],
)
@settings(max_examples=30)
@given(data=st.data())
def test_every_character_of_the_text_has_its_logprob(said: str, use: ToolUse, data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 9), min_size=len(said), max_size=len(said)))
    deltas = heard(said, sizes, use)
    text = "".join(delta.text for delta in deltas)
    tokens = "".join(each.chosen.text for delta in deltas for each in delta.logprobs)
    assert tokens == text


def test_a_plain_answer_passes_untouched() -> None:
    split = AnswerSplit(None, NO_TOOLS, has_logprobs=True)
    delta = Delta("yes")
    assert split.split(delta) is delta


def test_a_token_that_a_stop_string_has_cut_is_named() -> None:
    split = AnswerSplit(ReasoningSplit(), NO_TOOLS, has_logprobs=True)
    token = TokenLogprob(Likely("fire", -1.0), (), 0, 4)
    assert split.split(Delta("fi", FinishReason.STOP, logprobs=(token,))).logprobs == (token,)
