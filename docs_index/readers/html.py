"""Web pages: headings, paragraphs, list items and table rows as lines; navigation, scripts and styles left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from docs_index.errors import EmptyDocument
from docs_index.readers.decoding import decode, tidy
from docs_index.readers.html_tables import cell_labels
from docs_index.types import Extraction, Heading

LEFT_OUT = """
    script, style, nav, noscript, template, svg, iframe, object, canvas, head, button, select, textarea, [hidden],
    [role=navigation], [role=search], [role=dialog], [role=alertdialog], dialog, span[aria-hidden=true]
"""
FRAME = "body footer, body header"  # around what the page is about, where it says what that is
BLOCK_NAMES = """
    address article aside blockquote body dd details dialog div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary table tr ul
"""
BLOCKS = frozenset(BLOCK_NAMES.split())
LINES = frozenset({"li", "tr", "dd", "dt"})  # these stand on a line of their own, without a blank line before
CELLS = frozenset({"td", "th"})
SPACE = re.compile(r"\s+")
NESTING_NAMES = """
    address article aside blockquote center details dialog div dl fieldset figure footer form header main nav ol section
    table ul
"""
NESTING = re.compile(rf"<(/?)(?:{'|'.join(NESTING_NAMES.split())})(?=[\s/>])[^>]*>", re.IGNORECASE)
DEEPEST = 256  # no person writes so; the time the parser takes grows with the square of the depth
# While the text is laid out, a heading carries a mark of two characters that Unicode gives to nobody: the second is its
# level. So its offset is right whatever white space goes away.
HEADING_MARK = "\ufdd0"
LEVELS = {f"h{level}": chr(0xFDD0 + level) for level in range(1, 7)}
MARK = re.compile("\ufdd0([\ufdd1-\ufdd6])")
NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")
MAX_HEADING_CHARS = 200


def read(path: Path) -> Extraction:
    return extract(decode(path, names_itself=True))


def extract(html: str) -> Extraction:
    """The readable text of a page; raises EmptyDocument when none is left."""
    tree = LexborHTMLParser(_shallow(html))
    title = _title(tree)
    for node in [*tree.css(LEFT_OUT), *_frame(tree)]:
        node.decompose()
    text, headings = _without_marks(_lay_out(tree.body) if tree.body else "")
    if not text:
        raise EmptyDocument("There is no text in this page.")
    return Extraction(text=text, title=title, headings=tuple(headings))


def _lay_out(body: LexborNode) -> str:
    return _Layout(cell_labels(body) if body.css_first("table") else {}).lay_out(body)


def _shallow(html: str) -> str:
    """The same page; what nests deeper than anybody writes stands side by side instead."""
    if html.count("<") <= DEEPEST:
        return html
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        is_kept = depth <= DEEPEST if tag[1] else depth < DEEPEST
        depth = max(0, depth + (-1 if tag[1] else 1))
        return tag[0] if is_kept else "" if tag[1] else "<p>"

    return NESTING.sub(kept, html)


def _frame(tree: LexborHTMLParser) -> list[LexborNode]:
    """What stands around the main part on every page of a site; not a head with the title of this one."""
    if not tree.css_first("main"):
        return []
    inside = {node.mem_id for node in tree.css("main footer, main header")}
    return [node for node in tree.css(FRAME) if node.mem_id not in inside and not node.css_first("h1")]


def _title(tree: LexborHTMLParser) -> str:
    node = tree.css_first("title") or tree.css_first("h1")
    return SPACE.sub(" ", node.text()).strip()[:300] if node else ""


def _without_marks(marked: str) -> tuple[str, list[Heading]]:
    """The text itself, and where the headings stand in it."""
    parts: list[str] = []
    headings: list[Heading] = []
    length = end = 0
    for match in MARK.finditer(marked):
        parts.append(marked[end : match.start()])
        length, end = length + match.start() - end, match.end()
        title = marked[end : end + MAX_HEADING_CHARS].split("\n", 1)[0].strip()
        headings.append(Heading(length, ord(match[1]) - 0xFDD0, title))
    return "".join([*parts, marked[end:]]), headings


@dataclass(frozen=True, slots=True)
class _Place:
    """Where text inside a node goes: which block it belongs to, and which cell of a row."""

    block: int
    lines_before: int = 2
    row: int | None = None
    cell: int | None = None
    keeps_space: bool = False
    mark: str = ""  # of the heading that this block is
    item: int | None = None  # of a list


@dataclass(slots=True)
class _Layout:
    """Walks the tree once, without recursion: pages nest a hundred thousand deep if someone wants them to."""

    labels: dict[int, str]
    places: dict[int, _Place] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)  # the next number of each list
    numbers: dict[int, str] = field(default_factory=dict)  # of the items whose text has not begun
    parts: list[str] = field(default_factory=list)
    at: _Place = _Place(block=0)

    def lay_out(self, body: LexborNode) -> str:
        for node in body.traverse(include_text=True):
            parent = self.places.get(node.parent.mem_id) if node.parent else None
            if node.tag == "-text":
                self._write(node.text_content or "", parent or self.at)
            elif node.tag == "br":
                self.parts.append("\n")
            else:
                self.places[node.mem_id] = self._place(node, parent or self.at)
                if node.tag == "li":
                    self._count(node)
        lines = (
            line.strip() if not line.startswith("    ") else line.rstrip() for line in "".join(self.parts).split("\n")
        )
        return tidy("\n".join(lines)).strip()

    def _count(self, item: LexborNode) -> None:
        """Items of a list that counts in digits have their number, as a browser shows it."""
        numbered = item.parent
        if numbered is None or numbered.tag != "ol" or numbered.attributes.get("type", "1") != "1":
            return
        start = _number(numbered.attributes.get("start"), 1)
        number = _number(item.attributes.get("value"), self.counts.get(numbered.mem_id, start))
        self.counts[numbered.mem_id] = number + 1
        self.numbers[item.mem_id] = f"{number}. "

    def _place(self, node: LexborNode, outer: _Place) -> _Place:
        tag, here = node.tag or "", node.mem_id
        if tag == "tr":
            return _Place(block=here, lines_before=1, row=here, item=outer.item)
        if outer.row is not None:  # blocks inside a table cell do not break its row
            return _Place(
                outer.block, 1, outer.row, here if tag in CELLS else outer.cell, outer.keeps_space, item=outer.item
            )
        if tag in BLOCKS:
            mark = HEADING_MARK + LEVELS[tag] if tag in LEVELS else ""
            item = here if tag == "li" else outer.item
            return _Place(here, 1 if tag in LINES else 2, keeps_space=tag == "pre", mark=mark, item=item)
        return outer

    def _write(self, text: str, place: _Place) -> None:
        text = NONCHARACTERS.sub("", text)
        gap = self._gap(place)
        if not place.keeps_space:
            text = SPACE.sub(" ", text)
            if gap or self.parts[-1:] == ["\n"] or (self.parts and self.parts[-1].endswith(" ")):
                text = text.lstrip(" ")
        if text.strip():
            mark = place.mark if place.block != self.at.block else ""
            label = self.labels.get(place.cell, "") if place.cell and place.cell != self.at.cell else ""
            number = self.numbers.pop(place.item, "") if place.item else ""
            self.parts.append(gap + number + mark + label + text)
            self.at = place
        elif text and not gap:
            self.parts.append(text)

    def _gap(self, place: _Place) -> str:
        if place.block != self.at.block:
            return "\n" * max(place.lines_before, self.at.lines_before)
        return " | " if place.cell != self.at.cell else ""


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise
