"""One answer told apart into reasoning, text and tool calls, with the logprobs that belong to the text. Pure.

What a request does not ask for is not looked at: a plain answer passes untouched as soon as its reasoning is over.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from inference.logprobs import ContentLogprobs
from inference.reasoning import ReasoningSplit
from inference.tool_split import Span, ToolSplit
from inference.types import Delta, TokenLogprob, ToolUse

_HELD_CHARS = 64  # no mark of reasoning is longer


class AnswerSplit:
    """One answer: `split` each delta."""

    def __init__(self, reasoning: ReasoningSplit | None, use: ToolUse, *, has_logprobs: bool) -> None:
        """No reasoning: there is none to be told apart. Tools are found where some may be called."""
        self._reasoning = reasoning
        self._tools = ToolSplit(use) if use.tools else None
        self._logprobs = ContentLogprobs() if has_logprobs else None
        self._fed = 0  # characters of the engine's text
        self._has_reasoned = False
        self._text_begins: int | None = None  # where in it what follows the reasoning begins: it is all the rest

    def split(self, delta: Delta) -> Delta:
        """The same, with each part in its own field."""
        if self._tools is None and (self._reasoning is None or self._reasoning.is_over):
            return delta
        self._fed += len(delta.text)
        if self._reasoning and not self._reasoning.is_over:
            delta = self._reasoning.split(delta)
            self._has_reasoned = self._has_reasoned or bool(delta.reasoning)
        text = delta.text
        if self._text_begins is None and text:
            self._text_begins = self._fed - len(text)
        if self._tools:
            delta = self._tools.split(delta)
        return replace(delta, logprobs=self._of_text(self._logprobs, delta, text)) if self._logprobs else delta

    def _of_text(self, logprobs: ContentLogprobs, delta: Delta, fed: str) -> tuple[TokenLogprob, ...]:
        """The logprobs of what turned out to be text."""
        decided = self._decided()
        if delta.finish_reason:
            decided = sys.maxsize  # the last token may reach beyond a stop string, or hold half a character
        return logprobs.take(delta.logprobs, self._spans(fed), decided)

    def _spans(self, fed: str) -> list[Span]:
        """Which characters of the engine's text have just become certain to be the answer's."""
        begin = self._text_begins
        if begin is None:
            return []
        if self._tools is None:
            return [(self._fed - len(fed), self._fed)]
        return [(begin + start, begin + end) for start, end in self._tools.spans]

    def _decided(self) -> int:
        """Up to where it is known what belongs to the text."""
        if self._text_begins is None:
            return self._fed - _HELD_CHARS if self._has_reasoned else 0
        return self._fed if self._tools is None else self._text_begins + self._tools.decided
