"""What a runner can serve, seen from its routes: what generates, what embeds, and what reranks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.span_vectors import Embedded, Span
from inference.text_role import TextRole
from inference.types import Delta, SamplingParams
from inference.vitals import WorkDone


class Facts(Protocol):
    """What is known of a loaded chat model."""

    @property
    def context_length(self) -> int: ...
    @property
    def chat_template(self) -> str | None: ...
    @property
    def bos_text(self) -> str: ...
    @property
    def eos_text(self) -> str: ...


class ChatEngine(Protocol):
    """Generates. `generate` raises PromptTooLong and Overloaded before its first delta; closing it cancels."""

    @property
    def facts(self) -> Facts: ...

    @property
    def queue_depth(self) -> int: ...

    @property
    def work(self) -> WorkDone | None: ...

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]: ...

    def generate(self, prompt_tokens: Sequence[int], params: SamplingParams) -> AsyncGenerator[Delta, None]: ...

    async def close(self) -> None: ...


class TextEmbedder(Protocol):
    """Embeds. Blocks while it computes."""

    @property
    def calls_at_a_time(self) -> int:
        """From so many threads at a time, and no more, it may be called."""
        ...

    @property
    def pools_spans(self) -> bool:
        """Whether it can give vectors to stretches of a text."""
        ...

    def embed(self, texts: Sequence[str], role: TextRole) -> NDArray[np.float32]:
        """One L2-normalized row a text."""
        ...

    def embed_with_spans(self, texts: Sequence[str], spans: Sequence[Sequence[Span]], role: TextRole) -> Embedded:
        """The same rows, and those of each text's spans out of the same pass. Only where `pools_spans`."""
        ...

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """How long each text is. Of those longer than the context, the rest is not seen."""
        ...


class TextReranker(Protocol):
    """Reads a question and a text together. Blocks while it computes, and is called from one thread at a time."""

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """How well each text answers, 0 to 1."""
        ...


@dataclass(frozen=True, slots=True)
class Backend:
    """A loaded model."""

    chat: ChatEngine | None = None
    embedder: TextEmbedder | None = None
    reranker: TextReranker | None = None
    context_length: int = 0
