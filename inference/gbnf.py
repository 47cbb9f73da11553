"""GBNF, the grammar notation of llama.cpp → rules over bytes. Pure; what it cannot read it refuses with its line.

Characters become their UTF-8 bytes here, so that tokens which hold half a character need no care later. Everything is
bounded: text, nesting, and what repetitions blow up to. Tokens as terminals (`<[5]>`) are not supported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from inference.errors import InvalidRequest

TEXT_LIMIT_CHARS = 256_000
ELEMENTS_LIMIT = 200_000
REPETITIONS_LIMIT = 10_000
NESTING_LIMIT = 64

ByteSet = frozenset[int]
Ranges = tuple[tuple[int, int], ...]  # of code points
_Sequence = tuple["ByteSet | int", ...]  # a number is a rule

_LAST = 0x10FFFF
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


@dataclass(frozen=True, slots=True)
class Grammar:
    """Rules, laid out flat: a program of byte sets, calls of rules (numbers) and ends (None)."""

    program: tuple[ByteSet | int | None, ...]
    starts: tuple[tuple[int, ...], ...]  # of each rule, where its alternatives begin
    root: int


class _Word(NamedTuple):
    kind: str
    text: str
    line: int


@lru_cache(16)
def compile_grammar(text: str) -> Grammar:
    """Read a grammar. Raises InvalidRequest."""
    if len(text) > TEXT_LIMIT_CHARS:
        raise InvalidRequest(f"The grammar is longer than {TEXT_LIMIT_CHARS:,} characters.")
    return _Reader(list(_split(text))).read()


def _split(text: str) -> Iterator[_Word]:
    at, line = 0, 1
    while at < len(text):
        found = _WORDS.match(text, at)
        if not found:
            raise InvalidRequest(f"The grammar cannot be read at line {line}: {text[at : at + 20]!r}.")
        assert found.lastgroup is not None
        if found.lastgroup != "space":
            yield _Word(found.lastgroup, found[found.lastgroup], line)
        line += text.count("\n", at, found.end())
        at = found.end()


class _Reader:
    """Recursive descent over the words; rules may be used before they are defined."""

    def __init__(self, words: list[_Word]) -> None:
        self._words = words
        self._at = 0
        self._depth = 0
        self._elements = 0
        self._names: dict[str, int] = {}
        self._rules: list[list[_Sequence] | None] = []
        self._sets: dict[Ranges, ByteSet | int] = {}

    def read(self) -> Grammar:
        while word := self._next():
            if word.kind != "rule":
                raise _broken(word)
            rule = self._rule(word.text)
            if self._rules[rule] is not None:
                raise InvalidRequest(f"The grammar defines '{word.text}' twice.")
            self._rules[rule] = self._alternatives()
        if "root" not in self._names:
            raise InvalidRequest("The grammar has no rule 'root'.")
        missing = next((name for name, rule in self._names.items() if self._rules[rule] is None), None)
        if missing:
            raise InvalidRequest(f"The grammar uses '{missing}' and does not define it.")
        return self._laid_out()

    def _laid_out(self) -> Grammar:
        program: list[ByteSet | int | None] = []
        starts = []
        for alternatives in self._rules:
            begins = []
            for sequence in alternatives or ():
                begins.append(len(program))
                program += [*sequence, None]
            starts.append(tuple(begins))
        return Grammar(tuple(program), tuple(starts), self._names["root"])

    def _peek(self) -> _Word | None:
        return self._words[self._at] if self._at < len(self._words) else None

    def _next(self) -> _Word | None:
        word = self._peek()
        self._at += 1
        return word

    def _rule(self, name: str) -> int:
        if name not in self._names:
            self._names[name] = self._new_rule(None)
        return self._names[name]

    def _new_rule(self, alternatives: list[_Sequence] | None) -> int:
        self._count(sum(map(len, alternatives or ())) + 1)
        self._rules.append(alternatives)
        return len(self._rules) - 1

    def _count(self, elements: int) -> None:
        self._elements += elements
        if self._elements > ELEMENTS_LIMIT:
            raise InvalidRequest("The grammar is too large; its repetitions may be.")

    def _alternatives(self) -> list[_Sequence]:
        alternatives = [self._sequence()]
        while (word := self._peek()) and word.text == "|" and word.kind == "sign":
            self._next()
            alternatives.append(self._sequence())
        return alternatives

    def _sequence(self) -> _Sequence:
        elements: list[ByteSet | int] = []
        while (word := self._peek()) and word.kind != "rule" and not (word.kind == "sign" and word.text in "|)"):
            self._next()
            item = self._item(word)
            while (follows := self._peek()) and follows.kind == "repeat":
                self._next()
                item = self._repeated(item, *_bounds(follows))
            self._count(len(item))
            elements += item
        return tuple(elements)

    def _item(self, word: _Word) -> _Sequence:
        if word.kind == "name":
            return (self._rule(word.text),)
        if word.kind == "literal":
            text = "".join(map(chr, _characters(word)))
            return tuple(frozenset((byte,)) for byte in _encoded(text, word))
        if word.kind == "set":
            return (self._set(_ranges(word)),)
        if word.text == ".":
            return (self._set(((0, _LAST),)),)
        if word.text != "(":
            raise _broken(word)
        return (self._group(word),)

    def _group(self, word: _Word) -> int:
        self._depth += 1
        if self._depth > NESTING_LIMIT:
            raise InvalidRequest(f"The grammar nests more than {NESTING_LIMIT} brackets, at line {word.line}.")
        alternatives = self._alternatives()
        closing = self._next()
        if not closing or closing.text != ")":
            raise InvalidRequest(f"The grammar does not close the bracket of line {word.line}.")
        self._depth -= 1
        return self._new_rule(alternatives)

    def _repeated(self, item: _Sequence, least: int, most: int | None) -> _Sequence:
        """The item `least` times, then a chain of rules for those that may follow."""
        if len(item) > 1:
            item = (self._new_rule([item]),)
        if most is None:
            more = self._new_rule(None)
            self._rules[more] = [(*item, more), ()]
            tail: _Sequence = (more,)
        else:
            tail = ()
            for _ in range(most - least):
                tail = (self._new_rule([(*item, *tail), ()]),)
        self._count(least)
        return (*(item * least), *tail)

    def _set(self, ranges: Ranges) -> ByteSet | int:
        """One of many characters: a set of bytes, or a rule where some have several bytes."""
        if ranges not in self._sets:
            single = frozenset(byte for low, high in ranges for byte in range(low, min(high, 0x7F) + 1))
            longer = [sequence for low, high in ranges for sequence in utf8(max(low, 0x80), high)]
            self._sets[ranges] = self._new_rule([(single,), *longer]) if longer else single
        return self._sets[ranges]


def utf8(low: int, high: int) -> Iterator[tuple[ByteSet, ...]]:
    """Code points → the byte sequences that write them. Surrogates have none."""
    for first, last in ((0, 0x7F), (0x80, 0x7FF), (0x800, 0xD7FF), (0xE000, 0xFFFF), (0x10000, _LAST)):
        if max(low, first) <= min(high, last):
            yield from _same_length(max(low, first), min(high, last))


def _same_length(low: int, high: int) -> Iterator[tuple[ByteSet, ...]]:
    for bits in (6, 12, 18):
        mask = (1 << bits) - 1
        if low & ~mask != high & ~mask:
            if low & mask:
                yield from _same_length(low, low | mask)
                yield from _same_length((low | mask) + 1, high)
                return
            if high & mask != mask:
                yield from _same_length(low, (high & ~mask) - 1)
                yield from _same_length(high & ~mask, high)
                return
    pairs = zip(chr(low).encode(), chr(high).encode(), strict=True)
    yield tuple(frozenset(range(first, last + 1)) for first, last in pairs)


def _bounds(word: _Word) -> tuple[int, int | None]:
    if word.text in "*+?":
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[word.text]
    least, comma, most = (part.strip() for part in word.text.strip("{}").partition(","))
    low, high = int(least), (int(most) if most else None) if comma else int(least)
    if max(low, high or 0) > REPETITIONS_LIMIT:
        raise InvalidRequest(f"The grammar repeats more than {REPETITIONS_LIMIT:,} times, at line {word.line}.")
    if high is not None and high < low:
        raise _broken(word)
    return low, high


def _ranges(word: _Word) -> Ranges:
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
        raise _broken(word)
    return _others(ranges) if negated else tuple(sorted(ranges))


def _others(ranges: Iterable[tuple[int, int]]) -> Ranges:
    others, begin = [], 0
    for low, high in sorted(ranges):
        if low > begin:
            others.append((begin, low - 1))
        begin = max(begin, high + 1)
    return (*others, *([(begin, _LAST)] if begin <= _LAST else []))


def _characters(word: _Word) -> Iterator[int]:
    return (code for code, _ in _coded(word, word.text))


def _coded(word: _Word, text: str) -> Iterator[tuple[int, bool]]:
    """The code points of a literal or a set, and whether each was escaped."""
    for two, four, eight, escaped, plain in _CODED.findall(text):
        if plain:
            yield ord(plain), False
        elif escaped:
            if escaped not in _ESCAPES:
                raise _broken(word)
            yield ord(_ESCAPES[escaped]), True
        else:
            code = int(two or four or eight, 16)
            if code > _LAST:
                raise _broken(word)
            yield code, True


def _encoded(text: str, word: _Word) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise _broken(word) from error


def _broken(word: _Word) -> InvalidRequest:
    return InvalidRequest(f"The grammar cannot be read at line {word.line}: {word.text[:20]!r} is not expected there.")
