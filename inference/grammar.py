"""How far a text has come in a grammar, and which bytes may follow. Pure.

A pushdown automaton over bytes, made lazily into a deterministic one: each step is looked up once it was taken. In
place of llama.cpp's own, because grammars come from outside: over that one, three lines of ambiguous rules, or thirty
nested options, keep the engine's thread for ever, and a long row of brackets ends the process. Here the work is
counted, and an answer that takes too much of it is refused alone.
"""

from __future__ import annotations

from inference.errors import InvalidRequest
from inference.gbnf import Grammar

_WORK = 200_000  # steps of expanding rules that an answer may take, and more for each byte it has
_WORK_PER_BYTE = 5_000
_WIDEST = 20_000  # ways to read a text that may be open at once
_DEAD = -1


class GrammarTooComplex(InvalidRequest):
    """Following the grammar would take too long."""

    def __init__(self) -> None:
        super().__init__("The grammar is too ambiguous to be followed: too many of its rules fit the same text.")


class Matcher:
    """One text on its way through a grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self._program = grammar.program
        self._starts = grammar.starts
        # A stack is a place in the program and the stack below it; equal ones have the same number. 0 is empty.
        self._stacks: dict[tuple[int, int], int] = {(-1, -1): 0}
        self._tops: list[tuple[int, int]] = [(-1, -1)]
        # A state is the set of all stacks that the text so far may have come to.
        self._states: dict[frozenset[int], int] = {}
        self._members: list[frozenset[int]] = []
        self._steps: list[dict[int, int]] = []
        self._after: dict[frozenset[int], int] = {}
        self._work = _WORK
        self._state = self._state_of([(start, 0) for start in self._starts[grammar.root]])

    @property
    def is_complete(self) -> bool:
        """The text may end here."""
        return 0 in self._members[self._state]

    @property
    def is_over(self) -> bool:
        """The text must end here."""
        return not (self._members[self._state] - {0})

    def first_bytes(self) -> frozenset[int]:
        """The bytes one of which must come next, unless the text ends."""
        sets = (self._program[self._tops[stack][0]] for stack in self._members[self._state] if stack)
        return frozenset().union(*(found for found in sets if isinstance(found, frozenset)))

    def allows(self, piece: bytes) -> bool:
        """Whether the text may go on so. It must go on with something."""
        return bool(piece) and self._follow(piece) != _DEAD

    def advance(self, piece: bytes) -> None:
        """The text went on so; it was allowed."""
        self._state = self._follow(piece)
        assert self._state != _DEAD
        self._work += _WORK_PER_BYTE * len(piece)

    def _follow(self, piece: bytes) -> int:
        state, steps = self._state, self._steps
        for byte in piece:
            following = steps[state].get(byte)
            if following is None:
                following = steps[state][byte] = self._step(state, byte)
            if following == _DEAD:
                return _DEAD
            state = following
        return state

    def _step(self, state: int, byte: int) -> int:
        fitting = frozenset(stack for stack in self._members[state] if stack and byte in self._expected(stack))
        if not fitting:
            return _DEAD
        if fitting not in self._after:
            tops = (self._tops[stack] for stack in fitting)
            self._after[fitting] = self._state_of([(place + 1, below) for place, below in tops])
        return self._after[fitting]

    def _expected(self, stack: int) -> frozenset[int]:
        expected = self._program[self._tops[stack][0]]
        assert isinstance(expected, frozenset)
        return expected

    def _state_of(self, places: list[tuple[int, int]]) -> int:
        """Expand rules until every stack waits for a byte, or is empty."""
        seen, waiting = set(places), set()
        while places:
            place, below = places.pop()
            element = self._program[place]
            if isinstance(element, frozenset):
                waiting.add(self._stack(place, below))
                continue
            for following in self._called(element, place, below) if element is not None else self._returned(below):
                if following not in seen:
                    seen.add(following)
                    places.append(following)
            if not below and element is None:
                waiting.add(0)
            self._spend(len(waiting))
        return self._numbered(frozenset(waiting))

    def _called(self, rule: int, place: int, below: int) -> list[tuple[int, int]]:
        # A call at the end of a sequence leaves nothing to come back to, so lists do not pile up.
        if self._program[place + 1] is not None:
            below = self._stack(place + 1, below)
        return [(start, below) for start in self._starts[rule]]

    def _returned(self, below: int) -> list[tuple[int, int]]:
        return [self._tops[below]] if below else []

    def _stack(self, place: int, below: int) -> int:
        top = (place, below)
        number = self._stacks.get(top)
        if number is None:
            number = self._stacks[top] = len(self._tops)
            self._tops.append(top)
        return number

    def _numbered(self, members: frozenset[int]) -> int:
        number = self._states.get(members)
        if number is None:
            number = self._states[members] = len(self._members)
            self._members.append(members)
            self._steps.append({})
            self._work -= len(members)
        return number

    def _spend(self, width: int) -> None:
        self._work -= 1
        if self._work < 0 or width > _WIDEST:
            raise GrammarTooComplex
