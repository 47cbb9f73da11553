"""OpenDocument texts: headings, paragraphs, list items and table rows. Pictures and comments are left out.

The text stands in content.xml (OpenDocument 1.3, part 3, chapter 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from docs_index.readers.archive import Container, opened
from docs_index.readers.draft import Draft
from docs_index.readers.guarded_xml import children, local_name, parse
from docs_index.readers.tables import row_text
from docs_index.types import Extraction

OPEN_TEXT = Container("OpenDocument text", "content.xml")
LEFT_OUT = frozenset({"tracked-changes", "annotation", "annotation-end", "sequence-decls", "forms", "note-citation"})
PARAGRAPHS = frozenset({"h", "p"})
CELLS = frozenset({"table-cell", "covered-table-cell"})
MAX_SPACES = 100  # text:c says how many spaces stand there; it may say a billion


def read(path: Path) -> Extraction:
    with opened(path, OPEN_TEXT) as archive:
        root = parse(archive.read("content.xml"))
        title = _title(archive.read("meta.xml")) if "meta.xml" in archive.namelist() else ""
        draft = Draft()
        for body in root.iter("{*}body"):
            _add(draft, body, in_list=False)
        return draft.finish("There is no text in this OpenDocument text.", title=title)


def _title(meta: bytes) -> str:
    title = parse(meta).find(".//{*}title")
    return title.text or "" if title is not None else ""


def _add(draft: Draft, element: etree._Element, *, in_list: bool) -> None:
    for child in children(element):
        name = local_name(child)
        if name == "h":
            draft.head(_level(child), _text(child))
        elif name == "p":
            draft.add(_text(child), gap="\n" if in_list else "\n\n")
        elif name == "table":
            draft.add("\n".join(row_text(row) for row in _rows(child) if any(row)))
        elif name not in LEFT_OUT:
            _add(draft, child, in_list=name == "list-item")


def _level(heading: etree._Element) -> int:
    level = next((value for key, value in heading.items() if key.endswith("}outline-level")), "1")
    return int(level) if level.isdecimal() and len(level) < 3 else 1


def _rows(table: etree._Element) -> Iterator[list[str]]:
    for row in table.iter("{*}table-row"):
        yield [" ".join(_text(cell).split()) for cell in children(row) if local_name(cell) in CELLS]


def _text(element: etree._Element) -> str:
    return "".join(_pieces(element)).strip()


def _pieces(element: etree._Element) -> Iterator[str]:
    yield " ".join((element.text or "").split("\n"))
    for child in element:
        name = local_name(child)
        if name == "s":
            count = next((value for key, value in child.items() if key.endswith("}c")), "1")
            yield " " * min(int(count) if count.isdecimal() else 1, MAX_SPACES)
        elif name == "tab":
            yield "\t"
        elif name == "line-break":
            yield "\n"
        elif name and name not in LEFT_OUT:
            yield from _pieces(child)
            if name in PARAGRAPHS:
                yield " "
        yield " ".join((child.tail or "").split("\n"))
