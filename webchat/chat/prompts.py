"""From a conversation to the messages a model reads, inside its context window.

Prompts only grow at the end: the system prompt, then the turns in order, each with the passages it was asked with. So
the model's prefix cache survives, and a follow-up costs its own tokens only. Nothing here does I/O but through `count`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from inference.errors import PromptTooLong
from inference.types import ChatMessage

DEFAULT_SYSTEM = "You are a helpful assistant. Answer clearly and briefly."
INSTRUCTION = (
    "Answer the question from these passages. After each fact, name its passage like [1]. "
    "If they do not hold the answer, say so."
)
DROPPED_TOGETHER = 4  # turns; dropping them one by one would change the prefix, and so reread everything, on every turn

Count = Callable[[Sequence[ChatMessage]], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Source:
    """A passage as the model sees it."""

    number: int
    name: str
    place: str  # "Page 3", "Prices, rows 12–40"
    text: str
    sections: str = ""  # "Installation › Linux"


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was answered."""

    question: str
    answer: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """How many tokens there are, and how many of them are kept free for the answer."""

    context_length: int
    answer_tokens: int

    @property
    def prompt_tokens(self) -> int:
        return self.context_length - self.reserve

    @property
    def reserve(self) -> int:
        return min(self.answer_tokens, self.context_length // 4)

    @property
    def passage_tokens(self) -> int:
        return self.context_length // 2


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent, which of the passages are in it, and how many old messages are not."""

    messages: list[ChatMessage]
    sources: tuple[Source, ...]
    left_out: int


async def build(
    question: str, sources: Sequence[Source], history: Sequence[Turn], *, system: str, window: Window, count: Count
) -> Prompt:
    """The longest prompt that fits: passages give way first, then the oldest turns. Raises PromptTooLong."""
    head = [ChatMessage("system", system or DEFAULT_SYSTEM)]
    fitting = await _fitting_sources(question, tuple(sources), window, count)
    asked = ChatMessage("user", user_text(question, fitting))
    dropped = await _turns_to_drop(head, history, asked, window, count)
    return Prompt([*head, *_as_messages(history[dropped:]), asked], fitting, left_out=2 * dropped)


def user_text(question: str, sources: Sequence[Source]) -> str:
    """The passages come before the question: a small model answers what it read last."""
    if not sources:
        return question
    passages = "\n\n".join(_passage(source) for source in sources)
    return f"{INSTRUCTION}\n\n{passages}\n\nQuestion: {question}"


def _passage(source: Source) -> str:
    place = ", ".join(part for part in (source.name, source.place, source.sections) if part)
    passage = f"[{source.number}] ({place})\n{source.text.strip()}"
    return passage.replace("<|", "< |")  # a document cannot end its own turn and speak for somebody else


async def _fitting_sources(
    question: str, sources: tuple[Source, ...], window: Window, count: Count
) -> tuple[Source, ...]:
    """The best passages that leave room for the question and, in a long talk, for some of what was said before."""
    while sources:
        tokens = await count([ChatMessage("user", user_text(question, sources))])
        if tokens <= window.passage_tokens:
            return sources
        sources = sources[:-1]
    return ()


async def _turns_to_drop(
    head: list[ChatMessage], history: Sequence[Turn], asked: ChatMessage, window: Window, count: Count
) -> int:
    async def tokens_without(dropped: int) -> int:
        return await count([*head, *_as_messages(history[dropped:]), asked])

    if await tokens_without(0) <= window.prompt_tokens:
        return 0
    alone = await tokens_without(len(history))
    if alone >= window.context_length:
        raise PromptTooLong(alone, window.context_length)
    fewest, enough = 0, len(history)  # the first does not fit; the second is all that can be done
    while enough - fewest > 1:
        middle = (fewest + enough) // 2
        if await tokens_without(middle) <= window.prompt_tokens:
            enough = middle
        else:
            fewest = middle
    rounded = -(-enough // DROPPED_TOGETHER) * DROPPED_TOGETHER
    return rounded if rounded < len(history) else enough


def _as_messages(turns: Sequence[Turn]) -> list[ChatMessage]:
    messages = []
    for turn in turns:
        messages.append(ChatMessage("user", user_text(turn.question, turn.sources)))
        messages.append(ChatMessage("assistant", turn.answer))
    return messages
