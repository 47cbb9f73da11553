"""A runner's answer, handed on as it comes. The runner already speaks OpenAI's format, so its bytes are not read.

A client that goes away closes the connection to the runner, which ends the generation.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from inference.errors import RunnerDied
from inference.openai_answers import error_json
from inference.types import Endpoint
from webchat.api.upstream import Upstream

PASSED_ON = ("content-type", "retry-after")


async def relay(endpoint: Endpoint, path: str, body: dict[str, Any]) -> HttpResponseBase:
    """POSTs `body` to a runner and answers with what it answers."""
    upstream = await Upstream.post(endpoint, path, json.dumps(body).encode())
    headers = {name: upstream.headers[name] for name in PASSED_ON if name in upstream.headers}
    if not headers.get("content-type", "").startswith("text/event-stream"):
        with closing(upstream):
            return HttpResponse(await upstream.whole(), status=upstream.status, headers=headers)
    events = _events(upstream)
    # Started here: a generator that was never begun would be dropped without closing the connection.
    await anext(events)
    return StreamingHttpResponse(events, headers={**headers, "Cache-Control": "no-store"})


async def _events(upstream: Upstream) -> AsyncGenerator[bytes, None]:
    with closing(upstream):
        yield b""
        try:
            async with aclosing(upstream.lumps()) as lumps:
                async for lump in lumps:
                    yield lump
        except RunnerDied as error:
            # It may have been cut inside an event; the empty line ends that one.
            yield b"\n\ndata: " + json.dumps(error_json(error)).encode() + b"\n\n"
