"""Only a whole file of the same model is ever read; whatever else lies there is nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from inference import state_file
from inference.parked import Parked

OURS, OTHERS = b"a" * 32, b"b" * 32


def parked(length: int = 40) -> Parked:
    return Parked(np.arange(length, dtype=np.int32), np.arange(3000, dtype=np.uint8))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "one.state"
    state_file.write(path, parked(), OURS)
    return path


def test_what_was_written_is_read(path: Path) -> None:
    head, whole = state_file.read_head(path, OURS), state_file.read(path, OURS)
    assert head is not None and whole is not None
    assert head.tokens.tolist() == whole.tokens.tolist() == parked().tokens.tolist()
    assert whole.state.tolist() == parked().state.tolist()
    assert path.stat().st_size == state_file.size_bytes(parked())


def test_every_changed_byte_is_found(path: Path) -> None:
    good = path.read_bytes()
    for at in [*range(300), len(good) - 1]:
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x40]) + good[at + 1 :])
        assert state_file.read(path, OURS) is None, at


@pytest.mark.parametrize("length", [0, 7, 95, 96, 200, -1])
def test_a_file_cut_short_is_nothing(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])
    assert state_file.read_head(path, OURS) is None
    assert state_file.read(path, OURS) is None


def test_a_file_with_something_behind_it_is_nothing(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")
    assert state_file.read_head(path, OURS) is None


def test_a_file_of_another_model_is_nothing(path: Path) -> None:
    assert state_file.read_head(path, OTHERS) is None
    assert state_file.read(path, OTHERS) is None


def test_a_file_that_is_gone_is_nothing(tmp_path: Path) -> None:
    assert state_file.read_head(tmp_path / "none.state", OURS) is None
    assert state_file.read(tmp_path / "none.state", OURS) is None


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_nobody_else_may_read_it(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken.state").mkdir()
    with pytest.raises(OSError):
        state_file.write(tmp_path / "taken.state", parked(), OURS)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.state"]
