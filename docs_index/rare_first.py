"""Which of a question's terms are looked up, so that what stands everywhere does not make every search slow. Pure.

Reading where a word stands costs .15 microseconds for each passage that holds it, and what most passages hold tells
least. So the rarest are taken first, as many as are cheap together: of a hundred thousand passages all words that tell
anything, of a million nearly always.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docs_index.terms import Term

READ = 300_000  # passages whose hold on some term is read: 45 ms
READ_OF_LITTLE = 20_000  # where another term stands in more than half of all, and so weighs next to nothing
ROW_COST = 8  # of words in a row and of beginnings, which FTS5 ranks one by one
ENOUGH = 50  # passages; when fewer hold a rare term, the common ones are asked as well


@dataclass(frozen=True, slots=True)
class Sought:
    """A term; the word that it is to FTS5, empty for words in a row and beginnings; how many passages hold it."""

    term: Term
    word: str
    holding: int

    @property
    def cost(self) -> int:
        return self.holding if self.word else self.holding * ROW_COST


@dataclass(frozen=True, slots=True)
class Plan:
    """What is looked up and ranked, and what besides: passages that hold all of `common`, in no order."""

    rare: tuple[Sought, ...]
    common: tuple[Term, ...] = ()


def plan(sought: Sequence[Sought], passages: int) -> Plan:
    """Of so many passages. In a small collection all terms are rare."""
    rare: list[Sought] = []
    left: list[Term] = []
    cost = 0
    for one in sorted(sought, key=lambda one: one.holding):
        most = READ if 2 * one.holding <= passages else READ_OF_LITTLE
        if cost + one.cost <= most:
            rare.append(one)
            cost += one.cost
        else:
            left.append(one.term)
    found = sum(one.holding for one in rare)
    return Plan(tuple(rare), tuple(left[:2]) if found < ENOUGH else ())
