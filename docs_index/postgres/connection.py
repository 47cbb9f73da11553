"""One connection, as all modules here are lent it, and the row that some of its answers always have."""

from __future__ import annotations

from typing import Any, TypeAlias

import psycopg

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]


def only(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    """The row that an aggregate, or RETURNING, always gives."""
    assert row is not None
    return row
