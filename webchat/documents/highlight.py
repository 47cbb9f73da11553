"""Shows where a search's words stand in a passage, and which part of a long passage to show. Pure.

The index finds word forms by their stem. Here a shared beginning stands in for it: only what people see depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SNIPPET_CHARS = 480
WORD = re.compile(r"\w+", re.UNICODE)
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
STEM_CHARS = 4  # shorter words must be the same
JOINTS = ("", " ", *"-.:/@+#")  # between words that are named together: 10.1.2.3, node.js
FILLERS = frozenset(
    ["a", "an", "and", "are", "as", "at", "be", "by", "can", "did", "do", "does", "for", "from", "had", "has", "have"]
    + ["how", "i", "in", "is", "it", "its", "of", "on", "or", "that", "the", "their", "there", "these", "this", "to"]
    + ["was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "you", "your"]
)


@dataclass(frozen=True, slots=True)
class Part:
    """Some text, and whether it is one of the words searched for."""

    text: str
    is_match: bool = False


def snippet(text: str, query: str) -> list[Part]:
    """The part of the passage with the most of the query's words in it, cut at words, its matches told apart."""
    spans = list(_matches(text, query))
    start = _best_start(text, spans)
    end = len(text) if len(text) - start <= SNIPPET_CHARS else _word_end(text, start + SNIPPET_CHARS)
    parts = list(_parts(text, start, end, spans))
    return [*([Part("… ")] if start else []), *parts, *([Part(" …")] if end < len(text) else [])]


def matched_phrases(text: str, query: str) -> list[str]:
    """What of the query stands in the text, in the text's own words; neighbors as one phrase; the longest first."""
    spans: list[tuple[int, int]] = []
    for a, b in _matches(text, query):
        if spans and text[spans[-1][1] : a] in JOINTS:
            spans[-1] = spans[-1][0], b
        else:
            spans.append((a, b))
    phrases = {text[a:b].casefold(): text[a:b] for a, b in reversed(spans)}
    return sorted(phrases.values(), key=len, reverse=True)


def _matches(text: str, query: str) -> Iterator[tuple[int, int]]:
    words = {word.casefold() for word in WORD.findall(query)} - FILLERS
    runs = CJK.findall(query)
    pairs = {run[i : i + 2] for run in runs for i in range(max(1, len(run) - 1))}
    for found in WORD.finditer(text):
        if CJK.search(found[0]):
            yield from ((found.start() + a, found.start() + b) for a, b in _runs_of(found[0], pairs))
        elif any(_is_form_of(found[0].casefold(), word) for word in words):
            yield found.span()


def _is_form_of(word: str, searched: str) -> bool:
    if any(map(str.isdigit, searched)):  # ERR_4712 is no form of ERR_4711
        return word == searched
    stem = searched[: max(STEM_CHARS, len(searched) - 3)]
    is_near = abs(len(word) - len(searched)) <= 4
    return word == searched or (len(searched) >= STEM_CHARS and is_near and word.startswith(stem))


def _runs_of(text: str, pairs: set[str]) -> Iterator[tuple[int, int]]:
    """Stretches covered by the pairs, which is how the index writes text without spaces."""
    hit = [
        any(text.startswith(pair, i) or (i and text.startswith(pair, i - 1) and len(pair) == 2) for pair in pairs)
        for i in range(len(text))
    ]
    start = None
    for i, is_hit in enumerate([*hit, False]):
        if is_hit and start is None:
            start = i
        elif not is_hit and start is not None:
            yield start, i
            start = None


def _best_start(text: str, spans: list[tuple[int, int]]) -> int:
    """Where to begin so that most matches are seen; a little before the first of them."""
    if len(text) <= SNIPPET_CHARS or not spans:
        return 0
    counts = {
        start: sum(1 for a, b in spans if start <= a and b <= start + SNIPPET_CHARS * 3 // 4) for start, _ in spans
    }
    best = max(counts, key=lambda start: (counts[start], -start))
    wanted = min(max(0, best - SNIPPET_CHARS // 4), len(text) - SNIPPET_CHARS)
    gap = text.find(" ", wanted, best)
    return 0 if wanted < 20 else (gap + 1 if gap >= 0 else wanted)


def _word_end(text: str, offset: int) -> int:
    gap = text.rfind(" ", offset - 40, offset)
    return gap if gap > 0 else offset


def _parts(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> Iterator[Part]:
    at = start
    for a, b in spans:
        if a < at or b > end:
            continue
        if a > at:
            yield Part(text[at:a])
        yield Part(text[a:b], is_match=True)
        at = b
    if at < end:
        yield Part(text[at:end])
