"""Names of conversations."""

from __future__ import annotations

import pytest

from webchat.chat.titles import MAX_CHARS, title_of


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("how do I prune roses?", "How do I prune roses?"),
        ("**Explain** `this`", "Explain this"),
        ("one two three four five six seven eight nine ten", "One two three four five six seven eight…"),
        ("\n\n  # Heading\nmore", "Heading"),
        ("```python\ncode\n```\nWhat does it do?", "What does it do?"),
        ("See https://www.example.org/a/b?c=d please", "See example.org please"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("> quoted: is C# a_b ok?", "Quoted: is C# a_b ok?"),
        ("```", "```"),
    ],
)
def test_it_is_the_beginning_of_the_question(question: str, title: str):
    assert title_of(question) == title


def test_it_is_never_longer_than_a_line():
    for question in ("x" * 500, "漢字" * 200, "many words " * 50):
        assert 0 < len(title_of(question)) <= MAX_CHARS + 1
