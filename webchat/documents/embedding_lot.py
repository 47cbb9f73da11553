"""Documents that are embedded together: which texts each brings, and what becomes of it when these have vectors.

Blocks, and writes no rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from docs_index.index import Index
from docs_index.readers.registry import is_read_from
from docs_index.types import Chunk
from webchat.documents.claims import Claim

LOT_CHUNKS = 256  # some seconds: what arrives meanwhile waits no longer for its turn, also behind a book


@dataclass(frozen=True, slots=True)
class Task:
    """One document of a lot: which texts it brings to it, and where they end in the lot."""

    claim: Claim
    embedded: int  # of its chunks, before the lot
    missing: Sequence[Chunk]
    end: int

    def embedded_after(self, count: int) -> int:
        """How many of its chunks have a vector when the lot has come that far."""
        return self.embedded + max(0, len(self.missing) - max(0, self.end - count))


class Verdict(Enum):
    """What became of a document whose texts of this lot all have vectors."""

    PUBLISHED = auto()
    HAS_MORE = auto()
    """It has more chunks than a lot."""
    UNREAD = auto()
    """The index does not have its text, against what its row says."""


def plan(index: Index, lot: Sequence[Claim]) -> list[Task]:
    """What has to be embedded. The same text is embedded once, though it stands in several files."""
    planned: set[str] = set()
    tasks: list[Task] = []
    end = 0
    for claim in lot:
        found = index.unembedded(claim.key, LOT_CHUNKS)
        missing = [chunk for chunk in found if chunk.text not in planned]
        planned.update(chunk.text for chunk in missing)
        end += len(missing)
        tasks.append(Task(claim, index.embedded(claim.key), missing, end))
    return tasks


def published(index: Index, claim: Claim) -> Verdict:
    """A whole document's new version takes the old one's place."""
    if not is_read_from(index.source(claim.key), claim.digest):
        return Verdict.UNREAD
    if index.unembedded(claim.key, 1):
        return Verdict.HAS_MORE
    index.publish(claim.key)
    return Verdict.PUBLISHED
