"""Signs of life from a reader whose work takes long, page by page. Each step gives it its time anew.

A reader only says that it got on; who listens, and what time it is given, is the reading process's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


def _nobody() -> None: ...


_listener: ContextVar[Callable[[], None]] = ContextVar("listener", default=_nobody)


def step() -> None:
    """Said after each piece of work."""
    _listener.get()()


@contextmanager
def heard_by(listener: Callable[[], None]) -> Iterator[None]:
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
