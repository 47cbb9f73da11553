"""Prompt lookup: drafts an answer's next tokens from what its text held after the same words before. Pure.

Answers that rest on documents copy spans of their prompt. A drafted token is computed in the same batch as the one
before it and counts only if sampling chooses it too: the answer is what it would have been, sooner. A draft is worth
while only where computing one more token costs less than it saves, so both sides are measured: what a token more in a
batch costs on this machine with this model, and how often this answer's drafts come true. Tokens that are foreseen
rightly count even when they were not drafted, so it costs nothing to know.

After "Prompt Lookup Decoding" (A. Saxena, 2023) and llama.cpp's examples/lookup.
"""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_DRAFT = 7
_NGRAM = 3  # tokens that must have been there before
_FIRST_CHANCE = 0.6
_SMOOTHING = 0.1


class PromptLookup:
    """The drafts of one answer."""

    def __init__(self) -> None:
        self._after: dict[tuple[int, ...], int] = {}  # where the text went on after an n-gram, the last time
        self._indexed = _NGRAM
        self._chance = _FIRST_CHANCE  # that the next token of a draft is right, if those before it were
        self._foreseen: Sequence[int] = ()

    def draft(self, tokens: Sequence[int], price: float, most: int) -> list[int]:
        """What may follow `tokens`: as many as are likelier to come true than their `price`, a share of a step."""
        for end in range(self._indexed, len(tokens)):
            self._after[tuple(tokens[end - _NGRAM : end])] = end
        self._indexed = max(self._indexed, len(tokens))
        found = self._after.get(tuple(tokens[-_NGRAM:]))
        self._foreseen = () if found is None else tokens[found : found + LONGEST_DRAFT]
        return list(self._foreseen[: min(most, self._worth(price))])

    def judge(self, chosen: Sequence[int]) -> None:
        """These tokens came."""
        for foreseen, token in zip(self._foreseen, chosen, strict=False):
            self._chance += _SMOOTHING * ((foreseen == token) - self._chance)
        self._foreseen = ()

    def _worth(self, price: float) -> int:
        count, chance = 0, self._chance
        while count < LONGEST_DRAFT and chance > price:
            count, chance = count + 1, chance * self._chance
        return count


class Prices:
    """What one token more costs, as a share of what a step brings: the likelihood from which on it pays."""

    def __init__(self, one_s: float, many_s: float, many: int) -> None:
        """How long steps of one token and of `many` took."""
        self._share = _share(one_s, many_s, many)
        self._one_s = one_s

    def price(self, answers: int) -> float:
        """In a step that brings one token to each of so many answers."""
        return answers * self._share / (1 - self._share + answers * self._share)

    def measured(self, answers: int, tokens: int, seconds: float) -> None:
        """A step without reading took this long. Long texts and busy cores change prices."""
        if tokens == 1:
            self._one_s += _SMOOTHING * (seconds - self._one_s)
        elif answers == 1:
            self._share += _SMOOTHING * (_share(self._one_s, seconds, tokens) - self._share)


def _share(one_s: float, many_s: float, many: int) -> float:
    """Of the time of a step with one token, the part that each further token takes."""
    return min(1.0, max(0.01, (many_s / max(one_s, 1e-9) - 1) / (many - 1)))
