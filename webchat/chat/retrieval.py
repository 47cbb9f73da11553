"""What is looked up for a question, with what it refers to in the turn before; and which finds are worth reading."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docs_index.types import Passage

PASSAGES = 5  # a small model on a CPU reads some thousand tokens in reasonable time, and loses the thread in more
# Share of the best passage's score. Weaker ones fill a small model's prompt with what nobody asked about; where exactly
# the line should run has not been measured.
RELEVANT = 0.25

SHORT_WORDS = 4
LONGEST_FOLLOW_UP = 14
_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힯]|\w+(?:['’]\w+)?")
_REFERRING = frozenset(
    ["it", "its", "it's", "he", "him", "his", "she", "her", "hers", "they", "them", "their", "theirs"]
    + ["this", "these", "those", "else", "former", "latter"]
)


def query_of(question: str, previous: str | None) -> str:
    """The words to search for. A question that leans on the one before is searched for together with it."""
    return f"{previous}\n{question}" if previous and leans_on_previous(question) else question


def leans_on_previous(question: str) -> bool:
    """Whether it says too little to be found alone: very short, or short with a word that points back."""
    words = [word.lower() for word in _WORD.findall(question)]
    if len(words) <= SHORT_WORDS:
        return True
    return len(words) <= LONGEST_FOLLOW_UP and not _REFERRING.isdisjoint(words)


def worth_reading(passages: Sequence[Passage]) -> list[Passage]:
    """Those near the best one; and the first by words and by meaning, since either may know what the other misses."""
    best = max((passage.score for passage in passages), default=0.0)
    return [p for p in passages if p.score >= RELEVANT * best or p.lexical_rank == 1 or p.dense_rank == 1]
