"""A model in several files, `name-00001-of-00003.gguf` and so on: finds the parts of the first one, and checks them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from inference.errors import ModelFileError
from inference.gguf_header import Header, read_header

PART_NAME = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})", re.DOTALL)
PARTS_LIMIT = 1 << 10


def stem_of(path: Path) -> str:
    """The name of the model: the file's, without what tells its parts apart."""
    match = PART_NAME.fullmatch(path.stem)
    return match["stem"] if match else path.stem


def is_later_part(path: Path) -> bool:
    """Whether the name says that the model begins in another file."""
    match = PART_NAME.fullmatch(path.stem)
    return match is not None and int(match["number"]) > 1


def read_whole(path: Path) -> Header:
    """The header of a model in one file, or of the first of several with the tensors of all. Raises ModelFileError."""
    first = read_header(path)
    count = _whole(path, first, "split.count")
    if count <= 1:
        return first
    if count > PARTS_LIMIT:
        raise ModelFileError(f"{path.name} is damaged: it claims to be one of {count:,} parts. Get it again.")
    number = _whole(path, first, "split.no") + 1
    if number != 1:
        raise ModelFileError(
            f"{path.name} is part {number} of {count}. Give the first part, {_part_name(path, 1, count)}."
        )
    headers = [first, *(_read_part(path, number, count) for number in range(2, count + 1))]
    return _joined(path, headers)


def _read_part(path: Path, number: int, count: int) -> Header:
    part = path.with_name(_part_name(path, number, count))
    if not part.is_file():
        raise ModelFileError(
            f"{path.name} is the first of {count} parts, and {part.name} is not beside it. Put all parts in one folder."
        )
    header = read_header(part)
    if (_whole(part, header, "split.no"), _whole(part, header, "split.count")) != (number - 1, count):
        raise ModelFileError(f"{part.name} is not what its name says: part {number} of {count}. Get it again.")
    return header


def _joined(path: Path, headers: list[Header]) -> Header:
    tensors = tuple(tensor for header in headers for tensor in header.tensors)
    claimed = _whole(path, headers[0], "split.tensors.count")
    if claimed and claimed != len(tensors):
        raise ModelFileError(
            f"The parts of {path.name} do not belong together: they hold {len(tensors):,} tensors of {claimed:,}. "
            "Get them again."
        )
    return replace(headers[0], size_bytes=sum(header.size_bytes for header in headers), tensors=tensors)


def _part_name(path: Path, number: int, count: int) -> str:
    """llama.cpp finds the parts by their names as well, so a part by another name could not be loaded."""
    match = PART_NAME.fullmatch(path.stem)
    if match is None or int(match["count"]) != count:
        raise ModelFileError(
            f"{path.name} is one of {count} parts, which are found by their names. "
            f"Give it back its own, which ends in -00001-of-{count:05}.gguf."
        )
    return f"{match['stem']}-{number:05}-of-{count:05}{path.suffix}"


def _whole(path: Path, header: Header, key: str) -> int:
    value = header.values.get(key, 0)
    if not isinstance(value, int) or value < 0:
        raise ModelFileError(f"{path.name} is damaged: {key!r} has an impossible value. Get it again.")
    return value
