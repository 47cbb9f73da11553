"""Logprobs go with the text they belong to, however it is held back, cut or told apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.logprobs import LEAST, ContentLogprobs, LogprobTrail, chances
from inference.text_stream import TextStream
from inference.types import Likely, TokenLogprob

PIECES = [b"", b"a", b"b", b"ab", "é".encode(), b"\xf0\x9f", b"\xa6\x89", b"\xff", b"abc", b" "]


class Vocabulary:
    def piece(self, token: int, *, special: bool = False) -> bytes:
        return PIECES[token] or (b"<|end|>" if special else b"")


def stream(tokens: list[int], stop: tuple[str, ...] = ()) -> list[tuple[str, list[int]]]:
    """Text and tokens as they go out together, one entry a token and one for the end."""
    text, trail = TextStream(stop), LogprobTrail(Vocabulary())
    out = []
    for token in tokens:
        piece = PIECES[token]
        said = text.push(piece)
        trail.add(piece, ((token, -float(token)),))
        if text.stopped:
            return [*out, (said, ids(trail.take(said, is_over=True)))]
        out.append((said, ids(trail.take(said, is_over=False))))
    said = text.finish()
    return [*out, (said, ids(trail.take(said, is_over=True)))]


def ids(logprobs: tuple[TokenLogprob, ...]) -> list[int]:
    return [-round(each.chosen.logprob) for each in logprobs]


def said(out: list[tuple[str, list[int]]]) -> str:
    return "".join(text for text, _ in out)


def named(out: list[tuple[str, list[int]]]) -> list[int]:
    return [token for _, tokens in out for token in tokens]


tokens = st.lists(st.integers(0, len(PIECES) - 1), max_size=12)


@given(tokens)
def test_every_token_that_shows_text_is_named_once_and_in_order(tokens: list[int]) -> None:
    shown = [token for token in named(stream(tokens)) if PIECES[token]]
    assert shown == [token for token in tokens if PIECES[token]]


@given(tokens, st.lists(st.sampled_from(["a", "ab", "ba", "é", "🦉", "bc"]), min_size=1, max_size=2))
def test_after_a_stop_string_no_token_is_named_that_shows_nothing(tokens: list[int], stop: list[str]) -> None:
    out = stream(tokens, tuple(stop))
    shown = [token for token in named(out) if PIECES[token]]
    whole = b"".join(PIECES[token] for token in shown).decode("utf-8", "replace")
    assert whole.startswith(said(out))
    without_last = b"".join(PIECES[token] for token in shown[:-1]).decode("utf-8", "ignore")
    assert len(without_last) <= len(said(out)), "each has a part in what was said"


@given(tokens)
def test_no_token_goes_out_before_its_text(tokens: list[int]) -> None:
    out = stream(tokens, ("abab",))
    for count in range(len(out)):
        begun = b"".join(PIECES[token] for token in named(out[:count]))
        assert len(begun.decode("utf-8", "ignore")) <= len(said(out[:count]))


def test_half_a_character_waits_for_the_other_half() -> None:
    assert stream([5, 6, 1]) == [("", []), ("🦉", [5, 6]), ("a", [1]), ("", [])]


def test_a_token_cut_by_a_stop_string_is_named_whole() -> None:
    assert stream([1, 8], ("bc",)) == [("a", [1]), ("a", [8])]
    assert stream([1, 3], ("ab",)) == [("", []), ("a", [1])]


def test_the_chances_add_up_and_the_likeliest_come_first() -> None:
    logits = np.array([0.5, 3.0, -1.0, 2.0], dtype=np.float32)
    chosen, *likeliest = chances(logits, 2, 4)
    assert chosen[0] == 2
    assert [token for token, _ in likeliest] == [1, 3, 0, 2]
    assert math.isclose(sum(math.exp(logprob) for _, logprob in likeliest), 1.0, rel_tol=1e-6)
    assert chances(logits, 2, 0) == (chosen,)


@pytest.mark.parametrize("value", [-np.inf, np.nan])
def test_what_json_cannot_say_becomes_the_least(value: float) -> None:
    logits = np.array([1.0, value], dtype=np.float32)
    assert chances(logits, 1, 0) == ((1, LEAST),)


def test_a_control_token_has_a_name_but_no_bytes() -> None:
    trail = LogprobTrail(Vocabulary())
    trail.add(b"a", ((1, -0.5), (0, -0.1)))
    (token,) = trail.take("a", is_over=False)
    assert token.chosen == Likely("a", -0.5, b"a")
    assert token.top == (Likely("<|end|>", -0.1, None),)


def token(begin: int, end: int) -> TokenLogprob:
    return TokenLogprob(Likely("x", -1.0, b"x"), (), begin, end)


def test_only_tokens_of_the_content_are_kept() -> None:
    content = ContentLogprobs()
    first, second, third, fourth = token(0, 2), token(2, 5), token(5, 6), token(6, 9)
    assert content.take([first, second], [], 3) == ()
    assert content.take([third], [(4, 6)], 6) == (second, third)
    assert content.take([fourth], [], 9) == ()
