"""Logprobs: how likely each token was that came, and what was likelier. Pure; costs nothing where nobody asks.

They are those of the model's own distribution, the softmax of its raw logits at temperature 1: before logit bias,
penalties, grammars and everything that cuts, as llama.cpp's server gives them unless told otherwise. A token that a
grammar forced may therefore be very unlikely.
"""

from __future__ import annotations

import codecs
import math
from collections import deque
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.types import Likely, TokenLogprob

Logits = NDArray[np.float32]
Chances = tuple[tuple[int, float], ...]
"""Tokens with their logprobs: the one that was chosen, then the likeliest."""

LEAST = -9999.0  # JSON has no infinity; OpenAI writes this
MOST_ALTERNATIVES = 20


class Pieces(Protocol):
    """What must be known of the tokens."""

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes a token stands for; those of control tokens if they are asked for."""
        ...


def chances(logits: Logits, token: int, count: int) -> Chances:
    """The logprobs of a token and of the `count` likeliest."""
    likeliest: list[int] = []
    if count:
        best = np.argpartition(logits, -min(count, logits.size))[-count:]
        likeliest = best[np.argsort(-logits[best], kind="stable")].tolist()
    highest = float(logits.max())
    total = highest + math.log(float(np.exp(logits - highest).sum(dtype=np.float64)))
    return tuple((each, _finite(float(logits[each]) - total)) for each in (token, *likeliest))


def _finite(logprob: float) -> float:
    return logprob if logprob >= LEAST else LEAST


class LogprobTrail:
    """The tokens of one answer, held back as long as their text is.

    Text is held back while it may be the beginning of a stop string, and half a character until the other half comes:
    a token goes out with the last character it has a part in.
    """

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held: deque[TokenLogprob] = deque()  # bounded by the longest stop string
        self._written = 0  # characters of all tokens so far
        self._released = 0  # characters of those that were let out

    def add(self, piece: bytes, chances: Chances) -> None:
        """A token came."""
        begin = self._written
        self._written += len(self._decoder.decode(piece))
        end = self._written + bool(self._decoder.getstate()[0])
        chosen, *top = (self._likely(token, logprob) for token, logprob in chances)
        self._held.append(TokenLogprob(chosen, tuple(top), begin, end))

    def take(self, text: str, *, is_over: bool) -> tuple[TokenLogprob, ...]:
        """Text was let out: the tokens that are now complete. At the end also one that a stop string has cut."""
        self._released += len(text)
        ready = []
        while self._held and (
            self._held[0].end <= self._released or (is_over and self._held[0].begin < self._released)
        ):
            ready.append(self._held.popleft())
        return tuple(ready)

    def _likely(self, token: int, logprob: float) -> Likely:
        data = self._pieces.piece(token)
        text = (data or self._pieces.piece(token, special=True)).decode("utf-8", "replace")
        return Likely(text, logprob, data or None)


class ContentLogprobs:
    """Which tokens belong to the content of an answer, where parts of its text are something else."""

    def __init__(self) -> None:
        self._held: deque[TokenLogprob] = deque()  # bounded by what is held back of the text
        self._content: deque[tuple[int, int]] = deque()

    def take(
        self, logprobs: Sequence[TokenLogprob], content: Sequence[tuple[int, int]], decided: int
    ) -> tuple[TokenLogprob, ...]:
        """The tokens with a part in the content. `content`: spans of characters that turned out to be it; `decided`:
        up to where that is known."""
        self._held.extend(logprobs)
        self._content.extend(content)
        ready = []
        while self._held and self._held[0].end <= decided:
            token = self._held.popleft()
            while self._content and self._content[0][1] <= token.begin:
                self._content.popleft()
            if self._content and token.end > self._content[0][0]:
                ready.append(token)
        return tuple(ready)
