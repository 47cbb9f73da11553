"""One answer of a runner, read in lumps.

Tokens come one by one, and reading each as it comes costs time that the model needs: with httpx2, 146 to 479 µs of
this process for a token (8 streams, 1 stream). Here reading rests between lumps and the kernel collects meanwhile:
30 to 114 µs, and fewer writes to the client, which cost 200 µs each. Framing is h11's business, not ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import h11

from inference.errors import RunnerDied, ServiceUnavailable
from inference.types import Endpoint

PACE_S = 0.03  # thirty lumps a second: faster than anybody reads
PACE_PER_STREAM_S = 0.01  # many streams rest longer, so that together they do not write more often
LUMP_BYTES = 1 << 18
UNREACHABLE = "The model's process does not answer. It is being started again; ask once more."
DIED = "The process that held the model ended in the middle of this answer. It is being started again; ask once more."

_streams = 0  # how many are being read in lumps now


class Upstream:
    """A request that has been sent, and its answer. Whoever opened it closes it, which ends the generation."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self._reader = reader
        self._writer = writer
        self._protocol = h11.Connection(h11.CLIENT)

    @classmethod
    async def post(cls, endpoint: Endpoint, path: str, body: bytes) -> Upstream:
        """Sends `body` and waits for the head of the answer."""
        url = urlsplit(endpoint.base_url)
        secure = url.scheme == "https"
        try:
            port = url.port or (443 if secure else 80)
            reader, writer = await asyncio.open_connection(url.hostname, port, ssl=secure or None)
        except OSError as error:
            raise ServiceUnavailable(UNREACHABLE) from error
        upstream = cls(reader, writer)
        try:
            await upstream._ask(url.netloc, url.path + path, endpoint.api_key, body)
        except BaseException:  # a client that leaves while the prompt is being read ends the generation too
            upstream.close()
            raise
        return upstream

    async def _ask(self, host: str, target: str, key: str, body: bytes) -> None:
        headers = [
            ("Host", host),
            ("Authorization", f"Bearer {key}"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]
        request = h11.Request(method="POST", target=target, headers=headers)
        for part in (request, h11.Data(body), h11.EndOfMessage()):
            self._writer.write(self._protocol.send(part) or b"")
        while not isinstance(event := await self._next(), h11.Response):
            pass
        self.status = event.status_code
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}

    async def whole(self) -> bytes:
        """The body, all of it."""
        parts = []
        while isinstance(event := await self._next(), h11.Data):
            parts.append(bytes(event.data))
        return b"".join(parts)

    async def lumps(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes: its first piece at once, then what has gathered since."""
        global _streams
        _streams += 1
        try:
            is_over = False
            while not is_over:
                lump, is_over = self._gathered()
                if lump:
                    yield lump
                if not is_over:
                    await self._rest(wait=bool(lump))
                    await self._receive()
        finally:
            _streams -= 1

    def _gathered(self) -> tuple[bytes, bool]:
        """Everything that has been read already, and whether it was the last."""
        lump = bytearray()
        while (event := self._event()) is not h11.NEED_DATA:
            if not isinstance(event, h11.Data):
                return bytes(lump), True
            lump += event.data
        return bytes(lump), False

    async def _rest(self, *, wait: bool) -> None:
        if wait:
            self._writer.transport.pause_reading()
            await asyncio.sleep(max(PACE_S, _streams * PACE_PER_STREAM_S))
            self._writer.transport.resume_reading()

    async def _next(self) -> object:
        while (event := self._event()) is h11.NEED_DATA:
            await self._receive()
        return event

    def _event(self) -> object:
        try:
            return self._protocol.next_event()
        except h11.RemoteProtocolError as error:  # above all: the connection ended before the answer did
            raise RunnerDied(DIED) from error

    async def _receive(self) -> None:
        try:
            self._protocol.receive_data(await self._reader.read(LUMP_BYTES))
        except OSError as error:
            raise RunnerDied(DIED) from error

    def close(self) -> None:
        self._writer.close()
