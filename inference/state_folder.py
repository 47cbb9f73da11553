"""The folder of state files: one folder inside it for each model, and one bound for all of them together.

What is used last stays longest. A file that cannot be used is removed when it is found. `forget` empties the folder
and voids what running models have in memory: they hold a token of the time before, and nothing is kept under an old
token. Everything here may be called from any thread and process; files that vanish meanwhile are no trouble.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from inference import state_file
from inference.parked import Parked, Tokens, common_length

log = logging.getLogger(__name__)

OLDEST_S = 30 * 86400.0  # what nobody used for this long goes, whatever room there is
FREE_BYTES = 1 << 30  # of the disk, that are left to others
_ERA = "era"
_COVERED = 15 / 16  # of some tokens; who has this much of them has enough


class StateFolder:
    """The files of one model. `fingerprint`: whatever a state depends on; files with another one are removed."""

    def __init__(self, root: Path, model: str, fingerprint: bytes, budget_bytes: int) -> None:
        self._root = root
        self._folder = folder_of(root, model)
        self._fingerprint = fingerprint
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()  # guards the list of files
        self._files: dict[Path, Tokens] = {}
        _make_private(self._folder)
        self._look()

    @property
    def era(self) -> str:
        """The token of the present time; it changes when everything is to be forgotten."""
        return era_of(self._root)

    def __len__(self) -> int:
        return len(self._files)

    def covers(self, tokens: Tokens) -> bool:
        """Whether nearly all of these tokens are kept already."""
        with self._lock:
            return any(common_length(kept, tokens) >= tokens.size * _COVERED for kept in self._files.values())

    def find(self, prompt: Tokens) -> tuple[Path | None, int, int]:
        """The file that has most of a prompt's beginning, how many tokens of it, and how many tokens it has in all."""
        with self._lock:
            found = [(common_length(kept, prompt), path, kept.size) for path, kept in self._files.items()]
        length, path, size = max(found, key=lambda each: each[0], default=(0, None, 0))
        return (path, length, size) if length else (None, 0, 0)

    def read(self, path: Path) -> Parked | None:
        """A file that was found. None: it was damaged, and is gone now."""
        parked = state_file.read(path, self._fingerprint)
        if parked is None:
            log.warning("%s was damaged or of another model, and is removed", path.name)
            self._remove(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return parked

    def put(self, parked: Parked, era: str) -> bool:
        """Keep a state of this era. False: it is too large, the disk is full, or its era is over."""
        size = state_file.size_bytes(parked)
        if size > self._budget_bytes or era != self.era:
            return False
        path = self._folder / f"{secrets.token_hex(16)}{state_file.SUFFIX}"
        try:
            if shutil.disk_usage(self._folder).free < size + FREE_BYTES:
                return False
            trim(self._root, self._budget_bytes - size)
            state_file.write(path, parked, self._fingerprint)
        except OSError as error:
            log.warning("What was read could not be kept on disk: %s", error)
            return False
        if era != self.era:  # whoever forgets changes the era first and removes files then, so one of us removes it
            path.unlink(missing_ok=True)
            return False
        self._remember(path, parked.tokens)
        return True

    def _remember(self, path: Path, tokens: Tokens) -> None:
        with self._lock:
            shorter = [old for old, kept in self._files.items() if common_length(kept, tokens) == kept.size]
            self._files[path] = tokens
            gone = [old for old in self._files if not old.exists()]
        for old in {*shorter, *gone}:
            self._remove(old)

    def _remove(self, path: Path) -> None:
        with self._lock:
            self._files.pop(path, None)
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)

    def _look(self) -> None:
        for path in sorted(self._folder.iterdir()):
            head = state_file.read_head(path, self._fingerprint) if path.suffix == state_file.SUFFIX else None
            if head is not None:
                self._files[path] = head.tokens
            elif path.suffix in (state_file.SUFFIX, state_file.UNFINISHED):
                self._remove(path)


def folder_of(root: Path, model: str) -> Path:
    """Where the files of a model are. Names of models may hold what names of folders may not."""
    return root / hashlib.blake2b(model.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def era_of(root: Path) -> str:
    """The present era; the first one has no name."""
    try:
        return (root / _ERA).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def forget(root: Path) -> None:
    """Remove every file, and see to it that nothing read up to now is kept later."""
    if not root.is_dir():
        return
    unfinished = root / f"{secrets.token_hex(8)}{state_file.UNFINISHED}"
    unfinished.write_text(secrets.token_hex(16), encoding="ascii")
    unfinished.replace(root / _ERA)
    for path in files(root):
        path.unlink(missing_ok=True)


def forget_model(root: Path, model: str) -> None:
    """Remove the files of a model that is no longer loaded."""
    shutil.rmtree(folder_of(root, model), ignore_errors=True)


def trim(root: Path, budget_bytes: int) -> None:
    """Remove what is too old, and then what was not used for longest until the rest is no larger than this."""
    aged = []
    for path in files(root):
        with contextlib.suppress(OSError):
            facts = path.stat()
            aged.append((facts.st_mtime, facts.st_size, path))
    total = sum(size for _, size, _ in aged)
    for used_at, size, path in sorted(aged):
        if total <= budget_bytes and time.time() - used_at < OLDEST_S:
            return
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        total -= size


def files(root: Path) -> Iterator[Path]:
    """The files of all models."""
    if root.is_dir():
        yield from root.glob(f"*/*{state_file.SUFFIX}")


def _make_private(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)
