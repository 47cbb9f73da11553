"""The numbers in an answer that name a passage: `[2]`, `[1][3]` or `[1, 3]`, but not inside code.

A plugin for the Markdown parser, so that what counts as code is decided in one place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

_MARK = re.compile(r"\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*\](?!\()")  # "[1](…" is a link that names itself 1


def cited_numbers(text: str, shown: Collection[int]) -> set[int]:
    """Which of the numbers that were shown the answer names."""
    blocks = _parser.parse(text, {"citations": dict.fromkeys(shown, "")})
    marks = [token for block in blocks for token in block.children or () if token.type == "citation"]
    return {number for mark in marks for number in mark.meta["numbers"]}


def citation_plugin(md: MarkdownIt) -> None:
    """Turns numbers found in `env["citations"]` (number → address) into links."""
    md.inline.ruler.before("link", "citation", _citation)
    md.add_render_rule("citation", _render)


def _citation(state: StateInline, silent: bool) -> bool:
    match = _MARK.match(state.src, state.pos) if state.src[state.pos] == "[" else None
    if match is None:
        return False
    numbers = [int(number) for number in re.findall(r"\d+", match[1])]
    addresses: Mapping[int, str] = state.env.get("citations", {})
    if not all(number in addresses for number in numbers):
        return False
    if not silent:
        token = state.push("citation", "", 0)
        token.meta = {"numbers": numbers}
    state.pos = match.end()
    return True


def _render(self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    return "".join(
        f'<a class="citation" href="{escape(env["citations"][number])}" data-source="">{number}</a>'
        for number in tokens[index].meta["numbers"]
    )


_parser = MarkdownIt("commonmark", {"html": False}).use(citation_plugin)
