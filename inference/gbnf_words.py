"""The words of GBNF: a grammar's text cut into names, literals, sets and signs, and what each of them says. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from inference.byte_ranges import LAST, Ranges, others
from inference.errors import InvalidRequest

REPETITIONS_LIMIT = 10_000

_WORDS = re.compile(
    r"""
      (?P<space>\s+|\#[^\n]*)
    | (?P<rule>[A-Za-z][\w-]*)\s*::=
    | (?P<name>[A-Za-z][\w-]*)
    | "(?P<literal>(?:[^"\\\n]|\\.)*)"
    | \[(?P<set>(?:[^\]\\\n]|\\.)*)\]
    | (?P<repeat>[*+?]|\{\s*\d{1,9}\s*(?:,\s*(?:\d{1,9}\s*)?)?\})
    | (?P<sign>[()|.])
    """,
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "[": "[", "]": "]", "-": "-", "^": "^", "/": "/"}
_CODED = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|(.)", re.DOTALL)


class Word(NamedTuple):
    """One word, by the name of its pattern."""

    kind: str
    text: str
    line: int


def split(text: str) -> Iterator[Word]:
    """The words of a grammar, without white space and comments."""
    at, line = 0, 1
    while at < len(text):
        found = _WORDS.match(text, at)
        if not found:
            raise InvalidRequest(f"The grammar cannot be read at line {line}: {text[at : at + 20]!r}.")
        assert found.lastgroup is not None
        if found.lastgroup != "space":
            yield Word(found.lastgroup, found[found.lastgroup], line)
        line += text.count("\n", at, found.end())
        at = found.end()


def bounds(word: Word) -> tuple[int, int | None]:
    """How often a repetition repeats at the least, and at the most."""
    if word.text in "*+?":
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[word.text]
    least, comma, most = (part.strip() for part in word.text.strip("{}").partition(","))
    low, high = int(least), (int(most) if most else None) if comma else int(least)
    if max(low, high or 0) > REPETITIONS_LIMIT:
        raise InvalidRequest(f"The grammar repeats more than {REPETITIONS_LIMIT:,} times, at line {word.line}.")
    if high is not None and high < low:
        raise broken(word)
    return low, high


def ranges_of(word: Word) -> Ranges:
    """What stands between square brackets; a `^` first means all the others."""
    negated = word.text.startswith("^")
    found = list(_coded(word, word.text[negated:]))
    ranges, at = [], 0
    while at < len(found):
        low = found[at]
        if at + 2 < len(found) and found[at + 1] == (ord("-"), False):
            ranges.append((low[0], found[at + 2][0]))
            at += 3
        else:
            ranges.append((low[0], low[0]))
            at += 1
    if any(low > high for low, high in ranges):
        raise broken(word)
    return others(ranges) if negated else tuple(sorted(ranges))


def characters(word: Word) -> Iterator[int]:
    return (code for code, _ in _coded(word, word.text))


def _coded(word: Word, text: str) -> Iterator[tuple[int, bool]]:
    """The code points of a literal or a set, and whether each was escaped."""
    for two, four, eight, escaped, plain in _CODED.findall(text):
        if plain:
            yield ord(plain), False
        elif escaped:
            if escaped not in _ESCAPES:
                raise broken(word)
            yield ord(_ESCAPES[escaped]), True
        else:
            code = int(two or four or eight, 16)
            if code > LAST:
                raise broken(word)
            yield code, True


def encoded(text: str, word: Word) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise broken(word) from error


def broken(word: Word) -> InvalidRequest:
    return InvalidRequest(f"The grammar cannot be read at line {word.line}: {word.text[:20]!r} is not expected there.")


def literal(text: str) -> str:
    """A text as grammars write it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char >= " " and char != "\x7f" else f"\\x{ord(char):02X}" for char in escaped) + '"'
