"""XML of any kind: each piece of text as a line under the name of its element; parts with a title become sections.

What an element means is not known. One that holds text beside other elements is a paragraph.
"""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from docs_index.errors import EmptyDocument, LimitExceeded, UnsupportedFormat
from docs_index.readers.decoding import MAX_BYTES, decode_bytes
from docs_index.readers.draft import Draft
from docs_index.readers.guarded_xml import children, local_name, parse, text_of
from docs_index.types import Extraction

TITLES = frozenset({"title", "head", "heading", "name", "label", "caption"})
PROSE = frozenset({"p", "para", "simpara", "l", "line", "seg", "td", "entry", "li", "item", "text", "body", "content"})


def read(path: Path) -> Extraction:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise LimitExceeded(f"This file holds {size // 1_000_000:,} MB; text files of up to 200 MB can be read.")
    data = path.read_bytes()
    if not data.strip():
        raise EmptyDocument("There is no text in this file: it is empty.")
    root = parse(_declared(data))
    draft = Draft()
    _add(draft, root, 1)
    title = root.find("{*}title")
    return draft.finish("There is no text in this XML file.", title=text_of(title) if title is not None else "")


def _declared(data: bytes) -> bytes:
    """XML names its own character set, or is UTF-8 or UTF-16; what does neither is decoded by guess."""
    head = data[:200].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    if not head.startswith(b"<"):
        raise UnsupportedFormat("This is not an XML file, although its name says so.")
    if b"encoding" in data[:200].replace(b"\0", b"").split(b"?>")[0]:
        return data.lstrip()
    return decode_bytes(data, keeps_lines=True).lstrip().encode()


def _add(draft: Draft, element: etree._Element, level: int) -> None:
    name = local_name(element)
    parts = list(children(element))
    own = (element.text or "").strip() or any((child.tail or "").strip() for child in element)
    facts = ", ".join(f"{etree.QName(key).localname}={value}" for key, value in element.items() if value.strip())
    if own or not parts:
        text = text_of(element)
        label = "" if name in PROSE and not facts else f"{name} ({facts})" if facts else name
        if text or facts:
            draft.add(f"{label}: {text}" if label and text else label or text, gap="\n\n" if name in PROSE else "\n")
        return
    title = next((part for part in parts if local_name(part) in TITLES and text_of(part)), None)
    if title is not None:
        draft.head(level, text_of(title))
    if facts:
        draft.add(f"{name}: {facts}")
    for part in parts:
        if part is not title:
            _add(draft, part, level + (title is not None))
