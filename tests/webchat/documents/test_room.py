"""An upload that the disk has no room for is refused before its body is read."""

from __future__ import annotations

import errno
import json
import shutil
from typing import Any

import pytest

from webchat.documents.room import EnoughRoom


async def answer(application: EnoughRoom, length: bytes, scope_type: str = "http") -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("the body was read")

    await application({"type": scope_type, "headers": [(b"Content-Length", length)]}, receive, send)
    return sent


async def served(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def full(scope: Any, receive: Any, send: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 8 * 10**8, 2 * 10**8))


async def test_what_fits_is_served(small_disk: None) -> None:
    assert (await answer(EnoughRoom(served), b"50000000"))[0]["status"] == 200


async def test_what_does_not_fit_is_refused_unread(small_disk: None) -> None:
    start, body = await answer(EnoughRoom(served), b"90000000")
    assert start["status"] == 507
    assert "not enough room on the disk" in json.loads(body["body"])["detail"]


@pytest.mark.parametrize("length", [b"", b"-5", b"many", b"500"])
async def test_small_and_odd_requests_get_through(small_disk: None, length: bytes) -> None:
    assert (await answer(EnoughRoom(served), length))[0]["status"] == 200


async def test_a_disk_that_fills_up_meanwhile_has_the_same_answer() -> None:
    assert (await answer(EnoughRoom(full), b"500"))[0]["status"] == 507


async def test_files_from_a_pipe_are_asked_for_their_length() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"multipart/form-data; boundary=x"), (b"transfer-encoding", b"chunked")]
    await EnoughRoom(served)({"type": "http", "headers": headers}, None, send)

    assert sent[0]["status"] == 411
    assert "Content-Length" in json.loads(sent[1]["body"])["detail"]
