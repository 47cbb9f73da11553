"""Checked reading of one field from a JSON object. An absent field and an explicit null both mean the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inference.errors import InvalidRequest

Body = Mapping[str, Any]

HUGE = 10**100


def number(body: Body, name: str, least: float, most: float, *, default: float) -> float:
    """A number within its range."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise InvalidRequest(f"'{name}' must be a number.")
    if not least <= value <= most:
        # JSON knows whole numbers that no float holds.
        shown = f"{value:g}" if isinstance(value, float) or abs(value) < HUGE else "far from it"
        raise InvalidRequest(f"'{name}' must be between {least:g} and {most:g}; it is {shown}.")
    return float(value)


def whole(body: Body, name: str, least: int, most: int, *, default: int) -> int:
    """A whole number within its range."""
    value = optional_whole(body, name, least, most)
    return default if value is None else value


def optional_whole(body: Body, name: str, least: int, most: int) -> int | None:
    """A whole number within its range, or None."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequest(f"'{name}' must be a whole number.")
    if not least <= value <= most:
        raise InvalidRequest(f"'{name}' must be between {least} and {most}; it is {value}.")
    return value


def flag(body: Body, name: str, *, default: bool = False) -> bool:
    """True or false."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidRequest(f"'{name}' must be true or false.")
    return default if value is None else value


def text(body: Body, name: str, *, limit: int = 4096) -> str:
    """A string that must be there and not be empty."""
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > limit:
        raise InvalidRequest(f"'{name}' must be a string of 1 to {limit} characters.")
    return value


def optional_text(body: Body, name: str, *, limit: int = 1 << 20) -> str | None:
    """A string, or None."""
    return None if body.get(name) is None else text(body, name, limit=limit)


def choice(body: Body, name: str, values: Sequence[str], *, default: str | None = None) -> str:
    """One of a few words."""
    value = body.get(name, default)
    if value is None:
        value = default
    if value not in values:
        raise InvalidRequest(f"'{name}' must be one of {', '.join(values)}.")
    return str(value)


def mapping(body: Body, name: str) -> Body:
    """A JSON object; an empty one when absent."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise InvalidRequest(f"'{name}' must be an object.")
    return value or {}
