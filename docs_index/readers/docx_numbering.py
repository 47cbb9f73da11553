"""The numbers that Word puts before paragraphs and does not write into them: "1.", "§ 4", "2.1", "b)".

They come out of counting the paragraphs of each list (ECMA-376, part 1, 17.9). Bullets have none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LEVELS = 9
LETTERS = 26
ROMAN = {
    **{1000: "m", 900: "cm", 500: "d", 400: "cd", 100: "c", 90: "xc", 50: "l", 40: "xl"},
    **{10: "x", 9: "ix", 5: "v", 4: "iv", 1: "i"},
}
MOST = 5_000  # what is counted further is written in digits


@dataclass(frozen=True, slots=True)
class Level:
    """How one level of a list counts."""

    start: int = 1
    format: str = "decimal"
    text: str = ""  # "%1.%2": the numbers of this level and those above it
    is_legal: bool = False  # all in digits


@dataclass(slots=True)
class Numbering:
    """The lists of one document, and how far each has come. Asked for the paragraphs in their order."""

    _lists: dict[str, tuple[str, list[Level]]]  # by their number: what they count with, and how
    _restarts: dict[str, dict[int, int]]
    _counts: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    _begun: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, part: etree._Element | None) -> Numbering:
        """`part` is word/numbering.xml; None where the document has none."""
        lists, restarts = {}, {}
        described = (
            {} if part is None else {each.get(f"{W}abstractNumId"): each for each in part.iter(f"{W}abstractNum")}
        )
        for number in () if part is None else part.iter(f"{W}num"):
            name, base = number.get(f"{W}numId", ""), _value(number, "abstractNumId")
            lists[name] = (base, list(_levels(described.get(base))))
            restarts[name] = dict(_overrides(number))
        return cls(lists, restarts)

    def next_label(self, number: str, level: int) -> str:
        """What stands before the next paragraph of that list at that level; empty for a bullet."""
        if number not in self._lists or not 0 <= level < LEVELS:
            return ""
        base, levels = self._lists[number]
        counts = self._counts[base]
        if number not in self._begun:
            self._begun.add(number)
            for restarted, start in self._restarts[number].items():
                counts[restarted] = start - 1
        counts[level] = counts.get(level, levels[level].start - 1) + 1
        for deeper in [each for each in counts if each > level]:
            del counts[deeper]
        return _label(levels, level, counts)


def _levels(described: etree._Element | None) -> Iterator[Level]:
    found = {} if described is None else {each.get(f"{W}ilvl"): each for each in described.iter(f"{W}lvl")}
    for number in range(LEVELS):
        level = found.get(str(number))
        if level is None:
            yield Level(format="bullet")
        else:
            start, is_legal = _value(level, "start"), level.find(f"{W}isLgl") is not None
            form = _value(level, "numFmt") or "decimal"
            yield Level(int(start) if start.isdecimal() else 1, form, _value(level, "lvlText"), is_legal)


def _overrides(number: etree._Element) -> Iterator[tuple[int, int]]:
    for override in number.iter(f"{W}lvlOverride"):
        level, start = override.get(f"{W}ilvl", ""), _value(override, "startOverride")
        if level.isdecimal() and start.isdecimal():
            yield int(level), int(start)


def _label(levels: list[Level], level: int, counts: dict[int, int]) -> str:
    if levels[level].format in ("bullet", "none"):
        return ""
    label = levels[level].text[:40]
    for number, each in enumerate(levels[: level + 1]):
        form = "decimal" if levels[level].is_legal else each.format
        label = label.replace(f"%{number + 1}", _written(counts.get(number, each.start), form))
    return label.strip()


def _written(count: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter") and 0 < count <= MOST:
        text = chr(ord("a") + (count - 1) % LETTERS) * ((count - 1) // LETTERS + 1)
    elif form in ("lowerRoman", "upperRoman") and 0 < count <= MOST:
        text = _roman(count)
    else:
        text = f"{count:02}" if form == "decimalZero" else str(count)
    return text.upper() if form.startswith("upper") else text


def _roman(count: int) -> str:
    text = ""
    for value, sign in ROMAN.items():
        text += sign * (count // value)
        count %= value
    return text


def _value(element: etree._Element, name: str) -> str:
    child = element.find(f"{W}{name}")
    return "" if child is None else child.get(f"{W}val", "")
