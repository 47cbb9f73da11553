from __future__ import annotations

import pytest

from docs_index.errors import EmptyDocument
from docs_index.readers.html import extract
from docs_index.types import Heading


@pytest.mark.parametrize(
    "html, text",
    [
        ("<h1>Lions</h1><p>They <b>roar</b>.</p><p>They\n  sleep.</p>", "Lions\n\nThey roar.\n\nThey sleep."),
        ("<div>one<p>two</p>three</div>", "one\n\ntwo\n\nthree"),
        ("<ul><li>one</li><li>two <i>more</i></li></ul>", "one\ntwo more"),
        ("one<br>two", "one\ntwo"),
        ("<table><tr><th>Name<th>Age<tr><td><p>Ann</p><td>7</table>", "Name | Age\nAnn | 7"),
        ("<pre>def f():\n    return 1</pre>", "def f():\n    return 1"),
        ("caf&eacute; &lt;b&gt;&nbsp;5&nbsp;€", "café <b> 5 €"),
        ("a<span>b</span>c <span> d</span>", "abc d"),
        ("<p>one</p> <p>two", "one\n\ntwo"),
        ("<b>one</b> <i>two</i>", "one two"),
    ],
)
def test_blocks_become_lines(html: str, text: str) -> None:
    assert extract(html).text == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>x</script>",
        "<style>x</style>",
        "<nav>x</nav>",
        "<template>x</template>",
        "<!-- x -->",
        "<p hidden>x</p>",
    ],
)
def test_what_nobody_reads_is_left_out(hidden: str) -> None:
    assert extract(f"<p>one</p>{hidden}<p>two</p>").text == "one\n\ntwo"


def test_the_title_comes_from_the_head_or_the_first_heading() -> None:
    assert extract("<title>Big\n cats</title><h1>Lions</h1>").title == "Big cats"
    assert extract("<h1>Lions</h1>").title == "Lions"


@pytest.mark.parametrize("html", ["<script>only()</script>", "<p> </p>", "<title>A</title>"])
def test_a_page_without_text_is_said_to_be_empty(html: str) -> None:
    with pytest.raises(EmptyDocument):
        extract(html)


def test_deep_nesting_is_no_danger() -> None:
    assert extract("<div>" * 10_000 + "deep").text == "deep"


def test_headings_keep_their_level_and_where_they_stand() -> None:
    page = "<main>\n\n<h1> Big\n <i>cats</i></h1><p>x</p><section><h3>Lions<br>of Africa</h3>y</section></main>"
    extraction = extract(page)
    assert extraction.text == "Big cats\n\nx\n\nLions\nof Africa\n\ny"
    assert extraction.headings == (Heading(0, 1, "Big cats"), Heading(extraction.text.index("Lions"), 3, "Lions"))


def test_marks_of_a_page_are_not_taken_for_ours() -> None:
    extraction = extract("<p>one \ufdd0\ufdd1 two</p>")
    assert (extraction.text, extraction.headings) == ("one two", ())
