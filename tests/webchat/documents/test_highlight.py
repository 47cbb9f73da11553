"""Where a search's words stand in a passage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webchat.documents.highlight import SNIPPET_CHARS, matched_phrases, snippet


def marked(text: str, query: str) -> list[str]:
    return [part.text for part in snippet(text, query) if part.is_match]


@pytest.mark.parametrize(
    "text, query, words",
    [
        ("The bridge was painted green.", "bridge", ["bridge"]),
        ("The bridge was painted green.", "BRIDGES", ["bridge"]),
        ("The bridge was painted green.", "when was it painting?", ["painted"]),
        ("The cat sat on the mat.", "the on", []),
        ("A cat and a category.", "cat", ["cat"]),
        ("Größe und Maß", "größe", ["Größe"]),
        ("管道破裂需要修理", "管道修理", ["管道", "修理"]),
        ("ERR_4712-B, then ERR_4711-B", "ERR_4711-B", ["B", "ERR_4711", "B"]),
        ("nothing here", "", []),
    ],
)
def test_it_marks_the_words_and_their_forms(text: str, query: str, words: list[str]) -> None:
    assert marked(text, query) == words


def test_what_is_written_in_one_is_named_in_one() -> None:
    assert matched_phrases("Host 10.1.2.7 of node.js. End", "10.1.2.7 node.js") == ["10.1.2.7", "node.js"]
    assert matched_phrases("The bread. Rye is sour", "rye bread") == ["bread", "Rye"]


def test_a_short_passage_is_shown_whole() -> None:
    assert "".join(part.text for part in snippet("The bridge was painted.", "bridge")) == "The bridge was painted."


def test_of_a_long_passage_the_part_with_the_words_is_shown() -> None:
    text = "filler words stand here. " * 60 + "The bridge was painted green. " + "more filler words. " * 60
    parts = snippet(text, "painted bridge")
    assert [part.text for part in parts if part.is_match] == ["bridge", "painted"]
    assert parts[0].text == "… "
    assert parts[-1].text == " …"
    assert sum(len(part.text) for part in parts) <= SNIPPET_CHARS + 4


@given(st.text(max_size=1500), st.text(max_size=60))
def test_what_is_shown_stands_in_the_text(text: str, query: str) -> None:
    shown = "".join(part.text for part in snippet(text, query)).removeprefix("… ").removesuffix(" …")
    assert shown in text or shown.strip("… ") in text
