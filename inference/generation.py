"""One answer on its way to one client: deltas in, OpenAI's JSON or server-sent events out.

A client that leaves cancels the generation. Errors before the first delta become an HTTP error; later ones an event.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from inference import openai_answers, serving
from inference.answer_split import AnswerSplit
from inference.choices import Deltas
from inference.errors import InferenceError
from inference.openai_answers import ChunkWriter, Completion, WholeAnswer
from inference.openai_schema import GenerationRequest
from inference.reasoning import ReasoningSplit
from inference.types import Delta, FinishReason

EVENT_STREAM = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]


class Generation:
    """An ASGI answer. `start` begins what was asked for; it is called once, when that is to be sent."""

    def __init__(
        self, model: str, asked: GenerationRequest, start: Callable[[], Deltas], *, reasoning: str | None = None
    ) -> None:
        """`reasoning`: the mark that ends the reasoning which the prompt has begun."""
        is_chat = bool(asked.messages)
        request_id = ("chatcmpl-" if is_chat else "cmpl-") + secrets.token_hex(12)
        self._completion = Completion(request_id, model, int(time.time()), is_chat)
        self._asked = asked
        self._start = start
        self._close = None if asked.params.grammar else reasoning
        self._splits = [self._split() for _ in range(asked.choices)]

    def _split(self) -> AnswerSplit:
        reasoning = ReasoningSplit(self._close) if self._completion.is_chat else None
        return AnswerSplit(reasoning, self._asked.tools, has_logprobs=self._asked.params.logprobs is not None)

    def _told(self, delta: Delta) -> Delta:
        return delta if delta.headway else self._splits[delta.choice].split(delta)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._stream(send) if self._asked.stream else self._whole(scope, receive, send)
        await serving.until_disconnect(receive, answer)

    async def _whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        answers = [WholeAnswer() for _ in self._splits]
        last = Delta()
        try:
            async with aclosing(self._start()) as deltas:
                async for delta in deltas:
                    last = self._told(delta)
                    answers[last.choice].add(last)
            response = JSONResponse(self._completion_json(answers, last))
        except InferenceError as error:
            response = serving.error_response(error)
        await response(scope, receive, send)

    def _completion_json(self, answers: Sequence[WholeAnswer], last: Delta) -> openai_answers.JSON:
        form = {"is_chat": self._completion.is_chat, "has_logprobs": self._asked.params.logprobs is not None}
        made = [answer.choice(index, **form) for index, answer in enumerate(answers)]
        return openai_answers.completion_json(self._completion, made, last)

    async def _stream(self, send: Send) -> None:
        asked = self._asked
        writer = ChunkWriter(
            self._completion,
            include_usage=asked.include_usage,
            choices=asked.choices,
            shows_headway=asked.shows_headway,
        )
        async with aclosing(self._start()) as deltas:
            try:
                first = await anext(deltas, Delta(finish_reason=FinishReason.STOP))
            except InferenceError as error:
                await _send_error(send, error)
                return
            await send({"type": "http.response.start", "status": 200, "headers": EVENT_STREAM})
            try:
                await _send_more(send, writer.first() + writer.delta(self._told(first)))
                async for delta in deltas:
                    await _send_more(send, writer.delta(self._told(delta)))
            except InferenceError as error:
                await _send_more(send, openai_answers.event(openai_answers.error_json(error)))
        await send({"type": "http.response.body", "body": b""})


async def _send_more(send: Send, events: bytes) -> None:
    if events:
        await send({"type": "http.response.body", "body": events, "more_body": True})


async def _send_error(send: Send, error: InferenceError) -> None:
    response = serving.error_response(error)
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body})
