"""What OpenAI's clients get: dataclasses in, answers, server-sent events and error envelopes out.

Pure translation: this module knows JSON values and nothing of HTTP, engines or time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from inference.errors import InferenceError, InvalidRequest, Overloaded, PromptTooLong
from inference.types import Delta, FinishReason, Usage

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Completion:
    """What stays the same over all answers and chunks of one request."""

    id: str
    model: str
    created: int
    is_chat: bool

    def head(self, *, stream: bool) -> JSON:
        """The fields an answer or a chunk begins with."""
        kind = ("chat.completion.chunk" if stream else "chat.completion") if self.is_chat else "text_completion"
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


class ChunkWriter:
    """Turns deltas into server-sent events. Nearly every event differs in its text alone, so the rest is made once."""

    def __init__(self, completion: Completion, *, include_usage: bool) -> None:
        self._completion = completion
        self._include_usage = include_usage
        before, after = json.dumps(self._chunk("\0")).split('"\\u0000"')
        self._before, self._after = f"data: {before}", f"{after}\n\n"

    def first(self) -> bytes:
        """The opening event of a chat: the role. A plain completion has none."""
        if not self._completion.is_chat:
            return b""
        choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
        return event({**self._completion.head(stream=True), "choices": [choice]})

    def delta(self, delta: Delta) -> bytes:
        """The events of one delta; none when it says nothing."""
        if delta.finish_reason is not None:
            return self._last(delta)
        return self._said(delta)

    def _said(self, delta: Delta) -> bytes:
        events = self._reasoning(delta.reasoning) if delta.reasoning else b""
        return events + self._text(delta.text) if delta.text else events

    def _reasoning(self, text: str) -> bytes:
        choice = {"index": 0, "delta": {"reasoning_content": text}, "finish_reason": None}
        return event({**self._completion.head(stream=True), "choices": [choice]})

    def _text(self, text: str) -> bytes:
        return (self._before + json.dumps(text) + self._after).encode()

    def _last(self, delta: Delta) -> bytes:
        # The text that is left, the finish reason, the usage if it was asked for, and the end mark.
        events = self._said(delta)
        closing = self._chunk(None, finish_reason=delta.finish_reason)
        usage = {"usage": usage_json(delta.usage)} if self._include_usage and delta.usage else {}
        timings = {"timings": asdict(delta.timings)} if delta.timings else {}
        if usage:
            events += event(closing)
            closing = {**self._completion.head(stream=True), "choices": []}
        return events + event({**closing, **usage, **timings}) + b"data: [DONE]\n\n"

    def _chunk(self, text: str | None, finish_reason: FinishReason | None = None) -> JSON:
        if self._completion.is_chat:
            content: JSON = {"delta": {} if text is None else {"content": text}}
        else:
            content = {"text": text or ""}
        choice = {"index": 0, **content, "finish_reason": finish_reason}
        return {**self._completion.head(stream=True), "choices": [choice]}


def event(value: JSON) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def completion_json(completion: Completion, text: str, last: Delta, *, reasoning: str = "") -> JSON:
    """A whole answer."""
    message = {"role": "assistant", "content": text} | ({"reasoning_content": reasoning} if reasoning else {})
    content: JSON = {"message": message} if completion.is_chat else {"text": text}
    answer = completion.head(stream=False)
    answer["choices"] = [{"index": 0, **content, "finish_reason": last.finish_reason or FinishReason.STOP}]
    if last.usage:
        answer["usage"] = usage_json(last.usage)
    if last.timings:
        answer["timings"] = asdict(last.timings)
    return answer


def usage_json(usage: Usage) -> JSON:
    """A usage as OpenAI writes it."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def embeddings_json(model: str, vectors: Sequence[object], *, prompt_tokens: int) -> JSON:
    """The answer of /v1/embeddings; each vector is a list of floats or its bytes in base64."""
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    usage = {"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens}
    return {"object": "list", "model": model, "data": data, "usage": usage}


def models_json(name: str, *, context_length: int = 0) -> JSON:
    """The answer of /v1/models."""
    model = {"id": name, "object": "model", "created": 0, "owned_by": "local", "context_length": context_length}
    return {"object": "list", "data": [model]}


def error_json(error: InferenceError) -> JSON:
    """An error in OpenAI's envelope. Numbers that a program may want stand beside the sentence."""
    body: JSON = {"message": str(error), "type": "server_error", "param": None, "code": None}
    if isinstance(error, PromptTooLong):
        body |= {"type": "invalid_request_error", "code": "context_length_exceeded"}
        body |= {"n_prompt_tokens": error.prompt_tokens, "n_ctx": error.context_length}
    elif isinstance(error, Overloaded):
        body |= {"type": "overloaded_error", "code": "overloaded", "ahead": error.ahead}
    elif isinstance(error, InvalidRequest):
        body |= {"type": "invalid_request_error"}
    return {"error": body}
