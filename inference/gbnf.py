"""GBNF, the grammar notation of llama.cpp → rules over bytes. Pure; what it cannot read it refuses with its line.

Characters become their UTF-8 bytes here, so that tokens which hold half a character need no care later. Everything is
bounded: text, nesting, and what repetitions blow up to. Tokens as terminals (`<[5]>`) are not supported.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from inference.byte_ranges import LAST, ByteSet, Ranges, utf8
from inference.errors import InvalidRequest
from inference.gbnf_words import Word, bounds, broken, characters, encoded, ranges_of, split

TEXT_LIMIT_CHARS = 256_000
ELEMENTS_LIMIT = 200_000
NESTING_LIMIT = 64

_Sequence = tuple["ByteSet | int", ...]  # a number is a rule


@dataclass(frozen=True, slots=True)
class Grammar:
    """Rules, laid out flat: a program of byte sets, calls of rules (numbers) and ends (None)."""

    program: tuple[ByteSet | int | None, ...]
    starts: tuple[tuple[int, ...], ...]  # of each rule, where its alternatives begin
    root: int


@lru_cache(16)
def compile_grammar(text: str) -> Grammar:
    """Read a grammar. Raises InvalidRequest."""
    if len(text) > TEXT_LIMIT_CHARS:
        raise InvalidRequest(f"The grammar is longer than {TEXT_LIMIT_CHARS:,} characters.")
    return _Reader(list(split(text))).read()


class _Reader:
    """Recursive descent over the words; rules may be used before they are defined."""

    def __init__(self, words: list[Word]) -> None:
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
                raise broken(word)
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

    def _peek(self) -> Word | None:
        return self._words[self._at] if self._at < len(self._words) else None

    def _next(self) -> Word | None:
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
                item = self._repeated(item, *bounds(follows))
            self._count(len(item))
            elements += item
        return tuple(elements)

    def _item(self, word: Word) -> _Sequence:
        if word.kind == "name":
            return (self._rule(word.text),)
        if word.kind == "literal":
            text = "".join(map(chr, characters(word)))
            return tuple(frozenset((byte,)) for byte in encoded(text, word))
        if word.kind == "set":
            return (self._set(ranges_of(word)),)
        if word.text == ".":
            return (self._set(((0, LAST),)),)
        if word.text != "(":
            raise broken(word)
        return (self._group(word),)

    def _group(self, word: Word) -> int:
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
