"""Values of JSON as text that a person can read: "name: Anna", with what stands inside something else indented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docs_index.readers.draft import Draft

HEADING_LEVELS = 4  # deeper parts are told from each other by their indentation alone
INDENT = "  "


def add_value(draft: Draft, value: Any, level: int = 1) -> None:
    """Parts that hold parts become sections, as far as HEADING_LEVELS."""
    if not isinstance(value, dict) or level > HEADING_LEVELS:
        draft.add("\n".join(lines(value)))
        return
    plain = {key: part for key, part in value.items() if not _is_section(part)}
    if plain:
        draft.add("\n".join(lines(plain)))
    for key, part in value.items():
        if _is_section(part):
            draft.head(level, str(key))
            add_value(draft, part, level + 1)


def lines(value: Any, indent: str = "") -> Iterator[str]:
    """A line for each key and each entry of a list."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _entry(f"{indent}{key}:", part, indent)
    elif isinstance(value, list):
        for part in value:
            yield from _entry(f"{indent}-", part, indent)
    else:
        yield indent + scalar(value)


def in_one_line(record: Any) -> str:
    """A record as a row: "name: Anna | address.city: Oslo". Its texts keep their lines."""
    return " | ".join(_pairs(record, ""))


def scalar(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _entry(opening: str, part: Any, indent: str) -> Iterator[str]:
    if isinstance(part, dict | list) and part:
        yield opening
        yield from lines(part, indent + INDENT)
    elif not isinstance(part, dict | list):
        yield f"{opening} {scalar(part)}"


def _pairs(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _pairs(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        for number, part in enumerate(value, 1):
            yield from _pairs(part, f"{path}.{number}" if path else str(number))
    elif isinstance(value, list):
        if value:
            yield f"{path}: {', '.join(map(scalar, value))}" if path else ", ".join(map(scalar, value))
    elif value not in (None, ""):
        yield f"{path}: {scalar(value)}" if path else scalar(value)


def _is_section(part: Any) -> bool:
    return isinstance(part, dict) and bool(part)
