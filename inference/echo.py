"""Doubles that need no model: an engine that repeats the last user message word by word, an embedder of
hashes, and a reranker that counts words.

They have the surface of the real ones and keep their promises (stop, max_tokens, cancel, PromptTooLong), so whatever
speaks to a runner can be tested in milliseconds. `EchoSettings` makes them slow, broken or deadly.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.errors import ModelLoadError, Overloaded, PromptTooLong
from inference.span_vectors import Embedded, Span, SpanVectors
from inference.text_role import TextRole
from inference.types import Delta, EngineConfig, FinishReason, Headway, SamplingParams, Timings, Usage

START, END = "<|im_start|>", "<|im_end|>"
CONTROL = {START: 0, END: 1}
DIMENSIONS = 384
HANG_S = 3600.0
STEP_BACK_S = 0.2


@dataclass(frozen=True, slots=True)
class EchoSettings:
    """How the double behaves. Read from the JSON file at the spec's path, where there is one."""

    delay_s: float = 0.01  # before each word
    places: int = 1024  # answers given at the same time
    queue_limit: int = 64  # requests that may wait for a place
    load_s: float = 0.0
    read_s: float = 0.0  # for each prompt
    needs_bytes: int = 0  # what the service takes it to need
    refuse_loading: str = ""  # the sentence of a ModelLoadError
    die_loading: bool = False
    die_after_words: int | None = None  # in mid-answer, as a crash would
    last_words: str = ""  # on standard error, when it dies
    block_loading: bool = False  # nothing in the process goes on
    block_after_words: int | None = None
    step_back_after_words: int | None = None  # for a while, as when there is no room for all answers
    stall_after_words: int | None = None  # the engine stands still; everything else goes on

    @classmethod
    def read(cls, path: Path) -> EchoSettings:
        """The settings at a path; the defaults where no file is."""
        return cls(**json.loads(path.read_text())) if path.is_file() else cls()


@dataclass(frozen=True, slots=True)
class EchoFacts:
    """What a loaded model says of itself."""

    context_length: int
    chat_template: str | None = None
    bos_text: str = ""
    eos_text: str = END


