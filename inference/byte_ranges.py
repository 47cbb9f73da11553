"""Ranges of characters as the bytes that write them in UTF-8. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

ByteSet = frozenset[int]
Ranges = tuple[tuple[int, int], ...]  # of code points, both ends in it

LAST = 0x10FFFF


def utf8(low: int, high: int) -> Iterator[tuple[ByteSet, ...]]:
    """Code points → the byte sequences that write them. Surrogates have none."""
    for first, last in ((0, 0x7F), (0x80, 0x7FF), (0x800, 0xD7FF), (0xE000, 0xFFFF), (0x10000, LAST)):
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


def others(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """All characters that are in none of the ranges."""
    found, begin = [], 0
    for low, high in sorted(ranges):
        if low > begin:
            found.append((begin, low - 1))
        begin = max(begin, high + 1)
    return (*found, *([(begin, LAST)] if begin <= LAST else []))
