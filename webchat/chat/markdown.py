"""Markdown to HTML that is safe to show, whoever wrote it.

Three walls: the parser passes no HTML through and only web addresses; nh3 keeps a short list of tags and attributes;
the pages' content policy runs no inline script. Nothing here makes the browser ask another computer: images are named,
not loaded. `Stream` renders an answer while it grows, through the same walls.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from html import escape

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

from webchat.chat.citations import citation_plugin

Citations = Mapping[int, str]  # number → address of the passage

MAX_HIGHLIGHTED = 50_000  # characters; coloring more takes longer than it helps
_SCHEMES = ("http://", "https://", "mailto:")
_CODE_CLASSES = {f"hl-{name}" for name in STANDARD_TYPES.values() if name}
_formatter = HtmlFormatter(nowrap=True, classprefix="hl-")


def render(text: str, citations: Citations | None = None) -> SafeString:
    """The whole text. Answers are shown many times and seldom change, so the last few hundred are remembered."""
    return _rendered(text, tuple((citations or {}).items()))


@lru_cache(maxsize=512)
def _rendered(text: str, citations: tuple[tuple[int, str], ...]) -> SafeString:
    return _html(text, dict(citations), colored=True)


def _html(text: str, citations: Citations, *, colored: bool) -> SafeString:
    return _cleaned(_markdown.render(text, {"citations": citations, "colored": colored}))


class Stream:
    """An answer that is being written: finished blocks, rendered once, and the open end, rendered anew."""

    def __init__(self) -> None:
        self.tail = ""

    def feed(self, text: str, citations: Citations) -> SafeString:
        """Takes more text; gives the HTML of the blocks it finished."""
        self.tail += text
        end = self._open_block()
        finished, self.tail = self.tail[:end], self.tail[end:]
        return _html(finished, citations, colored=True) if finished.strip() else SafeString()

    def open_html(self, citations: Citations) -> SafeString:
        """The unfinished block. Code gets its colors when it is finished: coloring on every word is dear."""
        return _html(self.tail, citations, colored=False)

    def _open_block(self) -> int:
        """Where the last block begins. A line that has not ended may still become anything, so it closes nothing."""
        lines = self.tail.splitlines(keepends=True)
        ended = lines if self.tail.endswith("\n") else lines[:-1]
        starts = [block.map[0] for block in _markdown.parse("".join(ended)) if block.level == 0 and block.map]
        return sum(map(len, lines[: starts[-1]])) if starts else 0


def _cleaned(html: str) -> SafeString:
    return mark_safe(
        nh3.clean(
            html,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            allowed_classes=_CLASSES,
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
            strip_comments=True,
        )
    )


_TAGS = {"a", "button", "code", "del", "div", "em", "pre", "span", "strong"}
_TAGS |= {"blockquote", "br", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "ul"}
_TAGS |= {"table", "tbody", "td", "th", "thead", "tr"}
_ATTRIBUTES = {
    "a": {"href", "title", "target", "data-source"},
    "button": {"type", "data-copy"},
    "ol": {"start"},
    "pre": {"tabindex"},
}
_CLASSES = {
    "a": {"citation"},
    "button": {"code-copy"},
    "div": {"code", "code-head", "table-scroll"},
    "span": {"code-language", "image-name", "align-right", "align-center", *_CODE_CLASSES},
    "td": {"align-right", "align-center"},
    "th": {"align-right", "align-center"},
}


def _fence(self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    language = token.info.split()[0][:30] if token.info.split() else ""
    code = _colored(token.content, language) if env.get("colored") else escape(token.content)
    return (
        f'<div class="code"><div class="code-head"><span class="code-language">{escape(language or "text")}</span>'
        '<button type="button" class="code-copy" data-copy="">Copy</button></div>'
        f'<pre tabindex="0"><code>{code}</code></pre></div>\n'
    )


def _colored(code: str, language: str) -> str:
    try:
        lexer = get_lexer_by_name(language, stripnl=False) if language and len(code) <= MAX_HIGHLIGHTED else None
    except ClassNotFound:
        lexer = None
    return highlight(code, lexer, _formatter) if lexer else escape(code)


def _link_open(self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    tokens[index].attrSet("target", "_blank")
    tokens[index].attrSet("title", str(tokens[index].attrGet("href")))  # where it leads, before one goes
    return self.renderToken(tokens, index, options, env)


def _image(self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    return f'<span class="image-name">Image: {escape(token.content or str(token.attrGet("src")))}</span>'


def _table_open(self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    return '<div class="table-scroll"><table>\n'


def _table_close(self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    return "</table></div>\n"


def _cell_open(self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """The parser aligns with a `style` attribute, which the content policy forbids."""
    token = tokens[index]
    side = str(token.attrs.pop("style", "")).removeprefix("text-align:")
    if side in ("right", "center"):
        token.attrSet("class", f"align-{side}")
    return self.renderToken(tokens, index, options, env)


def _make_markdown() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True})
    md.enable(["table", "strikethrough", "linkify"])
    md.disable(["reference", "html_block", "html_inline"])  # "[1]: …" in an answer is text, not a hidden definition
    md.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    md.validateLink = lambda url: url.strip().lower().startswith(_SCHEMES)  # type: ignore[method-assign]
    rules = {"link_open": _link_open, "image": _image, "table_open": _table_open, "table_close": _table_close}
    rules |= {"fence": _fence, "code_block": _fence, "td_open": _cell_open, "th_open": _cell_open}
    for name, rule in rules.items():
        md.add_render_rule(name, rule)
    return md.use(citation_plugin)


_markdown = _make_markdown()
