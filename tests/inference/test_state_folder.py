"""What stays in the folder, what leaves it, and that what is to be forgotten does not come back."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from inference import state_file, state_folder
from inference.parked import Parked, Tokens
from inference.state_folder import StateFolder, forget, forget_model, trim

FINGERPRINT = b"f" * 32
SIZE = 1000


def tokens(first: int, length: int = 50) -> Tokens:
    return np.arange(first * 1000, first * 1000 + length, dtype=np.int32)


def parked(first: int, length: int = 50) -> Parked:
    return Parked(tokens(first, length), np.full(SIZE, first, dtype=np.uint8))


def folder(root: Path, model: str = "m", *, fingerprint: bytes = FINGERPRINT, budget: int = 100 * SIZE) -> StateFolder:
    return StateFolder(root, model, fingerprint, budget)


def kept(states: StateFolder, first: int) -> bool:
    return states.find(tokens(first))[1] == 50


def age(root: Path, seconds: float) -> None:
    for path in state_folder.files(root):
        facts = path.stat()
        os.utime(path, (facts.st_mtime - seconds, facts.st_mtime - seconds))


def test_it_is_there_again_after_a_restart(tmp_path: Path) -> None:
    assert folder(tmp_path).put(parked(1), "")
    again = folder(tmp_path)
    path, length, size = again.find(tokens(1)[:30])
    assert (length, size) == (30, 50) and path is not None
    found = again.read(path)
    assert found is not None and found.state.tolist() == parked(1).state.tolist()


def test_a_longer_one_takes_the_place_of_its_beginning(tmp_path: Path) -> None:
    states = folder(tmp_path)
    states.put(parked(1), "")
    states.put(parked(1, 80), "")
    assert len(states) == len(list(state_folder.files(tmp_path))) == 1


def test_nearly_all_is_enough(tmp_path: Path) -> None:
    states = folder(tmp_path)
    states.put(parked(1), "")
    assert states.covers(tokens(1, 52)) and not states.covers(tokens(1, 80)) and not states.covers(tokens(2))


def test_what_was_unused_for_longest_goes_whatever_model_it_is_of(tmp_path: Path) -> None:
    first, second = folder(tmp_path, "first", budget=4 * SIZE), folder(tmp_path, "second", budget=4 * SIZE)
    first.put(parked(1), "")
    age(tmp_path, 60)
    second.put(parked(2), "")
    age(tmp_path, 60)
    path, _, _ = first.find(tokens(1))
    assert path is not None and first.read(path) is not None  # used again
    first.put(parked(3), "")
    first.put(parked(4), "")
    assert kept(folder(tmp_path, "first"), 1)
    assert not kept(folder(tmp_path, "second"), 2)
    assert sum(path.stat().st_size for path in state_folder.files(tmp_path)) <= 4 * SIZE + SIZE


def test_one_beyond_the_whole_budget_is_not_written(tmp_path: Path) -> None:
    assert not folder(tmp_path, budget=SIZE).put(parked(1), "")
    assert not list(state_folder.files(tmp_path))


def test_what_nobody_used_for_a_month_goes(tmp_path: Path) -> None:
    folder(tmp_path).put(parked(1), "")
    age(tmp_path, state_folder.OLDEST_S + 60)
    trim(tmp_path, 100 * SIZE)
    assert not list(state_folder.files(tmp_path))


def test_a_disk_that_is_nearly_full_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_folder, "FREE_BYTES", 1 << 62)
    assert not folder(tmp_path).put(parked(1), "")


@pytest.mark.parametrize("content", [b"", b"cos\nsystem\n(S'true'\ntR.", b"INGLKV\r\n" + b"\xff" * 500])
def test_rubbish_is_removed_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    states = folder(tmp_path)
    states.put(parked(1), "")
    (own,) = state_folder.files(tmp_path)
    for name in ("rubbish.state", "unfinished.part"):
        (own.parent / name).write_bytes(content)
    (own.parent / "letter.txt").write_bytes(content)
    assert len(folder(tmp_path)) == 1
    assert {path.name for path in own.parent.iterdir()} == {own.name, "letter.txt"}


def test_files_of_a_model_that_has_changed_are_removed(tmp_path: Path) -> None:
    folder(tmp_path).put(parked(1), "")
    assert len(folder(tmp_path, fingerprint=b"g" * 32)) == 0
    assert not list(state_folder.files(tmp_path))


def test_a_file_that_was_damaged_since_is_removed_when_it_is_read(tmp_path: Path) -> None:
    states = folder(tmp_path)
    states.put(parked(1), "")
    path, _, _ = states.find(tokens(1))
    assert path is not None
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert states.read(path) is None
    assert not path.exists() and not kept(states, 1)


def test_forgetting_removes_all_and_keeps_nothing_read_before(tmp_path: Path) -> None:
    states = folder(tmp_path)
    era = states.era
    states.put(parked(1), era)
    forget(tmp_path)
    assert not list(state_folder.files(tmp_path))
    assert not states.put(parked(2), era)
    assert states.put(parked(3), states.era)


def test_forgetting_in_the_middle_of_a_write_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states, write = folder(tmp_path), state_file.write

    def write_while_forgetting(path: Path, state: Parked, fingerprint: bytes) -> None:
        forget(tmp_path)
        write(path, state, fingerprint)

    monkeypatch.setattr(state_file, "write", write_while_forgetting)
    assert not states.put(parked(1), states.era)
    assert not list(state_folder.files(tmp_path))


def test_a_removed_model_takes_its_files_along(tmp_path: Path) -> None:
    folder(tmp_path, "one").put(parked(1), "")
    folder(tmp_path, "../other").put(parked(2), "")
    forget_model(tmp_path, "../other")
    assert len(folder(tmp_path, "one")) == 1 and len(folder(tmp_path, "../other")) == 0


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_its_folders_are_private(tmp_path: Path) -> None:
    folder(tmp_path / "states")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "states").glob("**/")} == {0o700}
