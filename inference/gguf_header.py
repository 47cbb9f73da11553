"""Reads the header of a GGUF file: key-value pairs, and where each tensor's data lies. The file is hostile.

A parser of our own, because the `gguf` package builds the vocabulary (1.7 s for a small model) and trusts the counts it
reads. This one steps over arrays, keeps little, and holds every number against the file's size before it believes it.
It knows the container alone; what the values mean is `inference.gguf`'s business.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

from inference.errors import ModelFileError

Scalar = int | float | bool | str
Value = Scalar | tuple[Scalar, ...]

KEY_LIMIT = 1 << 14
TENSOR_LIMIT = 1 << 16
NAME_LIMIT_BYTES = 1 << 10
TEXT_LIMIT_BYTES = 1 << 20  # the longest text worth keeping is a chat template
KEPT_ITEMS = 1 << 10  # longer arrays are vocabularies, and are stepped over
KEPT_LIMIT_BYTES = 1 << 25  # of all that is kept of one file; honest headers keep a tenth of a megabyte
NUMBER_BYTES = 32  # what one number of a list takes in Python
STRING_LIMIT = 1 << 22  # strings stepped over in one file; the largest vocabularies have a sixth of it
ALIGNMENT_LIMIT = 1 << 16
DIMENSIONS = 4

STRING, ARRAY = 8, 9
SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
UNPACKERS = {kind: struct.Struct(code) for kind, code in SCALARS.items()}
U32, U64 = UNPACKERS[4], UNPACKERS[10]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor's entry, checked to lie within the file."""

    name: str
    elements: int
    kind: str  # "Q4_1", "F16", …
    size_bytes: int
    offset: int  # from the beginning of the data


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF says before its data begins."""

    size_bytes: int
    values: dict[str, Value] = field(repr=False)
    array_lengths: dict[str, int]
    tensors: tuple[Tensor, ...] = field(repr=False)


def read_header(path: Path) -> Header:
    """Read and check a header. Raises ModelFileError."""
    try:
        with path.open("rb", buffering=1 << 18) as file:
            return _HeaderReader(path, file).read()
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}.") from error


class _HeaderReader:
    """Walks through one open file, front to back."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._size = path.stat().st_size
        self._position = 0
        self._strings = 0
        self._kept_bytes = 0
        self._values: dict[str, Value] = {}
        self._array_lengths: dict[str, int] = {}

    def read(self) -> Header:
        self._check_magic()
        tensors, keys = self._count("tensors", TENSOR_LIMIT), self._count("keys", KEY_LIMIT)
        for _ in range(keys):
            self._read_pair()
        entries = [self._read_tensor() for _ in range(tensors)]
        self._check_extents(entries)
        return Header(self._size, self._values, self._array_lengths, tuple(entries))

    def _check_magic(self) -> None:
        magic = self._file.read(4)
        self._position = len(magic)
        if magic in (b"lmgg", b"fmgg", b"tjgg"):
            raise ModelFileError(f"{self._path.name} is in an old format that came before GGUF. Get the model as GGUF.")
        if magic != b"GGUF":
            raise ModelFileError(f"{self._path.name} is not a GGUF file.")
        version = self._unpack(U32)
        if version not in (2, 3):
            raise ModelFileError(f"{self._path.name} is a GGUF of version {version}; versions 2 and 3 can be read.")

    def _read_pair(self) -> None:
        key = self._text(NAME_LIMIT_BYTES, "a key")
        kind = self._unpack(U32)
        if kind == ARRAY:
            self._read_array(key)
        elif kind == STRING:
            self._values[key] = self._text(TEXT_LIMIT_BYTES, f"the value of {key!r}")
        else:
            self._values[key] = self._unpack(self._unpacker(kind))

    def _read_array(self, key: str) -> None:
        kind, length = int(self._unpack(U32)), int(self._unpack(U64))
        self._array_lengths[key] = length
        if kind == STRING:
            self._skip_strings(length)
            return
        unpacker = self._unpacker(kind)
        self._need(length * unpacker.size)
        if length > KEPT_ITEMS:
            self._skip(length * unpacker.size)
        else:
            self._keep(length * NUMBER_BYTES)
            self._values[key] = tuple(self._unpack(unpacker) for _ in range(length))

    def _skip_strings(self, count: int) -> None:
        self._strings += count
        if self._strings > STRING_LIMIT:
            raise self._damaged(f"it claims {count:,} strings in one list")
        self._need(count * U64.size)
        for _ in range(count):
            self._skip(int(self._unpack(U64)))

    def _read_tensor(self) -> Tensor:
        name = self._text(NAME_LIMIT_BYTES, "a tensor's name")
        dimensions = int(self._unpack(U32))
        if not 1 <= dimensions <= DIMENSIONS:
            raise self._damaged(f"tensor {name!r} claims {dimensions} dimensions")
        shape = [int(self._unpack(U64)) for _ in range(dimensions)]
        kind = self._tensor_kind(name, int(self._unpack(U32)))
        offset = int(self._unpack(U64))
        block, block_bytes = GGML_QUANT_SIZES[kind]
        if 0 in shape or shape[0] % block:
            raise self._damaged(f"tensor {name!r} claims the shape {shape}")
        elements = math.prod(shape)
        return Tensor(name, elements, kind.name, elements // block * block_bytes, offset)

    def _tensor_kind(self, name: str, number: int) -> GGMLQuantizationType:
        try:
            return GGMLQuantizationType(number)
        except ValueError:
            raise self._damaged(f"tensor {name!r} is of the unknown type {number}") from None

    def _check_extents(self, tensors: list[Tensor]) -> None:
        alignment = self._values.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 1 <= alignment <= ALIGNMENT_LIMIT or alignment & (alignment - 1):
            raise self._damaged(f"it claims an alignment of {alignment}")
        begin = -(-self._position // alignment) * alignment
        end_before = 0
        for tensor in sorted(tensors, key=lambda tensor: tensor.offset):
            if tensor.offset % alignment or tensor.offset < end_before:
                raise self._damaged(f"tensor {tensor.name!r} lies across another")
            end_before = tensor.offset + tensor.size_bytes
        if tensors and begin + end_before > self._size:
            raise self._cut_short(begin + end_before)

    # Steps of the walk.

    def _count(self, what: str, limit: int) -> int:
        count = int(self._unpack(U64))
        if count > limit:
            raise self._damaged(f"it claims {count:,} {what}")
        return count

    def _unpacker(self, kind: float) -> struct.Struct:
        unpacker = UNPACKERS.get(int(kind))
        if unpacker is None:
            raise self._damaged(f"it has a value of the unknown type {kind}")
        return unpacker

    def _unpack(self, unpacker: struct.Struct) -> int | float:
        value: int | float = unpacker.unpack(self._take(unpacker.size))[0]
        return value

    def _text(self, limit: int, what: str) -> str:
        length = int(self._unpack(U64))
        if length > limit:
            self._need(length)
            raise self._damaged(f"{what} claims {length:,} bytes")
        self._keep(length)
        return self._take(length).decode("utf-8", "replace")

    def _keep(self, count: int) -> None:
        self._kept_bytes += count
        if self._kept_bytes > KEPT_LIMIT_BYTES:
            raise self._damaged(f"its header holds more than {KEPT_LIMIT_BYTES >> 20} MB of values")

    def _take(self, count: int) -> bytes:
        self._need(count)
        data = self._file.read(count)
        self._position += count
        if len(data) < count:  # it became shorter while it was read
            raise self._cut_short(self._position)
        return data

    def _skip(self, count: int) -> None:
        self._need(count)
        self._file.seek(count, 1)
        self._position += count

    def _need(self, count: int) -> None:
        if self._position + count > self._size:
            raise self._cut_short(self._position + count)

    def _cut_short(self, needed: int) -> ModelFileError:
        return ModelFileError(
            f"{self._path.name} is incomplete: it has {self._size:,} bytes and needs {_count(needed)}. Get it again."
        )

    def _damaged(self, why: str) -> ModelFileError:
        return ModelFileError(f"{self._path.name} is damaged: {why}. Get it again.")


def _count(needed: int) -> str:
    # A flipped bit makes numbers that would only puzzle.
    return f"at least {needed:,}" if needed < 1 << 45 else "far more"
