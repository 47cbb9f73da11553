"""What has happened in a folder since the last look, decided from what was known and what was found. Pure.

A file is known by its path. One that is gone and one that is new are the same file moved when their bytes are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from webchat.documents.folder_rules import Reason
from webchat.documents.folder_walk import Walk, above
from webchat.documents.origins import Stamp

MASS = 20  # fewer files than these are not asked about, unless they are all
STILL_THERE = {Reason.UNREADABLE, Reason.WRITTEN, Reason.TOO_MANY}  # left out this time, and not for good


@dataclass(frozen=True, slots=True)
class Known:
    """A document of the folder, as its row tells."""

    pk: int
    relative: str
    digest: str
    stamp: Stamp | None  # None: to be read again in any case
    is_marked_missing: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What a look has shown."""

    to_read: Mapping[str, Known | None]  # new paths, and known ones whose stamp is another
    back: tuple[Known, ...]  # marked as missing, and there as before
    vanished: tuple[Known, ...]  # no longer there
    dropped: tuple[Known, ...]  # there, but no longer wanted


def decide(known: Mapping[str, Known], found: Walk) -> Changes:
    to_read = {
        relative: before
        for relative, stamp in found.files.items()
        if (before := known.get(relative)) is None or before.stamp != stamp
    }
    back = tuple(
        row for row in known.values() if row.is_marked_missing and row.relative in found.files.keys() - to_read.keys()
    )
    absent = [row for row in known.values() if row.relative not in found.files]
    dropped = tuple(row for row in absent if _is_dropped(row.relative, found))
    gone = {row.pk for row in dropped} | {row.pk for row in absent if _is_kept(row.relative, found)}
    vanished = tuple(row for row in absent if row.pk not in gone) if found.is_whole else ()
    return Changes(to_read, back, vanished, dropped)


def is_mass_loss(known_count: int, lost: Sequence[Known], found: Walk) -> bool:
    """Whether so much is gone, moves not counted, that a disk is likelier to be missing than a person tidying up."""
    if not lost:
        return False
    if len(lost) == known_count and not found.files:
        return True
    if len(lost) < MASS:
        return False
    emptied = sum(1 for row in lost if any(folder in found.empty for folder in above(row.relative)))
    return len(lost) * 2 > known_count or emptied >= MASS


def moved_from(relative: str, candidates: list[Known]) -> Known | None:
    """Which of the documents with the same bytes this is: one of the same name before one of another."""
    name = PurePosixPath(relative).name
    same_name = [row for row in candidates if PurePosixPath(row.relative).name == name]
    return next(iter(same_name or candidates), None)


def _is_dropped(relative: str, found: Walk) -> bool:
    return any(reason not in STILL_THERE for reason in _reasons(relative, found))


def _is_kept(relative: str, found: Walk) -> bool:
    return any(reason in STILL_THERE for reason in _reasons(relative, found))


def _reasons(relative: str, found: Walk) -> list[Reason]:
    paths = [relative, *(f"{folder}/" for folder in above(relative))]
    return [found.refused[path] for path in paths if path in found.refused]
