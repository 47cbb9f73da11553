"""A runner's answer, handed on as it comes. The runner already speaks OpenAI's format, so its bytes are not read.

A client that goes away closes the connection to the runner, which ends the generation.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from inference.errors import RunnerDied, ServiceUnavailable
from inference.openai_answers import error_json
from inference.types import Endpoint
from webchat.library.engine import of_this_loop

PASSED_ON = ("content-type", "retry-after")
DIED = "The process that held the model ended in the middle of this answer. It is being started again; ask once more."


async def relay(endpoint: Endpoint, path: str, body: dict[str, Any]) -> HttpResponseBase:
    """POSTs `body` to a runner and answers with what it answers."""
    upstream = await _send(endpoint, path, body)
    headers = {name: upstream.headers[name] for name in PASSED_ON if name in upstream.headers}
    if not headers.get("content-type", "").startswith("text/event-stream"):
        return HttpResponse(await _whole(upstream), status=upstream.status_code, headers=headers)
    events = _events(upstream)
    # Started here: a generator that was never begun would be dropped without closing the connection.
    await anext(events)
    return StreamingHttpResponse(events, headers={**headers, "Cache-Control": "no-store"})


async def _send(endpoint: Endpoint, path: str, body: dict[str, Any]) -> httpx2.Response:
    client = of_this_loop("relay", _client)
    request = client.build_request(
        "POST",
        endpoint.base_url + path,
        content=json.dumps(body),
        headers={"Authorization": f"Bearer {endpoint.api_key}", "Content-Type": "application/json"},
    )
    try:
        return await client.send(request, stream=True)
    except httpx2.ConnectError as error:
        raise ServiceUnavailable(
            "The model's process does not answer. It is being started again; ask once more."
        ) from error
    except httpx2.TransportError as error:
        raise RunnerDied(DIED) from error


async def _whole(upstream: httpx2.Response) -> bytes:
    try:
        return await upstream.aread()
    except httpx2.TransportError as error:
        raise RunnerDied(DIED) from error
    finally:
        await upstream.aclose()


async def _events(upstream: httpx2.Response) -> AsyncGenerator[bytes, None]:
    try:
        yield b""
        async for piece in upstream.aiter_raw():
            yield piece
    except httpx2.TransportError:
        # It may have been cut inside an event; the empty line ends that one.
        yield b"\n\ndata: " + json.dumps(error_json(RunnerDied(DIED))).encode() + b"\n\n"
    finally:
        await upstream.aclose()


def _client() -> httpx2.AsyncClient:
    # An answer may think for minutes before its first word. Runners limit how much they do at once, not this client.
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(None, connect=5.0),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=32),
        trust_env=False,
    )
