"""Conversations → token ids: the chat template and the tokenizer, put together so that contents stay contents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache

from inference.backend import ChatEngine
from inference.chat_template import ChatTemplate, PromptPart
from inference.errors import TemplateError
from inference.reasoning import opened_by
from inference.tool_grammar import constrained
from inference.tool_prompt import ToolHabits, habits_of
from inference.turns import arguments_json, tools_json
from inference.types import ChatMessage, SamplingParams, Tool, ToolUse

LONG_TEXT_CHARS = 20_000  # from here on tokenizing takes longer than a thread costs
REMEMBERED_TEXTS = 256  # a conversation sends all its messages again with every question


class PromptEncoder:
    """Makes prompts for one loaded model."""

    def __init__(self, engine: ChatEngine, template_source: str | None = None) -> None:
        facts = engine.facts
        self._engine = engine
        self._bos_text = facts.bos_text
        self._template = ChatTemplate(
            template_source or facts.chat_template, bos_text=facts.bos_text, eos_text=facts.eos_text
        )
        self.reasoning = self._opened_reasoning()
        self._holds_control = lru_cache(REMEMBERED_TEXTS)(self._find_control)

    def _opened_reasoning(self) -> str | None:
        """The mark that ends the reasoning which this template begins for every answer, if it does."""
        try:
            parts = self._template.render([ChatMessage("user", "?")])
        except TemplateError:  # a template may want more than one question; then it says so when it is asked
            return None
        return opened_by(parts[-1].text) if parts else None

    @cached_property
    def habits(self) -> ToolHabits:
        """What the template makes of tools. Found out when the first tools come."""
        return habits_of(self._template)

    async def chat(self, messages: Sequence[ChatMessage], tools: Sequence[Tool] = ()) -> list[int]:
        """The prompt of a conversation, up to where the answer begins."""
        if tools or any(message.tool_calls or message.role == "tool" for message in messages):
            parts = await self._with_tools(messages, tools)
        else:
            parts = self._template.render(messages, guarded=await self._guarded(messages))
        return await self._joined(parts)

    async def constrained(self, params: SamplingParams, use: ToolUse) -> SamplingParams:
        """The parameters with a grammar for the calls of tools, where there can be one. Raises InvalidRequest."""
        if not use.tools:
            return params
        return await asyncio.to_thread(constrained, params, use, self.habits.form, self.reasoning)

    async def _with_tools(self, messages: Sequence[ChatMessage], tools: Sequence[Tool]) -> list[PromptPart]:
        habits = self.habits
        messages, tools = habits.prepared(messages, tools)
        guarded, guards = await self._guarded(messages), await self._guards(messages, tools)
        return self._template.render(messages, tools, habits.style, guarded=guarded, guards=guards)

    async def _guarded(self, messages: Sequence[ChatMessage]) -> list[bool]:
        return await asyncio.gather(*(self._is_guarded(message.content) for message in messages))

    async def _guards(self, messages: Sequence[ChatMessage], tools: Sequence[Tool]) -> Callable[[str], bool]:
        """Which strings in tools and calls would yield control tokens: as a rule none, which is seen at a glance."""
        written = [arguments_json(call) for message in messages for call in message.tool_calls]
        written += [json.dumps(tools_json(tools), ensure_ascii=False)] if tools else []
        found = [await self._is_guarded(text) for text in written]
        return self._holds_control if any(found) else _never

    async def _joined(self, parts: Sequence[PromptPart]) -> list[int]:
        tokens: list[int] = []
        for index, part in enumerate(parts):
            # Templates usually write the opening token themselves; it must not stand there twice.
            opens = index == 0 and not (self._bos_text and part.text.startswith(self._bos_text))
            tokens += await self._tokenize(part.text, add_special=opens, parse_special=part.is_control)
        return tokens

    async def plain(self, text: str) -> list[int]:
        """The prompt of a plain completion. Here the caller writes the control tokens."""
        return await self._tokenize(text, add_special=True, parse_special=True)

    async def count(self, text: str) -> int:
        """How many tokens a text is by itself."""
        return len(await self._tokenize(text, add_special=False, parse_special=False))

    async def _tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        if len(text) < LONG_TEXT_CHARS:
            return self._engine.tokenize(text, add_special=add_special, parse_special=parse_special)
        return await asyncio.to_thread(
            self._engine.tokenize, text, add_special=add_special, parse_special=parse_special
        )

    async def _is_guarded(self, text: str) -> bool:
        if len(text) < LONG_TEXT_CHARS:
            return self._holds_control(text)
        return await asyncio.to_thread(self._holds_control, text)

    def _find_control(self, text: str) -> bool:
        plainly = self._engine.tokenize(text, add_special=False, parse_special=False)
        return plainly != self._engine.tokenize(text, add_special=False, parse_special=True)


def _never(text: str) -> bool:
    return False
