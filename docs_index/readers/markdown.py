"""Markdown, kept as it was written; its headings are the sections (CommonMark 0.31, 4.2 and 4.3)."""

from __future__ import annotations

import re
from pathlib import Path

from docs_index.readers.decoding import decode
from docs_index.types import Extraction, Heading

HASHES = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
NO_PARAGRAPH = re.compile(r"\s*(?:[-*+>|]|\d+[.)])\s|\s{4}|\s*$")  # a line under which dashes are no heading
FRONT_MATTER = re.compile(r"---\n(.*?)\n(?:---|\.\.\.)\n", re.DOTALL)
FRONT_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)

MAX_LINE_CHARS = 1000  # a longer one is no heading, and costs the patterns too much


def read(path: Path) -> Extraction:
    text = decode(path)
    front = FRONT_MATTER.match(text)
    title = FRONT_TITLE.search(front[1]) if front else None
    headings = headings_of(text, front.end() if front else 0)
    first = next((heading.title for heading in headings if heading.level <= 2), "")
    return Extraction(text=text, title=title[1] if title else first, is_markdown=True, headings=headings)


def headings_of(text: str, start: int = 0) -> tuple[Heading, ...]:
    """With # before or a line of = or - below; not inside of code."""
    headings: list[Heading] = []
    fence, before, before_start = "", "", start
    for match in re.finditer(r".*\n?", text[start:]):
        line, at = match[0].rstrip("\n"), start + match.start()
        opening = FENCE.match(line)
        if opening and (not fence or opening[1].startswith(fence)):
            fence = "" if fence else opening[1]
            before = ""
            continue
        if fence:
            continue
        if len(line) > MAX_LINE_CHARS:
            before = ""
            continue
        hashes, underline = HASHES.fullmatch(line), UNDERLINE.fullmatch(line)
        if hashes and hashes[2]:
            headings.append(Heading(at, len(hashes[1]), hashes[2].strip()[:200]))
        elif underline and before.strip() and not NO_PARAGRAPH.match(before) and not HASHES.fullmatch(before):
            headings.append(Heading(before_start, 1 if underline[1].startswith("=") else 2, before.strip()[:200]))
        before, before_start = line, at
    return tuple(headings)
