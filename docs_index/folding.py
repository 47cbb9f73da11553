"""Folds passages that say the same into the best of them. Pure: ids, digests and texts in, folds out.

Equal texts are always the same. Nearly equal ones are when they share almost all of their runs of three words, hold the
same numbers, and deny as often: price lists that differ in a price say different things, and so do rules of which one
says "not".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from docs_index.ranking import Hit
from docs_index.terms import CJK

ALIKE = 0.9  # share of the runs of words that two texts have in common; one word changed in a hundred leaves .94
RUN_WORDS = 3
LEAST_RUNS = 12  # of a shorter text, one word is much of what it says
WORD = re.compile(rf"[{CJK}]|[^\W{CJK}]+")
ASCII_WORD = re.compile(r"\w+")  # the same, where there is nothing else, in a third of the time
LETTER = rf"[^\W{CJK}]"
NUMBER = re.compile(rf"{LETTER}*\d{LETTER}*(?:[-.,:/]{LETTER}+)*")  # with what it is part of: 9:30, ERR_4711-B
DENIAL = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|\w+n['’]t|nicht|nichts|kein\w*|nie|niemals|niemand|ohne"
    r"|ne|pas|jamais|aucune?|sans|nunca|sin|ningun\w*|ningún|non|senza|mai|nessun\w*)\b|\bn['’]|[不没沒無无未非勿莫]|ない|ません"
)

Run = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Fold:
    """A hit, and the chunks that say the same as it does, better ones first."""

    hit: Hit
    repeats: tuple[int, ...] = ()


def fold_equal(hits: Sequence[Hit], digests: Mapping[int, bytes]) -> list[Fold]:
    """Keeps the best of equal texts; chunks without a digest are left out."""
    first: dict[bytes, Hit] = {}
    repeats: dict[bytes, list[int]] = {}
    for hit in hits:
        digest = digests.get(hit.chunk)
        if digest is None:
            continue
        if first.setdefault(digest, hit) is not hit:
            repeats.setdefault(digest, []).append(hit.chunk)
    return [Fold(hit, tuple(repeats.get(digest, ()))) for digest, hit in first.items()]


def fold_alike(folds: Sequence[Fold], texts: Mapping[int, str]) -> list[Fold]:
    """Keeps the best of nearly equal texts. Those whose text is not given stay as they are."""
    kept: list[Fold] = []
    wordings: list[Wording | None] = []
    holders: dict[Run, list[int]] = {}  # which of the kept ones have it; most texts have none in common
    for fold in folds:
        wording = wording_of(texts.get(fold.hit.chunk, ""))
        some = wording.some if wording else ()
        near = sorted({place for run in some for place in holders.get(run, ())})
        place = next((place for place in near if are_alike(wording, wordings[place])), None)
        if place is not None:
            kept[place] = replace(kept[place], repeats=(*kept[place].repeats, fold.hit.chunk, *fold.repeats))
            continue
        for run in wording.runs if wording else ():
            holders.setdefault(run, []).append(len(kept))
        kept.append(fold)
        wordings.append(wording)
    return kept


@dataclass(frozen=True, slots=True)
class Wording:
    """What is compared of a text. `some` are more runs than it may have alone and still be like another."""

    runs: frozenset[Run]
    some: frozenset[Run]
    text: str  # without capitals


def wording_of(text: str) -> Wording | None:
    """None for a text too short to be nearly another."""
    folded = text.casefold()
    words = (ASCII_WORD if text.isascii() else WORD).findall(folded)
    runs = frozenset(zip(words, words[1:], words[2:], strict=False))
    if len(runs) < LEAST_RUNS:
        return None
    some = frozenset(islice(runs, int((1 - ALIKE) * len(runs)) + 2))
    return Wording(runs, some, folded)


def are_alike(one: Wording | None, other: Wording | None) -> bool:
    if one is None or other is None:
        return False
    common = len(one.runs & other.runs)
    share_words = common >= ALIKE * (len(one.runs) + len(other.runs) - common)
    return share_words and _told_apart_by(one.text) == _told_apart_by(other.text)


def _told_apart_by(text: str) -> tuple[list[str], int]:
    """What makes two texts different however few its letters are: its numbers, and how often it denies."""
    return sorted(NUMBER.findall(text)), len(DENIAL.findall(text))
