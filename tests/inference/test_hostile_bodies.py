"""Whatever a body holds, a runner answers with an error envelope or does what was asked, and stays."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.runner import Runner, create_app
from inference.types import RunnerSpec
from tests.inference.conftest import TOKEN, server_leaves

CHAT, PLAIN, EMBEDDINGS, TOKENIZE = "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/tokenize"
ASKED = {
    CHAT: {"messages": [{"role": "user", "content": "one two"}]},
    PLAIN: {"prompt": "one two"},
    EMBEDDINGS: {"input": ["one", "two"]},
    TOKENIZE: {"content": "one two"},
}
# fmt: off
FIELDS = [
    "messages", "prompt", "input", "content", "model", "stream", "stream_options", "temperature", "top_k",
    "top_p", "min_p", "typical_p", "repeat_penalty", "repeat_last_n", "frequency_penalty", "presence_penalty",
    "seed", "stop", "max_tokens", "max_completion_tokens", "ignore_eos", "logit_bias", "n", "best_of", "logprobs",
    "top_logprobs", "echo", "suffix", "tools", "tool_choice", "functions", "response_format", "grammar",
    "encoding_format", "user", "mirostat", "mirostat_tau", "mirostat_eta", "dry_multiplier", "dry_base",
    "dry_allowed_length", "dry_penalty_last_n", "dry_sequence_breakers",
]
# fmt: on
NASTY = [
    0,
    -1,
    10**400,
    -(10**30),
    1e308,
    float("nan"),
    float("inf"),
    "",
    "\0",
    "\ud800",
    "\u202e",
    "NaN",
    [],
    {},
    [[]],
]
fuzzed = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

scalars = (
    st.sampled_from(NASTY)
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), inner),
    max_leaves=12,
)
part = st.fixed_dictionaries({}, optional={"type": st.just("text") | values, "text": values})
message = st.fixed_dictionaries(
    {}, optional={"role": st.sampled_from(["user", "x"]) | values, "content": values | part}
)
changes = st.dictionaries(st.sampled_from(FIELDS), values, min_size=1, max_size=4) | st.fixed_dictionaries(
    {"messages": st.lists(message, max_size=3)}
)
routes = st.sampled_from(sorted(ASKED))


@pytest.fixture
async def http(echo_spec: Callable[..., RunnerSpec]) -> AsyncIterator[httpx2.AsyncClient]:
    """The routes without a socket. What they raise is raised here."""
    runner = Runner(echo_spec(context_length=200, delay_s=0), announce=lambda **facts: None)
    await runner.load()
    transport = httpx2.ASGITransport(create_app(runner, TOKEN, server_leaves))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://runner", headers=headers) as http:
        yield http
    await runner.close()


async def ask(http: httpx2.AsyncClient, route: str, body: bytes) -> httpx2.Response:
    """POST, check the manners of the answer, and that the next one is answered as if nothing had been."""
    response = await http.post(route, content=body)
    assert response.status_code == 200 or 400 <= response.status_code < 500, response.text
    if response.status_code != 200:
        assert_is_envelope(response.json())
    after = await http.post(CHAT, json=ASKED[CHAT])
    assert after.json()["choices"][0]["message"]["content"] == "one two"
    return response


def assert_is_envelope(answer: dict[str, Any]) -> None:
    error = answer["error"]
    assert {"message", "type", "param", "code"} <= set(error)
    assert isinstance(error["message"], str) and error["message"].strip()


def as_json(body: object) -> bytes:
    return json.dumps(body).encode()


@fuzzed
@given(routes, values)
async def test_any_json_is_answered(http: httpx2.AsyncClient, route: str, body: object) -> None:
    await ask(http, route, as_json(body))


@fuzzed
@given(routes, changes)
async def test_a_good_body_with_bad_fields_is_answered(
    http: httpx2.AsyncClient, route: str, changed: dict[str, object]
) -> None:
    await ask(http, route, as_json(ASKED[route] | changed))


@fuzzed
@given(routes, st.binary(max_size=200))
async def test_any_bytes_are_answered(http: httpx2.AsyncClient, route: str, body: bytes) -> None:
    await ask(http, route, body)


@pytest.mark.parametrize("field", FIELDS)
async def test_a_nasty_value_in_any_field_is_answered(http: httpx2.AsyncClient, field: str) -> None:
    for route, asked in ASKED.items():
        for value in NASTY:
            await ask(http, route, as_json(asked | {field: value}))


@pytest.mark.parametrize("route", sorted(ASKED))
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"prompt": ' + b"9" * 5000 + b"}",
        b'{"messages": [{"role": "user", "content": ' + b"[" * 900 + b"]" * 900 + b"}]}",
        b'{"stop": ["' + b"x" * 100_000 + b'"], "prompt": "a", "content": "a", "input": "a"}',
    ],
    ids=["empty", "open", "not utf-8", "deep lists", "deep objects", "long number", "deep content", "long stop"],
)
async def test_what_parsers_stumble_over_is_refused(http: httpx2.AsyncClient, route: str, body: bytes) -> None:
    await ask(http, route, body)


@pytest.mark.parametrize("text", ["\ud800", "one \udfff two"])
@pytest.mark.parametrize("stream", [False, True])
async def test_half_a_character_is_answered(http: httpx2.AsyncClient, text: str, stream: bool) -> None:
    # JSON may hold lone surrogates, which no encoding takes.
    body = {"messages": [{"role": "user", "content": text}], "stream": stream}
    await ask(http, CHAT, as_json(body))
