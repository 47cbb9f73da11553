"""Who may open a WebSocket: our own pages, for a person who is logged in, for as long as they are.

A browser sends cookies with any page's handshake and asks nobody, so the Origin header decides before we accept.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from channels.auth import AuthMiddlewareStack, get_user
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from webchat.accounts.origin import is_same_origin
from webchat.accounts.owner import aowner, is_local

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

REFUSED = 4403
NOT_FOUND = 4404
RECHECK_S = 5.0
SCHEMES = {"ws": "http", "wss": "https"}


def headers_of(scope: Scope) -> dict[str, str]:
    """The handshake's headers. One that came twice is joined, and then matches nothing."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        headers[key] = f"{headers[key]}, {value.decode('latin-1')}" if key in headers else value.decode("latin-1")
    return headers


def is_own_page(scope: Scope) -> bool:
    """Whether the handshake comes from a page that we served under a name we answer to."""
    headers = headers_of(scope)
    host = headers.get("host", "")
    domain, _port = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    return is_same_origin(headers.get("origin", ""), scheme=SCHEMES.get(scope.get("scheme", "ws"), ""), host=host)


async def refuse(receive: Receive, send: Send, code: int = REFUSED) -> None:
    """Closes before accepting, which reaches the browser as a plain 403."""
    await receive()
    await send({"type": "websocket.close", "code": code})


async def no_such_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """What answers at every address that has no socket of its own."""
    await refuse(receive, send, NOT_FOUND)


class SameOriginSocket:
    """Refuses handshakes with a foreign, null or missing Origin, or by a name we do not answer to."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_own_page(scope):
            await self.inner(scope, receive, send)
        else:
            await refuse(receive, send)


class SocketUser:
    """Puts the person into `scope["user"]`: the local owner, or whoever the session belongs to. Refuses the rest."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner
        self.by_session: Application = AuthMiddlewareStack(LoggedIn(inner))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_local(headers_of(scope)):
            await self.inner({**scope, "user": await aowner()}, receive, send)
        else:
            await self.by_session(scope, receive, send)


class LoggedIn:
    """Lets people in, and closes their socket once they log out, change their password or are deactivated."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["user"].is_authenticated:
            await refuse(receive, send)
            return
        watch = SessionWatch(scope["user"].pk, scope["session"].session_key)

        async def checked_receive() -> dict[str, Any]:
            event = await receive()
            if event["type"] == "websocket.receive" and not await watch.is_valid():
                await send({"type": "websocket.close", "code": REFUSED})
                return {"type": "websocket.disconnect", "code": REFUSED}
            return event

        async def checked_send(event: dict[str, Any]) -> None:
            if event["type"] == "websocket.send" and not await watch.is_still_valid():
                event = {"type": "websocket.close", "code": REFUSED}
            await send(event)

        await self.inner(scope, checked_receive, checked_send)


class SessionWatch:
    """Whether a session still belongs to the person it belonged to at the handshake."""

    def __init__(self, user_pk: int, session_key: str) -> None:
        self.user_pk = user_pk
        self.session_key = session_key
        self.checked = time.monotonic()

    async def is_still_valid(self) -> bool:
        """Like `is_valid`, but asks at most every few seconds: an answer is many messages."""
        return time.monotonic() - self.checked < RECHECK_S or await self.is_valid()

    async def is_valid(self) -> bool:
        store = import_module(settings.SESSION_ENGINE).SessionStore(self.session_key)
        user = await get_user({"session": store})
        if user.pk != self.user_pk:
            return False
        self.checked = time.monotonic()
        return True
