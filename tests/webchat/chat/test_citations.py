"""Numbers in an answer that name a passage."""

from __future__ import annotations

import pytest

from webchat.chat.citations import cited_numbers
from webchat.chat.markdown import render

SHOWN = {1, 2, 3}


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("It rains [1].", {1}),
        ("It rains [1][3].", {1, 3}),
        ("It rains [1, 2; 3].", {1, 2, 3}),
        ("It rains [ 2 ].", {2}),
        ("- a list [1]\n- and [2]", {1, 2}),
        ("| a |\n|---|\n| b [2] |", {2}),
        ("**bold [3]**", {3}),
        ("nothing [9] that was shown [0]", set()),
        ("`items[1]` is code", set()),
        ("```\nitems[1]\n```", set()),
        ("    items[1]", set()),
        ("[1](https://example.org)", set()),
        ("a[1]", {1}),
        ("[1", set()),
        ("[one]", set()),
        (r"\[1]", set()),
    ],
)
def test_it_finds_the_numbers(text: str, cited: set[int]):
    assert cited_numbers(text, SHOWN) == cited


def test_it_links_them_to_their_source_but_not_in_code():
    html = render("See [1] and `x[1]` and [7].", {1: "/c/4/sources/9/"})
    assert html.count('class="citation"') == 1
    assert 'href="/c/4/sources/9/"' in html
    assert "<code>x[1]</code>" in html and "[7]" in html


def test_a_line_that_looks_like_a_link_definition_stays():
    assert "The harbor" in render("[1]: The harbor")
