"""One file with what a model has read: tokens, and what the attention cache held for them.

A file is whole and of this model, or it is nothing: `read` answers None unless the sizes, the fingerprint and the
checksum over every byte agree, so llama.cpp is never given bytes that it did not write itself. Nothing is unpickled.

All numbers are little-endian: magic (8 bytes), version (u32), bytes per token (u32), fingerprint (32), number of
tokens (u64), bytes of state (u64), BLAKE2b of all that and all that follows (32), tokens, state.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.parked import Parked, Tokens

MAGIC = b"INGLKV\r\n"  # the line end tells of a transfer as text
VERSION = 1
SUFFIX = ".state"
UNFINISHED = ".part"
_TOKEN = np.dtype("<i4")
_FACTS = struct.Struct("<8sII32sQQ")
_CHECKSUM_BYTES = 32
_HEAD_BYTES = _FACTS.size + _CHECKSUM_BYTES
_TOKENS_LIMIT = 1 << 24


@dataclass(frozen=True, slots=True)
class Head:
    """What the beginning of a file says, its size agreeing."""

    tokens: Tokens
    state_bytes: int


def write(path: Path, parked: Parked, fingerprint: bytes) -> None:
    """Put a file in its place, whole or not at all, readable by its owner alone. Raises OSError."""
    tokens = parked.tokens.astype(_TOKEN).tobytes()
    facts = _FACTS.pack(MAGIC, VERSION, _TOKEN.itemsize, fingerprint, parked.tokens.size, parked.state.nbytes)
    checksum = _checksum(facts, tokens, parked.state.data)
    unfinished = path.with_name(f"{secrets.token_hex(8)}{UNFINISHED}")
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for piece in (facts, checksum, tokens, parked.state.data):
                file.write(piece)
        unfinished.replace(path)  # not synced: after a power cut the checksum tells a half-written file
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def size_bytes(parked: Parked) -> int:
    """How large the file of this would be."""
    return int(_HEAD_BYTES + parked.tokens.size * _TOKEN.itemsize + parked.state.nbytes)


def read_head(path: Path, fingerprint: bytes) -> Head | None:
    """The tokens of a file of this model; None where it is damaged, of another model or another version."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            counts = _counts(head, fingerprint, os.fstat(file.fileno()).st_size)
            if counts is None:
                return None
            return Head(np.frombuffer(file.read(counts[0] * _TOKEN.itemsize), _TOKEN).astype(np.int32), counts[1])
    except (OSError, ValueError):
        return None


def read(path: Path, fingerprint: bytes) -> Parked | None:
    """All of a file, once its checksum was found right; None as above."""
    try:
        data = np.fromfile(path, dtype=np.uint8)
    except (OSError, ValueError):
        return None
    head = data[:_HEAD_BYTES].tobytes()
    counts = _counts(head, fingerprint, data.size)
    if counts is None or _checksum(head[: _FACTS.size], data[_HEAD_BYTES:].data) != head[_FACTS.size :]:
        return None
    split = _HEAD_BYTES + counts[0] * _TOKEN.itemsize
    return Parked(np.frombuffer(data[_HEAD_BYTES:split].tobytes(), _TOKEN).astype(np.int32), data[split:])


def _counts(head: bytes, fingerprint: bytes, size: int) -> tuple[int, int] | None:
    """How many tokens and bytes of state there are, where the beginning of a file is as it must be."""
    if len(head) < _HEAD_BYTES:
        return None
    magic, version, token_bytes, theirs, n_tokens, n_state = _FACTS.unpack(head[: _FACTS.size])
    if (magic, version, token_bytes, theirs) != (MAGIC, VERSION, _TOKEN.itemsize, fingerprint):
        return None
    if not 0 < n_tokens <= _TOKENS_LIMIT or size != _HEAD_BYTES + n_tokens * token_bytes + n_state:
        return None
    return n_tokens, n_state


def _checksum(*pieces: bytes | memoryview) -> bytes:
    digest = hashlib.blake2b(digest_size=_CHECKSUM_BYTES)
    for piece in pieces:
        digest.update(piece)
    return digest.digest()
