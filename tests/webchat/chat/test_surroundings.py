"""What stands around a cited passage is cut between words, and only where it was cut at all."""

from __future__ import annotations

from webchat.chat.surroundings import REACH_CHARS, _from_word, _to_word


def test_a_whole_beginning_keeps_its_first_word() -> None:
    assert _from_word("The tower was built.") == "The tower was built."
    assert _to_word("The lamp burns paraffin.") == "The lamp burns paraffin."


def test_a_cut_text_loses_its_broken_words() -> None:
    cut = ("ower " + "word " * REACH_CHARS)[:REACH_CHARS]
    assert _from_word(cut) == cut.removeprefix("ower ")
    assert _to_word("word " * (REACH_CHARS // 5 - 1) + "towe_").endswith("word")
