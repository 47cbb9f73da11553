"""What may be asked."""

from __future__ import annotations

import pytest

from webchat.chat.questions import MAX_BYTES, Refused, checked


@pytest.mark.parametrize("text", ["", "   \n\t ", None, 5, ["a"], {"a": 1}])
def test_it_refuses_what_says_nothing(text: object):
    with pytest.raises(Refused, match="no question yet"):
        checked(text)


@pytest.mark.parametrize("text", ["x" * 10_000_000, "é" * (MAX_BYTES // 2 + 1)])
def test_it_refuses_what_is_too_long(text: str):
    with pytest.raises(Refused, match="at most 1.0 MB"):
        checked(text)


@pytest.mark.parametrize(
    ("text", "kept"), [(" a \n", "a"), ("a\x00b", "ab"), ("a\r\nb", "a\nb"), ("half \ud800 pair", "half ? pair")]
)
def test_it_keeps_what_a_database_can_hold(text: str, kept: str):
    assert checked(text) == kept
