"""The server's half of the OpenAI protocol: request bodies in, dataclasses out, and answers the other way.

Pure translation: this module knows JSON values and nothing of HTTP, engines or time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from inference import fields
from inference.errors import InferenceError, InvalidRequest, Overloaded, PromptTooLong
from inference.types import ChatMessage, Delta, FinishReason, SamplingParams, Usage

JSON = dict[str, Any]

STOP_STRINGS = 16
# What we cannot do is refused rather than left out in silence, unless the value asks for nothing.
UNSUPPORTED: dict[str, tuple[object, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "logprobs": (False, 0),
    "echo": (False,),
    "suffix": ("",),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "tools": ([],),
    "functions": ([],),
    "response_format": ({"type": "text"},),
}


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A chat completion (`messages`) or a plain one (`prompt`)."""

    params: SamplingParams
    messages: tuple[ChatMessage, ...] = ()
    prompt: str = ""
    stream: bool = False
    include_usage: bool = False


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    """Texts to embed."""

    texts: tuple[str, ...]
    as_base64: bool = False


def parse_chat(body: JSON) -> GenerationRequest:
    """Read the body of POST /v1/chat/completions."""
    messages = parse_messages(body.get("messages"))
    return GenerationRequest(messages=messages, **_generation(body))


def parse_completion(body: JSON) -> GenerationRequest:
    """Read the body of POST /v1/completions."""
    prompt = body.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise InvalidRequest("'prompt' must be one string.")
    return GenerationRequest(prompt=prompt, **_generation(body))


def parse_embeddings(body: JSON) -> EmbeddingRequest:
    """Read the body of POST /v1/embeddings."""
    texts = body.get("input")
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise InvalidRequest("'input' must be a string or a list of strings.")
    encoding = fields.choice(body, "encoding_format", ("float", "base64"), default="float")
    return EmbeddingRequest(tuple(texts), as_base64=encoding == "base64")


def parse_messages(messages: object) -> tuple[ChatMessage, ...]:
    """Read a conversation. Content may be a string or a list of text parts."""
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest("'messages' must be a list with at least one message.")
    return tuple(_message(index, message) for index, message in enumerate(messages))


def _message(index: int, message: object) -> ChatMessage:
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise InvalidRequest(f"'messages[{index}]' must be an object with a role.")
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(_text_part(index, part) for part in content)
    if content is None:
        content = ""
    if not isinstance(content, str):
        raise InvalidRequest(f"'messages[{index}].content' must be text.")
    return ChatMessage(message["role"], content)


def _text_part(index: int, part: object) -> str:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
        return str(part["text"])
    raise InvalidRequest(f"'messages[{index}].content' has a part that is not text; this model reads text only.")


def _generation(body: JSON) -> JSON:
    for name, harmless in UNSUPPORTED.items():
        if body.get(name) is not None and body[name] not in harmless:
            raise InvalidRequest(f"'{name}' is not supported.")
    options = body.get("stream_options") or {}
    if not isinstance(options, dict):
        raise InvalidRequest("'stream_options' must be an object.")
    return {
        "params": _sampling(body),
        "stream": fields.flag(body, "stream"),
        "include_usage": fields.flag(options, "include_usage"),
    }


def _sampling(body: JSON) -> SamplingParams:
    usual = SamplingParams()
    budget = "max_completion_tokens" if body.get("max_completion_tokens") is not None else "max_tokens"
    return SamplingParams(
        temperature=fields.number(body, "temperature", 0.0, 100.0, default=usual.temperature),
        top_k=fields.whole(body, "top_k", 0, 1 << 20, default=usual.top_k),
        top_p=fields.number(body, "top_p", 0.0, 1.0, default=usual.top_p),
        min_p=fields.number(body, "min_p", 0.0, 1.0, default=usual.min_p),
        repeat_penalty=fields.number(body, "repeat_penalty", 0.01, 100.0, default=usual.repeat_penalty),
        repeat_window=fields.whole(body, "repeat_last_n", 0, 1 << 20, default=usual.repeat_window),
        seed=_seed(body),
        stop=_stop(body.get("stop")),
        max_tokens=fields.optional_whole(body, budget, 1, 1 << 30),
        ignore_eos=fields.flag(body, "ignore_eos"),
    )


def _seed(body: JSON) -> int | None:
    seed = fields.optional_whole(body, "seed", -(1 << 63), (1 << 63) - 1)
    # llama.cpp's seeds have 32 bits, and its -1 means "any".
    return None if seed is None or seed == -1 else seed & 0xFFFFFFFF


def _stop(stop: object) -> tuple[str, ...]:
    if stop is None:
        return ()
    strings = [stop] if isinstance(stop, str) else stop
    if not isinstance(strings, list) or not all(isinstance(string, str) for string in strings):
        raise InvalidRequest("'stop' must be a string or a list of strings.")
    if len(strings) > STOP_STRINGS:
        raise InvalidRequest(f"'stop' takes at most {STOP_STRINGS} strings.")
    return tuple(string for string in strings if string)


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
        return self._text(delta.text) if delta.text else b""

    def _text(self, text: str) -> bytes:
        return (self._before + json.dumps(text) + self._after).encode()

    def _last(self, delta: Delta) -> bytes:
        # The text that is left, the finish reason, the usage if it was asked for, and the end mark.
        events = self._text(delta.text) if delta.text else b""
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


def completion_json(completion: Completion, text: str, last: Delta) -> JSON:
    """A whole answer."""
    content: JSON = {"message": {"role": "assistant", "content": text}} if completion.is_chat else {"text": text}
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
