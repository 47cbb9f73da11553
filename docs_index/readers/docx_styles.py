"""What the styles of a Word document make of a paragraph: a heading, an entry of a list, a line of the contents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from docs_index.readers.docx_numbering import W

LOWEST_HEADING = 8  # an outline level of 9 is the text itself
HEADING_TAGS = 6
FURTHEST = 20  # a style may stand on another, and that on the first


@dataclass(frozen=True, slots=True)
class Style:
    """One style, as far as it decides what stands there."""

    name: str = ""
    base: str = ""
    outline: int | None = None
    list_number: str | None = None
    list_level: int | None = None


class Styles:
    """The styles of one document by their ids, with all that they inherit."""

    def __init__(self, part: etree._Element | None) -> None:
        """`part` is word/styles.xml; None where the document has none."""
        found = () if part is None else part.iter(f"{W}style")
        self._styles = {each.get(f"{W}styleId", ""): _style(each) for each in found}

    def list_of(self, name: str) -> tuple[str, int] | None:
        """The number of the list and the level that a style puts its paragraphs into."""
        family = list(self._family(name))
        number = next((style.list_number for style in family if style.list_number is not None), None)
        level = next((style.list_level for style in family if style.list_level is not None), 0)
        return None if number is None else (number, level)

    def map_for_mammoth(self) -> str:
        """Headings by whatever name; lines of the contents, which only say again what follows, are left out."""
        lines = ["p[style-name^='toc '] => !", "p[style-name^='TOC '] => !"]
        for name, style in self._styles.items():
            outline = next((each.outline for each in self._family(name) if each.outline is not None), None)
            if outline is not None and style.name:
                quoted = style.name.replace("\\", "\\\\").replace("'", "\\'")
                lines.append(f"p[style-name='{quoted}'] => h{min(outline + 1, HEADING_TAGS)}:fresh")
        return "\n".join(lines)

    def _family(self, name: str) -> Iterator[Style]:
        for _ in range(FURTHEST):
            style = self._styles.get(name)
            if style is None:
                return
            yield style
            name = style.base


def _style(element: etree._Element) -> Style:
    outline, level = _value(element, "pPr/outlineLvl"), _value(element, "pPr/numPr/ilvl")
    return Style(
        name=_value(element, "name") or "",
        base=_value(element, "basedOn") or "",
        outline=int(outline) if outline and outline.isdecimal() and int(outline) <= LOWEST_HEADING else None,
        list_number=_value(element, "pPr/numPr/numId"),
        list_level=int(level) if level and level.isdecimal() else None,
    )


def _value(element: etree._Element, path: str) -> str | None:
    found = element.find("/".join(f"{W}{name}" for name in path.split("/")))
    return None if found is None else found.get(f"{W}val", "")
