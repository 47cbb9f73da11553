"""Refuses an upload that the disk has no room for, before its body is read.

Django spools a body to disk before any view or middleware of it runs, so this wraps the whole application. What the web
server spools before that is the business of `webchat.reception`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from webchat.documents.storage import FULL, RESERVE_BYTES, NoRoom

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

COPIES = 2  # the body as it came, and the files cut out of it, until the request ends
NO_LENGTH = "An upload must say how long it is: send the files with a Content-Length, not in chunks from a pipe."
SMALL_BYTES = 1_000_000  # questions and forms get through even when the disk is nearly full


class EnoughRoom:
    """An ASGI application around another."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        needed = needed_bytes(announced_bytes(scope))
        if is_chunked_upload(scope):
            await refuse(send, 411, NO_LENGTH)
            return
        if needed and shutil.disk_usage(settings.FILE_UPLOAD_TEMP_DIR).free < needed:
            await refuse(send, 507, str(NoRoom(needed)))
            return
        try:
            await self._application(scope, receive, send)
        except OSError as error:
            if error.errno not in FULL:
                raise
            await refuse(send, 507, str(NoRoom()))


def needed_bytes(body_bytes: int, *, copies: int = COPIES) -> int:
    """What taking in a body needs at its peak; 0 for what is let through in any case."""
    return copies * body_bytes + RESERVE_BYTES if body_bytes > SMALL_BYTES else 0


def announced_bytes(scope: Scope) -> int:
    """The length of the body as the client gives it; 0 where it does not."""
    values = [value for name, value in scope.get("headers", ()) if name.lower() == b"content-length"]
    return int(values[0]) if values and values[0].isdigit() else 0


def is_chunked_upload(scope: Scope) -> bool:
    """Whether files come without their length, as from a pipe. Django would see a form without any."""
    headers = {name.lower(): value for name, value in scope.get("headers", ())}
    is_form = headers.get(b"content-type", b"").startswith(b"multipart/")
    return is_form and b"chunked" in headers.get(b"transfer-encoding", b"") and b"content-length" not in headers


async def refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"detail": sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