class EchoEngine:
    """Repeats. Its tokens are words with the space before them."""

    def __init__(self, settings: EchoSettings, facts: EchoFacts) -> None:
        self.facts = facts
        self._settings = settings
        self._ids: dict[str, int] = {}
        self._words: list[str] = []
        for control in CONTROL:
            self._remember(control)
        self._places = asyncio.Semaphore(settings.places)
        self.running = 0

    @classmethod
    async def start(cls, config: EngineConfig, on_progress: Callable[[float], None] | None = None) -> EchoEngine:
        """Pretend to load."""
        settings = EchoSettings.read(config.path)
        for step in range(5):
            if on_progress:
                on_progress(step / 5)
            await asyncio.sleep(settings.load_s / 5)
        if settings.block_loading:
            time.sleep(HANG_S)
        if settings.die_loading:
            _die(settings.last_words)
        if settings.refuse_loading:
            raise ModelLoadError(settings.refuse_loading)
        return cls(settings, EchoFacts(config.context_length or 4096))

    @property
    def queue_depth(self) -> int:
        return max(0, self.running - self._settings.places)

    @property
    def work(self) -> None:
        """It counts nothing."""

    def tokenize(self, text: str, *, add_special: bool = False, parse_special: bool = False) -> list[int]:
        """Words to ids, made up as they come. Control words keep their ids only where they may be parsed."""
        pieces = re.split(f"({re.escape(START)}|{re.escape(END)})", text) if parse_special else [text]
        words = (
            word for piece in pieces for word in ([piece] if piece in CONTROL else re.findall(r"\s*\S+|\s+", piece))
        )
        return [self._remember(word if parse_special or word not in CONTROL else f"\0{word}") for word in words]

    def _remember(self, word: str) -> int:
        if word not in self._ids:
            self._ids[word] = len(self._words)
            self._words.append(word.removeprefix("\0"))
        return self._ids[word]

    async def generate(self, prompt_tokens: Sequence[int], params: SamplingParams) -> AsyncGenerator[Delta, None]:
        """The last user message again, a word at a time."""
        if len(prompt_tokens) >= self.facts.context_length:
            raise PromptTooLong(len(prompt_tokens), self.facts.context_length)
        if self.queue_depth >= self._settings.queue_limit:
            raise Overloaded(self.running)
        self.running += 1
        try:
            while self._places.locked():
                yield Delta(headway=Headway(self.queue_depth, 0, len(prompt_tokens)))
                await asyncio.sleep(self._settings.delay_s)
            async with self._places, aclosing(self._words_of(prompt_tokens, params)) as deltas:
                async for delta in self._reading(len(prompt_tokens)):
                    yield delta
                async for delta in deltas:
                    yield delta
        finally:
            self.running -= 1

    async def _reading(self, total: int) -> AsyncGenerator[Delta, None]:
        for tenth in range(10 if self._settings.read_s else 0):
            yield Delta(headway=Headway(0, total * tenth // 10, total))
            await asyncio.sleep(self._settings.read_s / 10)

    async def _words_of(self, prompt_tokens: Sequence[int], params: SamplingParams) -> AsyncGenerator[Delta, None]:
        begin = time.perf_counter()
        said, reason = 0, FinishReason.STOP
        room = self.facts.context_length - len(prompt_tokens)
        budget = min(room, params.max_tokens or room)
        words = self._answer(prompt_tokens)
        full = "".join(words)
        end = min((at for stop in params.stop if (at := full.find(stop)) >= 0), default=len(full))
        position = 0
        while position < end or (params.ignore_eos and words):
            if said == budget:
                reason = FinishReason.LENGTH
                break
            await asyncio.sleep(self._settings.delay_s)
            word = words[said % len(words)]
            yield Delta(word if params.ignore_eos else word[: end - position])
            said, position = said + 1, position + len(word)
            if said == self._settings.step_back_after_words:
                yield Delta(headway=Headway(1, 0, len(prompt_tokens) + said))
                await asyncio.sleep(STEP_BACK_S)
            await self._misbehave(said)
        milliseconds = (time.perf_counter() - begin) * 1000
        usage = Usage(len(prompt_tokens), said)
        yield Delta("", reason, usage, Timings(0.0, milliseconds, len(prompt_tokens), said))

    async def _misbehave(self, said: int) -> None:
        if said == self._settings.die_after_words:
            _die(self._settings.last_words)
        if said == self._settings.block_after_words:
            time.sleep(HANG_S)
        if said == self._settings.stall_after_words:
            await asyncio.sleep(HANG_S)

    def _answer(self, prompt_tokens: Sequence[int]) -> list[str]:
        starts = [at for at, token in enumerate(prompt_tokens) if token == CONTROL[START]]
        for start, stop in zip(reversed(starts), reversed([*starts, len(prompt_tokens)][1:]), strict=True):
            turn = [token for token in prompt_tokens[start + 1 : stop] if token != CONTROL[END]]
            role, _, content = "".join(self._words[token] for token in turn).partition("\n")
            if role == "user":
                return re.findall(r"\s*\S+", content.strip())
        return re.findall(r"\s*\S+", "".join(self._words[token] for token in prompt_tokens))

    async def close(self) -> None:
        """Nothing to free."""


def _die(last_words: str) -> None:
    sys.stderr.write(last_words)
    sys.stderr.flush()
    os.abort()


class HashEmbedder:
    """Embeds each text as the bag of its words: texts that share words are close. The same everywhere, always."""

    pools_spans = True
    calls_at_a_time = 1

    def embed_with_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]], role: TextRole = TextRole.PASSAGE
    ) -> Embedded:
        """A span is the bag of its own words."""
        found = [
            SpanVectors(self.embed([text[start:end] for start, end in of_one]).astype(np.float16))
            for text, of_one in zip(texts, spans, strict=True)
        ]
        return Embedded(self.embed(texts), tuple(found))

    def embed(self, texts: Sequence[str], role: TextRole = TextRole.PASSAGE) -> NDArray[np.float32]:
        """One L2-normalized row a text."""
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()) or [""]:
                digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
                row[int.from_bytes(digest[:4], "big") % DIMENSIONS] += 1.0 if digest[4] & 1 else -1.0
            row[0] += 1e-3  # so that no text has a zero vector
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """A word is a token."""
        return [len(re.findall(r"\w+", text)) for text in texts]


class WordReranker:
    """Scores each text by the share of the question's words that it holds, each as a word of its own."""

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """0 to 1."""
        asked = set(re.findall(r"\w+", question.lower()))
        held = [len(asked & set(re.findall(r"\w+", text.lower()))) / max(len(asked), 1) for text in texts]
        return np.array(held, dtype=np.float32)
