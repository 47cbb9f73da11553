"""One look at a folder: from what the disk holds to rows. A file that is as it was costs its stat and nothing else.

New and changed files are read once, for their digest, and queued; the worker then reads them like any other. A file
that has only moved keeps its row, so that citations and links live on, and nothing is embedded again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from docs_index.readers.registry import suffixes
from webchat.documents import beneath, folder_changes, folder_roots, folder_rows
from webchat.documents.folder_changes import Known
from webchat.documents.folder_rows import Print
from webchat.documents.folder_rules import FolderRules, Reason
from webchat.documents.folder_walk import Walk, WalkLimits, walk
from webchat.documents.models import Folder, FolderState
from webchat.documents.origins import Stamp

log = logging.getLogger(__name__)
GRACE = timedelta(seconds=5)  # an editor that saves takes a file away and puts another in its place
SOON = timedelta(seconds=2)  # until a look at what was being written
REST = 20  # times as long as this look took, if that is longer: a log may grow for ever
BATCH_FILES = 100  # so many are queued at a time, and the worker need not wait for the last
BLOCK_BYTES = 1 << 20

MISSING = (
    "This folder is not there at the moment: not connected, renamed or moved. "
    "What was read of it stays and still answers; it goes on when the folder is back."
)
FORBIDDEN = "Inglenook may not open this folder. What was read of it stays; give Inglenook the right to read it."
NOT_ALLOWED = "This folder is no longer among those that may be followed (INGLENOOK_FOLDER_ROOTS). It is not looked at."


@dataclass(frozen=True, slots=True)
class Look:
    """What a scan leaves behind for whoever watches."""

    folders: tuple[str, ...] = ()  # absolute paths that were entered
    files: int = 0
    read: int = 0  # files whose bytes had to be read


def limits_of(deadline: float | None = None, should_stop: Callable[[], bool] = lambda: False) -> WalkLimits:
    status = os.stat(settings.DATA_DIR)
    own = (status.st_dev, status.st_ino)
    return WalkLimits(frozenset(suffixes()), settings.MAX_UPLOAD_BYTES, own, deadline, should_stop)


def preview(path: Path, rules: FolderRules, *, seconds: float) -> Walk:
    """What would be taken of a folder, as far as that can be told in so many seconds; raises OSError."""
    with folder_roots.opened(path) as opened:
        return walk(opened, rules, limits_of(time.monotonic() + seconds))


def is_there(path: Path) -> bool:
    """Whether a scan could look into it now."""
    try:
        with folder_roots.opened(path):
            return True
    except OSError:
        return False


def scan(folder: Folder, *, should_stop: Callable[[], bool] = lambda: False, grace: timedelta = GRACE) -> Look:
    """Makes the rows of a folder follow the disk. Raises nothing that the disk does; the row says it.

    `should_stop` is asked after every step that the disk has answered, and may take that for a sign of life.
    """
    path = Path(folder.path)
    if not folder_roots.is_allowed(path):
        return _not_there(folder, NOT_ALLOWED)
    begun = time.monotonic()
    try:
        with folder_roots.opened(path) as opened:
            found = walk(opened, FolderRules(folder.include, folder.exclude), limits_of(should_stop=should_stop))
            if should_stop():
                return Look()
            work = _Scan(folder, opened, found, grace, should_stop)
            read = work.follow()
    except PermissionError:
        return _not_there(folder, FORBIDDEN)
    except OSError:
        return _not_there(folder, MISSING)
    took_s = time.monotonic() - begun
    folder_rows.note_look(folder, found, round(took_s * 1000))
    if work.is_unfinished:
        folder_rows.want_look(folder, max(SOON, timedelta(seconds=REST * took_s)))
    entered = (str(path / relative) if relative else str(path) for relative in found.folders)
    return Look(tuple(entered), len(found.files), read)


def _not_there(folder: Folder, note: str) -> Look:
    folder_rows.set_state(folder, FolderState.MISSING, note)
    return Look()


class _Scan:
    """The steps of one look, which share what is known and found."""

    def __init__(
        self, folder: Folder, opened: int, found: Walk, grace: timedelta, should_stop: Callable[[], bool]
    ) -> None:
        self._folder = folder
        self._opened = opened
        self._found = found
        self._grace = grace
        self._should_stop = should_stop
        self.is_unfinished = False  # some files were being written
        self._known = folder_rows.known(folder)
        self._changes = folder_changes.decide(self._known, found)
        self._gone = {row.pk: row for row in self._changes.vanished}
        self._gone_by_digest: dict[str, list[Known]] = defaultdict(list)
        for row in self._changes.vanished:
            self._gone_by_digest[row.digest].append(row)

    def follow(self) -> int:
        """Answers how many files were read."""
        if self._folder.state in (FolderState.MISSING, FolderState.SILENT):
            folder_rows.retry_failed(self._folder)
        folder_rows.mark_there(self._changes.back)
        folder_rows.drop(self._changes.dropped, self._should_stop)
        read = 0
        for batch in _batches(self._read_changed(), BATCH_FILES):
            read += len(batch)
            self._take(batch)
        if not self._should_stop():
            self._let_go()
        return read

    def _read_changed(self) -> Iterator[Print]:
        for relative in self._changes.to_read:
            if self._should_stop():
                return
            try:
                with beneath.opened_file(self._opened, relative) as file:
                    yield fingerprint(relative, file, on_block=self._should_stop)
            except FileNotFoundError:
                continue
            except OSError:
                self._found.leave_out(relative, Reason.UNREADABLE)

    def _take(self, batch: Sequence[Print]) -> None:
        """Renews what has changed, recognizes what has moved, adds what is new."""
        for each in batch:
            if not each.is_at_rest:
                self._found.leave_out(each.relative, Reason.WRITTEN)
                self.is_unfinished = True
        folder_rows.take(self._folder, [(self._before(each), each) for each in batch if each.is_at_rest])

    def _before(self, each: Print) -> Known | None:
        if (known := self._changes.to_read[each.relative]) is not None:
            return known
        candidates = self._gone_by_digest[each.digest] or folder_rows.gone_elsewhere(self._folder, each.digest)
        moved = folder_changes.moved_from(each.relative, candidates)
        if moved is not None and moved.pk in self._gone:
            del self._gone[moved.pk]
            self._gone_by_digest[each.digest].remove(moved)
        return moved

    def _let_go(self) -> None:
        """Removes what has been missing for a while; what is missing in masses only when a person has said so."""
        lost = list(self._gone.values())
        is_accepted = bool(lost) and len(lost) <= self._folder.accepted_loss
        if folder_changes.is_mass_loss(len(self._known), lost, self._found) and not is_accepted:
            folder_rows.ask_about(self._folder, len(lost), len(self._known))
            return
        folder_rows.set_state(self._folder, FolderState.PRESENT, "")
        if is_accepted:
            folder_rows.drop(lost, self._should_stop)
        elif waiting := folder_rows.drop_missing(lost, timezone.now() - self._grace, self._should_stop):
            folder_rows.want_look(self._folder, self._grace)
            log.debug("%d files of %s have disappeared; they go if they do not come back", waiting, self._folder)


def fingerprint(relative: str, file: int, *, on_block: Callable[[], object] = lambda: None) -> Print:
    """The digest of an open file, with the stamp it had at the end."""
    before = Stamp.of(os.fstat(file))
    with open(os.dup(file), "rb", buffering=0) as source:
        digest, left = hashlib.sha256(), before.size_bytes
        while left >= 0 and (block := source.read(BLOCK_BYTES)):  # one that grows meanwhile may never end
            digest.update(block)
            left -= len(block)
            on_block()
    after = Stamp.of(os.fstat(file))
    return Print(relative, digest.hexdigest(), after, is_at_rest=before == after)


def _batches(prints: Iterable[Print], size: int) -> Iterator[list[Print]]:
    rest = iter(prints)
    while batch := list(islice(rest, size)):
        yield batch
