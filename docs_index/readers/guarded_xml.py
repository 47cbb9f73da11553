"""XML that may come from anybody: no entity is resolved, nothing is fetched, and no tree grows deeper than 256.

Knows nothing of what the elements mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from docs_index.errors import DamagedDocument, LimitExceeded


def parse(data: bytes) -> etree._Element:
    """The root element; raises a ReadError with the line where the text stops being XML."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _explain(error) from error


def local_name(element: etree._Element) -> str:
    """The tag without its namespace; empty for an entity, which has no tag."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def children(element: etree._Element) -> Iterator[etree._Element]:
    return (child for child in element if isinstance(child.tag, str))


def text_of(element: etree._Element) -> str:
    """All the text inside, in one line."""
    return " ".join("".join(_pieces(element)).split())


def _pieces(element: etree._Element) -> Iterator[str]:
    """An entity is left out, but not what follows it."""
    yield element.text or "" if isinstance(element.tag, str) else ""
    for child in element:
        yield from _pieces(child)
        yield child.tail or ""


def _explain(error: etree.XMLSyntaxError) -> LimitExceeded | DamagedDocument:
    message = str(error).lower()
    if "depth" in message:
        return LimitExceeded("This file is nested too deeply to be read.")
    if "entity" in message and ("loop" in message or "amplification" in message):
        return LimitExceeded("This file unfolds without end (it declares entities made of entities) and is not read.")
    if "huge" in message or "memory" in message or "buffer" in message:
        return LimitExceeded("A single piece of text in this file is larger than is safe to read.")
    if not error.lineno:  # it had begun, and got no more memory
        return LimitExceeded("This file is too large to be read as XML.")
    return DamagedDocument(f"This file breaks off or is damaged at line {error.lineno}. Get or save it again.")
