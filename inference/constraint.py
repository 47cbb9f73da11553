"""Keeps the tokens of an answer inside a grammar. Pure.

The token that would be drawn anyway is tried first: as a rule it fits, and then a grammar costs two microseconds. One
that does not fit is taken out and another is drawn, which leaves the chances of those that fit in their proportion.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.errors import InvalidRequest
from inference.gbnf import compile_grammar
from inference.grammar import Matcher

Logits = NDArray[np.float32]
_TRIES = 8  # draws before every token is looked at
_FEW = 4096  # tokens that are looked at in less time than a few draws take


class Vocabulary(Protocol):
    """What must be known of the tokens."""

    @property
    def first_bytes(self) -> NDArray[np.int16]:
        """Of each token, -1 where it stands for none."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for."""
        ...


class Constraint:
    """One answer in a grammar."""

    def __init__(self, grammar: str, vocabulary: Vocabulary, end_tokens: Collection[int]) -> None:
        self._matcher = Matcher(compile_grammar(grammar))
        self._vocabulary = vocabulary
        self._end_tokens = frozenset(end_tokens)
        self._ends = np.array(sorted(end_tokens), dtype=np.intp)

    def choose(self, logits: Logits, draw: Callable[[Logits], int]) -> int:
        """A token that fits, by `draw`; an end token where nothing else does. Writes into logits."""
        if self._matcher.is_over:
            return int(self._ends[0])
        if not self._matcher.is_complete:
            logits[self._ends] = -np.inf
        token = self._drawn(logits, draw)
        if token not in self._end_tokens:
            self._matcher.advance(self._vocabulary.piece(token))
        return token

    def _drawn(self, logits: Logits, draw: Callable[[Logits], int]) -> int:
        for attempt in range(_TRIES):
            if logits.max() == -np.inf:
                break
            token = draw(logits)
            if self._fits(token):
                return token
            logits[token] = -np.inf
            if attempt == 0:
                logits[~self._may_begin()] = -np.inf
                if np.count_nonzero(logits > -np.inf) < _FEW:
                    break
        for token in np.flatnonzero(logits > -np.inf).tolist():
            if not self._fits(token):
                logits[token] = -np.inf
        return draw(logits) if logits.max() > -np.inf else self._end()

    def _fits(self, token: int) -> bool:
        if token in self._end_tokens:
            return self._matcher.is_complete
        return self._matcher.allows(self._vocabulary.piece(token))

    def _may_begin(self) -> NDArray[np.bool_]:
        """Which tokens begin with a byte that may come next. The ends are judged already."""
        table = np.zeros(257, dtype=bool)  # the last place is that of -1
        table[list(self._matcher.first_bytes())] = True
        allowed: NDArray[np.bool_] = table[self._vocabulary.first_bytes]
        allowed[self._ends] = True
        return allowed

    def _end(self) -> int:
        if not self._matcher.is_complete:
            raise InvalidRequest("The grammar has come to a point where no token of this model fits.")
        return int(self._ends[0])
