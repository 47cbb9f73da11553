"""Events are sent together, in order, none lost; the first does not wait."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from inference.event_stream import event_stream


class Socket:
    """Collects what is sent; `gone` makes it fail as a client that left."""

    def __init__(self, *, gone: bool = False) -> None:
        self.bodies: list[bytes] = []
        self.sent = asyncio.Event()
        self._gone = gone

    async def __call__(self, message: Any) -> None:
        if self._gone:
            raise ConnectionResetError
        self.bodies.append(message["body"])
        self.sent.set()


async def test_the_first_event_goes_at_once() -> None:
    socket = Socket()
    async with event_stream(socket) as stream:
        stream.write(b"first")
        await socket.sent.wait()  # would wait for ever if it were kept for a second one
    assert socket.bodies == [b"first"]


async def test_events_that_are_ready_together_are_sent_together() -> None:
    socket = Socket()
    async with event_stream(socket) as stream:
        for number in range(100):
            stream.write(b"%d," % number)
            await asyncio.sleep(0)
    assert b"".join(socket.bodies) == b"".join(b"%d," % number for number in range(100))
    assert len(socket.bodies) < 10


async def test_what_is_left_is_sent_at_the_end() -> None:
    socket = Socket()
    async with event_stream(socket) as stream:
        stream.write(b"first")
        await socket.sent.wait()
        stream.write(b"last")
    assert socket.bodies == [b"first", b"last"]


async def test_a_client_that_left_ends_the_writing() -> None:
    with pytest.raises(ExceptionGroup) as raised:
        async with event_stream(Socket(gone=True)) as stream:
            stream.write(b"first")
            await asyncio.sleep(10)
    assert raised.group_contains(ConnectionResetError)
