"""Refuses an upload that the disk has no room for, before its body is read.

The server spools a body to disk before any view or middleware of Django runs, so this wraps the whole application.
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
SMALL_BYTES = 1_000_000  # questions and forms get through even when the disk is nearly full


class EnoughRoom:
    """An ASGI application around another."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        needed = needed_bytes(scope)
        if needed and shutil.disk_usage(settings.FILE_UPLOAD_TEMP_DIR).free < needed:
            await refuse(send, needed)
            return
        try:
            await self._application(scope, receive, send)
        except OSError as error:
            if error.errno not in FULL:
                raise
            await refuse(send)


def needed_bytes(scope: Scope) -> int:
    """What taking in the body needs at its peak; 0 for what is let through in any case."""
    body = announced_bytes(scope)
    return COPIES * body + RESERVE_BYTES if body > SMALL_BYTES else 0


def announced_bytes(scope: Scope) -> int:
    """The length of the body as the client gives it; 0 where it does not."""
    values = [value for name, value in scope.get("headers", ()) if name.lower() == b"content-length"]
    return int(values[0]) if values and values[0].isdigit() else 0


async def refuse(send: Send, needed: int = 0) -> None:
    body = json.dumps({"detail": str(NoRoom(needed))}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 507, "headers": headers})
    await send({"type": "http.response.body", "body": body})
