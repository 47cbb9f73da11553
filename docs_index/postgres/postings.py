"""Which passages hold a term, how often, and how long they are: as whole lists, eight bytes a passage.

PostgreSQL's own index of terms leads to a row for each passage, 5 to 20 microseconds until it is scored; these lists
come out at .02. Knows no documents and no collections: a list also names passages that are gone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docs_index.postgres.connection import Connection

SIZE_BYTES = 8  # of a passage in a list: its id, its length, and how often it holds the term
LENGTH_BITS, COUNT_BITS = 16, 8
LONGEST, MOST = (1 << LENGTH_BITS) - 1, (1 << COUNT_BITS) - 1  # what is more counts as so much
# The same number as `packed` makes of it, of rows of `words` and what `unnest` makes of their terms.
PACKED = f"""int8send((chunk << {LENGTH_BITS + COUNT_BITS}) | (least(length, {LONGEST})::bigint << {COUNT_BITS})
             | least(coalesce(cardinality(positions), 1), {MOST}))"""

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Held:
    """The passages that hold a term, in no order: their ids, how often each does, and how many terms it has."""

    ids: Numbers
    counts: Numbers
    lengths: Numbers

    @classmethod
    def unpacked(cls, lists: Sequence[bytes]) -> Held:
        numbers = np.frombuffer(b"".join(lists), dtype=">i8").astype(np.int64)
        return cls(numbers >> (LENGTH_BITS + COUNT_BITS), numbers & MOST, (numbers >> COUNT_BITS) & LONGEST)

    @classmethod
    def all_of(cls, parts: Sequence[Held]) -> Held:
        """The passages that are in each, as often as in the part where they are least."""
        if len(parts) == 1:
            return parts[0]
        merged, place = cls._merged(parts)
        np.minimum.at(merged.counts, place, np.concatenate([part.counts for part in parts]))
        return merged.where(np.bincount(place) == len(parts))

    @classmethod
    def any_of(cls, parts: Sequence[Held]) -> Held:
        """The passages that are in any, as often as in all together."""
        merged, place = cls._merged(parts)
        merged.counts[:] = np.bincount(place, np.concatenate([part.counts for part in parts]))
        return merged

    def only(self, ids: Numbers) -> Held:
        """Those of them that are among these."""
        return self.where(np.isin(self.ids, ids))

    def where(self, is_wanted: NDArray[np.bool_]) -> Held:
        return Held(self.ids[is_wanted], self.counts[is_wanted], self.lengths[is_wanted])

    @property
    def last(self) -> int:
        return int(self.ids.max(initial=0))

    @classmethod
    def _merged(cls, parts: Sequence[Held]) -> tuple[Held, Numbers]:
        """Each passage once, without its count; and for each of the parts' passages its place there."""
        numbers = np.concatenate([part.ids for part in parts])
        ids, firsts, place = np.unique(numbers, return_index=True, return_inverse=True)
        lengths = np.concatenate([part.lengths for part in parts])[firsts]
        return cls(ids, np.full(len(ids), MOST, dtype=np.int64), lengths), place


def packed(ids: Sequence[int], terms: Sequence[Sequence[str]]) -> dict[str, bytes]:
    """Of these passages and the terms of each, a list by term."""
    lists: dict[str, bytearray] = defaultdict(bytearray)
    for id, of_passage in zip(ids, terms, strict=True):
        head = id << LENGTH_BITS + COUNT_BITS | min(len(of_passage), LONGEST) << COUNT_BITS
        for term, count in Counter(of_passage).items():
            lists[term] += (head | min(count, MOST)).to_bytes(SIZE_BYTES, "big")
    return {term: bytes(written) for term, written in lists.items()}


def read(connection: Connection, words: Iterable[str]) -> Mapping[str, Held]:
    """By term; those that stand nowhere have an empty one."""
    query = "SELECT term, passages FROM postings WHERE term = ANY(%s)"
    lists: dict[str, list[bytes]] = {word: [] for word in words}
    for term, passages in connection.execute(query, [list(lists)], binary=True):
        lists[term].append(passages)
    return {term: Held.unpacked(written) for term, written in lists.items()}
