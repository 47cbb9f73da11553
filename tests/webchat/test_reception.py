"""Bodies are received on the disk of the data, and only when it has room. A real channel, but no socket."""

from __future__ import annotations

import shutil
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.testing import StringTransport
from twisted.web.http import HTTPChannel

from webchat import reception

BODY = b"a" * 2_000_000


class Channel(HTTPChannel):
    requestFactory = reception.Request  # noqa: N815 - Twisted's name

    def __init__(self) -> None:
        super().__init__()
        server = SimpleNamespace(protocol_connected=repr, protocol_disconnected=repr)
        self.factory = SimpleNamespace(server=server, log=repr)
        self.makeConnection(StringTransport())


def upload(channel: Channel, length: int = len(BODY)) -> None:
    channel.dataReceived(b"POST /documents/1/upload HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % length)


def free(monkeypatch: pytest.MonkeyPatch, free_bytes: int) -> None:
    usage = shutil._ntuple_diskusage(10**9, 10**9 - free_bytes, free_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)


def test_a_body_without_room_is_taken_off_the_line_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 5_000_000)
    channel = Channel()
    upload(channel)
    assert channel.transport.value() == b"", "a browser reads no answer before it has sent all"

    channel.dataReceived(BODY)

    assert channel.transport.value().startswith(b"HTTP/1.1 507")
    assert b"not enough room on the disk" in channel.transport.value()


@pytest.mark.parametrize("free_bytes, length", [(200_000_000, len(BODY)), (0, 500)])
def test_what_has_room_and_what_is_small_is_kept(monkeypatch: pytest.MonkeyPatch, free_bytes: int, length: int) -> None:
    free(monkeypatch, free_bytes)
    channel = Channel()
    upload(channel, length)

    channel.dataReceived(b"a" * (length - 1))

    kept: Any = channel.requests[-1].content
    assert kept.tell() == length - 1
    kept.close()


def test_the_server_keeps_bodies_beside_the_data(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception.http_protocol, "WebRequest", reception.http_protocol.WebRequest)
    monkeypatch.setattr(reception.tempfile, "tempdir", None)

    reception.open_reception()

    assert reception.tempfile.gettempdir() == str(settings.FILE_UPLOAD_TEMP_DIR)
    assert reception.http_protocol.WebRequest is reception.Request
