"""SamplingParams → the next token, from one row of logits. Pure: knows numpy, but not llama.cpp.

The steps and their order are those of llama.cpp's server: repeat penalty, top_k, top_p, min_p, temperature. They are
done in numpy because there nothing has to be sorted that cannot be chosen: over 49,152 logits greedy takes 3 µs and
top_p 0.1 ms, where llama.cpp's sampler chain takes 60 µs and 2.9 ms.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from inference.errors import InvalidRequest
from inference.types import SamplingParams

Logits = NDArray[np.float32]

_RANGES: tuple[tuple[str, float, float], ...] = (
    ("temperature", 0.0, 100.0),
    ("top_p", 0.0, 1.0),
    ("min_p", 0.0, 1.0),
    ("repeat_penalty", 0.01, 100.0),
)
_WHOLE_RANGES: tuple[tuple[str, int, int], ...] = (
    ("top_k", 0, 2**31 - 1),
    ("repeat_window", 0, 2**31 - 1),
)
_MAX_STOPS = 64
_BLOCK = 512
# Below this distance from the best logit a token has 0.03% of its chance: the nucleus almost never reaches so far.
_NEAR = 8.0


def validate(params: SamplingParams) -> None:
    """Refuse what is out of range, with a sentence that names it."""
    for name, low, high in _RANGES:
        _check_number(name, getattr(params, name), low, high)
    for name, least, most in _WHOLE_RANGES:
        _check_whole(name, getattr(params, name), least, most)
    if params.seed is not None:
        _check_whole("seed", params.seed, -(2**63), 2**64 - 1)
    if params.max_tokens is not None:
        _check_whole("max_tokens", params.max_tokens, 1, 2**31 - 1)
    if not isinstance(params.ignore_eos, bool):
        raise InvalidRequest("ignore_eos must be true or false.")
    _check_stop(params.stop)


def _check_number(name: str, value: object, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequest(f"{name} must be a number, not {value!r}.")
    if not (math.isfinite(value) and low <= value <= high):
        raise InvalidRequest(f"{name} must lie between {low:g} and {high:g}, not {value!r}.")


def _check_whole(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequest(f"{name} must be a whole number, not {value!r}.")
    if not least <= value <= most:
        raise InvalidRequest(f"{name} must lie between {least} and {most}, not {value}.")


def _check_stop(stop: object) -> None:
    if not isinstance(stop, tuple) or not all(isinstance(text, str) and text for text in stop):
        raise InvalidRequest("stop must be a list of texts that are not empty.")
    if len(stop) > _MAX_STOPS:
        raise InvalidRequest(f"stop may hold {_MAX_STOPS} texts at most, not {len(stop)}.")


class Sampler:
    """Chooses the tokens of one request. Equal seeds and logits give equal tokens."""

    def __init__(self, params: SamplingParams, end_tokens: Collection[int] = ()) -> None:
        validate(params)
        self._params = params
        self._banned = np.array(sorted(end_tokens) if params.ignore_eos else [], dtype=np.intp)
        seed = secrets.randbits(64) if params.seed is None else params.seed % 2**64
        self._random = np.random.Generator(np.random.PCG64(seed))

    def sample(self, logits: Logits, context: Sequence[int]) -> int:
        """The next token after context. Writes into logits: penalties are made in place."""
        params = self._params
        if self._banned.size:
            logits[self._banned] = -np.inf
        if params.repeat_penalty != 1.0 and params.repeat_window:
            penalize(logits, context[-params.repeat_window :], params.repeat_penalty)
        if params.temperature == 0:
            return int(logits.argmax())
        if params.top_k == 0 and params.top_p >= 1 and params.min_p == 0:
            return pick(_weights(logits, params.temperature), self._random.random())
        tokens = candidates(logits, top_k=params.top_k, top_p=params.top_p, min_p=params.min_p)
        return int(tokens[pick(_weights(logits[tokens], params.temperature), self._random.random())])


def penalize(logits: Logits, recent: Sequence[int], penalty: float) -> None:
    """Make the tokens that came lately less likely, each once."""
    tokens = np.unique(np.asarray(recent, dtype=np.intp))
    values = logits[tokens]
    logits[tokens] = np.where(values > 0, values / penalty, values * penalty)


def candidates(logits: Logits, *, top_k: int, top_p: float, min_p: float) -> NDArray[np.intp]:
    """The tokens that stay in the game, the likeliest first where their order mattered."""
    best = logits.max()
    floor = best + math.log(min_p) if min_p > 0 else -math.inf
    total: float | None = None
    if 0 < top_k < logits.size:
        tokens = np.argpartition(logits, logits.size - top_k)[-top_k:]
    elif top_p < 1:
        total = float(_weights(logits, 1.0).sum())
        tokens = _enough(logits, best, total * top_p)
    else:
        tokens = np.flatnonzero(logits >= floor)
    if top_p < 1:
        tokens = _nucleus(logits, tokens, best, top_p, total)
    return tokens[logits[tokens] >= floor]


def _enough(logits: Logits, best: np.float32, mass: float) -> NDArray[np.intp]:
    """A set of the likeliest tokens, unsorted, that surely holds the mass: near the best one, or else all."""
    tokens = np.flatnonzero(logits >= best - _NEAR)
    if float(np.exp(logits[tokens] - best).sum()) >= mass:
        return tokens
    return np.arange(logits.size)


def _nucleus(
    logits: Logits, tokens: NDArray[np.intp], best: np.float32, top_p: float, total: float | None
) -> NDArray[np.intp]:
    """The fewest of the tokens, likeliest first, whose chances add up to top_p; one at the least."""
    order = np.argsort(-logits[tokens], kind="stable")
    tokens = tokens[order]
    mass = np.cumsum(np.exp(logits[tokens] - best), dtype=np.float64)
    wanted = top_p * (mass[-1] if total is None else total)
    return tokens[: int(np.searchsorted(mass, wanted)) + 1]


def _weights(logits: Logits, temperature: float) -> Logits:
    """Chances up to a common factor; the best token has 1."""
    weights: Logits = logits - logits.max()
    if temperature != 1.0:
        weights *= np.float32(1 / max(temperature, 1e-6))
    return np.exp(weights, out=weights)


def pick(weights: Logits, draw: float) -> int:
    """The index that a draw from [0, 1) falls on. Sums by blocks first: adding up all of a vocabulary is slow."""
    blocks = np.cumsum(np.add.reduceat(weights, np.arange(0, weights.size, _BLOCK)), dtype=np.float64)
    target = draw * blocks[-1]
    block = min(int(np.searchsorted(blocks, target, side="right")), blocks.size - 1)
    start = block * _BLOCK
    inside = np.cumsum(weights[start : start + _BLOCK], dtype=np.float64)
    before = blocks[block - 1] if block else 0.0
    return start + min(int(np.searchsorted(inside, target - before, side="right")), inside.size - 1)
