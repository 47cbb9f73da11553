"""Logprobs as OpenAI writes them: one form for chats, another for plain completions. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inference.types import Likely, TokenLogprob

JSON = dict[str, Any]


def logprobs_json(tokens: Sequence[TokenLogprob], *, is_chat: bool) -> JSON:
    """The `logprobs` of a choice, or of a piece of one."""
    return _chat_form(tokens) if is_chat else _plain_form(tokens)


def _chat_form(tokens: Sequence[TokenLogprob]) -> JSON:
    content = [{**_likely(token.chosen), "top_logprobs": [_likely(each) for each in token.top]} for token in tokens]
    return {"content": content, "refusal": None}


def _likely(token: Likely) -> JSON:
    # The bytes are the truth where a token is only a part of a character.
    return {"token": token.text, "logprob": token.logprob, "bytes": None if token.data is None else list(token.data)}


def _plain_form(tokens: Sequence[TokenLogprob]) -> JSON:
    """Lists side by side. Offsets are characters of the answer's text; two tokens that read alike, such as halves of
    characters, are one entry among the likeliest: the likelier."""
    return {
        "tokens": [token.chosen.text for token in tokens],
        "token_logprobs": [token.chosen.logprob for token in tokens],
        "top_logprobs": [{each.text: each.logprob for each in reversed(token.top)} for token in tokens],
        "text_offset": [token.begin for token in tokens],
    }
