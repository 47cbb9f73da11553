"""A Word document as mammoth reads it whole: with the numbers of its paragraphs, its fields, formulas and text boxes.

What mammoth passes over is written into the document as plain text before. Pictures are left behind.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

from lxml import etree

from docs_index.readers.docx_numbering import Numbering, W
from docs_index.readers.docx_styles import Styles
from docs_index.readers.guarded_xml import local_name, parse

TEXTS = re.compile(r"word/(document\d*|footnotes|endnotes)\.xml")
STYLES, NUMBERING = "word/styles.xml", "word/numbering.xml"
PICTURES = "word/media/"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
BETWEEN = {f"{M}f": "/", f"{M}sSup": "^", f"{M}sSub": "_"}  # what a formula writes by its layout


def mended(archive: zipfile.ZipFile) -> tuple[io.BytesIO, str]:
    """The document as another file, and mammoth's style map for it."""
    styles = Styles(_part(archive, STYLES))
    numbering = Numbering.of(_part(archive, NUMBERING))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as copy:
        for name in archive.namelist():
            if TEXTS.fullmatch(name):
                root = parse(archive.read(name))
                _mend(root, styles, numbering)
                copy.writestr(name, etree.tostring(root))
            elif not name.startswith(PICTURES):
                copy.writestr(name, archive.read(name))
    file.seek(0)
    return file, styles.map_for_mammoth()


def _part(archive: zipfile.ZipFile, name: str) -> etree._Element | None:
    return parse(archive.read(name)) if name in archive.namelist() else None


def _mend(root: etree._Element, styles: Styles, numbering: Numbering) -> None:
    etree.strip_tags(root, etree.Entity)
    for choice in list(root.iter(f"{MC}AlternateContent")):
        _choose(choice)
    for formula in list(root.iter(f"{M}oMath")):
        formula.getparent().replace(formula, _run(_formula(formula), formula.tail))
    for fields in list(root.iter(f"{W}fldSimple")):
        fields.tag = f"{W}smartTag"  # mammoth reads what stands inside
    for paragraph in root.iter(f"{W}p"):
        label = _label(paragraph, styles, numbering)
        if label and next(paragraph.iter(f"{W}t"), None) is not None:
            properties = paragraph.find(f"{W}pPr")
            paragraph.insert(0 if properties is None else paragraph.index(properties) + 1, _run(f"{label} "))


def _choose(alternatives: etree._Element) -> None:
    """Mammoth reads what is meant for older programs; a text box is sometimes a picture there, or nothing."""
    choice, fallback = alternatives.find(f"{MC}Choice"), alternatives.find(f"{MC}Fallback")
    if choice is None:
        return
    alternatives.remove(choice)  # what stands there twice would be counted twice
    if fallback is None:
        fallback = etree.SubElement(alternatives, f"{MC}Fallback")
    if next(fallback.iter(f"{W}t"), None) is None:
        fallback[:] = list(choice.iter(f"{W}txbxContent"))


def _formula(element: etree._Element) -> str:
    sign = BETWEEN.get(element.tag)
    if sign:
        return sign.join(f"({part})" if len(part) > 1 else part for part in map(_formula, element) if part)
    return "".join(_formula_pieces(element))


def _formula_pieces(element: etree._Element) -> Iterator[str]:
    for child in element:
        if local_name(child) == "t":
            yield child.text or ""
        elif isinstance(child.tag, str):
            yield _formula(child)


def _run(text: str, tail: str | None = None) -> etree._Element:
    run = etree.Element(f"{W}r")
    etree.SubElement(run, f"{W}t", {SPACE: "preserve"}).text = text
    run.tail = tail
    return run


def _label(paragraph: etree._Element, styles: Styles, numbering: Numbering) -> str:
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    inherited = styles.list_of(style.get(f"{W}val", "")) if style is not None else None
    number, level = inherited or ("", 0)
    own = paragraph.find(f"{W}pPr/{W}numPr")
    if own is not None:
        number = _value(own, "numId") or number
        level = int(_value(own, "ilvl") or level) if (_value(own, "ilvl") or "0").isdecimal() else 0
    return numbering.next_label(number, level) if number else ""


def _value(element: etree._Element, name: str) -> str:
    child = element.find(f"{W}{name}")
    return "" if child is None else child.get(f"{W}val", "")
