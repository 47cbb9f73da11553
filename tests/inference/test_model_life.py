"""Several models share the memory: who is loaded, who leaves, and that nobody leaves who is in use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest

from inference.client import Client, ServiceClient
from inference.errors import ModelLoadError
from inference.types import ChatMessage, RunnerSpec, RunnerState, RunnerStatus, SamplingParams

MakeSpec = Callable[..., RunnerSpec]
HELLO = [ChatMessage("user", "one two three")]
ENDLESS = SamplingParams(ignore_eos=True)
GB = 10**9


async def states(manager: ServiceClient) -> dict[str, RunnerState]:
    return {status.name: status.state for status in await manager.statuses()}


async def status_when(manager: ServiceClient, name: str, fits: Callable[[RunnerStatus], bool]) -> RunnerStatus:
    async with asyncio.timeout(20):
        while True:
            found = {status.name: status for status in await manager.statuses()}[name]
            if fits(found):
                return found
            await asyncio.sleep(0.05)


class TestABudget:
    @pytest.fixture
    def service_config(self) -> dict[str, float]:
        return {"memory_budget_bytes": 10 * GB, "settle_s": 0}

    async def test_an_idle_model_leaves_for_another(self, manager: ServiceClient, echo_spec: MakeSpec) -> None:
        first, second, third = (echo_spec(name, needs_bytes=4 * GB) for name in ("first", "second", "third"))
        for spec in (first, second, first, third):
            await manager.ensure(spec)
        assert await states(manager) == {
            "first": RunnerState.READY,
            "second": RunnerState.STOPPED,
            "third": RunnerState.READY,
        }

    async def test_a_model_that_left_comes_back_when_asked_for(
        self, manager: ServiceClient, echo_spec: MakeSpec
    ) -> None:
        first, second = (echo_spec(name, needs_bytes=6 * GB) for name in ("first", "second"))
        for spec in (first, second, first):
            await manager.ensure(spec)
        assert await states(manager) == {"first": RunnerState.READY, "second": RunnerState.STOPPED}

    async def test_a_model_that_answers_stays(self, manager: ServiceClient, echo_spec: MakeSpec) -> None:
        endpoint = await manager.ensure(echo_spec("busy", needs_bytes=6 * GB))
        client = Client(endpoint)
        async with aclosing(client.chat("busy", HELLO, ENDLESS)) as answer:
            await anext(answer)
            with pytest.raises(ModelLoadError, match=r"^'other' needs 6\.0 GB; 4\.0 GB is free of the 10\.0 GB"):
                await manager.ensure(echo_spec("other", needs_bytes=6 * GB))
            assert await states(manager) == {"busy": RunnerState.READY, "other": RunnerState.FAILED}
            await anext(answer)
        await client.aclose()

    async def test_two_that_load_at_once_do_not_take_the_same_room(
        self, manager: ServiceClient, echo_spec: MakeSpec
    ) -> None:
        specs = [echo_spec(name, needs_bytes=6 * GB, load_s=0.5) for name in ("left", "right")]
        outcomes = await asyncio.gather(*map(manager.ensure, specs), return_exceptions=True)
        assert sorted(isinstance(outcome, ModelLoadError) for outcome in outcomes) == [False, True]

    async def test_what_never_fits_says_so_and_nobody_leaves(self, manager: ServiceClient, echo_spec: MakeSpec) -> None:
        await manager.ensure(echo_spec("small", needs_bytes=GB))
        with pytest.raises(ModelLoadError, match=r"needs 11\.0 GB; 10\.0 GB is free"):
            await manager.ensure(echo_spec("huge", needs_bytes=11 * GB))
        assert (await states(manager))["small"] is RunnerState.READY

    async def test_the_estimate_is_told(self, manager: ServiceClient, echo_spec: MakeSpec) -> None:
        await manager.ensure(echo_spec(needs_bytes=2 * GB))
        assert (await manager.statuses())[0].needed_bytes == 2 * GB


async def test_a_model_asked_for_a_moment_ago_does_not_leave(manager: ServiceClient, echo_spec: MakeSpec) -> None:
    # Its question may be on the way. Without a budget, what the machine has free is the limit.
    await manager.ensure(echo_spec("fresh", needs_bytes=GB))
    with pytest.raises(ModelLoadError, match="needs 1,000,000.0 GB"):
        await manager.ensure(echo_spec("huge", needs_bytes=10**15))
    assert (await states(manager))["fresh"] is RunnerState.READY
