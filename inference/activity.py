"""What the requests of one runner do and cost: counted for its vitals, and one line of log for each.

The line never holds any text of the person, nor of the answer. Belongs to one event loop.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference.errors import InferenceError
from inference.types import Delta, Timings, Usage
from inference.vitals import Vitals, WorkDone

ROUTES = frozenset({"/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/tokenize"})
LOG_NAME = "inference.requests"


@dataclass(slots=True)
class _Record:
    """One request, while it is answered."""

    route: str
    begun_at: float
    status: int = 0
    is_complete: bool = False
    has_failed: bool = False
    first_token_at: float | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    generated_tokens: int | None = None

    @property
    def outcome(self) -> str:
        if self.has_failed or self.status >= 500:
            return "overloaded" if self.status == 503 else "failed"
        if not self.is_complete:
            return "canceled"
        return "refused" if self.status >= 400 else "answered"


_current: ContextVar[_Record | None] = ContextVar("_current", default=None)


class Activity:
    """The requests of one runner. `on_wake` is called when the first one after a rest comes.

    A model that counts no steps itself gets on when somebody's waiting ends.
    """

    def __init__(self, model: str, on_wake: Callable[[], None]) -> None:
        self._model = model
        self._on_wake = on_wake
        self._log = logging.getLogger(LOG_NAME)
        self._in_flight = self._awaited = self._moves = self._got_on = 0
        self._prompt_tokens = self._cached_tokens = self._generated_tokens = 0
        self._prefill_s = self._decode_s = 0.0
        self._requests: Counter[tuple[str, str]] = Counter()

    def vitals(self, queued: int, work: WorkDone | None = None) -> Vitals:
        """Everything so far. `work` is what the engine counts, where it does."""
        return Vitals(
            in_flight=self._in_flight,
            awaited=self._awaited,
            queued=queued,
            moves=self._moves,
            prompt_tokens=self._prompt_tokens,
            cached_tokens=self._cached_tokens,
            generated_tokens=self._generated_tokens,
            prefill_s=round(self._prefill_s, 3),
            decode_s=round(self._decode_s, 3),
            requests=tuple((route, outcome, count) for (route, outcome), count in sorted(self._requests.items())),
            work=work or WorkDone(steps=self._got_on),
        )

    async def follow(self, deltas: AsyncGenerator[Delta, None]) -> AsyncGenerator[Delta, None]:
        """The same deltas, noted in the record of the request they belong to."""
        record = _current.get()
        async with aclosing(deltas):
            while delta := await self._next(deltas, record):
                self._note(record, delta)
                yield delta

    async def _next(self, deltas: AsyncGenerator[Delta, None], record: _Record | None) -> Delta | None:
        try:
            with self.waiting():
                return await anext(deltas, None)
        except InferenceError:
            if record is not None:
                # An error before the answer began becomes a status, which says more.
                record.has_failed = record.status != 0
            raise

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While somebody waits for the model. When that ends, something has got on."""
        self._awaited += 1
        try:
            yield
            self._got_on += 1
        finally:
            self._awaited -= 1
            self._moves += 1

    def _note(self, record: _Record | None, delta: Delta) -> None:
        if delta.usage is not None:
            self._count(delta.usage, delta.timings)
        if record is None or delta.headway:
            return
        if record.first_token_at is None:
            record.first_token_at = time.perf_counter()
        if delta.finish_reason is not None:
            record.finish_reason = str(delta.finish_reason)
        if delta.usage is not None:
            record.prompt_tokens = (record.prompt_tokens or 0) + delta.usage.prompt_tokens
            record.cached_tokens = (record.cached_tokens or 0) + delta.usage.cached_tokens
            record.generated_tokens = (record.generated_tokens or 0) + delta.usage.completion_tokens

    def _count(self, usage: Usage, timings: Timings | None) -> None:
        self._prompt_tokens += usage.prompt_tokens
        self._cached_tokens += usage.cached_tokens
        self._generated_tokens += usage.completion_tokens
        if timings is not None:
            self._prefill_s += timings.prompt_ms / 1000
            self._decode_s += timings.predicted_ms / 1000

    def begin(self, route: str) -> _Record:
        """A request came."""
        self._in_flight += 1
        self._moves += 1
        if self._in_flight == 1:
            self._on_wake()
        return _Record(route, time.perf_counter())

    def end(self, record: _Record) -> None:
        """It went."""
        self._in_flight -= 1
        self._moves += 1
        self._requests[record.route, record.outcome] += 1
        first_s = None if record.first_token_at is None else record.first_token_at - record.begun_at
        line = {
            "event": "request",
            "method": "POST",
            "route": record.route,
            "model": self._model,
            "status": record.status,
            "outcome": record.outcome,
            "prompt_tokens": record.prompt_tokens,
            "cached_tokens": record.cached_tokens,
            "generated_tokens": record.generated_tokens,
            "first_token_ms": None if first_s is None else round(first_s * 1000, 1),
            "total_ms": round((time.perf_counter() - record.begun_at) * 1000, 1),
            "finish_reason": record.finish_reason,
        }
        self._log.info(json.dumps(line))


class Watched:
    """Keeps a record of each request that asks for work."""

    def __init__(self, app: ASGIApp, activity: Activity) -> None:
        self._app = app
        self._activity = activity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in ROUTES:
            await self._app(scope, receive, send)
            return
        record = self._activity.begin(scope["path"])

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
            await send(message)
            record.is_complete = message["type"] == "http.response.body" and not message.get("more_body")

        token = _current.set(record)
        try:
            await self._app(scope, receive, noted)
        finally:
            _current.reset(token)
            self._activity.end(record)


def log_requests(level: str) -> None:
    """One JSON object a line on standard error, beside the warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger(LOG_NAME)
    log.addHandler(handler)
    log.setLevel(level)
    log.propagate = False
