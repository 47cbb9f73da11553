from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.text_stream import TextStream


def said(pieces: list[bytes], stop: tuple[str, ...] = ()) -> list[str]:
    stream = TextStream(stop)
    return [*(stream.push(piece) for piece in pieces), stream.finish()]


def test_it_puts_a_character_together_again() -> None:
    fire = "🔥".encode()
    assert said([fire[:1], fire[1:3], fire[3:], b"!"]) == ["", "", "🔥", "!", ""]


def test_it_marks_half_a_character_at_the_end() -> None:
    assert said([b"a", "é".encode()[:1]]) == ["a", "", "\ufffd"]


def test_it_goes_on_after_broken_bytes() -> None:
    assert "".join(said([b"a\xff", b"b"])) == "a\ufffdb"


@pytest.mark.parametrize(
    ("pieces", "stop", "text"),
    [
        ([b"one\nUser:", b" two"], ("User:",), "one\n"),
        ([b"one U", b"se", b"r: two"], ("User:",), "one "),
        ([b"Use", b"ful"], ("User:",), "Useful"),
        ([b"a", b"a", b"b", b"c"], ("aab",), ""),
        ([b"aa", b"ab", b"c"], ("aab",), "a"),
        ([b"abcd"], ("cd", "bc"), "a"),
        ([b"never"], ("END",), "never"),
        ([b"EN"], ("END",), "EN"),
        (["🔥🔥".encode()[:6], "🔥🔥".encode()[6:], b"x"], ("🔥x",), "🔥"),
    ],
)
def test_it_finds_stop_strings_across_tokens(pieces: list[bytes], stop: tuple[str, ...], text: str) -> None:
    assert "".join(said(pieces, stop)) == text


def test_it_knows_that_it_was_stopped() -> None:
    stream = TextStream(("END",))
    assert stream.push(b"so EN") == "so "
    assert not stream.stopped
    assert stream.push(b"D and on") == ""
    assert stream.stopped
    assert (stream.push(b"more"), stream.finish()) == ("", "")


def test_it_holds_back_no_more_than_it_must() -> None:
    stream = TextStream(("###",))
    assert [stream.push(piece) for piece in (b"a#", b"b", b"##", b"c")] == ["a", "#b", "", "##c"]


@given(st.text(max_size=60), st.lists(st.integers(1, 5)), st.lists(st.text(min_size=1, max_size=4), max_size=3))
def test_it_says_the_same_however_the_bytes_are_cut(text: str, sizes: list[int], stops: list[str]) -> None:
    data, pieces = text.encode(), []
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    ends = [text.find(stop) for stop in stops if stop in text]
    shown = "".join(said([*pieces, *(data[i : i + 1] for i in range(len(data)))], tuple(stops)))
    if ends:
        # The stop string that is complete first ends the answer; none may be shown.
        assert text.startswith(shown)
        assert not any(stop in shown for stop in stops)
    else:
        assert shown == text
