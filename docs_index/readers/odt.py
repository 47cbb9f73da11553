"""OpenDocument texts: headings, paragraphs, list items, table rows, and notes below the paragraph that they belong to.

Pictures and comments are left out. The text stands in content.xml (OpenDocument 1.3, part 3, chapter 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from docs_index.readers.archive import Container, opened
from docs_index.readers.draft import Draft
from docs_index.readers.guarded_xml import children, local_name, parse, text_of
from docs_index.readers.tables import table_text
from docs_index.types import Extraction

OPEN_TEXT = Container("OpenDocument text", "content.xml")
LEFT_OUT = frozenset({"tracked-changes", "annotation", "annotation-end", "sequence-decls", "forms"})
PARAGRAPHS = frozenset({"h", "p"})
ROW_GROUPS = frozenset({"table-header-rows", "table-rows", "table-row-group"})
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
        notes: list[str] = []
        if name == "h":
            draft.head(_level(child), _text(child, notes))
        elif name == "p":
            draft.add(_text(child, notes), gap="\n" if in_list else "\n\n")
        elif name == "table":
            draft.add(table_text([[" ".join(_text(cell, notes).split()) for cell in row] for row in _rows(child)]))
        elif name not in LEFT_OUT:
            _add(draft, child, in_list=name == "list-item")
        for note in notes:
            draft.add(note, gap="\n")


def _level(heading: etree._Element) -> int:
    level = next((value for key, value in heading.items() if key.endswith("}outline-level")), "1")
    return int(level) if level.isdecimal() and len(level) < 3 else 1


def _rows(table: etree._Element) -> Iterator[list[etree._Element]]:
    """The cells of each row; not those of tables that stand in a cell."""
    for child in children(table):
        if local_name(child) == "table-row":
            yield [cell for cell in children(child) if local_name(cell) in CELLS]
        elif local_name(child) in ROW_GROUPS:
            yield from _rows(child)


def _text(element: etree._Element, notes: list[str]) -> str:
    return "".join(_pieces(element, notes)).strip()


def _pieces(element: etree._Element, notes: list[str]) -> Iterator[str]:
    """The text inside, in order. A note leaves its number there, and goes to `notes`."""
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
        elif name == "note":
            yield _noted(child, notes)
        elif name and name not in LEFT_OUT:
            yield from _pieces(child, notes)
            if name in PARAGRAPHS:
                yield " "
        yield " ".join((child.tail or "").split("\n"))


def _noted(note: etree._Element, notes: list[str]) -> str:
    citation, body = note.find("{*}note-citation"), note.find("{*}note-body")
    mark = f"[{text_of(citation)}]" if citation is not None else ""
    if body is not None:
        notes.append(f"{mark} {' '.join(_text(body, notes).split())}".strip())
    return mark
